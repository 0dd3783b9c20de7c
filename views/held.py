"""The hold behind a booking: whether it is the patient's own and still lasts, and what its pages say of it."""

from math import ceil
from types import SimpleNamespace

from flask import url_for

from clock import now
from models import Hold
from rules import holds, openings, words
from views import guard
from views.forms import carried

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
