"""Money owed for a reason: charged at most once, and paid, waived or given back by a named person."""

import secrets

from peewee import fn

from clock import now
from database import Written, write_tx
from gateways import cards
from models import Charge
from rules import outbox, trail
from rules.refused import Refused
from rules.words import money

REASONS = {
    "cancellation_fee": "Late cancellation",
    "late_move_fee": "Late move",
    "no_show_fee": "Missed appointment",
    "membership_period": "Membership",
}
STATUSES = {"owed": "Owed", "paid": "Paid", "waived": "Waived", "refunded": "Given back"}


def owe(
    patient, reason, amount_minor, currency, because, *, by,
    appointment=None, membership=None, period_starts_on=None, policy=None,
) -> Charge:  # fmt: skip
    """Write down what is owed and hand it to the clinic's way of taking money.

    Once per appointment and reason, and per membership and period: asked again, it returns the charge
    that is there, whatever became of it. The receipt is put in the same transaction.
    """
    with write_tx():
        there = _already(reason, appointment, membership, period_starts_on)
        if there:
            return there
        way = cards.chosen()
        charge = Charge.create(
            patient=patient,
            appointment=appointment,
            membership=membership,
            period_starts_on=period_starts_on,
            reason=reason,
            amount_minor=amount_minor,
            currency=currency,
            policy=policy,
            because=because,
            # One writer at a time, and charges are never deleted: numbers without gaps.
            receipt_number=(Charge.select(fn.MAX(Charge.receipt_number)).scalar() or 0) + 1,
            request_key=secrets.token_hex(16),
            gateway=way.name,
        )
        outcome = way.charge(
            request_key=charge.request_key, amount_minor=amount_minor, currency=currency, because=because
        )
        charge.status, charge.gateway_reference = outcome.status, outcome.reference
        charge.save()
        trail.record(
            by, "charge made", f"charge {charge.id}", patient=patient,
            reason=reason, amount_minor=amount_minor, currency=currency,
        )  # fmt: skip
        outbox.put(
            "charge_receipt",
            f"A charge was made: {REASONS[reason].lower()}",
            dedupe=f"charge_receipt:{charge.id}",
            patient=patient,
            appointment=appointment,
            membership=membership,
            charge=charge,
        )
        return charge


def _already(reason, appointment, membership, period_starts_on):
    if appointment is not None:
        return Charge.get_or_none((Charge.appointment == appointment) & (Charge.reason == reason))
    return Charge.get_or_none((Charge.membership == membership) & (Charge.period_starts_on == period_starts_on))


def owed_minor(patient) -> int:
    """What this patient owes in all, in minor units."""
    [(amount,)] = _owed(patient=patient.id)
    return amount


@Written
def _owed(patient):
    owed = (Charge.patient == patient) & (Charge.status == "owed")
    return Charge.select(fn.COALESCE(fn.SUM(Charge.amount_minor), 0)).where(owed).tuples()


def mark_paid(charge, by, why="") -> None:
    """Staff took the money. `why` may say how: cash, card, transfer."""
    _settle(charge, by, "owed", "paid", "charge paid", why)


def waive(charge, by, why) -> None:
    """The clinic lets it go; needs a reason."""
    _settle(charge, by, "owed", "waived", "charge waived", _reason(why, "waive"))


def refund(charge, by, why) -> None:
    """Money that was taken is given back; needs a reason."""
    why = _reason(why, "refund")
    with write_tx():
        _settle(charge, by, "paid", "refunded", "charge refunded", why)
        outcome = cards.chosen().refund(
            request_key=charge.request_key, amount_minor=charge.amount_minor, currency=charge.currency, because=why
        )
        Charge.update(gateway_reference=outcome.reference).where(Charge.id == charge.id).execute()


def _reason(why, verb):
    if not (why or "").strip():
        raise Refused(f"Enter why you {verb} this charge", field="why")
    return why.strip()


def _settle(charge, by, before, after, action, why):
    if not by.is_staff:
        raise Refused("Only the clinic can settle a charge.")
    with write_tx():
        facts = {"status": after, "settled_at": now(), "settled_by": by.name, "settled_why": why}
        changed = Charge.update(**facts).where((Charge.id == charge.id) & (Charge.status == before)).execute()
        if not changed:
            stands = Charge.get_by_id(charge.id)
            raise Refused(f"This charge of {money(stands.amount_minor, stands.currency)} is already {stands.status}.")
        for name, value in facts.items():
            setattr(charge, name, value)
        trail.record(
            by, action, f"charge {charge.id}", patient=charge.patient_id,
            amount_minor=charge.amount_minor, currency=charge.currency, why=why,
        )  # fmt: skip
