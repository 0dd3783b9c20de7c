"""The calendar file says the same moment as the page, replaces what it sent before, and tells no health detail."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from icalendar import Calendar

from rules import calendar_file, scheduling
from rules.actor import Actor

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
DST_MORNING = datetime(2026, 3, 8, 15, tzinfo=UTC)  # 11:00 EDT, on the day New York's clocks change


@pytest.fixture
def visit(clinic, time_machine):
    time_machine.move_to(MONDAY, tick=False)
    return scheduling.book(
        clinic.ava, clinic.botox, provider=clinic.dr_lin, location=clinic.soho, starts_at=DST_MORNING,
        by=Actor("patient", clinic.ava.id, clinic.ava.name), request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip


def event_of(content):
    calendar = Calendar.from_ical(content)
    return calendar, next(iter(calendar.walk("VEVENT")))


def test_the_file_parses_back_to_the_booked_instant(visit):
    calendar, event = event_of(calendar_file.ics(visit))
    assert event.decoded("dtstart") == DST_MORNING
    assert event.decoded("dtend") == visit.ends_at
    assert b"DTSTART:20260308T150000Z" in calendar_file.ics(visit)
    assert calendar["method"] == "REQUEST"
    assert event["location"] == "Soho, 1 Test Street, New York"


def test_it_says_until_when_cancelling_is_free_in_local_time_and_where_to_do_it(visit):
    _, event = event_of(calendar_file.ics(visit))
    assert "Free to cancel until Fri 6 Mar 2026, 10:00 EST, then $50.00." in event["description"]
    assert f"/appointments/{visit.id}" in event["description"]


def test_a_move_and_a_cancellation_replace_the_entry(clinic, visit):
    by = Actor("staff", clinic.desk.id, clinic.desk.name)
    _, first = event_of(calendar_file.ics(visit))
    scheduling.move(visit, starts_at=DST_MORNING.replace(day=9), provider=clinic.dr_lin, location=clinic.soho, by=by)
    _, second = event_of(calendar_file.ics(visit))
    scheduling.cancel(visit, by=by)
    calendar, last = event_of(calendar_file.ics(visit, "CANCEL"))
    assert first["uid"] == second["uid"] == last["uid"]
    assert first["sequence"] < second["sequence"] < last["sequence"]
    assert (calendar["method"], last["status"]) == ("CANCEL", "CANCELLED")


def test_it_does_not_say_what_the_treatment_is(clinic, visit):
    for method in ("REQUEST", "PUBLISH"):
        content = calendar_file.ics(visit, method).decode().replace("\r\n ", "")
        assert clinic.botox.name not in content
        assert "Appointment at The Test Clinic" in content
