"""The patient's membership pages."""

import re

import pytest
import time_machine

from models import AgreementVersion, Charge, Membership, Plan, Signature
from rules import memberships, plans
from rules.actor import Actor


@pytest.fixture
def owner(clinic):
    return Actor("staff", clinic.owner.id, clinic.owner.name)


def hidden(page, name):
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page).group(1)


def shown(browser, plan):
    """The form as the page carries it, with a typed signature."""
    page = browser.see(f"/membership/plans/{plan.id}")
    carried = {name: hidden(page, name) for name in ("request_key", "agreement", "price")}
    return {**carried, "method": "typed", "full_name": "Ava Moreno", "agreed": "y"}


@pytest.fixture
def member(clinic, as_ava):
    as_ava.submit(f"/membership/plans/{clinic.glow.id}", **shown(as_ava, clinic.glow))
    return Membership.get()


def test_the_plans_say_what_they_give_and_cost(clinic, as_ava):
    page = as_ava.see("/membership")
    for words in ("Glow", "$99.00 every month", "10 % off", f"/membership/plans/{clinic.glow.id}"):
        assert words in page


@time_machine.travel("2026-01-31T17:00:00+00:00", tick=False)
def test_the_page_of_a_plan_says_the_first_amount_and_the_next_charge(clinic, nobody):
    page = nobody.sign_in(clinic.ava).see(f"/membership/plans/{clinic.glow.id}")
    assert "You pay monthly and may leave at any time." in page
    assert "31 January 2026 to 27 February 2026" in page
    assert "follows on <strong>28 February 2026</strong>" in page
    assert "no day 31, its last day counts" in page
    assert "Join Glow" in page


def test_joining_leads_to_the_membership_with_its_next_charge(clinic, as_ava, member):
    page = as_ava.see("/membership")
    for words in ("Your Glow membership", "Member since", "Next charge", "$99.00 on ", "Signed by Ava Moreno"):
        assert words in page
    assert "Leave the membership" in page


def test_two_submits_of_one_form_are_one_membership(clinic, as_ava):
    form = shown(as_ava, clinic.glow)
    for _ in range(2):
        answer = as_ava.submit(f"/membership/plans/{clinic.glow.id}", **form)
        assert (answer.status_code, answer.location) == (303, "/membership")
    assert (Membership.select().count(), Charge.select().count(), Signature.select().count()) == (1, 1, 1)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"full_name": ""}, "Type your full name to sign"),
        ({"method": "drawn", "strokes": "[]"}, "Sign with your finger"),
        ({"agreed": ""}, "Tick the box"),
        ({"price": "$1.00 every month"}, "The price has changed: it is now $99.00 every month"),
        ({"price": ""}, "The price has changed"),
        ({"agreement": "999"}, "Please read it again"),
        ({"agreement": "x"}, "Please read it again"),
        ({"request_key": ""}, "Please load the page again"),
        ({"method": "stamp"}, "There is a problem"),
    ],
)
def test_a_form_that_does_not_hold_comes_back_with_a_sentence_and_charges_nothing(clinic, as_ava, wrong, words):
    answer = as_ava.submit(f"/membership/plans/{clinic.glow.id}", **(shown(as_ava, clinic.glow) | wrong))
    assert answer.status_code == 422
    assert words in answer.text
    assert "<title>Error: Join Glow" in answer.text
    assert (Membership.select().count(), Charge.select().count(), Signature.select().count()) == (0, 0, 0)
    assert hidden(answer.text, "price") == "$99.00 every month"


def test_what_was_typed_stays_in_the_form(clinic, as_ava):
    answer = as_ava.submit(f"/membership/plans/{clinic.glow.id}", **(shown(as_ava, clinic.glow) | {"agreed": ""}))
    assert 'value="Ava Moreno"' in answer.text


def test_a_text_replaced_while_reading_is_what_gets_signed(clinic, as_ava, owner):
    form = shown(as_ava, clinic.glow)
    plans.write_agreement(clinic.glow, owner, "Something new.")
    as_ava.submit(f"/membership/plans/{clinic.glow.id}", **form)
    assert Membership.get().agreement.number == 1
    assert "You pay monthly" in as_ava.see("/membership")


def test_a_plan_withdrawn_while_reading_is_refused(clinic, as_ava, owner):
    form = shown(as_ava, clinic.glow)
    plans.archive(clinic.glow, owner)
    answer = as_ava.submit(f"/membership/plans/{clinic.glow.id}", **form)
    assert answer.status_code == 422
    assert "Glow is no longer offered" in answer.text
    assert as_ava.get(f"/membership/plans/{clinic.glow.id}").location == "/membership"


def test_a_member_sees_another_plan_without_a_form(clinic, as_ava, member, owner):
    silk = plans.add(owner, name="Silk", summary="", benefits="", price_minor=100, period="year", agreement="Yearly.")
    page = as_ava.see(f"/membership/plans/{silk.id}")
    assert "You already have the Glow membership" in page
    assert "Join Silk</button>" not in page


def test_leaving_says_until_when_and_can_be_taken_back(clinic, as_ava, member):
    page = as_ava.see(f"/membership/{member.id}/end")
    last = memberships.leaving(member).last_day
    assert "No further charge will be made" in page
    answer = as_ava.submit(f"/membership/{member.id}/end", until=hidden(page, "until"))
    assert answer.status_code == 303
    assert Membership.get().ends_on == last
    page = as_ava.see("/membership")
    assert "Keep my membership" in page
    assert "Leave the membership" not in page
    as_ava.submit(f"/membership/{member.id}/continuation")
    assert Membership.get().ends_on is None
    assert "Leave the membership" in as_ava.see("/membership")


@pytest.mark.parametrize("until", ["", "soon", "1999-01-01"])
def test_leaving_on_another_day_than_the_one_shown_is_refused(clinic, as_ava, member, until):
    answer = as_ava.submit(f"/membership/{member.id}/end", until=until)
    assert answer.status_code == 422
    assert "read" in answer.text
    assert Membership.get().ends_on is None


def test_nobody_sees_or_ends_anothers_membership(clinic, as_ben, member):
    assert as_ben.get(f"/membership/{member.id}/end").status_code == 404
    assert as_ben.submit(f"/membership/{member.id}/end", until="2030-01-01").status_code == 404
    assert as_ben.submit(f"/membership/{member.id}/continuation").status_code == 404
    assert "Your Glow membership" not in as_ben.see("/membership")


def test_an_ended_membership_is_told_of_as_an_earlier_one(clinic, as_ava, member):
    Membership.update(status="ended", ends_on=member.joined_on).execute()
    assert "Earlier memberships" in as_ava.see("/membership")
    assert as_ava.get(f"/membership/{member.id}/end").location == "/membership"


def test_the_agreements_html_is_never_the_staffs_own(clinic, as_ava, owner):
    plans.write_agreement(clinic.glow, owner, "<script>alert(1)</script> **bold**")
    page = as_ava.see(f"/membership/plans/{clinic.glow.id}")
    assert "<script>alert" not in page
    assert "<strong>bold</strong>" in page


def test_without_any_plan_the_page_says_so(clinic, as_ava):
    Plan.update(archived_at=clinic.ava.created_at).execute()
    assert "No memberships just now" in as_ava.see("/membership")
    assert AgreementVersion.select().count() == 1
