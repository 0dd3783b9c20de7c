"""A time that came free is offered to three who wait for it, for fifteen minutes; the first yes has it.

What is offered follows from what is free now and from the rows alone, so nothing is lost when a sweep is. A time
is never held for those who were asked: whoever books it first has it, and the others read so.
"""

import secrets
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta

from clock import local, now
from database import write_tx
from models import Offer, Patient, Service, WaitlistEntry
from rules import eligibility, findings, holds, outbox, policy, prerequisites, scheduling, searching, trail
from rules.actor import FOYER
from rules.clinic import the_clinic
from rules.offers import OVER, is_free, reader_of, whole
from rules.refused import Refused

BATCH, GOOD_FOR = 3, timedelta(minutes=15)
MOST_UNANSWERED = 3  # offers that nobody answered, within a day: then the entry is left in peace for the rest of it
MOST_TIMES = 2000  # looked at for one kind of wish
DAY = timedelta(days=1)


def offer_due(at=None) -> int:
    """Close what ran out, then offer each free time that somebody waits for; returns how many offers were made."""
    at = at or now()
    expire(at)
    made = 0
    for wanted in _groups(_in_need(at)):
        made += _offer_to(wanted, at)
    return made


def expire(at) -> None:
    """Offers that nobody answered in time, and entries whose last day is over everywhere."""
    due = Offer.select(Offer.id).where(Offer.status == "open", Offer.expires_at <= at)
    yesterday = (at - timedelta(hours=12)).date()  # the day it still is where it is the earliest
    past = WaitlistEntry.select().where(WaitlistEntry.status == "waiting", WaitlistEntry.last_on < yesterday)
    if not due.exists() and not past.exists():
        return  # nearly every look finds nothing, and need not queue for the right to write
    with write_tx():
        ran_out = (Offer.status == "open") & (Offer.expires_at <= at)
        Offer.update(status="expired", answered_at=at).where(ran_out).execute()
        for entry in list(past):
            still = (WaitlistEntry.id == entry.id) & (WaitlistEntry.status == "waiting")
            if WaitlistEntry.update(status="over", ended_at=at).where(still).execute():
                trail.record(FOYER, "waitlist over", f"waitlist entry {entry.id}", patient=entry.patient_id)


def _in_need(at) -> list[WaitlistEntry]:
    """Who waits and is asked nothing just now, the earliest first."""
    asked = Offer.select(Offer.entry).where(Offer.status == "open")
    unanswered = Offer.select(Offer.entry).where(Offer.status == "expired", Offer.expires_at > at - DAY)
    query = (
        WaitlistEntry.select(WaitlistEntry, Patient, Service)
        .join_from(WaitlistEntry, Patient, on=WaitlistEntry.patient)
        .join_from(WaitlistEntry, Service)
        .where(WaitlistEntry.status == "waiting", Patient.archived_at.is_null(), Service.archived_at.is_null())
        .where(WaitlistEntry.id.not_in(asked))
        .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
    )
    silent = defaultdict(int)
    for (number,) in unanswered.tuples():
        silent[number] += 1
    return [entry for entry in query if silent[entry.id] < MOST_UNANSWERED]


def _groups(entries):
    """Entries that one search answers: the same service and the same provider; the earliest group first."""
    groups = defaultdict(list)
    for entry in entries:
        groups[entry.service_id, entry.provider_id].append(entry)
    return groups.values()


def _offer_to(entries, at) -> int:
    """Offer to these entries, which differ only in days and places, what is free and fits; returns how many offers."""
    first = entries[0]
    lead = first.service.lead_minutes if first.service.lead_minutes is not None else the_clinic().lead_minutes
    soonest = at + GOOD_FOR + timedelta(minutes=lead)  # whoever says yes at the last moment can still book it
    free = searching.free_times(
        first.service, provider=first.provider, location=None, since=soonest,
        until=_end(max(entry.last_on for entry in entries)), at_most=MOST_TIMES,
    )  # fmt: skip
    had, late, made, left = _had(entries), _late_before(first.service, at), 0, list(entries)
    for opening in free:
        if not left:
            break
        fitting = [entry for entry in left if fits(entry, opening, late) and opening.starts_at not in had[entry.id]]
        asked = _ask(opening, fitting, at) if fitting else []
        made += len(asked)
        left = [entry for entry in left if entry.id not in asked]
    return made


def _end(day):
    """The end of a day where it ends last."""
    return datetime.combine(day, time(), UTC) + 2 * DAY


def _had(entries):
    """The times that each entry was offered already and did not take, in one query."""
    had = defaultdict(set)
    said = Offer.entry.in_([entry.id for entry in entries]) & Offer.status.in_(("declined", "expired"))
    for number, starts_at in Offer.select(Offer.entry, Offer.starts_at).where(said).tuples():
        had[number].add(starts_at)
    return had


def _late_before(service, at):
    """Starts before this moment could not be cancelled free of charge by whoever says yes at the last moment."""
    current = policy.current()
    if current is None or not policy.shown_fee(current, service.price_minor):
        return at
    return at + GOOD_FOR + timedelta(hours=current.notice_hours)


def fits(entry, opening, late_before) -> bool:
    """Whether this time is one that the entry waits for."""
    if entry.location_id and entry.location_id != opening.location.id:
        return False
    if entry.provider_id and entry.provider_id != opening.provider.id:
        return False
    there = local(opening.starts_at, opening.location.time_zone)
    return (
        entry.first_on <= there.date() <= entry.last_on
        and (not entry.weekdays or there.weekday() in entry.weekdays)
        and entry.from_minute <= there.hour * 60 + there.minute < entry.to_minute
        and (entry.late_too or opening.starts_at >= late_before)
    )


def _ask(opening, entries, at) -> list[int]:
    """One batch for this time, out of those it fits, in their order; the numbers of the entries that were asked."""
    with write_tx():
        if _on_offer(opening):
            return []
        ready = [entry for entry in entries if _still_waits(entry)]
        chosen = []
        for entry in ready:
            if len(chosen) < BATCH and _can_have(entry, opening):
                chosen.append(entry)
        batch = secrets.token_hex(16)
        for entry in chosen:
            offer = Offer.create(
                entry=entry, nonce=secrets.token_hex(24), batch=batch, service=opening.service or entry.service,
                provider=opening.provider, location=opening.location, starts_at=opening.starts_at,
                offered_at=at, expires_at=at + GOOD_FOR,
            )  # fmt: skip
            trail.record(FOYER, "waitlist offer made", f"waitlist entry {entry.id}", patient=entry.patient_id,
                         offer=offer.id)  # fmt: skip
            reader = reader_of(entry)
            outbox.put(
                "waitlist_offer",
                "You are on the waitlist, and a time that fits is free",
                dedupe=f"waitlist_offer:{offer.id}",
                patient=entry.patient, offer=offer.id,
                address=(reader.email or "") if reader.id != entry.patient_id else "",
            )  # fmt: skip
        return [entry.id for entry in chosen]


def _on_offer(opening) -> bool:
    """Whether a time of this provider that overlaps it is being offered to others."""
    query = Offer.select(Offer.starts_at, Service.duration_minutes).join(Service)
    open_ones = query.where(Offer.status == "open", Offer.provider == opening.provider).tuples()
    return any(
        starts_at < opening.ends_at and opening.starts_at < starts_at + timedelta(minutes=length)
        for starts_at, length in open_ones
    )


def _still_waits(entry) -> bool:
    asked = Offer.select().where(Offer.entry == entry.id, Offer.status == "open")
    still = WaitlistEntry.select().where(WaitlistEntry.id == entry.id, WaitlistEntry.status == "waiting")
    return still.exists() and not asked.exists()


def _can_have(entry, opening) -> bool:
    """Whether this patient could book it: free for them as well, and nothing that must come before it is missing."""
    patient, service = entry.patient, entry.service
    on = local(opening.starts_at, opening.location.time_zone).date()
    if eligibility.barred(patient, service) or findings.block_of(patient, service, on):
        return False
    if prerequisites.missing(patient, service, opening.starts_at):
        return False
    return is_free(opening.service or service, opening, patient)


def accept(offer, by, *, accepted=None):
    """Yes: the time is booked as a patient books it, and the others' offers are over. Twice is the same as once.

    `accepted` is the version of the cancellation policy that was shown, the current one unless told. The booking,
    the entry and all offers of the batch change in one transaction, so there is one winner.
    """
    try:
        with write_tx():
            at = now()
            offer = whole().where(Offer.id == offer.id).get()
            entry = offer.entry
            if offer.status == "accepted":
                return offer.appointment
            if offer.status != "open" or offer.expires_at <= at:
                raise Refused(OVER.get(offer.status, OVER["expired"]), over=True)
            still = (WaitlistEntry.id == entry.id) & (WaitlistEntry.status == "waiting")
            if not WaitlistEntry.update(status="booked", ended_at=at).where(still).execute():
                raise Refused("You are not on the waitlist any more, so this offer is over.", over=True)
            for held in holds.live_of(by.number, at) if by.is_patient else ():
                holds.release(held, by)  # who looked at the same time on the site does not stand in their own way
            appointment = scheduling.book(
                entry.patient, offer.service, provider=offer.provider, location=offer.location,
                starts_at=offer.starts_at, by=by, request_key=offer.nonce, policy=accepted or policy.current(),
            )  # fmt: skip
            mine = (Offer.id == offer.id) & (Offer.status == "open")
            facts = {"status": "accepted", "answered_at": at, "appointment": appointment}
            assert Offer.update(**facts).where(mine).execute() == 1
            _close_batch(offer.batch, at)
            trail.record(by, "waitlist offer accepted", f"waitlist entry {entry.id}", patient=entry.patient_id,
                         offer=offer.id, appointment=appointment.id)  # fmt: skip
            return appointment
    except Refused as no:
        if no.field == "at" and not is_free(offer.service, offer, None):
            with write_tx():  # somebody booked it the ordinary way: nobody of the batch can have it
                _close_batch(offer.batch, now())
            raise Refused(OVER["gone"], over=True) from no
        raise


def _close_batch(batch, at) -> None:
    others = (Offer.batch == batch) & (Offer.status == "open")
    Offer.update(status="gone", answered_at=at).where(others).execute()


def decline(offer, by) -> bool:
    """No: this time is not offered to the entry again; False when it was over already."""
    with write_tx():
        still = (Offer.id == offer.id) & (Offer.status == "open")
        if not Offer.update(status="declined", answered_at=now()).where(still).execute():
            return False
        trail.record(by, "waitlist offer declined", f"waitlist entry {offer.entry_id}",
                     patient=offer.entry.patient_id, offer=offer.id)  # fmt: skip
        return True
