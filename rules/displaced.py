"""The visits that a change of hours, a closed day or a room out of use would leave standing where nobody works.

They are shown before anything is saved; they stay booked until somebody moves or cancels them.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from clock import local, now
from models import (
    TO_COME,
    Appointment,
    HoursException,
    Location,
    Occupancy,
    Patient,
    Provider,
    Service,
    WorkingHours,
)
from rules.refused import Refused
from rules.words import count

SHOWN = 50  # of a longer list the soonest; the sentence above it says how many there are
ALL_THE_SAME = "They stay booked until you move or cancel them. Tick the box to save all the same."


def refuse(visits, sure) -> None:
    """Say no with the list of what would be displaced, until somebody is sure."""
    if visits and not sure:
        words = f"{count(len(visits), 'visit would', 'visits would')} stand outside of this. {ALL_THE_SAME}"
        raise Refused(words, field="sure", visits=visits)


def ahead(*conditions) -> list[Appointment]:
    """Those of the live visits that are not over yet."""
    return live(Appointment.ends_at > now(), Appointment.starts_at > now() - timedelta(days=1), *conditions)


def live(*conditions) -> list[Appointment]:
    """Visits that stand, soonest first, with all that a line of the list shows; one query."""
    return list(
        Appointment.select(Appointment, Patient, Service, Provider, Location)
        .join_from(Appointment, Patient)
        .join_from(Appointment, Service)
        .join_from(Appointment, Provider)
        .join_from(Appointment, Location)
        .where(Appointment.status.in_(TO_COME), *conditions)
        .order_by(Appointment.starts_at, Appointment.id)
    )


def by_days(location, provider, first_on, last_on, opens_minute, closes_minute) -> list[Appointment]:
    """What a closed or a short day would displace: of one provider, or of everybody at the location."""
    since, until = span_of(location, first_on, last_on)
    of_whom = [Appointment.provider == provider] if provider is not None else []
    visits = ahead(
        Appointment.location == location, Appointment.starts_at < until, Appointment.starts_at >= since, *of_whom
    )
    return [visit for visit in visits if opens_minute is None or not _inside(visit, [(opens_minute, closes_minute)])]


def span_of(location, first_on: date, last_on: date) -> tuple[datetime, datetime]:
    """From the first midnight to the last, on the clock of the location."""
    zone = ZoneInfo(location.time_zone)
    begin, end = (
        datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first_on, last_on + timedelta(days=1))
    )
    return begin.astimezone(UTC), end.astimezone(UTC)


def by_week(stretch, instead=None) -> list[Appointment]:
    """What would stand outside when this weekly stretch goes, or when it becomes another (weekday, opens, closes).

    A day with its own exception for the provider does not follow the week.
    """
    others = list(
        WorkingHours.select(WorkingHours.weekday, WorkingHours.opens_minute, WorkingHours.closes_minute)
        .where(
            (WorkingHours.provider == stretch.provider_id)
            & (WorkingHours.location == stretch.location_id)
            & (WorkingHours.id != stretch.id)
        )
        .tuples()
    )
    before = [*others, (stretch.weekday, stretch.opens_minute, stretch.closes_minute)]
    after = [*others, instead] if instead else others
    own = list(
        HoursException.select(HoursException.first_on, HoursException.last_on)
        .where(
            (HoursException.provider == stretch.provider_id)
            & (HoursException.location == stretch.location_id)
            & (HoursException.last_on >= local(now(), stretch.location.time_zone).date())
        )
        .tuples()
    )

    def displaced(visit):
        day = local(visit.starts_at, visit.location.time_zone)
        if any(first <= day.date() <= last for first, last in own):
            return False
        stood, stands = ([(o, c) for on, o, c in week if on == day.weekday()] for week in (before, after))
        return _inside(visit, stood) and not _inside(visit, stands)

    of_whom = (Appointment.provider == stretch.provider_id, Appointment.location == stretch.location_id)
    return [visit for visit in ahead(*of_whom) if displaced(visit)]


def by_resource(resource, since=None, until=None, week=None) -> list[Appointment]:
    """Visits that use this room or device: all ahead, those that touch a stretch, or those outside of a week."""
    taken = Occupancy.select(Occupancy.appointment).where(
        Occupancy.resource == resource,
        Occupancy.appointment.is_null(False),
        Occupancy.starts_at < (until or datetime.max.replace(tzinfo=UTC)),
        Occupancy.starts_at > (since or now()) - timedelta(days=1),
        Occupancy.ends_at > (since or now()),
    )
    visits = ahead(Appointment.id.in_(taken))
    if not week:
        return visits
    return [visit for visit in visits if not _inside(visit, week.get(_weekday(visit), []))]


def _weekday(visit) -> int:
    return local(visit.starts_at, visit.location.time_zone).weekday()


def _inside(visit, stretches) -> bool:
    """Whether the visit lies within these minutes of its own day; stretches that touch are one."""
    begin, end = (local(moment, visit.location.time_zone) for moment in (visit.starts_at, visit.ends_at))
    opens = begin.hour * 60 + begin.minute
    closes = end.hour * 60 + end.minute + 1440 * (end.date() - begin.date()).days
    here = opens
    for since, until in sorted(stretches):
        if since <= here < until:
            here = until
    return here >= closes
