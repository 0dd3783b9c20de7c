"""What somebody typed before they were signed out, and one button that sends it after all."""

import re

from flask import Blueprint, redirect, session, url_for

from rules import kept
from views import guard, respond

area = Blueprint("kept", __name__)


@area.get("/kept")
@guard.audience("patient")
def page():
    found = kept.of(session.get("kept"), guard.me())
    if found is None:
        return redirect(url_for("home.home"), 303)
    origin = re.sub(r"^(/tasks/\d+)/.*", r"\1", found.path)
    return respond.page("patient/kept.html", kept=found, origin=origin)
