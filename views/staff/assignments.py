"""From the side of a piece of paperwork: which services and categories hand it out."""

from flask import Blueprint, request, url_for

from models import Paperwork
from rules import assignments
from rules.words import count
from views import guard, respond
from views.forms import carried

area = Blueprint("staff_assignments", __name__)
EDITORS = ("owner", "desk")


@area.post("/staff/paperwork/<int:number>/assignments")
@guard.audience("staff", *EDITORS)
def assign(number):
    """The ticked services and categories hand it out from now on, the others do not."""
    paperwork = guard.found(Paperwork, number)
    ticked = {
        side: {carried(text) for text in request.form.getlist(side)} - {None} for side in ("services", "categories")
    }
    changed = assignments.assign(paperwork, guard.by(), **ticked)
    services = assignments.handing_out(paperwork.id).count()
    words = "Nothing changed."
    if changed:
        words = (
            f"{count(services, 'service hands', 'services hand')} it out now. What is booked already stays as it is."
        )
    return respond.done(url_for("staff_paperwork.detail", number=number) + "#assigned", words)
