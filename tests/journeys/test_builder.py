"""Building a questionnaire by keyboard alone, with and without scripts; axe and a narrow screen look on.

On SQLite alone: where the focus stands does not depend on the database.
"""

import pytest
from playwright.sync_api import expect

from tests.journeys.test_keyboard import Keys
from tests.journeys.walk import Walk

pytestmark = pytest.mark.browser
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.mark.parametrize("demo", ["sqlite"], indirect=True)
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_questionnaire_with_a_condition_is_built_by_keyboard(demo, open_browser, scripts):
    with open_browser(scripts=scripts) as page:
        sign_in(page, scripts)
        keys = Keys(page, scripts)
        page.goto("/staff/paperwork/new?kind=questionnaire")
        keys.write("^Name in lists", "Smoking")
        keys.write("^Question ?, question 1", "Do you smoke?")
        keys.press_key("^Add a question$")
        expect(page.locator("#questions-1-label")).to_be_focused()
        page.keyboard.type("How many a day?")
        choose(keys, "^How it is answered ?, question 2", "Nu", "look:1")
        expect(page.get_by_label("Unit, such as kg")).to_be_visible()
        keys.press_key("^Add a condition ?, question 2")
        expect(page.locator("#questions-1-if-0-question")).to_be_focused()
        page.keyboard.press("ArrowDown")
        come(keys, "look:1")
        expect(page.locator("#questions-1-if-0-is")).to_have_value("is")
        keys.to("^Answer ?, question 2", tag="select")
        page.keyboard.press("ArrowDown")
        keys.press_key("^Move up ?question 2")
        expect(page.locator("#down-0")).to_be_focused()
        expect(page.locator("#question-0 .error")).to_contain_text("depends on question 2 “Do you smoke?”")
        keys.press_key("^Save$")
        expect(page.locator("body")).to_contain_text("There is a problem")
        keys.press_key("^Move down ?question 1")
        expect(page.locator("#up-1")).to_be_focused()
        keys.press_key("^Save$")
        expect(page.locator("body")).to_contain_text("Smoking is written")
        expect(page.locator("#question-1-summary")).to_contain_text("shown if “Do you smoke?” is yes")


@pytest.mark.parametrize("demo", ["sqlite"], indirect=True)
def test_axe_and_a_narrow_screen_mind_nothing_about_the_builder(demo, open_browser):
    with open_browser() as page:
        walk = sign_in(page, True)
        walk.go("/staff/paperwork")
        walk.follow("Medical history", exact=True)
        for at in range(25):
            page.locator(f"#question-{at}-summary").click()
        walk.look()
        page.set_viewport_size({"width": 320, "height": 800})
        walk.look()
        page.locator("#questions-8-if-0-question").select_option("")
        page.locator("#add-question").click()
        expect(page.locator("#questions-25-label")).to_be_focused()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".error-summary")).to_be_focused()
        walk.look()
        assert not walk.found, "\n".join(walk.found)


def sign_in(page, scripts):
    walk = Walk(page, scripts)
    walk.go("/staff")
    walk.fill("E-mail address", "owner@example.com")
    walk.fill("Password", "demo-clinic")
    walk.press("Sign in", exact=True)
    walk.reads("Today")
    return walk


def choose(keys, words, letters, do):
    """Another option of a select, by its first letters; without scripts the button beside it asks for the page."""
    keys.to(words)
    keys.page.keyboard.type(letters)
    come(keys, do)


def come(keys, do):
    if keys.scripts:
        keys.page.wait_for_timeout(600)
        return
    keys.page.keyboard.press("Tab")
    keys.press_key("^Show what fits ?, question 2$")
