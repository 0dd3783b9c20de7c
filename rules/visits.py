"""A patient's appointments as they are read in lists: one query each, only what a card shows."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import NamedTuple

from peewee import JOIN, fn

from database import Written
from models import Appointment, AppointmentMove, Location, Policy, PolicyAcceptance, Provider, Service
from rules import policy

STATUS_WORDS = {
    "booked": "Booked",
    "arrived": "You have checked in",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "missed": "Missed",
}


class Line(NamedTuple):
    """One appointment of a list; the last three are its latest move's, the four before the accepted policy's."""

    id: int
    starts_at: datetime
    ends_at: datetime
    status: str
    booked_at: datetime
    price_minor: int
    currency: str
    service_name: str
    provider_name: str
    location_name: str
    time_zone: str
    shown_minor: int | None
    active: bool | None
    notice_hours: int | None
    fee_kind: str | None
    fee_value: int | None
    window: str | None
    moved_at: datetime | None
    from_starts_at: datetime | None


def _listed():
    move, last_move = AppointmentMove, AppointmentMove.alias()
    newest = last_move.select(fn.MAX(last_move.id)).where(last_move.appointment == Appointment.id)
    a = Appointment
    return (
        a.select(
            *(a.id, a.starts_at, a.ends_at, a.status, a.booked_at, a.price_minor, a.currency),
            *(Service.name, Provider.name, Location.name, Location.time_zone),
            *(PolicyAcceptance.shown_minor, Policy.active, Policy.notice_hours, Policy.fee_kind, Policy.fee_value),
            *(move.window, move.moved_at, move.from_starts_at),
        )
        .join_from(a, Service)
        .join_from(a, Provider)
        .join_from(a, Location)
        .join_from(a, PolicyAcceptance, JOIN.LEFT_OUTER)
        .join_from(PolicyAcceptance, Policy, JOIN.LEFT_OUTER)
        .join_from(a, move, JOIN.LEFT_OUTER, on=(move.id == newest))
        .tuples()
    )


@Written
def _upcoming(patient, at, most):
    to_come = (Appointment.ends_at > at) & Appointment.status.in_(("booked", "arrived"))
    return _listed().where((Appointment.patient == patient) & to_come).order_by(Appointment.starts_at).limit(most)


@Written
def _past(patient, at, most, skipped):
    over = (Appointment.ends_at <= at) | Appointment.status.in_(("completed", "cancelled", "missed"))
    rows = _listed().where((Appointment.patient == patient) & over)
    return rows.order_by(Appointment.starts_at.desc()).limit(most).offset(skipped)


def upcoming(patient, at, limit: int) -> list:
    """What is still to come or under way, soonest first."""
    return [Line(*row) for row in _upcoming(patient=patient.id, at=at, most=limit)]


def past(patient, at, limit: int, offset: int = 0) -> list:
    """What is over, cancelled or missed, latest first."""
    return [Line(*row) for row in _past(patient=patient.id, at=at, most=limit, skipped=offset)]


def status_words(row, at) -> str:
    """The status as a person would say it; a visit that has begun is under way until it ends."""
    if row.status == "booked" and row.starts_at <= at:
        return "Under way" if at < row.ends_at else "Over"
    return STATUS_WORDS[row.status]


def free_until_words(row, at, grace_minutes: int) -> str:
    """The exact local moment after which cancelling costs money, and how much; empty when it does not matter."""
    if row.status != "booked" or row.starts_at <= at:
        return ""
    accepted = row.shown_minor is not None and SimpleNamespace(
        policy=row, shown_minor=row.shown_minor, currency=row.currency
    )
    fee = policy.cancelling_fee(
        row, accepted or None, row if row.window else None, timedelta(minutes=grace_minutes), at
    )
    return policy.until_words(row, fee, at, row.time_zone)
