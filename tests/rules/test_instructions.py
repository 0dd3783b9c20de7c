"""What is mailed when: at once, at its delay after the end, along with a move, and never after a cancellation."""

import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from peewee import sqlite3

import database
from clock import now
from database import db, is_sqlite, write_tx
from models import Appointment, Delivery, Paperwork, Task
from rules import instructions, paperwork
from tests.rules.test_paperwork import NOON, actor, begin


def announced(clinic, starts_at=NOON):
    appointment, tasks = begin(clinic, starts_at)
    with write_tx():
        instructions.announce(appointment, actor(clinic.ava))
    return appointment, tasks


def due(kind):
    return [row.due_at for row in Delivery.select().where((Delivery.kind == kind) & (Delivery.status == "waiting"))]


def test_a_booking_is_confirmed_and_its_instructions_are_mailed_at_once(clinic, time_machine):
    time_machine.move_to(NOON - timedelta(days=3), tick=False)
    announced(clinic)
    assert due("booking_confirmed") == due("pre_treatment") == [NOON - timedelta(days=3)]
    assert Delivery.get(Delivery.kind == "pre_treatment").task.paperwork == clinic.before


@pytest.mark.parametrize("delay", [0, 120, 2880])
def test_post_treatment_is_mailed_at_its_delay_after_the_end(clinic, delay):
    Paperwork.update(delay_minutes=delay).where(Paperwork.kind == "post_treatment").execute()
    appointment, _ = announced(clinic)
    assert due("post_treatment") == [appointment.ends_at + timedelta(minutes=delay)]


def test_announcing_twice_puts_nothing_twice(clinic):
    appointment, _ = announced(clinic)
    with write_tx():
        instructions.announce(appointment, actor(clinic.ava))
    assert Delivery.select().count() == 3


def test_unsent_post_treatment_follows_a_move_and_what_was_sent_is_not_repeated(clinic):
    appointment, _ = announced(clinic)
    Delivery.update(status="sent").where(Delivery.kind == "pre_treatment").execute()
    appointment.starts_at += timedelta(days=7)
    appointment.ends_at += timedelta(days=7)
    appointment.save()
    instructions.carry_along(appointment)
    assert due("post_treatment") == [appointment.ends_at + timedelta(hours=2)]
    assert due("pre_treatment") == []
    Delivery.update(status="sent").where(Delivery.kind == "post_treatment").execute()
    instructions.carry_along(appointment)
    assert due("post_treatment") == []


def test_a_cancelled_visit_sends_none_and_says_why(clinic):
    appointment, _ = announced(clinic)
    Appointment.update(status="cancelled").execute()
    paperwork.not_needed(appointment, actor(clinic.ava))
    assert instructions.withdraw(appointment, "the appointment was cancelled") == 3
    assert {(row.status, row.outcome) for row in Delivery.select()} == {("skipped", "the appointment was cancelled")}


def test_an_absence_that_was_an_error_brings_them_back(clinic):
    appointment, _ = announced(clinic)
    instructions.withdraw(appointment, "missed")
    instructions.restore(appointment, "missed")
    assert len(due("post_treatment")) == 1


def test_another_visits_messages_stay_untouched(clinic):
    appointment, _ = announced(clinic)
    announced(clinic, now() + timedelta(days=30))
    instructions.withdraw(appointment, "cancelled")
    assert len(due("post_treatment")) == 1


def test_a_busy_database_does_not_keep_anybody_from_reading(clinic, as_ava, monkeypatch):
    """Another writer holds the lock for longer than anybody waits: the text is shown, and is noted the next time."""
    _, tasks = begin(clinic, now() + timedelta(days=3))
    address = f"/tasks/{tasks['pre_treatment'].id}"
    with another_writer(monkeypatch):
        assert "No alcohol" in as_ava.see(address)
    assert Task.get_by_id(tasks["pre_treatment"].id).status == "open"
    as_ava.see(address)
    assert Task.get_by_id(tasks["pre_treatment"].id).status == "done"


def test_reading_again_asks_for_no_lock(clinic, as_ava, monkeypatch):
    _, tasks = begin(clinic, now() + timedelta(days=3))
    as_ava.see(f"/tasks/{tasks['pre_treatment'].id}")
    with another_writer(monkeypatch):
        asked = time.monotonic()
        as_ava.see(f"/tasks/{tasks['pre_treatment'].id}")
        assert time.monotonic() - asked < 1


@contextmanager
def another_writer(monkeypatch):
    """Holds the one write lock on a connection of its own, and shortens what others wait for it."""
    if is_sqlite():
        other = sqlite3.connect(db.obj.database, isolation_level=None)
        db.execute_sql("PRAGMA busy_timeout = 1500")
        db.close()
        other.execute("BEGIN IMMEDIATE")
    else:
        monkeypatch.setattr(database, "WAIT_SECONDS", 2)
        other = db.obj._connect()
        other.execute("BEGIN")
        other.execute("SELECT pg_advisory_xact_lock(%s)", (database.ONE_WRITER,))
    try:
        yield
    finally:
        other.rollback()
        other.close()
