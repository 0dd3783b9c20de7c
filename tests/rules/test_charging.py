"""Money owed: once for each reason, numbered without gaps, and settled by a named person."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from peewee import IntegrityError

from database import db, write_tx
from gateways import cards
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
    assert (first.gateway_reference, first.ask_at, charging.ask_due()) == ("", None, 0)
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


# --- an absence noted, taken back, and noted again ----------------------------------------------


@pytest.fixture
def begun(clinic, time_machine):
    a = scheduling.book(
        clinic.ava, clinic.botox, provider=clinic.dr_lin, location=clinic.soho, policy=clinic.policy,
        starts_at=MONDAY + timedelta(hours=26), by=Actor("patient", 1, "Ava"), request_key=uuid4().hex,
    )  # fmt: skip
    time_machine.move_to(a.starts_at + timedelta(minutes=20), tick=False)
    return a


def test_an_absence_that_comes_again_makes_its_withdrawn_charge_stand_again(clinic, begun):
    first = scheduling.miss(begun, DESK)
    scheduling.undo_miss(begun, DESK)
    assert Charge.get().status == "waived"
    again = scheduling.miss(begun, DESK)
    stands = Charge.get()
    assert (again.id, again.status, stands.status) == (first.id, "owed", "owed")
    assert (stands.settled_at, stands.settled_by, stands.settled_why, stands.withdrawn_at) == (None, "", "", None)
    said = [line.action for line in TrailEntry.select().where(TrailEntry.subject == f"charge {first.id}")]
    assert said == ["charge made", "charge waived", "charge made"]
    receipts = Delivery.select().where(Delivery.kind == "charge_receipt").order_by(Delivery.id)
    assert [receipt.status for receipt in receipts] == ["skipped", "waiting"]


def test_what_staff_waived_themselves_stays_waived(clinic, begun):
    charging.waive(scheduling.miss(begun, DESK), DESK, "She was ill")
    scheduling.undo_miss(begun, DESK)
    again = scheduling.miss(begun, DESK)
    assert again.status == "waived"
    assert charging.words(again) == "The fee of $400.00 was waived, so nothing is owed."


# --- a way that takes by itself -----------------------------------------------------------------


class Card:
    """A card provider across the street: remembers keys, and can die after it said yes."""

    name, takes_by_itself = "card", True

    def __init__(self):
        self.taken, self.given, self.answers, self.dies = {}, {}, True, False

    def charge(self, *, request_key, amount_minor, currency, because):
        assert not db.in_transaction(), "nobody waits for a provider inside a transaction"
        if self.answers:
            self.taken[request_key] = amount_minor
        if self.dies:
            raise ConnectionError
        return cards.Outcome(self.answers, f"taken-{len(self.taken)}")

    def refund(self, *, request_key, amount_minor, currency, because):
        assert not db.in_transaction()
        if self.answers:
            self.given[request_key] = amount_minor
        return cards.Outcome(self.answers, f"given-{len(self.given)}")


@pytest.fixture
def card(monkeypatch):
    way = Card()
    monkeypatch.setitem(cards.WAYS, "card", way)
    monkeypatch.setattr(cards, "chosen", lambda: way)
    return way


def test_a_card_is_charged_once_the_charge_is_durable_and_once_only(clinic, visit, card):
    charge = owe(clinic, visit)
    assert (charge.status, card.taken) == ("owed", {})
    assert charging.ask_due() == 1
    assert charging.ask_due() == 0
    stands = Charge.get()
    assert (stands.status, stands.gateway_reference, stands.settled_by) == ("paid", "taken-1", "Foyer")
    assert card.taken == {charge.request_key: 5000}


def test_a_death_after_the_provider_said_yes_is_asked_again_under_the_same_key(clinic, visit, card, time_machine):
    charge = owe(clinic, visit)
    card.dies = True
    assert charging.ask_due() == 0
    assert Charge.get().status == "owed"
    with pytest.raises(Refused, match="just now"):
        charging.mark_paid(charge, DESK, "Cash")
    card.dies = False
    assert charging.ask_due() == 0, "another may still be asking"
    time_machine.shift(charging.A_WHILE)
    assert charging.ask_due() == 1
    assert Charge.get().status == "paid"
    assert card.taken == {charge.request_key: 5000}


def test_a_declined_card_leaves_it_owed_for_the_desk(clinic, visit, card):
    charge = owe(clinic, visit)
    card.answers = False
    charging.ask_due()
    assert (Charge.get().status, Charge.get().settled_at, charging.ask_due()) == ("owed", None, 0)
    charging.mark_paid(charge, DESK, "Cash")
    charging.refund(Charge.get(), DESK, "She was ill")
    assert (charging.ask_due(), Charge.get().status) == (0, "refunded"), "cash goes back at the desk"


def test_a_refund_goes_back_to_the_card_and_keeps_both_references(clinic, visit, card):
    owe(clinic, visit)
    charging.ask_due()
    charging.refund(Charge.get(), DESK, "She was ill")
    assert charging.ask_due() == 1
    stands = Charge.get()
    assert (stands.status, stands.gateway_reference, stands.refund_reference) == ("refunded", "taken-1", "given-1")
    assert (stands.settled_by, stands.settled_why) == ("Dana Desk", "She was ill")


def test_a_declined_refund_says_so_and_can_be_tried_again(clinic, visit, card):
    owe(clinic, visit)
    charging.ask_due()
    charging.refund(Charge.get(), DESK, "She was ill")
    card.answers = False
    charging.ask_due()
    assert (Charge.get().status, Charge.get().settled_why) == ("paid", "The card provider declined the refund.")
    card.answers = True
    charging.refund(Charge.get(), DESK, "She was ill")
    charging.ask_due()
    assert (Charge.get().status, len(card.given)) == ("refunded", 1)
