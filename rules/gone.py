"""A time that is not free any more: why, in words for whoever asked for it, and the nearest ones that are."""

from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise

from peewee import JOIN, IntegrityError

from clock import now
from database import Written
from models import Hold, Occupancy
from rules import searching
from rules.clinic import the_clinic
from rules.refused import Refused
from rules.searching import Part, Wanted

THERE_ALREADY = "You already have an appointment at that time."
FASTER = "Somebody was faster: this time has just been taken. Please choose another one."
NOT_FREE = "That time is not free any more. Please choose another one."
PASSED = "That time has passed. Please choose another one."
TOO_SOON = "That time is too soon to be booked online. Please choose a later one, or call us."
HOW_MANY = 5
AROUND = timedelta(days=2)


def why(parts, *, patient, lead, ignoring=(), hold=None, held_by=None):
    """The sentence for parts of a visit of which one is not free, most helpful reason first."""
    if any(_own(part, patient, ignoring) for part in parts):
        return THERE_ALREADY
    at = now()
    if any(part.starts_at < at for part in parts):
        return PASSED
    if lead and hold is None and any(part.starts_at < at + _lead(part.service) for part in parts):
        return TOO_SOON
    return FASTER if _taken(parts, ignoring, hold, held_by) else NOT_FREE


def _lead(service) -> timedelta:
    minutes = the_clinic().lead_minutes if service.lead_minutes is None else service.lead_minutes
    return timedelta(minutes=minutes)


def _end(part):
    return part.starts_at + timedelta(minutes=part.service.duration_minutes)


def _own(part, patient, ignoring) -> bool:
    """Whether the patient has an appointment of their own during this part."""
    gone = {a.id for a in ignoring}
    return any(number not in gone for (number,) in _visits(patient=patient.id, **_span(part)))


def _span(part) -> dict:
    """Nothing lasts longer than a day: with both ends bound the index is enough."""
    return {"since": part.starts_at - timedelta(days=1), "starts_at": part.starts_at, "ends_at": _end(part)}


@Written
def _visits(patient, since, starts_at, ends_at):
    o = Occupancy
    there = (o.patient == patient) & (o.starts_at > since) & (o.starts_at < ends_at) & (o.ends_at > starts_at)
    return o.select(o.appointment).where(there, o.appointment.is_null(False)).tuples()


@Written
def _rows(provider, since, starts_at, ends_at):
    """What has a provider during a part, with the holds that it may be."""
    o = Occupancy
    rows = o.select(o.appointment, o.hold, o.lane, o.service, Hold.expires_at, Hold.held_by).join(Hold, JOIN.LEFT_OUTER)
    there = rows.where(o.provider == provider, o.starts_at > since, o.starts_at < ends_at, o.ends_at > starts_at)
    return there.tuples()


def _taken(parts, ignoring=(), hold=None, held_by=None) -> bool:
    """Whether an appointment or a live hold of somebody else has the provider at one of these times."""
    gone = {a.id for a in ignoring}
    at = now()
    for part in parts:
        lanes = set()
        for appointment, held, lane, service, expires_at, whose in _rows(provider=part.provider.id, **_span(part)):
            if appointment in gone and appointment is not None:
                continue
            mine = (hold is not None and held == hold.id) or (held_by is not None and whose == held_by.id)
            if held is not None and (mine or expires_at <= at):
                continue
            if lane == 0 or service != part.service.id or part.service.parallel == 1:
                return True
            lanes.add(lane)
        if len(lanes) >= part.service.parallel:
            return True
    return False


def explain(service, starts_at, *, provider, location, patient, lead=True, ignoring=None) -> None:
    """Raise the Refused, with the nearest free times, that asking for this time would get."""
    part = Part(service, provider, location, starts_at)
    explain_parts([part], patient=patient, lead=lead, ignoring=[ignoring] if ignoring is not None else ())


def explain_parts(parts, **also) -> None:
    """The same for several parts of one visit."""
    with offering_others(parts, **also):
        raise Refused(why(parts, **also), field="at")


@contextmanager
def offering_others(parts, **also):
    """When a time turns out to be gone, add the nearest free ones, outside the write transaction.

    Of one part as openings in facts["nearest"], of several as arrangements in facts["arrangements"].
    """
    try:
        # In a rush most come too late: they need not queue for the write transaction to learn it.
        if _taken(parts, also.get("ignoring", ()), also.get("hold"), also.get("held_by")):
            others = [part for part in parts if not _own(part, also["patient"], ())]
            if others:
                raise Refused(why(parts, **also), field="at")
        yield
    except IntegrityError as clash:
        if "no_overlap" not in str(clash):
            raise
        words = THERE_ALREADY if "patient_no_overlap" in str(clash) else FASTER
        raise Refused(words, field="at", **_near(parts, also)) from clash
    except Refused as no:
        if no.field == "at":
            no.facts.update(_near(parts, also))
        raise


def _near(parts, also) -> dict:
    patient, lead, ignoring = also["patient"], also["lead"], list(also.get("ignoring", ()))
    first = parts[0]
    if len(parts) == 1:
        near = searching.nearest(
            first.service, first.starts_at, provider=first.provider, location=first.location,
            patient=patient, lead=lead, ignoring=ignoring[0] if ignoring else None, how_many=HOW_MANY,
        )  # fmt: skip
        return {"nearest": near, "arrangements": []}
    if any(part.starts_at > _end(before) for before, part in pairwise(parts)):
        return {"nearest": [], "arrangements": []}  # not back to back: each part is found by itself
    wanted = [Wanted(part.service, part.provider) for part in parts]
    where = {"location": first.location, "patient": patient, "lead": lead, "ignoring": ignoring}
    before = searching.arrangements(wanted, since=first.starts_at - AROUND, until=first.starts_at, **where)
    after = searching.arrangements(wanted, since=first.starts_at, at_most=HOW_MANY, **where)
    close = sorted([*before, *after], key=lambda found: abs(found.starts_at - first.starts_at))[:HOW_MANY]
    return {"nearest": [], "arrangements": sorted(close, key=lambda found: found.starts_at)}
