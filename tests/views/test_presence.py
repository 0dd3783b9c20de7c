"""What became of a visit, as the desk notes it: here, not here after all, over, missed, and missed after all."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models import Appointment, Charge, TrailEntry
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


def ways(page):
    """What the toolbar or the row of a visit offers."""
    names = ("arrival", "completion", "absence", "arrival/undo")
    return [name for name in names if f'/{name}"' in page]


@pytest.mark.parametrize(
    ("after", "booked", "arrived"),
    [
        (timedelta(days=-1), [], None),
        (timedelta(hours=-1), ["arrival"], ["arrival/undo"]),
        (timedelta(0), ["arrival", "absence"], ["completion", "absence", "arrival/undo"]),
        (timedelta(days=1), ["completion", "absence"], None),
    ],
)
def test_only_what_is_possible_is_offered(clinic, visit, at, after, booked, arrived):
    desk, pages = at(after), ("/staff?day=2026-03-02", f"/staff/appointments/{visit.id}")
    assert [ways(desk.see(page)) for page in pages] == [booked, booked]
    answer = desk.submit(f"/staff/appointments/{visit.id}/arrival")
    assert answer.status_code == (409 if arrived is None else 303)
    if arrived is not None:
        assert [ways(desk.see(page)) for page in pages] == [arrived, arrived]


def test_who_was_checked_in_by_mistake_is_not_here_after_all(clinic, visit, at):
    desk = at(timedelta(hours=-1))
    where = {"from": "desk", "day": "2026-03-02"}
    desk.submit(f"/staff/appointments/{visit.id}/arrival")
    answer = desk.submit(f"/staff/appointments/{visit.id}/arrival/undo", htmx=True, **where)
    assert "Ava Moreno: Not here after all." in answer.text
    row = Appointment.get_by_id(visit.id)
    assert (row.status, row.arrived_at) == ("booked", None)
    assert TrailEntry.select().where(TrailEntry.action == "arrival undone").count() == 1
    assert "already booked" in desk.submit(f"/staff/appointments/{visit.id}/arrival/undo", htmx=True, **where).text


def test_an_absence_after_a_check_in_leaves_no_arrival_behind(clinic, visit, at):
    desk = at(timedelta(minutes=5))
    desk.submit(f"/staff/appointments/{visit.id}/arrival")
    desk.submit(f"/staff/appointments/{visit.id}/absence", fee="charge")
    desk.submit(f"/staff/appointments/{visit.id}/absence/undo")
    row = Appointment.get_by_id(visit.id)
    assert (row.status, row.arrived_at) == ("booked", None)


def test_a_move_to_another_provider_says_with_whom_it_was(clinic, visit, at, as_ava):
    desk = at(timedelta(days=-5))
    by = Actor("staff", clinic.desk.id, clinic.desk.name)
    later = START + timedelta(days=1)
    scheduling.move(visit, starts_at=later, provider=clinic.dr_lin, location=clinic.soho, by=by)
    pages = (f"/appointments/{visit.id}", f"/staff/appointments/{visit.id}")
    for browser, page in zip((as_ava.sign_in(clinic.ava), desk), pages, strict=True):
        assert "13:00 EST with Dr Lin" not in browser.see(page)
    bath = START + timedelta(days=2, hours=-4)
    scheduling.move(visit, starts_at=bath, provider=clinic.other_provider, location=clinic.bath, by=by)
    for browser, page in zip((as_ava, desk), pages, strict=True):
        told = browser.see(page)
        assert "Tue 3 Mar 2026, 13:00 EST with Dr Lin" in told, page
        assert "Mon 2 Mar 2026, 13:00 EST with" not in told
