"""Cancelling a visit or several together, and taking back a booking within its grace period."""

from datetime import datetime, timedelta

from clock import now
from database import write_tx
from models import TO_COME, Appointment, Charge, Clinic
from rules import charging, holds, instructions, occupying, outbox, paperwork, self_service, staff_moves, trail
from rules import policy as policies
from rules.refused import Refused
from rules.words import money, when

CLOSED = ("starts_at", "ends_at", "provider", "location", "status", "moves", "buffer_minutes",
          "buffer_before_minutes", "lane", "arrived_at", "closed_at", "closed_by", "closed_by_kind", "closed_why",
          "undone_at")  # fmt: skip
UNDONE = "the booking was undone"


def open_to_patient(appointment, at) -> bool:
    """Whether the patient may still cancel or move it: booked, and not begun."""
    return appointment.status == "booked" and appointment.starts_at > at


def cancel(appointment, *, by, why="", shown_minor=None) -> Charge | None:
    """Cancel one; returns the charge when the accepted policy makes one. Twice is the same as once."""
    charges = cancel_all([appointment], by=by, why=why, shown_minor=shown_minor)
    return charges[0] if charges else None


def cancel_all(appointments, *, by, why="", shown_minor=None) -> list[Charge]:
    """Cancel these together, all or none; returns the charges that the accepted policies make.

    `shown_minor` is the total that stood on the page: a patient never owes more than that.
    By staff it never costs. Raises Refused when it is too late to cancel one of them.
    """
    with write_tx():
        at, charges, standing = now(), [], []
        holds.lapse_expired(at)
        for appointment in appointments:
            a = load(appointment)
            if a.status == "cancelled":
                its_fee = (Charge.appointment == a) & (Charge.reason == "cancellation_fee")
                charges.extend(Charge.select().where(its_fee))
                copy(a, appointment)
                continue
            if a.status not in _allowed(by) or (by.is_patient and not open_to_patient(a, at)):
                raise Refused(too_late(a, "cancelled"))
            self_service.check(a, "self_cancel", by)
            standing.append((a, appointment))
        fees = policies.fees_for([a for a, _ in standing], at) if by.is_patient else {}
        never_above_shown(fees.values(), shown_minor)
        for a, appointment in standing:
            charge = _cancel(a, by, why, at, fees.get(a.id))
            charges += [charge] if charge else []
            copy(a, appointment)
        _tell([a for a, _ in standing], by, charges)
        for key in {a.visit_key for a, _ in standing}:
            occupying.settle(key)
        return charges


def _cancel(a, by, why, at, fee) -> Charge | None:
    amount = fee.amount_minor if fee else 0
    _close(a, _allowed(by), by, why, at)
    charge = None
    if amount:
        charge = charging.owe(
            a.patient, "cancellation_fee", amount, fee.currency, fee.because, by=by, appointment=a, policy=fee.policy
        )
    if by.is_patient:
        staff_moves.answered(a, "cancelled", at)
    trail.record(
        by, "appointment cancelled", f"appointment {a.id}", patient=a.patient_id,
        starts_at=a.starts_at.isoformat(), fee_minor=amount,
    )  # fmt: skip
    _let_go(a, by, "the appointment was cancelled")
    return charge


def _let_go(a, by, because) -> None:
    paperwork.not_needed(a, by)
    instructions.withdraw(a, because)
    occupying.came_free()


def _tell(gone, by, charges=()) -> None:
    """One message to each patient, however many of their visits were cancelled together."""
    whose = {}
    for a in gone:
        whose.setdefault(a.patient_id, []).append(a)
    for patient, theirs in whose.items():
        first = theirs[0]
        also = {"parts": [a.id for a in theirs]} if len(theirs) > 1 else {}
        outbox.put(
            "appointment_cancelled", "The appointment was cancelled", dedupe=f"appointment_cancelled:{first.id}",
            patient=patient, appointment=first, by=by.kind, **also,
            charge=next((charge for charge in charges if charge.appointment_id == first.id), None),
        )  # fmt: skip


def undo_until(appointment) -> datetime:
    """Until when the patient can take the booking back: a few minutes, and never past its start."""
    grace = Clinic.select(Clinic.grace_minutes).where(Clinic.id == 1).scalar() or 0
    return min(appointment.booked_at + timedelta(minutes=grace), appointment.starts_at)


def undoable(appointment, at) -> bool:
    """Whether the patient can take it back: as they booked it themselves, untouched since, in the grace period."""
    fresh = appointment.status == "booked" and appointment.booked_by == "patient" and not appointment.moves
    return fresh and at <= undo_until(appointment) and at < appointment.starts_at


def undo(appointment, by) -> list[Appointment]:
    """Take back what was booked in one go, free of charge, within the grace period. Twice is the same as once.

    Who has not been told of the booking yet is told nothing at all; everybody else gets one message.
    """
    if not by.is_patient:
        raise Refused("Only a patient takes back a booking. Cancel it instead.")
    with write_tx():
        at, visit = now(), _booked_together(load(appointment))
        holds.lapse_expired(at)
        if not all(a.undone_at for a in visit):
            standing = [a for a in visit if a.status != "cancelled"]
            if not standing or not all(undoable(a, at) for a in standing):
                raise Refused("The time to undo this booking is over. You can still cancel or move it.")
            told = instructions.told_of(standing)
            for a in standing:
                _close(a, ("booked",), by, "", at, undone_at=at)
                trail.record(
                    by, "booking undone", f"appointment {a.id}", patient=a.patient_id,
                    starts_at=a.starts_at.isoformat(),
                )  # fmt: skip
                outbox.skip(UNDONE, appointment=a, kinds=["booking_confirmed"])
                _let_go(a, by, UNDONE)
            if told:
                _tell(standing, by)
        for a in visit:
            if a.id == appointment.id:
                copy(a, appointment)
        return visit


def _booked_together(a) -> list[Appointment]:
    if not a.visit_key:
        return [a]
    same = (Appointment.visit_key == a.visit_key) & (Appointment.patient == a.patient_id)
    return list(Appointment.select().where(same).order_by(Appointment.starts_at, Appointment.id))


def _allowed(by):
    return ("booked",) if by.is_patient else TO_COME


def _close(a, before, by, why, at, **more):
    closed = {"closed_at": at, "closed_by": by.name, "closed_by_kind": by.kind, "closed_why": why.strip()}
    facts = {"status": "cancelled", **closed, **more}
    changed = Appointment.update(**facts).where((Appointment.id == a.id) & Appointment.status.in_(before)).execute()
    if not changed:
        raise Refused(too_late(load(a), "cancelled"))
    for name, value in facts.items():
        setattr(a, name, value)


def never_above_shown(fees, shown_minor):
    """Nobody owes more than what stood on the page that they sent."""
    fees = list(fees)
    amount = sum(fee.amount_minor for fee in fees)
    if shown_minor is not None and amount > shown_minor:
        fee = next(fee for fee in fees if fee.amount_minor)
        raise Refused(
            f"This now costs {money(amount, fee.currency)}. {fee.why} Nothing was changed. Please decide again.",
            fee=fee,
        )


def too_late(a, done):
    if a.status == "booked":
        started = when(a.starts_at, a.location.time_zone)
        return f"This appointment started on {started} and cannot be {done} here. Please call us."
    return f"This appointment is already {a.status} and cannot be {done}."


def load(appointment):
    return Appointment.get_by_id(appointment.id)


def copy(a, appointment):
    """The caller's row shows what became of it."""
    for name in CLOSED:
        setattr(appointment, name, getattr(a, name))
