"""What became of a visit, as the desk notes it: here, not here after all, over, missed, and missed after all."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models import Appointment, Charge
from rules import scheduling
from rules.actor import Actor

START = datetime(2026, 3, 2, 18, tzinfo=UTC)  # Monday, 13:00 in New York


@pytest.fixture
def visit(clinic, time_machine):
    time_machine.move_to(START - timedelta(days=6), tick=False)
    return scheduling.book(
        clinic.ava, clinic.botox, provider=clinic.dr_lin, location=clinic.soho, starts_at=START,
        by=Actor("patient", clinic.ava.id, clinic.ava.name), request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip


@pytest.fixture
def at(clinic, as_desk, time_machine):
    """Move to so long after the start, and sign the desk in there."""

    def moved(after):
        time_machine.move_to(START + after, tick=False)
        return as_desk.sign_in(clinic.desk)

    return moved


def stands(visit):
    return Appointment.get_by_id(visit.id).status


def test_an_absence_noted_twice_is_owed_as_the_page_says(clinic, visit, at):
    desk = at(timedelta(hours=1))
    for _ in range(2):
        answer = desk.submit(f"/staff/appointments/{visit.id}/absence", fee="charge")
        assert "No-show noted. $400.00 is owed" in desk.see(answer.location)
        assert [c.status for c in Charge.select()] == ["owed"]
        desk.submit(f"/staff/appointments/{visit.id}/absence/undo")
        assert [c.status for c in Charge.select()] == ["waived"]


def test_a_fee_that_was_let_go_before_is_not_called_owed(clinic, visit, at):
    desk = at(timedelta(hours=1))
    desk.submit(f"/staff/appointments/{visit.id}/absence", fee="charge")
    desk.submit(f"/staff/charges/{Charge.get().id}/waiver", why="She rang")
    desk.submit(f"/staff/appointments/{visit.id}/absence/undo")
    answer = desk.submit(f"/staff/appointments/{visit.id}/absence", fee="charge")
    page = desk.see(answer.location)
    assert "The fee of $400.00 was waived, so nothing is owed." in page
    assert "$400.00 is owed" not in page
