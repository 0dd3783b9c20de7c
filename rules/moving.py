"""Giving appointments a new time: they stay the same, under the same accepted policy and price."""

from clock import now
from database import write_tx
from models import TO_COME, AppointmentMove, Charge
from rules import (
    charging,
    eligibility,
    findings,
    gone,
    holds,
    instructions,
    occupying,
    outbox,
    paperwork,
    prerequisites,
    searching,
    self_service,
    staff_moves,
    trail,
)
from rules import policy as policies
from rules.cancelling import copy, load, never_above_shown, open_to_patient, too_late
from rules.refused import Refused
from rules.searching import Part
from rules.words import when


def move(appointment, *, starts_at, provider, location, by, shown_minor=None, why="") -> Charge | None:
    """Move one; see `move_visit`."""
    part = Part(appointment.service, provider, location, starts_at)
    charges = move_visit([appointment], [part], by=by, shown_minor=shown_minor, why=why)
    return charges[0] if charges else None


def move_visit(appointments, parts, *, by, shown_minor=None, why="") -> list[Charge]:
    """Give each of these appointments the part that stands at its place, all or none.

    Asked again for where they already stand, it does nothing. `why` is staff's reason. By staff it never costs;
    `shown_minor` is the total that stood on the page. Refused with facts["nearest"] when a time is gone.
    """
    appointments, parts = list(appointments), list(parts)
    first = appointments[0]
    if len(parts) != len(appointments) or len({a.patient_id for a in appointments}) != 1:
        raise Refused(holds.NOT_WHOLE)
    if [part.service.id for part in parts] != [a.service_id for a in appointments]:
        raise Refused(holds.NOT_WHOLE)
    patient = first.patient
    also = {"patient": patient, "lead": by.is_patient, "ignoring": appointments}
    for appointment in appointments:  # before anything is said about the new time
        _check_movable(load(appointment), by, now())
    with gone.offering_others(parts, **also), write_tx():
        at, rows = now(), [load(appointment) for appointment in appointments]
        holds.lapse_expired(at)
        for a in rows:
            _check_movable(a, by, at)
        if all(_stands(a, part) for a, part in zip(rows, parts, strict=True)):
            for a, appointment in zip(rows, appointments, strict=True):
                copy(a, appointment)
            return []
        for a, part in zip(rows, parts, strict=True):
            _check(a, part, rows, parts, by)
        found = searching.exact(parts, **also)
        if found is None:
            raise Refused(gone.why(parts, **also), field="at")
        moving = [(a, o) for a, o in zip(rows, found.parts, strict=True) if not _stands(a, o)]
        fees = {a.id: policies.move_fee_for(a, at) for a, _ in moving} if by.is_patient else {}
        never_above_shown(fees.values(), shown_minor)
        cancelling = policies.fees_for([a for a, _ in moving], at)
        lacked = _lacking(rows, by)
        occupying.free(rows)
        for a, opening in zip(rows, found.parts, strict=True):
            if _stands(a, opening):  # it stands where it stood, maybe in another lane or room
                occupying.stand_again(a, opening.lane)
        befores = [_write(a, o, by, why, fees.get(a.id), cancelling[a.id], at) for a, o in moving]
        for number, words in _lacking(rows, by).items():
            if number not in lacked:  # as they stand now: where a part stood before does not count
                raise Refused(words, field="prerequisite")
        occupying.take_rooms(rows, found.parts)
        for key in {a.visit_key for a in rows}:
            occupying.settle(key)
        told = zip(moving, befores, strict=True)
        charges = [_follow(a, before, by, fees.get(a.id)) for (a, _), before in told]
        occupying.came_free()
        for a, appointment in zip(rows, appointments, strict=True):
            copy(a, appointment)
        return [charge for charge in charges if charge]


def _stands(a, part) -> bool:
    """Whether it is there already; `part` is a Part or an Opening."""
    return (a.starts_at, a.provider_id, a.location_id) == (part.starts_at, part.provider.id, part.location.id)


def _check_movable(a, by, at):
    if not (open_to_patient(a, at) if by.is_patient else a.status in TO_COME):
        raise Refused(too_late(a, "moved"))
    self_service.check(a, "self_move", by)


def _lacking(rows, by) -> dict[int, str]:
    """What comes first is looked at where parts move together: each may change its distance to another."""
    if not by.is_patient or len(rows) < 2:
        return {}
    lacking = {a.id: prerequisites.missing(a.patient, a.service, a.starts_at) for a in rows}
    return {number: " ".join(each.words for each in there) for number, there in lacking.items() if there}


def _check(a, part, rows, parts, by) -> None:
    """What the new time must not break: a block, and the distance to what comes before or after it."""
    if _stands(a, part):
        return
    findings.check_free(a.patient, part.service, part.starts_at, part.location.time_zone, by)
    others = [other for other in parts if other is not part]
    eligibility.check(a.patient, part.service, part.starts_at, by, also=others, sure=True, moving=True)
    if by.is_patient:
        leaning = prerequisites.leaning_on(a, part.starts_at, without=rows)  # what moves along was checked just now
        if leaning:
            first = leaning[0]
            raise Refused(
                f"Your appointment on {when(first.starts_at, first.location.time_zone)} needs this one at the right "
                "distance before it. Choose an earlier time, or move that one first.",
                field="prerequisite",
            )


def _write(a, opening, by, why, fee, cancelling, at) -> AppointmentMove:
    charged = fee.amount_minor if fee else 0
    if by.is_patient:
        staff_moves.answered(a, "moved", at)
    before = AppointmentMove.create(
        appointment=a,
        from_starts_at=a.starts_at,
        to_starts_at=opening.starts_at,
        from_location=a.location_id,
        from_provider=a.provider_id,
        to_provider=opening.provider,
        window=policies.window_after_move(by, opening.starts_at, charged, cancelling, at),
        moved_at=at,
        moved_by=by.name,
        why=why.strip(),
        **staff_moves.whose(by),
    )
    a.starts_at, a.ends_at, a.lane = opening.starts_at, opening.ends_at, opening.lane
    a.provider, a.location = opening.provider, opening.location
    a.buffer_before_minutes, a.buffer_minutes = occupying.buffers(opening.service, opening.provider)
    a.moves, a.status, a.arrived_at = a.moves + 1, "booked", None
    a.save()
    return before


def _follow(a, before, by, fee) -> Charge | None:
    """What a move brings with it: its fee, a line in the trail, paperwork and messages."""
    charge, amount = None, fee.amount_minor if fee else 0
    if amount:
        charge = charging.owe(
            a.patient, "late_move_fee", amount, fee.currency, fee.because, by=by, appointment=a, policy=fee.policy
        )
    trail.record(
        by, "appointment moved", f"appointment {a.id}", patient=a.patient_id,
        from_starts_at=before.from_starts_at.isoformat(), to_starts_at=a.starts_at.isoformat(),
        provider=a.provider_id, fee_minor=amount,
    )  # fmt: skip
    findings.ask_again(a, by)
    paperwork.after_move(a, by)
    findings.check_raised(a, by)
    instructions.carry_along(a)
    outbox.skip("the appointment was moved again", appointment=a, kinds=["appointment_moved"])
    outbox.put(
        "appointment_moved",
        "The appointment was moved",
        dedupe=f"appointment_moved:{a.id}:{a.moves}",
        patient=a.patient_id,
        appointment=a,
        charge=charge,
        by=by.kind,
        from_starts_at=before.from_starts_at.isoformat(),
        from_time_zone=before.from_location.time_zone,
    )
    return charge
