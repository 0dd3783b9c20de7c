"""The ready board of today and tomorrow, and the nudge that goes from there."""

from flask import Blueprint, g, request, url_for

from clock import now
from models import Appointment
from rules import desk, ready, reminders
from rules.refused import Refused
from views import guard, respond
from views.forms import one_of

area = Blueprint("ready", __name__)


@area.get("/staff/ready")
@guard.audience("staff")
def board():
    return show(request.args)


@area.post("/staff/appointments/<int:number>/nudge")
@guard.audience("staff")
def nudge(number):
    """An e-mail to the patient, now; the board gets the board again."""
    appointment = guard.found(Appointment, number)
    try:
        reminders.nudge(appointment, guard.by())
    except Refused as no:
        if request.htmx.partial:
            return show(request.form, problem=no.words)
        raise
    words = f"{appointment.patient.name} gets an e-mail."
    if request.htmx.partial:
        return respond.focus(show(request.form, said=words), "#board-said")
    return respond.done(url_for("ready.board", **chosen(request.form)), words)


def chosen(given) -> dict:
    """The filters of the page that was open, for the way back to it."""
    return {name: given[name] for name in ("location", "provider") if given.get(name)}


def show(given, said: str = "", problem: str = ""):
    """The board, or only its part, as `given` filters it."""
    places, people, at = desk.locations(), desk.providers(), now()
    place, provider = one_of(places, given.get("location")), one_of(people, given.get("provider"))
    days = ready.board(at, [place] if place else places, provider, g.get("clinic"))
    return respond.page(
        "staff/ready/board.html",
        "board",
        days=days,
        locations=places,
        providers=people,
        place=place,
        provider=provider,
        filters={"location": place.id if place else None, "provider": provider.id if provider else None},
        said=said,
        problem=problem,
    )
