"""What a late cancellation costs: by the accepted version, by elapsed time, and never above what was shown."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models import Appointment, Charge, Clinic, Policy, PolicyAcceptance, Service
from rules import policy, scheduling, staff_moves
from rules.actor import Actor
from rules.refused import Refused

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)  # 10:00 in New York
OWNER = Actor("staff", 1, "Olive Owner")
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
EDGE = FRIDAY - 48 * HOUR


def patient(clinic):
    return Actor("patient", clinic.ava.id, clinic.ava.name)


def booked(clinic, starts_at=FRIDAY, accepted=True, **also):
    return scheduling.book(
        clinic.ava, Service.get_by_id(clinic.botox.id), provider=clinic.dr_lin, location=clinic.soho,
        starts_at=starts_at, request_key=uuid4().hex, **{"by": patient(clinic) if accepted else OWNER, **also},
        policy=policy.current() if accepted else None,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


def written(**differs):
    settings = {
        "notice_hours": 48, "fee_kind": "fixed", "fee_value": 5000, "no_show_kind": "percent", "no_show_value": 100
    }  # fmt: skip
    return policy.write(OWNER, **{**settings, **differs})


def move(clinic, a, starts_at, by):
    return scheduling.move(a, starts_at=starts_at, provider=clinic.dr_lin, location=clinic.soho, by=by)


def test_the_window_is_judged_to_the_second(clinic):
    a = booked(clinic)
    assert policy.fee_for(a, EDGE - SECOND).amount_minor == 0
    assert policy.fee_for(a, EDGE).amount_minor == 0
    late = policy.fee_for(a, EDGE + SECOND)
    assert late.amount_minor == 5000
    assert late.free_until == EDGE
    assert late.why == (
        "You are cancelling less than 48 hours before your appointment. Your booking's policy sets a fee of $50.00."
    )
    assert policy.fee_for(a, EDGE).why == "Free: it is 48 hours or more before your appointment."


def test_the_window_is_elapsed_hours_over_the_night_in_which_the_clocks_change(clinic):
    a = booked(clinic, datetime(2026, 3, 9, 14, tzinfo=UTC))  # Monday 10:00 EDT; the clocks went forward on Sunday
    assert policy.until_words(a, policy.fee_for(a)) == "Free to cancel until Sat 7 Mar 2026, 09:00 EST, then $50.00."


def test_without_an_accepted_policy_it_costs_nothing(clinic):
    a = booked(clinic, accepted=False)
    fee = policy.fee_for(a, FRIDAY - HOUR)
    assert (fee.amount_minor, fee.policy, fee.free_until) == (0, None, None)
    assert "no cancellation policy applies" in fee.why
    assert policy.no_show_fee_for(a).amount_minor == 0


def test_the_version_that_was_accepted_binds_whatever_comes_later(clinic):
    a = booked(clinic)
    written(notice_hours=96, fee_value=20000)
    assert policy.fee_for(a, EDGE).amount_minor == 0
    assert policy.fee_for(a, EDGE + SECOND).amount_minor == 5000
    written(active=False)
    assert policy.current() is None
    assert policy.fee_for(a, EDGE + SECOND).amount_minor == 5000


def test_a_booking_can_be_undone_within_the_grace_whatever_the_policy(clinic, time_machine):
    time_machine.move_to(FRIDAY - 3 * HOUR, tick=False)
    a = booked(clinic)
    grace = timedelta(minutes=Clinic.get().grace_minutes)
    free = policy.fee_for(a, FRIDAY - 3 * HOUR + grace)
    assert free.amount_minor == 0
    assert free.why == "Free: a booking can be undone for 3 minutes after it was made."
    assert free.free_until == FRIDAY - 3 * HOUR + grace
    assert policy.fee_for(a, FRIDAY - 3 * HOUR + grace + SECOND).amount_minor == 5000


@pytest.mark.parametrize(
    ("price", "percent", "fee"), [(101, 50, 51), (99, 50, 50), (40000, 33, 13200), (1, 49, 0), (5, 10, 1)]
)
def test_a_percentage_is_rounded_half_up_to_the_minor_unit(price, percent, fee):
    assert policy.of_price("percent", percent, price) == fee


def test_a_percentage_names_itself_and_is_of_the_price_when_booked(clinic):
    written(fee_kind="percent", fee_value=50)
    a = booked(clinic)
    Service.update(price_minor=90000).execute()
    fee = policy.fee_for(Appointment.get_by_id(a.id), EDGE + SECOND)
    assert fee.amount_minor == 20000
    assert "$200.00 (50 % of the price)" in fee.why


def test_it_is_never_more_than_what_was_shown(clinic):
    a = booked(clinic)
    Appointment.update(price_minor=90000).execute()
    assert policy.no_show_fee_for(Appointment.get_by_id(a.id)).amount_minor == 40000
    assert PolicyAcceptance.get().shown_no_show_minor == 40000


def test_a_late_move_does_not_open_the_window_again(clinic, time_machine):
    a = booked(clinic)
    time_machine.move_to(EDGE + SECOND, tick=False)
    warned = policy.move_fee_for(a)
    assert warned.amount_minor == 0
    assert "cancelling after this move still costs $50.00" in warned.why
    move(clinic, a, FRIDAY + timedelta(days=14), patient(clinic))
    assert policy.fee_for(a).amount_minor == 5000
    assert "less than 48 hours before its earlier time" in policy.fee_for(a).why
    move(clinic, a, FRIDAY + timedelta(days=21), patient(clinic))  # nor does a second one
    assert policy.fee_for(a).amount_minor == 5000
    assert policy.fee_for(a).free_until < EDGE + 2 * SECOND


def test_a_move_in_good_time_takes_the_free_moment_along(clinic):
    a = booked(clinic)
    move(clinic, a, FRIDAY + timedelta(days=7), patient(clinic))
    assert policy.fee_for(a).free_until == EDGE + timedelta(days=7)


def test_a_late_move_that_was_paid_for_opens_the_window(clinic, time_machine):
    written(late_move_costs=True)
    a = booked(clinic)
    time_machine.move_to(EDGE + SECOND, tick=False)
    fee = policy.move_fee_for(a)
    assert fee.amount_minor == 5000
    assert fee.why.startswith("You are moving less than 48 hours before your appointment.")
    charge = move(clinic, a, FRIDAY + timedelta(days=14), patient(clinic))
    assert (charge.reason, charge.amount_minor) == ("late_move_fee", 5000)
    assert policy.fee_for(a).amount_minor == 0


def test_a_move_by_the_clinic_into_the_window_leaves_cancelling_free(clinic, time_machine):
    a = booked(clinic, FRIDAY + timedelta(days=7))
    time_machine.move_to(EDGE + HOUR, tick=False)
    move(clinic, a, FRIDAY, OWNER)
    fee = policy.fee_for(a)
    assert fee.amount_minor == 0
    assert fee.why == policy.UNANSWERED
    staff_moves.accept(a, patient(clinic))
    fee = policy.fee_for(a)
    assert (fee.amount_minor, fee.why) == (0, "Free: the clinic moved your appointment to this time.")
    assert policy.until_words(a, fee) == "Cancelling is free until it starts."
    assert Charge.select().count() == 0


def test_fees_of_many_cost_the_same_queries_as_of_one(clinic, queries):
    rows = [booked(clinic, FRIDAY + timedelta(days=n)) for n in range(3)]
    with queries() as one:
        policy.fees_for(rows[:1])
    with queries() as three:
        policy.fees_for(rows)
    assert one() == three()


def test_the_text_is_made_from_the_settings(clinic):
    text = written(notice_hours=24, fee_kind="percent", fee_value=30, extra="Be kind.").text
    assert "until **24 hours** before it starts" in text
    assert "the fee is **30 % of the price of the treatment**" in text
    assert text.endswith("\n\nBe kind.")
    assert "the fee is the same" in written(late_move_costs=True).text
    assert Policy.select().where(Policy.digest == policy.current().digest).count() == 1
    assert policy.current().number == 3


def test_a_policy_that_makes_no_sense_is_refused_beside_its_field(clinic):
    for field, differs in (
        ("notice_hours", {"notice_hours": 721}),
        ("fee_value", {"fee_value": -1}),
        ("no_show_value", {"no_show_value": 101}),
    ):
        with pytest.raises(Refused) as no:
            written(**differs)
        assert no.value.field == field
