"""Booking: one transaction with its paperwork and messages, for one service or for several in one go."""

from hashlib import sha256

from clock import now
from database import write_tx
from models import TO_COME, Appointment, Clinic, PolicyAcceptance, ServiceProvider
from rules import eligibility, findings, gone, holds, instructions, occupying, paperwork, searching, trail
from rules import policy as policies
from rules.refused import Refused
from rules.searching import Part

MOST_AHEAD = 24  # visits to come that are booked online for one patient; cancelling is free, so there must be an end


def book(
    patient, service, *, provider, location, starts_at, by, request_key,
    policy=None, shown_price_minor=None, hold=None, sure=False,
) -> Appointment:  # fmt: skip
    """Book one free time; see `book_all`."""
    part = Part(service, provider, location, starts_at)
    also = {"policy": policy, "shown_price_minor": shown_price_minor, "hold": hold, "sure": sure}
    return book_all(patient, [part], by=by, request_key=request_key, **also)[0]


def book_all(
    patient, parts, *, by, request_key, policy=None, shown_price_minor=None, hold=None, sure=False
) -> list[Appointment]:
    """Book free times as one visit: all of them or none. End, price and buffers are the service's own.

    `policy` is the version that was shown and accepted: a patient must accept the current one; for a
    booking by staff it is given only when the patient told them so. `shown_price_minor` is the total. A live
    `hold` of exactly these parts keeps them free for this booking alone. `sure`: staff book it although what
    must come before is missing. The same request_key again, from the same patient, returns the same
    appointments. Refused with facts["nearest"] (or ["arrangements"]) when a time is gone.
    """
    parts = list(parts)
    if not parts or not request_key or len(request_key) > 64:
        raise Refused(holds.NOT_WHOLE)
    before = _there_already(patient, parts, request_key)
    if before:
        return before
    also = {"patient": patient, "lead": by.is_patient, "hold": hold}
    with gone.offering_others(parts, **also), write_tx():
        before = _there_already(patient, parts, request_key)
        if before:
            return before
        at = now()
        holds.lapse_expired(at)
        for part in parts:
            _check_offered(part.service, part.provider)
            others = [other for other in parts if other is not part]
            findings.check_free(patient, part.service, part.starts_at, part.location.time_zone, by)
            eligibility.check(patient, part.service, part.starts_at, by, also=others, sure=sure)
        _check_enough(patient, parts, by, at)
        accepted = _accepted(policy, by)
        if shown_price_minor is not None and shown_price_minor != sum(part.service.price_minor for part in parts):
            raise Refused("The price changed while you were reading. Please look at it again.", field="policy")
        if hold is not None:
            holds.book_out_of(hold, parts, patient, at)
        # Who holds a time has it, even when it is soon by now; all else is asked once more.
        found = searching.exact(parts, patient=patient, lead=by.is_patient and hold is None)
        if found is None:
            raise Refused(gone.why(parts, **also), field="at")
        booked = [_write(patient, o, by, _key(request_key, i), at) for i, o in enumerate(found.parts)]
        if len(booked) > 1:
            numbers = [a.id for a in booked]
            Appointment.update(visit_key=request_key).where(Appointment.id.in_(numbers)).execute()
            for a in booked:
                a.visit_key = request_key
        occupying.take_rooms(booked, found.parts)
        for a in booked:
            _follow(a, by, accepted, at, confirm=a is booked[0])
        return booked


def _there_already(patient, parts, request_key) -> list[Appointment]:
    """What this submit has booked before; empty when it is the first time."""
    first = Appointment.get_or_none(Appointment.request_key == request_key)
    if first is None:
        return []
    there = [first]
    if first.visit_key:
        keys = [_key(request_key, i) for i in range(len(parts))]
        found = {a.request_key: a for a in Appointment.select().where(Appointment.visit_key == first.visit_key)}
        there = [found[key] for key in keys if key in found] if len(found) == len(parts) else []
    stand = [(a.service_id, a.provider_id, a.location_id, a.starts_at) for a in there if a.live]
    asked = [(part.service.id, part.provider.id, part.location.id, part.starts_at) for part in parts]
    if first.patient_id != patient.id or stand != asked:
        raise Refused(holds.USED)
    return there


def _key(request_key, i) -> str:
    """The first part has the submit's own key, the others one made from it: one submit, one booking."""
    return sha256(f"{request_key} {i}".encode()).hexdigest() if i else request_key


def _write(patient, opening, by, request_key, at) -> Appointment:
    before, after = occupying.buffers(opening.service, opening.provider)
    return Appointment.create(
        patient=patient,
        service=opening.service,
        provider=opening.provider,
        location=opening.location,
        starts_at=opening.starts_at,
        ends_at=opening.ends_at,
        buffer_minutes=after,
        buffer_before_minutes=before,
        lane=opening.lane,
        price_minor=opening.service.price_minor,
        currency=Clinic.get_by_id(1).currency,
        request_key=request_key,
        booked_at=at,
        booked_by=by.kind,
    )


def _follow(a, by, accepted, at, confirm) -> None:
    """What a booking brings with it: the policy, a line in the trail, paperwork and messages."""
    if accepted:
        PolicyAcceptance.create(
            appointment=a,
            policy=accepted,
            policy_digest=accepted.digest,
            shown_minor=policies.shown_fee(accepted, a.price_minor),
            shown_no_show_minor=policies.shown_no_show(accepted, a.price_minor),
            currency=a.currency,
            accepted_at=at,
            accepted_by=by.kind,
            ip=by.ip,
            agent=by.agent,
        )
    trail.record(
        by, "appointment booked", f"appointment {a.id}", patient=a.patient_id,
        starts_at=a.starts_at.isoformat(), service=a.service_id, provider=a.provider_id,
        policy=accepted.number if accepted else None,
    )  # fmt: skip
    paperwork.begin_for(a, by)
    findings.check_raised(a, by)
    instructions.announce(a, by, confirm=confirm)


def _check_offered(service, provider):
    if service.archived_at or provider.archived_at:
        raise Refused("This can no longer be booked. Please choose another treatment or provider.")
    performs = (ServiceProvider.service == service) & (ServiceProvider.provider == provider)
    if not ServiceProvider.select().where(performs).exists():
        raise Refused(f"{provider.name} does not offer this treatment. Please choose another provider.")


def _check_enough(patient, parts, by, at):
    """A patient books what they mean to come to, not the clinic's whole calendar; staff book what they like."""
    if not by.is_patient:
        return
    ahead = (Appointment.patient == patient) & Appointment.status.in_(TO_COME) & (Appointment.starts_at > at)
    if Appointment.select().where(ahead).count() + len(parts) > MOST_AHEAD:
        raise Refused(f"More than {MOST_AHEAD} visits ahead are booked with us in person. Please call us.")


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
