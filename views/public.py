"""What anybody may fetch: the health check and the clinic's accent colour."""

from flask import Blueprint, request

from rules.clinic import the_clinic
from views.guard import audience

area = Blueprint("public", __name__)


@area.get("/healthz")
@audience("everyone")
def healthz():
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}


@area.get("/clinic.css")
@audience("everyone")
def colours():
    """The one colour that a clinic chooses. Its address carries the colour, so it can be kept for good."""
    accent = the_clinic().accent
    kept = accent and request.args.get("v") == accent.removeprefix("#")
    return (
        f":root{{--accent:{accent}}}\n" if accent else "",
        {
            "Content-Type": "text/css; charset=utf-8",
            "Cache-Control": "public, max-age=31536000, immutable" if kept else "no-cache",
        },
    )
