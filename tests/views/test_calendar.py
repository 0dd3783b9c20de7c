"""The calendar: a day as a grid, a week, a gap and what can be done with it, and a visit that is dragged."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from models import Appointment, Hold, HoursException, Occupancy, Prerequisite, TimeOff
from rules import day_view, scheduling
from rules.actor import Actor

NOON = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)  # Tuesday noon in New York
DAY = "/staff/calendar?day=2026-03-03"


@pytest.fixture(autouse=True)
def monday():
    with time_machine.travel(NOON - timedelta(days=1), tick=False) as clock:
        yield clock


def booked(clinic, starts_at=NOON, patient=None, service=None):
    by = Actor("staff", clinic.desk.id, clinic.desk.name)
    return scheduling.book(
        patient or clinic.ava, service or clinic.botox, provider=clinic.dr_lin, location=clinic.soho,
        starts_at=starts_at, by=by, request_key=uuid4().hex,
    )  # fmt: skip


def slot(clinic, starts_at=NOON):
    return f"{clinic.dr_lin.id}-{clinic.soho.id}-{starts_at:%Y%m%dT%H%M%SZ}"


def bare(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def kinds_at(shown, minute, column=0):
    row = (minute - shown.first) // shown.step
    return next(cell for cell in shown.cells[column] if cell.first <= row < cell.first + cell.rows)


def test_the_day_is_a_table_in_which_each_visit_and_each_gap_is_a_link(clinic, as_desk):
    a = booked(clinic)
    as_desk.sign_in(clinic.desk)
    page = as_desk.see(DAY)
    assert f'href="/staff/appointments/{a.id}"' in page
    assert "Ava Moreno" in page
    assert 'scope="col"' in page
    assert 'scope="row"' in page
    assert "Free 09:00 to 10:00, Dr Lin" in page
    assert f"/staff/calendar/gap?slot={slot(clinic, NOON - timedelta(hours=1))}" in page
    assert "Free 12:00" not in page  # the visit
    assert "Buffer" in page
    assert "style=" not in page


def test_what_takes_time_is_said_for_what_it_is(clinic):
    a = booked(clinic)
    TimeOff.create(
        provider=clinic.dr_lin, starts_at=NOON + timedelta(hours=2), ends_at=NOON + timedelta(hours=3), reason="Team"
    )
    shown = day_view.day(clinic.soho, NOON.date())
    assert [column.provider.name for column in shown.columns] == ["Dr Lin"]
    assert [(m.kind, m.number) for m in kinds_at(shown, 12 * 60).marks] == [("visit", a.id)]
    assert kinds_at(shown, 12 * 60 + 30).kind == "buffer"
    assert kinds_at(shown, 12 * 60 + 45).kind == "free"
    assert kinds_at(shown, 14 * 60 + 30).marks[0].what == "Team"
    HoursException.create(
        location=clinic.soho, first_on=NOON.date(), last_on=NOON.date(), opens_minute=13 * 60, closes_minute=15 * 60,
        reason="Short day",
    )  # fmt: skip
    shown = day_view.day(clinic.soho, NOON.date())
    assert shown.columns[0].why == "Short day"
    assert shown.columns[0].hours == [(780, 900)]
    assert kinds_at(shown, 12 * 60).marks[0].number == a.id  # it still stands, and is seen
    assert kinds_at(shown, 13 * 60).kind == "free"


def test_a_hold_is_seen_until_it_lapses(clinic, monday):
    at = NOON - timedelta(days=1)
    hold = Hold.create(
        patient=clinic.ava, held_by=clinic.ava, key="k", created_at=at, expires_at=at + timedelta(minutes=10)
    )
    Occupancy.create(
        hold=hold, provider=clinic.dr_lin, patient=clinic.ava, service=clinic.botox,
        starts_at=NOON, ends_at=NOON + timedelta(minutes=30),
    )  # fmt: skip
    assert kinds_at(day_view.day(clinic.soho, NOON.date()), 720).marks[0].kind == "held"
    monday.shift(timedelta(minutes=10))
    assert kinds_at(day_view.day(clinic.soho, NOON.date()), 720).kind == "free"


def test_the_page_costs_the_same_however_full_the_day_is(clinic, as_desk, queries):
    as_desk.sign_in(clinic.desk)
    booked(clinic, NOON)
    week = f"/staff/calendar/week?day=2026-03-03&provider={clinic.dr_lin.id}"
    for address in (DAY, week):
        as_desk.see(address)
        with queries() as one:
            as_desk.see(address)
        for hour in (-2, -1, 1, 2, 3):
            start = NOON + timedelta(hours=hour, days=0 if address == DAY else 1)
            booked(clinic, start, clinic.ben if hour % 2 else clinic.ava)
        with queries() as more:
            as_desk.see(address)
        assert more() == one() <= 20


def test_the_week_shows_seven_days_of_one_provider(clinic, as_desk):
    booked(clinic, NOON + timedelta(days=2))
    as_desk.sign_in(clinic.desk)
    page = as_desk.see(f"/staff/calendar/week?day=2026-03-03&provider={clinic.dr_lin.id}")
    assert page.count('<th scope="col"') == 8
    assert "Ava Moreno" in page
    assert "week of 2 March 2026" in bare(page)


def test_the_clock_change_makes_no_gap_of_an_hour_that_does_not_exist(clinic):
    from models import WorkingHours

    WorkingHours.update(opens_minute=60).where(WorkingHours.provider == clinic.dr_lin).execute()
    shown = day_view.day(clinic.soho, datetime(2026, 3, 8).date())  # 02:00 to 03:00 is skipped in New York
    assert kinds_at(shown, 2 * 60 + 15).kind == "outside"
    assert kinds_at(shown, 3 * 60).kind == "free"


def test_time_is_blocked_from_a_gap_after_it_was_said_what_stands_inside(clinic, as_desk):
    a = booked(clinic)
    as_desk.sign_in(clinic.desk)
    start = NOON - timedelta(hours=1)
    page = as_desk.see(f"/staff/calendar/gap?slot={slot(clinic, start)}")
    assert "Nothing is booked until 12:00" in page
    told = {"slot": slot(clinic, start), "starts": "2026-03-03T11:00", "ends": "2026-03-03T13:00", "reason": "Training"}
    no = as_desk.submit("/staff/calendar/block", **told)
    assert no.status_code == 422
    assert f"/staff/appointments/{a.id}/time" in no.text
    assert not TimeOff.select().exists()
    yes = as_desk.submit("/staff/calendar/block", **told, sure="y")
    assert yes.status_code == 303
    assert TimeOff.get().reason == "Training"
    assert "Training" in as_desk.see(DAY)


def test_a_dragged_visit_is_only_asked_about(clinic, as_desk):
    a = booked(clinic)
    as_desk.sign_in(clinic.desk)
    answer = as_desk.get(f"/staff/calendar/moves/{a.id}?slot={slot(clinic, NOON + timedelta(hours=2))}")
    assert answer.status_code == 303
    page = as_desk.see(answer.location)
    assert "14:00 EST" in page
    assert "12:00 EST" in page
    assert Appointment.get_by_id(a.id).starts_at == NOON
    elsewhere = f"{clinic.dr_lin.id}-{clinic.bath.id}-20260303T150000Z"
    back = as_desk.get(f"/staff/calendar/moves/{a.id}?slot={elsewhere}")
    assert back.location.startswith("/staff/calendar?")
    assert "Nothing was moved" in as_desk.see(back.location)


def test_the_desk_finds_whom_to_book_for_without_a_name_in_an_address(clinic, as_desk):
    as_desk.sign_in(clinic.desk)
    found = as_desk.submit("/staff/booking", slot=slot(clinic), q="more")
    assert found.status_code == 200
    assert f"/staff/patients/{clinic.ava.id}/booking?slot={slot(clinic)}" in found.text
    services = as_desk.see(f"/staff/patients/{clinic.ava.id}/booking?slot={slot(clinic)}")
    assert f"/booking/{clinic.botox.id}/confirmation?slot={slot(clinic)}" in services


def test_a_new_patient_is_made_on_the_way_and_a_known_address_pointed_out(clinic, as_desk):
    as_desk.sign_in(clinic.desk)
    told = {"slot": slot(clinic), "first_name": "Cleo", "last_name": "Park", "phone": "+12125550177"}
    done = as_desk.submit("/staff/booking/new-patient", **told)
    assert done.status_code == 303
    assert done.location.endswith(f"/booking?slot={slot(clinic)}")
    known = as_desk.submit("/staff/booking/new-patient", **told, email="ava@example.com")
    assert known.status_code == 422
    assert "Book for Ava Moreno instead" in known.text


def test_two_services_are_booked_as_one_visit(clinic, as_desk):
    as_desk.sign_in(clinic.desk)
    base = f"/staff/patients/{clinic.ava.id}/booking/visit"
    page = as_desk.see(f"{base}?service={clinic.botox.id}&service={clinic.peel.id}&location={clinic.soho.id}")
    chosen = re.search(r'href="([^"]+/confirmation[^"]+)"', page).group(1).replace("&amp;", "&")
    asked = as_desk.see(chosen)
    assert "Wrinkle relaxing" in asked
    assert "Light peel" in asked
    assert not Appointment.select().exists()
    told = {name: re.search(rf'name="{name}"[^>]*value="([^"]+)"', asked).group(1) for name in ("slot", "request_key")}
    sent = f"{base}/confirmation?service={clinic.botox.id}&service={clinic.peel.id}"
    assert as_desk.submit(sent, **told).status_code == 303
    first, second = Appointment.select().order_by(Appointment.starts_at)
    assert first.visit_key == second.visit_key != ""
    assert first.ends_at == second.starts_at
    assert f'In the same visit: <a href="/staff/appointments/{second.id}">' in as_desk.see(
        f"/staff/appointments/{first.id}"
    )
    to_ben = sent.replace(f"/patients/{clinic.ava.id}/", f"/patients/{clinic.ben.id}/")
    late = as_desk.submit(to_ben, **told | {"request_key": "another"})
    assert late.status_code == 422
    assert "Free times near it" in late.text


def test_what_should_come_first_needs_a_tick(clinic, as_desk):
    Prerequisite.create(service=clinic.botox, needs=clinic.peel, at_least_hours=24, within_days=90)
    as_desk.sign_in(clinic.desk)
    address = f"/staff/patients/{clinic.ava.id}/booking/{clinic.botox.id}/confirmation"
    assert "Book it all the same" in as_desk.see(f"{address}?slot={slot(clinic)}")
    told = {"slot": slot(clinic), "request_key": "a-key"}
    assert as_desk.submit(address, **told).status_code == 422
    assert not Appointment.select().exists()
    assert as_desk.submit(address, **told, sure="y").status_code == 303
    assert Appointment.get().starts_at == NOON


def test_why_not_gives_each_time_of_the_day_its_reason(clinic, as_desk):
    booked(clinic)
    as_desk.sign_in(clinic.desk)
    page = bare(as_desk.see(
        f"/staff/calendar/why?service={clinic.peel.id}&provider={clinic.dr_lin.id}&location={clinic.soho.id}"
        "&day=2026-03-03"
    ))  # fmt: skip
    assert "10:00 Free, book it" in page
    assert "12:00 Free" not in page
