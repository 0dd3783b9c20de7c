"""Codes of several browsers, the same work for known and unknown addresses, honest waits, and what is swept away."""

from datetime import timedelta

import pytest
import time_machine

from clock import now
from database import write_tx
from models import Attempt, Delivery, KeptForm, LoginCode, LoginSession
from rules import accounts, limits, outbox, sending, tidying
from rules.refused import Refused


def test_a_stranger_who_asks_for_her_address_does_not_end_the_code_she_is_typing(clinic):
    hers = accounts.sign_in_code("ava@example.com", "her browser")
    accounts.sign_in_code("ava@example.com", "a stranger's browser")
    assert accounts.prove(hers.id, "her browser", accounts.digits_of(hers)) == clinic.ava


def test_asking_writes_and_wakes_the_same_for_known_and_unknown_addresses(clinic, queries, monkeypatch):
    woken, told = [], []
    monkeypatch.setattr(outbox, "on_put", lambda: woken.append(1))
    for address in ("ava@example.com", "nobody@example.com"):
        with queries() as count:
            accounts.sign_in_code(address, "a browser")
        told.append(count())
    assert told[0] == told[1]
    assert len(woken) == 2
    assert Delivery.select().count() == 2


def test_a_message_to_nobody_is_never_sent_and_staff_do_not_read_it(clinic, as_desk):
    accounts.sign_in_code("nobody@example.com", "a browser")
    assert sending.send_due() == 0
    delivery = Delivery.get()
    assert (delivery.status, delivery.outcome) == ("skipped", "Nobody has this address")
    assert outbox.listed() == []
    assert set(outbox.counts().values()) == {0}
    assert "nobody@example.com" not in as_desk.see("/staff/messages")
    tidying.sweep_away(now() + timedelta(days=1, hours=1))
    assert not Delivery.select().exists()


def test_a_refused_limit_says_how_long_it_really_takes(clinic):
    with time_machine.travel(now(), tick=False) as clock:
        limits.spend("something", "somebody", 2, timedelta(days=1))
        clock.shift(timedelta(hours=3))
        limits.spend("something", "somebody", 2, timedelta(days=1))
        with pytest.raises(Refused, match="wait 21 hours,"):
            limits.spend("something", "somebody", 2, timedelta(days=1))
        clock.shift(timedelta(hours=20, minutes=58, seconds=30))
        with pytest.raises(Refused, match="wait 2 minutes,"):
            limits.spend("something", "somebody", 2, timedelta(days=1))
        clock.shift(timedelta(minutes=2))
        limits.spend("something", "somebody", 2, timedelta(days=1))
    assert Attempt.select().count() == 3


def test_a_clock_that_jumps_back_ends_no_session_and_lengthens_none(clinic):
    with time_machine.travel(now(), tick=False) as clock:
        token = accounts.open_session(patient=clinic.ava, how="test")
        clock.shift(timedelta(hours=-1))
        assert accounts.session_of(token)
        clock.shift(timedelta(minutes=15))
        assert accounts.session_of(token) is None


def test_a_code_survives_a_clock_that_is_set_right_by_a_second(clinic):
    with time_machine.travel(now(), tick=False) as clock:
        code = accounts.sign_in_code("ava@example.com", "a browser")
        clock.shift(timedelta(seconds=-1))
        assert accounts.prove(code.id, "a browser", accounts.digits_of(code)) == clinic.ava


def test_what_somebody_typed_who_never_proved_an_address_is_forgotten_after_a_day(clinic):
    code = accounts.register("new@example.com", "a browser", first_name="New", last_name="Person")
    tidying.sweep_away(now() + timedelta(hours=23))
    assert LoginCode.get_by_id(code.id).details
    tidying.sweep_away(now() + timedelta(days=1, hours=1))
    assert LoginCode.get_by_id(code.id).details == {}


def test_sessions_that_ended_a_quarter_ago_and_kept_forms_are_swept(clinic):
    old, live = (accounts.open_session(patient=clinic.ava, how="test") for _ in range(2))
    LoginSession.update(ended_at=now() - timedelta(days=91)).where(
        LoginSession.id == accounts.session_of(old).id
    ).execute()
    with write_tx():
        KeptForm.create(
            kept_by="x", patient=clinic.ava, path="/profile/names", fields=[], expires_at=now() - timedelta(minutes=1)
        )
    tidying.sweep_away(now())
    assert LoginSession.select().count() == 1
    assert accounts.session_of(live)
    assert not KeptForm.select().exists()
