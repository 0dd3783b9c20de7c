"""Booking as people do it: several services in one visit, a patch test first, for a child, and moving it all."""

import re
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from clock import now
from tests.journeys.test_keyboard import Keys
from tests.journeys.walk import Walk

pytestmark = pytest.mark.browser
BOTH_WAYS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
ON_SQLITE = pytest.mark.parametrize("demo", ["sqlite"], indirect=True)
KEPT = re.compile(r"This time is yours for (\d+) minutes more, until \d\d:\d\d")
PARTS = ("Skin consultation", "Radiance peel", "LED light session")
WHY = "A few test pulses come first, so that we know how your skin answers to the laser."


@BOTH_WAYS
def test_several_services_are_one_visit_out_of_a_hold_and_are_undone(demo, open_browser, scripts):
    with open_browser(scripts=scripts) as page:
        walk = Walk(page, scripts)
        walk.sign_in("ava@example.com")
        choose(walk, *PARTS)
        walk.reads("1 hour 45 minutes")
        first_time(walk, "button")
        keep_it_longer(walk)
        walk.press("Book appointment")
        walk.reads("There is a problem")  # the policy was not accepted
        assert minutes_left(walk) > 10, "what is wrong in the form does not end the hold"
        accept_and_book(walk)
        parts = one_after_the_other(walk)
        undo(walk, parts)
        assert not walk.found, "\n".join(sorted(set(walk.found)))


@ON_SQLITE
def test_a_keyboard_is_enough_for_a_visit_of_several_services(demo, open_browser):
    with open_browser() as page:
        keys = Keys(page, scripts=True)
        keys.sign_in("ava@example.com")
        keys.page.goto("/booking")
        keys.press_key(f"^{PARTS[0]}")
        keys.press_key("^Me Ava Moreno")
        for part in PARTS[1:]:
            keys.press_key("^Add another treatment")
            keys.press_key(f"^{part}")
        keys.press_key("^First available The earliest")
        keys.press_key(r"\d\d:\d\d to \d\d:\d\d with", tag="button")
        keys.press_key("^I need more time$")
        assert minutes_left(keys) > 10
        keys.press_key("^Book appointment$")
        keys.told_what_is_wrong()
        assert keys.at()["kind"] == "checkbox"
        keys.page.keyboard.press("Space")
        keys.press_key("^Book appointment$")
        keys.reads("Booked", PARTS[2])
        keys.press_key("^Undo this booking$")
        keys.reads("Your 3 bookings are taken back. It costs you nothing.")


@ON_SQLITE
@BOTH_WAYS
def test_what_needs_a_patch_test_is_booked_together_with_it(demo, open_browser, scripts):
    with open_browser(scripts=scripts) as page:
        walk = Walk(page, scripts)
        walk.sign_in("ava@example.com")
        choose(walk, "Fractional resurfacing", whom=None)
        walk.reads("Something comes first", WHY, "Laser patch test", "at least 2 days before", "both in one go")
        walk.follow("Choose both times")
        walk.reads("First: Laser patch test")
        tested = first_time(walk, "a")
        walk.reads("Then: Fractional resurfacing", "Laser patch test is chosen for")
        treated = first_time(walk, "button")
        assert treated - tested >= timedelta(days=2), (tested, treated)
        walk.reads("This time is yours for", "Laser patch test", "Fractional resurfacing", "$1,150.00")
        accept_and_book(walk)
        visit = card(walk, "Fractional resurfacing")
        walk.go(visit)
        walk.reads("The whole visit", "Laser patch test")
        expect(walk.page.get_by_role("link", name="Reschedule the whole visit")).to_have_count(0)  # never on one day
        walk.letter("ava@example.com", "is booked")
        assert not walk.found, "\n".join(sorted(set(walk.found)))


@ON_SQLITE
@BOTH_WAYS
def test_a_mother_books_for_her_child_out_of_a_filtered_week(demo, open_browser, scripts):
    with open_browser(scripts=scripts) as page:
        walk = Walk(page, scripts)
        walk.sign_in("ava@example.com")
        walk.reads("Nothing is booked for Mia.")
        choose(walk, "LED light session", whom="Mia Moreno")
        walk.reads("LED light session, 30 minutes, for Mia Moreno")
        filter_the_week(walk)
        first_time(walk, "button")
        walk.reads("For", "Mia Moreno", "This time is yours for")
        accept_and_book(walk, whose="Mia Moreno is booked")
        mias = walk.section("For Mia").locator("article.is-upcoming").filter(has_text="LED light session")
        expect(mias).to_have_count(1)
        own = walk.page.locator("article.is-upcoming").filter(has_text="LED light session")
        expect(own).to_have_count(1)  # hers alone, and none among her mother's
        mias.get_by_role("link").click()
        walk.look()
        walk.reads("LED light session", "Change your plans?")
        walk.letter("ava@example.com", "is booked")
        assert not walk.found, "\n".join(sorted(set(walk.found)))


@ON_SQLITE
@BOTH_WAYS
def test_a_whole_visit_is_moved_with_the_consequences_told(demo, open_browser, scripts):
    with open_browser(scripts=scripts) as page:
        walk = Walk(page, scripts)
        walk.sign_in("ava@example.com")
        choose(walk, *PARTS[:2])
        times_from(walk, 12)
        before = first_time(walk, "button")
        accept_and_book(walk)
        visit = card(walk, PARTS[0])
        walk.go(visit)
        walk.follow("Reschedule the whole visit")
        walk.reads("You keep the visit you have until you confirm another time.")
        times_from(walk, 15)
        after = first_time(walk, "a")
        assert after > before
        told_before_it_moves(walk)
        walk.press("Move the whole visit")
        walk.reads("Your whole visit now starts on", "Earlier times", "you moved it")
        starts = [starts_at for starts_at, _ in whole_visit(walk)]
        assert starts[0] >= after, "the page says another time than was chosen"
        assert starts[1] - starts[0] == timedelta(minutes=30)
        for _ in range(2):
            walk.letter("ava@example.com", "is now on")
        assert not walk.found, "\n".join(sorted(set(walk.found)))


def choose(walk, *services, whom="Me Ava Moreno"):
    """The services of the visit, and for whom, up to the page of its times (or of what comes first)."""
    first, *others = services
    walk.go("/booking")
    walk.follow(re.compile(f"^{first}"))
    walk.follow(re.compile(f"^{whom or 'Me Ava Moreno'}"))
    for service in others:
        walk.follow("Add another treatment")
        walk.follow(re.compile(f"^{service}"))
    if whom:
        walk.follow(re.compile("^First available The earliest"))


def first_time(walk, tag):
    """Take the first time on the page; when it is, by the wall clock of its place."""
    section = walk.page.locator("#times section").first
    day = section.get_by_role("heading").inner_text()
    choice = section.locator(f":is(.choice-list, .time-list) {tag}").first
    at = re.search(r"\d\d:\d\d", choice.inner_text())[0]
    choice.click()
    walk.look()
    return moment(day, at)


def moment(day, at):
    """Wednesday 25 November, 10:45 as a moment of the nearest year."""
    number, month = day.split()[1:]
    today = now().replace(tzinfo=None)
    found = datetime.strptime(f"{number} {month} {today.year} {at}", "%d %B %Y %H:%M")
    return found if found > today - timedelta(days=2) else found.replace(year=today.year + 1)


def minutes_left(walk):
    return int(KEPT.search(walk.page.locator("#hold").inner_text())[1])


def keep_it_longer(walk):
    """The countdown is in words; it is made longer once, and with scripts it is read anew by itself."""
    assert 9 <= minutes_left(walk) <= 10
    if walk.scripts:
        walk.page.clock.install()
        walk.page.reload()
        with walk.page.expect_response(re.compile(r"/holds/\d+\?unattended")):
            walk.page.clock.fast_forward("00:31")
        walk.look()
    else:
        walk.follow("Look again")
    assert 9 <= minutes_left(walk) <= 10
    walk.press("I need more time")
    walk.reads("We keep this time for you a little longer.")
    assert 19 <= minutes_left(walk) <= 20
    expect(walk.page.get_by_role("button", name="I need more time")).to_have_count(0)


def accept_and_book(walk, whose="You are booked"):
    walk.page.get_by_label(re.compile("I have read and accept")).check()
    walk.press("Book appointment")
    walk.page.wait_for_url(re.compile(r"^[^?]*//[^/]+/$"))
    walk.reads(whose)


def card(walk, service):
    """The address of the newest visit of this service."""
    walk.go("/")
    cards = walk.page.locator("article.is-upcoming").filter(has_text=service)
    hrefs = [one.get_by_role("link").first.get_attribute("href") for one in cards.all()]
    return max(hrefs, key=lambda href: int(href.rsplit("/", 1)[1]))


def whole_visit(walk):
    """[(when it starts, its line)] of the parts that the page of one of them lists."""
    lines = walk.section("The whole visit").locator("ol li").all_inner_texts()
    told = [re.search(r"(\d+ \w{3} \d{4}, \d\d:\d\d)", line)[1] for line in lines]
    return [(datetime.strptime(when, "%d %b %Y, %H:%M"), line) for when, line in zip(told, lines, strict=True)]


def one_after_the_other(walk):
    """The parts stand in their order, each begins when the one before ends; their addresses."""
    walk.letter("ava@example.com", "is booked")
    addresses = [card(walk, part) for part in PARTS]
    walk.go(addresses[0])
    parts = whole_visit(walk)
    assert [line.split(",")[0] for _, line in parts] == list(PARTS)
    starts = [starts_at for starts_at, _ in parts]
    assert [later - earlier for earlier, later in pairwise(starts)] == [
        timedelta(minutes=30),
        timedelta(minutes=45),
    ]
    return addresses


def undo(walk, addresses):
    """Within the grace period one button takes all of it back."""
    walk.go("/")
    walk.reads("Everything you booked in the same go is taken back.")
    walk.press("Undo this booking")
    walk.reads("Your 3 bookings are taken back. It costs you nothing.")
    for address in addresses:
        walk.go(address)
        walk.reads("You took this booking back on")
    walk.go("/")
    expect(walk.page.locator("article.is-upcoming").filter(has_text=PARTS[2])).to_have_count(0)
    expect(walk.page.get_by_role("button", name="Undo this booking")).to_have_count(0)


def times_from(walk, days):
    walk.page.get_by_text("Filter the times").click()
    walk.page.get_by_label("From", exact=True).fill((now() + timedelta(days=days)).date().isoformat())
    walk.press("Show times")


def filter_the_week(walk):
    """The week shows days side by side; mornings on one weekday alone are left when that is asked for."""
    walk.follow("Week", exact=True)
    assert walk.page.locator("#times .week section").count() > 2
    walk.page.get_by_text("Filter the times").click()
    walk.page.get_by_label("Morning").check()
    walk.page.get_by_role("checkbox", name="Saturday").check()
    walk.press("Show times")
    days = walk.page.locator("#times .week section h2").all_inner_texts()
    assert [day.split()[0] for day in days] == ["Saturday"], days
    times = walk.page.locator("#times .week li").all_text_contents()  # those folded away, too
    assert times
    assert all(re.search(r"\b(0\d|1[01]):\d\d", text) for text in times), times
    walk.reads("Filter the times: Morning, Saturday")
    walk.follow("Next openings")
    days = walk.page.locator("#times section h2").all_inner_texts()
    assert len(days) > 1, "the filters go along from one view to the other"
    assert {day.split()[0] for day in days} == {"Saturday"}, days


def told_before_it_moves(walk):
    """Old and new of each part, what it costs, and what becomes of the paperwork."""
    walk.reads(
        "Move your whole visit?", "Until now", "New time", "All together", "Free", "After this move: free to cancel"
    )
    walk.reads("Your paperwork", "Photography consent was signed on")
    for part in PARTS[:2]:
        expect(walk.page.get_by_role("heading", name=part)).to_have_count(1)
