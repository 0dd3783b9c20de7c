"""The calendar file of an appointment: its moment in UTC, which every calendar shows in its owner's own zone."""

from datetime import timedelta
from urllib.parse import urlsplit

from icalendar import Alarm, Calendar, Event, vCalAddress

import settings
from clock import now
from rules import policy
from rules.clinic import the_clinic

TYPE = "text/calendar; charset=utf-8"


ALARM_BEFORE = timedelta(hours=3)  # before the moment until which cancelling is free


def ics(appointment, method: str = "REQUEST") -> bytes:
    """REQUEST for a mail about a visit that stands, CANCEL for one that does not, PUBLISH for a download."""
    clinic, calendar = the_clinic(), whole(method)
    fee = policy.fee_for(appointment) if appointment.status == "booked" else None
    made = event(appointment, clinic, fee=fee, cancelled=method == "CANCEL")
    if method != "PUBLISH" and clinic.email and appointment.patient.email:
        made.add("organizer", person(clinic.email, clinic.name))
        made.add("attendee", person(appointment.patient.email, appointment.patient.name, PARTSTAT="ACCEPTED"))
    calendar.add_component(made)
    return calendar.to_ical()


def ics_of(appointments, *, cancelled: bool) -> bytes:
    """Several of one patient in one file. It is published: a request or a cancellation is about one event alone."""
    clinic, calendar = the_clinic(), whole("PUBLISH")
    fees = policy.fees_for([a for a in appointments if a.status == "booked"])
    for appointment in appointments:
        made = event(appointment, clinic, fee=fees.get(appointment.id), cancelled=cancelled)
        if clinic.email:
            made.add("organizer", person(clinic.email, clinic.name))
        calendar.add_component(made)
    return calendar.to_ical()


def whole(method: str) -> Calendar:
    """A calendar with nothing in it yet."""
    calendar = Calendar()
    calendar.add("prodid", "-//Foyer//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def event(appointment, clinic, *, fee, cancelled: bool, whose: str = "", alarm: bool = False) -> Event:
    """The entry of one appointment, in a mail and in the feed alike.

    The same appointment always has the same UID, and a move a higher SEQUENCE, so a calendar replaces
    the entry it has. Neither summary nor description says what the treatment is.
    """
    base = settings.current().base_url
    made = Event()
    made.add("uid", f"appointment-{appointment.id}@{urlsplit(base).hostname}")
    made.add("sequence", appointment.moves + (1 if cancelled else 0))
    made.add("dtstamp", now())
    made.add("dtstart", appointment.starts_at)
    made.add("dtend", appointment.ends_at)
    made.add("summary", f"{'For ' + whose + ': a' if whose else 'A'}ppointment at {clinic.name}")
    made.add("location", place(appointment.location))
    made.add("description", description(appointment, clinic, f"{base}/appointments/{appointment.id}", fee))
    made.add("url", f"{base}/appointments/{appointment.id}")
    made.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    made.add("class", "PRIVATE")
    if alarm and fee and fee.free_until and fee.late_minor and now() < fee.free_until < appointment.starts_at:
        made.add_component(_reminder(appointment, fee))
    return made


def _reminder(appointment, fee) -> Alarm:
    """Rings before the moment until which cancelling is free, and says that moment and what it costs after it."""
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", fee.free_until - ALARM_BEFORE, parameters={"VALUE": "DATE-TIME"})
    alarm.add("description", policy.until_words(appointment, fee))
    return alarm


def place(location) -> str:
    """Name and address in one line."""
    return ", ".join([location.name, *filter(None, map(str.strip, location.address.splitlines()))])


def person(email, name, **parameters):
    address = vCalAddress(f"mailto:{email}")
    address.params.update({"CN": name.replace('"', "'"), "RSVP": "FALSE", **parameters})
    return address


def description(appointment, clinic, link, fee=None) -> str:
    said = [f"With {appointment.provider.name}."]
    if appointment.status == "booked" and fee is not None:
        said.append(policy.until_words(appointment, fee))
    said.append(f"Details, paperwork, moving and cancelling: {link}")
    if clinic.phone:
        said.append(f"Questions: {appointment.location.phone or clinic.phone}")
    return "\n".join(said)
