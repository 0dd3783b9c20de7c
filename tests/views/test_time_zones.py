"""The table of time zones: page, mail and calendar file name one instant, wherever the patient's own clock stands."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import vobject
from icalendar import Calendar

from models import Delivery
from rules import calendar_file, letters, scheduling
from tests.house import world as w

TOKYO = ZoneInfo("Asia/Tokyo")

# clinic, instant, what its wall clock says and its zone, what a calendar in Tokyo shows, 48 elapsed hours before
TABLE = [
    # New York: the clocks go forward on 8 March 2026 at 2:00, and back on 1 November at 2:00
    ("soho", "2026-03-06T15:00Z", "Fri 6 Mar 2026, 10:00", "EST", "2026-03-07 00:00", "Wed 4 Mar 2026, 10:00 EST"),
    ("soho", "2026-03-08T15:00Z", "Sun 8 Mar 2026, 11:00", "EDT", "2026-03-09 00:00", "Fri 6 Mar 2026, 10:00 EST"),
    ("soho", "2026-03-09T15:00Z", "Mon 9 Mar 2026, 11:00", "EDT", "2026-03-10 00:00", "Sat 7 Mar 2026, 10:00 EST"),
    ("soho", "2026-10-31T15:00Z", "Sat 31 Oct 2026, 11:00", "EDT", "2026-11-01 00:00", "Thu 29 Oct 2026, 11:00 EDT"),
    ("soho", "2026-11-01T15:00Z", "Sun 1 Nov 2026, 10:00", "EST", "2026-11-02 00:00", "Fri 30 Oct 2026, 11:00 EDT"),
    ("soho", "2026-11-02T15:00Z", "Mon 2 Nov 2026, 10:00", "EST", "2026-11-03 00:00", "Sat 31 Oct 2026, 11:00 EDT"),
    # London: forward on 29 March 2026 at 1:00, back on 25 October at 2:00
    ("bath", "2026-03-28T11:00Z", "Sat 28 Mar 2026, 11:00", "GMT", "2026-03-28 20:00", "Thu 26 Mar 2026, 11:00 GMT"),
    ("bath", "2026-03-29T11:00Z", "Sun 29 Mar 2026, 12:00", "BST", "2026-03-29 20:00", "Fri 27 Mar 2026, 11:00 GMT"),
    ("bath", "2026-03-30T11:00Z", "Mon 30 Mar 2026, 12:00", "BST", "2026-03-30 20:00", "Sat 28 Mar 2026, 11:00 GMT"),
    ("bath", "2026-10-24T11:00Z", "Sat 24 Oct 2026, 12:00", "BST", "2026-10-24 20:00", "Thu 22 Oct 2026, 12:00 BST"),
    ("bath", "2026-10-25T11:00Z", "Sun 25 Oct 2026, 11:00", "GMT", "2026-10-25 20:00", "Fri 23 Oct 2026, 12:00 BST"),
    ("bath", "2026-10-26T11:00Z", "Mon 26 Oct 2026, 11:00", "GMT", "2026-10-26 20:00", "Sat 24 Oct 2026, 12:00 BST"),
]  # fmt: skip


@pytest.fixture(params=TABLE, ids=lambda row: f"{row[0]} {row[1][:10]}")
def row(request):
    return request.param


@pytest.fixture
def booked(clinic, row, time_machine):
    """The patient books from Tokyo, nine days ahead."""
    instant = datetime.fromisoformat(row[1]).astimezone(UTC)
    time_machine.move_to(instant - timedelta(days=9), tick=False)
    location = clinic.soho if row[0] == "soho" else clinic.bath
    provider = clinic.dr_lin if row[0] == "soho" else clinic.other_provider
    visit = scheduling.book(
        clinic.ava, clinic.botox, provider=provider, location=location, starts_at=instant, by=w.actor(clinic.ava),
        request_key=uuid4().hex, policy=clinic.policy, shown_price_minor=clinic.botox.price_minor,
    )  # fmt: skip
    return visit, instant


def flat(text):
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_page_mail_and_calendar_file_name_the_same_instant(clinic, row, booked, as_ava, nobody):
    _, _, wall, zone, in_tokyo, free_until = row
    free = f"Free to cancel until {free_until}, then $50.00."
    visit, instant = booked
    mail = letters.compose(Delivery.get(Delivery.kind == "booking_confirmed", Delivery.appointment == visit))
    page = flat(as_ava.see(f"/appointments/{visit.id}"))
    path = re.search(r"/calendar/[\w-]{43}\.ics", as_ava.submit("/family/calendar").text).group()
    files = {
        "mailed": mail.attachments[0].content,
        "kept": as_ava.get(f"/appointments/{visit.id}/calendar.ics").data,
        "fed": nobody.get(path).data,
    }
    assert re.search(rf"{wall} to \d\d:\d\d {zone}", page)
    assert f"When: {wall} {zone}" in mail.text
    assert f"{wall} {zone}" in flat(as_ava.see("/"))
    for text in (page, flat(mail.text), flat(as_ava.see("/")), flat(as_ava.see("/appointments"))):
        assert free in text
    for name, content in files.items():
        [event] = Calendar.from_ical(content).walk("VEVENT")
        other = vobject.readOne(content.decode()).vevent
        for starts in (event.decoded("dtstart"), other.dtstart.value):
            assert starts == instant, name
            assert f"{starts.astimezone(TOKYO):%Y-%m-%d %H:%M}" == in_tokyo, name
        for ends in (event.decoded("dtend"), other.dtend.value):
            assert ends - instant == timedelta(minutes=clinic.botox.duration_minutes), name
        for text in (str(event["description"]), other.description.value):
            assert free in text, name
    [alarm] = vobject.readOne(files["fed"].decode()).vevent.valarm_list
    assert alarm.trigger.value == instant - timedelta(hours=48) - calendar_file.ALARM_BEFORE
