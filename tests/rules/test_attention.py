"""What the desk's page tells that somebody should look at, from all corners of the house."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from clock import now
from database import write_tx
from models import Appointment, Charge, CheckIn, Delivery, Finding, Task
from rules import assignments, attention, charging, outbox, paperwork
from rules.actor import FOYER

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)  # Monday noon in New York
NOTHING = {
    "check_ins": [], "findings": 0, "declined": [], "unready": 0, "messages": 0, "unsealed": 0, "twins": [],
    "charges": 0, "owed_minor": 0, "unfit_services": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as travel:
        yield travel


@pytest.fixture
def quiet(clinic):
    """A clinic in which nothing calls for anybody."""
    for paper in (clinic.history, clinic.consent):
        assignments.assign(paper, FOYER, services={clinic.botox.id, clinic.peel.id}, categories=set())
    return clinic


def visit(clinic, starts_at=NOON + timedelta(hours=1), **differs):
    facts = {
        "patient": clinic.ava, "service": clinic.botox, "provider": clinic.dr_lin, "location": clinic.soho,
        "starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=30), "currency": "USD",
        "request_key": uuid4().hex,
    }  # fmt: skip
    with write_tx():
        a = Appointment.create(**{**facts, **differs})
        paperwork.begin_for(a, FOYER)
    return a


def told():
    """What differs from nothing."""
    return {name: value for name, value in attention.needed(now()).items() if value != NOTHING[name]}


def test_a_quiet_clinic_calls_for_nobody(quiet):
    assert attention.needed(now()) == NOTHING


def test_services_that_are_not_fit_are_named(clinic):
    assert told() == {"unfit_services": [(clinic.peel.id, "Light peel", "no questionnaire, no consent")]}


def test_money_and_messages_are_counted(quiet):
    a = visit(quiet, NOON - timedelta(days=30), status="cancelled")
    other = visit(quiet, NOON - timedelta(days=31), status="cancelled", patient=quiet.ben)
    with write_tx():
        charging.owe(quiet.ava, "cancellation_fee", 5000, "USD", "Late.", by=FOYER, appointment=a)
        charging.owe(quiet.ben, "cancellation_fee", 2500, "USD", "Late.", by=FOYER, appointment=other)
        outbox.put("booking_confirmed", "a test", dedupe="one", patient=quiet.ava)
    Charge.update(status="waived").where(Charge.patient == quiet.ben).execute()
    Delivery.update(status="failed").where(Delivery.dedupe_key == "one").execute()
    assert told() == {"messages": 1, "charges": 1, "owed_minor": 5000}


def test_visits_of_today_that_are_not_ready_are_counted_and_tomorrows_are_not(quiet):
    visit(quiet)
    visit(quiet, NOON + timedelta(hours=2), patient=quiet.ben)
    visit(quiet, NOON + timedelta(days=1))
    assert told() == {"unready": 2}


def test_a_declined_consent_is_told_while_the_visit_is_to_come(quiet, clock):
    a = visit(quiet, NOON + timedelta(days=3))
    Task.update(status="not_needed", declined_at=now()).where(Task.paperwork == quiet.consent).execute()
    assert told() == {"declined": [(a.id, "Ava Moreno")]}
    clock.move_to(a.ends_at)
    assert told() == {}


def test_a_declined_consent_of_a_cancelled_visit_or_signed_after_all_is_not_told(quiet):
    visit(quiet, NOON + timedelta(days=3))
    Task.update(status="done", done_at=now(), declined_at=now()).where(Task.paperwork == quiet.consent).execute()
    assert told() == {}
    Task.update(status="not_needed", done_at=None).where(Task.paperwork == quiet.consent).execute()
    Appointment.update(status="cancelled").execute()
    assert told() == {}


def test_flags_and_worries_are_told(quiet):
    a = visit(quiet, NOON + timedelta(days=3))
    Task.update(status="done", done_at=now()).where(Task.paperwork == quiet.history).execute()
    task = Task.get(Task.paperwork == quiet.history)
    Finding.create(
        appointment=a, patient=quiet.ava, service=quiet.botox, task=task, question="q", rule=0, then="flag", words="!"
    )
    after = Task.get(Task.paperwork == quiet.after)
    CheckIn.create(task=after, step="s", feeling="as_expected")
    worried = CheckIn.create(task=after, step="s", feeling="worried")
    found = told()
    assert [line.row.id for line in found.pop("check_ins")] == [worried.id]
    assert found == {"findings": 1}


def test_attention_costs_the_same_for_few_and_for_many(clinic, queries):
    def asked():
        with queries() as count:
            attention.needed(now())
        return count()

    a = visit(clinic)
    Task.update(status="not_needed", declined_at=now()).where(Task.appointment == a).execute()
    one = asked()
    for hours in range(2, 6):
        more = visit(clinic, NOON + timedelta(hours=hours))
        Task.update(status="not_needed", declined_at=now()).where(
            Task.appointment == more, Task.paperwork == clinic.consent
        ).execute()
    assert asked() == one
