"""A patient's appointments as they are read in lists: one query each, only what a card shows."""

from datetime import timedelta
from types import SimpleNamespace

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


def _listed():
    last_move = AppointmentMove.alias()
    newest = last_move.select(fn.MAX(last_move.id)).where(last_move.appointment == Appointment.id)
    return (
        Appointment.select(
            Appointment.id,
            Appointment.starts_at,
            Appointment.ends_at,
            Appointment.status,
            Appointment.booked_at,
            Appointment.price_minor,
            Appointment.currency,
            Service.name.alias("service_name"),
            Provider.name.alias("provider_name"),
            Location.name.alias("location_name"),
            Location.time_zone,
            PolicyAcceptance.shown_minor,
            Policy.active,
            Policy.notice_hours,
            Policy.fee_kind,
            Policy.fee_value,
            AppointmentMove.window,
            AppointmentMove.moved_at,
            AppointmentMove.from_starts_at,
        )
        .join_from(Appointment, Service)
        .join_from(Appointment, Provider)
        .join_from(Appointment, Location)
        .join_from(Appointment, PolicyAcceptance, JOIN.LEFT_OUTER)
        .join_from(PolicyAcceptance, Policy, JOIN.LEFT_OUTER)
        .join_from(Appointment, AppointmentMove, JOIN.LEFT_OUTER, on=(AppointmentMove.id == newest))
        .namedtuples()
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
    return _upcoming(patient=patient.id, at=at, most=limit)


def past(patient, at, limit: int, offset: int = 0) -> list:
    """What is over, cancelled or missed, latest first."""
    return _past(patient=patient.id, at=at, most=limit, skipped=offset)


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
