"""A time that is not free any more: why, in words for whoever asked for it, and the nearest ones that are."""

from contextlib import contextmanager
from datetime import timedelta

from peewee import IntegrityError

from clock import now
from models import LIVE, Appointment
from rules import availability
from rules.clinic import the_clinic
from rules.refused import Refused

THERE_ALREADY = "You already have an appointment at that time."
FASTER = "Somebody was faster: this time has just been taken. Please choose another one."


def why(service, starts_at, provider, *, patient, lead, ignoring=None):
    """The sentence for a time that is not free, most helpful reason first."""
    same_time = overlapping(service, starts_at)
    if ignoring is not None:
        same_time = same_time.where(Appointment.id != ignoring.id)
    if same_time.where(Appointment.patient == patient).exists():
        return THERE_ALREADY
    if starts_at < now():
        return "That time has passed. Please choose another one."
    if lead and starts_at < now() + timedelta(minutes=the_clinic().lead_minutes):
        return "That time is too soon to be booked online. Please choose a later one, or call us."
    if same_time.where(Appointment.provider == provider).exists():
        return FASTER
    return "That time is not free any more. Please choose another one."


def overlapping(service, starts_at):
    """Live appointments of anybody during this service at this time."""
    ends_at = starts_at + timedelta(minutes=service.duration_minutes)
    return Appointment.select().where(
        Appointment.status.in_(LIVE), Appointment.starts_at < ends_at, Appointment.ends_at > starts_at
    )


def explain(service, starts_at, *, provider, location, patient, lead=True, ignoring=None) -> None:
    """Raise the Refused, with the nearest free times, that asking for this time would get."""
    also = {"patient": patient, "lead": lead, "ignoring": ignoring}
    with offering_others(service, starts_at, provider, location, **also):
        raise Refused(why(service, starts_at, provider, **also), field="at")


@contextmanager
def offering_others(service, starts_at, provider, location, **also):
    """When the time turns out to be gone, add the nearest free ones, outside the write transaction."""
    try:
        # In a rush most come too late: they need not queue for the write transaction to learn it.
        if overlapping(service, starts_at).where(
            Appointment.provider == provider, Appointment.patient != also["patient"]
        ).exists():  # fmt: skip
            raise Refused(why(service, starts_at, provider, **also), field="at")
        yield
    except IntegrityError as clash:
        if "no_overlap" not in str(clash):
            raise
        near = availability.nearest(service, starts_at, provider=provider, location=location, **also)
        words = THERE_ALREADY if "patient_no_overlap" in str(clash) else FASTER
        raise Refused(words, field="at", nearest=near) from clash
    except Refused as no:
        if no.field == "at":
            no.facts["nearest"] = availability.nearest(service, starts_at, provider=provider, location=location, **also)
        raise
