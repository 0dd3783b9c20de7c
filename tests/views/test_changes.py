"""What patients do about a move by the clinic, a fresh booking, and a visit of several parts, in the browser."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models import Appointment, AppointmentMove, Charge, Service
from rules import openings, scheduling
from rules.actor import Actor
from rules.openings import written
from rules.searching import Part

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)  # 10:00 EST
NEXT = FRIDAY + timedelta(days=7)
HOUR = timedelta(hours=1)
DESK = Actor("staff", 2, "Dana Desk")
OLD_NEW = ("The clinic moved your visit: Fri 6 Mar 2026, 10:00 EST", "Fri 13 Mar 2026, 11:00 EDT")


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


def visit(clinic, *services):
    starts_at, parts = FRIDAY, []
    for service in services:
        parts.append(Part(service, clinic.dr_lin, clinic.soho, starts_at))
        starts_at += timedelta(minutes=service.duration_minutes)
    by = Actor("patient", clinic.ava.id, clinic.ava.name)
    return scheduling.book_all(clinic.ava, parts, by=by, request_key=uuid4().hex, policy=clinic.policy)


def moved(clinic, why="Dr Lin is away"):
    [a] = visit(clinic, clinic.botox)
    scheduling.move(a, starts_at=NEXT, provider=clinic.dr_lin, location=clinic.soho, by=DESK, why=why)
    return a


def at(time_machine, browser, person, moment):
    time_machine.move_to(moment, tick=False)
    browser.sign_in(person)


def shown(page):
    return re.search(r'name="shown"[^>]*value="(\d+)"', page).group(1)


def test_old_and_new_stand_at_home_on_the_visit_and_where_the_mail_leads_with_three_answers(clinic, as_ava):
    a = moved(clinic)
    for address in ("/", f"/appointments/{a.id}", f"/appointments/{a.id}/answer"):
        page = as_ava.see(address)
        for words in (*OLD_NEW, "Accept the new time", "Choose another time", "Cancel for free"):
            assert words in page, (address, words)
        assert "Once you accept: free to cancel until Wed 11 Mar 2026, 11:00 EDT, then $50.00." in page
    assert "Why: Dr Lin is away" in page
    assert "Dana Desk" not in as_ava.see(f"/appointments/{a.id}")


def test_accepting_ends_the_question_and_the_desk_reads_it(clinic, as_ava, as_desk):
    a = moved(clinic)
    assert "Moved by the clinic, not answered yet" in as_desk.see(f"/staff/appointments/{a.id}")
    answer = as_ava.submit(f"/appointments/{a.id}/answer", shown=shown(as_ava.see("/")))
    assert answer.status_code == 303
    page = as_ava.see(answer.location)
    assert "The clinic moved your visit" not in page
    assert "until the clinic moved it on Mon 2 Mar 2026" in page
    assert "Why: Dr Lin is away" in page
    assert as_ava.get(f"/appointments/{a.id}/answer").status_code == 303
    desk = as_desk.see(f"/staff/appointments/{a.id}")
    assert "New time accepted" in desk
    assert "by Dana Desk" in desk
    assert "Reason: Dr Lin is away" in desk


def test_the_desk_notes_what_was_said_on_the_phone(clinic, as_desk):
    a = moved(clinic)
    page = as_desk.see(f"/staff/appointments/{a.id}")
    assert as_desk.submit(f"/staff/appointments/{a.id}/answer", shown=shown(page)).status_code == 303
    assert AppointmentMove.get().answer == "accepted"


def test_cancelling_is_free_until_answered_even_in_the_last_hours(clinic, as_ava, time_machine):
    a = moved(clinic)
    at(time_machine, as_ava, clinic.ava, NEXT - HOUR)
    page = as_ava.see(f"/appointments/{a.id}/cancellation")
    assert "<strong>Free</strong>" in page
    assert as_ava.submit(f"/appointments/{a.id}/cancellation", shown="0").status_code == 303
    assert (Appointment.get_by_id(a.id).status, Charge.select().count()) == ("cancelled", 0)


def test_the_reason_of_a_move_is_asked_of_staff(clinic, as_desk, as_ava):
    [a] = visit(clinic, clinic.botox)
    slot = f"{clinic.dr_lin.id}-{clinic.soho.id}-{NEXT:%Y%m%dT%H%M%SZ}"
    address = f"/staff/appointments/{a.id}/time/confirmation"
    assert 'name="why"' in as_desk.see(f"{address}?slot={slot}")
    assert as_desk.submit(address, slot=slot, why="x" * 501).status_code == 422
    assert as_desk.submit(address, slot=slot, why="The laser is broken").status_code == 303
    assert AppointmentMove.get().why == "The laser is broken"
    assert "The laser is broken" in as_ava.see(f"/appointments/{a.id}")


def test_a_booking_just_made_can_be_undone_whatever_the_policy(clinic, as_ava, time_machine):
    at(time_machine, as_ava, clinic.ava, FRIDAY - 5 * HOUR)
    Service.update(self_cancel=False).execute()
    [a] = visit(clinic, clinic.botox)
    for address in ("/", f"/appointments/{a.id}"):
        assert "Free of charge until 05:03 EST." in as_ava.see(address)
    answer = as_ava.submit(f"/appointments/{a.id}/undo")
    assert "You took this booking back" in as_ava.see(answer.location)
    assert (Appointment.get_by_id(a.id).status, Charge.select().count()) == ("cancelled", 0)


@pytest.mark.parametrize("several", [False, True])
def test_the_undo_says_that_it_takes_back_all_of_it_only_where_there_is_more(clinic, as_ava, time_machine, several):
    at(time_machine, as_ava, clinic.ava, FRIDAY - 5 * HOUR)
    [first, *_] = visit(clinic, clinic.botox, clinic.peel) if several else visit(clinic, clinic.botox)
    assert ("in the same go" in as_ava.see(f"/appointments/{first.id}")) == several


def test_home_offers_the_undo_even_where_another_visit_comes_first(clinic, as_ava, time_machine):
    visit(clinic, clinic.botox)
    at(time_machine, as_ava, clinic.ava, MONDAY + HOUR)
    [later] = visit_later(clinic)
    page = as_ava.see("/")
    assert f'action="/appointments/{later.id}/undo"' in page
    assert page.count("Undo this booking") == 1


def test_after_the_grace_period_there_is_no_undo(clinic, as_ava, time_machine):
    [a] = visit(clinic, clinic.botox)
    at(time_machine, as_ava, clinic.ava, MONDAY + timedelta(minutes=4))
    assert "Undo this booking" not in as_ava.see(f"/appointments/{a.id}")
    answer = as_ava.submit(f"/appointments/{a.id}/undo")
    assert "The time to undo this booking is over" in as_ava.see(answer.location)
    assert Appointment.get_by_id(a.id).status == "booked"


def test_a_visit_of_several_parts_is_cancelled_one_by_one_or_all_at_once(clinic, as_ava, time_machine):
    one, two = visit(clinic, clinic.botox, clinic.peel)
    at(time_machine, as_ava, clinic.ava, FRIDAY - 5 * HOUR)
    page = as_ava.see(f"/appointments/{two.id}")
    assert "The whole visit" in page
    assert f'href="/appointments/{one.id}"' in page
    whole = as_ava.see(f"/appointments/{two.id}/visit/cancellation")
    assert "Cancel the whole visit and owe $100.00" in whole
    assert as_ava.submit(f"/appointments/{two.id}/visit/cancellation", shown="5000").status_code == 422
    assert Appointment.select().where(Appointment.status == "booked").count() == 2
    for _ in range(2):  # a double click
        answer = as_ava.submit(f"/appointments/{two.id}/visit/cancellation", shown=shown(whole), why="Ill")
        assert answer.status_code == 303
    assert sorted(charge.amount_minor for charge in Charge.select()) == [5000, 5000]
    assert Appointment.select().where(Appointment.status == "cancelled").count() == 2


def test_a_whole_visit_is_moved_with_its_parts_in_their_order(clinic, as_ava):
    one, two = visit(clinic, clinic.botox, clinic.peel)
    page = as_ava.see(f"/appointments/{one.id}/visit/time?from=2026-03-10")
    link = re.search(r'href="(/appointments/\d+/visit/time/confirmation[^"]*)"', page).group(1).replace("&amp;", "&")
    page = as_ava.see(link)
    slots = re.findall(r'name="slot" value="([^"]+)"', page)
    assert len(slots) == 2
    assert "Move the whole visit" in page
    assert page.count("After this move: free to cancel until") == 2
    answer = as_ava.submit(f"/appointments/{one.id}/visit/time/confirmation", slot=slots, shown=shown(page))
    assert answer.status_code == 303
    first, second = Appointment.get_by_id(one.id), Appointment.get_by_id(two.id)
    assert first.starts_at >= datetime(2026, 3, 10, tzinfo=UTC)
    assert second.starts_at == first.ends_at


def test_a_whole_visit_is_not_offered_the_time_it_has_nor_moved_across_days(clinic, as_ava):
    one, two = visit(clinic, clinic.botox, clinic.peel)
    stands = "".join(
        f"slot={part.provider_id}-{part.location_id}-{written(part.starts_at)}&amp;" for part in (one, two)
    )
    page = as_ava.see(f"/appointments/{one.id}/visit/time?from={one.starts_at.date()}")
    assert "/visit/time/confirmation?slot=" in page
    assert stands.removesuffix("&amp;") not in page
    days = timedelta(days=7)
    Appointment.update(starts_at=two.starts_at + days, ends_at=two.ends_at + days).where(
        Appointment.id == two
    ).execute()
    page = as_ava.see(f"/appointments/{one.id}/visit/time")
    assert "on different days" in page
    assert "/visit/time/confirmation?slot=" not in page
    assert "Reschedule the whole visit" not in as_ava.see(f"/appointments/{one.id}")


def test_accepting_a_moved_visit_names_its_other_part_and_accepts_both(clinic, as_ava):
    one, two = visit(clinic, clinic.botox, clinic.peel)
    to = [Part(a.service, clinic.dr_lin, clinic.soho, a.starts_at + timedelta(days=7)) for a in (one, two)]
    scheduling.move_visit([one, two], to, by=DESK)
    for address in (f"/appointments/{one.id}", f"/appointments/{one.id}/answer"):
        page = as_ava.see(address)
        assert "And its other part, Light peel: Fri 6 Mar 2026, 10:30 EST" in page
        assert "<strong>Fri 13 Mar 2026, 11:30 EDT</strong>" in page
    as_ava.submit(f"/appointments/{one.id}/answer", shown=shown(page))
    assert {move.answer for move in AppointmentMove.select()} == {"accepted"}
    assert "The clinic moved your visit" not in as_ava.see("/")


def test_a_whole_visit_that_comes_too_late_is_offered_times_near_it(clinic, as_ava):
    one, two = visit(clinic, clinic.botox, clinic.peel)
    starts = (NEXT, NEXT + HOUR / 2)
    slots = [
        openings.key(Part(a.service, clinic.dr_lin, clinic.soho, at)) for a, at in zip((one, two), starts, strict=True)
    ]
    scheduling.book(
        clinic.ben, clinic.peel, provider=clinic.dr_lin, location=clinic.soho, starts_at=NEXT,
        by=Actor("patient", clinic.ben.id, clinic.ben.name), request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip
    answer = as_ava.submit(f"/appointments/{one.id}/visit/time/confirmation", slot=slots, shown="0")
    assert answer.status_code == 422
    assert "Somebody was faster" in answer.text
    assert "Free times near it" in answer.text
    assert "Move the whole visit</button>" not in answer.text
    link = re.findall(r'href="(/appointments/\d+/visit/time/confirmation[^"]*)"', answer.text)[0].replace("&amp;", "&")
    page = as_ava.see(link)
    slots = re.findall(r'name="slot" value="([^"]+)"', page)
    answer = as_ava.submit(f"/appointments/{one.id}/visit/time/confirmation", slot=slots, shown=shown(page))
    assert answer.status_code == 303
    assert Appointment.get_by_id(two.id).starts_at == Appointment.get_by_id(one.id).ends_at


def test_the_pages_of_a_whole_visit_are_its_patients_own(clinic, as_ava, as_ben):
    one, _ = visit(clinic, clinic.botox, clinic.peel)
    [single] = visit_later(clinic)
    for page in ("visit/cancellation", "visit/time", "visit/time/confirmation?slot=1&slot=2", "answer"):
        assert as_ben.get(f"/appointments/{one.id}/{page}").status_code == 404, page
    for page in ("visit/cancellation", "visit/time/confirmation", "answer", "undo"):
        assert as_ben.submit(f"/appointments/{one.id}/{page}").status_code == 404, page
    assert as_ava.get(f"/appointments/{single.id}/visit/time").status_code == 404
    assert as_ava.get(f"/appointments/{one.id}/visit/time/confirmation?slot=1").status_code == 404


def visit_later(clinic):
    part = Part(clinic.botox, clinic.dr_lin, clinic.soho, NEXT)
    by = Actor("patient", clinic.ava.id, clinic.ava.name)
    return scheduling.book_all(clinic.ava, [part], by=by, request_key=uuid4().hex, policy=clinic.policy)


@pytest.mark.parametrize(
    ("switch", "address", "words", "button"),
    [
        ("self_cancel", "cancellation", "To cancel this appointment", ">Cancel Appointment"),
        ("self_move", "time", "To move this appointment", ">Reschedule Appointment"),
    ],
)
def test_a_service_that_wants_a_call_says_so_with_the_number(clinic, as_ava, switch, address, words, button):
    [a] = visit(clinic, clinic.botox)
    assert button in as_ava.see(f"/appointments/{a.id}")
    Service.update(**{switch: False}).execute()
    for page in (as_ava.see(f"/appointments/{a.id}"), as_ava.see(f"/appointments/{a.id}/{address}")):
        assert f"{words}, we would like to talk with you first. Please call us: 212-555-0100." in page
        assert button not in page
    assert as_ava.submit(f"/appointments/{a.id}/cancellation", shown="0").status_code == (
        422 if switch == "self_cancel" else 303
    )
