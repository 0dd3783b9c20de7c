"""Joining, renewing and leaving a membership."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from peewee import IntegrityError

from models import AgreementVersion, Charge, Delivery, Membership, Plan, Signature, TrailEntry
from rules import memberships, plans, signing
from rules.actor import Actor
from rules.refused import Refused

NOON = datetime(2026, 1, 31, 17, tzinfo=UTC)  # noon in New York, where the cast's first location is


@pytest.fixture
def ava(clinic):
    return Actor("patient", clinic.ava.id, clinic.ava.name, ip="127.0.0.1", agent="test")


@pytest.fixture
def owner(clinic):
    return Actor("staff", clinic.owner.id, clinic.owner.name)


@pytest.fixture
def join(clinic, ava):
    def joining(patient=None, plan=None, key="key-1", **facts):
        plan = plan or clinic.glow
        facts = {"price": memberships.price_words(plan), "method": "typed", "signer_name": "Ava Moreno", **facts}
        agreement = facts.pop("agreement", None) or memberships.agreement_of(plan)
        return memberships.join(patient or clinic.ava, plan, agreement, ava, key, **facts)

    return joining


def periods(membership):
    return [c.period_starts_on for c in membership.charges.order_by(Charge.period_starts_on)]


def at(year, month, day, hour=17):
    return datetime(year, month, day, hour, tzinfo=UTC)


@time_machine.travel(NOON, tick=False)
def test_joining_signs_charges_and_tells_in_one_step(clinic, join):
    membership = join()
    assert (membership.price_minor, membership.currency, membership.period) == (9900, "USD", "month")
    assert membership.next_charge_on == date(2026, 2, 28)
    charge = membership.charges.get()
    assert (charge.reason, charge.amount_minor, charge.period_starts_on) == (
        "membership_period", 9900, date(2026, 1, 31),
    )  # fmt: skip
    assert charge.because == "Glow membership, 31 January 2026 to 27 February 2026."
    signature = membership.signatures.get()
    assert signature.shown_text == "Glow: $99.00 every month\n\nYou pay monthly and may leave at any time."
    assert signature.version_digest == memberships.agreement_of(clinic.glow).digest
    assert signing.verify(signature)
    assert {d.kind for d in Delivery.select().where(Delivery.membership == membership)} >= {"membership_joined"}
    assert TrailEntry.select().where(TrailEntry.action == "membership joined").count() == 1


def test_the_same_submit_twice_is_one_membership(clinic, join):
    assert join().id == join().id
    assert (Membership.select().count(), Charge.select().count(), Signature.select().count()) == (1, 1, 1)


def test_a_request_key_of_another_patient_is_refused(clinic, join):
    join()
    with pytest.raises(Refused):
        join(patient=clinic.ben)


def test_one_active_membership_per_patient(clinic, join, owner):
    join()
    other = plans.add(owner, name="Silk", summary="", benefits="", price_minor=100, period="year", agreement="Yearly.")
    for plan in (clinic.glow, other):
        with pytest.raises(Refused, match="already have the Glow membership"):
            join(plan=plan, key="key-2")
    assert Charge.select().count() == 1


def test_the_database_itself_allows_one_active_membership_of_a_plan(clinic, join):
    first = join()
    facts = {name: getattr(first, name) for name in Membership._meta.fields if name not in ("id", "request_key")}
    with pytest.raises(IntegrityError):
        Membership.create(**facts, request_key="another")


def test_a_refused_signature_leaves_nothing_behind(clinic, join):
    with pytest.raises(Refused):
        join(signer_name="")
    with pytest.raises(Refused):
        join(method="drawn", strokes="[]")
    assert (Membership.select().count(), Charge.select().count(), Delivery.select().count()) == (0, 0, 0)


def test_an_archived_plan_cannot_be_joined(clinic, join, owner):
    plans.archive(clinic.glow, owner)
    with pytest.raises(Refused, match="no longer offered"):
        join()


def test_an_agreement_of_another_plan_is_refused(clinic, join, owner):
    other = plans.add(owner, name="Silk", summary="", benefits="", price_minor=100, period="year", agreement="Yearly.")
    with pytest.raises(Refused):
        join(agreement=memberships.agreement_of(other))


def test_a_text_replaced_while_reading_is_signed_as_it_was_shown_but_not_days_later(clinic, join, owner):
    shown = memberships.agreement_of(clinic.glow)
    plans.write_agreement(clinic.glow, owner, "Something new.")
    with (
        time_machine.travel(datetime.now(UTC) + timedelta(days=2)),
        pytest.raises(Refused, match="agreement has changed"),
    ):
        join(agreement=shown)
    membership = join(agreement=shown)
    assert membership.agreement == shown
    assert "You pay monthly" in membership.signatures.get().shown_text


def test_never_charged_more_than_was_shown(clinic, join, owner):
    shown = memberships.price_words(clinic.glow)
    Plan.update(price_minor=12900).where(Plan.id == clinic.glow.id).execute()
    with pytest.raises(Refused, match=r"now \$129.00 every month"):
        join(price=shown)
    assert Charge.select().count() == 0


def test_a_plan_that_costs_nothing_makes_no_charge(clinic, join):
    Plan.update(price_minor=0).where(Plan.id == clinic.glow.id).execute()
    join(price="Free of charge")
    assert Charge.select().count() == 0
    memberships.renew_due(datetime.now(UTC) + timedelta(days=100))
    assert Charge.select().count() == 0


def test_a_month_ends_where_it_ends_and_keeps_the_day_of_joining(clinic, join):
    with time_machine.travel(NOON, tick=False):
        membership = join()
    assert memberships.renew_due(at(2026, 4, 30)) == 3
    assert periods(membership) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    assert Membership.get().next_charge_on == date(2026, 5, 31)


def test_renewing_twice_charges_once(clinic, join):
    with time_machine.travel(NOON, tick=False):
        membership = join()
    assert memberships.renew_due(at(2026, 2, 27)) == 0
    assert [memberships.renew_due(at(2026, 2, 28)) for _ in range(3)] == [1, 0, 0]
    assert periods(membership) == [date(2026, 1, 31), date(2026, 2, 28)]


def test_the_day_is_that_of_the_clinics_first_location(clinic, join):
    with time_machine.travel(NOON, tick=False):
        join()
    assert memberships.renew_due(at(2026, 2, 28, 4)) == 0  # still 27 February, 23:00 in New York
    assert memberships.renew_due(at(2026, 2, 28, 6)) == 1


def test_a_price_change_is_for_new_members_only(clinic, join, owner):
    with time_machine.travel(NOON, tick=False):
        membership = join()
    plans.change(clinic.glow, owner, name="Glow", summary="", benefits="", price_minor=50000, period="month")
    memberships.renew_due(at(2026, 3, 1))
    assert [c.amount_minor for c in membership.charges] == [9900, 9900]


@time_machine.travel(NOON, tick=False)
def test_leaving_runs_to_the_end_of_the_period_and_charges_nothing_more(clinic, join, ava):
    membership = join()
    left = memberships.leave(membership, ava, memberships.leaving(membership).last_day)
    assert left.ends_on == date(2026, 2, 27)
    assert memberships.of(clinic.ava) == left
    assert Delivery.select().where(Delivery.kind == "membership_ended").count() == 1
    assert memberships.leave(membership, ava).ends_on == date(2026, 2, 27)
    assert Delivery.select().where(Delivery.kind == "membership_ended").count() == 1
    assert memberships.renew_due(at(2026, 2, 27)) == 0
    assert memberships.renew_due(at(2026, 2, 28)) == 1
    assert Membership.get().status == "ended"
    assert Charge.select().count() == 1


def test_leaving_can_be_taken_back_until_its_last_day_is_over(clinic, join, ava):
    with time_machine.travel(NOON, tick=False):
        membership = memberships.leave(join(), ava)
    with time_machine.travel(at(2026, 2, 27), tick=False):
        assert memberships.keep(membership, ava).ends_on is None
        assert Delivery.get(Delivery.kind == "membership_ended").status == "skipped"
        memberships.leave(membership, ava)
    assert Delivery.select().where(Delivery.kind == "membership_ended").count() == 2
    with time_machine.travel(at(2026, 2, 28), tick=False):
        with pytest.raises(Refused, match="has ended"):
            memberships.keep(membership, ava)
        assert memberships.of(clinic.ava) is None


def test_whoever_ran_out_can_join_again_though_nobody_swept(clinic, join, ava):
    with time_machine.travel(NOON, tick=False):
        memberships.leave(join(), ava)
    with time_machine.travel(at(2026, 6, 1), tick=False):
        again = join(key="key-2")
    assert [m.status for m in Membership.select().order_by(Membership.id)] == ["ended", "active"]
    assert periods(again) == [date(2026, 6, 1)]
    assert Charge.select().count() == 2


def test_leaving_after_a_period_has_begun_charges_it_only_when_it_was_shown(clinic, join, ava):
    with time_machine.travel(NOON, tick=False):
        membership = join()
        shown = memberships.leaving(membership)
    assert (shown.last_day, shown.due_minor) == (date(2026, 2, 27), 0)
    with time_machine.travel(at(2026, 2, 28), tick=False):
        with pytest.raises(Refused, match="new period has begun"):
            memberships.leave(membership, ava, shown.last_day)
        assert Charge.select().count() == 1
        now_shown = memberships.leaving(membership)
        assert (now_shown.last_day, now_shown.due_minor) == (date(2026, 3, 30), 9900)
        assert memberships.leave(membership, ava, now_shown.last_day).ends_on == date(2026, 3, 30)
        memberships.renew_due()
    assert periods(membership) == [date(2026, 1, 31), date(2026, 2, 28)]


def test_a_fault_with_one_membership_leaves_the_others_theirs(clinic, join, monkeypatch):
    with time_machine.travel(NOON, tick=False):
        join()
        join(patient=clinic.ben, key="key-2")
    plain = memberships.charging.owe

    def failing(patient, *args, **facts):
        if patient == clinic.ava:
            raise RuntimeError("the card provider is away")
        return plain(patient, *args, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(memberships.charging, "owe", failing)
        assert memberships.renew_due(at(2026, 3, 1)) == 1
    assert {m.patient_id: m.period_starts_on for m in Membership.select()} == {
        clinic.ava.id: date(2026, 1, 31), clinic.ben.id: date(2026, 2, 28),
    }  # fmt: skip
    assert memberships.renew_due(at(2026, 3, 1)) == 1


def test_the_membership_of_the_home_page_costs_one_query(clinic, join, queries):
    join()
    with queries() as count:
        assert memberships.of(clinic.ava).plan.name == "Glow"
    assert count() == 1
    assert memberships.of(clinic.ben) is None


def test_a_plan_without_an_agreement_is_not_offered(clinic):
    bare = Plan.create(name="Bare", price_minor=1, currency="USD")
    assert bare not in memberships.offered()
    assert clinic.glow in memberships.offered()
    assert AgreementVersion.select().count() == 1


@given(st.dates(date(2000, 1, 1), date(2090, 12, 31)), st.sampled_from(["month", "year"]), st.integers(0, 60))
def test_each_period_follows_the_one_before_without_gap_or_drift(joined, period, number):
    begun = memberships.day_of_period(joined, period, number)
    following = memberships.day_after_period(joined, period, begun)
    assert following == memberships.day_of_period(joined, period, number + 1)
    assert (following - begun).days in (range(28, 32) if period == "month" else range(365, 367))
    assert following.day == joined.day or (following + timedelta(days=1)).day == 1


def test_a_leap_day_comes_back():
    joined = date(2024, 2, 29)
    assert [memberships.day_of_period(joined, "year", n) for n in (1, 4)] == [date(2025, 2, 28), date(2028, 2, 29)]
