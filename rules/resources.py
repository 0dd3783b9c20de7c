"""Rooms and devices: their kinds, where they stand, when they can be used, and when they are out of use."""

from datetime import UTC
from zoneinfo import ZoneInfo

from peewee import fn

from clock import now
from database import folded, folding, write_tx
from models import Location, Resource, ResourceHours, ResourceKind, ResourceOff, Service, ServiceNeed
from rules import displaced, trail
from rules.hours import WEEKDAYS, clock, days_words
from rules.profile import tidy
from rules.refused import Refused

CLEANUP = (0, 240)


def kinds() -> list:
    """Every kind by name, with how many there are of it (not archived) and how many services need one; one query."""
    there = Resource.select(fn.COUNT(Resource.id)).where(
        (Resource.kind == ResourceKind.id) & Resource.archived_at.is_null()
    )
    needed = (
        ServiceNeed.select(fn.COUNT(ServiceNeed.id))
        .join(Service)
        .where((ServiceNeed.kind == ResourceKind.id) & Service.archived_at.is_null())
    )
    return list(
        ResourceKind.select(
            ResourceKind.id, ResourceKind.name, ResourceKind.room, there.alias("there"), needed.alias("needed")
        )
        .order_by(ResourceKind.room.desc(), ResourceKind.name)
        .namedtuples()
    )


def all_of_them() -> list[Resource]:
    """Every room and device with kind and location, by location and name, the archived ones last."""
    rows = (
        Resource.select(Resource, ResourceKind, Location)
        .join_from(Resource, ResourceKind)
        .join_from(Resource, Location)
        .order_by(Location.id, ResourceKind.room.desc(), Resource.name)
    )
    return sorted(rows, key=lambda row: row.archived_at is not None)


def weeks() -> dict[int, dict[int, list[tuple[int, int]]]]:
    """The own hours of all that have some: {number: {weekday: [(opens, closes)]}}; one query."""
    told = {}
    for row in ResourceHours.select().order_by(ResourceHours.weekday, ResourceHours.opens_minute):
        told.setdefault(row.resource_id, {}).setdefault(row.weekday, []).append((row.opens_minute, row.closes_minute))
    return told


def week_words(week) -> list[str]:
    """Tue to Thu 10:00 to 16:00"""
    days = {}
    for day, stretches in sorted(week.items()):
        days.setdefault(" and ".join(f"{clock(opens)} to {clock(closes)}" for opens, closes in stretches), []).append(
            day
        )
    return [f"{days_words(those)} {times}" for times, those in days.items()]


def off_ahead(resource=None) -> list[ResourceOff]:
    """When something is out of use from now on, soonest first."""
    query = ResourceOff.select().where(ResourceOff.ends_at > now()).order_by(ResourceOff.starts_at)
    return list(query.where(ResourceOff.resource == resource) if resource is not None else query)


def kind_of(by, number: int | None, new_name: str, room: bool) -> ResourceKind:
    """The kind that was chosen, or a new one when a name is given; a name that exists is that kind."""
    new_name = tidy(new_name)
    if new_name:
        if len(new_name) > 80:
            raise Refused("Keep the kind to 80 characters or fewer.", "new_kind")
        found = ResourceKind.get_or_none(folding(ResourceKind.name) == folded(new_name))
        if found is None:
            found = ResourceKind.create(name=new_name, room=room)
            trail.record(by, "kind added", f"kind {found.id}", name=new_name, room=room)
        return found
    found = ResourceKind.get_or_none(ResourceKind.id == number) if number else None
    if found is None:
        raise Refused("Choose a kind, or write a new one.", "kind")
    return found


def save(
    resource: Resource | None, by, *, name, location, cleanup_minutes, kind=None, new_kind="", room=False
) -> Resource:
    """A new room or device (None), or a changed one. Where it stands and its kind stay while visits ahead use it."""
    name = tidy(name)
    if not name:
        raise Refused("Write what it is called, such as “Room 1”.", "name")
    if len(name) > 80:
        raise Refused("Keep the name to 80 characters or fewer.", "name")
    if cleanup_minutes is None or not CLEANUP[0] <= cleanup_minutes <= CLEANUP[1]:
        raise Refused(f"Write the clean-up time, from {CLEANUP[0]} to {CLEANUP[1]} minutes.", "cleanup_minutes")
    if location is None:
        raise Refused("Choose a location", "location")
    with write_tx():
        twin = Resource.get_or_none((Resource.location == location) & (folding(Resource.name) == folded(name)))
        if twin is not None and (resource is None or twin.id != resource.id):
            raise Refused(f"Another room or device at {location.name} has this name already.", "name")
        of_kind = kind_of(by, kind, new_kind, room)
        facts = {"name": name, "location": location.id, "cleanup_minutes": cleanup_minutes, "kind": of_kind.id}
        if resource is None:
            resource = Resource.create(**facts)
            trail.record(by, "resource added", f"resource {resource.id}", **facts)
            return resource
        before = {"name": resource.name, "location": resource.location_id, "cleanup_minutes": resource.cleanup_minutes}
        before["kind"] = resource.kind_id
        changed = {field: [before[field], value] for field, value in facts.items() if before[field] != value}
        if {"location", "kind"} & set(changed):
            using = displaced.by_resource(resource)
            if using:
                raise Refused(
                    "Visits ahead use it where it stands, as what it is. Move them first, or add another one.",
                    "location" if "location" in changed else "kind",
                    visits=using,
                )
        if changed:
            Resource.update(**facts).where(Resource.id == resource.id).execute()
            trail.record(by, "resource changed", f"resource {resource.id}", changes=changed)
        return Resource.get_by_id(resource.id)


def set_week(resource, by, week: dict[int, tuple[int, int]], sure=False) -> None:
    """Its own hours: one stretch for each weekday that has one; none at all means always."""
    for day, (opens, closes) in week.items():
        if not 0 <= opens < closes <= 1440:
            raise Refused(f"Enter an end that is later than the start on {WEEKDAYS[day]}", f"closes_{day}")
    with write_tx():
        before = sorted(
            ResourceHours.select(ResourceHours.weekday, ResourceHours.opens_minute, ResourceHours.closes_minute)
            .where(ResourceHours.resource == resource)
            .tuples()
        )
        after = sorted((day, opens, closes) for day, (opens, closes) in week.items())
        if before == after:
            return
        if week:
            displaced.refuse(
                displaced.by_resource(resource, week={day: [stretch] for day, stretch in week.items()}), sure
            )
        ResourceHours.delete().where(ResourceHours.resource == resource).execute()
        for day, opens, closes in after:
            ResourceHours.create(resource=resource, weekday=day, opens_minute=opens, closes_minute=closes)
        trail.record(by, "resource hours changed", f"resource {resource.id}", before=before, after=after)


def add_off(resource, by, *, starts, ends, reason="", sure=False) -> ResourceOff:
    """Out of use from one moment to another, on the clock of its location."""
    zone = ZoneInfo(resource.location.time_zone)
    if ends.year > now().year + 5:
        raise Refused("Enter an end within the next five years", field="ends")
    starts_at = starts.replace(tzinfo=zone, fold=0).astimezone(UTC)
    ends_at = ends.replace(tzinfo=zone, fold=1).astimezone(UTC)  # an hour that comes twice is off both times
    if starts_at >= ends_at:
        raise Refused("Enter an end that is later than the start", field="ends")
    if ends_at <= now():
        raise Refused("This time is already over", field="ends")
    with write_tx():
        there = ResourceOff.get_or_none(
            (ResourceOff.resource == resource) & (ResourceOff.starts_at == starts_at) & (ResourceOff.ends_at == ends_at)
        )
        if there:
            return there
        displaced.refuse(displaced.by_resource(resource, starts_at, ends_at), sure)
        off = ResourceOff.create(resource=resource, starts_at=starts_at, ends_at=ends_at, reason=tidy(reason))
        trail.record(by, "resource put out of use", f"resource {resource.id}", **_told(off))
        return off


def remove_off(off, by) -> None:
    """In use again."""
    with write_tx():
        if ResourceOff.delete().where(ResourceOff.id == off.id).execute():
            trail.record(by, "resource in use again", f"resource {off.resource_id}", **_told(off))


def _told(off) -> dict:
    return {"starts_at": off.starts_at.isoformat(), "ends_at": off.ends_at.isoformat()}


def archive(resource, by) -> None:
    """No longer there; refused while visits ahead use it."""
    with write_tx():
        using = displaced.by_resource(resource)
        if using:
            raise Refused("Visits ahead use it. Move or cancel them first.", visits=using)
        here = (Resource.id == resource.id) & Resource.archived_at.is_null()
        if Resource.update(archived_at=now()).where(here).execute():
            trail.record(by, "resource archived", f"resource {resource.id}")


def restore(resource, by) -> None:
    with write_tx():
        gone = (Resource.id == resource.id) & Resource.archived_at.is_null(False)
        if Resource.update(archived_at=None).where(gone).execute():
            trail.record(by, "resource restored", f"resource {resource.id}")
