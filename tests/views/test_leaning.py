"""A visit that another one ahead needs before it: whoever cancels or moves it reads so before they confirm."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models import Appointment, Prerequisite
from rules import openings, scheduling
from rules.actor import Actor
from rules.searching import Part

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)  # 10:00 EST
DAY = timedelta(days=1)
NEEDS = "“Light peel” on Mon 9 Mar 2026, 11:00 EDT needs “Wrinkle relaxing” at the right distance before it"


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


@pytest.fixture
def pair(clinic):
    """A test on Friday, the treatment that needs it three days later, booked in one go."""
    Prerequisite.create(service=clinic.peel, needs=clinic.botox, at_least_hours=24, within_days=30)
    parts = [part(clinic, clinic.botox, FRIDAY), part(clinic, clinic.peel, FRIDAY + 3 * DAY)]
    by = Actor("patient", clinic.ava.id, clinic.ava.name)
    return scheduling.book_all(clinic.ava, parts, by=by, request_key=uuid4().hex, policy=clinic.policy)


def part(clinic, service, starts_at):
    return Part(service, clinic.dr_lin, clinic.soho, starts_at)


def slot(clinic, starts_at):
    return openings.key(part(clinic, clinic.botox, starts_at))


def test_the_patient_reads_it_before_cancelling_the_one_and_not_before_cancelling_all(clinic, as_ava, pair):
    test, treatment = pair
    assert f"Your {NEEDS}" in as_ava.see(f"/appointments/{test.id}/cancellation")
    assert "right distance" not in as_ava.see(f"/appointments/{treatment.id}/cancellation")
    assert "right distance" not in as_ava.see(f"/appointments/{test.id}/visit/cancellation")


def test_the_patient_reads_it_before_moving_it_too_near(clinic, as_ava, pair):
    test, _ = pair
    address = f"/appointments/{test.id}/time/confirmation"
    page = as_ava.see(f"{address}?slot={slot(clinic, FRIDAY + 3 * DAY - timedelta(hours=2))}")
    assert f"Your {NEEDS}" in page
    assert "Reschedule Appointment" not in page
    page = as_ava.see(f"{address}?slot={slot(clinic, FRIDAY + DAY)}")
    assert "right distance" not in page
    assert "Reschedule Appointment" in page


def test_staff_read_it_before_they_cancel_or_move_and_afterwards_on_the_other_visit(clinic, as_desk, pair):
    test, treatment = pair
    assert f"Ava Moreno’s {NEEDS}" in as_desk.see(f"/staff/appointments/{test.id}/cancellation")
    address = f"/staff/appointments/{test.id}/time/confirmation"
    assert f"Ava Moreno’s {NEEDS}" in as_desk.see(f"{address}?slot={slot(clinic, FRIDAY + 4 * DAY)}")
    assert "right distance" not in as_desk.see(f"{address}?slot={slot(clinic, FRIDAY + DAY)}")
    assert "lacks what comes before it" not in as_desk.see(f"/staff/appointments/{treatment.id}")
    as_desk.submit(f"/staff/appointments/{test.id}/cancellation", why="Dr Lin is ill")
    assert Appointment.get_by_id(test.id).status == "cancelled"
    assert "lacks what comes before it" in as_desk.see(f"/staff/appointments/{treatment.id}")
