"""Free times out of the database: who can do it where and when, in a constant number of queries."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clock import now
from models import LIVE, Appointment, Location, Provider, Service, ServiceProvider, TimeOff, WorkingHours
from rules.availability import DAY, free_starts
from rules.clinic import the_clinic

LONGEST = timedelta(hours=16)  # an appointment and its buffer, at most


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


@dataclass(frozen=True)
class Opening:
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
    """Visits of these parts, back to back in one place, that start in [since, until), sorted."""
    first, *others = wanted
    if others:
        raise NotImplementedError
    found = free_times(
        first.service, provider=first.provider, location=location, since=since, until=until, at_most=at_most,
        ignoring=next(iter(ignoring), None), lead=lead, patient=patient, only=only,
    )  # fmt: skip
    return [Arrangement((opening,)) for opening in found]


def exact(parts, *, patient, lead=True, ignoring=(), hold=None) -> Arrangement | None:
    """These parts with their lanes and rooms, when all of them are free now; else None."""
    found = [
        opening_at(
            part.service, part.starts_at, provider=part.provider, location=part.location, patient=patient,
            lead=lead, ignoring=next(iter(ignoring), None),
        )
        for part in parts
    ]  # fmt: skip
    return Arrangement(tuple(found)) if all(found) else None


def free_times(
    service: Service, *, provider=None, location=None, since=None, until=None,
    at_most=None, ignoring=None, lead=True, patient=None, only=None,
) -> list[Opening]:  # fmt: skip
    """Free times for a service that start in [since, until), sorted, in a constant number of queries.

    Without a provider ("first available") there is one opening per moment and location, with whoever has
    least to do that day. `lead=False` leaves out the clinic's lead time (staff); `ignoring` is an
    appointment that is about to move; the patient's own other appointments block as well.
    """
    clinic = the_clinic()
    earliest = now() + timedelta(minutes=clinic.lead_minutes if lead else 0)
    since = max(since or earliest, earliest)
    until = min(until or datetime.max.replace(tzinfo=UTC), now() + timedelta(days=clinic.horizon_days))
    if since >= until:
        return []
    places = _places(service, provider, location)
    if not places:
        return []
    length = timedelta(minutes=service.duration_minutes)
    people = {someone.id for someone, _ in places}
    booked = _booked(people, patient, since, until, ignoring)
    blocked = _blocked(service, people, patient, booked, since, until)

    def openings(someone, where, stretches):
        starts = free_starts(
            stretches, blocked[someone.id], zone=where.time_zone,
            since=since, until=until, length=length, step=clinic.slot_minutes,
        )  # fmt: skip
        return ((start, where.id, someone.id, someone, where) for start in starts)

    in_order = merge(*(openings(someone, where, hours) for (someone, where), hours in places.items()))
    if provider is None:
        in_order = _fairly(in_order, booked)
    found = []
    for start, _, _, someone, where in in_order:
        if len(found) == at_most:
            break
        found.append(Opening(start, start + length, someone, where, service))
    return found


def who_and_where(service) -> list[tuple[Provider, list[Location]]]:
    """Who performs the service, by name, and where each of them works; one query."""
    people = defaultdict(list)
    for someone, where in sorted(_places(service), key=lambda pair: (pair[0].name, pair[1].name)):
        people[someone].append(where)
    return list(people.items())


def _places(service, provider=None, location=None):
    """Who performs the service and when they work where: {(provider, location): stretches}. One query."""
    query = (
        WorkingHours.select(WorkingHours, Provider, Location)
        .join(Provider)
        .switch(WorkingHours)
        .join(Location)
        .switch(WorkingHours)
        .join(ServiceProvider, on=(ServiceProvider.provider == WorkingHours.provider))
        .where(ServiceProvider.service == service, Provider.archived_at.is_null(), Location.archived_at.is_null())
    )
    if provider is not None:
        query = query.where(WorkingHours.provider == provider)
    if location is not None:
        query = query.where(WorkingHours.location == location)
    places, people, rooms = defaultdict(list), {}, {}
    for row in query:
        someone = people.setdefault(row.provider_id, row.provider)
        where = rooms.setdefault(row.location_id, row.location)
        places[someone, where].append((row.weekday, row.opens_minute, row.closes_minute))
    return places


def _booked(people, patient, since, until, ignoring):
    """Live appointments near the stretch, of these providers or of this patient. One query."""
    whose = Appointment.provider.in_(people)
    if patient is not None:
        whose |= Appointment.patient == patient
    a = Appointment
    query = a.select(a.provider, a.patient, a.starts_at, a.ends_at, a.buffer_minutes).where(
        whose, a.status.in_(LIVE), a.starts_at < until + LONGEST, a.ends_at > since - LONGEST
    )
    if ignoring is not None:
        query = query.where(Appointment.id != ignoring.id)
    return list(query.namedtuples())


def _blocked(service, people, patient, booked, since, until):
    """What keeps each provider from starting: {provider id: [(start, end)]}. One query, for time off."""
    blocked = {number: [] for number in people}
    for visit in booked:
        if visit.provider in blocked:
            gap = timedelta(minutes=max(service.buffer_minutes, visit.buffer_minutes))
            blocked[visit.provider].append((visit.starts_at - gap, visit.ends_at + gap))
        if patient is not None and visit.patient == patient.id:
            for stretches in blocked.values():
                stretches.append((visit.starts_at, visit.ends_at))
    away = TimeOff.select(TimeOff.provider, TimeOff.starts_at, TimeOff.ends_at).where(
        TimeOff.provider.in_(people), TimeOff.starts_at < until + LONGEST, TimeOff.ends_at > since
    )
    for row in away.namedtuples():
        blocked[row.provider].append((row.starts_at, row.ends_at))
    return blocked


def _fairly(in_order, booked):
    """One opening per moment and location: with whoever is least booked that day, then the lower number."""
    load = Counter()
    zones = {}
    for (_, _), same in groupby(in_order, key=lambda opening: opening[:2]):
        same = list(same)
        where = same[0][4]
        zone = zones.setdefault(where.id, ZoneInfo(where.time_zone))
        day = same[0][0].astimezone(zone).date()
        if len(same) > 1 and (where.id, day) not in load:
            load[where.id, day] = Counter(v.provider for v in booked if v.starts_at.astimezone(zone).date() == day)
        yield min(same, key=lambda o: (load[where.id, day][o[2]], o[2])) if len(same) > 1 else same[0]


def opening_at(service, starts_at, *, provider, location, ignoring=None, lead=True, patient=None) -> Opening | None:
    """The opening at exactly this moment, or None."""
    minute = timedelta(minutes=1)
    there = free_times(
        service, provider=provider, location=location, since=starts_at, until=starts_at + minute,
        ignoring=ignoring, lead=lead, patient=patient,
    )  # fmt: skip
    return next((opening for opening in there if opening.starts_at == starts_at), None)


def nearest(service, starts_at, *, provider, location, how_many=5, **also) -> list[Opening]:
    """Free times near one that is gone: the same provider's first, then anybody's; in order of time."""
    found = {}
    for whoever in (provider, None):
        for stretch in ({"since": starts_at - 2 * DAY, "until": starts_at}, {"since": starts_at, "at_most": how_many}):
            for opening in free_times(service, provider=whoever, location=location, **stretch, **also):
                found.setdefault(opening.starts_at, opening)
        if len(found) >= how_many:
            break
    close = sorted(found.values(), key=lambda o: abs(o.starts_at - starts_at))[:how_many]
    return sorted(close, key=lambda o: o.starts_at)
