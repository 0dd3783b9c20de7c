"""What a search for free times reads: few selects whatever is booked, as plain numbers, in minutes since 1970."""

from bisect import bisect_left
from collections import defaultdict
from datetime import timedelta
from functools import cached_property

from peewee import JOIN, SQL, NodeList, fn

from clock import now
from database import Written, among, is_sqlite
from models import (
    Hold,
    HoursException,
    Location,
    Occupancy,
    Provider,
    Resource,
    ResourceHours,
    ResourceOff,
    Service,
    ServiceNeed,
    ServiceProvider,
    TimeOff,
    WorkingHours,
)
from rules.availability import Busy, Person, Room, Task, joined
from rules.clinic import the_clinic
from rules.opening_hours import DAY, Change, closed, day_at, minute_of, opened, pieces, stretches, worked

REACH = timedelta(hours=28)  # nothing lasts longer than a day, and no buffer longer than four hours


def minutes(moment, up=False):
    """A moment as whole minutes since 1970, in the query itself: an end is rounded up."""
    if is_sqlite():
        return NodeList((SQL("((unixepoch("), moment, SQL(f") + {59 if up else 0}) / 60)")), glue="")
    return NodeList((SQL(f"{'ceil' if up else 'floor'}(extract(epoch FROM "), moment, SQL(") / 60)::int")), glue="")


@Written
def performers(services):
    return (
        Provider.select(Provider, ServiceProvider.service.alias("performed"))
        .join(ServiceProvider)
        .where(among(ServiceProvider.service, services), Provider.archived_at.is_null())
        .order_by(Provider.id)
        .objects()
    )


@Written
def open_places():
    return Location.select().where(Location.archived_at.is_null()).order_by(Location.id)


@Written
def weeks(providers):
    w = WorkingHours
    rows = w.select(w.provider, w.location, w.weekday, w.opens_minute, w.closes_minute)
    return rows.where(among(w.provider, providers)).tuples()


@Written
def changes_at(places, first, last):
    e = HoursException
    rows = e.select(e.location, e.provider, e.first_on, e.last_on, e.opens_minute, e.closes_minute)
    return rows.where(among(e.location, places), e.last_on >= first, e.first_on <= last).tuples()


def occupied(whose, numbers, since, until, at):
    """What takes these providers, this patient or these rooms: live appointments, and holds that have not expired."""
    o = Occupancy
    busy = (minutes(o.starts_at), minutes(o.ends_at, up=True), o.before_minutes, o.after_minutes, o.service, o.lane)
    return (
        o.select(whose, o.appointment, o.hold, *busy, o.hold.is_null(False))
        .join(Hold, JOIN.LEFT_OUTER)
        .where(among(whose, numbers), o.starts_at > since, o.starts_at < until)
        .where(o.hold.is_null() | (Hold.expires_at > at))
        .tuples()
    )


@Written
def of_providers(numbers, since, until, at):
    return occupied(Occupancy.provider, numbers, since, until, at)


@Written
def of_patients(numbers, since, until, at):
    return occupied(Occupancy.patient, numbers, since, until, at)


@Written
def of_rooms(numbers, since, until, at):
    return occupied(Occupancy.resource, numbers, since, until, at)


@Written
def time_off(numbers, since, until):
    t = TimeOff
    rows = t.select(t.provider, minutes(t.starts_at), minutes(t.ends_at, up=True))
    return rows.where(among(t.provider, numbers), t.ends_at > since, t.starts_at < until).tuples()


@Written
def rooms_off(numbers, since, until):
    r = ResourceOff
    rows = r.select(r.resource, minutes(r.starts_at), minutes(r.ends_at, up=True))
    return rows.where(among(r.resource, numbers), r.ends_at > since, r.starts_at < until).tuples()


@Written
def needed(services):
    """Which kinds the services need, and the rooms and devices of these kinds."""
    r = Resource
    rows = ServiceNeed.select(ServiceNeed.service, ServiceNeed.kind, r.id, r.location, r.cleanup_minutes)
    there = (r.kind == ServiceNeed.kind) & r.archived_at.is_null()
    return rows.join(r, JOIN.LEFT_OUTER, on=there).where(among(ServiceNeed.service, services)).tuples()


@Written
def room_weeks(numbers):
    h = ResourceHours
    rows = h.select(h.resource, h.weekday, h.opens_minute, h.closes_minute)
    return rows.where(among(h.resource, numbers)).tuples()


@Written
def shortest_of(providers):
    """For each provider how long the shortest service takes that is offered, with what must lie after it."""
    whole = fn.MIN(Service.duration_minutes + Service.buffer_minutes)
    rows = ServiceProvider.select(ServiceProvider.provider, whole).join(Service)
    ours = rows.where(among(ServiceProvider.provider, providers), Service.archived_at.is_null())
    return ours.group_by(ServiceProvider.provider).tuples()


class Standing:
    """What does not depend on when: who performs these services, where and when they work, and what is needed."""

    def __init__(self, services, *, providers=None, location=None):
        self.services, self.clinic = services, the_clinic()
        numbers = sorted({service.id for service in services})
        self.performing, self.providers = defaultdict(list), {}
        for row in performers(services=numbers):
            if providers is None or row.id in providers:
                someone = self.providers.setdefault(row.id, row)
                self.performing[row.performed].append(someone)
        self.places = {p.id: p for p in open_places() if location is None or p.id == location.id}
        self.weeks = defaultdict(list)
        for provider, place, *hours in weeks.plain(providers=list(self.providers)):
            self.weeks[provider, place].append(tuple(hours))
        self.kinds, self.rooms = defaultdict(set), {}
        for service, kind, room, place, cleanup in needed.plain(services=numbers):
            self.kinds[service].add(kind)
            if room is not None:
                self.rooms[room] = (kind, place, cleanup)
        self.room_weeks = defaultdict(list)
        for room, *hours in room_weeks.plain(numbers=list(self.rooms)) if self.rooms else ():
            self.room_weeks[room].append(tuple(hours))

    def task(self, service) -> Task:
        kinds = tuple(sorted(self.kinds[service.id]))
        return Task(service.duration_minutes, service.id, service.parallel, kinds)

    def step(self, service) -> int:
        return service.slot_minutes or self.clinic.slot_minutes

    @cached_property
    def shortest(self) -> dict[int, int]:
        return dict(shortest_of.plain(providers=list(self.providers)))


class Between:
    """What is worked and taken from one moment to another, the patient's own other visits as well."""

    def __init__(self, standing, since, until, *, patient=None, ignoring=(), hold=None):
        self.standing, self.since, self.until = standing, since, until
        near = {"since": since - REACH, "until": until + REACH}
        own, held, at = {a.id for a in ignoring}, hold.id if hold else None, now()

        def taken(select, numbers):
            rows = defaultdict(list)
            for row in select.plain(numbers=numbers, at=at, **near) if numbers else ():
                if row[1] not in own and (held is None or row[2] != held):
                    rows[row[0]].append(Busy._make(row[3:]))
            return rows

        self.busy = taken(of_providers, list(standing.providers))
        self.own = taken(of_patients, [patient.id])[patient.id] if patient is not None else []
        self.room_busy = taken(of_rooms, list(standing.rooms))
        self.off, self.room_off, self.changes = defaultdict(list), defaultdict(list), defaultdict(list)
        for number, start, end in time_off.plain(numbers=list(standing.providers), **near):
            self.off[number].append((start, end))
        for number, start, end in rooms_off.plain(numbers=list(standing.rooms), **near) if standing.rooms else ():
            self.room_off[number].append((start, end))
        first, last = (moment.date().isoformat() for moment in (near["since"], near["until"]))
        for place, *change in changes_at(places=list(standing.places), first=first, last=last):
            self.changes[place].append(Change(*change))

    def days(self, place):
        """The first and the last day at a place, a day more than is asked for: a visit may be long."""
        return day_at(place.time_zone, minute_of(self.since)), day_at(place.time_zone, minute_of(self.until))

    def hours(self, provider, place, day):
        return worked(self.standing.weeks[provider.id, place.id], self.changes[place.id], provider.id, day)

    def person(self, service, provider, place) -> Person | None:
        """A provider at a place for one service; None who never works there in this time."""
        there, first, last = self.standing, *self.days(place)
        if not there.weeks.get((provider.id, place.id)) and not self.changes[place.id]:
            return None
        work = stretches(place.time_zone, first, last, lambda day: self.hours(provider, place, day))
        return work and Person(
            number=provider.id,
            task=there.task(service),
            before=max(service.buffer_before_minutes, provider.buffer_before_minutes),
            after=max(service.buffer_minutes, provider.buffer_after_minutes),
            stretches=work,
            busy=self.busy[provider.id],
            off=self.off[provider.id] + [busy[:2] for busy in self.own],
        )

    def count_loads(self, people, place):
        """How much each has to do on each day; asked only where there is somebody to choose."""
        for person in people:
            starts = sorted(busy.start for busy in person.busy)
            for day in {stretch.day for stretch in person.stretches}:
                begins, ends = (
                    pieces(place.time_zone, d)[0][0] + pieces(place.time_zone, d)[0][2] for d in (day, day + DAY)
                )
                person.load[day] = bisect_left(starts, ends) - bisect_left(starts, begins)

    def rooms_at(self, place) -> list[Room]:
        """The rooms and devices of a place; what lies outside their hours, is off or in use cannot be used."""
        first, last = self.days(place)
        near = minute_of(self.since - REACH), minute_of(self.until + REACH)
        found = []
        for number, (kind, where, cleanup) in sorted(self.standing.rooms.items()):
            if where == place.id:
                used = [busy[:2] for busy in self.room_busy[number]]
                week = self.standing.room_weeks.get(number)
                shut = closed(opened(place.time_zone, week, first - DAY, last + DAY), *near) if week else []
                found.append(Room(number, kind, cleanup, joined(shut + self.room_off[number] + used), joined(used)))
        return found
