"""A patient's appointments as they are read in lists: one query each, only what a card shows."""

from datetime import timedelta

from peewee import JOIN

from models import Appointment, Location, Policy, PolicyAcceptance, Provider, Service
from rules import words

STATUS_WORDS = {
    "booked": "Booked",
    "arrived": "You have checked in",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "missed": "Missed",
}


def _listed():
    return (
        Appointment.select(
            Appointment.id,
            Appointment.starts_at,
            Appointment.ends_at,
            Appointment.status,
            Appointment.currency,
            Service.name.alias("service_name"),
            Provider.name.alias("provider_name"),
            Location.name.alias("location_name"),
            Location.time_zone,
            PolicyAcceptance.shown_minor,
            Policy.notice_hours,
            Policy.active.alias("policy_active"),
        )
        .join_from(Appointment, Service)
        .join_from(Appointment, Provider)
        .join_from(Appointment, Location)
        .join_from(Appointment, PolicyAcceptance, JOIN.LEFT_OUTER)
        .join_from(PolicyAcceptance, Policy, JOIN.LEFT_OUTER)
    )


def upcoming(patient, at, limit: int) -> list:
    """What is still to come or under way, soonest first."""
    mine = (
        (Appointment.patient == patient.id) & (Appointment.ends_at > at) & Appointment.status.in_(("booked", "arrived"))
    )
    return [*_listed().where(mine).order_by(Appointment.starts_at).limit(limit).namedtuples()]


def past(patient, at, limit: int, offset: int = 0) -> list:
    """What is over, cancelled or missed, latest first."""
    over = (Appointment.ends_at <= at) | Appointment.status.in_(("completed", "cancelled", "missed"))
    rows = _listed().where((Appointment.patient == patient.id) & over).order_by(Appointment.starts_at.desc())
    return [*rows.limit(limit).offset(offset).namedtuples()]


def status_words(row, at) -> str:
    """The status as a person would say it; a visit that has begun is under way until it ends."""
    if row.status == "booked" and row.starts_at <= at:
        return "Under way" if at < row.ends_at else "Over"
    return STATUS_WORDS[row.status]


def free_until_words(row, at) -> str:
    """The exact local moment after which cancelling costs money, and how much; empty when it does not matter."""
    if row.status != "booked" or row.starts_at <= at:
        return ""
    if not row.shown_minor or not row.policy_active:
        return "Free to cancel"
    until = row.starts_at - timedelta(hours=row.notice_hours)
    fee = words.money(row.shown_minor, row.currency)
    if at < until:
        return f"Free to cancel until {words.when(until, row.time_zone)}, then {fee}"
    return f"Cancelling now costs {fee}"
