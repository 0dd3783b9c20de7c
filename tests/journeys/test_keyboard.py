"""The keyboard alone: sign in, book, sign a consent and cancel; the focus is seen at each step and never lost.

On SQLite alone: where the focus stands does not depend on the database.
"""

import re
import time

import pytest
from playwright.sync_api import Error, expect

from tests.journeys.walk import Walk

pytestmark = pytest.mark.browser
MOST = 120  # Tab presses on one page
AT = """() => {
  const it = document.activeElement;
  const seen = (one) => [null, "::after"].some((part) => {
    const style = getComputedStyle(one, part);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  });
  return {
    lost: it === document.body || it === document.documentElement,
    words: it.getAttribute("aria-label") || it.labels?.[0]?.innerText || it.innerText || "",
    tag: it.tagName.toLowerCase(),
    kind: it.type || "",
    href: it.getAttribute("href") || "",
    summary: it.classList.contains("error-summary"),
    seen: [it, it.labels?.[0], it.closest("label, .choice, li")].some((one) => one && seen(one)),
  };
}"""


class Keys(Walk):
    """Somebody without a mouse."""

    def at(self):
        """Where the focus stands, once the page rests."""
        for _ in range(50):
            try:
                self.page.wait_for_load_state()
                return self.page.evaluate(AT)
            except Error as gone:
                if "Execution context was destroyed" not in str(gone):
                    raise
                time.sleep(0.1)
        raise AssertionError("the page does not come to rest")

    def to(self, words, **also):
        """Tab to what says this, as somebody looking for it would."""
        for _ in range(MOST):
            self.page.keyboard.press("Tab")
            here = self.at()
            assert here["lost"] or here["seen"], f"{self.page.url}: the focus on {here} cannot be seen"
            fits = all(here[name] == value for name, value in also.items())
            if not here["lost"] and fits and re.search(words, " ".join(here["words"].split())):
                return here
        raise AssertionError(f"{self.page.url}: Tab never comes to {words!r}")

    def press_key(self, words, **also):
        """Tab there and press Enter; the next page, or the part of it, has come when this returns."""
        here = self.to(words, **also)
        self.page.keyboard.press("Enter")
        self.page.wait_for_timeout(400)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        return here

    def write(self, words, text):
        self.to(words)
        self.page.keyboard.type(text)

    def told_what_is_wrong(self):
        """The focus is on the summary of errors, whose first link leads to the field."""
        expect(self.page.locator(".error-summary")).to_be_focused()
        assert self.at()["seen"], "the summary has the focus, and nobody sees it"
        self.page.keyboard.press("Tab")
        self.page.keyboard.press("Enter")
        here = self.at()
        assert here["tag"] in ("input", "canvas", "textarea"), here
        return here


@pytest.mark.parametrize("demo", ["sqlite"], indirect=True)
def test_a_keyboard_is_enough(demo, open_browser):
    with open_browser() as page:
        keys = Keys(page, scripts=True)
        sign_in(keys)
        book(keys)
        sign_a_consent(keys)
        answer_a_questionnaire(keys)
        cancel(keys)


def sign_in(keys):
    keys.page.goto("/sign-in")
    keys.press_key("Send me a code")
    keys.told_what_is_wrong()
    keys.page.keyboard.type("ava@example.com")
    keys.press_key("Send me a code")
    code = re.search(r"\b\d{3} ?\d{3}\b", keys.letter("ava@example.com", "Your sign-in code")).group()
    keys.page.bring_to_front()
    keys.write("Six-digit code", code)
    keys.press_key("^Sign in$")
    keys.reads("Hello, Ava")


def book(keys):
    keys.press_key("^Book another appointment$")
    keys.press_key("^Lip filler")
    keys.press_key("^Me Ava Moreno")
    keys.press_key("^First available")
    keys.press_key(r"\d\d:\d\d with", tag="button")
    keys.press_key("^Book appointment$")
    keys.told_what_is_wrong()
    assert keys.at()["kind"] == "checkbox"
    keys.page.keyboard.press("Space")
    keys.press_key("^Book appointment$")
    keys.reads("Booked")


def sign_a_consent(keys):
    keys.page.goto("/")
    address = keys.section("Action Required").locator("li", has_text="Lip filler").filter(has_text="Consent").first
    href = address.get_by_role("link").get_attribute("href")
    keys.press_key(".", href=href)
    keys.press_key("^Sign$")
    keys.told_what_is_wrong()
    keys.page.goto(href)
    keys.write("^Your initials beside point 1", "AM")
    keys.write("^Your initials beside point 2", "AM")
    keys.to("^Yes", kind="radio")
    keys.page.keyboard.press("ArrowDown")
    keys.to("^Draw", kind="radio")
    keys.page.keyboard.press("ArrowDown")
    keys.write("^Your full name", "Ava Moreno")
    keys.to("^I have read", kind="checkbox")
    keys.page.keyboard.press("Space")
    keys.press_key("^Sign$")
    keys.reads("Your signature is with the clinic")


def answer_a_questionnaire(keys):
    """Its first two pages: words, an area of the chart by its list, a photo's field, and what is missing."""
    keys.page.goto("/")
    found = keys.section("Action Required").locator("li", has_text="Questionnaire").filter(has_text="Medical history")
    href = found.first.get_by_role("link").get_attribute("href")
    keys.press_key(".", href=href)
    keys.write("^What would you like us to help you with", ", please")
    keys.to("^Forehead$", kind="checkbox")
    keys.page.keyboard.press("Space")
    expect(keys.page.locator(".to-answer.is-body_area .answer-saved")).to_contain_text("Saved")
    assert keys.at()["words"] == "Forehead", "a saved answer leaves the focus where it is"
    keys.to("^Would you like to show us", kind="file")
    keys.press_key("^Continue$")
    keys.reads("Your health")
    keys.press_key("^Continue$")
    keys.told_what_is_wrong()
    keys.page.goto("/")


def cancel(keys):
    card = keys.page.locator("article.is-upcoming", has_text="Lip filler").first
    keys.press_key(".", href=card.get_by_role("link").get_attribute("href"))
    keys.press_key("^Cancel Appointment$", tag="a")
    keys.press_key("^Cancel Appointment", tag="button")
    keys.reads("Your appointment is cancelled")
