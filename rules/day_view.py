"""What the calendar shows: a day of a location or a week of a provider, in a constant number of queries.

The front desk sees one column a provider and one row a slot: who is in when, what is blocked or held, and the line
of now. Every visit and every gap is a link: open it, book or block it, or ask why a service does not fit there.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clock import local, now
from database import Written, among
from models import (
    LIVE,
    Appointment,
    Clinic,
    Hold,
    HoursException,
    Location,
    Occupancy,
    Patient,
    Provider,
    Service,
    TimeOff,
    WorkingHours,
)
from rules import day_grid, lateness
from rules.day_grid import Mark
from rules.desk import midnight

DAY = timedelta(days=1)
ALL_DAY = 24 * 60


class Column(NamedTuple):
    """A provider on one day: when they work here, and what takes their time."""

    provider: Provider
    day: date
    hours: list  # [(opens_minute, closes_minute)]
    marks: list
    why: str  # what makes this day another than in other weeks: "Public holiday"


class Shown(NamedTuple):
    """The whole calendar: its rows as (minute, whether it is now), its columns, and the cells of each."""

    location: Location
    first: int
    last: int
    step: int
    rows: list
    columns: list
    cells: list


def _hours_at(place):
    return (
        WorkingHours.select(WorkingHours, Provider)
        .join(Provider)
        .where(WorkingHours.location == place, Provider.archived_at.is_null())
        .order_by(WorkingHours.opens_minute)
    )


def _live(early, since, until):
    a = Appointment
    return (
        a.select(
            a.id, a.provider, a.location, a.starts_at, a.ends_at, a.status, a.buffer_minutes, a.buffer_before_minutes,
            Patient.id, Patient.first_name, Patient.last_name, Patient.preferred_name, Service.id, Service.name,
            Location.id, Location.name, Provider.id, Provider.name, Provider.title,
        )
        .join_from(a, Patient)
        .join_from(a, Service)
        .join_from(a, Location)
        .join_from(a, Provider)
        .where(a.starts_at > early, a.starts_at < until, a.ends_at > since, a.status.in_(LIVE))
        .order_by(a.starts_at)
    )  # fmt: skip


def _works_at(place):
    return WorkingHours.select(WorkingHours.provider).where(WorkingHours.location == place)


STEP = Written(lambda number: Clinic.select(Clinic.slot_minutes).where(Clinic.id == number))
AT_WORK = Written(lambda place: _hours_at(place))
ONE_AT_WORK = Written(lambda place, someone: _hours_at(place).where(WorkingHours.provider == someone))
EXCEPTIONS = Written(
    lambda place, first, last: (
        HoursException.select(HoursException, Provider)
        .left_outer_join(Provider)
        .where(HoursException.location == place, HoursException.first_on <= last, HoursException.last_on >= first)
    )
)
VISITS = Written(
    lambda place, early, since, until: _live(early, since, until).where(
        (Appointment.location == place) | Appointment.provider.in_(_works_at(place))
    )
)
ONES_VISITS = Written(
    lambda someone, early, since, until: _live(early, since, until).where(Appointment.provider == someone)
)
AWAY = Written(
    lambda people, since, until: TimeOff.select().where(
        among(TimeOff.provider, people), TimeOff.starts_at < until, TimeOff.ends_at > since
    )
)
HELD = Written(
    lambda people, early, since, until, at: (
        Occupancy.select(Occupancy, Patient, Hold)
        .join_from(Occupancy, Hold)
        .join_from(Occupancy, Patient)
        .where(
            among(Occupancy.provider, people), Occupancy.starts_at > early, Occupancy.starts_at < until,
            Occupancy.ends_at > since, Hold.ended_at.is_null(), Hold.expires_at > at,
        )
    )
)  # fmt: skip


def day(location, on: date, provider=None) -> Shown:
    """One day of a location: everybody who works there, or one provider."""
    return _laid_out(location, _columns(location, [on], provider))


def week(location, provider, monday: date) -> Shown:
    """Seven days of one provider, as they look from this location."""
    return _laid_out(location, _columns(location, [monday + number * DAY for number in range(7)], provider))


def gap(column, minute: int) -> tuple[int, int]:
    """How far nothing takes this provider's time around a minute of the day: [from, until)."""
    since = max((m.ends + m.after for m in column.marks if m.ends + m.after <= minute), default=0)
    until = min((m.starts for m in column.marks if m.starts > minute), default=ALL_DAY)
    for opens, closes in column.hours:
        if opens <= minute < closes:
            since, until = max(since, opens), min(until, closes)
    return since, until


def moment(zone: str, on: date, minute: int) -> datetime:
    """When the wall clock there shows this minute of this day; of two such moments the earlier."""
    return (datetime.combine(on, time(), ZoneInfo(zone)) + timedelta(minutes=minute)).astimezone(UTC)


def once(zone: str, on: date, minute: int) -> bool:
    """Whether the wall clock shows this minute exactly once on that day: others are never booked."""
    wall = datetime.combine(on, time(), ZoneInfo(zone)) + timedelta(minutes=minute)
    return wall.utcoffset() == wall.replace(fold=1).utcoffset()


def _laid_out(location, columns) -> Shown:
    step = day_grid.step_of(next(iter(STEP.plain(number=1)), (15,))[0])
    first, last = day_grid.span_of(columns)
    here = local(now(), location.time_zone)
    minute = here.hour * 60 + here.minute
    cells = []
    for column in columns:
        current = minute if column.day == here.date() else ALL_DAY if column.day < here.date() else -1
        missing = {
            row for row, at in enumerate(range(first, last, step)) if not once(location.time_zone, column.day, at)
        }
        cells.append(
            day_grid.cells(
                column.hours, column.marks, first=first, last=last, step=step, current=current, missing=missing
            )
        )
    today = any(column.day == here.date() for column in columns)
    rows = [(at, today and at <= minute < at + step) for at in range(first, last, step)]
    return Shown(location, first, last, step, rows, columns, cells)


def _columns(location, days, provider) -> list[Column]:
    zone = location.time_zone
    since, until = midnight(zone, days[0]), midnight(zone, days[-1] + DAY)
    people, weekly = _at_work(location, provider)
    visits = _visits(location, provider, since, until)
    for row in visits:  # whoever is booked here has a column, also outside of their hours
        if row.location_id == location.id:
            people.setdefault(row.provider_id, row.provider)
    own, shared = _exceptions(location, days, people)
    marks = defaultdict(list)
    for kind, someone, starts_at, ends_at, more in _taken(location, people, visits, since, until):
        for on in days:
            mark = _mark(kind, starts_at, ends_at, on, zone, more)
            if mark:
                marks[someone, on].append(mark)
    found = []
    for someone in sorted(people.values(), key=lambda one: (one.name, one.id)):
        for on in days:
            hours, why = _hours(weekly[someone.id, on.weekday()], own[someone.id, on], shared[on])
            if len(days) > 1 or provider or hours or why or marks[someone.id, on]:
                found.append(Column(someone, on, hours, marks[someone.id, on], why))
    return found


def _at_work(location, provider):
    """Who works here in any week, and when. One query."""
    if provider is None:
        rows, people = AT_WORK(place=location.id), {}
    else:
        rows, people = ONE_AT_WORK(place=location.id, someone=provider.id), {provider.id: provider}
    weekly = defaultdict(list)
    for row in rows:
        people.setdefault(row.provider_id, row.provider)
        weekly[row.provider_id, row.weekday].append((row.opens_minute, row.closes_minute))
    return people, weekly


def _exceptions(location, days, people):
    """What differs on these days here, by provider and day, and for everybody. One query."""
    own, shared = defaultdict(list), defaultdict(list)
    for row in EXCEPTIONS(place=location.id, first=days[0].isoformat(), last=days[-1].isoformat()):
        if row.provider_id and row.provider.archived_at is None and len(days) == 1:
            people.setdefault(row.provider_id, row.provider)
        for on in days:
            if row.first_on <= on <= row.last_on:
                (own[row.provider_id, on] if row.provider_id else shared[on]).append(row)
    return own, shared


def _hours(weekly, own, shared):
    """The stretches of one day: the provider's exceptions instead of the week, all within those for everybody."""
    hours = [(row.opens_minute, row.closes_minute) for row in own if row.opens_minute is not None] if own else weekly
    for row in shared:
        opens, closes = (0, 0) if row.opens_minute is None else (row.opens_minute, row.closes_minute)
        hours = [(max(a, opens), min(b, closes)) for a, b in hours if max(a, opens) < min(b, closes)]
    reasons = {row.reason or ("Closed" if row.opens_minute is None else "Other hours"): None for row in (*shared, *own)}
    return day_grid.joined(hours), ", ".join(reasons)


def _visits(location, provider, since, until):
    """Live visits here, and the one provider's anywhere. One query."""
    stretch = {"early": since - DAY, "since": since, "until": until}
    if provider is not None:
        return ONES_VISITS(someone=provider.id, **stretch)
    return VISITS(place=location.id, **stretch)


def _taken(location, people, visits, since, until):
    """All that takes somebody's time: (kind, provider, start, end, what the mark shows). Three queries."""
    late = lateness.latest_of(row.id for row in visits)
    for row in visits:
        who, what = row.patient.name, row.service.name
        more = {"number": row.id, "who": who, "what": what, "status": row.status}
        more |= {"before": row.buffer_before_minutes, "after": row.buffer_minutes}
        more["late"] = late[row.id].minutes if row.id in late and row.status == "booked" else 0
        here = row.location_id == location.id
        if not here:
            more["what"] = f"{what}, {row.location.name}"
        yield "visit" if here else "elsewhere", row.provider_id, row.starts_at, row.ends_at, more
    whose = {"people": list(people), "since": since, "until": until}
    away = AWAY(**whose)
    for row in away:
        yield "off", row.provider_id, row.starts_at, row.ends_at, {"number": row.id, "what": row.reason or "Blocked"}
    held = HELD(early=since - DAY, at=now(), **whose)
    for row in held:
        more = {"who": row.patient.name, "before": row.before_minutes, "after": row.after_minutes}
        until_words = f"{local(row.hold.expires_at, location.time_zone):%H:%M}"
        yield "held", row.provider_id, row.starts_at, row.ends_at, more | {"what": f"until {until_words}"}


def _mark(kind, starts_at, ends_at, on, zone, more) -> Mark | None:
    """The part of it that lies on this day, in minutes of the wall clock; None when there is none."""
    starts, ends = local(starts_at, zone), local(ends_at, zone)
    if starts.date() > on or ends.date() < on:
        return None
    first = starts.hour * 60 + starts.minute if starts.date() == on else 0
    last = ends.hour * 60 + ends.minute if ends.date() == on else ALL_DAY
    if last <= first and starts.date() == ends.date():  # over the hour that comes twice
        last = first + 1
    if last <= first:
        return None
    return Mark(kind, first, last, runs_on=starts.date() < on or ends.date() > on, **more)
