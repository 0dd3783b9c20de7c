"""Waiting, running late, being moved by the clinic and asking why not, walked in a browser by mouse and by keyboard.

The waitlist on both databases, since two of them ask for one time; the others on SQLite alone.
"""

import re
from datetime import date, datetime, timedelta

import pytest
from playwright.sync_api import expect

from clock import local, now
from tests.journeys.test_keyboard import Keys
from tests.journeys.walk import Walk
from tests.process import asked

pytestmark = pytest.mark.browser
NEW_YORK = "America/New_York"
SOHO = "New York, SoHo"
TOUCH_UP = "Neuromodulator, touch-up"
CONSULTATION = "Skin consultation"
AWAY = "Dr Lin has to be at a conference."

each_way = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
sqlite_alone = pytest.mark.parametrize("demo", ["sqlite"], indirect=True)
any_way = pytest.mark.parametrize("way", ["with scripts", "without scripts", "by keyboard"])


class Mouse(Walk):
    """Somebody with a mouse; what the keyboard does in another way has a name of its own."""

    def choose(self, label):
        self.page.get_by_label(label, exact=True).check()


class Keyboard(Keys):
    """The same person without a mouse: the same words, by Tab, Space and Enter alone."""

    def press(self, name, role="button", exact=False):
        words = name.pattern if isinstance(name, re.Pattern) else re.escape(name)
        self.press_key(f"^{words}$" if exact else words, tag={"button": "button", "link": "a"}[role])
        self.look()

    def fill(self, label, text):
        self.to(f"^{re.escape(label)}")
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def choose(self, label):
        """Tab stops once at a group; the arrows go on from there."""
        self.to(".", kind="radio")
        self.page.keyboard.press("Space")
        for _ in range(9):
            if self.at()["words"].strip() == label:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{self.page.url}: the arrows never come to {label!r}")

    def letter(self, to, subject):
        found = super().letter(to, subject)
        self.page.bring_to_front()
        return found


def walker(page, way):
    return Keyboard(page, True) if way == "by keyboard" else Mouse(page, way == "with scripts")


def sign_in_staff(walk, address="desk@example.com"):
    walk.go("/staff")
    walk.fill("E-mail address", address)
    walk.fill("Password", "demo-clinic")
    walk.press("Sign in", exact=True)


def nothing_found(*walks):
    found = [line for walk in walks for line in walk.found]
    assert not found, "\n".join(sorted(set(found)))


def facts(walk):
    """What the page says of the visit, by its names."""
    names = walk.page.locator("main dl dt").all_inner_texts()
    return dict(zip(names, walk.page.locator("main dl dd").all_inner_texts(), strict=True))


def link_in(letter, path):
    return re.search(rf"/{path}\S*", letter)[0]


# The waitlist


@each_way
def test_the_second_of_two_who_wait_has_the_time(demo, open_browser, scripts):
    with (
        open_browser(scripts=scripts) as desk_page,
        open_browser(scripts=scripts) as avas_page,
        open_browser(scripts=scripts) as bens_page,
        open_browser(scripts=scripts, width=390) as phone_page,
    ):
        desk, ava, ben, phone = (Mouse(page, scripts) for page in (desk_page, avas_page, bens_page, phone_page))
        sign_in_staff(desk)
        visit, provider, day, starts = dominics(desk)
        for walk, address in ((ava, "ava@example.com"), (ben, "ben@example.com")):
            walk.sign_in(address)
            wait_for(walk, provider, day, starts)
        desk.go("/staff/waitlist")
        assert [*map(who, waiting(desk))] == ["Ava Moreno", "Ben Achterberg"]
        desk.reads("Nothing was offered yet")
        cancel(desk, visit)

        avas_link = link_in(ava.letter("ava@example.com", "A time is free"), "offers/")
        bens_link = link_in(ben.letter("ben@example.com", "A time is free"), "offers/")
        assert avas_link != bens_link
        for walk, link in ((ava, avas_link), (phone, bens_link)):  # nobody signs in for it, and no treatment is named
            walk.go(link)
            walk.reads("A time is free for you", starts, provider, SOHO)
            assert TOUCH_UP not in walk.page.locator("main").inner_text()
        phone.press("Yes, book this time")
        phone.reads("The time is yours", starts, provider)
        ava.press("Yes, book this time")
        ava.reads("Somebody was faster", "this time has just been taken", "You are still on the waitlist")
        ava.reads("Free times near it")
        assert ava.page.locator("main form").count() == 0, "what is gone cannot be asked for again"

        ben.letter("ben@example.com", "is booked")
        ben.go("/")
        expect(ben.page.locator("article.is-upcoming").filter(has_text=TOUCH_UP)).to_have_count(1)
        ben.go("/waitlist")
        ben.reads("You are not waiting for anything")
        ava.go("/")
        expect(ava.page.locator("article.is-upcoming").filter(has_text=TOUCH_UP)).to_have_count(0)
        ava.go("/waitlist")
        ava.reads(TOUCH_UP)
        expect(ava.page.get_by_role("link", name="Look at it and answer")).to_have_count(0)
        desk.go("/staff/waitlist")
        assert [*map(who, waiting(desk))] == ["Ava Moreno"]
        desk.reads("Somebody was faster")
        desk.go(f"/staff?day={day}")
        there = desk.page.locator("li.visit.is-booked", has=desk.page.locator("time", has_text=starts))
        there = there.filter(has_text=provider)
        assert [*map(who, there.all())] == ["Ben Achterberg"]
        nothing_found(desk, ava, ben, phone)


def fortnight():
    return local(now(), NEW_YORK).date() + timedelta(days=14)


def dominics(desk):
    """The visit in two weeks that nobody else has anything near to: its address, provider, day and start."""
    day = fortnight()
    desk.go(f"/staff?day={day}")
    desk.follow("Dominic Ferreira")
    told = facts(desk)
    return desk.page.url, told["Provider"], day.isoformat(), re.search(r"\d\d:\d\d", told["When"])[0]


def wait_for(walk, provider, day, starts):
    """From the list of free times, where nothing fits, on to the waitlist: this very half hour with this provider."""
    walk.go("/")
    walk.follow("Book", exact=True)
    walk.follow(re.compile(f"^{TOUCH_UP}"))
    if "Who is it for?" in walk.page.locator("main").inner_text():
        walk.follow(re.compile(r"^Me\b"))
    walk.follow(re.compile("^First available The earliest"))
    walk.follow("Join the waitlist")
    hour, minute = map(int, starts.split(":"))
    since = hour * 60 + minute // 30 * 30
    halves = [f"{it // 60:02d}:{it % 60:02d}" for it in (since, since + 30)]
    for label, option in zip(
        ("With", "Location", "Not before", "Start before"), (provider, SOHO, *halves), strict=True
    ):
        walk.page.get_by_label(label, exact=True).select_option(label=option)
    walk.fill("First day", day)
    walk.fill("Last day", (date.fromisoformat(day) - timedelta(days=1)).isoformat())
    walk.press("Join the waitlist")
    walk.reads("There is a problem", "The last day lies before the first one")
    walk.fill("Last day", day)
    walk.press("Join the waitlist")
    walk.reads("You are on the waitlist", f"from {halves[0]} to {halves[1]}")


def waiting(desk):
    return desk.page.locator("ol.visits > li").all()


def who(line):
    return line.locator("strong").first.inner_text()


def cancel(desk, visit):
    desk.go(visit)
    desk.follow("Cancel", exact=True)
    desk.press("Cancel this visit")
    desk.reads("There is a problem", "Enter why this visit is cancelled")
    desk.fill("Reason", "The patient called: she is ill.")
    desk.press("Cancel this visit")
    desk.reads("The visit is cancelled. The patient owes nothing.")


# Running late

TWO_IN_A_ROW = """
from datetime import timedelta
from uuid import uuid4
from clock import local, now
from models import Location, Patient, Service, ServiceProvider, Staff
from rules import hours, providers, scheduling, searching
from rules.actor import Actor
someone = Staff.get(Staff.email == "desk@example.com")
desk = Actor("staff", someone.id, someone.name)
place = next(it for it in Location.select().order_by(Location.id) if local(now(), it.time_zone).hour < 20)
service = Service.get(Service.name == "Skin consultation")
nurse = providers.add(desk, name="Iris Halloran", buffer_after_minutes=15)
ServiceProvider.create(service=service, provider=nurse)
for weekday in range(7):
    hours.add(nurse, desk, weekday=weekday, location=place, opens_minute=0, closes_minute=1440)
for address in ("ben@example.com", "marcus.delacroix@example.com"):
    patient = Patient.get(Patient.email == address)
    at, *_ = searching.free_times(service, provider=nurse, location=place, since=now() + timedelta(minutes=30),
                                  until=now() + timedelta(hours=3), at_most=1, lead=False, patient=patient)
    scheduling.book(patient, service, provider=nurse, location=place, starts_at=at.starts_at, by=desk,
                    request_key=uuid4().hex)
    print(at.starts_at.isoformat(), local(at.starts_at, place.time_zone).date(), place.id, place.time_zone, sep="|")
"""  # somebody at work around the clock, with 15 minutes between visits, and two visits as soon as may be


@sqlite_alone
@any_way
def test_whoever_runs_late_reads_what_is_left(demo, open_browser, way):
    start, day, place, zone = asked(demo, TWO_IN_A_ROW).split("\n")[0].split("|")
    with open_browser(scripts=way != "without scripts", width=390) as page, open_browser() as desk_page:
        ben, desk = walker(page, way), Mouse(desk_page, True)
        sign_in_staff(desk)
        ben.sign_in("ben@example.com")
        ben.follow(re.compile(CONSULTATION))
        ben.follow("Running late?")
        ben.press("Tell the clinic")
        ben.reads("There is a problem", "Choose how late you will be")
        ben.choose("10 minutes")
        ben.press("Tell the clinic")
        there = local(datetime.fromisoformat(start) + timedelta(minutes=10), zone)
        ben.reads(
            "You told us: 10 minutes late.",
            f"If you are here by {there:%H:%M}",
            "we have 20 minutes for you instead of 30: what comes after your visit cannot wait.",
        )
        seen_by_the_desk(desk, day, place, "10 min late, 20 min left", "10 min late")
        ben.choose("20 minutes")
        ben.press("Tell the clinic")
        ben.reads("You told us: 20 minutes late.", "too little time is left to treat you well today", "Please call us")
        seen_by_the_desk(desk, day, place, "20 min late, too late to treat", "20 min late")
        nothing_found(ben, desk)


def seen_by_the_desk(desk, day, place, badge, short):
    """On the list of the day and on the calendar: beside Ben, and beside nobody else."""
    desk.go(f"/staff?day={day}&location={place}")
    late = desk.page.locator("li.visit", has=desk.page.get_by_text(badge, exact=True))
    assert [*map(who, late.all())] == ["Ben Achterberg"]
    desk.go(f"/staff/calendar?day={day}&location={place}")
    late = desk.page.locator("table.cal a.cal-item", has=desk.page.get_by_text(short, exact=True))
    assert [*map(who, late.all())] == ["Ben Achterberg"]


# Moved by the clinic

AVAS = """
from clock import local, now
from models import Appointment, Patient
a = (Appointment.select().join(Patient).where(Patient.email == "ava@example.com", Appointment.starts_at > now())
     .order_by(Appointment.starts_at).first())
print(a.id, local(a.starts_at, a.location.time_zone).date(), a.location_id, sep="|")
"""  # the next one: in 26 hours, where cancelling costs already


@sqlite_alone
@any_way
def test_a_move_by_the_clinic_is_answered_for_free(demo, open_browser, way):
    number, day, place = asked(demo, AVAS).strip().split("|")
    scripts = way != "without scripts"
    with open_browser(scripts=scripts) as page, open_browser(scripts=scripts) as desk_page:
        ava, desk = walker(page, way), walker(desk_page, way)
        sign_in_staff(desk)
        ava.sign_in("ava@example.com")
        ava.go(f"/appointments/{number}/cancellation")
        costs(ava, "$50.00")

        moved_to = move(desk, day, place, AWAY)
        read_the_move(ava, number, moved_to, AWAY)
        ava.press("Accept the new time")
        ava.reads("Thank you. We will see you on", moved_to)
        ava.reads("Earlier times", "the clinic moved it", AWAY, "Accepted on")
        expect(ava.page.get_by_role("button", name="Accept the new time")).to_have_count(0)
        desk.go(f"/staff/appointments/{number}")
        desk.reads("New time accepted", f"Reason: {AWAY} The patient: accepted")

        moved_to = move(desk, day, place)
        read_the_move(ava, number, moved_to)
        ava.follow("Choose another time")
        chosen = take_a_time(ava, day, moved_to)
        costs(ava, "Free: the clinic moved your appointment, and you have not said yet whether the new time suits you.")
        ava.press("Reschedule Appointment")
        ava.reads(chosen, "you moved it")
        expect(ava.page.get_by_role("button", name="Accept the new time")).to_have_count(0)
        desk.go(f"/staff/appointments/{number}")
        desk.reads("The patient: the patient chose another time")

        moved_to = move(desk, day, place)
        read_the_move(ava, number, moved_to)
        ava.follow("Cancel for free")
        costs(ava, "Free: the clinic moved your appointment, and you have not said yet whether the new time suits you.")
        ava.press("Cancel Appointment")
        ava.reads("Your appointment is cancelled", "It costs you nothing")
        desk.go(f"/staff/appointments/{number}")
        desk.reads("The patient: the patient cancelled")
        assert "Late cancellation" not in desk.page.locator("main").inner_text()
        nothing_found(ava, desk)


def costs(walk, words):
    expect(walk.section("What it costs")).to_contain_text(words)


def move(desk, day, place, why=""):
    """From the calendar by its form to another time of that day; the new time as the clinic's wall clock shows it."""
    desk.go(f"/staff/calendar?day={day}&location={place}")
    desk.follow("Ava Moreno")
    was = re.search(r"\d\d:\d\d", facts(desk)["When"])[0]
    desk.follow("Move", exact=True)
    chosen = take_a_time(desk, day, was)
    desk.reads("A move by the clinic costs the patient nothing.")
    if why:
        desk.fill("Reason", why)
    desk.press("Move this visit")
    desk.reads("Moved to", chosen, "It cost nothing.", "Moved by the clinic, not answered yet")
    return chosen


def take_a_time(walk, day, was):
    """The first time of that day that is offered, and is another one than it has."""
    on = date.fromisoformat(day)
    walk.follow(re.compile(rf"^{on:%a} {on.day} {on:%b}, (?!{was})\d\d:\d\d"))
    return re.search(r"\d\d:\d\d", facts(walk)["New time"])[0]


def read_the_move(ava, number, moved_to, why=""):
    """The mail that names the new time leads to the question, whose reason stands on the page alone."""
    for _ in range(20):
        letter = ava.letter("ava@example.com", "Your appointment is now on")
        if moved_to in letter:
            break
    assert "We are sorry: the clinic had to move your appointment." in letter
    assert not why or why not in letter
    ava.go(link_in(letter, f"appointments/{number}/answer"))
    ava.reads("The clinic moved your visit", moved_to, "Until you answer, changing it costs nothing.", why)


# Why not?


@sqlite_alone
@each_way
def test_why_a_time_is_not_offered_is_told_truthfully(demo, open_browser, scripts):
    with open_browser(scripts=scripts) as page:
        desk = Mouse(page, scripts)
        sign_in_staff(desk)
        _, provider, day, starts = dominics(desk)
        told = why_not(desk, day, CONSULTATION, provider)
        begins = int(starts[:2]) * 60 + int(starts[3:])
        at = {shift: told[clock(begins + shift)] for shift in (-30, -15, 0, 15, 30)}
        another = f"{provider} has another appointment then."
        buffer = "Too little time would lie between this and the appointment next to it."
        assert at == {-30: buffer, -15: another, 0: another, 15: buffer, 30: "Free, book it"}
        *_, last = told
        assert told[last] == f"{provider} does not work at {SOHO} for the whole of this time."
        desk.page.get_by_role("listitem").filter(has_text=clock(begins + 30)).get_by_role("link").click()
        desk.look()
        desk.reads(f"{clock(begins + 30)} with {provider}", "Book here")

        weekend = fortnight().weekday() > 4
        laser = why_not(desk, day, "Laser patch test", "Camille Duarte" if weekend else "Dr Mei Lin")
        assert "No room or device that it needs is free for the whole of this time." in laser["17:00"]
        assert "No room" not in laser["16:30"]
        off = why_not(desk, day, CONSULTATION, "Dr Samuel Osei")
        assert set(off.values()) == {f"Dr Samuel Osei does not work at {SOHO} for the whole of this time."}

        asked(demo, "from models import Clinic; Clinic.update(lead_minutes=20 * 24 * 60).execute()")
        told = why_not(desk, day, CONSULTATION, provider)
        soon = "Free, book it This is sooner than the lead time lets patients book."
        assert told[clock(begins + 30)] == soon, "staff book it all the same"
        assert told[starts] == f"{soon.removeprefix('Free, book it ')} {another}"
        nothing_found(desk)


def clock(minute):
    return f"{minute // 60:02d}:{minute % 60:02d}"


def why_not(desk, day, service, provider):
    """Asked by the form below the day: what it says of each time."""
    desk.go(f"/staff/calendar?day={day}")
    desk.page.get_by_label("Why can it not be booked?").select_option(label=service)
    if desk.page.locator("#why-provider option", has_text=provider).count():
        desk.page.locator("#why-provider").select_option(label=provider)
        desk.press("Why not?")
    else:
        desk.press("Why not?")
        desk.page.get_by_label("Provider", exact=True).select_option(label=provider)
        desk.press("Show", exact=True)
    lines = desk.page.locator(".why-list li").all_inner_texts()
    return {line.split()[0]: " ".join(line.split()[1:]) for line in lines}
