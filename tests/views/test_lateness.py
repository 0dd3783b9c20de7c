"""Running late: the page on the way to the clinic, and the badge at the desk."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models import RunningLate
from rules import scheduling
from rules.actor import Actor

FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)


@pytest.fixture
def visit(clinic, time_machine):
    time_machine.move_to(FRIDAY - timedelta(hours=72), tick=False)
    a = scheduling.book(
        clinic.ava, clinic.peel, provider=clinic.dr_lin, location=clinic.soho, starts_at=FRIDAY,
        by=Actor("patient", clinic.ava.id, "Ava"), request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip
    time_machine.move_to(FRIDAY - timedelta(hours=1), tick=False)
    return a


def test_ten_minutes_late_is_answered_and_seen_at_the_desk(visit, as_ava, as_desk):
    address = f"/appointments/{visit.id}/lateness"
    assert address in as_ava.see(f"/appointments/{visit.id}")
    assert address in as_ava.see("/")
    assert as_ava.submit(address, minutes="10").status_code == 303
    assert "you still have your whole visit" in as_ava.see(address)
    assert "10 min late, 60 min left" in as_desk.see("/staff?day=2026-03-06")


def test_nothing_chosen_and_too_early_change_nothing(visit, as_ava, time_machine):
    address = f"/appointments/{visit.id}/lateness"
    assert as_ava.submit(address).status_code == 422
    assert as_ava.submit(address, minutes="15").status_code == 422
    time_machine.move_to(FRIDAY - timedelta(hours=3), tick=False)
    as_ava.sign_in(visit.patient)
    assert address not in as_ava.see(f"/appointments/{visit.id}")
    assert address not in as_ava.see("/")
    assert "from two hours before" in as_ava.see(address)
    assert as_ava.submit(address, minutes="10").status_code == 422
    assert not RunningLate.select().exists()


def test_anothers_visit_is_not_there(visit, as_ben):
    assert as_ben.get(f"/appointments/{visit.id}/lateness").status_code == 404
