"""Booking, moving, cancelling, and what became of a visit: each one transaction with its paperwork and messages."""

from clock import now
from database import write_tx
from models import TO_COME, Appointment, AppointmentMove, Charge, Clinic, PolicyAcceptance, ServiceProvider
from rules import (
    availability,
    charging,
    findings,
    gone,
    instructions,
    outbox,
    paperwork,
    self_service,
    staff_moves,
    trail,
)
from rules import policy as policies
from rules.gone import explain as explain_gone  # noqa: F401 - the area's one door
from rules.presence import arrive, complete, miss, possible, undo_arrival, undo_miss  # noqa: F401
from rules.refused import Refused
from rules.words import money, when


def book(
    patient, service, *, provider, location, starts_at, by, request_key, policy=None, shown_price_minor=None
) -> Appointment:
    """Book a free time. End, price and buffer are the service's own.

    `policy` is the version that was shown and accepted: a patient must accept the current one; for a
    booking by staff it is given only when the patient told them so. The same request_key again, from
    the same patient, returns the same appointment. Refused with facts["nearest"] when the time is gone.
    """
    if not request_key or len(request_key) > 64:
        raise Refused("This page is not whole. Please load it again.")
    with gone.offering_others(service, starts_at, provider, location, patient=patient, lead=by.is_patient), write_tx():
        there = Appointment.get_or_none(Appointment.request_key == request_key)
        if there:
            stands = (there.starts_at, there.provider_id, there.location_id) == (starts_at, provider.id, location.id)
            if there.patient_id != patient.id or not (there.live and stands):
                raise Refused("This page was used already. Please load it again.")
            return there
        _check_offered(service, provider)
        findings.check_free(patient, service, starts_at, location.time_zone, by)
        accepted = _accepted(policy, by)
        if shown_price_minor is not None and shown_price_minor != service.price_minor:
            raise Refused("The price changed while you were reading. Please look at it again.", field="policy")
        opening = availability.opening_at(
            service, starts_at, provider=provider, location=location, patient=patient, lead=by.is_patient
        )
        if opening is None:
            raise Refused(gone.why(service, starts_at, provider, patient=patient, lead=by.is_patient), field="at")
        clinic = Clinic.get_by_id(1)
        appointment = Appointment.create(
            patient=patient,
            service=service,
            provider=provider,
            location=location,
            starts_at=opening.starts_at,
            ends_at=opening.ends_at,
            buffer_minutes=service.buffer_minutes,
            price_minor=service.price_minor,
            currency=clinic.currency,
            request_key=request_key,
            booked_at=now(),
            booked_by=by.kind,
        )
        if accepted:
            PolicyAcceptance.create(
                appointment=appointment,
                policy=accepted,
                policy_digest=accepted.digest,
                shown_minor=policies.shown_fee(accepted, service.price_minor),
                shown_no_show_minor=policies.shown_no_show(accepted, service.price_minor),
                currency=clinic.currency,
                accepted_at=now(),
                accepted_by=by.kind,
                ip=by.ip,
                agent=by.agent,
            )
        trail.record(
            by, "appointment booked", f"appointment {appointment.id}", patient=patient,
            starts_at=appointment.starts_at.isoformat(), service=service.id, provider=provider.id,
            policy=accepted.number if accepted else None,
        )  # fmt: skip
        paperwork.begin_for(appointment, by)
        findings.check_raised(appointment, by)
        instructions.announce(appointment, by)
        return appointment


def _check_offered(service, provider):
    if service.archived_at or provider.archived_at:
        raise Refused("This can no longer be booked. Please choose another treatment or provider.")
    performs = (ServiceProvider.service == service) & (ServiceProvider.provider == provider)
    if not ServiceProvider.select().where(performs).exists():
        raise Refused(f"{provider.name} does not offer this treatment. Please choose another provider.")


def _accepted(policy, by):
    """The policy version to write down as accepted, or None; a patient cannot book past the current one."""
    current = policies.current()
    if current is None:
        return None
    if policy is None:
        if by.is_patient:
            raise Refused("Read and accept the cancellation policy to book", field="policy")
        return None
    if policy.id != current.id:
        raise Refused(
            "The cancellation policy changed while you were reading. Please read it again and accept it.",
            field="policy",
        )
    return current


def open_to_patient(appointment, at) -> bool:
    """Whether the patient may still cancel or move it: booked, and not begun."""
    return appointment.status == "booked" and appointment.starts_at > at


def cancel(appointment, *, by, why="", shown_minor=None) -> Charge | None:
    """Cancel a visit; returns the charge when the accepted policy makes one. Twice is the same as once.

    `shown_minor` is the amount that stood on the page: a patient never owes more than that.
    By staff it never costs. Raises Refused when it is too late to cancel.
    """
    with write_tx():
        at, a = now(), _load(appointment)
        if a.status == "cancelled":
            _copy(a, appointment)
            return Charge.get_or_none((Charge.appointment == a) & (Charge.reason == "cancellation_fee"))
        allowed = ("booked",) if by.is_patient else TO_COME
        if a.status not in allowed or (by.is_patient and not open_to_patient(a, at)):
            raise Refused(_too_late(a, "cancelled"))
        fee = policies.fee_for(a, at) if by.is_patient else None
        amount = fee.amount_minor if fee else 0
        _never_above_shown(amount, shown_minor, fee)
        self_service.check(a, "self_cancel", by)
        _close(a, allowed, "cancelled", by, why, at)
        if by.is_patient:
            staff_moves.answered(a, "cancelled", at)
        charge = None
        if amount:
            charge = charging.owe(
                a.patient,
                "cancellation_fee",
                amount,
                fee.currency,
                fee.because,
                by=by,
                appointment=a,
                policy=fee.policy,
            )
        trail.record(
            by, "appointment cancelled", f"appointment {a.id}", patient=a.patient,
            starts_at=a.starts_at.isoformat(), fee_minor=amount,
        )  # fmt: skip
        paperwork.not_needed(a, by)
        instructions.withdraw(a, "the appointment was cancelled")
        outbox.put(
            "appointment_cancelled",
            "The appointment was cancelled",
            dedupe=f"appointment_cancelled:{a.id}",
            patient=a.patient,
            appointment=a,
            charge=charge,
            by=by.kind,
        )
        _copy(a, appointment)
        return charge


def move(appointment, *, starts_at, provider, location, by, shown_minor=None, why="") -> Charge | None:
    """Give an appointment a new time; it stays the same appointment, under the same accepted policy and price.

    Asked again for where it already stands, it does nothing. By staff it never costs, and waits for the patient's
    answer; `why` is for the patient to read. Refused with facts["nearest"] when the time is gone.
    """
    service, patient = appointment.service, appointment.patient
    lead = by.is_patient
    also = {"patient": patient, "lead": lead, "ignoring": appointment}
    _check_movable(_load(appointment), by, now())  # before anything is said about the new time
    with gone.offering_others(service, starts_at, provider, location, **also), write_tx():
        at, a = now(), _load(appointment)
        _check_movable(a, by, at)
        if (a.starts_at, a.provider_id, a.location_id) == (starts_at, provider.id, location.id):
            _copy(a, appointment)
            return None
        self_service.check(a, "self_move", by)
        findings.check_free(patient, service, starts_at, location.time_zone, by)
        opening = availability.opening_at(service, starts_at, provider=provider, location=location, **also)
        if opening is None:
            raise Refused(gone.why(service, starts_at, provider, **also), field="at")
        cancelling = policies.fee_for(a, at)
        fee = policies.move_fee_for(a, at) if by.is_patient else None
        amount = fee.amount_minor if fee else 0
        _never_above_shown(amount, shown_minor, fee)
        before = AppointmentMove(
            appointment=a,
            from_starts_at=a.starts_at,
            to_starts_at=opening.starts_at,
            from_location=a.location_id,
            from_provider=a.provider_id,
            to_provider=provider,
            window=policies.window_after_move(by, opening.starts_at, amount, cancelling, at),
            moved_at=at,
            moved_by=by.name,
            why=why.strip(),
            **staff_moves.whose(by),
        )
        if by.is_patient:
            staff_moves.answered(a, "moved", at)
        before.save(force_insert=True)
        a.starts_at, a.ends_at = opening.starts_at, opening.ends_at
        a.provider, a.location = provider, location
        a.buffer_minutes, a.moves, a.status = service.buffer_minutes, a.moves + 1, "booked"
        a.arrived_at = None
        a.save()
        charge = None
        if amount:
            charge = charging.owe(
                patient, "late_move_fee", amount, fee.currency, fee.because, by=by, appointment=a, policy=fee.policy
            )
        trail.record(
            by, "appointment moved", f"appointment {a.id}", patient=patient,
            from_starts_at=before.from_starts_at.isoformat(), to_starts_at=a.starts_at.isoformat(),
            provider=provider.id, fee_minor=amount,
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
            patient=patient,
            appointment=a,
            charge=charge,
            by=by.kind,
            from_starts_at=before.from_starts_at.isoformat(),
            from_time_zone=before.from_location.time_zone,
        )
        _copy(a, appointment)
        return charge


def _check_movable(a, by, at):
    if not (open_to_patient(a, at) if by.is_patient else a.status in TO_COME):
        raise Refused(_too_late(a, "moved"))


def _close(a, before, status, by, why, at):
    closed = {"closed_at": at, "closed_by": by.name, "closed_by_kind": by.kind, "closed_why": why.strip()}
    facts = {"status": status, **closed}
    changed = Appointment.update(**facts).where((Appointment.id == a.id) & Appointment.status.in_(before)).execute()
    if not changed:
        raise Refused(_too_late(_load(a), status))
    for name, value in facts.items():
        setattr(a, name, value)


def _never_above_shown(amount, shown_minor, fee):
    if shown_minor is not None and amount > shown_minor:
        raise Refused(
            f"This now costs {money(amount, fee.currency)}. {fee.why} Nothing was changed. Please decide again.",
            fee=fee,
        )


def _too_late(a, done):
    if a.status == "booked":
        started = when(a.starts_at, a.location.time_zone)
        return f"This appointment started on {started} and cannot be {done} here. Please call us."
    return f"This appointment is already {a.status} and cannot be {done}."


def _load(appointment):
    return Appointment.get_by_id(appointment.id)


def _copy(a, appointment):
    """The caller's row shows what became of it."""
    for name in (
        "starts_at", "ends_at", "provider", "location", "status", "moves", "buffer_minutes",
        "arrived_at", "closed_at", "closed_by", "closed_by_kind", "closed_why",
    ):  # fmt: skip
        setattr(appointment, name, getattr(a, name))
