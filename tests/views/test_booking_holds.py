"""Booking in the browser, further: a time that is kept, several services, family, and what must come first."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from clock import local
from models import Appointment, Hold, Patient, Prerequisite, Service, ServiceProvider
from rules import families
from rules.actor import Actor
from tests.views.test_booking import choose, hidden, post, spoken

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY)


def times_of(browser, service, **asked):
    query = "&".join(f"{name.rstrip('_')}={value}" for name, value in asked.items())
    return browser.see(f"/booking/{service.id}/times?{query}")


def offered(page):
    return re.findall(r'name="slot" value="([^"]+)"', page)


def test_only_the_first_of_all_times_is_called_the_first_available(clinic, as_ava):
    address = f"/booking/{clinic.peel.id}/times?for={clinic.ava.id}"
    page = as_ava.see(address)
    assert page.count('">First available</span>') == 1
    later = re.search(r'href="([^"]+)"[^>]*>Later times', page).group(1).replace("&amp;", "&")
    assert '">First available</span>' not in as_ava.see(later)


def test_a_chosen_time_is_nobody_elses_until_it_lapses(clinic, as_ava, as_ben, time_machine):
    times = times_of(as_ava, clinic.peel)
    theirs = times_of(as_ben, clinic.peel)
    slot = offered(times)[0]
    link = choose(as_ava, clinic.peel, times)
    assert slot not in offered(times_of(as_ben, clinic.peel))
    answer = as_ben.submit(f"/booking/{clinic.peel.id}/hold", **hidden(theirs), slot=slot)
    assert answer.status_code == 422
    assert "Somebody was faster" in answer.text
    near = offered(answer.text)
    assert len(near) == 5
    assert as_ben.submit(f"/booking/{clinic.peel.id}/hold", slot=near[0]).status_code == 303
    time_machine.shift(timedelta(minutes=8, seconds=30))
    page = as_ava.see(link)
    assert "This time is yours for 2 minutes more," in page
    assert 'role="status"' in re.search(r'<div id="hold"[^>]*>', page)[0]
    time_machine.shift(timedelta(minutes=1))
    assert "less than a minute" in as_ava.see(link)
    time_machine.shift(timedelta(minutes=1))
    assert "We keep this time no longer." in as_ava.get(f"/holds/{Hold.select().order_by(Hold.id).get().id}").text
    assert slot in offered(times_of(as_ben, clinic.peel))


def test_a_time_that_is_kept_no_longer_is_booked_all_the_same_while_it_is_free(clinic, as_ava, time_machine):
    page = as_ava.see(choose(as_ava, clinic.peel, times_of(as_ava, clinic.peel, **{"from": "2026-03-06"})))
    time_machine.shift(timedelta(minutes=11))
    assert post(as_ava, f"/booking/{clinic.peel.id}/confirmation", page, accepted="y").status_code == 303
    assert Appointment.get().patient == clinic.ava


def test_a_kept_time_is_made_longer_once(clinic, as_ava, time_machine):
    link = choose(as_ava, clinic.peel, times_of(as_ava, clinic.peel))
    time_machine.shift(timedelta(minutes=7))
    page = as_ava.see(link)
    assert "I need more time" in page
    answer = as_ava.submit(re.search(r'action="(/holds/\d+/extension)"', page)[1])
    assert answer.status_code == 303
    assert answer.location == link
    page = as_ava.see(link)
    assert "13 minutes more" in page, "ten on top of the three that were left"
    assert "I need more time" not in page


def test_the_part_that_asks_again_says_how_long_and_keeps_nobody_signed_in(clinic, as_ava):
    page = as_ava.see(choose(as_ava, clinic.peel, times_of(as_ava, clinic.peel)))
    address = re.search(r'hx-get="(/holds/[^"]+)"', page)[1]
    assert "unattended" in address
    part = as_ava.get(address, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert part.text.lstrip().startswith('<div id="hold"')


def test_a_kept_time_can_be_let_go(clinic, as_ava):
    times = times_of(as_ava, clinic.peel)
    page = as_ava.see(choose(as_ava, clinic.peel, times))
    action = re.search(r'action="(/holds/\d+/release)"', page)[1]
    assert "Let this time go" in page
    assert as_ava.submit(action).status_code == 303
    assert Hold.get().ended == "released"
    assert offered(times_of(as_ava, clinic.peel))[0] == offered(times)[0]


def test_times_are_filtered_by_part_of_the_day_and_weekday(clinic, as_ava):
    page = times_of(as_ava, clinic.peel, part="afternoon", weekday=2)
    starts = [datetime.strptime(slot.rsplit("-", 1)[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for slot in offered(page)]
    there = [local(at, "America/New_York") for at in starts]
    assert there
    assert {at.weekday() for at in there} == {2}
    assert {at.hour for at in there} <= {12, 13, 14, 15, 16}
    assert re.search(r'value="afternoon" checked', page)
    assert "Filter the times: Afternoon, Wednesday" in spoken(page)


def test_a_week_is_shown_side_by_side_and_leads_to_the_next(clinic, as_ava):
    page = times_of(as_ava, clinic.peel, view="week")
    assert "Sunday 8 March" in page
    assert "Tuesday 10 March" not in page
    later = re.search(r'href="([^"]+)"[^>]*>The week after', page)[1].replace("&amp;", "&")
    assert "Tuesday 10 March" in as_ava.see(later)


def test_a_visit_of_two_services_that_comes_too_late_is_offered_whole_visits_near_it(clinic, as_ava, as_ben):
    asked = {"also": clinic.botox.id, "from": "2026-03-06"}
    page, theirs = times_of(as_ava, clinic.peel, **asked), times_of(as_ben, clinic.peel, **asked)
    slot = offered(page)[0]
    choose(as_ava, clinic.peel, page)
    answer = as_ben.submit(f"/booking/{clinic.peel.id}/hold", **hidden(theirs), slot=slot)
    assert answer.status_code == 422
    near = offered(answer.text)
    assert near
    assert slot not in near
    assert all("_" in each for each in near), "both parts in one button"
    assert as_ben.submit(f"/booking/{clinic.peel.id}/hold", **hidden(answer.text), slot=near[0]).status_code == 303
    assert Hold.select().count() == 2


def test_two_services_are_booked_in_one_visit(clinic, as_ava):
    people = as_ava.see(f"/booking/{clinic.peel.id}")
    more = re.search(r'href="([^"]+)">Add another treatment', people)[1].replace("&amp;", "&")
    shelf = as_ava.see(more)
    assert "<strong>Light peel</strong>" not in shelf
    both = re.search(rf'href="(/booking/{clinic.peel.id}\?also={clinic.botox.id})"', shelf)[1]
    assert "Take out" in as_ava.see(both)
    page = times_of(as_ava, clinic.peel, also=clinic.botox.id, **{"from": "2026-03-06"})
    assert "Fri 6 Mar, 09:00 to 10:30 with Dr Lin, Soho" in spoken(page)
    link = choose(as_ava, clinic.peel, page)
    page = as_ava.see(link)
    assert "$550.00" in page
    assert "Wrinkle relaxing" in page
    answer = post(as_ava, f"/booking/{clinic.peel.id}/confirmation", page)
    assert answer.status_code == 422
    assert post(as_ava, f"/booking/{clinic.peel.id}/confirmation", answer.text, accepted="y").status_code == 303
    peel, botox = Appointment.select().order_by(Appointment.starts_at)
    assert (peel.service, botox.service) == (clinic.peel, clinic.botox)
    assert botox.starts_at == peel.ends_at
    assert peel.visit_key == botox.visit_key != ""


def test_a_mother_books_for_her_daughter_and_only_for_her(clinic, as_ava):
    mia = Patient.create(first_name="Mia", last_name="Moreno")
    families.note(clinic.ava, mia, "mother", Actor("staff", clinic.owner.id, "Olive Owner"))
    page = as_ava.see(f"/booking/{clinic.peel.id}")
    assert "Who is it for?" in page
    assert "First available" not in page
    assert "First available" in as_ava.see(f"/booking/{clinic.peel.id}?for={mia.id}")
    link = choose(as_ava, clinic.peel, times_of(as_ava, clinic.peel, for_=mia.id))
    page = as_ava.see(link)
    assert "Mia Moreno" in page
    assert Hold.get().patient == mia
    assert post(as_ava, f"/booking/{clinic.peel.id}/confirmation", page, accepted="y").status_code == 303
    assert Appointment.get().patient == mia
    assert as_ava.get(f"/booking/{clinic.peel.id}?for={clinic.ben.id}").status_code == 404
    answer = as_ava.submit(f"/booking/{clinic.peel.id}/hold", **{"for": clinic.ben.id, "slot": "1-1-20260306T150000Z"})
    assert answer.status_code == 404


@pytest.fixture
def patch_test(clinic):
    test = Service.create(category=clinic.peel.category, name="Patch test", duration_minutes=15)
    ServiceProvider.create(service=test, provider=clinic.dr_lin)
    Prerequisite.create(
        service=clinic.peel, needs=test, at_least_hours=24, within_days=30, why="We first try it on a small spot."
    )
    return test


def test_what_must_come_first_is_chosen_first_and_booked_in_the_same_go(clinic, as_ava, patch_test):
    peel = clinic.peel
    page = as_ava.see(f"/booking/{peel.id}")
    assert "We first try it on a small spot." in page
    assert "First available" not in page
    assert as_ava.get(f"/booking/{peel.id}/times").location == f"/booking/{peel.id}"
    page = as_ava.see(re.search(r'href="([^"]+)">Choose both times', page)[1].replace("&amp;", "&"))
    assert "First: Patch test" in page
    chosen = re.findall(rf'href="(/booking/{peel.id}/times\?[^"]*first=[^"]+)"', page)[0].replace("&amp;", "&")
    page = as_ava.see(chosen)
    assert "Then: Light peel" in page
    first = datetime.strptime(chosen.rsplit("-", 1)[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    then = datetime.strptime(offered(page)[0].rsplit("-", 1)[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert then >= first + timedelta(minutes=15, hours=24)
    page = as_ava.see(choose(as_ava, peel, page))
    assert post(as_ava, f"/booking/{peel.id}/confirmation", page, accepted="y").status_code == 303
    assert [a.service.name for a in Appointment.select().order_by(Appointment.starts_at)] == [
        "Patch test",
        "Light peel",
    ]
    later = times_of(as_ava, peel)  # the one that is booked now counts
    begins = datetime.strptime(offered(later)[0].rsplit("-", 1)[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert begins >= first + timedelta(minutes=15, hours=24)


def test_what_is_not_booked_online_says_whom_to_call(clinic, as_ava):
    Service.update(online=False).where(Service.id == clinic.peel.id).execute()
    assert "booked with us in person" in as_ava.see("/booking")
    page = as_ava.see(f"/booking/{clinic.peel.id}")
    assert "212-555-0100" in page
    assert "First available" not in page
    assert as_ava.get(f"/booking/{clinic.peel.id}/times").status_code == 303
