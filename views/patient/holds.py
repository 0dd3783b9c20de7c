"""The time that is kept while a patient finishes: how long still, once longer, or let go."""

from math import ceil
from types import SimpleNamespace

from flask import Blueprint, abort, redirect, url_for

from clock import now
from models import Hold
from rules import holds, openings, words
from rules.refused import Refused
from views import guard, respond
from views.forms import carried

area = Blueprint("holds", __name__)
SOON = 2  # minutes left from which on the words are spoken by themselves


def held(number, parts=None):
    """The signed-in patient's own hold of these parts, or None."""
    row = Hold.get_or_none((Hold.id == carried(number)) & (Hold.held_by == guard.me())) if carried(number) else None
    if row is None or parts is None:
        return row
    same = [tuple(one) for one in holds.parts_of(row)] == [tuple(part) for part in parts]
    return row if same else None


def live(hold):
    """The same when it is not over yet; a time that is kept no longer is asked for like any other."""
    return hold if hold and holds.live(hold, now()) else None


def mine(number):
    return Hold.get_or_none((Hold.id == number) & (Hold.held_by == guard.me())) or abort(404)


def telling(hold, at):
    """What the page says of a hold; None when there is none."""
    if hold is None:
        return None
    live = holds.live(hold, at)
    minutes = ceil(holds.left(hold, at).total_seconds() / 60) if live else 0
    zone = holds.parts_of(hold)[0].location.time_zone
    return SimpleNamespace(
        id=hold.id,
        live=live,
        soon=live and minutes <= SOON,
        left="less than a minute" if minutes <= 1 else words.count(minutes, "minute"),
        until=words.time_of_day(hold.expires_at, zone),
        longer=live and hold.extended_at is None,
        href=confirmation_of(hold),
    )


def confirmation_of(hold):
    """The page that finishes this booking, made from what is held."""
    parts = holds.parts_of(hold)
    apart = len(parts) > 1 and parts[1].starts_at.date() != parts[0].starts_at.date()
    first, *others = parts[1:] if apart else parts
    more = {"before": parts[0].service.id} if apart else {}
    if hold.patient_id != hold.held_by_id:
        more["for"] = hold.patient_id
    slot = "_".join(openings.key(part) for part in parts)
    also = [part.service.id for part in others]
    return url_for("booking.confirmation", number=first.service.id, also=also, slot=slot, hold=hold.id, **more)


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
