"""The ready board on the desk's screen: what it says, the nudge, the minute's refresh that nobody attends."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from models import Appointment, Delivery, LoginSession, Patient, Provider, Task
from rules import scheduling
from rules.actor import Actor

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)  # Monday noon in New York
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(autouse=True)
def monday():
    with time_machine.travel(NOON - timedelta(days=6), tick=False) as clock:
        yield clock


@pytest.fixture
def at_noon(clinic, as_desk, monday):
    """Ava comes at one o'clock; the desk looks at noon."""
    a = booked(clinic)
    monday.move_to(NOON)
    as_desk.sign_in(clinic.desk)
    return a


def booked(clinic, starts_at=NOON + timedelta(hours=1), patient=None):
    patient = patient or clinic.ava
    return scheduling.book(
        patient, clinic.botox, provider=clinic.dr_lin, location=clinic.soho, starts_at=starts_at,
        by=Actor("patient", patient.id, patient.name), request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_the_board_says_who_comes_and_what_is_missing(clinic, as_desk, at_noon):
    page = as_desk.see("/staff/ready")
    assert page.count("<h1") == 1
    told = plain(page)
    for words in (
        "Today 1 of 1 visit not ready", "Ava Moreno", "Wrinkle relaxing with Dr Lin, Soho", "13:00 EST",
        "Medical history, consent and instructions are open; starts in 1 hour.",
        "History: Not begun", "Consents: Not signed", "Instructions: Not read", "Flags: Not known yet",
        "Tomorrow nobody comes", "Card: At the clinic",
    ):  # fmt: skip
        assert words in told, words
    assert f'action="/staff/appointments/{at_noon.id}/nudge"' in page
    assert 'href="/staff/ready"' in as_desk.see("/staff")


def test_each_gate_has_a_sign_beside_its_words(clinic, as_desk, at_noon):
    gates = re.findall(r'<li class="gate.*?</li>', as_desk.see("/staff/ready"), re.S)
    assert len(gates) == 5
    assert all('<use href="#icon-' in gate for gate in gates)
    [card] = [gate for gate in gates if "Card" in gate]
    assert 'href="#icon-card"' in card
    assert "is-none" in card, "a card that nobody waits for is nothing urgent"


def test_the_board_can_be_narrowed_and_a_strange_filter_shows_all(clinic, as_desk, at_noon):
    assert "Ava Moreno" in as_desk.see(f"/staff/ready?location={clinic.soho.id}&provider={clinic.dr_lin.id}")
    assert "Ava Moreno" not in as_desk.see(f"/staff/ready?location={clinic.bath.id}")
    assert "Ava Moreno" not in as_desk.see(f"/staff/ready?provider={clinic.other_provider.id}")
    assert "Ava Moreno" in as_desk.see("/staff/ready?location=x&provider=999")


def test_a_nudge_without_scripts_comes_back_to_the_same_board(clinic, as_desk, at_noon):
    answer = as_desk.submit(f"/staff/appointments/{at_noon.id}/nudge", location=clinic.soho.id)
    assert (answer.status_code, answer.location) == (303, f"/staff/ready?location={clinic.soho.id}")
    assert Delivery.select().where(Delivery.kind == "paperwork_nudge").count() == 1
    page = as_desk.see(answer.location)
    assert "Ava Moreno gets an e-mail." in page
    assert "Nudged just now" in page
    assert "/nudge" not in page, "it cannot be pressed for two minutes"
    again = as_desk.submit(f"/staff/appointments/{at_noon.id}/nudge")
    assert again.status_code == 409
    assert "Nudged just now. Give Ava two minutes." in again.text
    assert Delivery.select().where(Delivery.kind == "paperwork_nudge").count() == 1


def test_the_button_comes_back_after_two_minutes(clinic, as_desk, at_noon, monday):
    as_desk.submit(f"/staff/appointments/{at_noon.id}/nudge")
    monday.shift(timedelta(minutes=2))
    page = as_desk.see("/staff/ready")
    assert f"/staff/appointments/{at_noon.id}/nudge" in page
    assert "Nudged 2 minutes ago" in page


def test_a_nudge_with_scripts_answers_with_the_board_alone(clinic, as_desk, at_noon):
    for words in ("Ava Moreno gets an e-mail.", "Give Ava two minutes."):
        answer = as_desk.submit(f"/staff/appointments/{at_noon.id}/nudge", htmx=True)
        assert answer.status_code == 200
        assert answer.text.lstrip().startswith('<div id="board"')
        assert words in answer.text


def test_who_has_no_address_is_called_instead(clinic, as_desk, at_noon):
    Patient.update(email=None).where(Patient.id == clinic.ava.id).execute()
    page = as_desk.see("/staff/ready")
    assert "No e-mail address: please call." in page
    assert "/nudge" not in page
    answer = as_desk.submit(f"/staff/appointments/{at_noon.id}/nudge")
    assert answer.status_code == 409
    assert "has no e-mail address" in answer.text


def test_who_is_ready_is_not_nudged(clinic, as_desk, at_noon):
    Task.update(status="done", done_at=NOON).where(Task.appointment == at_noon).execute()
    page = as_desk.see("/staff/ready")
    assert "one visit, ready" in page
    assert "/nudge" not in page


def test_the_board_is_for_staff_and_a_visit_that_is_not_there_is_404(clinic, as_nurse, as_ava, as_desk):
    assert as_nurse.get("/staff/ready").status_code == 200
    assert as_ava.get("/staff/ready").status_code == 403
    assert as_desk.submit("/staff/appointments/999/nudge").status_code == 404


def test_the_minutes_refresh_is_the_board_alone_and_keeps_no_session_alive(clinic, as_desk, at_noon, monday):
    page = as_desk.see("/staff/ready")
    refresh = re.search(r'<div id="board"[^>]*hx-get="([^"]+)" hx-trigger="every 60s"', page).group(1)
    for _ in range(29):
        monday.shift(timedelta(minutes=1))
        answer = as_desk.get(refresh, headers=PARTIAL)
        assert answer.text.lstrip().startswith('<div id="board"')
    monday.shift(timedelta(minutes=1))
    assert as_desk.get(refresh, headers=PARTIAL).headers.get("HX-Redirect", "").startswith("/staff/sign-in")
    assert LoginSession.select().where(LoginSession.staff == clinic.desk, LoginSession.ended_at.is_null(False)).exists()


def test_a_board_of_four_asks_as_often_as_a_board_of_one(clinic, as_desk, at_noon, queries):
    def asked():
        with queries() as count:
            as_desk.see("/staff/ready")
        return count()

    one = asked()
    for number in range(3):
        patient = Patient.create(first_name=f"P{number}", last_name="Zed", email=f"p{number}@example.com")
        starts = NOON + timedelta(minutes=30 * number)
        Appointment.create(
            patient=patient, service=clinic.botox, provider=Provider.create(name=f"Dr {number}"), location=clinic.soho,
            starts_at=starts, ends_at=starts + timedelta(minutes=30), currency="USD", request_key=uuid4().hex,
        )  # fmt: skip
    assert asked() == one


def test_the_desks_page_leads_to_the_board_and_tells_of_declined_consents(clinic, as_desk, at_noon):
    page = as_desk.see("/staff")
    assert '<a href="/staff/ready">1 of today’s visits is not ready</a>' in page
    assert "declined a consent" not in page
    Task.update(status="not_needed", declined_at=NOON).where(Task.paperwork == clinic.consent).execute()
    assert "declined a consent" in as_desk.see("/staff")
    assert "Consents: Declined" in plain(as_desk.see("/staff/ready"))
