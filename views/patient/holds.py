"""The time that is kept while a patient finishes: how long still, once longer, or let go."""

from flask import Blueprint, abort, redirect, url_for

from clock import now
from models import Hold
from rules import holds
from rules.refused import Refused
from views import guard, respond
from views.held import confirmation_of, telling

area = Blueprint("holds", __name__)


def mine(number):
    return Hold.get_or_none((Hold.id == number) & (Hold.held_by == guard.me())) or abort(404)


@area.get("/holds/<int:number>")
@guard.audience("patient")
def hold(number):
    kept = telling(mine(number), now())
    return respond.page("patient/booking/held.html", part="patient/booking/hold", kept=kept)


@area.post("/holds/<int:number>/extension")
@guard.audience("patient")
def extend(number):
    row = mine(number)
    said = "We keep this time for you a little longer."
    try:
        holds.extend(row, guard.by())
    except Refused as no:
        said = no.words
    return respond.done(confirmation_of(row), said)


@area.post("/holds/<int:number>/release")
@guard.audience("patient")
def release(number):
    row = mine(number)
    parts = holds.parts_of(row)
    holds.release(row, guard.by())
    return redirect(url_for("booking.people", number=parts[-1].service.id), 303)
