"""Free times out of the database: who can do it where and when, in a constant number of queries."""

from collections import defaultdict
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import NamedTuple

from clock import now
from models import Location, Provider, Service
from rules.availability import Placed, arrange, settle
from rules.opening_hours import DAY, MINUTE, asked_for, minute_of, minute_up, moment_of
from rules.search_rows import Between, Standing, changes_at

AROUND = 2 * DAY  # how far before or after a time that is gone another one is still near
SPAN = 14 * DAY  # so far a search looks at first; when that is not enough, twice as far, and so on


class Wanted(NamedTuple):
    """One part of a visit that is looked for; without a provider, with anybody."""

    service: Service
    provider: Provider | None = None


class Part(NamedTuple):
    """One part of a visit that is chosen."""

    service: Service
    provider: Provider
    location: Location
    starts_at: datetime


class Opening(NamedTuple):
    """A time that can be booked."""

    starts_at: datetime
    ends_at: datetime
    provider: Provider
    location: Location
    service: Service | None = None
    lane: int = 0  # which of the places of a service for several at once; 0: the whole provider
    resources: tuple = ()  # numbers of the rooms and devices it takes
    tight: bool = False  # leaves no gap that nobody can use; only where the clinic wants to know


class Arrangement(NamedTuple):
    """The parts of one visit, each with its provider, lane and rooms."""

    parts: tuple[Opening, ...]

    @property
    def starts_at(self):
        return self.parts[0].starts_at

    @property
    def ends_at(self):
        return max(part.ends_at for part in self.parts)

    @property
    def location(self):
        return self.parts[0].location


class Only(NamedTuple):
    """Parts of the day ("morning", "afternoon", "after_work") and weekdays (0 is Monday); none given: any."""

    day_parts: frozenset = frozenset()
    weekdays: frozenset = frozenset()


def arrangements(
    wanted, *, location=None, since=None, until=None, at_most=None, ignoring=(), lead=True, patient=None, only=None
) -> list[Arrangement]:  # fmt: skip
    """Visits of these parts, back to back in one place, that start in [since, until), sorted.

    Where a part has no provider ("first available") it is done by whoever has least to do that day, or goes on.
    `lead=False` leaves out the lead time (staff); `ignoring` are appointments about to move; the patient's own other
    appointments block as well.
    """
    services = [part.service for part in wanted]
    named = [part.provider for part in wanted]
    only_these = None if None in named else {someone.id for someone in named}
    standing = Standing(services, providers=only_these, location=location)
    first, last = bounds(standing, services, lead)
    since, until = max(since or first, first), min(until or last, last)
    found, span = [], SPAN if at_most else until - since
    while since < until and (at_most is None or len(found) < at_most):
        end = min(until, since + span)
        near = Between(standing, since, end, patient=patient, ignoring=ignoring)
        there = (_at_place(near, wanted, place, since, end, only) for place in standing.places.values())
        in_order = merge(*there, key=lambda pair: (pair[0][0].start, pair[1].id))
        for placed, place in islice(in_order, None if at_most is None else at_most - len(found)):
            found.append(_spoken(standing, wanted, placed, place))
        since, span = end, span * 2
    return found


def bounds(standing, services, lead):
    """The first moment and the last before which a visit may start: each part has its own lead time and horizon."""
    at, before, firsts, lasts = now(), timedelta(), [], []
    for service in services:
        least = standing.clinic.lead_minutes if service.lead_minutes is None else service.lead_minutes
        firsts.append(at - before + (least * MINUTE if lead else timedelta()))
        lasts.append(at - before + (service.horizon_days or standing.clinic.horizon_days) * DAY)
        before += service.duration_minutes * MINUTE
    return max(at, *firsts), min(lasts)


def _at_place(near, wanted, place, since, until, only):
    people = []
    for service, provider in wanted:
        able = [p for p in near.standing.performing[service.id] if provider is None or p.id == provider.id]
        people.append([person for p in able if (person := near.person(service, p, place))])
        if not people[-1]:
            return
        if len(people[-1]) > 1:
            near.count_loads(people[-1], place)
    tasks = [near.standing.task(service) for service, _ in wanted]
    windows = asked_for(place.time_zone, only, minute_up(since), minute_up(until))
    for placed in arrange(tasks, people, near.rooms_at(place), windows, near.standing.step(wanted[0].service)):
        yield placed, place


def _spoken(standing, wanted, placed, place) -> Arrangement:
    if not standing.clinic.close_gaps:
        pairs = zip(placed, wanted, strict=True)
        return Arrangement(tuple(_opening(standing, service, part, place) for part, (service, _) in pairs))
    step = standing.step(wanted[0].service)
    before, parts = None, []
    for n, (part, (service, _)) in enumerate(zip(placed, wanted, strict=True)):
        after = placed[n + 1] if n + 1 < len(placed) else None
        tight = part.person.fits_tightly(
            part.start,
            lane=part.lane,
            before=not before or before.person.number != part.person.number,
            after=not after or after.person.number != part.person.number,
            shortest=standing.shortest.get(part.person.number, 0),
            step=step,
        )
        parts.append(_opening(standing, service, part, place, tight))
        before = part
    return Arrangement(tuple(parts))


def _opening(standing, service, part, place, tight=False) -> Opening:
    who = standing.providers[part.person.number]
    return Opening(moment_of(part.start), moment_of(part.end), who, place, service, part.lane, part.rooms, tight)


def free_times(
    service: Service, *, provider=None, location=None, since=None, until=None,
    at_most=None, ignoring=None, lead=True, patient=None, only=None,
) -> list[Opening]:  # fmt: skip
    """Free times for one service, as `arrangements` finds them."""
    found = arrangements(
        [Wanted(service, provider)], location=location, since=since, until=until, at_most=at_most,
        ignoring=_several(ignoring), lead=lead, patient=patient, only=only,
    )  # fmt: skip
    return [arrangement.parts[0] for arrangement in found]


def _several(ignoring):
    return () if ignoring is None else ignoring if isinstance(ignoring, list | tuple | set) else (ignoring,)


def exact(parts, *, patient, lead=True, ignoring=(), hold=None) -> Arrangement | None:
    """These parts with their lanes and rooms, when all of them are free now (but for their own hold); else None.

    A part that begins just when another ends needs to be on no grid; one that stands alone does.
    """
    order = sorted(range(len(parts)), key=lambda n: parts[n].starts_at)
    chosen = [parts[n] for n in order]
    standing = Standing([part.service for part in chosen], providers={part.provider.id for part in chosen})
    since, until = chosen[0].starts_at, chosen[-1].starts_at + MINUTE
    near = Between(standing, since, until, patient=patient, ignoring=_several(ignoring), hold=hold)
    placed = []
    for n, part in enumerate(chosen):
        before = placed[-1] if placed else None
        same_place = before is not None and chosen[n - 1].location.id == part.location.id
        follows = same_place and before.end == minute_of(part.starts_at)
        there = _placed(near, part, lead, follows)
        if there is None or (before and not (follows or _apart(before, there, same_place))):
            return None
        placed.append(there)
    for place in {part.location.id: part.location for part in chosen}.values():
        here = [n for n, part in enumerate(chosen) if part.location.id == place.id]
        settled = settle([placed[n].person.task for n in here], [placed[n] for n in here], near.rooms_at(place))
        if settled is None:
            return None
        for n, there in zip(here, settled, strict=True):
            placed[n] = there
    openings = [
        _opening(standing, part.service, there, part.location) for part, there in zip(chosen, placed, strict=True)
    ]
    return Arrangement(tuple(openings[order.index(n)] for n in range(len(parts))))


def _placed(near, part, lead, follows) -> Placed | None:
    """Where one chosen part would lie, without its rooms; None when its provider cannot do it then."""
    standing, start = near.standing, minute_of(part.starts_at)
    first, last = bounds(standing, [part.service], lead)
    performs = any(p.id == part.provider.id for p in standing.performing[part.service.id])
    if not performs or part.location.id not in standing.places or not first <= part.starts_at < last:
        return None
    if part.starts_at != moment_of(start):
        return None
    person = near.person(part.service, standing.providers[part.provider.id], part.location)
    lane = person.lane_at(start) if person else None
    if lane is None:
        return None
    if not follows and not list(person.on_grid([(start, start + 1)], standing.step(part.service))):
        return None
    return Placed(start, start + part.service.duration_minutes, person, lane, ())


def _apart(before, after, same_place) -> bool:
    """Whether two parts that do not follow each other directly leave each other room; on the way one needs some."""
    gap = 0 if same_place else 1
    if before.person.number == after.person.number:
        gap = max(gap, before.person.after, after.person.before)
    return before.end + gap <= after.start


def who_and_where(service) -> list[tuple[Provider, list[Location]]]:
    """Who performs the service, by name, and where each of them works, be it only on some days."""
    standing = Standing([service])
    pairs = {pair for pair, hours in standing.weeks.items() if hours}
    today = now().date()
    rows = changes_at(places=list(standing.places), first=str(today - DAY), last=str(today + 3650 * DAY))
    pairs |= {(who, place) for place, who, *_, opens, _ in rows if who is not None and opens is not None}
    people = defaultdict(list)
    known = [
        (standing.providers[a], standing.places[b])
        for a, b in pairs
        if a in standing.providers and b in standing.places
    ]
    for someone, where in sorted(known, key=lambda pair: (pair[0].name, pair[0].id, pair[1].name)):
        people[someone].append(where)
    return list(people.items())


def opening_at(service, starts_at, *, provider, location, ignoring=None, lead=True, patient=None) -> Opening | None:
    """The opening at exactly this moment, or None."""
    there = free_times(
        service, provider=provider, location=location, since=starts_at, until=starts_at + MINUTE,
        ignoring=ignoring, lead=lead, patient=patient,
    )  # fmt: skip
    return next((opening for opening in there if opening.starts_at == starts_at), None)


def nearest(service, starts_at, *, provider, location, how_many=5, **also) -> list[Opening]:
    """Free times near one that is gone: the same provider's first, then anybody's; in order of time. Two searches."""
    found = {}
    for whoever, far in ((provider, AROUND), (None, SPAN)):
        stretch = {"since": starts_at - AROUND, "until": starts_at + far}
        for opening in free_times(service, provider=whoever, location=location, **stretch, **also):
            found.setdefault(opening.starts_at, opening)
        if len(found) >= how_many:
            break
    close = sorted(found.values(), key=lambda o: abs(o.starts_at - starts_at))[:how_many]
    return sorted(close, key=lambda o: o.starts_at)
