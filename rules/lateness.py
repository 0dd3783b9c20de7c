"""Running late: what is left of a visit whose patient comes ten or twenty minutes late, told honestly.

The answer follows from what comes after it: the provider's and the patient's next occupancy with its buffers, the
room or device, time off, and when the place closes.
"""

from datetime import timedelta
from typing import NamedTuple

from peewee import JOIN

from clock import local, now
from database import write_tx
from models import (
    Appointment,
    Hold,
    HoursException,
    Occupancy,
    Resource,
    ResourceOff,
    RunningLate,
    TimeOff,
    WorkingHours,
)
from rules import opening_hours, trail
from rules.clinic import the_clinic
from rules.refused import Refused
from rules.words import count, time_of_day

CHOICES = (10, 20)
BEFOREHAND = timedelta(hours=2)
MOST_TOLD = 6  # times for one visit; whoever changes their mind more often calls
LEAST_MINUTES = 10  # less than this, or less than half of the visit, is no treatment any more
DAY = timedelta(days=1)


class Left(NamedTuple):
    """How many minutes of the visit are left, out of how many."""

    minutes: int
    whole: int

    @property
    def kind(self) -> str:
        if self.minutes >= self.whole:
            return "whole"
        return "short" if self.minutes >= max(LEAST_MINUTES, self.whole / 2) else "none"


def choices(appointment, at) -> list[int]:
    """By how many minutes the patient can say to be late now; [] when it is too early, or can help no more."""
    if appointment.status != "booked" or at < appointment.starts_at - BEFOREHAND:
        return []
    return [minutes for minutes in CHOICES if at <= appointment.starts_at + timedelta(minutes=minutes)]


def tell(appointment, minutes: int, by) -> RunningLate:
    """Write down that the patient comes late, with the answer they read. The same again is the same row."""
    with write_tx():
        a = Appointment.get_by_id(appointment.id)
        if minutes not in CHOICES:
            raise Refused("Choose how late you will be", field="minutes")
        if minutes not in choices(a, now()):
            raise Refused(f"This can no longer be told here. {call_words(a)}")
        said = latest_of([a.id]).get(a.id)
        if said is not None and said.minutes == minutes:
            return said
        before = (RunningLate.appointment == a) & (RunningLate.for_start == a.starts_at)
        if RunningLate.select().where(before).count() >= MOST_TOLD:
            raise Refused(f"You have told us several times already. {call_words(a)}")
        left = left_of(a, minutes)
        told = RunningLate.create(
            appointment=a, minutes=minutes, told_at=now(), for_start=a.starts_at,
            left_minutes=left.minutes if left.kind != "none" else 0, answer=answer_words(a, minutes, left),
        )  # fmt: skip
        trail.record(by, "running late told", f"appointment {a.id}", patient=a.patient_id, minutes=minutes,
                     left_minutes=told.left_minutes)  # fmt: skip
        return told


def left_of(a, minutes: int) -> Left:
    """What is left of the visit when the patient is there so many minutes after its start."""
    whole = int((a.ends_at - a.starts_at).total_seconds() // 60)
    there = a.starts_at + timedelta(minutes=minutes)
    left = int((min(_ends_by(a), a.ends_at + timedelta(minutes=minutes)) - there).total_seconds() // 60)
    return Left(max(0, min(left, whole)), whole)


def _ends_by(a):
    """The moment by which the visit must be over, at its own end if it cannot run on at all."""
    limits = [*_next_of_people(a), *_next_of_rooms(a), *_away(a), _closing(a)]
    return max(a.ends_at, min(limit for limit in limits if limit is not None)) if limits else a.ends_at


def _live(at):
    return Occupancy.hold.is_null() | (Hold.ended_at.is_null() & (Hold.expires_at > at))


def _after(a, who, query):
    """Occupancies of these that begin at the end of the visit or later, on the same day."""
    return query.where(
        who, Occupancy.appointment.is_null() | (Occupancy.appointment != a.id), _live(now()),
        Occupancy.starts_at >= a.ends_at, Occupancy.starts_at < a.ends_at + DAY,
    )  # fmt: skip


def _next_of_people(a):
    """Until when provider and patient are free, with the gap that must lie before what comes next."""
    o = Occupancy
    query = (
        o.select(
            o.starts_at, o.provider.alias("provider_id"), o.patient.alias("patient_id"), o.service.alias("service_id"),
            o.lane, o.before_minutes, Appointment.visit_key,
        )
        .join_from(o, Hold, JOIN.LEFT_OUTER)
        .join_from(o, Appointment, JOIN.LEFT_OUTER)
    )  # fmt: skip
    for row in _after(a, (o.provider == a.provider_id) | (o.patient == a.patient_id), query).namedtuples():
        same_lane = not a.lane or not row.lane or row.lane == a.lane or row.service_id != a.service_id
        own = row.patient_id == a.patient_id and bool(a.visit_key) and row.visit_key == a.visit_key
        if row.provider_id == a.provider_id and same_lane:
            gap = 0 if own else max(a.buffer_minutes, row.before_minutes)
            yield row.starts_at - timedelta(minutes=gap)
        elif row.patient_id == a.patient_id:
            yield row.starts_at


def _next_of_rooms(a):
    """Until when the visit's rooms and devices can be used."""
    used = Occupancy.select(Occupancy.resource).where(Occupancy.appointment == a.id, Occupancy.resource.is_null(False))
    rooms = {room.id: room for room in Resource.select().where(Resource.id.in_(used))}
    if not rooms:
        return
    query = Occupancy.select(Occupancy, Hold).join(Hold, JOIN.LEFT_OUTER)
    for row in _after(a, Occupancy.resource.in_(list(rooms)), query):
        yield row.starts_at - timedelta(minutes=rooms[row.resource_id].cleanup_minutes)
    off = ResourceOff.select().where(
        ResourceOff.resource.in_(list(rooms)),
        ResourceOff.starts_at >= a.ends_at,
        ResourceOff.starts_at < a.ends_at + DAY,
    )
    for row in off:
        yield row.starts_at


def _away(a):
    """When the provider is away next."""
    next_ones = TimeOff.select(TimeOff.starts_at).where(
        TimeOff.provider == a.provider_id, TimeOff.starts_at >= a.ends_at, TimeOff.starts_at < a.ends_at + DAY
    )
    return [row.starts_at for row in next_ones]


def _closing(a):
    """When the provider's hours at this place end that day; the visit's own end if it lies outside them."""
    zone = a.location.time_zone
    day = local(a.starts_at, zone).date()
    weekly = list(
        WorkingHours.select(WorkingHours.weekday, WorkingHours.opens_minute, WorkingHours.closes_minute)
        .where(WorkingHours.provider == a.provider_id, WorkingHours.location == a.location_id).tuples()
    )  # fmt: skip
    e = HoursException
    there = e.select().where(e.location == a.location_id, e.first_on <= day, e.last_on >= day)
    changes = [
        opening_hours.Change(row.provider_id, row.first_on, row.last_on, row.opens_minute, row.closes_minute)
        for row in there.where(e.provider.is_null() | (e.provider == a.provider_id))
    ]
    start = opening_hours.minute_of(a.starts_at)
    hours = opening_hours.stretches(zone, day, day, lambda on: opening_hours.worked(weekly, changes, a.provider_id, on))
    ends = [stretch.closes for stretch in hours if stretch.start <= start < stretch.closes]
    return opening_hours.moment_of(max(ends)) if ends else a.ends_at


def answer_words(a, minutes: int, left: Left) -> str:
    """The sentence that the patient reads."""
    there = time_of_day(a.starts_at + timedelta(minutes=minutes), a.location.time_zone)
    if left.kind == "whole":
        return f"Thank you for telling us. If you are here by {there}, you still have your whole visit."
    if left.kind == "short":
        return (
            f"Thank you for telling us. If you are here by {there}, we have {count(left.minutes, 'minute')} for you "
            f"instead of {left.whole}: what comes after your visit cannot wait."
        )
    return (
        f"Thank you for telling us. If you are here by {there}, too little time is left to treat you well today. "
        f"{call_words(a)} You can also choose another time."
    )


def call_words(a) -> str:
    phone = a.location.phone or the_clinic().phone
    return f"Please call us: {phone}." if phone else "Please call us."


def latest_of(ids) -> dict[int, RunningLate]:
    """The last word on each of these visits, as long as it still stands at the start it was said for; one query."""
    ids = list(ids)
    if not ids:
        return {}
    rows = (
        RunningLate.select(RunningLate).join(Appointment)
        .where(RunningLate.appointment.in_(ids), RunningLate.for_start == Appointment.starts_at)
        .order_by(RunningLate.id)
    )  # fmt: skip
    return {row.appointment_id: row for row in rows}


def badge(told) -> str:
    """What staff read beside the visit."""
    if not told.left_minutes:
        return f"{told.minutes} min late, too late to treat"
    return f"{told.minutes} min late, {told.left_minutes} min left"


def too_early(a, at) -> bool:
    return a.status == "booked" and at < a.starts_at - BEFOREHAND
