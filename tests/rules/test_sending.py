"""Messages are sent at least once, oldest first, by one claim at a time; failures pause longer and longer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

import settings
from clock import now
from database import db, write_tx
from models import Delivery, Fault
from rules import outbox, sending
from rules.actor import FOYER
from rules.refused import Refused
from tests.mailserver import MailServer

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def server(clinic):
    """A mail server that is running, and that MAIL_URL names."""
    server, kept = MailServer().start(), settings.current()
    settings.use(replace(kept, mail_url=server.url()))
    yield server
    server.stop()
    settings.use(kept)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as travel:
        yield travel


def put(patient, key="one", kind="email_changed", **more):
    """A message that needs nothing but a patient."""
    with write_tx():
        return outbox.put(kind, "you asked for it", dedupe=key, patient=patient, **more)


def only():
    return Delivery.get()


# --- the outbox -----------------------------------------------------------------------------------


def test_a_message_is_put_once_for_each_key(clinic):
    assert put(clinic.ava)
    assert not put(clinic.ava)
    assert Delivery.select().count() == 1


def test_a_message_goes_away_with_the_transaction_of_its_cause(clinic):
    with write_tx(), db.atomic() as inner:
        outbox.put("email_changed", "because", dedupe="one", patient=clinic.ava)
        inner.rollback()
    assert not Delivery.select().exists()
    with pytest.raises(AssertionError, match="transaction of its cause"):
        outbox.put("email_changed", "because", dedupe="one", patient=clinic.ava)


def test_the_sender_is_woken_once_it_is_durable_and_not_before(clinic, monkeypatch):
    woken = []
    monkeypatch.setattr(outbox, "on_put", lambda: woken.append(db.in_transaction()))
    with write_tx():
        outbox.put("email_changed", "because", dedupe="one", patient=clinic.ava)
        outbox.put("email_changed", "because", dedupe="two", patient=clinic.ava)
        assert woken == []
    assert woken == [False]


def test_every_message_has_its_own_message_id_for_ever(clinic):
    put(clinic.ava, "one")
    put(clinic.ava, "two")
    first, second = Delivery.select().order_by(Delivery.id)
    assert first.message_id != second.message_id
    assert first.message_id.endswith("@localhost>")


def test_skipping_leaves_what_is_sent_and_other_rows(clinic):
    for key, status in (("one", "waiting"), ("two", "sent"), ("three", "failed"), ("four", "held")):
        put(clinic.ava, key)
        Delivery.update(status=status).where(Delivery.dedupe_key == key).execute()
    put(clinic.ben, "five")
    assert outbox.skip("not needed", patient=clinic.ava) == 2
    assert {d.dedupe_key: d.status for d in Delivery} == {
        "one": "skipped", "two": "sent", "three": "failed", "four": "skipped", "five": "waiting",
    }  # fmt: skip


def test_skipping_can_be_for_some_kinds_only(clinic):
    put(clinic.ava, "one")
    assert outbox.skip("not needed", patient=clinic.ava, kinds=["pre_treatment"]) == 0
    assert only().status == "waiting"


# --- sending --------------------------------------------------------------------------------------


def test_what_is_due_goes_oldest_first_and_the_rest_waits(clinic, server, clock):
    put(clinic.ava, "second", due_at=NOON - timedelta(hours=1))
    put(clinic.ben, "first", due_at=NOON - timedelta(hours=2))
    put(clinic.ben, "tomorrow", due_at=NOON + timedelta(days=1))
    assert sending.send_due() == 2
    assert [address for address, _ in server.asked] == ["ben@example.com", "ava@example.com"]
    assert {d.dedupe_key: d.status for d in Delivery} == {"first": "sent", "second": "sent", "tomorrow": "waiting"}
    clock.shift(timedelta(days=1))
    assert sending.send_due() == 1


def test_a_message_is_sent_once_and_settled(clinic, server, clock):
    put(clinic.ava)
    assert sending.send_due() == 1
    assert sending.send_due() == 0
    sent = only()
    assert (sent.status, sent.settled_at, sent.attempts, sent.lease_until) == ("sent", NOON, 1, None)
    assert server.ids() == [sent.message_id]


def test_no_transaction_is_open_while_the_server_is_talked_to(clinic, server, monkeypatch):
    seen = []
    plain = sending.mail.send
    monkeypatch.setattr(sending.mail, "send", lambda *a: seen.append(db.in_transaction()) or plain(*a))
    put(clinic.ava)
    sending.send_due()
    assert seen == [False]


def test_pauses_grow_then_it_fails_after_two_days(clinic, server, clock):
    server.rcpt = "451 greylisted"
    put(clinic.ava)
    pauses, last = [], now()
    while only().status == "waiting":
        sending.send_due()
        assert sending.send_due() == 0
        if only().status == "waiting":
            assert only().lease_until > now()
            clock.move_to(only().lease_until)
            pauses.append((now() - last) // timedelta(minutes=1))
            last = now()
    assert pauses[:7] == [1, 2, 5, 15, 60, 60, 60]
    assert set(pauses[7:]) == {60}
    assert timedelta(hours=48) <= now() - NOON < timedelta(hours=49)
    failed = only()
    assert failed.status == "failed"
    assert failed.outcome.startswith("451 greylisted. Tried 53 times")
    assert len(server.asked) == failed.attempts == failed.failures


def test_a_message_that_gets_through_later_keeps_its_message_id(clinic, server, clock):
    server.hang_up_after_data = True
    put(clinic.ava)
    sending.send_due()
    server.hang_up_after_data = False
    clock.shift(timedelta(minutes=1))
    sending.send_due()
    assert server.ids() == [only().message_id] * 2, "the wire left it open, so it came twice, as one message"
    assert only().status == "sent"


def test_a_refused_address_fails_at_once_with_the_reason(clinic, server, clock):
    server.refused["ava@example.com"] = "550 5.1.1 no such person"
    put(clinic.ava, "one")
    put(clinic.ben, "two")
    assert sending.send_due() == 1
    assert [(d.status, d.outcome) for d in Delivery.select().order_by(Delivery.id)] == [
        ("failed", "550 5.1.1 no such person"),
        ("sent", ""),
    ]


def test_one_busy_mailbox_holds_up_nobody_else(clinic, server, clock):
    server.refused["ava@example.com"] = "451 greylisted"
    put(clinic.ava, "one")
    put(clinic.ben, "two")
    assert sending.send_due() == 1
    assert len(server.asked) == 2


def test_a_server_that_is_down_is_asked_once_and_everything_due_pauses(clinic, server, clock, monkeypatch):
    asked = []
    plain = sending.mail.send
    monkeypatch.setattr(sending.mail, "send", lambda *a: asked.append(a) or plain(*a))
    server.stop()
    for number in range(20):
        put(clinic.ava, str(number))
    put(clinic.ava, "later", due_at=NOON + timedelta(minutes=3))
    sending.send_due()
    assert len(asked) == 1
    rows = list(Delivery.select().where(Delivery.dedupe_key != "later"))
    assert {(d.status, d.failures, d.lease_until) for d in rows} == {("waiting", 1, NOON + timedelta(minutes=1))}
    assert all("cannot be reached" in d.outcome for d in rows)
    assert Delivery.get(Delivery.dedupe_key == "later").failures == 0


def test_after_three_hours_without_a_server_all_goes_within_minutes_oldest_first(clinic, server, clock):
    server.stop()
    for number in range(5):
        put(clinic.ava, str(number))
        sending.send_due()
        clock.shift(timedelta(minutes=1))
    for _ in range(180):
        sending.send_due()
        clock.shift(timedelta(minutes=1))
    server.start()
    for _ in range(5):
        sending.send_due()
        clock.shift(timedelta(minutes=1))
    first, *others = server.ids()
    assert others == [d.message_id for d in Delivery.select().order_by(Delivery.due_at) if d.message_id != first]
    assert len(others) == 4


def test_a_busy_mailbox_keeps_its_pause_when_the_server_comes_back(clinic, server, clock):
    server.refused["ava@example.com"] = "451 greylisted"
    put(clinic.ava, "one")
    sending.send_due()
    put(clinic.ben, "two")
    assert sending.send_due() == 1
    assert Delivery.get(Delivery.dedupe_key == "one").lease_until == NOON + timedelta(minutes=1)


def test_a_letter_that_cannot_be_written_pauses_with_a_fault_number(clinic, server, clock, monkeypatch):
    monkeypatch.setitem(sending.letters.FACTS, "email_changed", lambda delivery: 1 / 0)
    put(clinic.ava)
    put(clinic.ben, "two", kind="code_signin")
    sending.send_due()
    assert {d.status for d in Delivery} == {"waiting"}
    assert Fault.select().count() == 2
    assert all(fault.reference in d.outcome for fault, d in zip(Fault.select(), Delivery.select(), strict=True))


# --- claims ---------------------------------------------------------------------------------------


def test_a_claim_is_nobody_elses_until_it_runs_out(clinic, clock):
    put(clinic.ava)
    first = sending.claim()
    assert first.attempts == 1
    assert sending.claim() is None
    clock.shift(sending.LEASE)
    assert sending.claim().attempts == 2


def test_who_lost_the_claim_cannot_settle(clinic, clock):
    put(clinic.ava)
    slow = sending.claim()
    clock.shift(sending.LEASE)
    quick = sending.claim()
    assert sending.settle(quick, status="sent", outcome="")
    assert not sending.settle(slow, status="failed", outcome="too late")
    assert only().status == "sent"


def test_what_a_dead_process_was_sending_is_given_back_at_once(clinic, server, clock):
    put(clinic.ava)
    sending.claim()
    assert sending.send_due() == 0
    assert sending.release() == 1
    assert sending.send_due() == 1


def test_a_pause_survives_the_start_of_a_process(clinic, server, clock):
    server.rcpt = "451 greylisted"
    put(clinic.ava)
    sending.send_due()
    assert sending.release() == 0
    assert sending.send_due() == 0
    assert len(server.asked) == 1


def test_a_moved_due_time_is_kept_when_a_try_fails_meanwhile(clinic, server, clock):
    put(clinic.ava, due_at=NOON)
    claimed = sending.claim()
    later = NOON + timedelta(days=3)
    assert outbox.set_due(None, "email_changed", None, later) == 1
    sending.settle(claimed, status="waiting", outcome="451", pauses=sending.PAUSES)
    assert only().due_at == later


def test_a_process_that_stops_takes_no_further_message(clinic, server, clock):
    put(clinic.ava, "one")
    put(clinic.ava, "two")
    going = iter([True, False])
    assert sending.send_due(going=lambda: next(going)) == 1
    assert sorted(d.status for d in Delivery) == ["sent", "waiting"]


def test_nothing_due_asks_no_right_to_write(clinic, monkeypatch):
    asked = []
    monkeypatch.setattr(sending, "write_tx", lambda: asked.append(1) or write_tx())
    assert sending.send_due() == 0
    assert asked == []


# --- staff ----------------------------------------------------------------------------------------


def test_staff_can_try_a_failed_message_again_with_fresh_pauses(clinic, server, clock):
    server.rcpt = "550 no"
    put(clinic.ava)
    sending.send_due()
    server.rcpt = "250 OK"
    outbox.try_again(only(), FOYER)
    assert sending.send_due() == 1
    assert only().status == "sent"
    with pytest.raises(Refused):
        outbox.try_again(only(), FOYER)
