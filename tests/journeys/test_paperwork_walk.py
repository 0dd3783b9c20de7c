"""One questionnaire from the desk that writes it to the visits that it flags and moves, by the words on the screen.

Desk, patient and provider each have a browser of their own; the patient goes on at a phone. With scripts the
visit that cannot take place is moved, without them it is released.
"""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from clock import now
from tests.journeys.test_answering import come_in_again
from tests.journeys.walk import Walk

pytestmark = pytest.mark.browser
SERVICE = "Neuromodulator, touch-up"
NAME = "Before your treatment"
PEEL, WHICH = "Have you had a chemical peel before?", "Which peel was it?"
THINNERS, DENTIST = "Do you take blood thinners?", "Have you had dental work in the last month?"
FLAG = "Takes blood thinners: bruising is likely."
BLOCK = "Dental work and this treatment need a month between them. Your skin will thank you."
REASON = "She spoke with her doctor on Monday, and knows about the bruising."


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_questionnaire_from_the_desk_to_the_decision(demo, open_browser, scripts):
    with (
        open_browser(scripts=scripts) as desk_page,
        open_browser(scripts=scripts) as room_page,
        open_browser(scripts=scripts) as home_page,
        open_browser(scripts=scripts, width=390) as phone_page,
    ):
        desk, room = Walk(desk_page, scripts), Walk(room_page, scripts)
        home, phone = Walk(home_page, scripts), Walk(phone_page, scripts)
        sign_in(desk, "desk@example.com")
        sign_in(room, "provider@example.com")
        build(desk)
        tie_to_the_service(desk)

        home.sign_in("ava@example.com")
        book(home, days=12)
        answer_half(home)
        come_in_again(phone)
        go_on_where_it_was_left(phone)
        check_and_send(phone)

        visit = book(phone, days=16)
        answer_with_what_is_still_true(phone)
        see_that_it_needs_an_ok(desk, visit)
        decide(room, visit)
        desk.go(f"/staff{visit}")
        desk.reads(f"OK by Nora Adeyemi: {REASON}")
        expect(desk.section("What the answers mean")).not_to_contain_text("Needs OK")

        visit = book(phone, days=20)
        give_the_answer_that_blocks(phone)
        (move if scripts else release)(phone, visit)
        costs_nothing(phone)
        found = desk.found + room.found + home.found + phone.found
        assert not found, "\n".join(sorted(set(found)))


def sign_in(walk, address):
    walk.go("/staff")
    walk.fill("E-mail address", address)
    walk.fill("Password", "demo-clinic")
    walk.press("Sign in", exact=True)
    walk.reads("Today")


def build(walk):
    """Two pages: a question that is confirmed and one that it opens, and two that are asked anew and mean something."""
    walk.go("/staff/paperwork")
    walk.follow(re.compile("questionnaire", re.I))
    walk.fill("Name in lists", NAME)
    write(walk, 1, "Your skin", "Section: begins a new page")
    walk.press("Add a question", exact=True)
    write(walk, 2, PEEL)
    choose(walk, of(walk, "When the patient comes again", 2), "Ask whether the last answer is still true")
    walk.press("Add a question", exact=True)
    write(walk, 3, WHICH, "Short text")
    walk.press(named("Add a condition", 3))
    compare(walk, 3, of(walk, "The answer to", 3), f"2. {PEEL}")
    choose(walk, of(walk, "Answer", 3), "Yes")
    walk.press("Add a section", exact=True)
    write(walk, 4, "Your safety")
    for number, question, then, words in (
        (5, THINNERS, "Flag it for the clinician", FLAG),
        (6, DENTIST, "Block this service", BLOCK),
    ):
        walk.press("Add a question", exact=True)
        write(walk, number, question)
        of(walk, "Safety question: always asked anew", number).check()
        walk.press(named("Add a rule", number))
        compare(walk, number, of(walk, "When the answer", number), "is")
        choose(walk, of(walk, "Answer", number), "Yes")
        compare(walk, number, of(walk, "Then", number), then)
        if then == "Block this service":
            of(walk, "For how many days", number).fill("30")
        reader = "clinician" if number == 5 else "patient"
        of(walk, f"What the {reader} reads", number).fill(words)
    walk.press("Save", exact=True)
    walk.reads(f"{NAME} is written. Assign it to a service next.", "so nobody gets it")


def named(words, number):
    return re.compile(f"^{re.escape(words)} ?, question {number}$")


def of(walk, words, number):
    return walk.page.get_by_label(named(words, number))


def write(walk, number, words, kind=None):
    """The words of a question, and how it is answered where that is another way than the first one offered."""
    if kind:
        compare(walk, number, of(walk, "How it is answered", number), kind)
    walk.page.get_by_label(re.compile(f"^(Title|Question) ?, question {number}$")).fill(words)


def choose(walk, select, words):
    select.select_option(label=words)


def compare(walk, number, select, words):
    """Another option of a select beside which something else shows: at once, or by the button beside it."""
    choose(walk, select, words)
    if walk.scripts:
        walk.page.wait_for_timeout(100)
        expect(walk.page.locator("[aria-busy=true]")).to_have_count(0)
    else:
        walk.press(named("Show what fits", number))


def tie_to_the_service(walk):
    walk.page.get_by_role("checkbox", name=SERVICE, exact=True).check()
    walk.press("Save assignments")
    walk.reads("1 service hands it out now.")
    expect(walk.page.get_by_role("checkbox", name=SERVICE, exact=True)).to_be_checked()


def book(walk, days):
    """A visit about so many days ahead; its address."""
    before = visits(walk)
    walk.follow("Book", exact=True)
    walk.follow(re.compile(f"^{SERVICE}"))
    walk.follow(re.compile("^Me Ava Moreno"))  # she books for her daughter, too
    walk.follow(re.compile("^First available The earliest"))
    first_free(walk, days)
    walk.page.get_by_label(re.compile("I have read and accept")).check()
    walk.press("Book appointment")
    walk.reads("You are booked", NAME)
    (new,) = visits(walk) - before
    return new


def first_free(walk, days):
    walk.page.get_by_text("Filter the times").click()
    walk.page.get_by_label("From", exact=True).fill((now() + timedelta(days=days)).date().isoformat())
    walk.press("Show times")
    choices = walk.page.locator("#times .choice-list").locator("a, button")
    choices.filter(has_text=re.compile(r"\d:\d\d with ")).first.click()
    walk.look()


def visits(walk):
    """The addresses of the visits to come, of which the home page shows only the next few."""
    walk.go("/appointments")
    cards = walk.page.get_by_role("article").filter(has_text="Upcoming").filter(has_text=SERVICE)
    return {card.get_by_role("link").first.get_attribute("href") for card in cards.all()}


def open_task(walk):
    walk.go("/")
    line = walk.section("Action Required").get_by_role("listitem").filter(has_text=NAME)
    expect(line).to_have_count(1)
    line.get_by_role("link").first.click()
    walk.page.wait_for_load_state()
    walk.look()


def tell(walk, question, answer):
    asked = walk.page.get_by_role("group", name=re.compile(f"^{re.escape(question)}"))
    asked.get_by_label(answer, exact=True).check()
    if walk.scripts:
        walk.page.wait_for_timeout(100)
        expect(walk.page.locator("[aria-busy=true]")).to_have_count(0)


def answer_half(walk):
    """The first page, with the question that an answer opens there; then away."""
    open_task(walk)
    walk.reads("Section 1 of 2", "Your skin")
    expect(walk.page.get_by_label(WHICH)).to_be_hidden()
    tell(walk, PEEL, "Yes")
    if not walk.scripts:
        walk.press("Continue", exact=True)
        walk.reads("Your answer brings 1 more question.")
    expect(walk.page.get_by_label(WHICH)).to_be_visible()
    walk.fill(WHICH, "A mild one")
    walk.press("Continue", exact=True)
    walk.reads("Section 2 of 2", "Your safety")
    tell(walk, THINNERS, "No")
    walk.press("Save and finish later")
    walk.reads("Your answers are saved")


def go_on_where_it_was_left(walk):
    open_task(walk)
    walk.reads("Section 2 of 2", "Your safety")
    thinners = walk.page.get_by_role("group", name=re.compile(f"^{re.escape(THINNERS)}"))
    expect(thinners.get_by_label("No", exact=True)).to_be_checked()
    tell(walk, DENTIST, "No")
    walk.press("Continue", exact=True)


def check_and_send(walk):
    walk.reads("Check your answers", PEEL, WHICH, "A mild one", THINNERS, DENTIST)
    walk.press("Send answers")
    walk.reads("Your answers are with the clinic")
    walk.go("/")
    expect(walk.section("Action Required")).not_to_contain_text(NAME)


def answer_with_what_is_still_true(walk):
    """What was true last time is one tap; what is about safety has no answer yet."""
    open_task(walk)
    walk.reads("Section 1 of 2", "Last time you told us: Yes.", "Still true?")
    tell(walk, PEEL, "Yes, still true")
    if not walk.scripts:
        walk.press("Continue", exact=True)
    expect(walk.page.get_by_label(WHICH)).to_have_value("A mild one")
    walk.press("Continue", exact=True)
    walk.reads("Section 2 of 2")
    for question in (THINNERS, DENTIST):
        asked = walk.page.get_by_role("group", name=re.compile(f"^{re.escape(question)}"))
        assert [box.is_checked() for box in asked.get_by_role("radio").all()] == [False, False]
    tell(walk, THINNERS, "Yes")
    tell(walk, DENTIST, "No")
    walk.press("Continue", exact=True)
    check_and_send(walk)


def see_that_it_needs_an_ok(walk, visit):
    """The desk sees it on the visit, and that somebody else decides."""
    walk.go("/staff")
    walk.follow(re.compile(r"needs? a decision"))
    walk.reads("Needs OK")
    assert FLAG not in walk.page.locator("body").inner_text()  # a list tells who waits, not what was answered
    walk.page.get_by_role("listitem").filter(has_text=SERVICE).get_by_role("link", name=re.compile("Ava")).click()
    walk.look()
    assert walk.page.url.endswith(f"/staff{visit}")
    walk.reads("Needs OK", FLAG, "A provider decides")


def decide(walk, visit):
    """A reason is asked for, and stays with the visit."""
    walk.go(f"/staff{visit}")
    walk.follow(re.compile(f"^Decide ?: {re.escape(FLAG)}"))
    walk.reads(THINNERS, "Yes")
    walk.page.get_by_label("OK: the visit can take place").check()
    walk.press("Decide", exact=True)
    walk.reads("There is a problem", "Enter the reason in words.")
    walk.fill("Reason", REASON)
    walk.press("Decide", exact=True)
    walk.reads("The visit can take place.", f"OK by Nora Adeyemi: {REASON}")


def give_the_answer_that_blocks(walk):
    open_task(walk)
    tell(walk, PEEL, "Yes, still true")
    for _ in range(1 if walk.scripts else 2):
        walk.press("Continue", exact=True)
    tell(walk, THINNERS, "No")
    tell(walk, DENTIST, "Yes")
    walk.press("Continue", exact=True)
    walk.reads("Check your answers")
    walk.press("Send answers")
    walk.reads("Your appointment needs another time", BLOCK, "You can have this treatment from", "free of charge")


def move(walk, visit):
    """To a day on which it can be had; no day before that is offered."""
    walk.follow("Choose a new time")
    walk.page.get_by_role("main").get_by_role("link", name=re.compile(r"\d:\d\d with ")).first.click()
    walk.look()
    walk.reads("Free")
    walk.press("Reschedule Appointment")
    walk.go(visit)
    walk.reads("Earlier times")
    expect(walk.page.get_by_text("needs another time")).to_have_count(0)


def release(walk, visit):
    walk.press("Release this appointment")
    walk.reads("Your appointment is released, free of charge.")
    walk.go(visit)
    walk.reads("Cancelled")


def costs_nothing(walk):
    walk.go("/account")
    walk.reads("Nothing to pay")
