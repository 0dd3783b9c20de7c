"""The clinic's addresses: adding, changing and archiving one, and what a new time zone means for visits."""

from zoneinfo import available_timezones

from clock import now
from database import write_tx
from models import TO_COME, Appointment, Location, WorkingHours
from rules import trail
from rules.refused import Refused
from rules.words import count, when

REGIONS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip


def zones(besides: str = "") -> dict[str, list[tuple[str, str]]]:
    """Time zones by region, as (name, city); the name that a location already has is always among them."""
    grouped = {region: [] for region in REGIONS}
    for name in sorted(available_timezones()):
        region, _, city = name.partition("/")
        if region in grouped:
            grouped[region].append((name, city.replace("_", " ").replace("/", ", ")))
    if besides and not any(besides == name for names in grouped.values() for name, _ in names):
        grouped["Other"] = [(besides, besides)]
    return grouped


def all_of_them() -> list[Location]:
    """Every location, the archived ones last."""
    return sorted(Location.select().order_by(Location.id), key=lambda location: location.archived_at is not None)


def upcoming(location) -> list[Appointment]:
    """Visits at this location that have not begun, soonest first."""
    return list(
        Appointment.select()
        .where((Appointment.location == location) & Appointment.status.in_(TO_COME) & (Appointment.starts_at > now()))
        .order_by(Appointment.starts_at)
    )


def add(by, **details) -> Location:
    """A new location."""
    _check(details)
    with write_tx():
        location = Location.create(**details)
        trail.record(by, "location added", f"location {location.id}", name=location.name, time_zone=location.time_zone)
        return location


def change(location, by, *, sure: bool = False, **details) -> Location:
    """Change a location. A new time zone with visits ahead needs `sure`: they keep their moment, not their hour."""
    _check(details)
    with write_tx():
        location = Location.get_by_id(location.id)
        before = {name: getattr(location, name) for name in details}
        changed = {name: [before[name], value] for name, value in details.items() if before[name] != value}
        if not changed:
            return location
        if "time_zone" in changed and not sure:
            ahead = upcoming(location)
            if ahead:
                raise Refused(zone_words(location, ahead, details["time_zone"]), field="sure", ahead=len(ahead))
        for name in changed:
            setattr(location, name, details[name])
        location.save()
        trail.record(by, "location changed", f"location {location.id}", changes=changed)
        return location


def zone_words(location, ahead, zone: str) -> str:
    """What another time zone would do to the visits ahead, with the next one as the example."""
    first = ahead[0].starts_at
    return (
        f"{count(len(ahead), 'visit is', 'visits are')} booked at {location.name}. Each stays at the same moment, "
        f"so its time on the clock changes: {when(first, location.time_zone)} becomes {when(first, zone)}. "
        "Tick the box if that is right."
    )


def archive(location, by) -> None:
    """No longer offered. Refused while visits are ahead, and for the last one."""
    with write_tx():
        ahead = upcoming(location)
        if ahead:
            raise Refused(
                f"{count(len(ahead), 'visit is', 'visits are')} still ahead at {location.name}. "
                "Move or cancel them first."
            )
        if not Location.select().where(Location.archived_at.is_null() & (Location.id != location.id)).exists():
            raise Refused("This is the only location. Add another one before you archive it.")
        here = (Location.id == location.id) & Location.archived_at.is_null()
        if Location.update(archived_at=now()).where(here).execute():
            trail.record(by, "location archived", f"location {location.id}")


def restore(location, by) -> None:
    """Offered again, with the weekly hours it had."""
    with write_tx():
        gone = (Location.id == location.id) & Location.archived_at.is_null(False)
        if Location.update(archived_at=None).where(gone).execute():
            trail.record(by, "location restored", f"location {location.id}")


def worked() -> set[int]:
    """The numbers of the locations where somebody has weekly hours; at others nothing can be booked."""
    return {number for (number,) in WorkingHours.select(WorkingHours.location).distinct().tuples()}


def _check(details) -> None:
    if details["time_zone"] not in available_timezones():
        raise Refused("Choose a time zone from the list", field="time_zone")
