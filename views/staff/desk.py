"""Today and the coming days at the front desk, with the steps that a visit takes there."""

from datetime import date, timedelta

from flask import Blueprint, request, url_for

from clock import now
from models import Appointment
from rules import attention, desk, lateness, scheduling
from rules.refused import Refused
from views import guard, respond
from views.forms import one_of

area = Blueprint("desk", __name__)
STEPS = {
    "arrival": (scheduling.arrive, "Checked in."),
    "arrival/undo": (scheduling.undo_arrival, "Not here after all."),
    "completion": (scheduling.complete, "The visit is completed."),
}


@area.get("/staff")
@guard.audience("staff")
def today():
    return show(request.args)


@area.post("/staff/appointments/<int:number>/<any(arrival, completion):step>")
@area.post("/staff/appointments/<int:number>/arrival/undo", defaults={"step": "arrival/undo"})
@guard.audience("staff")
def step(number, step):
    """Check somebody in, take that back, or say that the visit took place; the desk's list gets the list again."""
    appointment = guard.found(Appointment, number)
    rule, words = STEPS[step]
    at_the_desk = request.form.get("from") == "desk"
    try:
        rule(appointment, guard.by())
    except Refused as no:
        if at_the_desk and request.htmx.partial:
            return show(request.form, problem=no.words)
        raise
    if not at_the_desk:
        return respond.done(url_for("staff_appointments.detail", number=number), words)
    if request.htmx.partial:
        return respond.focus(show(request.form, said=f"{appointment.patient.name}: {words}"), "#day-said")
    return respond.done(url_for("desk.today", **chosen(request.form)), f"{appointment.patient.name}: {words}")


def chosen(given) -> dict:
    """The filters of the page that was open, for the way back to it."""
    return {name: given[name] for name in ("day", "location", "provider") if name in given}


def show(given, said: str = "", problem: str = ""):
    """The desk's page, or only its day, as `given` filters it."""
    all_places, people = desk.locations(), desk.providers()
    place = one_of(all_places, given.get("location"))
    provider = one_of(people, given["provider"]) if "provider" in given else desk.provider_of(guard.me(), people)
    places = [place] if place else all_places
    first = desk.today(places)
    day = _day(given.get("day")) or first
    rows = desk.day(day, places, provider)
    steps = desk.first_steps() if guard.me().role == "owner" else []
    return respond.page(
        "staff/desk/today.html",
        "day",
        day=day,
        today=first,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        coming=desk.coming(first, places, provider),
        rows=[row for row in rows if row.status != "cancelled"],
        cancelled=[row for row in rows if row.status == "cancelled"],
        locations=all_places,
        providers=people,
        place=place,
        provider=provider,
        filters={"location": place.id if place else None, "provider": provider.id if provider else ""},
        attention=attention.needed(now()),
        steps=steps,
        at=now(),
        said=said,
        problem=problem,
        possible=scheduling.possible,
        status_words=desk.status_words,
        gate_words=desk.gate_words,
        finding_badges=desk.finding_badges,
        late={number: lateness.badge(told) for number, told in lateness.latest_of(row.id for row in rows).items()},
    )


def _day(text):
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None
