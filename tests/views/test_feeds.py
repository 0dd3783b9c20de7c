"""The private calendar feed: what it tells, to whom, until when, and that its address is kept nowhere."""

import re
from datetime import timedelta

import pytest
from icalendar import Calendar

from models import Appointment, CalendarFeed, Patient, TrailEntry
from rules import calendar_file, families, feeds, scheduling
from rules.actor import Actor
from tests.house import world as w


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(w.MONDAY, tick=False)
    return time_machine


@pytest.fixture
def mia(clinic, monday):
    child = Patient.create(first_name="Mia", last_name="Moreno")
    families.note(clinic.ava, child, "mother", Actor("staff", clinic.desk.id, clinic.desk.name))
    return child


def subscribed(browser):
    """The path of a new feed, as the page shows it once."""
    page = browser.submit("/family/calendar")
    assert page.status_code == 200
    return re.search(r'value="http://localhost(/calendar/[\w-]{43}\.ics)"', page.text).group(1)


def events(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200
    return {str(it["uid"]): it for it in Calendar.from_ical(answer.data).walk("VEVENT")}


def uid(visit):
    return f"appointment-{visit.id}@localhost"


def test_it_is_read_without_signing_in_and_kept_by_nobody_on_the_way(clinic, as_ava, nobody):
    visit = w.booked(clinic, clinic.botox, w.FRIDAY)
    path = subscribed(as_ava)
    answer = nobody.get(path)
    assert answer.mimetype == "text/calendar"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Wrinkle" not in answer.text
    assert "set-cookie" not in {name.lower() for name, _ in answer.headers}
    event = events(nobody, path)[uid(visit)]
    assert event.decoded("dtstart") == w.FRIDAY
    assert "Free to cancel until" in event["description"]
    assert "then $50.00." in event["description"]


def test_the_address_is_shown_once_and_its_token_is_stored_nowhere(as_ava, nobody):
    path = subscribed(as_ava)
    token = path.split("/")[-1].removesuffix(".ics")
    nobody.get(path)
    assert token not in repr(w.contents())
    assert token not in repr(list(TrailEntry.select().dicts()))
    assert token not in as_ava.see("/family")


def test_it_is_the_same_entry_as_in_the_mail_so_that_no_calendar_has_it_twice(clinic, as_ava, nobody):
    visit = w.booked(clinic, clinic.botox, w.FRIDAY)
    path, ava = subscribed(as_ava), w.actor(clinic.ava)
    fields = ("uid", "sequence", "dtstart", "dtend", "status", "summary", "location", "description")

    def same(method):
        [mailed] = Calendar.from_ical(calendar_file.ics(Appointment.get_by_id(visit.id), method)).walk("VEVENT")
        fed = events(nobody, path)[uid(visit)]
        for field in fields:
            assert (
                fed[field].to_ical() == mailed[field].to_ical()
                if hasattr(fed[field], "to_ical")
                else (fed[field] == mailed[field])
            ), field
        return fed

    assert same("REQUEST")["sequence"] == 0
    scheduling.move(
        visit,
        starts_at=w.FRIDAY + timedelta(hours=1),
        provider=clinic.dr_lin,
        location=clinic.soho,
        by=ava,
        shown_minor=0,
    )
    assert same("REQUEST")["sequence"] == 1
    scheduling.cancel(Appointment.get_by_id(visit.id), by=ava, shown_minor=0)
    assert str(same("CANCEL")["status"]) == "CANCELLED"


def test_a_cancelled_visit_stays_as_cancelled_for_thirty_days(clinic, as_ava, nobody, monday):
    visit = w.booked(clinic, clinic.botox, w.FRIDAY)
    path = subscribed(as_ava)
    scheduling.cancel(visit, by=w.actor(clinic.ava), shown_minor=0)
    monday.move_to(w.MONDAY + timedelta(days=29), tick=False)
    assert str(events(nobody, path)[uid(visit)]["status"]) == "CANCELLED"
    monday.move_to(w.MONDAY + timedelta(days=31), tick=False)
    assert events(nobody, path) == {}


def test_the_alarm_rings_before_cancelling_costs_something(clinic, as_ava, nobody, monday):
    visit = w.booked(clinic, clinic.botox, w.FRIDAY)
    path = subscribed(as_ava)
    [alarm] = events(nobody, path)[uid(visit)].walk("VALARM")
    free_until = w.FRIDAY - timedelta(hours=48)
    assert alarm.decoded("trigger") == free_until - timedelta(hours=3)
    assert alarm["trigger"].params["VALUE"] == "DATE-TIME"
    assert "Free to cancel until" in alarm["description"]
    monday.move_to(free_until + timedelta(minutes=1), tick=False)
    late = events(nobody, path)[uid(visit)]
    assert late.walk("VALARM") == []
    assert "Cancelling costs $50.00." in late["description"]


def test_it_closes_at_once(clinic, as_ava, nobody):
    first = subscribed(as_ava)
    second = subscribed(as_ava)
    assert nobody.get(first).status_code == 404
    assert nobody.get(second).status_code == 200
    assert as_ava.submit("/family/calendar/end").status_code == 303
    assert nobody.get(second).status_code == 404
    third = subscribed(as_ava)
    Patient.update(archived_at=w.MONDAY).where(Patient.id == clinic.ava.id).execute()
    assert nobody.get(third).status_code == 404
    assert nobody.get("/calendar/x.ics").status_code == 404


def test_it_carries_those_one_acts_for_until_that_ends(clinic, mia, as_ava, nobody):
    theirs = w.booked(clinic, clinic.botox, w.FRIDAY, patient=mia)
    bens = w.booked(clinic, clinic.botox, w.FRIDAY + timedelta(days=1), patient=clinic.ben)
    path = subscribed(as_ava)
    found = events(nobody, path)
    assert set(found) == {uid(theirs)}
    assert found[uid(theirs)]["summary"] == "For Mia: appointment at The Test Clinic"
    assert uid(bens) not in found
    [row] = families.may_act_for(clinic.ava)
    families.end(row, Actor("staff", clinic.desk.id, clinic.desk.name))
    assert events(nobody, path) == {}


def test_it_costs_the_same_for_one_visit_and_for_many(clinic, as_ava, nobody, queries):
    path = subscribed(as_ava)
    w.booked(clinic, clinic.botox, w.FRIDAY)
    nobody.get(path)
    with queries() as one:
        nobody.get(path)
    for number in range(1, 6):
        w.booked(clinic, clinic.botox, w.FRIDAY + timedelta(days=number))
    with queries() as many:
        assert len(events(nobody, path)) == 6
    assert many() == one()


def test_its_patient_sees_when_a_calendar_last_read_it(clinic, as_ava, nobody):
    path = subscribed(as_ava)
    assert "No calendar has read it yet" in as_ava.see("/family")
    nobody.get(path)
    assert CalendarFeed.get().read_at == w.MONDAY
    assert "A calendar last read it on" in as_ava.see("/family")
    assert feeds.of(clinic.ben) is None
