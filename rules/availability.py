"""Which times are free: one pure function over intervals, in whole minutes since 1970.

Between two appointments of a provider lies the larger of the one's buffer after and the other's before it, never the
sum; time off, closing time and the patient's own appointments need no buffer. The parts of one visit follow each
other without a gap. An interval is (start, end), its end not in it.
"""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple


class Stretch(NamedTuple):
    """A stretch of work: starts lie in [start, end), on a grid that begins at `grid`; all must end by `closes`."""

    start: int
    end: int
    closes: int
    grid: int
    day: date


class Busy(NamedTuple):
    """What takes a provider: an appointment or a hold, with its buffers. Lane 0 takes the whole provider."""

    start: int
    end: int
    before: int = 0
    after: int = 0
    service: int = 0
    lane: int = 0
    held: bool = False


class Task(NamedTuple):
    """One part of a visit: how long, its service, how many at once with one provider, which kinds it needs."""

    length: int
    service: int = 0
    lanes: int = 1
    kinds: tuple = ()


class Placed(NamedTuple):
    """A part that found its time: with whom, in which lane, in which rooms and with which devices."""

    start: int
    end: int
    person: "Person"
    lane: int
    rooms: tuple


@dataclass(eq=False)
class Person:
    """A provider at a place, for one part of a visit."""

    number: int
    task: Task
    before: int  # the buffers that the part has with this provider
    after: int
    stretches: list
    busy: list
    off: list  # time off, and when the patient is elsewhere
    load: dict = field(default_factory=dict)  # day: how much is booked

    @cached_property
    def lanes(self) -> dict[int, list]:
        """For each lane in order: when the part can start, grid or not."""
        length, lanes = self.task.length, range(1, self.task.lanes + 1) if self.task.lanes > 1 else (0,)
        away = [(start - length + 1, end) for start, end in self.off]
        work = [(s.start, min(s.end, s.closes - length + 1)) for s in self.stretches]
        work = [stretch for stretch in work if stretch[0] < stretch[1]]
        return {
            lane: minus(work, joined(away + [
                (b.start - max(self.after, b.before) - length + 1, b.end + max(self.before, b.after))
                for b in self.busy
                if not (lane and b.lane and b.lane != lane and b.service == self.task.service)
            ]))
            for lane in lanes
        }  # fmt: skip

    def lane_at(self, start) -> int | None:
        """The first lane in which the part can start then."""
        for lane, free in self.lanes.items():
            if covering(free, start):
                return lane
        return None

    def rank(self, last, day) -> tuple:
        """Who comes first for a part: whoever did the one before (`last`), or has least to do that day."""
        return self.number != last, self.load.get(day, 0), self.number

    def fits_tightly(self, start, *, lane, before, after, shortest, step) -> bool:
        """Whether what stays free before and after it can still be used, or is as small as the grid lets it be."""
        first, end = covering(self.lanes[lane], start)
        left = ([start - first] if before else []) + ([end - 1 - start] if after else [])
        return all(gap < step or gap >= shortest for gap in left)

    def on_grid(self, windows, step):
        """Every start on the grid that lies in `windows`, with its day; in order where there is one lane."""
        whole = joined([stretch for free in self.lanes.values() for stretch in free])
        wanted, n = shared(whole, windows), 0
        for stretch in self.stretches:
            while n and wanted[n - 1][1] > stretch.start:
                n -= 1
            while n < len(wanted) and wanted[n][0] < stretch.end:
                start, end = max(wanted[n][0], stretch.start), min(wanted[n][1], stretch.end)
                yield from ((at, stretch.day) for at in range(start + (stretch.grid - start) % step, end, step))
                n += 1


class Room(NamedTuple):
    """A room or device: it is cleaned after each use, which may be past the hours in which it can be used."""

    number: int
    kind: int
    cleanup: int
    shut: list  # joined: outside its hours, off, or in use
    used: list  # joined: in use, clean-up included


def arrange(tasks, people, rooms, windows, step):
    """Every visit of these tasks, back to back, that can start on the grid in `windows`, in order of time.

    people: for each task those who can do it, in one place; rooms: those of the place. For each part whoever did the
    one before goes on, or else whoever has least to do that day; of the rooms, the one already in use or the first.
    """
    needed = any(task.kinds for task in tasks)
    starts, days = defaultdict(list), {}
    for person in people[0]:
        for start, day in person.on_grid(windows, step):
            starts[start].append(person)
            days[start] = day
    for start in sorted(starts):
        placed, at, last, day = [], start, None, days[start]
        for task, able in zip(tasks, [starts[start], *people[1:]], strict=True):
            if placed:  # of the first part, those who cannot start then are not in `starts`
                able = [p for p in able if p.lane_at(at) is not None]
            if not able:
                break
            person = able[0] if len(able) == 1 else min(able, key=lambda p: p.rank(last, day))
            placed.append(Placed(at, at + task.length, person, person.lane_at(at), ()))
            at, last = at + task.length, person.number
        else:
            settled = settle(tasks, placed, rooms) if needed else placed
            if settled:
                yield settled


def settle(tasks, placed, rooms) -> list[Placed] | None:
    """The same parts with a room or device for each kind that they need; None when there are not enough."""
    taken = [[] for _ in placed]
    for kind in sorted({kind for task in tasks for kind in task.kinds}):
        who = [n for n, task in enumerate(tasks) if kind in task.kinds]
        found = uses([placed[n][:2] for n in who], [room for room in rooms if room.kind == kind])
        if found is None:
            return None
        for n, room in zip(who, found, strict=True):
            taken[n].append(room.number)
    return [part._replace(rooms=tuple(numbers)) for part, numbers in zip(placed, taken, strict=True)]


def uses(times, rooms, before=()) -> list[Room] | None:
    """A room for each of these times, in order; staying in one needs no clean-up in between."""
    if not times:
        return [room for room, _ in before]
    (start, end), *later = times
    last = before[-1][0] if before and before[-1][1][1] == start else None
    for room in sorted(rooms, key=lambda room: (room is not last, room.number)):
        if touches(room.shut, start, end):
            continue
        if room is not last and any(other is room and start < time[1] + room.cleanup for other, time in before):
            continue
        # Also where the next part stays: that part and its own clean-up cover this one's.
        if not touches(room.used, end, end + room.cleanup):
            found = uses(later, rooms, (*before, (room, (start, end))))
            if found:
                return found
    return None


def joined(intervals) -> list[tuple[int, int]]:
    """The same stretches, in order, with those that touch or overlap made one."""
    whole = []
    for start, end in sorted(intervals):
        if whole and start <= whole[-1][1]:
            if end > whole[-1][1]:
                whole[-1] = (whole[-1][0], end)
        else:
            whole.append((start, end))
    return whole


def minus(whole, taken) -> list[tuple[int, int]]:
    """What is left of stretches, in order, when others (joined) are taken away."""
    left, n = [], 0
    for start, end in whole:
        while n < len(taken) and taken[n][1] <= start:
            n += 1
        k = n
        while k < len(taken) and taken[k][0] < end:
            if start < taken[k][0]:
                left.append((start, taken[k][0]))
            start = taken[k][1]
            k += 1
        if start < end:
            left.append((start, end))
    return left


def shared(one, other) -> list[tuple[int, int]]:
    """What lies in both; each in order and without overlaps."""
    both, n, k = [], 0, 0
    while n < len(one) and k < len(other):
        start, end = max(one[n][0], other[k][0]), min(one[n][1], other[k][1])
        if start < end:
            both.append((start, end))
        if one[n][1] < other[k][1]:
            n += 1
        else:
            k += 1
    return both


def covering(intervals, minute) -> tuple[int, int] | None:
    """The stretch, of some in order, that this minute lies in."""
    n = bisect_right(intervals, (minute, float("inf"))) - 1
    return intervals[n] if n >= 0 and minute < intervals[n][1] else None


def touches(intervals, start, end) -> bool:
    """Whether any stretch, of some that are joined, has a minute of [start, end)."""
    n = bisect_right(intervals, (start, float("inf")))
    return (n > 0 and intervals[n - 1][1] > start < end) or (n < len(intervals) and intervals[n][0] < end)
