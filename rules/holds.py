"""Holding a chosen time while a patient finishes the booking: placed, extended once, let go of, or lapsed by itself.

Expired means free for everybody at once, whether or not the rows are still there: who writes lets go of them first.
"""

from datetime import datetime, timedelta

from clock import now
from database import write_tx
from models import Hold, HoldPart, Location, Occupancy, Provider, Service
from rules import eligibility, findings, gone, occupying, searching, trail
from rules.clinic import the_clinic
from rules.refused import Refused
from rules.searching import Part

NOT_WHOLE = "This page is not whole. Please load it again."
USED = "This page was used already. Please load it again."
OVER = "The time is not held for you any more. Please choose again."
AGAIN = "You had this time held for you again and again today. Please choose another one, or call us."
MOST_A_DAY = 4  # times hold_minutes that one person keeps one time from others; else it is theirs for ever, bit by bit


def place(parts, *, patient, by, held_by, key) -> Hold:
    """Hold these parts of one visit for `patient`; `held_by` is who books. Refused (field "at") when one is gone.

    Whoever books holds one choice at a time: their earlier one is let go of. The same key is the same hold.
    """
    parts = list(parts)
    if not parts or not key or len(key) > 64:
        raise Refused(NOT_WHOLE)
    also = {"patient": patient, "lead": by.is_patient}
    with gone.offering_others(parts, held_by=held_by, **also), write_tx():
        at = now()
        lapse_expired(at)
        there = Hold.get_or_none(Hold.key == key)
        if there:
            if there.held_by_id != held_by.id or there.patient_id != patient.id or parts_of(there) != parts:
                raise Refused(USED)
            if not live(there, at):
                raise Refused(OVER)
            return there
        for earlier in live_of(held_by, at):
            _end(earlier, "released", at)
        if by.is_patient and _held_too_often(parts, held_by, at):
            raise Refused(AGAIN, field="at")
        for part in parts:
            others = [other for other in parts if other is not part]
            findings.check_free(patient, part.service, part.starts_at, part.location.time_zone, by)
            eligibility.check(patient, part.service, part.starts_at, by, also=others)
        found = searching.exact(parts, **also)
        if found is None:
            raise Refused(gone.why(parts, **also), field="at")
        held = Hold.create(
            patient=patient,
            held_by=held_by,
            key=key,
            created_at=at,
            expires_at=at + timedelta(minutes=the_clinic().hold_minutes),
        )
        for position, opening in enumerate(found.parts):
            HoldPart.create(
                hold=held,
                position=position,
                service=opening.service,
                provider=opening.provider,
                location=opening.location,
                starts_at=opening.starts_at,
                ends_at=opening.ends_at,
            )
        occupying.hold(held, found.parts, patient)
        trail.record(by, "time held", f"hold {held.id}", patient=patient, starts_at=found.starts_at.isoformat())
        return held


def _held_too_often(parts, held_by, at) -> bool:
    """Whether this person had one of these times, or one that overlaps it, held for long enough of late."""
    most, since = the_clinic().hold_minutes * timedelta(minutes=MOST_A_DAY), at - timedelta(days=1)
    lately = (Hold.held_by == held_by) & (Hold.created_at > since) & (Hold.ended != "booked")
    for part in parts:
        ends_at = part.starts_at + timedelta(minutes=part.service.duration_minutes)
        same = (HoldPart.provider == part.provider) & (HoldPart.starts_at < ends_at)
        same &= HoldPart.ends_at > part.starts_at
        times = Hold.select(Hold.id, Hold.created_at, Hold.expires_at, Hold.ended_at).distinct().join(HoldPart)
        held = [min(over or at, until) - begun for _, begun, until, over in times.where(lately, same).tuples()]
        if sum(held, timedelta()) >= most:
            return True
    return False


def extend(held, by) -> None:
    """As long again on top of what is left, once; Refused when it is over already, or was extended before."""
    with write_tx():
        at = now()
        until = Hold.get_by_id(held.id).expires_at + timedelta(minutes=the_clinic().hold_minutes)
        fresh = (Hold.id == held.id) & Hold.ended_at.is_null() & (Hold.expires_at > at) & Hold.extended_at.is_null()
        if not Hold.update(expires_at=until, extended_at=at).where(fresh).execute():
            stands = Hold.get_by_id(held.id)
            if live(stands, at):
                raise Refused("This time was already held a little longer for you. Please finish, or choose it again.")
            raise Refused(OVER, field="at")
        held.expires_at, held.extended_at = until, at
        trail.record(by, "hold extended", f"hold {held.id}", patient=held.patient_id)


def release(held, by) -> None:
    """The patient does not want it after all; twice is the same as once."""
    with write_tx():
        if _end(held, "released", now()):
            trail.record(by, "hold released", f"hold {held.id}", patient=held.patient_id)


def lapse_expired(at) -> int:
    """Let go of what nobody finished in time; whoever writes calls it inside the transaction. Returns how many."""
    expired = list(Hold.select(Hold.id).where(Hold.ended_at.is_null(), Hold.expires_at <= at).tuples())
    if not expired:
        return 0
    numbers = [number for (number,) in expired]
    Occupancy.delete().where(Occupancy.hold.in_(numbers)).execute()
    return Hold.update(ended_at=at, ended="lapsed").where(Hold.id.in_(numbers), Hold.ended_at.is_null()).execute()


def live(held, at) -> bool:
    return held.ended_at is None and held.expires_at > at


def left(held, at) -> timedelta:
    """How much longer it is held; nothing once it is over."""
    return max(held.expires_at - at, timedelta()) if live(held, at) else timedelta()


def live_of(held_by, at) -> list[Hold]:
    """What this person holds now, at most one."""
    return list(Hold.select().where(Hold.held_by == held_by, Hold.ended_at.is_null(), Hold.expires_at > at))


def parts_of(held) -> list[Part]:
    rows = (
        HoldPart.select(HoldPart, Service, Provider, Location)
        .join(Service)
        .switch(HoldPart)
        .join(Provider)
        .switch(HoldPart)
        .join(Location)
        .where(HoldPart.hold == held)
        .order_by(HoldPart.position)
    )
    return [Part(row.service, row.provider, row.location, row.starts_at) for row in rows]


def book_out_of(held, parts, patient, at: datetime) -> None:
    """What a hold takes is free for exactly its own booking, in the transaction that makes the appointments."""
    stands = Hold.get_by_id(held.id)
    if stands.patient_id != patient.id or parts_of(stands) != list(parts):
        raise Refused(USED)
    if not live(stands, at):
        raise Refused(OVER, field="at")
    _end(held, "booked", at)


def _end(held, how, at) -> bool:
    changed = Hold.update(ended=how, ended_at=at).where(Hold.id == held.id, Hold.ended_at.is_null()).execute()
    if changed:
        Occupancy.delete().where(Occupancy.hold == held.id).execute()
        held.ended, held.ended_at = how, at
        if how != "booked":
            occupying.came_free()
    return bool(changed)
