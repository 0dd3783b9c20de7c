"""Free times as people read them, grouped by day, and as a form carries one from page to page."""

from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clock import local
from rules import words


class Slot(NamedTuple):
    """The opening that a page was about, by numbers; whether it is free is asked anew each time."""

    provider: int
    location: int
    starts_at: datetime


def parts_of(opening) -> list:
    """The parts of a visit; a single opening is its own."""
    return list(getattr(opening, "parts", None) or (opening,))


def key(opening) -> str:
    """3-1-20260303T193000Z; several parts one after the other: 3-1-20260303T193000Z_5-1-20260303T200000Z"""
    several = getattr(opening, "parts", None)
    if several:
        return "_".join(key(part) for part in several)
    return f"{opening.provider.id}-{opening.location.id}-{written(opening.starts_at)}"


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def slot(text: str | None) -> Slot | None:
    """The slot behind a key; None when it is not one."""
    parts = (text or "").split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts[:2]):
        return None
    starts_at = instant(parts[2])
    return Slot(int(parts[0]), int(parts[1]), starts_at) if starts_at else None


def slots(text: str | None, how_many: int) -> list[Slot] | None:
    """The slots of a visit of so many parts; None when the key is not one."""
    found = [slot(each) for each in (text or "").split("_")]
    return found if len(found) == how_many and all(found) else None


def instant(text: str | None) -> datetime | None:
    """A moment as addresses carry it (ISO, with its zone: 20260303T193000Z); None when it is none."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo and 2000 < moment.year < 9000 else None


def beginning(text: str | None, time_zone: str) -> datetime | None:
    """Where a list of times begins: a moment, or the first moment of a day in this zone."""
    text = (text or "").strip()
    if len(text) == 10:
        try:
            day = datetime.fromisoformat(text).date()
        except ValueError:
            return None
        return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC) if 2000 < day.year < 9000 else None
    return instant(text)


def whom(opening) -> str:
    """Dr Lin; or, one part after the other, Dr Lin, then Nia Nurse"""
    names = [part.provider.name for part in parts_of(opening)]
    return ", then ".join(name for name, _ in groupby(names))


def spoken(opening) -> str:
    """Tue 3 Mar, 14:30 with Dr Lin, Soho"""
    at = words.short_when(opening.starts_at, opening.location.time_zone)
    return f"{at} with {whom(opening)}, {opening.location.name}"


def day_part(moment: datetime, time_zone: str) -> str:
    hour = local(moment, time_zone).hour
    return "morning" if hour < 12 else "afternoon" if hour < 17 else "after_work"


def sentences(openings) -> list:
    """The few of a day and a place that are said first: one for each part of the day, best one that leaves no gap."""
    first = {}
    for opening in sorted(openings, key=lambda o: (not all(p.tight for p in parts_of(o)), o.starts_at)):
        first.setdefault(day_part(opening.starts_at, opening.location.time_zone), opening)
    return sorted(first.values(), key=lambda o: o.starts_at)


class Shown(NamedTuple):
    """A page of free times: the days with theirs, and where the next page begins (None: there is no more)."""

    days: list
    later: datetime | None


def by_day(openings, at_least: int, at_most: int) -> Shown:
    """Whole days until there are enough times, out of `openings` of which `at_most` were asked for.

    A day is one in the location's own zone, and each place has its own clock: [(day, [(location, [openings])])].
    """

    def day_of(opening):
        return local(opening.starts_at, opening.location.time_zone).date()

    ordered = sorted(openings, key=lambda o: (day_of(o), o.location.name, o.location.id, o.starts_at))
    days, shown = [], 0
    for day, times in groupby(ordered, key=day_of):
        if shown >= at_least:
            break
        days.append((day, [(where, list(there)) for where, there in groupby(times, key=lambda o: o.location)]))
        shown += sum(len(there) for _, there in days[-1][1])
    rest = ordered[shown:]
    if rest:
        return Shown(days, min(o.starts_at for o in rest))
    last = max((o.starts_at for o in ordered), default=None)
    return Shown(days, last + timedelta(minutes=1) if shown >= at_most else None)
