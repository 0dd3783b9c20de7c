"""A minor at the desk: she signs on her phone, her mother on hers, the clinic on its screen; a link opens one task."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from clock import now
from tests.journeys.walk import Walk

pytestmark = pytest.mark.browser
SERVICE = "Neuromodulator, touch-up"
CONSENT = "Neuromodulator consent"
DATED = now() - timedelta(days=15 * 366)
BORN = {"Day": str(DATED.day), "Month": str(DATED.month), "Year": str(DATED.year)}
ELSEWHERE = ("/", "/profile", "/appointments", "/booking", "/account", "/permissions", "/staff", "/staff/patients")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_minor_signs_with_a_guardian_on_their_own_phones(demo, open_browser, scripts):
    with (
        open_browser() as desk_page,
        open_browser(scripts=scripts, width=390) as mias_page,
        open_browser(scripts=scripts, width=390) as ginas_page,
        open_browser(width=1024) as room_page,
    ):
        desk, room = Walk(desk_page, True), Walk(room_page, True)
        mia, gina = Walk(mias_page, scripts), Walk(ginas_page, scripts)
        sign_in(room, "owner@example.com")
        ask_for_a_witness_and_a_provider(room)
        sign_in(desk, "desk@example.com")
        consent = book_for_a_minor(desk)
        task = re.search(r"\d+$", consent)[0]

        link = hand_over(desk, consent, "Continue on the patient’s phone")
        come_in(mia, link)
        opens_nothing_else(mia, task)
        read_the_notice(mia)
        sign(mia, "Mia Hart")
        mia.press("Sign", exact=True)
        mia.reads("This is done, thank you")
        is_closed(mia, "/handed")
        is_closed(mia, link)

        desk.go(consent)
        expect(desk.page.get_by_role("link", name="Sign as witness")).to_have_count(0)
        first = hand_over(desk, consent, "Let the guardian sign on their phone")
        link = hand_over(desk, consent, "Let the guardian sign on their phone")
        is_closed(gina, first)
        come_in(gina, link)
        is_closed(mia, link)
        opens_nothing_else(gina, task)
        gina.press("Sign as parent or guardian")
        gina.reads("There is a problem", "Choose how you are related.")
        gina.page.get_by_label("Parent", exact=True).check()
        sign(gina, "Gina Hart")
        gina.press("Sign as parent or guardian")
        gina.reads("This is done, thank you")
        is_closed(gina, "/handed")
        is_closed(gina, link)

        desk.go(consent)
        desk.reads("Gina Hart (parent)")
        desk.follow("Sign as witness")
        sign(desk, "Wanda Witness")
        desk.press("Sign as witness")
        desk.reads("Wanda Witness")
        expect(desk.page.get_by_role("link", name="Counter-sign")).to_have_count(0)
        room.go(consent)
        room.follow("Counter-sign")
        sign(room)
        room.press("Counter-sign")
        room.reads("Mia Hart", "Gina Hart", "Wanda Witness", "made by Dana Whitlock")
        expect(room.page.locator(".signer-list .badge.is-good")).to_have_count(4)
        found = desk.found + room.found + mia.found + gina.found
        assert not found, "\n".join(sorted(set(found)))


def sign_in(walk, address):
    walk.go("/staff")
    walk.fill("E-mail address", address)
    walk.fill("Password", "demo-clinic")
    walk.press("Sign in", exact=True)


def ask_for_a_witness_and_a_provider(walk):
    """The owner changes the consent: from now on it asks for both."""
    walk.go("/staff/paperwork")
    walk.follow(re.compile(CONSENT))
    walk.page.get_by_label("A witness signs at the visit").check()
    walk.page.get_by_label("The provider signs at the visit").check()
    walk.press(re.compile("^Save"))


def book_for_a_minor(walk):
    """The desk adds Mia and books for her; the address of her consent."""
    walk.go("/staff/patients/new")
    walk.fill("First name", "Mia")
    walk.fill("Last name", "Hart")
    walk.fill("Birth date", DATED.date().isoformat())
    walk.fill("E-mail address", "mia@example.com")
    walk.press(re.compile("^(Add|Save)"))
    record = walk.page.url
    walk.follow(re.compile("^Book"))
    walk.follow(re.compile(f"^{SERVICE}"))
    walk.page.locator("#times .choice-list a").first.click()
    walk.look()
    for box in walk.page.get_by_label(re.compile("accept")).all():
        box.check()
    walk.press("Book this visit")
    walk.go(record)
    walk.follow(re.compile(CONSENT))
    return walk.page.url


def hand_over(walk, consent, words):
    """Press the button on the page of the consent; the link, in the words under its code."""
    walk.go(consent)
    walk.press(words)
    expect(walk.page.locator("svg.qr")).to_be_visible()
    return walk.page.get_by_label("The link in words").input_value()


def come_in(walk, link):
    """The door names nobody; a wrong birth date is told, the right one opens."""
    walk.go(link)
    assert link not in walk.page.url
    assert "Mia" not in walk.page.locator("body").inner_text()
    for year in (str(DATED.year - 1), BORN["Year"]):
        for label, text in {**BORN, "Year": year}.items():
            walk.fill(label, text)
        walk.press("Open", exact=True)
        if year != BORN["Year"]:
            walk.reads("That is not the birth date we have. You can try 4 more times.")


def opens_nothing_else(walk, task):
    """Nothing of Mia's, and nothing of anybody's, but the one task."""
    for address in (*ELSEWHERE, f"/tasks/{task}", f"/staff/tasks/{task}"):
        answer = walk.page.request.get(address, max_redirects=0)
        assert answer.status == 303, address
        assert "sign-in" in answer.headers["location"], address


def read_the_notice(walk):
    walk.press("I agree to sign and get records electronically")


def sign(walk, name=""):
    """Every field that this signature asks for, by keyboard alone."""
    for initials in walk.page.get_by_label(re.compile("^Your initials")).all():
        initials.fill("MH")
    if walk.scripts:
        walk.page.get_by_label("Type my name").check()
    if name:
        walk.fill("Your full name", name)
    for box in walk.page.get_by_label("I agree to sign on a screen").all():  # a guardian has read the notice
        box.check()
    walk.page.locator("#agreed").check()


def is_closed(walk, address):
    answer = walk.page.request.get(address)
    assert answer.status == 410, address
    assert "This link is closed" in answer.text()
