"""The calendar file of an appointment: its moment in UTC, which every calendar shows in its owner's own zone."""

from urllib.parse import urlsplit

from icalendar import Calendar, Event, vCalAddress

import settings
from clock import now
from rules import policy
from rules.clinic import the_clinic

TYPE = "text/calendar; charset=utf-8"


def ics(appointment, method: str = "REQUEST") -> bytes:
    """REQUEST for a mail about a visit that stands, CANCEL for one that does not, PUBLISH for a download.

    The same appointment always has the same UID, and a move a higher SEQUENCE, so a calendar replaces
    the entry it has. Neither summary nor description says what the treatment is.
    """
    clinic = the_clinic()
    base = settings.current().base_url
    calendar = Calendar()
    calendar.add("prodid", "-//Foyer//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Event()
    event.add("uid", f"appointment-{appointment.id}@{urlsplit(base).hostname}")
    event.add("sequence", appointment.moves + (1 if method == "CANCEL" else 0))
    event.add("dtstamp", now())
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    event.add("summary", f"Appointment at {clinic.name}")
    event.add("location", place(appointment.location))
    event.add("description", description(appointment, clinic, f"{base}/appointments/{appointment.id}"))
    event.add("url", f"{base}/appointments/{appointment.id}")
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("class", "PRIVATE")
    if method != "PUBLISH" and clinic.email and appointment.patient.email:
        event.add("organizer", person(clinic.email, clinic.name))
        event.add("attendee", person(appointment.patient.email, appointment.patient.name, PARTSTAT="ACCEPTED"))
    calendar.add_component(event)
    return calendar.to_ical()


def place(location) -> str:
    """Name and address in one line."""
    return ", ".join([location.name, *filter(None, map(str.strip, location.address.splitlines()))])


def person(email, name, **parameters):
    address = vCalAddress(f"mailto:{email}")
    address.params.update({"CN": name.replace('"', "'"), "RSVP": "FALSE", **parameters})
    return address


def description(appointment, clinic, link) -> str:
    said = [f"With {appointment.provider.name}."]
    if appointment.status == "booked":
        said.append(policy.until_words(appointment, policy.fee_for(appointment)))
    said.append(f"Details, paperwork, moving and cancelling: {link}")
    if clinic.phone:
        said.append(f"Questions: {appointment.location.phone or clinic.phone}")
    return "\n".join(said)
