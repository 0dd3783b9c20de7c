"""Money owed: once for each reason, numbered without gaps, and settled by a named person."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from peewee import IntegrityError

from database import write_tx
from models import Charge, Delivery, TrailEntry
from rules import charging, scheduling
from rules.actor import Actor
from rules.refused import Refused

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
DESK = Actor("staff", 2, "Dana Desk")


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


@pytest.fixture
def visit(clinic):
    return scheduling.book(
        clinic.ava, clinic.peel, provider=clinic.dr_lin, location=clinic.soho,
        starts_at=datetime(2026, 3, 3, 15, tzinfo=UTC), by=DESK, request_key=uuid4().hex,
    )  # fmt: skip


def owe(clinic, visit, reason="cancellation_fee", amount=5000):
    return charging.owe(clinic.ava, reason, amount, "USD", "It was cancelled late.", by=DESK, appointment=visit)


def test_a_charge_is_made_once_for_an_appointment_and_reason(clinic, visit):
    first, again = owe(clinic, visit), owe(clinic, visit, amount=9900)
    assert first.id == again.id
    assert Charge.get().amount_minor == 5000
    assert (first.status, first.gateway) == ("owed", "at_the_clinic")
    assert first.gateway_reference
    assert Delivery.select().where(Delivery.kind == "charge_receipt").count() == 1


def test_receipt_numbers_have_no_gaps_and_keys_are_random(clinic, visit):
    with suppress(RuntimeError), write_tx():
        owe(clinic, visit)
        raise RuntimeError
    charges = [owe(clinic, visit, reason) for reason in ("cancellation_fee", "late_move_fee", "no_show_fee")]
    assert [charge.receipt_number for charge in charges] == [1, 2, 3]
    assert {len(charge.request_key) for charge in charges} == {32}
    assert len({charge.request_key for charge in charges}) == 3


@pytest.mark.parametrize("amount", [0, -1])
def test_the_database_refuses_a_charge_of_nothing(clinic, visit, amount):
    with pytest.raises(IntegrityError):
        owe(clinic, visit, amount=amount)


def test_paid_waived_and_given_back_only_forward_and_with_a_name(clinic, visit):
    charge = owe(clinic, visit)
    with pytest.raises(Refused):
        charging.refund(charge, DESK, "It was never taken")
    charging.mark_paid(charge, DESK, "Card")
    for wrong in (charging.mark_paid, charging.waive):
        with pytest.raises(Refused, match=r"\$50.00 is already paid"):
            wrong(charge, DESK, "Again")
    charging.refund(charge, DESK, "She was ill")
    stands = Charge.get_by_id(charge.id)
    assert (stands.status, stands.settled_by, stands.settled_why) == ("refunded", "Dana Desk", "She was ill")
    done = [line.action for line in TrailEntry.select().where(TrailEntry.subject == f"charge {charge.id}")]
    assert done == ["charge made", "charge paid", "charge refunded"]


def test_waiving_needs_a_reason_and_a_member_of_staff(clinic, visit):
    charge = owe(clinic, visit)
    with pytest.raises(Refused) as no:
        charging.waive(charge, DESK, "  ")
    assert no.value.field == "why"
    with pytest.raises(Refused):
        charging.waive(charge, Actor("patient", clinic.ava.id, "Ava"), "I say so")
    assert Charge.get_by_id(charge.id).status == "owed"
