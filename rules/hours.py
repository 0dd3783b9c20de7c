"""When providers work where, week by week, and when they are away."""

from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from clock import local, now
from database import write_tx
from models import Appointment, Location, TimeOff, WorkingHours
from rules import displaced, trail
from rules.clinic import home_zone
from rules.refused import Refused
from rules.words import count, when

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKS_COMPARED = 53  # a year: clocks change at different dates in different zones


def weeks(rows) -> dict[int, list[str]]:
    """The week of each provider in short lines, by number, in one query."""
    told = {provider.id: {} for provider in rows}
    query = WorkingHours.select(WorkingHours, Location).join(Location).where(WorkingHours.provider.in_(list(told)))
    for row in query.order_by(WorkingHours.weekday, WorkingHours.opens_minute):
        days = told[row.provider_id].setdefault((row.location.name, row.opens_minute, row.closes_minute), [])
        days.append(row.weekday)
    return {
        number: [
            f"{days_words(days)} {clock(opens)} to {clock(closes)}, {place}"
            for (place, opens, closes), days in week.items()
        ]
        for number, week in told.items()
    }


def days_words(days: list[int]) -> str:
    """[0, 1, 2, 4] -> Mon to Wed, Fri"""
    runs = []
    for day in days:
        if runs and runs[-1][1] == day - 1:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    short = [name[:3] for name in WEEKDAYS]
    return ", ".join(short[a] if a == b else f"{short[a]}{' to ' if b - a > 1 else ', '}{short[b]}" for a, b in runs)


def of(provider) -> list[WorkingHours]:
    """The week of a provider, with its locations."""
    return list(
        WorkingHours.select(WorkingHours, Location)
        .join(Location)
        .where(WorkingHours.provider == provider)
        .order_by(WorkingHours.weekday, WorkingHours.opens_minute)
    )


def clock(minute: int) -> str:
    """540 -> 09:00; 1440, the end of the day, -> 24:00"""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def add(provider, by, *, weekday: int, location, opens_minute: int, closes_minute: int) -> WorkingHours:
    """One more weekly stretch. Refused where it overlaps another of the same person, wherever that one is."""
    if opens_minute >= closes_minute:
        raise Refused("Enter an end that is later than the start", field="closes")
    new = WorkingHours(
        provider=provider, location=location, weekday=weekday, opens_minute=opens_minute, closes_minute=closes_minute
    )
    with write_tx():
        for old in of(provider):
            if _same(old, new):
                return old
        _refuse_overlap(provider, new)
        new.save(force_insert=True)
        trail.record(by, "hours added", f"provider {provider.id}", **_told(new))
        return new


def remove(stretch, by, sure=False) -> int:
    """Take a stretch out of the week; returns how many visits then stand outside of it: they stay, and need `sure`."""
    with write_tx():
        standing = displaced.by_week(stretch)
        displaced.refuse(standing, sure)
        told = _told(stretch)
        if WorkingHours.delete().where(WorkingHours.id == stretch.id).execute():
            trail.record(by, "hours removed", f"provider {stretch.provider_id}", **told)
        return len(standing)


def change(stretch, by, *, opens_minute: int, closes_minute: int, sure=False) -> None:
    """Give a weekly stretch other times. Visits that would stand outside of the week stay booked, and need `sure`."""
    if opens_minute >= closes_minute:
        raise Refused("Enter an end that is later than the start", field="closes")
    new = WorkingHours(
        provider=stretch.provider, location=stretch.location, weekday=stretch.weekday,
        opens_minute=opens_minute, closes_minute=closes_minute,
    )  # fmt: skip
    with write_tx():
        _refuse_overlap(stretch.provider, new, besides=stretch.id)
        if _same(stretch, new):
            return
        displaced.refuse(displaced.by_week(stretch, (stretch.weekday, opens_minute, closes_minute)), sure)
        before = _told(stretch)
        WorkingHours.update(opens_minute=opens_minute, closes_minute=closes_minute).where(
            WorkingHours.id == stretch.id
        ).execute()
        trail.record(by, "hours changed", f"provider {stretch.provider_id}", before=before, after=_told(new))


def _refuse_overlap(provider, new, besides=None) -> None:
    for old in of(provider):
        if old.id != besides and _overlap(old, new):
            raise Refused(
                f"{provider.name} already works at {old.location.name} on {WEEKDAYS[old.weekday]}s from "
                f"{clock(old.opens_minute)} to {clock(old.closes_minute)}. Choose a time that does not overlap, "
                "or remove that one first.",
                field="opens",
            )


def _told(stretch) -> dict:
    return {
        "location": stretch.location_id,
        "weekday": stretch.weekday,
        "opens_minute": stretch.opens_minute,
        "closes_minute": stretch.closes_minute,
    }


def _same(old, new) -> bool:
    return _told(old) == _told(new)


def _overlap(old, new) -> bool:
    """Whether two weekly stretches ever meet. In two time zones that depends on the week, so a year is compared."""
    if old.location.time_zone == new.location.time_zone:
        return (
            old.weekday == new.weekday and old.opens_minute < new.closes_minute and new.opens_minute < old.closes_minute
        )
    monday = local(now(), "UTC").replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    monday -= timedelta(days=monday.weekday() + 7)
    pairs = product(_instants(old, monday), _instants(new, monday))
    return any(one[0] < other[1] and other[0] < one[1] for one, other in pairs)


def _instants(stretch, monday: datetime):
    zone = ZoneInfo(stretch.location.time_zone)
    for week in range(WEEKS_COMPARED + 2):
        day = monday + timedelta(days=7 * week + stretch.weekday)
        opens, closes = (day + timedelta(minutes=m) for m in (stretch.opens_minute, stretch.closes_minute))
        yield opens.replace(tzinfo=zone).timestamp(), closes.replace(tzinfo=zone).timestamp()


def time_off_of(provider) -> list[TimeOff]:
    """Time off that is not over yet, soonest first."""
    return list(provider.time_off.where(TimeOff.ends_at > now()).order_by(TimeOff.starts_at))


def zone_of(provider) -> str:
    """The clock that a provider's time off is said in: that of the first place in the week, or the clinic's first."""
    place = Location.select(Location.time_zone).join(WorkingHours).where(WorkingHours.provider == provider)
    found = place.order_by(WorkingHours.weekday, WorkingHours.opens_minute).limit(1).scalar()
    return found or home_zone()


def visits_between(provider, starts_at, ends_at) -> list[Appointment]:
    """Live visits with this provider that touch a stretch of time, with patient, service and location."""
    return displaced.live(
        Appointment.provider == provider, Appointment.starts_at < ends_at, Appointment.ends_at > starts_at,
        Appointment.starts_at > starts_at - timedelta(days=1),  # none lasts longer
    )  # fmt: skip


def add_time_off(provider, by, *, starts, ends, zone: str, reason="", sure: bool = False) -> TimeOff:
    """Not to be booked from one wall-clock moment to another. Visits that stand inside stay, and need `sure`."""
    if starts.year < now().year - 5:
        raise Refused("Enter a start within the last five years", field="starts")
    if ends.year > now().year + 5:
        raise Refused("Enter an end within the next five years", field="ends")
    starts_at = starts.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    ends_at = ends.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)  # an hour that comes twice is off both times
    if starts_at >= ends_at:
        raise Refused("Enter an end that is later than the start", field="ends")
    if ends_at <= now():
        raise Refused("This time is already over", field="ends")
    with write_tx():
        same = (TimeOff.provider == provider) & (TimeOff.starts_at == starts_at) & (TimeOff.ends_at == ends_at)
        there = TimeOff.get_or_none(same)
        if there:
            return there
        inside = visits_between(provider, starts_at, ends_at)
        if inside and not sure:
            raise Refused(
                f"{count(len(inside), 'visit stands', 'visits stand')} inside this time: "
                + "; ".join(f"{v.patient.name}, {when(v.starts_at, v.location.time_zone)}" for v in inside[:5])
                + ("; …" if len(inside) > 5 else "")
                + ". They stay booked until you move or cancel them. Tick the box to save all the same.",
                field="sure",
                visits=inside,
            )
        off = TimeOff.create(provider=provider, starts_at=starts_at, ends_at=ends_at, reason=reason)
        trail.record(
            by,
            "time off added",
            f"provider {provider.id}",
            starts_at=off.starts_at.isoformat(),
            ends_at=off.ends_at.isoformat(),
        )
        return off


def remove_time_off(off, by) -> None:
    """Can be booked again in that time."""
    with write_tx():
        if TimeOff.delete().where(TimeOff.id == off.id).execute():
            trail.record(
                by,
                "time off removed",
                f"provider {off.provider_id}",
                starts_at=off.starts_at.isoformat(),
                ends_at=off.ends_at.isoformat(),
            )
