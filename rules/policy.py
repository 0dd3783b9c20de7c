"""What a late cancellation, a late move or an absence costs, and why: the version that the patient accepted binds.

The window is elapsed time before the start, judged when the change is committed. Moving and then cancelling
must not be a way around it, and a move by the clinic must never cost the patient. So each move says what
becomes of the window (AppointmentMove.window):

* follows: the window counts from the new time (a move in good time, or one that was paid for);
* closed: the patient moved inside the window without paying, so cancelling stays as late as it was;
* open: the clinic moved the visit to a time whose window had already begun, so cancelling is free.

Only the last move counts; a patient's move out of a closed window is itself late, and so keeps it closed.

Until the patient has answered a move by the clinic (AppointmentMove.answer "open"), everything is free: cancelling,
moving and not coming. What they move to in answer is never worse for them than a move by the clinic would be.

A visit that a block keeps from taking place, or that a provider declined, costs nothing at all to cancel or to move,
and what it is moved to is never worse for that.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from clock import now
from database import write_tx
from models import AppointmentMove, Charge, Clinic, Policy, PolicyAcceptance
from rules import findings, trail
from rules.policy_text import text_of
from rules.refused import Refused
from rules.words import count, money, when

EXCUSED = "Free: this appointment cannot take place as planned, so changing it costs nothing."
UNANSWERED = "Free: the clinic moved your appointment, and you have not said yet whether the new time suits you."


@dataclass(frozen=True)
class Fee:
    """What a change costs at one moment, and how it comes about."""

    amount_minor: int
    currency: str
    free_until: datetime | None  # the last moment at which it costs nothing; None: it never costs
    why: str  # one or two exact sentences for the page
    policy: Policy | None
    late_minor: int = 0  # what it costs after free_until
    excused: bool = False  # by the clinic's own doing, or since it cannot take place as planned: nothing costs anything

    @property
    def because(self) -> str:
        """The same sentences as a receipt says them, afterwards."""
        return self.why.replace("You are cancelling", "You cancelled").replace("You are moving", "You moved")

    @property
    def words(self) -> str:
        return money(self.amount_minor, self.currency) if self.amount_minor else "Free"


def current() -> Policy | None:
    """The policy that a booking made now must accept; None when the clinic has none."""
    last = Policy.select().order_by(Policy.number.desc()).first()
    return last if last and last.active else None


def of_price(kind: str, value: int, price_minor: int) -> int:
    """A fixed fee, or a percentage of the price rounded half up to the minor unit."""
    return value if kind == "fixed" else (price_minor * value + 50) // 100


def shown_fee(policy: Policy, price_minor: int) -> int:
    """The late-cancellation fee that stands on the booking page."""
    return of_price(policy.fee_kind, policy.fee_value, price_minor)


def shown_no_show(policy: Policy, price_minor: int) -> int:
    return of_price(policy.no_show_kind, policy.no_show_value, price_minor)


def fee_for(appointment, at=None) -> Fee:
    """What it costs the patient to cancel at `at` (default: now)."""
    return fees_for([appointment], at)[appointment.id]


def fees_for(appointments, at=None) -> dict[int, Fee]:
    """fee_for of many appointments, by their ids, in four queries."""
    at, appointments = at or now(), list(appointments)
    ids = [appointment.id for appointment in appointments]
    accepted = {
        a.appointment_id: a
        for a in PolicyAcceptance.select(PolicyAcceptance, Policy).join(Policy)
        .where(PolicyAcceptance.appointment.in_(ids))
    }  # fmt: skip
    moved = {
        move.appointment_id: move
        for move in AppointmentMove.select().where(AppointmentMove.appointment.in_(ids)).order_by(AppointmentMove.id)
    }
    grace, excused = _grace(), findings.excused_of(ids)
    return {
        a.id: cancelling_fee(a, accepted.get(a.id), moved.get(a.id), grace, at, a.id in excused) for a in appointments
    }


def _grace() -> timedelta:
    return timedelta(minutes=Clinic.select(Clinic.grace_minutes).where(Clinic.id == 1).scalar() or 0)


def cancelling_fee(appointment, accepted, move, grace, at, excused=False) -> Fee:
    """The decision itself, over rows that are loaded already: the acceptance and the last move may be None."""
    if excused:
        policy = accepted.policy if accepted and accepted.policy.active else None
        late_minor = min(shown_fee(policy, appointment.price_minor), accepted.shown_minor) if policy else 0
        return Fee(0, appointment.currency, None, EXCUSED, policy, late_minor, excused=True)
    if accepted is None or not accepted.policy.active:
        return Fee(0, appointment.currency, None, "Free: no cancellation policy applies to this appointment.", None)
    policy = accepted.policy
    late_minor = min(shown_fee(policy, appointment.price_minor), accepted.shown_minor)
    if not late_minor:
        return Fee(0, accepted.currency, None, "Free: your booking's policy sets no fee for cancelling.", policy)

    def fee(amount, until, why):
        return Fee(amount, accepted.currency, until, why, policy, late_minor)

    notice = timedelta(hours=policy.notice_hours)
    hours = count(policy.notice_hours, "hour")
    sets = f"Your booking's policy sets a fee of {_amount(policy, late_minor, accepted, appointment)}."
    graced_until = appointment.booked_at + grace
    if move and move.answer == "open":
        return Fee(0, accepted.currency, appointment.starts_at, UNANSWERED, policy, late_minor, excused=True)
    if move and move.window == "open":
        return fee(0, appointment.starts_at, "Free: the clinic moved your appointment to this time.")
    if move and move.window == "closed":
        until = max(min(move.from_starts_at - notice, move.moved_at - timedelta.resolution), graced_until)
        late = f"You moved this appointment less than {hours} before its earlier time, so cancelling counts as late."
    else:
        until = min(max(appointment.starts_at - notice, graced_until), appointment.starts_at)
        late = f"You are cancelling less than {hours} before your appointment."
    if at > until:
        return fee(late_minor, until, f"{late} {sets}")
    if until == appointment.starts_at:
        return fee(0, until, "Free: cancelling costs nothing until your appointment starts.")
    if until == graced_until:
        minutes = count(int(grace.total_seconds() // 60), "minute")
        return fee(0, until, f"Free: a booking can be undone for {minutes} after it was made.")
    return fee(0, until, f"Free: it is {hours} or more before your appointment.")


def _amount(policy, late_minor, accepted, appointment):
    words = money(late_minor, accepted.currency)
    if policy.fee_kind == "percent" and late_minor == shown_fee(policy, appointment.price_minor):
        return f"{words} ({policy.fee_value} % of the price)"
    return words


def move_fee_for(appointment, at=None) -> Fee:
    """What it costs the patient to move at `at` (default: now), and what a late move means for cancelling."""
    at = at or now()
    cancelling = fee_for(appointment, at)
    policy = cancelling.policy
    if cancelling.excused:
        return cancelling
    if policy is None or not cancelling.late_minor:
        return Fee(0, cancelling.currency, None, cancelling.why.replace(" for cancelling", ""), policy)
    late = cancelling.amount_minor > 0
    if not policy.late_move_costs:
        why = "Free: your booking's policy sets no fee for moving."
        if late:
            costs = money(cancelling.late_minor, cancelling.currency)
            why += f" It is late to cancel already: cancelling after this move still costs {costs}."
        return Fee(0, cancelling.currency, None, why, policy)
    if late and charged_for_moving(appointment):
        why = "Free: the fee for a late move was already charged for this appointment."
        return Fee(0, cancelling.currency, None, why, policy)
    why = cancelling.why.replace("You are cancelling", "You are moving").replace("cancelling", "moving")
    return Fee(cancelling.amount_minor, cancelling.currency, cancelling.free_until, why, policy, cancelling.late_minor)


def charged_for_moving(appointment) -> bool:
    return Charge.select().where((Charge.appointment == appointment) & (Charge.reason == "late_move_fee")).exists()


def no_show_fee_for(appointment) -> Fee:
    """What not coming costs, by the accepted version and never above what was shown."""
    accepted = (
        PolicyAcceptance.select(PolicyAcceptance, Policy).join(Policy)
        .where(PolicyAcceptance.appointment == appointment).first()
    )  # fmt: skip
    if accepted is None or not accepted.policy.active:
        return Fee(0, appointment.currency, None, "No cancellation policy applies to this appointment.", None)
    policy = accepted.policy
    if findings.excused_of([appointment.id]):
        why = "This appointment could not take place as planned, so not coming costs nothing."
        return Fee(0, accepted.currency, None, why, policy, excused=True)
    if _last_answer(appointment) == "open":
        why = "The clinic moved this appointment and you had not answered, so not coming costs nothing."
        return Fee(0, accepted.currency, None, why, policy, excused=True)
    amount = min(shown_no_show(policy, appointment.price_minor), accepted.shown_no_show_minor)
    if not amount:
        return Fee(0, accepted.currency, None, "Your booking's policy sets no fee for a missed appointment.", policy)
    why = (
        f"You did not come to your appointment. Your booking's policy sets a fee of {money(amount, accepted.currency)}."
    )
    return Fee(amount, accepted.currency, None, why, policy, amount)


def _last_answer(appointment) -> str | None:
    moves = AppointmentMove.select(AppointmentMove.answer).where(AppointmentMove.appointment == appointment)
    return moves.order_by(AppointmentMove.id.desc()).limit(1).scalar()


def until_words(appointment, fee: Fee, at=None, time_zone: str | None = None) -> str:
    """Until when cancelling is free and what it costs then: the line of cards, mails and calendar files."""
    if fee.free_until is None:
        return "Cancelling is free."
    costs = money(fee.late_minor, fee.currency)
    if (at or now()) > fee.free_until:
        return f"Cancelling costs {costs}."
    if fee.free_until >= appointment.starts_at:
        return "Cancelling is free until it starts."
    return f"Free to cancel until {when(fee.free_until, time_zone or appointment.location.time_zone)}, then {costs}."


def words_after_move(appointment, starts_at, location, at) -> str:
    """What cancelling will cost once the patient has moved the appointment to this time."""
    cancelling, moving = fee_for(appointment, at), move_fee_for(appointment, at)
    if not cancelling.late_minor:
        return "Cancelling stays free."
    costs = money(cancelling.late_minor, cancelling.currency)
    until = max(starts_at - timedelta(hours=cancelling.policy.notice_hours), appointment.booked_at + _grace())
    if cancelling.excused and until < at:
        return "After this move, cancelling is free until it starts."
    if window_after_move_by_patient(cancelling, moving.amount_minor) == "closed" or until < at:
        return f"Cancelling after this move costs {costs}."
    if until >= starts_at:
        return "After this move, cancelling is free until it starts."
    return f"After this move: free to cancel until {when(until, location.time_zone)}, then {costs}."


def words_before_booking(policy: Policy, service, starts_at, location) -> list[str]:
    """What stands on the booking page about cancelling this appointment, in amounts and moments."""
    clinic = Clinic.get_by_id(1)
    late, absent = shown_fee(policy, service.price_minor), shown_no_show(policy, service.price_minor)
    free_until = starts_at - timedelta(hours=policy.notice_hours)
    grace = count(clinic.grace_minutes, "minute")
    if not late or not policy.notice_hours:
        said = ["Cancelling is free until the appointment starts."]
    elif now() + timedelta(minutes=clinic.grace_minutes) < free_until:
        until = when(free_until, location.time_zone)
        said = [f"Free to cancel until {until}. After that, cancelling costs {money(late, clinic.currency)}."]
    else:
        undo = f"You can undo the booking for {grace}. After that, c" if clinic.grace_minutes else "C"
        said = [
            f"This appointment is less than {count(policy.notice_hours, 'hour')} away. "
            f"{undo}ancelling costs {money(late, clinic.currency)}."
        ]
    if absent:
        said.append(f"Not coming costs {money(absent, clinic.currency)}.")
    return said


def window_after_move(by, to_starts_at, charged_minor: int, cancelling: Fee, at) -> str:
    """What becomes of the free window when `by` moves the appointment; see the top of this file."""
    if by.is_patient and not cancelling.excused:
        return window_after_move_by_patient(cancelling, charged_minor)
    if cancelling.policy is None:
        return "follows"
    return "open" if at > to_starts_at - timedelta(hours=cancelling.policy.notice_hours) else "follows"


def window_after_move_by_patient(cancelling: Fee, charged_minor: int) -> str:
    return "closed" if cancelling.amount_minor and not charged_minor else "follows"


def write(
    by, *, notice_hours, fee_kind, fee_value, no_show_kind, no_show_value,
    late_move_costs=False, active=True, extra="",
) -> Policy:  # fmt: skip
    """A new version, its text made from its own settings, so that words and numbers cannot drift apart.

    fee_value and no_show_value are minor units when fixed, whole percent otherwise; `extra` is one more
    paragraph of the clinic's own. An inactive version says: from now on, no policy.
    """
    _check(notice_hours, fee_kind, fee_value, no_show_kind, no_show_value)
    settings = {
        "notice_hours": notice_hours,
        "fee_kind": fee_kind,
        "fee_value": fee_value,
        "no_show_kind": no_show_kind,
        "no_show_value": no_show_value,
        "late_move_costs": late_move_costs,
        "active": active,
    }
    with write_tx():
        text = text_of(currency=Clinic.get_by_id(1).currency, extra=extra, **settings)
        last = Policy.select(Policy.number).order_by(Policy.number.desc()).first()
        told = json.dumps([text, settings], sort_keys=True, separators=(",", ":"))
        policy = Policy.create(
            number=last.number + 1 if last else 1,
            text=text,
            digest=sha256(told.encode()).hexdigest(),
            created_by=by.name,
            **settings,
        )
        trail.record(by, "policy written", f"policy {policy.number}", **settings)
    return policy


def _check(notice_hours, fee_kind, fee_value, no_show_kind, no_show_value):
    if not 0 <= notice_hours <= 720:
        raise Refused("Enter a notice between 0 and 720 hours", field="notice_hours")
    for field, kind, value in (("fee_value", fee_kind, fee_value), ("no_show_value", no_show_kind, no_show_value)):
        if value < 0 or (kind == "percent" and value > 100):
            raise Refused("Enter an amount of 0 or more, or a percentage from 0 to 100", field=field)
