"""The waitlist: who waits for which time, and the one door to what is offered to them (rules/offering.py)."""

from datetime import timedelta

from peewee import JOIN

from clock import local, now
from database import write_tx
from models import Location, Offer, Patient, Provider, Service, WaitlistEntry
from rules import eligibility, families, trail
from rules.clinic import home_zone
from rules.offering import accept, decline, offer_due  # noqa: F401 - the area's one door
from rules.offers import actor_of, instead, link, named, path, policy_words, said_no, standing, whole  # noqa: F401
from rules.refused import Refused

MOST = 5  # entries of one patient at once
LONGEST = timedelta(days=365)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def join(
    patient, service, *, by, first_on, last_on, provider=None, location=None,
    weekdays=(), from_minute=0, to_minute=1440, late_too=False,
) -> WaitlistEntry:  # fmt: skip
    """Wait for a time that starts on one of these days, between these minutes of the location's wall clock.

    A patient writes it down for themselves or for somebody they act for. Asked twice for the same service, the
    patient who waits already is told so. Refused with a field of the form.
    """
    today = local(now(), location.time_zone if location else home_zone()).date()
    _check(first_on, last_on, from_minute, to_minute, today)
    with write_tx():
        if Service.get_by_id(service.id).archived_at:
            raise Refused("This can no longer be booked. Please choose another treatment.")
        asker = Patient.get_by_id(by.number) if by.is_patient else patient
        if asker.id != patient.id and not families.acts_for(asker, patient):
            raise Refused("You can join for yourself, and for those you may act for.", field="who")
        no = eligibility.barred(patient, service) if by.is_patient else ""
        if no:
            raise Refused(no)
        present = waiting_of([patient.id])
        if any(entry.service_id == service.id for entry in present):
            raise Refused("You are on the waitlist for this already. Leave that entry first if you want other times.")
        if len(present) >= MOST:
            raise Refused(f"You are on the waitlist {MOST} times already. Leave one of those first.")
        entry = WaitlistEntry.create(
            patient=patient, asked_by=asker, service=service, provider=provider, location=location,
            weekdays=sorted(set(weekdays)), from_minute=from_minute, to_minute=to_minute,
            first_on=max(first_on, today), last_on=last_on, late_too=late_too, created_at=now(),
        )  # fmt: skip
        trail.record(by, "waitlist joined", f"waitlist entry {entry.id}", patient=patient)
        return entry


def _check(first_on, last_on, from_minute, to_minute, today):
    if last_on < first_on:
        raise Refused("The last day lies before the first one", field="last_on")
    if last_on < today:
        raise Refused("That day has passed. Choose a later one", field="last_on")
    if last_on - today > LONGEST:
        raise Refused("Choose a day within the next year", field="last_on")
    if not 0 <= from_minute < to_minute <= 1440:
        raise Refused("The end lies before the beginning. Choose a later time", field="until")


def leave(entry, by) -> bool:
    """Wait no longer; what is still offered is withdrawn. False when the entry had ended already."""
    with write_tx():
        still = (WaitlistEntry.id == entry.id) & (WaitlistEntry.status == "waiting")
        status = "left" if by.is_patient else "over"
        if not WaitlistEntry.update(status=status, ended_at=now()).where(still).execute():
            return False
        open_ones = (Offer.entry == entry.id) & (Offer.status == "open")
        Offer.update(status="declined", answered_at=now()).where(open_ones).execute()
        trail.record(by, "waitlist left", f"waitlist entry {entry.id}", patient=entry.patient_id)
        return True


def waiting_of(numbers) -> list[WaitlistEntry]:
    """What these patients wait for now, the earliest first, with all that a page names, in one query."""
    mine = WaitlistEntry.patient.in_(list(numbers)) & (WaitlistEntry.status == "waiting")
    return list(_whole().where(mine).order_by(WaitlistEntry.created_at, WaitlistEntry.id))


def listed(status="waiting", at_most=200) -> list[WaitlistEntry]:
    """Who waits, the earliest first, or those whose waiting ended, the latest first."""
    if status == "waiting":
        query = _whole().where(WaitlistEntry.status == "waiting")
        return list(query.order_by(WaitlistEntry.created_at, WaitlistEntry.id).limit(at_most))
    query = _whole().where(WaitlistEntry.status != "waiting")
    return list(query.order_by(WaitlistEntry.ended_at.desc(), WaitlistEntry.id.desc()).limit(at_most))


def _whole():
    return (
        WaitlistEntry.select(WaitlistEntry, Patient, Service, Provider, Location)
        .join_from(WaitlistEntry, Patient, on=WaitlistEntry.patient)
        .join_from(WaitlistEntry, Service)
        .join_from(WaitlistEntry, Provider, JOIN.LEFT_OUTER)
        .join_from(WaitlistEntry, Location, JOIN.LEFT_OUTER)
    )


def offers_of(numbers) -> dict[int, list[Offer]]:
    """What was offered to these entries, the latest first, each with its place and provider; one query."""
    found = {number: [] for number in numbers}
    query = Offer.select(Offer, Provider, Location).join_from(Offer, Provider).join_from(Offer, Location)
    for offer in query.where(Offer.entry.in_(list(found))).order_by(Offer.id.desc()):
        found[offer.entry_id].append(offer)
    return found


def wish_words(entry) -> str:
    """The days and times of an entry as a sentence."""
    days = " or ".join(f"{WEEKDAYS[day]}s" for day in entry.weekdays) or "Any weekday"
    hours = "at any time"
    if (entry.from_minute, entry.to_minute) != (0, 1440):
        hours = f"from {clock_words(entry.from_minute)} to {clock_words(entry.to_minute)}"
    until = f"{entry.first_on.day} {entry.first_on:%B} to {entry.last_on.day} {entry.last_on:%B %Y}"
    late = ". Short-notice times too" if entry.late_too else ""
    return f"{days}, {hours}, {until}{late}"


def clock_words(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
