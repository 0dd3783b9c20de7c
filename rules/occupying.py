"""What an appointment or a hold takes: a provider's lane and its buffers, and rooms with their clean-up.

The database keeps the provider's row of an appointment itself (migrations/0008); rooms, and all that a hold
takes, are written here. A change of an appointment's time drops its rooms, so they are taken anew after it.
"""

from datetime import timedelta

from peewee import JOIN

from database import after_commit
from models import Appointment, Occupancy, Resource, ServiceNeed
from rules.refused import Refused

on_free = None  # portal.py may set it to a wake of whoever offers free times; rules never import tasks


def buffers(service, provider) -> tuple[int, int]:
    """Minutes before and after: the larger of the service's and the provider's."""
    return (
        max(service.buffer_before_minutes, provider.buffer_before_minutes),
        max(service.buffer_minutes, provider.buffer_after_minutes),
    )


def came_free() -> None:
    """A time came free in this transaction: once it is durable, whoever waits for one hears of it."""
    if on_free is not None:
        after_commit(on_free)


def hold(held, openings, patient) -> None:
    """Take everything that these parts need for a hold."""
    for opening in openings:
        before, after = buffers(opening.service, opening.provider)
        Occupancy.create(
            hold=held,
            provider=opening.provider,
            patient=patient,
            service=opening.service,
            lane=opening.lane,
            starts_at=opening.starts_at,
            ends_at=opening.ends_at,
            before_minutes=before,
            after_minutes=after,
        )
    for opening, number, ends_at in _rooms(openings):
        _take(number, opening, ends_at, hold=held)


def take_rooms(appointments, openings) -> None:
    """Take the rooms and devices of these openings for these appointments, one for one, which have none yet."""
    owner = {id(opening): a for a, opening in zip(appointments, openings, strict=True)}
    for opening, number, ends_at in _rooms(openings):
        _take(number, opening, ends_at, appointment=owner[id(opening)])


def _take(number, opening, ends_at, **whose) -> None:
    Occupancy.create(
        resource=number,
        service=opening.service,
        lane=opening.lane,
        starts_at=opening.starts_at,
        ends_at=ends_at,
        **whose,
    )


def _rooms(openings):
    """Each room of each part, and until when it is taken: a part that goes on using it does the cleaning up after."""
    numbers = {number for opening in openings for number in opening.resources}
    if not numbers:
        return
    cleanup = dict(Resource.select(Resource.id, Resource.cleanup_minutes).where(Resource.id.in_(numbers)).tuples())
    for opening in openings:
        for number in opening.resources:
            until = opening.ends_at + timedelta(minutes=cleanup[number])
            others = [o.starts_at for o in openings if number in o.resources and o.starts_at >= opening.ends_at]
            yield opening, number, min([until, *others])


def free(appointments) -> None:
    """Let go of everything that these take, before they get other times: one may move to where another stands."""
    Occupancy.delete().where(Occupancy.appointment.in_([a.id for a in appointments])).execute()


def stand_again(a, lane) -> None:
    """The provider's row of an appointment that keeps its time, after `free`."""
    if lane != a.lane:  # the database writes it itself, as with every change of an appointment
        a.lane = lane
        a.save()
        return
    Occupancy.create(
        appointment=a, provider=a.provider_id, patient=a.patient_id, service=a.service_id, lane=a.lane,
        starts_at=a.starts_at, ends_at=a.ends_at, before_minutes=a.buffer_before_minutes,
        after_minutes=a.buffer_minutes,
    )  # fmt: skip


def settle(visit_key) -> None:
    """What is left of a visit cleans up its rooms itself, where the part that went on using them is gone."""
    if not visit_key:
        return
    rows = list(
        Occupancy.select(Occupancy, Resource)
        .join(Resource)
        .switch(Occupancy)
        .join(Appointment)
        .where(Appointment.visit_key == visit_key)
    )
    # Those that give back come first, then those that take more: nothing overlaps in between.
    changes = []
    for row in rows:
        appointment = Appointment.get_by_id(row.appointment_id)
        until = appointment.ends_at + timedelta(minutes=row.resource.cleanup_minutes)
        next_ones = [
            o.starts_at for o in rows if o.resource_id == row.resource_id and o.starts_at >= appointment.ends_at
        ]
        until = min([until, *next_ones])
        if until != row.ends_at:
            changes.append((until > row.ends_at, row, until))
    for _, row, until in sorted(changes, key=lambda change: change[0]):
        Occupancy.update(ends_at=until).where(Occupancy.id == row.id).execute()


def free_lane(a) -> int:
    """The lane in which this appointment can stand again; the database refuses it where none is free."""
    same = Occupancy.select(Occupancy.lane).where(
        Occupancy.provider == a.provider_id,
        Occupancy.appointment.is_null() | (Occupancy.appointment != a.id),
        *_overlapping(a.starts_at, a.ends_at),
    )
    taken = {lane for (lane,) in same.tuples()}
    left = set(range(1, a.service.parallel + 1)) - taken
    return min(left) if a.lane in taken and a.lane and left else a.lane


def take_rooms_again(a) -> None:
    """The rooms and devices of an appointment that stands again, whichever are free now; Refused when one is not."""
    kinds = [
        kind for (kind,) in ServiceNeed.select(ServiceNeed.kind).where(ServiceNeed.service == a.service_id).tuples()
    ]
    if not kinds or Occupancy.select().where(Occupancy.appointment == a, Occupancy.resource.is_null(False)).exists():
        return
    for kind in sorted(kinds):
        here = Resource.select().where(
            Resource.kind == kind, Resource.location == a.location_id, Resource.archived_at.is_null()
        )
        for room in here.order_by(Resource.id):
            until = _free_until(room, a)
            if until is not None:
                before = (Occupancy.resource == room) & (Occupancy.starts_at < a.starts_at)
                Occupancy.update(ends_at=a.starts_at).where(before & (Occupancy.ends_at > a.starts_at)).execute()
                Occupancy.create(
                    appointment=a, resource=room, service=a.service_id, lane=a.lane,
                    starts_at=a.starts_at, ends_at=until,
                )  # fmt: skip
                break
        else:
            raise Refused("The room or device for it has been taken meanwhile, so the absence stands.")


def _free_until(room, a):
    """Until when the appointment would take this room, with its clean-up; None when the room is not free for it."""
    until = a.ends_at + timedelta(minutes=room.cleanup_minutes)
    columns = Occupancy.starts_at, Appointment.visit_key, Appointment.ends_at
    rows = Occupancy.select(*columns).join(Appointment, JOIN.LEFT_OUTER)
    rows = rows.where(Occupancy.resource == room, *_overlapping(a.starts_at, until)).tuples()
    for starts_at, visit_key, ends_at in rows:
        own = bool(a.visit_key) and visit_key == a.visit_key
        if own and ends_at <= a.starts_at:
            continue  # only its clean-up is in the way, which this part does again
        if not own or starts_at < a.ends_at:
            return None
        until = min(until, starts_at)
    return until


def _overlapping(since, until):
    # Nothing lasts longer than a day: with both ends bound the index is enough.
    return Occupancy.starts_at < until, Occupancy.starts_at > since - timedelta(days=1), Occupancy.ends_at > since
