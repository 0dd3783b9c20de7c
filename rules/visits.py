"""A patient's appointments as they are read in lists: one query each, only what a card shows."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from peewee import JOIN, fn

from clock import local
from database import Written
from models import TO_COME, Appointment, AppointmentMove, Location, Policy, PolicyAcceptance, Provider, Service
from rules import findings, policy

STATUS_WORDS = {
    "booked": "Booked",
    "arrived": "You have checked in",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "missed": "Missed",
}


class Terms(NamedTuple):
    """What of an accepted policy decides over a late cancellation."""

    active: bool
    notice_hours: int
    fee_kind: str
    fee_value: int


class Accepted(NamedTuple):
    """The acceptance of a policy for one appointment, as `policy.cancelling_fee` reads it."""

    shown_minor: int
    currency: str
    policy: Terms


class Moved(NamedTuple):
    """The latest move of an appointment, as `policy.cancelling_fee` reads it."""

    window: str
    moved_at: datetime
    from_starts_at: datetime
    answer: str = "none"
    id: int = 0
    from_time_zone: str = ""


class Line(NamedTuple):
    """One appointment of a list, with all that its card shows."""

    id: int
    starts_at: datetime
    ends_at: datetime
    status: str
    booked_at: datetime
    price_minor: int
    currency: str
    booked_by: str
    visit_key: str  # of what was booked in one go; empty when it was this alone
    service_name: str
    provider_name: str
    location_name: str
    time_zone: str
    accepted: Accepted | None
    moved: Moved | None
    blocked_until: date | None  # by an open block; findings.FOR_EVER: until staff lift it
    declined: bool  # a provider does not want to treat it as planned

    @property
    def blocked(self) -> bool:
        """Whether it cannot take place on its day, by what its patient answered."""
        if self.status not in TO_COME or self.blocked_until is None:
            return False
        return local(self.starts_at, self.time_zone).date() < self.blocked_until

    def unanswered(self, at) -> bool:
        """Whether the clinic moved it and the patient has not said yet whether that suits them."""
        open_move = self.moved is not None and self.moved.answer == "open"
        return open_move and self.status == "booked" and self.starts_at > at

    def to_come(self, at) -> bool:
        """Still to come or under way; every other visit is past."""
        return self.status in TO_COME and self.ends_at > at


def _listed():
    move, last_move, from_location = AppointmentMove, AppointmentMove.alias(), Location.alias()
    newest = last_move.select(fn.MAX(last_move.id)).where(last_move.appointment == Appointment.id)
    a = Appointment
    return (
        a.select(
            *(a.id, a.starts_at, a.ends_at, a.status, a.booked_at, a.price_minor, a.currency, a.booked_by, a.visit_key),
            *(Service.name, Provider.name, Location.name, Location.time_zone),
            *(PolicyAcceptance.shown_minor, PolicyAcceptance.currency),
            *(Policy.active, Policy.notice_hours, Policy.fee_kind, Policy.fee_value),
            *(move.window, move.moved_at, move.from_starts_at, move.answer, move.id, from_location.time_zone),
            *findings.excused()[:2],
        )
        .join_from(a, Service)
        .join_from(a, Provider)
        .join_from(a, Location)
        .join_from(a, PolicyAcceptance, JOIN.LEFT_OUTER)
        .join_from(PolicyAcceptance, Policy, JOIN.LEFT_OUTER)
        .join_from(a, move, JOIN.LEFT_OUTER, on=(move.id == newest))
        .join_from(move, from_location, JOIN.LEFT_OUTER, on=(move.from_location == from_location.id))
        .tuples()
    )


@Written
def _upcoming(patient, at, most):
    to_come = (Appointment.ends_at > at) & Appointment.status.in_(TO_COME)
    return _listed().where((Appointment.patient == patient) & to_come).order_by(Appointment.starts_at).limit(most)


@Written
def _past(patient, at, most, skipped):
    over = (Appointment.ends_at <= at) | Appointment.status.not_in(TO_COME)
    rows = _listed().where((Appointment.patient == patient) & over)
    return rows.order_by(Appointment.starts_at.desc(), Appointment.id).limit(most).offset(skipped)


@Written
def _one(number):
    return _listed().where(Appointment.id == number)


def _line(row) -> Line:
    shown_minor, currency, *terms = row[13:19]
    accepted = None if shown_minor is None else Accepted(shown_minor, currency, Terms(*terms))
    moved = None if row[19] is None else Moved(*row[19:25])
    until, declined = row[25:]
    until = date.fromisoformat(until) if isinstance(until, str) else until  # SQLite's MAX gives a text
    return Line(*row[:13], accepted, moved, until, bool(declined))


def whole():
    """The query of appointments, each with its service, its provider and its place."""
    return (
        Appointment.select(Appointment, Service, Provider, Location)
        .join_from(Appointment, Service)
        .join_from(Appointment, Provider)
        .join_from(Appointment, Location)
    )


def parts_of(appointment, at) -> list[Appointment]:
    """What of the same visit its patient can still change, this one among them, in its order."""
    a, same = Appointment, Appointment.id == appointment.id
    if appointment.visit_key:
        same = (a.visit_key == appointment.visit_key) & (a.patient == appointment.patient_id)
    return list(whole().where(same, a.status == "booked", a.starts_at > at).order_by(a.starts_at, a.id))


def on_one_day(parts) -> bool:
    """Whether these make one way to the clinic, on its own wall clock; a test and what it is for do not."""
    return len({local(part.starts_at, part.location.time_zone).date() for part in parts}) < 2


def one(appointment) -> Line:
    """The line of one appointment."""
    [row] = _one(number=appointment.id)
    return _line(row)


def moves_of(appointment) -> list[AppointmentMove]:
    """Where and with whom it stood before, first to last."""
    move = AppointmentMove
    to_provider = Provider.alias()
    rows = (
        move.select(move, Location, Provider, to_provider)
        .join_from(move, Location, on=move.from_location)
        .join_from(move, Provider, on=move.from_provider)
        .join_from(move, to_provider, on=move.to_provider)
    )
    return list(rows.where(move.appointment == appointment).order_by(move.id))


def upcoming(patient, at, limit: int) -> list[Line]:
    """What is still to come or under way, soonest first."""
    return [_line(row) for row in _upcoming(patient=patient.id, at=at, most=limit)]


def upcoming_of(patients, at) -> dict[int, list[Line]]:
    """The same of several people, by their numbers, in one query for all of them."""
    lines = {it.id: [] for it in patients}
    if lines:
        to_come = (Appointment.ends_at > at) & Appointment.status.in_(TO_COME) & Appointment.patient.in_(list(lines))
        for *row, patient in (
            _listed().select_extend(Appointment.patient).where(to_come).order_by(Appointment.starts_at)
        ):
            lines[patient].append(_line(row))
    return lines


def past(patient, at, limit: int, offset: int = 0) -> list[Line]:
    """What is over, cancelled or missed, latest first."""
    return [_line(row) for row in _past(patient=patient.id, at=at, most=limit, skipped=offset)]


def status_words(row, at) -> str:
    """The status as a person would say it; a visit that has begun is under way until it ends."""
    if row.status == "booked" and row.starts_at <= at:
        return "Under way" if at < row.ends_at else "Over"
    return STATUS_WORDS[row.status]


def undo_until(row, at, grace_minutes: int) -> datetime | None:
    """Until when the patient can take back what they booked, whatever the policy; None when they cannot any more."""
    until = min(row.booked_at + timedelta(minutes=grace_minutes), row.starts_at)
    fresh = row.booked_by == "patient" and row.moved is None
    return until if fresh and row.status == "booked" and at < until else None


def accepting_words(row, at, grace_minutes: int) -> str:
    """What cancelling costs once the patient has accepted the clinic's new time."""
    answered = row.moved._replace(answer="accepted")
    return until_words_of(row, answered, at, grace_minutes)


def free_until_words(row, at, grace_minutes: int) -> str:
    """The exact local moment after which cancelling costs money, and how much; empty when it does not matter."""
    if row.status != "booked" or row.starts_at <= at:
        return ""
    return until_words_of(row, row.moved, at, grace_minutes)


def until_words_of(row, moved, at, grace_minutes: int) -> str:
    grace, excused = timedelta(minutes=grace_minutes), row.blocked or row.declined
    fee = policy.cancelling_fee(row, row.accepted, moved, grace, at, excused)
    return policy.until_words(row, fee, at, row.time_zone)
