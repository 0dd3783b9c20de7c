"""What a patient must have had, or have booked, before a service: a patch test, a consultation; at which distance."""

from datetime import datetime, timedelta
from typing import NamedTuple

from database import write_tx
from models import LIVE, Appointment, Location, Prerequisite, Service
from rules import trail
from rules.profile import tidy_text
from rules.refused import Refused
from rules.words import span, when

HOURS, DAYS = (0, 2160), (1, 3650)


class Missing(NamedTuple):
    """What is not there: the row, words for the patient, and between which moments the other would have to be."""

    prerequisite: Prerequisite
    words: str
    since: datetime  # it begins not before this
    until: datetime  # and has ended by this


class Wish(NamedTuple):
    """One prerequisite as somebody typed it."""

    needs: int
    at_least_hours: int
    within_days: int
    why: str = ""


def of(service) -> list[Prerequisite]:
    """What this service asks for, each with its other service; one query."""
    return list(
        Prerequisite.select(Prerequisite, Service)
        .join(Service, on=Prerequisite.needs)
        .where(Prerequisite.service == service)
        .order_by(Prerequisite.id)
    )


def missing(patient, service, starts_at, also=()) -> list[Missing]:
    """What the patient lacks for this service at this time; `also` are the parts booked in the same go.

    A visit counts that was completed or stands booked: one that was cancelled or missed does not.
    """
    lacking = []
    asked = of(service)
    if not asked:
        return lacking
    had = _had(patient, {it.needs_id for it in asked}, min(window(it, starts_at)[0] for it in asked), starts_at)
    had += [(part.service.id, part.starts_at, _end(part)) for part in also]
    for it in asked:
        since, until = window(it, starts_at)
        if not any(number == it.needs_id and begins >= since and ends <= until for number, begins, ends in had):
            lacking.append(Missing(it, words(it), since, until))
    return lacking


def window(prerequisite, starts_at) -> tuple[datetime, datetime]:
    """From when on the other visit may begin, and until when it must have ended, for a visit that starts then."""
    return (
        starts_at - timedelta(days=prerequisite.within_days),
        starts_at - timedelta(hours=prerequisite.at_least_hours),
    )


def _had(patient, services, since, until) -> list[tuple]:
    rows = Appointment.select(Appointment.service, Appointment.starts_at, Appointment.ends_at).where(
        (Appointment.patient == patient)
        & Appointment.service.in_(list(services))
        & Appointment.status.in_(LIVE)
        & (Appointment.starts_at >= since)
        & (Appointment.starts_at < until)
    )
    return list(rows.tuples())


def _end(part) -> datetime:
    return part.starts_at + timedelta(minutes=part.service.duration_minutes)


def words(prerequisite) -> str:
    """What the patient reads: the clinic's own reason, then the distance."""
    told = prerequisite.why or f"Before this you need “{prerequisite.needs.name}”."
    return f"{told} {distance(prerequisite)}"


def distance(prerequisite) -> str:
    """at least 1 day before, and not longer ago than 180 days"""
    within = span(prerequisite.within_days * 1440)
    name = prerequisite.needs.name
    if not prerequisite.at_least_hours:
        return f"“{name}” has to come first, at most {within} before."
    return f"“{name}” has to come first, at least {span(prerequisite.at_least_hours * 60)} and at most {within} before."


def leaning_on(appointment, starts_at=None, without=()) -> list[Appointment]:
    """The patient's visits ahead that would lack this one if it were cancelled, or moved to `starts_at`.

    `without` are visits that go together with it: they lean on nothing any more, and nothing leans on them.
    """
    needing = {it.service_id: it for it in Prerequisite.select().where(Prerequisite.needs == appointment.service_id)}
    if not needing:
        return []
    gone = [appointment.id, *(each.id for each in without)]
    theirs = (Appointment.patient == appointment.patient_id) & Appointment.id.not_in(gone)
    ahead = list(
        Appointment.select(Appointment, Service, Location)
        .join(Service)
        .switch(Appointment)
        .join(Location)
        .where(theirs, Appointment.status == "booked", Appointment.starts_at > appointment.starts_at)
        .where(Appointment.service.in_(list(needing)))
        .order_by(Appointment.starts_at)
    )
    if not ahead:
        return []
    others = Appointment.select(Appointment.starts_at, Appointment.ends_at).where(
        theirs,
        Appointment.service == appointment.service_id,
        Appointment.status.in_(LIVE),
        Appointment.starts_at >= min(window(needing[visit.service_id], visit.starts_at)[0] for visit in ahead),
        Appointment.starts_at < ahead[-1].starts_at,
    )
    others = list(others.tuples())
    length, left = appointment.ends_at - appointment.starts_at, []
    for visit in ahead:
        since, until = window(needing[visit.service_id], visit.starts_at)
        stays = others if starts_at is None else [*others, (starts_at, starts_at + length)]
        counted = since <= appointment.starts_at and appointment.ends_at <= until
        if counted and not any(since <= begins and ends <= until for begins, ends in stays):
            left.append(visit)
    return left


def leaning_words(appointments, starts_at=None, *, without=(), whose="Your") -> list[str]:
    """One sentence for each visit ahead that would lack one of these, for whoever is about to change them."""
    told = {}
    for each in appointments:
        for visit in leaning_on(each, starts_at, [*appointments, *without]):
            told[visit.id] = (
                f"{whose} “{visit.service.name}” on {when(visit.starts_at, visit.location.time_zone)} needs "
                f"“{each.service.name}” at the right distance before it, and would be without it."
            )
    return list(told.values())


def wishes_of(service) -> list[Wish]:
    """The same as somebody would type them."""
    return [Wish(it.needs_id, it.at_least_hours, it.within_days, it.why) for it in of(service)]


def tie(service, by, wishes) -> None:
    """Make the prerequisites of a service exactly these; call it inside the transaction of the service's change."""
    wanted = {}
    for wish in wishes:
        _check(service, wish, wanted)
        wanted[wish.needs] = wish._replace(why=tidy_text(wish.why))
    before = {it.needs_id: it for it in of(service)}
    told = {number: [wish.at_least_hours, wish.within_days] for number, wish in wanted.items()}
    if wishes_of(service) == list(wanted.values()):
        return
    Prerequisite.delete().where(
        (Prerequisite.service == service) & Prerequisite.needs.not_in(list(wanted) or [0])
    ).execute()
    for number, wish in wanted.items():
        facts = {"at_least_hours": wish.at_least_hours, "within_days": wish.within_days, "why": wish.why}
        if number in before:
            Prerequisite.update(**facts).where(Prerequisite.id == before[number].id).execute()
        else:
            Prerequisite.create(service=service, needs=number, **facts)
    trail.record(by, "prerequisites changed", f"service {service.id}", needs=told)


def _check(service, wish, so_far) -> None:
    if service.id == wish.needs:
        raise Refused("A service cannot come before itself. Choose another one.", "prerequisites")
    if wish.needs in so_far:
        raise Refused("Each service can be asked for once. Take the second line out.", "prerequisites")
    other = Service.get_or_none(Service.id == wish.needs)
    if other is None:
        raise Refused("Choose a service that comes first.", "prerequisites")
    if not HOURS[0] <= wish.at_least_hours <= HOURS[1]:
        raise Refused(f"Write at least how many hours before, from {HOURS[0]} to {HOURS[1]:,}.", "prerequisites")
    if not DAYS[0] <= wish.within_days <= DAYS[1]:
        raise Refused(f"Write for how many days it is good, from {DAYS[0]} to {DAYS[1]:,}.", "prerequisites")
    if wish.within_days * 1440 < wish.at_least_hours * 60 + other.duration_minutes:
        raise Refused(
            f"“{other.name}” would be over before it counts: it is good for {span(wish.within_days * 1440)}, "
            f"and must be {span(wish.at_least_hours * 60)} before. Write more days, or fewer hours.",
            "prerequisites",
        )
    if len(wish.why) > 600:
        raise Refused("Keep the words for patients to 600 characters or fewer.", "prerequisites")
    if _circle(service.id, wish.needs):
        raise Refused(
            f"“{other.name}” itself has to come after this service, so neither could ever be first.", "prerequisites"
        )


def _circle(service: int, needs: int) -> bool:
    """Whether `needs`, in one step or several, needs the service itself."""
    edges = {}
    for one, other in Prerequisite.select(Prerequisite.service, Prerequisite.needs).tuples():
        edges.setdefault(one, set()).add(other)
    seen, to_see = set(), {needs}
    while to_see:
        here = to_see.pop()
        if here == service:
            return True
        seen.add(here)
        to_see |= edges.get(here, set()) - seen
    return False


def save(service, by, wishes) -> None:
    """The same as `tie`, in a transaction of its own."""
    with write_tx():
        tie(service, by, wishes)
