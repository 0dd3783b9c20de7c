"""Which times are free: working hours, less time off, less what is booked, for people who perform the service.

A day is a day in the location's zone. Working hours are wall-clock minutes; a wall time that does not exist
or exists twice (the clocks change) is never offered. Between two appointments of a provider lies the larger of
their two buffers, never the sum; time off, closing time and the patient's own appointments need no buffer.
"""

from bisect import bisect_right
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def __getattr__(name):  # while callers move over: the database side is rules/searching.py
    from rules import searching

    return getattr(searching, name)


def free_starts(stretches, busy, *, zone, since, until, length, step):
    """Every start in [since, until), in order, from which `length` fits; knows nothing of the database.

    stretches: (weekday, opens_minute, closes_minute) on the wall clock of `zone`; busy: (start, end) in
    UTC, any order, may overlap; step: minutes of the grid, which begins at each opening.
    """
    taken = joined(busy)
    ends = [end for _, end in taken]
    hours = defaultdict(list)
    for weekday, opens, closes in stretches:
        hours[weekday].append((opens, closes))
    # Stretches that touch or overlap are one: an appointment may run across them.
    hours = {weekday: joined(pairs) for weekday, pairs in hours.items()}
    day = since.astimezone(ZoneInfo(zone)).date()
    last = until.astimezone(ZoneInfo(zone)).date()
    while day <= last:
        for opens, closes in hours.get(day.weekday(), ()):
            closing = boundary(zone, day, closes)
            for minute in range(opens, closes, step):
                start = moment(zone, day, minute)
                if start is None or start < since or start + length > closing:
                    continue
                if start >= until:
                    break
                next_taken = bisect_right(ends, start)
                if next_taken == len(taken) or taken[next_taken][0] >= start + length:
                    yield start
        day += DAY


def joined(intervals):
    """The same stretches, in order, with those that touch or overlap made one."""
    whole = []
    for start, end in sorted(intervals):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole


def moment(zone: str, day: date, minute: int) -> datetime | None:
    """The one moment at which the wall clock shows this minute of this day; None when there is not exactly one."""
    wall = datetime.combine(day, time(), ZoneInfo(zone)) + timedelta(minutes=minute)
    return None if wall.utcoffset() != wall.replace(fold=1).utcoffset() else wall.astimezone(UTC)


def boundary(zone: str, day: date, minute: int) -> datetime:
    """The moment of a closing time; a skipped one is when the clock skips it, a doubled one the earlier."""
    wall = datetime.combine(day, time(), ZoneInfo(zone)) + timedelta(minutes=minute)
    first, second = wall.utcoffset(), wall.replace(fold=1).utcoffset()
    while second > first:  # in the gap of a clock that goes forward
        wall += timedelta(minutes=1)
        first, second = wall.utcoffset(), wall.replace(fold=1).utcoffset()
    return wall.astimezone(UTC)
