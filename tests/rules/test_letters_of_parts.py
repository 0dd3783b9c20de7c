"""What was booked or cancelled in one go is told in one letter, and what was undone in time in none."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from models import Appointment, Clinic, Delivery
from rules import letters, scheduling, sending
from tests.rules.scheduled import DESK, FRIDAY, HOUR, MINUTE, MONDAY, actor, book, part


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(MONDAY, tick=False)
    return time_machine


@pytest.fixture
def wire(monkeypatch):
    """Every letter that goes."""
    gone = []
    monkeypatch.setattr(sending.mail, "send", lambda message, to: gone.append(message))
    return gone


def both(clinic):
    return book(clinic, part(clinic), part(clinic, FRIDAY + HOUR, clinic.botox))


def told(kind):
    return list(Delivery.select().where(Delivery.kind == kind).order_by(Delivery.id))


def events(letter):
    [file] = letter.attachments
    calendar = Calendar.from_ical(file.content)
    assert calendar["method"] == file.method == "PUBLISH", "a request is about one event alone"
    return [
        (event.decoded("dtstart"), str(event["status"]), int(event["sequence"])) for event in calendar.walk("VEVENT")
    ]


def test_a_visit_of_parts_is_confirmed_once_with_all_of_them(clinic):
    first, then = both(clinic)
    [message] = told("booking_confirmed")
    letter = letters.compose(message)
    assert letter.subject == "Your visit on Fri 6 Mar 2026 is booked"
    for a, at in ((first, "10:00"), (then, "11:00")):
        assert f"When: Fri 6 Mar 2026, {at} EST\nWith: Dr Lin\nWhere: Soho, 1 Test Street, New York\n" in letter.text
        assert f"Free to cancel until Wed 4 Mar 2026, {at} EST, then $50.00.\n" in letter.text
        assert f"http://localhost/appointments/{a.id}\n" in letter.text
    assert "2 papers need you before you come" in letter.text, "those of the second part"
    assert events(letter) == [(FRIDAY, "CONFIRMED", 0), (FRIDAY + HOUR, "CONFIRMED", 0)]


def test_what_is_left_of_it_is_still_confirmed(clinic):
    first, then = both(clinic)
    scheduling.cancel(first, by=DESK)
    [message] = told("booking_confirmed")
    assert (message.status, message.appointment_id) == ("waiting", then.id)
    letter = letters.compose(message)
    assert letter.subject == "Your appointment on Fri 6 Mar 2026 is booked"
    assert "11:00 EST" in letter.text
    assert "10:00 EST" not in letter.text
    scheduling.cancel(then, by=DESK)
    assert told("booking_confirmed")[0].status == "skipped"


def test_parts_cancelled_together_are_told_once(clinic, clock):
    parts = both(clinic)
    clock.move_to(FRIDAY - 3 * HOUR, tick=False)
    scheduling.cancel_all(parts, by=actor(clinic.ava))
    [message] = told("appointment_cancelled")
    letter = letters.compose(message)
    assert letter.subject == "Your visit on Fri 6 Mar 2026 is cancelled"
    for words in ("10:00 EST", "11:00 EST", "fees of $100.00 together apply", "takes them out of your calendar"):
        assert words in letter.text
    assert events(letter) == [(FRIDAY, "CANCELLED", 1), (FRIDAY + HOUR, "CANCELLED", 1)]


def test_no_letter_of_several_tells_of_a_treatment(clinic):
    parts = both(clinic)
    confirmed = letters.compose(told("booking_confirmed")[0])
    scheduling.cancel_all(parts, by=DESK)
    for letter in (confirmed, letters.compose(told("appointment_cancelled")[0])):
        said = (letter.subject + letter.text + letter.attachments[0].content.decode()).lower()
        assert "peel" not in said
        assert "wrinkle" not in said


@pytest.mark.parametrize("several", [False, True])
def test_what_is_undone_before_its_confirmation_went_is_told_to_nobody(clinic, wire, several):
    a = both(clinic)[0] if several else book(clinic, part(clinic, service=clinic.botox))[0]
    scheduling.undo(a, actor(clinic.ava))
    assert told("appointment_cancelled") == []
    assert {row.status for row in Delivery.select()} == {"skipped"}
    assert sending.send_due() == 0
    assert wire == []


def test_what_is_undone_after_its_confirmation_is_told_once(clinic, wire, clock):
    Clinic.update(instructions_in_mail=False).execute()
    a = both(clinic)[1]
    sending.send_due()
    assert [message["Subject"] for message in wire].count("Your visit on Fri 6 Mar 2026 is booked") == 1
    clock.move_to(MONDAY + 2 * MINUTE, tick=False)
    scheduling.undo(a, actor(clinic.ava))
    wire.clear()
    assert sending.send_due() == 1
    assert wire[0]["Subject"] == "Your visit on Fri 6 Mar 2026 is cancelled"
    assert Appointment.select().where(Appointment.status == "cancelled").count() == 2
    clock.move_to(MONDAY + timedelta(days=9), tick=False)
    assert sending.send_due() == 0
