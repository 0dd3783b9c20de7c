"""The pages that set up scheduling: holidays, rooms and devices, and how a service is scheduled."""

from datetime import UTC, datetime, timedelta

import pytest

from models import (
    Appointment,
    Category,
    HoursException,
    Occupancy,
    Resource,
    ResourceHours,
    ResourceKind,
    ResourceOff,
    Service,
    ServiceNeed,
    WorkingHours,
)
from rules import prerequisites

DAY = datetime.now(UTC).date() + timedelta(days=9)


@pytest.fixture
def visit(clinic):
    starts_at = datetime(DAY.year, DAY.month, DAY.day, 15, tzinfo=UTC)
    return Appointment.create(
        patient=clinic.ava, service=clinic.peel, provider=clinic.dr_lin, location=clinic.soho, starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1), currency="USD", request_key="visit",
    )  # fmt: skip


@pytest.fixture
def laser(clinic):
    return Resource.create(kind=ResourceKind.create(name="Laser"), location=clinic.soho, name="Laser 1")


def days(clinic, **differs):
    told = {"provider": "0", "locations": [str(clinic.soho.id)], "first_on": f"{DAY}", "last_on": f"{DAY}"}
    return {**told, "what": "closed", "opens": "", "closes": "", "reason": "Painting", **differs}


def service_form(clinic, **differs):
    return {
        "name": "Light peel", "category": Category.get(Category.name == "Skin").id, "new_category": "", "summary": "",
        "duration_minutes": "60", "buffer_minutes": "10", "buffer_before_minutes": "5", "price": "150", "parallel": "3",
        "lead_minutes": "", "horizon_days": "30", "slot_minutes": "20", "patients": "existing", "self_cancel": "y",
        "providers": [clinic.dr_lin.id], **differs,
    }  # fmt: skip


def test_a_closed_day_shows_what_it_displaces_before_it_is_saved(clinic, as_desk, visit):
    as_desk.see("/staff/exceptions/new")
    answer = as_desk.submit("/staff/exceptions/new", **days(clinic))
    assert answer.status_code == 422
    for words in ("Ava Moreno", f"/staff/appointments/{visit.id}/time", 'name="sure"', "Painting", f'value="{DAY}"'):
        assert words in answer.text
    assert HoursException.select().count() == 0
    answer = as_desk.submit("/staff/exceptions/new", **days(clinic, sure="y"))
    assert answer.status_code == 303
    page = as_desk.see("/staff/exceptions")
    assert "1 visit still stands outside" in page
    assert "Painting" in page
    made = HoursException.get()
    assert "Ava Moreno" in as_desk.see(f"/staff/exceptions/{made.id}")
    assert as_desk.submit(f"/staff/exceptions/{made.id}/removal").status_code == 303
    assert "None ahead" in as_desk.see("/staff/exceptions")


def test_a_providers_short_day_is_linked_from_their_page(clinic, as_desk):
    page = as_desk.see(f"/staff/exceptions/new?provider={clinic.dr_lin.id}")
    assert f'<option selected value="{clinic.dr_lin.id}">' in page
    told = {"provider": str(clinic.dr_lin.id), "what": "hours", "opens": "10:00", "closes": "00:00"}
    assert as_desk.submit("/staff/exceptions/new", **days(clinic, **told)).status_code == 303
    made = HoursException.get()
    assert (made.provider, made.opens_minute, made.closes_minute) == (clinic.dr_lin, 600, 1440)
    assert "10:00 to 24:00, Soho" in as_desk.see(f"/staff/providers/{clinic.dr_lin.id}")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"first_on": "soon"}, "Enter the first day"),
        ({"locations": []}, "Choose a location"),
        ({"what": "hours", "opens": "9am", "closes": "12:00"}, "Enter a time like 09:00"),
        ({"what": "hours", "opens": "", "closes": "12:00"}, "Enter both times"),
    ],
)
def test_days_that_cannot_be_are_said_beside_their_field(clinic, as_desk, wrong, words):
    answer = as_desk.submit("/staff/exceptions/new", **days(clinic, **wrong))
    assert (answer.status_code, words in answer.text) == (422, True)
    assert HoursException.select().count() == 0


def test_the_list_of_days_costs_the_same_for_one_and_for_many(clinic, as_desk, queries):
    HoursException.create(location=clinic.soho, first_on=DAY, last_on=DAY)
    with queries() as few:
        as_desk.see("/staff/exceptions")
    for ahead in range(1, 9):
        on = DAY + timedelta(days=ahead)
        HoursException.create(location=clinic.bath, provider=clinic.dr_lin, first_on=on, last_on=on)
    with queries() as many:
        as_desk.see("/staff/exceptions")
    assert few() == many()


def test_weekly_hours_are_changed_once_somebody_is_sure(clinic, as_desk, visit):
    stretch = WorkingHours.get(
        (WorkingHours.provider == clinic.dr_lin) & (WorkingHours.weekday == visit.starts_at.weekday())
    )
    address = f"/staff/providers/{clinic.dr_lin.id}/hours/{stretch.id}"
    assert 'value="09:00"' in as_desk.see(address)
    answer = as_desk.submit(address, opens="13:00", closes="17:00")
    assert answer.status_code == 422
    assert f"/staff/appointments/{visit.id}/time" in answer.text
    assert as_desk.submit(address, opens="13:00", closes="17:00", sure="y").status_code == 303
    assert WorkingHours.get_by_id(stretch.id).opens_minute == 13 * 60


def test_a_device_is_added_given_hours_and_put_out_of_use(clinic, as_desk, visit):
    as_desk.see("/staff/rooms/new")
    told = {"name": "Laser 1", "location": str(clinic.soho.id), "kind": "0", "new_kind": "Laser", "room": "device"}
    answer = as_desk.submit("/staff/rooms/new", **told, cleanup_minutes="10")
    assert answer.status_code == 303, answer.text
    made = Resource.get()
    assert (made.kind.name, made.kind.room, made.cleanup_minutes) == ("Laser", False, 10)
    Occupancy.create(
        appointment=visit, resource=made, service=clinic.peel, starts_at=visit.starts_at, ends_at=visit.ends_at
    )
    weekday = visit.starts_at.weekday()
    week = {f"{side}_{day}": "" for side in ("opens", "closes") for day in range(7)}
    outside = {**week, f"opens_{weekday}": "14:00", f"closes_{weekday}": "18:00"}
    answer = as_desk.submit(f"{answer.location}/hours", **outside)
    assert answer.status_code == 422
    assert "Ava Moreno" in answer.text
    assert as_desk.submit(f"/staff/rooms/{made.id}/hours", **outside, sure="y").status_code == 303
    assert ResourceHours.get().opens_minute == 14 * 60
    assert 'value="14:00"' in as_desk.see(f"/staff/rooms/{made.id}")
    off = {"starts": f"{DAY}T00:00", "ends": f"{DAY}T23:00", "reason": "Service"}
    answer = as_desk.submit(f"/staff/rooms/{made.id}/off", **off)
    assert (answer.status_code, "Ava Moreno" in answer.text) == (422, True)
    assert as_desk.submit(f"/staff/rooms/{made.id}/off", **off, sure="y").status_code == 303
    assert "Out of use" in as_desk.see("/staff/rooms")
    as_desk.submit(f"/staff/rooms/{made.id}/off/{ResourceOff.get().id}/removal")
    assert ResourceOff.select().count() == 0
    answer = as_desk.submit(f"/staff/rooms/{made.id}/archive")
    assert (answer.status_code, "Visits ahead use it" in answer.text) == (422, True)


def test_who_may_only_read_sees_no_form(clinic, as_nurse, laser):
    for address in ("/staff/rooms", f"/staff/rooms/{laser.id}", "/staff/exceptions"):
        page = as_nurse.see(address)
        assert "Laser" in page or "exceptions" in address
        assert "Save" not in page
        assert "Archive Laser" not in page
    assert as_nurse.submit(f"/staff/rooms/{laser.id}", name="Mine").status_code == 403


def test_a_service_is_set_up_with_all_that_it_asks_for(clinic, as_owner, laser):
    page = as_owner.see(f"/staff/services/{clinic.peel.id}")
    assert "Empty: as the clinic has it, 1 hour." in page
    wish = {
        "prerequisites": [str(clinic.botox.id), "0"], "prerequisites_hours": ["24", ""],
        "prerequisites_days": ["180", ""], "prerequisites_why": ["We test your skin.", ""],
    }  # fmt: skip
    answer = as_owner.submit(f"/staff/services/{clinic.peel.id}", **service_form(clinic, kinds=[laser.kind_id], **wish))
    assert answer.status_code == 303, answer.text
    peel = Service.get_by_id(clinic.peel.id)
    told = (peel.buffer_before_minutes, peel.parallel, peel.lead_minutes, peel.horizon_days, peel.slot_minutes)
    assert told == (5, 3, None, 30, 20)
    assert (peel.patients, peel.online, peel.self_cancel, peel.self_move) == ("existing", False, True, False)
    assert [it.kind for it in ServiceNeed.select()] == [laser.kind]
    assert prerequisites.wishes_of(peel) == [prerequisites.Wish(clinic.botox.id, 24, 180, "We test your skin.")]
    page = as_owner.see(f"/staff/services/{clinic.peel.id}")
    assert 'value="We test your skin."' in page
    assert f'<option value="{clinic.botox.id}" selected>' in page
    as_owner.submit(f"/staff/services/{clinic.peel.id}", **service_form(clinic))
    assert ServiceNeed.select().count() == 0
    assert prerequisites.of(peel) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"parallel": "21"}, "Enter a whole number of patients from 1 to 20"),
        ({"lead_minutes": "x"}, "Enter a whole number of minutes from 0 to 129,600"),
        ({"lead_minutes": "43200"}, "no time could ever be booked online"),
        ({"patients": "nobody"}, "Not a valid choice"),
    ],
)
def test_a_setup_that_cannot_be_is_refused(clinic, as_owner, wrong, words):
    answer = as_owner.submit(f"/staff/services/{clinic.peel.id}", **service_form(clinic, **wrong))
    assert (answer.status_code, words in answer.text) == (422, True)
    assert Service.get_by_id(clinic.peel.id).parallel == 1


def test_prerequisites_that_cannot_be_keep_what_was_typed(clinic, as_owner):
    wish = {
        "prerequisites": [str(clinic.botox.id)], "prerequisites_hours": ["many"], "prerequisites_days": ["180"],
        "prerequisites_why": ["Kept words"],
    }  # fmt: skip
    answer = as_owner.submit(f"/staff/services/{clinic.peel.id}", **service_form(clinic, **wish))
    assert answer.status_code == 422
    for words in ("Enter whole numbers", 'value="many"', 'value="Kept words"'):
        assert words in answer.text
