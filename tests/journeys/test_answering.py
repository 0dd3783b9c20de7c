"""A questionnaire begun on one device and finished on another: nothing typed is lost, and the reader is told.

On SQLite alone: which answer counts is shown on both in tests/rules/test_answers.py.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.walk import Walk

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("demo", ["sqlite"], indirect=True)
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_half_on_a_desk_and_half_on_a_phone(demo, open_browser, scripts):
    with open_browser(scripts=scripts) as page, open_browser(scripts=scripts, width=390) as small:
        desk, phone = Walk(page, scripts), Walk(small, scripts)
        desk.sign_in("ava@example.com")
        task = questionnaire(desk)
        answer_half(desk)
        come_in_again(phone)
        phone.go(task)
        phone.reads("Section 2 of 4", "Your health")
        answer_on_both(desk, phone)
        confirm_what_is_still_true(phone)
        phone.answer_sections()
        correct_one(phone)
        desk.go(task)
        desk.reads("Check your answers", "Dry skin on the cheeks")
        desk.press("Send answers")
        desk.reads("Your answers are with the clinic")
        phone.press("Send answers")
        phone.reads("sent already")
        phone.go(task)
        phone.reads("Dry skin on the cheeks", "Lidocaine")
        assert phone.page.locator("form.answering").count() == 0
        assert not desk.found + phone.found, "\n".join(sorted(set(desk.found + phone.found)))


def come_in_again(walk):
    """On another device; the code that the first one used may still be the newest letter."""
    walk.go("/sign-in")
    walk.fill("E-mail address", "ava@example.com")
    walk.press("Send me a code")
    for _ in range(4):
        walk.page.wait_for_timeout(2000)
        walk.enter_code("ava@example.com", "Your sign-in code")
        walk.press("Sign in", exact=True)
        if walk.page.get_by_text("Hello, Ava").count():
            return
    raise AssertionError("the second code does not come")


def questionnaire(walk):
    walk.go("/")
    walk.section("Action Required").locator("li").filter(has_text="Medical history").first.get_by_role("link").click()
    walk.page.wait_for_load_state()
    walk.reads("Section 1 of 4", "What brings you here")
    return re.sub(r"/sections/1$", "", walk.page.url)


def answer_half(walk):
    """Words, and an area by a touch on the drawing; then leave in the middle of the second page."""
    walk.fill("What would you like us to help you with", "Softer lines")
    walk.page.locator(".spot.at-face_forehead").click()
    expect(walk.page.get_by_label("Forehead", exact=True)).to_be_checked()
    walk.press("Continue", exact=True)
    walk.reads("Section 2 of 4")
    group(walk, "pregnant").get_by_label("No", exact=True).check()
    walk.press("Save and finish later")
    walk.reads("Your answers are saved")


def group(walk, key):
    return walk.page.locator(f"#question-{key}")


def answer_on_both(desk, phone):
    """Both have the page open; an answer brings a question, and what is typed meanwhile stays."""
    desk.go(re.sub(r"/sections/\d+$", "", phone.page.url))
    group(phone, "allergic").get_by_label("Yes", exact=True).check()
    if phone.scripts:
        expect(group(phone, "allergies")).to_be_visible()
        expect(group(phone, "allergic").get_by_label("Yes", exact=True)).to_be_focused()
        group(phone, "allergies").get_by_label("Allergic to 1").fill("Lidocaine")
        phone.press("Add another")
        expect(group(phone, "allergies").get_by_label("Allergic to 4")).to_be_focused()
        expect(group(phone, "allergies").get_by_label("Allergic to 1")).to_have_value("Lidocaine")
        group(desk, "allergic").get_by_label("No", exact=True).check()
        expect(group(desk, "allergic")).to_contain_text("On another device you had answered “Yes” meanwhile.")
        group(desk, "allergic").get_by_label("Yes", exact=True).check()
        expect(group(desk, "allergies").get_by_label("Allergic to 1")).to_have_value("Lidocaine")
    else:
        group(phone, "medicines").get_by_label("Yes, still true").check()
        phone.press("Save and finish later")
        group(desk, "allergic").get_by_label("No", exact=True).check()
        desk.press("Save and finish later")
        desk.reads("answered differently on another device meanwhile")
        phone.go(re.sub(r"/sections/\d+$", "", phone.page.url) if "/tasks/" in phone.page.url else first_task(phone))
        group(phone, "allergic").get_by_label("Yes", exact=True).check()
        group(phone, "isotretinoin").get_by_label("No", exact=True).check()
        phone.press("Continue", exact=True)
        phone.reads("Your answer brings 1 more question.")
        group(phone, "allergies").get_by_label("Allergic to 1").fill("Lidocaine")


def first_task(walk):
    walk.go("/")
    link = walk.section("Action Required").locator("li").filter(has_text="Medical history").first.get_by_role("link")
    return link.get_attribute("href")


def confirm_what_is_still_true(walk):
    medicines = group(walk, "medicines")
    expect(medicines).to_contain_text("Last time you told us:")
    medicines.get_by_label("No, it has changed").check()
    expect(medicines.get_by_label("Medicine 1")).to_be_visible()
    medicines.get_by_label("Yes, still true").check()
    expect(medicines.get_by_label("Medicine 1")).to_be_hidden()
    group(walk, "isotretinoin").get_by_label("No", exact=True).check()
    walk.press("Continue", exact=True)
    walk.reads("Section 3 of 4")


def correct_one(walk):
    """From the page of all answers to one of them, and straight back."""
    walk.reads("Check your answers", "Forehead", "Lidocaine")
    walk.page.get_by_role("link", name=re.compile("^Change What would you like us to help you with")).click()
    walk.page.wait_for_load_state()
    walk.fill("What would you like us to help you with", "Dry skin on the cheeks")
    walk.press("Continue", exact=True)
    walk.reads("Check your answers", "Dry skin on the cheeks")
