"""The private calendar feed: one address, known to its patient alone, under which a calendar reads their visits.

Of the address only a digest is kept. It opens the visits of its patient and of those whom they act for at this moment.
"""

import secrets
from datetime import timedelta

import settings
from clock import now
from database import write_tx
from models import TO_COME, Appointment, CalendarFeed, Location, Patient, Provider
from rules import calendar_file, families, policy, trail
from rules.clinic import the_clinic
from rules.sessions import digest_of

CANCELLED_DAYS = 30  # for so long a calendar may need to learn that a visit is cancelled
PAST_DAYS = 183
MOST = 1000
READ_EVERY = timedelta(hours=1)  # how exactly it is kept when a calendar asked last


def of(patient: Patient) -> CalendarFeed | None:
    """The feed of this patient that works, if there is one."""
    return CalendarFeed.get_or_none(CalendarFeed.patient == patient, CalendarFeed.revoked_at.is_null())


def make(patient: Patient, by) -> str:
    """A new address; returns its token, which is kept nowhere. An earlier one ends."""
    token = secrets.token_urlsafe(32)
    with write_tx():
        _end(patient)
        feed = CalendarFeed.create(patient=patient, token_digest=digest_of(token), created_at=now())
        trail.record(by, "calendar link made", f"calendar feed {feed.id}", patient=patient)
    return token


def revoke(patient: Patient, by) -> bool:
    """From this moment the address opens nothing. False when there was none."""
    with write_tx():
        ended = _end(patient)
        if ended:
            trail.record(by, "calendar link ended", f"patient {patient.id}", patient=patient)
    return bool(ended)


def _end(patient):
    live = (CalendarFeed.patient == patient) & CalendarFeed.revoked_at.is_null()
    return CalendarFeed.update(revoked_at=now()).where(live).execute()


def address_of(token: str) -> str:
    return f"{settings.current().base_url}/calendar/{token}.ics"


def find(token: str) -> CalendarFeed | None:
    """The feed with this token while it works and its patient is one of the clinic's."""
    found = CalendarFeed.select(CalendarFeed, Patient).join(Patient)
    found = found.where(CalendarFeed.token_digest == digest_of(token), CalendarFeed.revoked_at.is_null())
    return found.where(Patient.archived_at.is_null()).first()


def note_read(feed: CalendarFeed) -> None:
    """That a calendar asked, once an hour at most: its patient sees on their page whether it works."""
    at = now()
    if feed.read_at is None or at - feed.read_at >= READ_EVERY:
        with write_tx():
            CalendarFeed.update(read_at=at).where(CalendarFeed.id == feed.id).execute()


def ics(feed: CalendarFeed) -> bytes:
    """All that the feed tells now, in a constant number of queries."""
    at, clinic = now(), the_clinic()
    rows = list(_visits(feed.patient, at))
    fees = policy.fees_for([row for row in rows if row.status in TO_COME], at)
    calendar = calendar_file.whole("PUBLISH")
    calendar.add("name", f"Appointments at {clinic.name}")
    calendar.add("x-wr-calname", f"Appointments at {clinic.name}")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for row in rows:
        whose = row.patient.called if row.patient_id != feed.patient_id else ""
        cancelled = row.status == "cancelled"
        event = calendar_file.event(row, clinic, fee=fees.get(row.id), cancelled=cancelled, whose=whose, alarm=True)
        calendar.add_component(event)
    return calendar.to_ical()


def _visits(patient, at):
    whose = (Appointment.patient == patient) | Appointment.patient.in_(families.others(patient))
    stands = Appointment.status.not_in(("cancelled", "missed")) & (Appointment.starts_at > at - timedelta(PAST_DAYS))
    gone = (Appointment.status == "cancelled") & (Appointment.closed_at > at - timedelta(CANCELLED_DAYS))
    return (
        Appointment.select(Appointment, Provider, Location, Patient)
        .join_from(Appointment, Provider)
        .join_from(Appointment, Location)
        .join_from(Appointment, Patient)
        .where(whose & (stands | gone))
        .order_by(Appointment.starts_at.desc(), Appointment.id)
        .limit(MOST)
    )
