"""The seed's sentences 1 to 12, walked in order on the demo clinic by the words on the screen."""

import re

import pytest

from tests.journeys.walk import Walk

pytestmark = pytest.mark.browser
SERVICE = "Neuromodulator, touch-up"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_seed_is_true(demo, open_browser, scripts):
    with open_browser(scripts=scripts) as page:
        walk = Walk(page, scripts)
        register_as_new(walk)
        log_in(walk)
        edit_the_profile(walk)
        join_a_membership(walk)
        appointment = book(walk)
        find_the_paperwork(walk)
        read_the_mail(walk)
        find_post_treatment_instructions(walk)
        answer_sign_and_read(walk)
        see_the_appointments_on_the_right(walk)
        reschedule(walk, appointment)
        cancel_in_time(walk, appointment)
        cancel_late(walk)
        follow_the_links(walk)
        walk.press("Sign out")
        see_it_from_the_other_side(walk)
        assert not walk.found, "\n".join(sorted(set(walk.found)))


def register_as_new(walk):
    """1. New patients can register, with a code that proves their address."""
    walk.go("/")
    walk.follow("Register")
    walk.fill("First name", "Nora")
    walk.fill("Last name", "Ellis")
    walk.fill("Birth date", "1991-04-12")
    walk.fill("E-mail address", "nora@example.com")
    walk.fill("Mobile phone", "212 555 0163")
    walk.press("Continue")
    walk.enter_code("nora@example.com", "code")
    walk.press("Sign in", exact=True)
    walk.reads("Hello, Nora", "Action Required", "Post-treatment Instructions")
    walk.press("Sign out")


def log_in(walk):
    """1. Log in with an e-mail and a one-time code."""
    walk.sign_in("ava@example.com")
    walk.reads("Hello, Ava")


def edit_the_profile(walk):
    """2. Change and edit profile information; a changed e-mail is proved first, and the old address is told."""
    walk.follow("Profile", exact=True)
    walk.page.locator('a[href="/profile/health"]').first.click()
    walk.look()
    walk.fill("Allergies", "")
    walk.fill("Allergies", "Lidocaine")
    walk.press("Save")
    walk.reads("Lidocaine")
    walk.page.locator('a[href="/profile/email"]').first.click()
    walk.fill("New e-mail address", "not an address")
    walk.press("Send me a code")
    walk.reads("There is a problem")
    walk.fill("New e-mail address", "ava.moreno@example.com")
    walk.press("Send me a code")
    walk.enter_code("ava.moreno@example.com", "code")
    walk.press("Change my address")
    walk.reads("ava.moreno@example.com")
    walk.letter("ava@example.com", "e-mail address")


def join_a_membership(walk):
    """3. Subscribe: read the agreement, sign, pay, done; see the next charge."""
    walk.follow("Membership", exact=True)
    walk.page.get_by_role("link", name=re.compile("^Look at")).first.click()
    walk.look()
    sign_by_name(walk)
    walk.press(re.compile("^Join "))
    walk.reads("Next charge")
    walk.go("/")
    walk.reads("Next charge")


def sign_by_name(walk):
    """The equal of drawing: works by keyboard alone, with and without scripts."""
    if walk.scripts:
        walk.page.get_by_label("Type my name").check()
    walk.fill("Your full name", "Ava Moreno")
    walk.page.get_by_label(re.compile("I have read")).check()


def book(walk):
    """4. Book: service, first available, a free time, policy accepted, confirmation with an .ics file."""
    walk.go("/")
    walk.follow("Book", exact=True)
    walk.follow(re.compile(f"^{SERVICE}"))
    walk.follow(re.compile("^Me Ava Moreno"))  # she books for her daughter, too
    walk.follow(re.compile("^First available The earliest"))
    walk.page.get_by_text("Filter the times").click()
    walk.page.get_by_label("From", exact=True).fill(days_ahead(12))
    walk.press("Show times")
    walk.page.locator("#times .choice-list button").first.click()
    walk.reads("This time is yours for")
    walk.look()
    walk.press("Book appointment")
    walk.reads("There is a problem")  # the policy was not accepted
    walk.page.get_by_label(re.compile("I have read and accept")).check()
    walk.press("Book appointment")
    walk.reads("Booked")
    walk.letter("ava.moreno@example.com", "is booked")
    return newest_visit(walk)


def days_ahead(days):
    from datetime import timedelta

    from clock import now

    return (now() + timedelta(days=days)).date().isoformat()


def newest_visit(walk):
    """The address of the visit that was just booked, from the appointments on the right."""
    walk.go("/")
    card = walk.page.locator("article.is-upcoming").filter(has_text=SERVICE)
    assert card.count() == 1
    return card.get_by_role("link").get_attribute("href")


def find_the_paperwork(walk):
    """5. Each questionnaire, consent and pre-treatment instruction of the service stands under Action Required."""
    walk.go("/")
    lines = walk.section("Action Required").locator("li").filter(has_text=SERVICE).all_inner_texts()
    kinds = " ".join(lines)
    for kind in ("Consent", "Pre-treatment instructions"):
        assert kind in kinds, kinds
    assert "Post-treatment" not in kinds
    asked = walk.section("Action Required").locator("li").filter(has_text="Medical history")
    assert asked.count() == 1, "several visits ask for it, and it is answered once"
    assert "more visits" in asked.inner_text()


def read_the_mail(walk):
    """6. Pre-treatment instructions are also e-mailed as soon as the appointment is booked."""
    walk.letter("ava.moreno@example.com", "prepare")


def find_post_treatment_instructions(walk):
    """7. Post-treatment instructions stand in the portal since the visit started ten minutes ago."""
    walk.go("/")
    lines = walk.section("Post-treatment Instructions").locator("li")
    assert lines.count() >= 1
    lines.first.get_by_role("link").click()
    walk.look()
    walk.go("/")
    assert "Read" in walk.section("Post-treatment Instructions").locator("li").first.inner_text()


def task(walk, kind):
    walk.go("/")
    named = "Medical history" if kind == "Questionnaire" else SERVICE
    lines = walk.section("Action Required").locator("li").filter(has_text=named).filter(has_text=kind)
    lines.first.get_by_role("link").click()
    walk.page.wait_for_load_state()
    walk.look()


def answer_sign_and_read(walk):
    """8. Click a questionnaire to answer it, a consent to sign it, an instruction to read it."""
    task(walk, "Questionnaire")
    walk.answer_sections()
    walk.press("Send answers")
    walk.reads("Your answers are with the clinic")
    task(walk, "Consent")
    if walk.scripts:
        draw(walk, dots=True)
        walk.press("Sign", exact=True)
        walk.reads("There is a problem")
        draw(walk)
    else:
        sign_by_name(walk)
    walk.page.get_by_label(re.compile("I have read")).check()
    walk.press("Sign", exact=True)
    walk.reads("Your signature is with the clinic")
    task(walk, "Pre-treatment instructions")
    walk.go("/")
    assert walk.section("Action Required").locator("li").filter(has_text=SERVICE).count() == 0


def draw(walk, dots=False):
    """A line on the pad, or the single dot that is not a signature."""
    page = walk.page
    page.get_by_label(re.compile("^Draw")).check()
    page.get_by_label(re.compile("I have read")).check()
    page.locator("#signature-canvas").scroll_into_view_if_needed()
    box = page.locator("#signature-canvas").bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 40)
    page.mouse.down()
    for step in range(0 if dots else 12):
        page.mouse.move(box["x"] + 30 + 12 * step, box["y"] + 40 + 20 * (step % 3))
    page.mouse.up()


def see_the_appointments_on_the_right(walk):
    """9. Upcoming on blue, past on green, each with its facts; colour is never the only sign."""
    walk.go("/")
    upcoming, past = walk.page.locator("article.is-upcoming"), walk.page.locator("article.is-past")
    assert upcoming.count() >= 3
    assert past.count() >= 1
    for card, word in ((upcoming.first, "Upcoming"), (past.first, "Past")):
        text = card.inner_text()
        assert word in text
        assert re.search(r"\d{1,2} \w{3}", text)
        assert "with " in text
    if walk.scripts:
        hues = [card.evaluate("e => getComputedStyle(e).backgroundColor") for card in (upcoming.first, past.first)]
        (_, ug, ub), (_, pg, pb) = ([int(n) for n in re.findall(r"\d+", hue)[:3]] for hue in hues)
        assert ub > ug, hues
        assert pg > pb, hues
        assert upcoming.first.bounding_box()["x"] > 640  # on the right half of the page


def reschedule(walk, appointment):
    """11. Reschedule Appointment: a new day and time; what is done stays done."""
    walk.go(appointment)
    before = walk.page.locator("h1 + .lead").inner_text()
    walk.follow("Reschedule Appointment", exact=True)
    walk.page.get_by_text("Filter the times").click()
    walk.page.get_by_label("From", exact=True).fill(days_ahead(15))
    walk.press("Show times")
    walk.page.locator("#times .choice-list a").first.click()
    walk.look()
    walk.reads("Free")
    walk.press("Reschedule Appointment")
    walk.go(appointment)
    assert walk.page.locator("h1 + .lead").inner_text() != before
    walk.reads("Earlier times")
    walk.letter("ava.moreno@example.com", "is now on")
    walk.go("/")
    assert walk.section("Action Required").locator("li").filter(has_text=SERVICE).count() == 0


def cancel_in_time(walk, appointment):
    """10. Outside the window there is no fee, and the page says so."""
    walk.go(appointment)
    walk.follow("Cancel Appointment", exact=True)
    walk.reads("Free", "Reschedule instead")
    walk.press("Cancel Appointment")
    walk.reads("cancelled")
    assert walk.page.locator("main").inner_text().count("Late cancellation") == 0


def cancel_late(walk):
    """10. Inside the window the fee is shown before, charged by itself, and stands as a receipt after."""
    walk.go("/")
    card = walk.page.locator("article.is-upcoming").filter(has_text="Cancelling costs $50.00")
    card.first.get_by_role("link").click()
    walk.page.wait_for_load_state()
    walk.follow("Cancel Appointment", exact=True)
    walk.reads("$50.00", "payable at the clinic")
    walk.press("Cancel Appointment and owe $50.00")
    walk.reads("cancelled", "$50.00")
    walk.letter("ava.moreno@example.com", "$50.00")
    walk.go("/account")
    walk.reads("$50.00", "Late cancellation")
    walk.page.locator("main a[href*=receipts]").first.click()
    walk.look()
    walk.reads("$")


def follow_the_links(walk):
    """12. The footer has the links that the clinic filled in."""
    walk.go("/")
    footer = walk.page.locator("footer")
    for name in ("Website", "Instagram", "Facebook", "YouTube", "LinkedIn", "Messenger"):
        assert footer.get_by_role("link", name=name).get_attribute("href").startswith("https://")


def see_it_from_the_other_side(walk):
    """The front desk finds the patient, the answers, the signature, the charge and the messages."""
    walk.go("/staff")
    walk.fill("E-mail address", "desk@example.com")
    walk.fill("Password", "demo-clinic")
    walk.press("Sign in", exact=True)
    walk.reads("Today")
    walk.follow("Patients", exact=True)
    walk.page.get_by_role("searchbox").or_(walk.page.get_by_label(re.compile("Name, e-mail"))).first.fill("Moreno")
    walk.press("Search", exact=True)
    walk.follow("Moreno, Ava")
    walk.reads("Lidocaine", "$50.00", "Late cancellation", SERVICE)
    walk.page.get_by_text(re.compile("^Done, read")).click()
    signed = walk.page.get_by_role("row").filter(has_text=SERVICE).filter(has_text="consent").first
    signed.get_by_role("link").click()
    walk.look()
    walk.reads("Verified", "Signed by", "Ava Moreno")
