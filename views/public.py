"""What anybody may fetch: the health check and the clinic's accent colour."""

from flask import Blueprint

from views.guard import audience

area = Blueprint("public", __name__)


@area.get("/healthz")
@audience("everyone")
def healthz():
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
