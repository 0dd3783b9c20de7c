"""Money owed for a reason: charged at most once, and paid, waived or given back by a named person."""

import secrets
from datetime import timedelta

from peewee import fn

from clock import now
from database import Written, write_tx
from gateways import cards
from models import Charge
from rules import faults, outbox, trail
from rules.actor import FOYER
from rules.refused import Refused
from rules.words import money

REASONS = {
    "cancellation_fee": "Late cancellation",
    "late_move_fee": "Late move",
    "no_show_fee": "Missed appointment",
    "membership_period": "Membership",
}
A_WHILE = timedelta(minutes=5)  # longer than any provider takes to answer; then it is asked again
ANSWERS = {  # (taking it, done): what the trail says, and what becomes of the charge
    (True, True): ("charge taken", {"status": "paid"}),
    (True, False): ("charge declined", {}),
    (False, True): ("refund given", {}),
    (False, False): ("refund declined", {"status": "paid", "settled_why": "The card provider declined the refund."}),
}
STATUSES = {"owed": "Owed", "paid": "Paid", "waived": "Waived", "refunded": "Given back"}


def owe(
    patient, reason, amount_minor, currency, because, *, by,
    appointment=None, membership=None, period_starts_on=None, policy=None,
) -> Charge:  # fmt: skip
    """Write down what is owed; a way that takes by itself is asked once this is durable (`ask_due`).

    Once per appointment and reason, and per membership and period: asked again, it returns the charge that is
    there, whatever became of it; one that was withdrawn stands again. The receipt is put in the same transaction.
    """
    with write_tx():
        charge = _already(reason, appointment, membership, period_starts_on)
        if charge and charge.withdrawn_at is None:
            return charge
        way = cards.named(charge.gateway) if charge else cards.chosen()
        ask_at = now() if way.takes_by_itself else None
        if charge:
            _stand_again(charge, ask_at)
        else:
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
                ask_at=ask_at,
            )
        made = trail.record(
            by, "charge made", f"charge {charge.id}", patient=patient,
            reason=reason, amount_minor=charge.amount_minor, currency=charge.currency,
        )  # fmt: skip
        outbox.put(
            "charge_receipt",
            f"A charge was made: {REASONS[reason].lower()}",
            dedupe=f"charge_receipt:{charge.id}:{made.id}",
            patient=patient,
            appointment=appointment,
            membership=membership,
            charge=charge,
        )
        return charge


def _stand_again(charge, ask_at):
    """The cause of a withdrawn charge came again after all."""
    facts = {"status": "owed", "withdrawn_at": None, "ask_at": ask_at}
    facts |= {"settled_at": None, "settled_by": "", "settled_why": ""}
    withdrawn = (Charge.status == "waived") & Charge.withdrawn_at.is_null(False)
    if Charge.update(**facts).where((Charge.id == charge.id) & withdrawn).execute():
        outbox.skip("a newer receipt tells of it", charge=charge, kinds=["charge_receipt"])
        for name, value in facts.items():
            setattr(charge, name, value)


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


def ask_due(at=None) -> int:
    """Ask the card providers for what is due: charges to take, refunds to give back; returns how many answered.

    Never inside a transaction: each is claimed for a while, and asked under its request_key, so that a death at any
    moment only means that it is asked again, and a provider that said yes before says so again.
    """
    due, answered = Charge.select(Charge.id).where(Charge.ask_at <= (at or now())), 0
    for (number,) in list(due.order_by(Charge.ask_at, Charge.id).tuples()):
        try:
            answered += ask(number)
        except Exception as fault:  # a provider that is away for one must not keep the others waiting
            faults.note(fault, "charging.ask_due")
    return answered


def ask(number: int) -> bool:
    """Claim one charge, ask its provider, and write down the answer; False when another has it or nothing is due."""
    at = now()
    claim = at + A_WHILE
    with write_tx():
        if not Charge.update(ask_at=claim).where((Charge.id == number) & (Charge.ask_at <= at)).execute():
            return False
    charge = Charge.get_by_id(number)
    way, taking = cards.named(charge.gateway), charge.status == "owed"
    asked = (way.charge if taking else way.refund)(
        request_key=charge.request_key, amount_minor=charge.amount_minor, currency=charge.currency,
        because=charge.because if taking else charge.settled_why,
    )  # fmt: skip
    action, facts = ANSWERS[taking, asked.done]
    if asked.done:
        facts = facts | {"gateway_reference" if taking else "refund_reference": asked.reference}
    with write_tx():
        settled = {"settled_at": now(), "settled_by": FOYER.name} if "status" in facts else {}
        facts = {"ask_at": None, **settled, **facts}
        if Charge.update(**facts).where((Charge.id == number) & (Charge.ask_at == claim)).execute():
            trail.record(
                FOYER, action, f"charge {number}", patient=charge.patient_id,
                amount_minor=charge.amount_minor, currency=charge.currency, reference=asked.reference,
            )  # fmt: skip
    return True


def mark_paid(charge, by, why="") -> None:
    """Staff took the money. `why` may say how: cash, card, transfer."""
    _settle(charge, by, "owed", "paid", "charge paid", why or "")


def waive(charge, by, why) -> None:
    """The clinic lets it go; needs a reason."""
    _settle(charge, by, "owed", "waived", "charge waived", _reason(why, "waive"))


def withdraw(charge, by, why) -> None:
    """Its cause was an error: it is waived until `owe` makes it stand again, or what was paid is given back."""
    if charge.status == "owed":
        _settle(charge, by, "owed", "waived", "charge waived", why, withdrawn_at=now())
    elif charge.status == "paid":
        refund(charge, by, why)


def refund(charge, by, why) -> None:
    """Money that was taken is given back, by the way it was taken; needs a reason."""
    why = _reason(why, "refund")
    ask_at = now() if cards.named(charge.gateway).takes_by_itself and charge.gateway_reference else None
    _settle(charge, by, "paid", "refunded", "charge refunded", why, ask_at=ask_at)


def words(charge) -> str:
    """What a charge means for whoever reads it."""
    costs = money(charge.amount_minor, charge.currency)
    return {
        "owed": f"{costs} is owed, payable at the clinic.",
        "paid": f"{costs} is paid.",
        "waived": f"The fee of {costs} was waived, so nothing is owed.",
        "refunded": f"The fee of {costs} was given back, so nothing is owed.",
    }[charge.status]


def _reason(why, verb):
    if not (why or "").strip():
        raise Refused(f"Enter why you {verb} this charge", field="why")
    return why.strip()


def _settle(charge, by, before, after, action, why, **also):
    if not by.is_staff:
        raise Refused("Only the clinic can settle a charge.")
    with write_tx():
        facts = {"status": after, "settled_at": now(), "settled_by": by.name, "settled_why": why, **also}
        stands = (Charge.id == charge.id) & (Charge.status == before) & Charge.ask_at.is_null()
        if not Charge.update(**facts).where(stands).execute():
            raise Refused(_in_the_way(Charge.get_by_id(charge.id), before))
        for name, value in facts.items():
            setattr(charge, name, value)
        trail.record(
            by, action, f"charge {charge.id}", patient=charge.patient_id,
            amount_minor=charge.amount_minor, currency=charge.currency, why=why,
        )  # fmt: skip


def _in_the_way(charge, before):
    costs = money(charge.amount_minor, charge.currency)
    if charge.status == before:
        return f"The card is being asked for {costs} just now. Please look again in a few minutes."
    return f"This charge of {costs} is already {charge.status}."
