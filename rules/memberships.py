"""Memberships: join a plan, be charged once for each period, leave at the end of what is paid."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from clock import local, now
from database import Written, write_tx
from models import AgreementVersion, Charge, Membership, Plan
from rules import charging, faults, outbox, signing, trail
from rules.actor import FOYER
from rules.clinic import first_zone, home_zone
from rules.refused import Refused
from rules.words import date_words, money

STILL_READING = timedelta(days=1)  # so long may a replaced agreement lie open before it is signed


@dataclass(frozen=True)
class Leaving:
    """What leaving today means: the last day as a member, and what is still charged for the days until then."""

    last_day: date
    due_minor: int


def today(at=None) -> date:
    return local(at or now(), home_zone()).date()


def day_of_period(joined_on: date, period: str, number: int) -> date:
    """The first day of period `number` (0 is the one of joining): 31 Jan, 28 Feb, 31 Mar …"""
    months = joined_on.month - 1 + number * (12 if period == "year" else 1)
    year, month = joined_on.year + months // 12, months % 12 + 1
    return date(year, month, min(joined_on.day, monthrange(year, month)[1]))


def day_after_period(joined_on: date, period: str, begun_on: date) -> date:
    """The first day of the period that follows the one which began on `begun_on`."""
    months = (begun_on.year - joined_on.year) * 12 + begun_on.month - joined_on.month
    return day_of_period(joined_on, period, months // (12 if period == "year" else 1) + 1)


@Written
def _active(patient):
    live = (Membership.patient == patient) & (Membership.status == "active")
    return Membership.select(Membership, Plan, first_zone().alias("zone")).join(Plan).where(live)


def of(patient) -> Membership | None:
    """The patient's membership with its plan, in one query; one that has run out is none, swept or not."""
    row = next(iter(_active(patient=patient.id)), None)
    if row is None or (row.ends_on and row.ends_on < local(now(), row.zone or "UTC").date()):
        return None
    return row


def any_offered() -> bool:
    """Whether there is a plan to join at all."""
    return bool(_one_offered())


def past(patient) -> list[Membership]:
    """What this patient was a member of before, newest first."""
    return list(
        Membership.select(Membership, Plan)
        .join(Plan)
        .where((Membership.patient == patient) & (Membership.status == "ended"))
        .order_by(Membership.id.desc())
    )


def offered() -> list[Plan]:
    """The plans that can be joined: not archived, and with an agreement to sign."""
    return list(Plan.select().where(_joinable()).order_by(Plan.price_minor))


def _joinable():
    return Plan.archived_at.is_null() & Plan.id.in_(AgreementVersion.select(AgreementVersion.plan))


@Written
def _one_offered():
    return Plan.select(Plan.id).where(_joinable()).limit(1)


def agreement_of(plan) -> AgreementVersion | None:
    """The agreement that is signed from now on."""
    return plan.agreements.order_by(AgreementVersion.number.desc()).first()


def price_words(priced) -> str:
    """What a plan, or a membership, costs: $99.00 every month."""
    if priced.price_minor == 0:
        return "Free of charge"
    return f"{money(priced.price_minor, priced.currency)} every {priced.period}"


def shown_text(plan, agreement) -> str:
    """What the patient reads and signs, word for word: the plan, its price, its agreement."""
    return f"{plan.name}: {price_words(plan)}\n\n{agreement.text}"


def join(patient, plan, agreement, by, request_key, *, price, method, signer_name, strokes=None) -> Membership:
    """Become a member: membership, signature and first charge in one step. The same request_key is the same join.

    `agreement` and `price` (as price_words says it) are what the patient was shown; nothing else is signed or charged.
    """
    with write_tx():
        again = Membership.get_or_none(Membership.request_key == request_key)
        if again is not None:
            if again.patient_id != patient.id:
                raise Refused("Please load the page again and sign once more.")
            return again
        day = today()
        _settle_run_out(patient, day)
        present = of(patient)
        if present is not None:
            raise Refused(f"You already have the {present.plan.name} membership. Leave it before you join another.")
        plan = Plan.get_by_id(plan.id)
        _check_offer(plan, agreement, price)
        membership = Membership.create(
            patient=patient,
            plan=plan,
            agreement=agreement,
            price_minor=plan.price_minor,
            currency=plan.currency,
            period=plan.period,
            joined_at=now(),
            joined_on=day,
            period_starts_on=day,
            next_charge_on=day_of_period(day, plan.period, 1),
            request_key=request_key,
        )
        signing.sign(
            patient=patient,
            by=by,
            text=shown_text(plan, agreement),
            version_digest=agreement.digest,
            method=method,
            signer_name=signer_name,
            strokes=strokes,
            membership=membership,
            time_zone=home_zone(),
        )
        _charge_period(membership, by)
        outbox.put(
            "membership_joined",
            f"Joined the {plan.name} membership",
            dedupe=f"membership_joined:{membership.id}",
            patient=patient,
            membership=membership,
        )
        trail.record(
            by,
            "membership joined",
            f"membership {membership.id}",
            patient=patient,
            plan=plan.id,
            agreement=agreement.number,
            price_minor=plan.price_minor,
            next_charge_on=membership.next_charge_on.isoformat(),
        )
        return membership


def leaving(membership, at=None) -> Leaving:
    """What leaving now would mean; a period that has begun is charged and runs to its end."""
    day, due, following = today(at), 0, membership.next_charge_on
    while following <= day:
        following = day_after_period(membership.joined_on, membership.period, following)
        due += membership.price_minor
    return Leaving(following - timedelta(days=1), due)


def leave(membership, by, until: date | None = None) -> Membership:
    """Stop the charges; the membership runs to the end of its period. `until` is the last day that was shown."""
    with write_tx():
        membership = Membership.get_by_id(membership.id)
        if membership.status != "active":
            raise Refused("This membership has already ended.")
        if membership.ends_on:
            return membership
        last_day = leaving(membership).last_day
        if until is not None and until != last_day:
            raise Refused("A new period has begun since you opened this page. Please read it again, then confirm.")
        while _renew(membership.id, today()):
            pass
        Membership.update(ends_on=last_day).where(Membership.id == membership.id).execute()
        membership = Membership.get_by_id(membership.id)
        outbox.put(
            "membership_ended",
            f"Left the {membership.plan.name} membership",
            dedupe=f"membership_ended:{membership.id}:{now().timestamp()}",
            patient=membership.patient,
            membership=membership,
        )
        trail.record(
            by,
            "membership left",
            f"membership {membership.id}",
            patient=membership.patient,
            ends_on=last_day.isoformat(),
        )
        return membership


def keep(membership, by) -> Membership:
    """Take the leaving back, until the last day is over; charges go on as before."""
    with write_tx():
        membership = Membership.get_by_id(membership.id)
        if membership.status != "active" or (membership.ends_on and membership.ends_on < today()):
            raise Refused("This membership has ended. You are welcome to join again.")
        if membership.ends_on is None:
            return membership
        Membership.update(ends_on=None).where(Membership.id == membership.id).execute()
        outbox.skip("the membership was kept", membership=membership, kinds=["membership_ended"])
        trail.record(by, "membership kept", f"membership {membership.id}", patient=membership.patient)
        return Membership.get_by_id(membership.id)


def renew_due(at=None) -> int:
    """Charge every period that has begun and was not charged, and end what has run out; safe to run twice.

    Each step is its own transaction, and a fault with one membership leaves the others theirs. Returns the steps made.
    """
    day, steps = today(at), 0
    due = Membership.select(Membership.id).where((Membership.status == "active") & (Membership.next_charge_on <= day))
    for (number,) in list(due.order_by(Membership.next_charge_on, Membership.id).tuples()):
        try:
            while _renew(number, day):
                steps += 1
        except Exception as fault:  # one broken row must not keep the others from being renewed
            faults.note(fault, "memberships.renew_due")
    return steps


def _renew(number: int, day: date) -> bool:
    """One step for one membership: end it, or charge its next period. False when nothing was due."""
    with write_tx():
        membership = Membership.get_by_id(number)
        if membership.status != "active" or membership.next_charge_on > day:
            return False
        if membership.ends_on:
            _end(membership)
            return True
        begun = membership.next_charge_on
        membership.period_starts_on = begun
        membership.next_charge_on = day_after_period(membership.joined_on, membership.period, begun)
        membership.save()
        _charge_period(membership, FOYER)
        trail.record(
            FOYER,
            "membership renewed",
            f"membership {number}",
            patient=membership.patient,
            period_starts_on=begun.isoformat(),
        )
        return True


def _settle_run_out(patient, day: date) -> None:
    """A membership that ran out while nobody swept must not stand in the way of a new one."""
    for old in Membership.select().where((Membership.patient == patient) & (Membership.status == "active")):
        if old.ends_on and old.ends_on < day:
            _end(old)


def _end(membership) -> None:
    Membership.update(status="ended").where(Membership.id == membership.id).execute()
    trail.record(FOYER, "membership ended", f"membership {membership.id}", patient=membership.patient)


def _charge_period(membership, by) -> Charge | None:
    """The present period's charge; a plan that costs nothing makes none."""
    if membership.price_minor == 0:
        return None
    first, last = membership.period_starts_on, membership.next_charge_on - timedelta(days=1)
    return charging.owe(
        membership.patient,
        "membership_period",
        membership.price_minor,
        membership.currency,
        f"{membership.plan.name} membership, {date_words(first)} to {date_words(last)}.",
        by=by,
        membership=membership,
        period_starts_on=first,
    )


def _check_offer(plan, agreement, price: str) -> None:
    """The plan is still offered as it was shown; a text replaced while the patient was reading still stands."""
    if plan.archived_at:
        raise Refused(f"{plan.name} is no longer offered. Nothing was charged. Please choose another membership.")
    if agreement is None or agreement.plan_id != plan.id:
        raise Refused("The agreement did not arrive with your signature. Please read it again, then sign.")
    replaced = plan.agreements.where(AgreementVersion.number == agreement.number + 1).first()
    if replaced and replaced.created_at < now() - STILL_READING:
        raise Refused("The agreement has changed since you opened this page. Please read it again, then sign.")
    if price_words(plan) != price:
        raise Refused(f"The price has changed: it is now {price_words(plan)}. Nothing was charged. Please look again.")
