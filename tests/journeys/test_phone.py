"""Every page of a patient on a phone: nothing wider than the screen, nothing that axe minds, one h1, no complaint.

On SQLite alone: what a page looks like does not depend on the database, and test_seed walks on both.
"""

import re

import pytest

from tests.journeys.walk import Walk

pytestmark = pytest.mark.browser
WIDTHS = (390, 320)
SECTIONS = ("names", "contact", "address", "emergency", "health", "messages")


@pytest.mark.parametrize("demo", ["sqlite"], indirect=True)
def test_every_page_of_a_patient_fits_a_phone(demo, open_browser):
    with open_browser(width=WIDTHS[0]) as page:
        walk = Walk(page, scripts=True)
        for address in ("/sign-in", "/register", "/verify"):
            on_phones(walk, address)
        walk.sign_in("ava@example.com")
        for address in ("/", "/account", "/membership", "/profile", "/profile/email", "/appointments", "/permissions"):
            on_phones(walk, address)
        for section in SECTIONS:
            on_phones(walk, f"/profile/{section}")
        on_phones(walk, first(walk, "/membership", r"^/membership/plans/\d+$"))
        visit = book(walk)
        for page_of_it in ("", "/cancellation", "/time"):
            on_phones(walk, visit + page_of_it)
        on_phones(walk, first(walk, f"{visit}/time", r"^/appointments/\d+/time/confirmation"))
        kinds = set()
        for address in [paper for one in ("/", *visits(walk)) for paper in links(walk, one, r"^/tasks/\d+$")]:
            read_paper(walk, address, kinds)
        assert kinds == {"questionnaire", "answers", "consent", "signature", "instruction"}
        walk.press("Sign out")
        walk.sign_in("clara.nakamura@example.com")
        for address in ("/membership", first(walk, "/account", r"^/account/receipts/\d+$")):
            on_phones(walk, address)
        on_phones(walk, first(walk, "/membership", r"^/membership/\d+/end$"))
        assert not walk.found, "\n".join(sorted(set(walk.found)))


@pytest.mark.parametrize("demo", ["sqlite"], indirect=True)
def test_every_page_around_times_fits_a_phone(demo, open_browser):
    with open_browser(width=WIDTHS[0]) as page:
        walk = Walk(page, scripts=True)
        walk.sign_in("ava@example.com")
        several = visit_of_several(walk)
        for page_of_it in ("", "/visit/cancellation", "/visit/time", "/visit/time?view=week&filters=open"):
            on_phones(walk, several + page_of_it)
        on_phones(walk, first(walk, f"{several}/visit/time", r"/visit/time/confirmation"))
        on_phones(walk, first(walk, several, r"^/appointments/\d+$"))
        on_phones(walk, waitlist(walk))
        on_phones(walk, "/waitlist")
        on_phones(walk, "/family")
        walk.press("Make a calendar link")
        walk.reads("Copy it now: it is shown this once.")
        see(walk)
        on_phones(walk, "/family")  # now it says since when, and closes the link
        on_phones(walk, "/")
        something_comes_first(walk)
        assert not walk.found, "\n".join(sorted(set(walk.found)))


def visit_of_several(walk):
    """Two services in one visit, each step seen: for whom, what else, the list and the week, the hold; its address."""
    before = visits(walk)
    walk.go("/booking")
    walk.follow(re.compile("^Skin consultation"))
    see(walk)
    walk.follow(re.compile("^Me Ava Moreno"))
    see(walk)
    walk.follow("Add another treatment")
    see(walk)
    walk.follow(re.compile("^LED light session"))
    see(walk)
    walk.follow(re.compile("^First available The earliest"))
    see(walk)
    walk.follow("Week", exact=True)
    see(walk)
    walk.page.locator("#times details.all-times summary").first.click()
    walk.page.get_by_text("Filter the times").click()
    walk.look()
    walk.page.locator("#times section button").first.click()
    walk.reads("This time is yours for")
    see(walk)
    walk.press("I need more time")
    see(walk)
    walk.page.get_by_label(re.compile("I have read and accept")).check()
    walk.press("Book appointment")
    walk.reads("You are booked", "Undo this booking")
    see(walk)
    return next(address for address in visits(walk) if address not in before)


def waitlist(walk):
    """Where nothing fits: the wish, refused once; the address of its form."""
    walk.go("/booking")
    walk.follow(re.compile("^Lip filler"))
    walk.follow(re.compile("^Me Ava Moreno"))
    walk.follow(re.compile("^First available The earliest"))
    walk.follow("Join the waitlist")
    address = walk.page.url
    walk.fill("First day", "")
    walk.press("Join the waitlist")
    walk.reads("There is a problem")
    see(walk)
    walk.go(address)
    walk.press("Join the waitlist")
    walk.reads("You are on the waitlist")
    return address


def something_comes_first(walk):
    """A patch test and its treatment: why, and one time after the other."""
    walk.go("/booking")
    walk.follow(re.compile("^Fractional resurfacing"))
    walk.follow(re.compile("^Me Ava Moreno"))
    see(walk)
    walk.follow("Choose both times")
    see(walk)
    walk.page.locator("#times .choice-list a").first.click()
    walk.reads("Then: Fractional resurfacing")
    see(walk)
    walk.page.locator("#times .choice-list button").first.click()
    walk.reads("This time is yours for")
    see(walk)


def see(walk):
    """This page as it stands, on each phone."""
    for width in WIDTHS:
        walk.page.set_viewport_size({"width": width, "height": 800})
        walk.look()


def on_phones(walk, address):
    for width in WIDTHS:
        walk.page.set_viewport_size({"width": width, "height": 800})
        walk.go(address)


def links(walk, address, pattern):
    """Where this page leads to, of the addresses that fit."""
    walk.page.goto(address)
    found = walk.page.locator("main a, aside a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    return [href for href in dict.fromkeys(found) if href and re.search(pattern, href)]


def first(walk, address, pattern):
    found = links(walk, address, pattern)
    assert found, f"{address} leads to nothing like {pattern}"
    return found[0]


def visits(walk):
    return links(walk, "/appointments", r"^/appointments/\d+$")


def book(walk):
    """Through each step of booking, looking at all of them; the address of the visit."""
    before = visits(walk)
    address = "/booking"
    for pattern in (r"^/booking/\d+$", r"^/booking/\d+\?for=", r"^/booking/\d+/times"):
        on_phones(walk, address)
        address = first(walk, address, pattern)
    on_phones(walk, address)
    walk.page.goto(address)
    walk.page.locator("#times .choice-list button").first.click()
    walk.reads("This time is yours for")
    on_phones(walk, walk.page.url)
    walk.press("Book appointment")
    walk.reads("There is a problem")
    walk.page.get_by_label(re.compile("I have read and accept")).check()
    walk.press("Book appointment")
    walk.reads("Booked")
    return next(address for address in visits(walk) if address not in before)


def read_paper(walk, address, seen):
    """A page of paperwork; looks at the first of each kind."""
    walk.page.goto(address)
    signs = {
        "questionnaire": "form.answering", "consent": "form[action$=signature]",
        "signature": "section.signature", "answers": "main dl.facts",
    }  # fmt: skip
    kind = next((kind for kind, sign in signs.items() if walk.page.locator(sign).count()), "instruction")
    if kind not in seen:
        seen.add(kind)
        on_phones(walk, address)
        if kind == "questionnaire":
            walk.answer_sections(look=lambda: on_phones(walk, walk.page.url))
            on_phones(walk, f"{address}/check")
