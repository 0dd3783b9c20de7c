"""Between which moments a service that needs another one first can be booked, by what was had or is chosen now."""

from datetime import datetime, timedelta
from typing import NamedTuple

from models import LIVE, Appointment
from rules import prerequisites


class Room(NamedTuple):
    """Between which moments the visit can begin, None being open; and which prerequisites nothing answers yet."""

    since: datetime | None
    until: datetime | None
    lacking: list


def room_for(patient, services, at, also=()) -> Room:
    """`services` are the parts of one visit, in their order; `also` are Parts that are chosen already.

    A service that only has to come first, at no distance, is answered by an earlier part of the same visit.
    """
    since = until = None
    lacking = []
    for position, service in enumerate(services):
        earlier = {other.id for other in services[:position]}
        for it in prerequisites.of(service):
            if it.needs_id in earlier and not it.at_least_hours:
                continue
            stretches = [
                (ends_at + timedelta(hours=it.at_least_hours), starts_at + timedelta(days=it.within_days))
                for starts_at, ends_at in _had(patient, it, at) + _chosen(it, also)
            ]
            still = [(begins, ends) for begins, ends in stretches if ends > max(at, begins)]
            if not still:
                lacking.append(it)
                continue
            begins, ends = min(first for first, _ in still), max(last for _, last in still)
            since, until = max(since or begins, begins), min(until or ends, ends)
    return Room(since, until, lacking)


def _had(patient, prerequisite, at):
    rows = Appointment.select(Appointment.starts_at, Appointment.ends_at).where(
        (Appointment.patient == patient)
        & (Appointment.service == prerequisite.needs_id)
        & Appointment.status.in_(LIVE)
        & (Appointment.starts_at > at - timedelta(days=prerequisite.within_days))
    )
    return list(rows.tuples())


def _chosen(prerequisite, also):
    return [
        (part.starts_at, part.starts_at + timedelta(minutes=part.service.duration_minutes))
        for part in also
        if part.service.id == prerequisite.needs_id
    ]
