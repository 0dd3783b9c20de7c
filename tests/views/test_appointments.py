"""A patient's appointments in the browser: their detail, cancelling and rescheduling, and nobody else's."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models import Appointment, Charge, Patient
from rules import scheduling
from rules.actor import Actor

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)  # 10:00 EST


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


def booked(clinic, patient=None, service=None, starts_at=FRIDAY):
    patient = patient or clinic.ava
    return scheduling.book(
        patient, service or clinic.botox, provider=clinic.dr_lin, location=clinic.soho, starts_at=starts_at,
        by=Actor("patient", patient.id, patient.name), request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip


def shown(page):
    return re.search(r'name="shown"[^>]*value="(\d+)"', page).group(1)


def test_the_detail_says_when_where_with_whom_and_until_when_it_is_free(clinic, as_ava):
    a = booked(clinic)
    page = as_ava.see(f"/appointments/{a.id}")
    for words in (
        "Fri 6 Mar 2026, 10:00 to 10:30 EST", "Dr Lin", "1 Test Street", "$400.00", "Medical history",
        "Free to cancel until Wed 4 Mar 2026, 10:00 EST, then $50.00.", "212-555-0100",
        ">Reschedule Appointment</a>", ">Cancel Appointment</a>",
    ):  # fmt: skip
        assert words in page, words
    assert "After wrinkle relaxing" not in page


def test_post_treatment_instructions_stand_there_from_the_start(clinic, as_ava, time_machine):
    a = booked(clinic)
    time_machine.move_to(FRIDAY, tick=False)
    as_ava.sign_in(clinic.ava)
    page = as_ava.see(f"/appointments/{a.id}")
    assert "After wrinkle relaxing" in page
    assert ">Cancel Appointment</a>" not in page
    assert "has begun" in page


def test_cancelling_in_time_is_free_and_says_so(clinic, as_ava):
    a = booked(clinic)
    page = as_ava.see(f"/appointments/{a.id}/cancellation")
    assert "<strong>Free</strong>" in page
    answer = as_ava.submit(f"/appointments/{a.id}/cancellation", shown=shown(page), why="Feeling unwell")
    assert answer.status_code == 303
    after = as_ava.see(answer.location)
    assert "It costs you nothing" in after
    assert "by you. Feeling unwell" in after
    assert Charge.select().count() == 0


def test_the_clinics_own_reason_for_cancelling_stays_with_the_clinic(clinic, as_ava, as_desk):
    a = booked(clinic)
    as_desk.submit(f"/staff/appointments/{a.id}/cancellation", why="Rude on the phone")
    page = as_ava.see(f"/appointments/{a.id}")
    assert "by the clinic." in page
    assert "Rude" not in page
    assert "Dana Desk" not in page
    assert "Rude on the phone" in as_desk.see(f"/staff/appointments/{a.id}")


def test_who_cancelled_is_still_you_after_a_change_of_name(clinic, as_ava):
    a = booked(clinic)
    as_ava.submit(f"/appointments/{a.id}/cancellation", shown="0", why="Feeling unwell")
    Patient.update(last_name="Moreno-Diaz").where(Patient.id == clinic.ava.id).execute()
    assert "by you. Feeling unwell" in as_ava.see(f"/appointments/{a.id}")


def test_cancelling_late_shows_the_amount_first_and_a_receipt_after(clinic, as_ava, time_machine):
    a = booked(clinic)
    time_machine.move_to(FRIDAY - timedelta(hours=47), tick=False)
    as_ava.sign_in(clinic.ava)
    page = as_ava.see(f"/appointments/{a.id}/cancellation")
    assert "You are cancelling less than 48 hours before your appointment." in page
    assert "Cancel Appointment and owe $50.00" in page
    for _ in range(2):  # a double click
        answer = as_ava.submit(f"/appointments/{a.id}/cancellation", shown=shown(page))
        assert answer.status_code == 303
        after = as_ava.see(answer.location)
        assert "$50.00 is owed, payable at the clinic" in after
    assert "Receipt number 1" in after
    assert Charge.select().count() == 1


def test_a_fee_that_appeared_meanwhile_is_shown_before_anything_happens(clinic, as_ava, time_machine):
    a = booked(clinic)
    page = as_ava.see(f"/appointments/{a.id}/cancellation")
    time_machine.move_to(FRIDAY - timedelta(hours=48) + timedelta(seconds=1), tick=False)
    as_ava.sign_in(clinic.ava)
    answer = as_ava.submit(f"/appointments/{a.id}/cancellation", shown=shown(page), why="Ill")
    assert answer.status_code == 422
    assert "This now costs $50.00" in answer.text
    assert "Ill" in answer.text
    assert shown(answer.text) == "5000"
    assert Appointment.get_by_id(a.id).status == "booked"


def test_rescheduling_offers_free_times_and_asks(clinic, as_ava):
    a = booked(clinic)
    times = as_ava.see(f"/appointments/{a.id}/time")
    link = re.search(r'href="(/appointments/\d+/time/confirmation[^"]*)"', times).group(1)
    page = as_ava.see(link)
    assert "Mon 2 Mar 2026, 09:00 EST" in page
    slot = re.search(r'name="slot"[^>]*value="([^"]+)"', page).group(1)
    answer = as_ava.submit(f"/appointments/{a.id}/time/confirmation", slot=slot, shown=shown(page))
    assert answer.status_code == 303
    after = as_ava.see(answer.location)
    assert "now on Mon 2 Mar 2026, 09:00 EST" in after
    assert "Stood on Fri 6 Mar 2026, 10:00 EST" in after
    assert Appointment.get_by_id(a.id).moves == 1


def test_a_time_that_was_taken_meanwhile_offers_the_nearest(clinic, as_ava):
    a = booked(clinic)
    other = booked(clinic, clinic.ben, starts_at=FRIDAY + timedelta(days=3))
    slot = f"{clinic.dr_lin.id}-{clinic.soho.id}-{other.starts_at:%Y%m%dT%H%M%SZ}"
    answer = as_ava.submit(f"/appointments/{a.id}/time/confirmation", slot=slot, shown="0")
    assert answer.status_code == 422
    assert "Somebody was faster" in answer.text
    near = re.findall(r'<button name="slot" value="([^"]+)"', answer.text)
    assert len(near) == 5
    assert as_ava.submit(f"/appointments/{a.id}/time/confirmation", slot=near[0], shown="0").status_code == 303


def test_the_calendar_file_is_a_download(clinic, as_ava):
    answer = as_ava.get(f"/appointments/{booked(clinic).id}/calendar.ics")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert b"DTSTART:20260306T150000Z" in answer.data


def test_a_strangers_appointment_is_not_found(clinic, as_ben):
    a = booked(clinic)
    for page in ("", "/cancellation", "/time", "/calendar.ics", "/time/confirmation?slot=1-1-20260309T150000Z"):
        assert as_ben.get(f"/appointments/{a.id}{page}").status_code == 404, page
    for page in ("/cancellation", "/time/confirmation"):
        assert as_ben.submit(f"/appointments/{a.id}{page}", shown="0").status_code == 404, page
    assert Appointment.get_by_id(a.id).status == "booked"


def test_all_appointments_are_listed_page_by_page(clinic, as_ava, time_machine):
    for week in range(23):
        a = booked(clinic, service=clinic.peel, starts_at=FRIDAY + timedelta(days=week))
        scheduling.cancel(a, by=Actor("staff", 1, "Dana Desk"))
    kept = booked(clinic)
    first, second = as_ava.see("/appointments"), as_ava.see("/appointments?page=2")
    assert f'href="/appointments/{kept.id}"' in first
    assert first.count('class="appointment is-past"') == 20
    assert second.count('class="appointment is-past"') == 3


def test_pages_cost_the_same_queries_for_one_row_and_three(clinic, as_ava, queries):
    def cost(address):
        with queries() as count:
            as_ava.see(address)
        return count()

    a = booked(clinic)
    one = [cost("/appointments"), cost(f"/appointments/{a.id}")]
    desk = Actor("staff", 1, "Dana Desk")
    for day in (1, 2, 3):
        booked(clinic, service=clinic.peel, starts_at=FRIDAY + timedelta(days=day))
        scheduling.move(
            a, starts_at=FRIDAY + timedelta(days=5, hours=day), provider=clinic.dr_lin, location=clinic.soho, by=desk
        )
    assert [cost("/appointments"), cost(f"/appointments/{a.id}")] == one


def test_a_visit_has_the_same_card_wherever_it_stands(clinic, as_ava, time_machine):
    a = booked(clinic)
    for moment in (MONDAY, FRIDAY - timedelta(hours=5)):
        time_machine.move_to(moment, tick=False)
        as_ava.sign_in(clinic.ava)
        pages = [as_ava.see(page) for page in ("/", "/appointments", f"/appointments/{a.id}/cancellation")]
        cards = {" ".join(re.search(r"<article.*?</article>", page, re.S).group().split()) for page in pages}
        assert len(cards) == 1
