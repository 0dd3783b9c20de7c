"""Booking in the browser: from the treatment to the booked appointment, and what happens when somebody was faster."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from models import Appointment, Charge, PolicyAcceptance, Service

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY)


def hidden(page):
    """The hidden fields of a page's form, as a browser would send them."""
    fields = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    named = [(re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)) for field in fields]
    return {name.group(1): value.group(1) for name, value in named if value and name.group(1) != "csrf_token"}


def spoken(page):
    """The page's text as it is read out: without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_a_patient_books_by_following_the_links(clinic, as_ava):
    assert f'href="/booking/{clinic.botox.id}"' in as_ava.see("/booking")
    people = as_ava.see(f"/booking/{clinic.botox.id}")
    assert "First available" in people
    assert "Dr Lin" in people
    times = as_ava.see(f"/booking/{clinic.botox.id}/times?provider={clinic.dr_lin.id}")
    assert "Monday 2 March" in times
    assert "Soho, EST" in times
    assert "Mon 2 Mar, 09:00 with Dr Lin, Soho" in spoken(times)
    link = re.search(r'href="(/booking/\d+/confirmation[^"]*)"', times).group(1).replace("&amp;", "&")
    page = as_ava.see(link)
    for words in ("Mon 2 Mar 2026, 09:00 EST", "Dr Lin", "$400.00", "Questionnaire: Medical history", "$50.00"):
        assert words in page
    answer = as_ava.submit(link.split("?")[0], **hidden(page), accepted="y")
    assert answer.status_code == 303
    assert answer.location == "/"
    appointment = Appointment.get()
    assert appointment.patient == clinic.ava
    assert appointment.starts_at == datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert appointment.ends_at == appointment.starts_at + timedelta(minutes=30)
    assert PolicyAcceptance.get().shown_minor == 5000
    assert Charge.select().count() == 0
