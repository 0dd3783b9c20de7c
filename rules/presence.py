"""What became of a visit, as the clinic says it: arrived, completed, missed, or not so after all."""

from datetime import timedelta

from peewee import IntegrityError

from clock import now
from database import write_tx
from models import TO_COME, Appointment, Charge
from rules import charging, holds, instructions, occupying, paperwork, trail
from rules import policy as policies
from rules.refused import Refused

MISSED = "the appointment was missed"
UNDOING = {"arrived": "undo_arrival", "missed": "undo_miss"}
ARRIVAL = timedelta(hours=12)  # before or after the start; nobody checks in for a visit of another day


def possible(visit, at) -> set[str]:
    """Which of the steps below staff can take now, of a row with its status and its start."""
    begun = visit.starts_at <= at
    steps = {"complete", "miss"} if begun and visit.status in TO_COME else set()
    if visit.status == "booked" and abs(visit.starts_at - at) <= ARRIVAL:
        steps.add("arrive")
    if visit.status in UNDOING:
        steps.add(UNDOING[visit.status])
    return steps


def arrive(appointment, by) -> None:
    """The patient is here: on the day, and not for a visit of another one."""
    with write_tx():
        if abs(Appointment.get_by_id(appointment.id).starts_at - now()) > ARRIVAL:
            raise Refused("This visit is not today. Open the visit that the patient came for.")
        _step(appointment, ("booked",), by, "appointment arrived", status="arrived", arrived_at=now())


def undo_arrival(appointment, by) -> None:
    """Somebody else was checked in by mistake."""
    with write_tx():
        _step(appointment, ("arrived",), by, "arrival undone", status="booked", arrived_at=None)


def complete(appointment, by) -> None:
    """The visit took place; it can be so only once it has begun."""
    with write_tx():
        _begun(appointment)
        closed = {"closed_at": now(), "closed_by": by.name, "closed_by_kind": by.kind, "closed_why": ""}
        _step(appointment, TO_COME, by, "appointment completed", status="completed", **closed)


def miss(appointment, by, charge=True, why="") -> Charge | None:
    """The patient did not come: the no-show fee of the accepted policy, unless staff let it go."""
    with write_tx():
        _begun(appointment)
        fee = policies.no_show_fee_for(appointment)  # first, as it was shown: a block excuses only a visit to come
        closed = {"closed_at": now(), "closed_by": by.name, "closed_by_kind": by.kind, "closed_why": why}
        _step(appointment, TO_COME, by, "appointment missed", status="missed", **closed)
        occupying.settle(appointment.visit_key)
        paperwork.not_needed(appointment, by)
        instructions.withdraw(appointment, MISSED)
        if not charge or not fee.amount_minor:
            return None
        return charging.owe(
            appointment.patient, "no_show_fee", fee.amount_minor, fee.currency, fee.why,
            by=by, appointment=appointment, policy=fee.policy,
        )  # fmt: skip


def _begun(appointment) -> None:
    if Appointment.get_by_id(appointment.id).starts_at > now():
        raise Refused("This visit has not started yet.")


def undo_miss(appointment, by) -> None:
    """The patient came after all: the visit stands again, and its no-show fee is let go or given back."""
    why = "It was noted by mistake that nobody came."
    try:
        with write_tx():
            holds.lapse_expired(now())
            lane = occupying.free_lane(Appointment.get_by_id(appointment.id))
            closed = dict.fromkeys(("closed_by", "closed_by_kind", "closed_why"), "")
            open_again = {"closed_at": None, "arrived_at": None, "lane": lane, **closed}
            _step(appointment, ("missed",), by, "absence undone", status="booked", **open_again)
            occupying.take_rooms_again(appointment)
            charge = Charge.get_or_none((Charge.appointment == appointment) & (Charge.reason == "no_show_fee"))
            if charge:
                charging.withdraw(charge, by, why)
            paperwork.needed_again(appointment, by)
            instructions.restore(appointment, MISSED)
    except IntegrityError as clash:
        if "no_overlap" not in str(clash):
            raise
        raise Refused("Another appointment has taken this time meanwhile, so the absence stands.") from clash


def _step(appointment, before, by, action, **changes) -> None:
    """A change of status by a conditional update: when no row changed, somebody was first."""
    if not by.is_staff:
        raise Refused("Only the clinic can do this.")
    changed = Appointment.update(**changes).where(
        (Appointment.id == appointment.id) & Appointment.status.in_(before)
    ).execute()  # fmt: skip
    if not changed:
        raise Refused(f"This appointment is already {Appointment.get_by_id(appointment.id).status}.")
    for name, value in changes.items():
        setattr(appointment, name, value)
    trail.record(by, action, f"appointment {appointment.id}", patient=appointment.patient_id)
