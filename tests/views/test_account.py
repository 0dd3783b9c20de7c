"""What a patient owes, and the receipt for it."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from database import write_tx
from rules import charging, scheduling
from rules.actor import Actor

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
DESK = Actor("staff", 2, "Dana Desk")


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


def charged(clinic, reason="cancellation_fee", hour=15):
    by = Actor("patient", clinic.ava.id, clinic.ava.name)
    a = scheduling.book(
        clinic.ava, clinic.peel, provider=clinic.dr_lin, location=clinic.soho,
        starts_at=datetime(2026, 3, 3, hour, tzinfo=UTC), by=by, request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip
    with write_tx():
        return charging.owe(clinic.ava, reason, 5000, "USD", "It was cancelled late.", by=by, appointment=a)


def test_an_empty_account_says_what_will_stand_there(as_ava):
    assert "Nothing to pay" in as_ava.see("/account")


def test_the_account_shows_what_is_owed_and_how_to_settle_it(clinic, as_ava):
    charge = charged(clinic)
    page = as_ava.see("/account")
    assert "You owe" in page
    assert "$50.00" in page
    assert f'href="/account/receipts/{charge.id}"' in page
    with write_tx():
        charging.mark_paid(charge, DESK)
    assert "You owe nothing" in as_ava.see("/account")


def test_a_receipt_says_how_the_amount_comes_about_and_whether_it_is_paid(clinic, as_ava):
    charge = charged(clinic)
    page = as_ava.see(f"/account/receipts/{charge.id}")
    for words in ("Receipt number 1", "Late cancellation", "It was cancelled late.", "Light peel", "Not paid yet"):
        assert words in page
    charging.waive(charge, DESK, "She was ill")
    page = as_ava.see(f"/account/receipts/{charge.id}")
    assert "Waived on Mon 2 Mar 2026" in page


def test_a_strangers_receipt_is_not_found_and_not_listed(clinic, as_ben):
    charge = charged(clinic)
    assert as_ben.get(f"/account/receipts/{charge.id}").status_code == 404
    assert "$50.00" not in as_ben.see("/account")


def test_the_account_costs_the_same_queries_for_one_charge_and_three(clinic, as_ava, queries):
    def cost():
        with queries() as count:
            as_ava.see("/account")
        return count()

    charged(clinic)
    one = cost()
    charged(clinic, hour=17)
    charged(clinic, hour=19)
    assert cost() == one
