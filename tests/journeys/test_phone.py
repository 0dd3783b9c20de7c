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
    for pattern in (r"^/booking/\d+$", r"^/booking/\d+/times"):
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
