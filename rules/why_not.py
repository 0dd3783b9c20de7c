"""Why a time is not offered: every reason that there is, truthfully, for staff who ask."""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clock import now
from rules.availability import uses
from rules.opening_hours import DAY, MINUTE, boundary, minute_of, moment_of, pieces
from rules.search_rows import Between, Standing
from rules.searching import bounds

USUAL = (9 * 60, 17 * 60)  # shown of a day on which nobody works


class Reason(NamedTuple):
    kind: str
    words: str


def why_not(service, provider, location, starts_at, *, patient=None, lead=False) -> list[Reason]:
    """Every reason why this time is not offered; none: it is free."""
    return _Asked(service, provider, location, starts_at, starts_at + MINUTE, patient, lead).reasons(starts_at)


def day(service, provider, location, on, *, lead=False) -> list[tuple[datetime, list[Reason]]]:
    """Every time of the grid of one day at a place, with what stands against it; `lead`: for patients, too."""
    zone = ZoneInfo(location.time_zone)
    begins = datetime.combine(on, time(), zone).astimezone(UTC)
    asked = _Asked(service, provider, location, begins, begins + DAY + timedelta(hours=2), None, lead)
    found = {}
    for opens, closes in asked.week_on(on) + asked.near.hours(provider, location, on) or [USUAL]:
        for minute in range(opens, closes, asked.step):
            wall = datetime.combine(on, time()) + minute * MINUTE
            for fold in (0, 1):
                at = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
                if at.astimezone(zone).replace(tzinfo=None) == wall and at not in found:  # else the clock skips it
                    found[at] = asked.reasons(at)
    return sorted(found.items())


class _Asked:
    """All that stands near a stretch of time, read once, and asked about one start after another."""

    def __init__(self, service, provider, location, since, until, patient, lead):
        self.service, self.provider, self.location = service, provider, location
        self.standing = Standing([service], providers={provider.id}, location=location)
        self.performs = provider.id in self.standing.providers and location.id in self.standing.places
        if not self.performs:  # its hours and visits are told all the same
            self.standing.providers = {provider.id: provider}
            self.standing.places = {location.id: location}
        self.near = Between(self.standing, since, until, patient=patient)
        self.at, self.step = now(), self.standing.step(service)
        self.first, self.last = bounds(self.standing, [service], lead)
        self.rooms = self.near.rooms_at(location)
        self.person = self.near.person(service, provider, location)
        self.before = max(service.buffer_before_minutes, provider.buffer_before_minutes)
        self.after = max(service.buffer_minutes, provider.buffer_after_minutes)
        self.task = self.standing.task(service)

    def week_on(self, on):
        hours = self.standing.weeks.get((self.provider.id, self.location.id), ())
        return [(opens, closes) for weekday, opens, closes in hours if weekday == on.weekday()]

    def reasons(self, starts_at) -> list[Reason]:
        start, there = minute_of(starts_at), []
        if not self.performs:
            there.append(Reason("not_performed", f"{self.provider.name} does not do this at {self.location.name}."))
        there += self.too_early_or_late(starts_at)
        there += self.outside_hours(starts_at, start)
        there += self.in_the_way(start, start + self.service.duration_minutes)
        there += self.without_room(start, start + self.service.duration_minutes)
        return there

    def too_early_or_late(self, starts_at):
        if starts_at < self.at:
            yield Reason("past", "This time has passed.")
        elif starts_at < self.first:
            yield Reason("lead", "This is sooner than the lead time lets patients book.")
        if starts_at >= self.last:
            yield Reason("horizon", "This is further ahead than can be booked yet.")

    def outside_hours(self, starts_at, start):
        wall = starts_at.astimezone(ZoneInfo(self.location.time_zone))
        there = pieces(self.location.time_zone, wall.date())
        if not any(base + a <= start < base + z for a, z, base in there):
            yield Reason("clock", "The clocks change: this time comes twice on that day.")
            return
        length, minute = self.service.duration_minutes, wall.hour * 60 + wall.minute
        for opens, closes in self.near.hours(self.provider, self.location, wall.date()):
            if opens <= minute < closes and start + length <= boundary(there, closes):
                if (minute - opens) % self.step or starts_at != moment_of(start):
                    yield Reason("grid", f"Times begin every {self.step} minutes from the start of the working hours.")
                return
        usual = any(
            opens <= minute < closes and start + length <= boundary(there, closes)
            for opens, closes in self.week_on(wall.date())
        )
        if usual:
            yield Reason("exception", f"The hours at {self.location.name} differ on that day.")
        else:
            yield Reason(
                "hours", f"{self.provider.name} does not work at {self.location.name} for the whole of this time."
            )

    def in_the_way(self, start, end):
        if touches_any(self.near.off[self.provider.id], start, end):
            yield Reason("off", f"{self.provider.name} is away, or the time is blocked.")
        if touches_any(self.near.own, start, end):
            yield Reason("patient", "The patient has another appointment then.")
        lanes = range(1, self.task.lanes + 1) if self.task.lanes > 1 else (0,)
        against = {lane: [b for b in self.near.busy[self.provider.id] if self.blocks(b, lane)] for lane in lanes}
        near = {lane: [b for b in rows if self.too_near(b, start, end)] for lane, rows in against.items()}
        if not all(near.values()):
            return
        nearest = [b for rows in near.values() for b in rows]
        inside = [b for b in nearest if b.start < end and start < b.end]
        if any(not b.held for b in inside):
            yield Reason("booked", f"{self.provider.name} has another appointment then.")
        if any(b.held for b in inside):
            yield Reason("held", "Somebody is booking this time just now.")
        if not inside or not all(any(b in inside for b in rows) for rows in near.values()):
            yield Reason("buffer", "Too little time would lie between this and the appointment next to it.")

    def blocks(self, busy, lane):
        return not (lane and busy.lane and busy.lane != lane and busy.service == self.service.id)

    def too_near(self, busy, start, end):
        return busy.start - max(self.after, busy.before) < end and start < busy.end + max(self.before, busy.after)

    def without_room(self, start, end):
        for kind in self.task.kinds:
            if uses([(start, end)], [room for room in self.rooms if room.kind == kind]) is None:
                yield Reason("room", "No room or device that it needs is free for the whole of this time.")


def touches_any(intervals, start, end):
    return any(busy[0] < end and start < busy[1] for busy in intervals)
