"""Wall clocks into minutes since 1970: which stretches of a day are worked, through weekly hours and exceptions.

A wall time that does not exist or exists twice (the clocks change) is never a start. A closing time that is skipped
is when the clock skips it; one that comes twice is the earlier of the two.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rules.availability import Stretch, joined, minus, shared

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALL_DAY = 1440
DAY_PARTS = {"morning": (0, 720), "afternoon": (720, 1020), "after_work": (1020, ALL_DAY)}


class Change(NamedTuple):
    """What differs on some days: other hours, or closed (without any); for everybody, or for one provider."""

    provider: int | None
    first: date
    last: date
    opens: int | None
    closes: int | None


def minute_of(moment: datetime) -> int:
    return (moment - EPOCH) // MINUTE


def minute_up(moment: datetime) -> int:
    """The first whole minute that is not before it."""
    return -((EPOCH - moment) // MINUTE)


def moment_of(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)


@lru_cache(maxsize=4096)
def pieces(zone: str, day: date) -> tuple[tuple[int, int, int], ...]:
    """The wall-clock minutes of a day that exist exactly once: (from, to, what makes them minutes since 1970)."""
    midnight = datetime.combine(day, time())
    number = (day - EPOCH.date()).days * ALL_DAY
    place = ZoneInfo(zone)

    def offset(minute):
        wall = (midnight + minute * MINUTE).replace(tzinfo=place)
        first, second = wall.utcoffset(), wall.replace(fold=1).utcoffset()
        return first // MINUTE if first == second else None

    if offset(0) is not None and offset(0) == offset(ALL_DAY):
        return ((0, ALL_DAY, number - offset(0)),)
    found = []
    for shift, minutes in groupby(range(ALL_DAY), key=offset):
        minutes = list(minutes)
        if shift is not None:
            found.append((minutes[0], minutes[-1] + 1, number - shift))
    return tuple(found)


def boundary(day_pieces, minute: int) -> int:
    """The moment of an opening or a closing time."""
    started = [base for start, _, base in day_pieces if start <= minute]
    to_come = [base + start for start, _, base in day_pieces if start > minute]
    return min([base + minute for base in started[-1:]] + to_come)


def day_at(zone: str, minute: int) -> date:
    return moment_of(minute).astimezone(ZoneInfo(zone)).date()


def worked(weekly, changes, provider, day: date) -> list[tuple[int, int]]:
    """A provider's wall-clock stretches on one day at one place; those that touch are one.

    weekly: (weekday, opens, closes). The provider's own changes take the place of the week; those for everybody
    close the day, or leave only what lies inside their hours.
    """
    there = [change for change in changes if change.first <= day <= change.last]
    if not there:
        return joined((opens, closes) for on, opens, closes in weekly if on == day.weekday())
    own = [change for change in there if change.provider is not None and change.provider == provider]
    general = [change for change in there if change.provider is None]
    if any(change.opens is None for change in own + general):
        return []
    hours = joined((own and hours_of(own)) or [(opens, closes) for on, opens, closes in weekly if on == day.weekday()])
    return shared(hours, joined(hours_of(general))) if general else hours


def hours_of(changes):
    return [(change.opens, change.closes) for change in changes]


def stretches(zone, first: date, last: date, hours_on) -> list[Stretch]:
    """The stretches of [first, last] in minutes since 1970, in order; `hours_on` gives a day's wall-clock ones."""
    found, day = [], first
    while day <= last:
        for opens, closes in hours_on(day):
            there = pieces(zone, day)
            if there[0][:2] == (0, ALL_DAY):  # the clock does not change, as on nearly every day
                base = there[0][2]
                found.append(Stretch(base + opens, base + closes, base + closes, base + opens, day))
                continue
            closing = boundary(there, closes)
            for start, end, base in there:
                if start < closes and opens < end:
                    begins, ends = base + max(opens, start), min(base + min(closes, end), closing)
                    found.append(Stretch(begins, ends, closing, base + opens, day))
        day += DAY
    return found


def opened(zone, weekly, first: date, last: date) -> list[tuple[int, int]]:
    """From when to when a room or device can be used, in minutes since 1970."""
    found, day = [], first
    while day <= last:
        there = pieces(zone, day)
        for opens, closes in joined((opens, closes) for on, opens, closes in weekly if on == day.weekday()):
            start, end = boundary(there, opens), boundary(there, closes)
            if start < end:
                found.append((start, end))
        day += DAY
    return found


def asked_for(zone, only, since: int, until: int) -> list[tuple[int, int]]:
    """The parts of [since, until) in which a visit may begin."""
    if not only or not (only.day_parts or only.weekdays):
        return [(since, until)]
    parts = joined(DAY_PARTS[part] for part in only.day_parts or DAY_PARTS)
    found, day = [], day_at(zone, since)
    while day <= day_at(zone, until):
        if not only.weekdays or day.weekday() in only.weekdays:
            for start, end, base in pieces(zone, day):
                found += [(base + a, base + b) for a, b in shared(parts, [(start, end)])]
        day += DAY
    return shared(sorted(found), [(since, until)])


def closed(opened_stretches, since: int, until: int) -> list[tuple[int, int]]:
    """The rest of [since, until)."""
    return minus([(since, until)], opened_stretches)
