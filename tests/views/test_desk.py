"""The front desk's pages: the day and its steps, one visit, absence and cancellation, moving and booking."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from models import Appointment, Charge, Clinic, Delivery, Policy, Task, TrailEntry
from rules import scheduling, searching
from rules.actor import Actor

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)  # Monday noon in New York
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(autouse=True)
def monday():
    with time_machine.travel(NOON - timedelta(days=6), tick=False) as clock:
        yield clock


def booked(clinic, starts_at=NOON + timedelta(hours=1), patient=None, service=None):
    """As a patient books: the policy accepted, paperwork begun, messages put."""
    patient = patient or clinic.ava
    return scheduling.book(
        patient, service or clinic.botox, provider=clinic.dr_lin, location=clinic.soho, starts_at=starts_at,
        by=Actor("patient", patient.id, patient.name), request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip


def stands(a):
    return Appointment.get_by_id(a.id).status


def looks(patient):
    said = TrailEntry.select().where(TrailEntry.patient == patient, TrailEntry.action.contains("looked at"))
    return [(entry.actor_name, entry.action) for entry in said.order_by(TrailEntry.id)]


def test_the_day_shows_who_comes_and_how_far_their_paperwork_is(clinic, as_desk, monday):
    booked(clinic)
    monday.move_to(NOON)
    as_desk.sign_in(clinic.desk)
    page = as_desk.see("/staff")
    for words in ("Today, 2 March 2026", "Ava Moreno", "13:00 EST", "Dr Lin", "Booked", "0 of 3 done", "Check in Ava"):
        assert words in re.sub(r'<span class="visually-hidden">|</span>', "", page), words
    assert page.count("<h1") == 1
    assert "Ava Moreno" not in as_desk.see("/staff?day=2026-03-03")
    assert "Ava Moreno" not in as_desk.see(f"/staff?location={clinic.bath.id}")
    assert "Ava Moreno" in as_desk.see(f"/staff?location={clinic.soho.id}&provider={clinic.dr_lin.id}")


def test_the_day_of_somebody_who_treats_opens_with_their_own_visits(clinic, as_nurse, monday):
    a = booked(clinic)
    monday.move_to(NOON)
    as_nurse.sign_in(clinic.nurse)
    assert "Ava Moreno" not in as_nurse.see("/staff")
    everybody = as_nurse.see("/staff?provider=")
    assert "Ava Moreno" in everybody
    assert "/staff?day=2026-03-03&amp;provider=" in everybody, "the next day shows everybody too"
    answer = as_nurse.submit(f"/staff/appointments/{a.id}/arrival", **{"from": "desk", "provider": ""})
    assert "Ava Moreno" in as_nurse.see(answer.headers["Location"])


@pytest.mark.parametrize("query", ["day=yesterday", "day=9999-12-31", "day=0001-01-01", "location=x&provider=-1"])
def test_a_filter_that_makes_no_sense_shows_today(clinic, as_desk, query):
    assert "Today, 24 February 2026" in as_desk.see(f"/staff?{query}")


def test_a_desk_of_three_asks_as_often_as_a_desk_of_one(clinic, as_desk, queries, monday):
    def asked(page):
        with queries() as count:
            as_desk.see(page)
        return count()

    first = booked(clinic)
    monday.move_to(NOON)
    as_desk.sign_in(clinic.desk)
    pages = ("/staff", f"/staff/appointments/{first.id}", f"/staff/patients/{clinic.ava.id}", "/staff/patients")
    before = [asked(page) for page in pages]
    for hours in (2, 3):
        booked(clinic, NOON + timedelta(hours=hours))
    assert [asked(page) for page in pages] == before


def test_check_in_and_completion_without_scripts_come_back_to_the_same_day(clinic, as_desk, monday):
    a = booked(clinic)
    monday.move_to(NOON)
    as_desk.sign_in(clinic.desk)
    where = {"from": "desk", "day": "2026-03-02", "location": clinic.soho.id}
    answer = as_desk.submit(f"/staff/appointments/{a.id}/arrival", **where)
    assert (answer.status_code, answer.location) == (303, f"/staff?day=2026-03-02&location={clinic.soho.id}")
    assert stands(a) == "arrived"
    monday.move_to(a.ends_at)
    as_desk.sign_in(clinic.desk)
    answer = as_desk.submit(f"/staff/appointments/{a.id}/completion")
    assert (answer.status_code, answer.location) == (303, f"/staff/appointments/{a.id}")
    assert stands(a) == "completed"


def test_check_in_with_scripts_answers_with_the_day_alone(clinic, as_desk, monday):
    a = booked(clinic)
    monday.move_to(NOON)
    as_desk.sign_in(clinic.desk)
    answer = as_desk.submit(f"/staff/appointments/{a.id}/arrival", htmx=True, **{"from": "desk", "day": "2026-03-02"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="day"')
    assert "<html" not in answer.text
    assert "Ava Moreno: Checked in." in answer.text
    assert "#day-said" in answer.headers["HX-Trigger"]
    again = as_desk.submit(f"/staff/appointments/{a.id}/arrival", htmx=True, **{"from": "desk", "day": "2026-03-02"})
    assert (again.status_code, again.text.lstrip()[:13]) == (200, '<div id="day"')
    assert "This appointment is already arrived." in again.text
    assert as_desk.submit(f"/staff/appointments/{a.id}/arrival").status_code == 409


def test_a_provider_may_check_in_but_not_decide_about_money(clinic, as_nurse, monday):
    a = booked(clinic)
    monday.move_to(NOON + timedelta(hours=2))
    as_nurse.sign_in(clinic.nurse)
    assert "/absence" not in as_nurse.see("/staff?day=2026-03-02")
    for page in ("absence", "absence/undo"):
        assert as_nurse.submit(f"/staff/appointments/{a.id}/{page}", fee="charge").status_code == 403
    assert stands(a) == "booked"
    assert as_nurse.submit(f"/staff/appointments/{a.id}/arrival").status_code == 303


def test_each_look_at_a_visit_is_in_the_trail(clinic, as_desk):
    a = booked(clinic)
    page = as_desk.see(f"/staff/appointments/{a.id}")
    for words in ("Ava Moreno", "Medical history", "Not begun", "Booking confirmed", "Appointment booked", "$50.00"):
        assert words in page, words
    assert looks(clinic.ava) == [("Dana Desk", "appointment looked at")]
    assert as_desk.get("/staff/appointments/999").status_code == 404


def test_an_absence_is_charged_as_the_policy_says_once_staff_confirm(clinic, as_desk, monday):
    a = booked(clinic)
    monday.move_to(NOON + timedelta(hours=2))
    as_desk.sign_in(clinic.desk)
    assert "$400.00" in as_desk.see(f"/staff/appointments/{a.id}/absence")
    assert as_desk.submit(f"/staff/appointments/{a.id}/absence").status_code == 422
    assert stands(a) == "booked"
    answer = as_desk.submit(f"/staff/appointments/{a.id}/absence", fee="charge")
    assert answer.status_code == 303
    assert stands(a) == "missed"
    assert [(c.reason, c.amount_minor, c.status) for c in Charge.select()] == [("no_show_fee", 40000, "owed")]
    assert as_desk.submit(f"/staff/appointments/{a.id}/absence/undo").status_code == 303
    assert stands(a) == "booked"
    assert [c.status for c in Charge.select()] == ["waived"]


def test_letting_the_fee_go_needs_a_reason(clinic, as_desk, monday):
    a = booked(clinic)
    monday.move_to(NOON + timedelta(hours=2))
    as_desk.sign_in(clinic.desk)
    answer = as_desk.submit(f"/staff/appointments/{a.id}/absence", fee="waive", why=" ")
    assert answer.status_code == 422
    assert "Enter why the fee is not charged" in answer.text
    assert as_desk.submit(f"/staff/appointments/{a.id}/absence", fee="waive", why="Snow").status_code == 303
    assert (stands(a), Charge.select().count(), Appointment.get_by_id(a.id).closed_why) == ("missed", 0, "Snow")


def test_an_absence_before_the_start_is_refused(clinic, as_desk):
    a = booked(clinic)
    answer = as_desk.submit(f"/staff/appointments/{a.id}/absence", fee="charge")
    assert answer.status_code == 422
    assert "This visit has not started yet." in answer.text


def test_where_no_policy_was_accepted_an_absence_costs_nothing(clinic, as_desk, monday):
    a = scheduling.book(
        clinic.ava, clinic.botox, provider=clinic.dr_lin, location=clinic.soho, starts_at=NOON + timedelta(hours=1),
        by=Actor("staff", clinic.desk.id, clinic.desk.name), request_key="by telephone",
    )  # fmt: skip
    monday.move_to(NOON + timedelta(hours=2))
    as_desk.sign_in(clinic.desk)
    assert "No cancellation policy applies" in as_desk.see(f"/staff/appointments/{a.id}/absence")
    assert as_desk.submit(f"/staff/appointments/{a.id}/absence", fee="charge").status_code == 422
    assert as_desk.submit(f"/staff/appointments/{a.id}/absence", fee="waive", why="").status_code == 303
    assert (stands(a), Charge.select().count()) == ("missed", 0)


def test_a_visit_that_the_clinic_cancels_costs_nothing_and_needs_a_reason(clinic, as_desk, monday):
    a = booked(clinic)
    monday.move_to(NOON)  # an hour before: a patient would pay
    as_desk.sign_in(clinic.desk)
    assert as_desk.submit(f"/staff/appointments/{a.id}/cancellation", why="").status_code == 422
    assert as_desk.submit(f"/staff/appointments/{a.id}/cancellation", why="Dr Lin is ill").status_code == 303
    assert (stands(a), Charge.select().count()) == ("cancelled", 0)
    assert {t.status for t in Task.select()} == {"not_needed"}
    assert Delivery.select().where(Delivery.kind == "appointment_cancelled").count() == 1
    assert "Dr Lin is ill" in as_desk.see(f"/staff/appointments/{a.id}")
    again = as_desk.submit(f"/staff/appointments/{a.id}/arrival")
    assert again.status_code == 409


def slots(page):
    return re.findall(r'href="([^"]+slot=[^"]+)"', page)


def test_the_desk_moves_a_visit_free_of_charge_and_without_lead_time(clinic, as_desk, monday):
    a = booked(clinic)
    monday.move_to(NOON)
    as_desk.sign_in(clinic.desk)
    confirm = slots(as_desk.see(f"/staff/appointments/{a.id}/time"))[0].replace("&amp;", "&")
    page = as_desk.see(confirm)
    slot = re.search(r'name="slot"[^>]*value="([^"]+)"', page).group(1)
    answer = as_desk.submit(confirm.partition("?")[0], slot=slot)
    assert answer.status_code == 303
    moved = Appointment.get_by_id(a.id)
    assert (moved.moves, moved.starts_at < NOON + timedelta(minutes=60)) == (1, True)
    assert Charge.select().count() == 0


def test_a_time_that_was_taken_offers_the_nearest(clinic, as_desk):
    a = booked(clinic)
    other = booked(clinic, NOON + timedelta(hours=2), patient=clinic.ben)
    taken = f"{clinic.dr_lin.id}-{clinic.soho.id}-{other.starts_at:%Y%m%dT%H%M%SZ}"
    answer = as_desk.submit(f"/staff/appointments/{a.id}/time/confirmation", slot=taken)
    assert answer.status_code == 422
    assert "Somebody was faster" in answer.text
    assert 'name="slot"' in answer.text
    assert Appointment.get_by_id(a.id).moves == 0
    assert as_desk.submit(f"/staff/appointments/{a.id}/time/confirmation", slot="x").status_code == 404


def test_the_desk_books_for_a_patient_once_per_page(clinic, as_desk):
    start = f"/staff/patients/{clinic.ben.id}/booking"
    assert "Wrinkle relaxing" in as_desk.see(start)
    confirm = slots(as_desk.see(f"{start}/{clinic.botox.id}"))[0].replace("&amp;", "&")
    page = as_desk.see(confirm)
    sent = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page).group(1)
            for name in ("slot", "request_key", "policy")}  # fmt: skip
    for _ in range(2):
        answer = as_desk.submit(confirm.partition("?")[0], **sent, accepted="y")
        assert answer.status_code == 303
    a = Appointment.get()
    assert (Appointment.select().count(), a.patient, a.booked_by) == (1, clinic.ben, "staff")
    assert a.acceptances.get().policy == clinic.policy


def test_without_the_patients_word_no_policy_is_accepted(clinic, as_desk):
    opening = searching.free_times(clinic.botox, at_most=1)[0]
    slot = f"{opening.provider.id}-{opening.location.id}-{opening.starts_at:%Y%m%dT%H%M%SZ}"
    where = f"/staff/patients/{clinic.ben.id}/booking/{clinic.botox.id}/confirmation"
    answer = as_desk.submit(where, slot=slot, request_key="k1", policy=clinic.policy.id)
    assert answer.status_code == 303
    assert Appointment.get().acceptances.count() == 0


def test_an_owner_of_an_empty_clinic_is_told_how_to_start(clinic, as_owner, as_desk):
    page = as_owner.see("/staff")
    assert "Getting started" in page
    assert "6 of 7 done" in page
    Clinic.update(phone="", email="").execute()
    Policy.create(
        number=2, text="None", notice_hours=0, fee_kind="fixed", fee_value=0, no_show_kind="fixed", no_show_value=0,
        active=False, digest="x",
    )  # fmt: skip
    assert "4 of 7 done" in as_owner.see("/staff")
    assert "Getting started" not in as_desk.see("/staff")


def test_the_desk_tells_what_needs_attention(clinic, as_desk):
    page = as_desk.see("/staff")
    assert f'href="/staff/services/{clinic.peel.id}#checklist"' in page
    booked(clinic)
    Delivery.update(status="failed").execute()
    assert "messages did not go out" in as_desk.see("/staff")
