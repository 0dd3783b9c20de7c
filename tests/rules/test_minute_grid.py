"""The pure function finds exactly what a grid of minutes finds: the same question, asked of every single minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.availability import Busy, Person, Room, Stretch, Task, arrange, joined, uses
from rules.opening_hours import Change, asked_for, closed, minute_of, opened, stretches, worked
from rules.searching import Only

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CHANGES = {
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1)],
    "Europe/London": [date(2026, 3, 29), date(2026, 10, 25)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4)],  # by half an hour
}
DAY_PARTS = {"morning": (0, 720), "afternoon": (720, 1020), "after_work": (1020, 1440)}
some_minute = st.integers(0, 288).map(lambda n: n * 5) | st.sampled_from([0, 59, 60, 75, 90, 105, 119, 120, 150, 180])
pair = st.sampled_from([(0, 1440), (0, 600), (30, 900), (90, 480)]) | st.tuples(some_minute, some_minute).filter(
    lambda s: s[0] < s[1]
)
gap = st.sampled_from([0, 5, 15, 45, 90])
spans = st.tuples(st.integers(-6, 60).map(lambda n: n * 10), st.sampled_from([5, 15, 30, 60, 60, 240]))


def several(draw, strategy, at_most):
    return draw(st.lists(strategy, max_size=at_most))


@st.composite
def situations(draw):
    """A place on the days around a clock change: people with hours, changes, bookings, time off; rooms; a visit."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    change = draw(st.sampled_from(CHANGES[zone]))
    midnight = minute_of(datetime.combine(change, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC))
    since = midnight - draw(st.sampled_from([0, 0, 7, 360, 1440]))
    until = since + 60 * draw(st.sampled_from([6, 12, 26, 30]))

    def weekly():
        days = draw(
            st.lists(st.sampled_from([change.weekday()] * 3 + [(change.weekday() + 1) % 7]), min_size=1, max_size=3)
        )
        return [(weekday, *draw(pair)) for weekday in days]

    def intervals(at_most):
        return [(midnight + start, midnight + start + length) for start, length in several(draw, spans, at_most)]

    def busy():
        service = draw(st.sampled_from([1, 1, 2]))
        lane = draw(st.sampled_from([0, 1, 2]))
        start, end = intervals_one()
        return Busy(start, end, draw(gap), draw(gap), service, lane)

    def intervals_one():
        start, length = draw(spans)
        return midnight + start, midnight + start + length

    def now_and_then(choices):
        chosen = st.sets(st.sampled_from(sorted(choices)), min_size=1, max_size=2)
        return frozenset(draw(chosen)) if draw(st.integers(0, 5)) == 5 else frozenset()

    tasks = [
        Task(
            draw(st.sampled_from([5, 15, 30, 50, 60, 120])), service, draw(st.sampled_from([1, 1, 2])),
            tuple(sorted(draw(st.sets(st.sampled_from([1, 2]), max_size=2)))) if draw(st.integers(0, 2)) == 0 else (),
        )
        for service in range(1, draw(st.sampled_from([1, 1, 2, 3])) + 1)
    ]  # fmt: skip
    everybody = range(1, draw(st.integers(1, 2)) + 1)
    changes = []
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        first = change - draw(st.integers(0, 1)) * DAY
        hours = draw(st.just((None, None)) | pair | pair | pair)
        changes.append(
            Change(draw(st.sampled_from([None, 1, 2])), first, first + draw(st.integers(0, 2)) * DAY, *hours)
        )
    return {
        "zone": zone, "since": since, "until": until, "tasks": tasks, "step": draw(st.sampled_from([5, 5, 15, 20])),
        "changes": changes, "weekly": {n: weekly() for n in everybody},
        "busy": {n: [busy() for _ in range(draw(st.integers(0, 3)))] for n in everybody},
        "off": {n: intervals(1) for n in everybody}, "elsewhere": intervals(1),
        "buffers": {(n, t.service): (draw(gap), draw(gap)) for n in everybody for t in tasks},
        "able": [sorted(draw(st.sets(st.sampled_from(list(everybody)), min_size=1))) for _ in tasks],
        "rooms": [
            {
                "number": n, "kind": draw(st.sampled_from([1, 1, 2])), "cleanup": draw(st.sampled_from([0, 10, 30])),
                "weekly": weekly() if draw(st.integers(0, 3)) == 0 else None, "off": intervals(1), "used": intervals(2),
            }
            for n in range(1, draw(st.integers(0, 3)) + 1)
        ],
        "only": Only(now_and_then(DAY_PARTS), now_and_then([5, 6, 0])),
    }  # fmt: skip


def day_of(minute, zone):
    return (datetime(1970, 1, 1, tzinfo=UTC) + minute * MINUTE).astimezone(ZoneInfo(zone)).date()


def found(s, everything=False):
    """What the pure function says, out of the same facts as the database would give it."""
    first, last = day_of(s["since"], s["zone"]), day_of(s["until"], s["zone"])
    people = [
        [
            Person(
                n, task, *s["buffers"][n, task.service],
                stretches(s["zone"], first, last, lambda day, n=n: worked(s["weekly"][n], s["changes"], n, day)),
                s["busy"][n], s["off"][n] + s["elsewhere"],
            )
            for n in able
        ]
        for task, able in zip(s["tasks"], s["able"], strict=True)
    ]  # fmt: skip
    far = s["since"] - 5000, s["until"] + 5000
    rooms = []
    for r in s["rooms"]:
        hours = closed(opened(s["zone"], r["weekly"], first - DAY, last + DAY), *far) if r["weekly"] else []
        rooms.append(
            Room(r["number"], r["kind"], r["cleanup"], joined(hours + r["off"] + r["used"]), joined(r["used"]))
        )
    windows = asked_for(s["zone"], s["only"], s["since"], s["until"])
    visits = list(arrange(s["tasks"], people, rooms, windows, s["step"]))
    return visits if everything else [visit[0].start for visit in visits]


class Grid:
    """Every minute of some days: what the wall clock shows, how often, and who may work or be used in it."""

    def __init__(self, s):
        self.s, self.first, self.end = s, s["since"] - 1500, s["until"] + 2500
        place, epoch = ZoneInfo(s["zone"]), datetime(1970, 1, 1, tzinfo=UTC)
        self.wall, self.shown = {}, {}
        for minute in range(self.first, self.end):
            there = (epoch + minute * MINUTE).astimezone(place)
            self.wall[minute] = there.date(), there.hour * 60 + there.minute
            self.shown[self.wall[minute]] = self.shown.get(self.wall[minute], 0) + 1
        self.known = {}

    def hours(self, who, day):
        """The wall-clock minutes of a day in which somebody works: exceptions, said once more in other words."""
        if (who, day) not in self.known:
            there = [c for c in self.s["changes"] if c.first <= day <= c.last]
            own, general = [c for c in there if c.provider == who], [c for c in there if c.provider is None]
            week = {m for on, a, z in self.s["weekly"][who] if on == day.weekday() for m in range(a, z)}
            if own:
                week = {m for c in own if c.opens is not None for m in range(c.opens, c.closes)}
            if general:
                week &= {m for c in general if c.opens is not None for m in range(c.opens, c.closes)}
            if any(c.opens is None for c in own + general):
                week = set()
            self.known[who, day] = week
        return self.known[who, day]

    def inside(self, hours_on, start, end):
        """Whether the wall clock shows only minutes of one stretch of one day, from start to end."""
        day, minute = self.wall[start]
        hours, (last_day, last) = hours_on(day), self.wall[end - 1]
        if last_day != day or minute not in hours:
            return False
        closing = minute
        while closing in hours:
            closing += 1
        return last < closing and all(self.wall[m][1] in hours for m in range(start, end))

    def works(self, who, start, end):
        return self.shown[self.wall[start]] == 1 and self.inside(lambda day: self.hours(who, day), start, end)

    def on_grid(self, who, start):
        day, minute = self.wall[start]
        opening = minute
        while opening - 1 in self.hours(who, day):
            opening -= 1
        return (minute - opening) % self.s["step"] == 0

    def lane(self, who, task, start):
        """The first lane that has no neighbour too near, minute by minute; None when there is none."""
        before, after = self.s["buffers"][who, task.service]
        end = start + task.length
        for lane in range(1, task.lanes + 1) if task.lanes > 1 else [0]:
            against = [
                b for b in self.s["busy"][who]
                if lane == 0 or b.lane == 0 or b.service != task.service or b.lane == lane
            ]  # fmt: skip
            mine = set(range(start, end))
            if not any(
                mine & set(range(b.start - max(after, b.before), b.end + max(before, b.after))) for b in against
            ):
                return lane
        return None

    def can(self, who, task, start):
        end = start + task.length
        away = self.s["off"][who] + self.s["elsewhere"]
        if any(a < end and start < z for a, z in away) or not self.works(who, start, end):
            return False
        return self.lane(who, task, start) is not None

    def wanted(self, start):
        day, minute = self.wall[start]
        only = self.s["only"]
        part = next(name for name, (a, z) in DAY_PARTS.items() if a <= minute < z)
        return (not only.day_parts or part in only.day_parts) and (not only.weekdays or day.weekday() in only.weekdays)

    def roomy(self, times):
        """Whether some choice of rooms works, out of all that there are."""
        uses = [(kind, a, z) for (a, z), task in zip(times, self.s["tasks"], strict=True) for kind in task.kinds]
        return any(
            self.fits(uses, choice)
            for choice in product(*[[r for r in self.s["rooms"] if r["kind"] == kind] for kind, _, _ in uses])
        )

    def fits(self, uses, choice):
        taken = {r["number"]: set() for r in self.s["rooms"]}
        for r in self.s["rooms"]:
            taken[r["number"]] |= {m for a, z in r["used"] for m in range(a, z)}
        shut = {r["number"]: {m for a, z in r["off"] for m in range(a, z)} for r in self.s["rooms"]}
        for n, ((_, a, z), room) in enumerate(zip(uses, choice, strict=True)):
            goes_on = any(other is room and uses[k][1] == z for k, other in enumerate(choice) if k != n)
            mine = set(range(a, z if goes_on else z + room["cleanup"]))
            if mine & taken[room["number"]] or set(range(a, z)) & shut[room["number"]]:
                return False
            if room["weekly"] is not None and not self.inside(lambda day, r=room: used_on(r, day), a, z):
                return False
            taken[room["number"]] |= mine
        return True


def used_on(room, day):
    return {m for on, a, z in room["weekly"] if on == day.weekday() for m in range(a, z)}


def by_the_minute(s):
    grid, found = Grid(s), []
    for start in range(s["since"], s["until"]):
        if not grid.wanted(start):
            continue
        if not any(grid.can(who, s["tasks"][0], start) and grid.on_grid(who, start) for who in s["able"][0]):
            continue
        at, times = start, []
        for task, able in zip(s["tasks"], s["able"], strict=True):
            if not any(grid.can(who, task, at) for who in able):
                break
            times.append((at, at + task.length))
            at += task.length
        else:
            if grid.roomy(times):
                found.append(start)
    return found


@settings(max_examples=60, deadline=None)
@given(situations())
def test_it_finds_exactly_what_a_grid_of_minutes_finds(s):
    assert found(s) == by_the_minute(s)


@settings(max_examples=40, deadline=None)
@given(situations())
def test_what_it_chooses_is_free(s):
    """The provider, the lane and the rooms of each part are such that the grid of minutes agrees."""
    grid = Grid(s)
    for visit in found(s, everything=True)[:10]:
        uses, choice = [], []
        for n, part in enumerate(visit):
            task = s["tasks"][n]
            assert part.person.number in s["able"][n]
            assert grid.can(part.person.number, task, part.start)
            assert part.lane == grid.lane(part.person.number, task, part.start)
            assert len(part.rooms) == len(task.kinds)
            for kind, number in zip(task.kinds, part.rooms, strict=True):
                uses.append((kind, part.start, part.end))
                choice.append(next(r for r in s["rooms"] if r["number"] == number))
        assert all(room["kind"] == use[0] for room, use in zip(choice, uses, strict=True))
        assert grid.fits(uses, choice)


@st.composite
def crowded(draw):
    """Two or three uses in a row, and one to three rooms of which each is hardly ever free."""
    times, at = [], 0
    for _ in range(draw(st.integers(2, 3))):
        at += draw(st.sampled_from([0, 0, 1]))
        times.append((at, at + 2))
        at += 2
    rooms = [
        {
            "number": n, "kind": 1, "cleanup": draw(st.sampled_from([0, 1, 3])), "weekly": None,
            "off": [(a, a + 1) for a in draw(st.lists(st.integers(0, 9), max_size=1))],
            "used": [(a, a + 1) for a in draw(st.lists(st.integers(0, 9), max_size=1))],
        }
        for n in range(1, draw(st.integers(1, 3)) + 1)
    ]  # fmt: skip
    return times, rooms


@settings(max_examples=100, deadline=None)
@given(crowded())
def test_rooms_are_found_whenever_some_choice_of_them_works(case):
    times, rooms = case
    grid = Grid.__new__(Grid)
    grid.s = {"rooms": rooms}
    asked = [(1, *time) for time in times]
    some = any(grid.fits(asked, choice) for choice in product(rooms, repeat=len(times)))
    made = [
        Room(r["number"], 1, r["cleanup"], joined(r["off"] + r["used"]), joined(r["used"])) for r in rooms
    ]  # fmt: skip
    found = uses(times, made)
    assert (found is not None) == some
    if found:
        assert grid.fits(asked, [rooms[room.number - 1] for room in found])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from([1, 1, 1, 2]), st.sampled_from([0, 1, 1, 2])), max_size=5)
)
def test_a_lane_is_found_whenever_one_is_free(rows):
    busy = [Busy(start, start + 4, 1, 2, service, lane) for start, service, lane in rows]
    task = Task(4, 1, 2)
    person = Person(1, task, 2, 1, [Stretch(0, 30, 34, 0, date(2026, 3, 2))], busy, [])
    grid = Grid.__new__(Grid)
    grid.s = {"busy": {1: busy}, "buffers": {(1, 1): (2, 1)}}
    for start in range(30):
        assert person.lane_at(start) == grid.lane(1, task, start)
