"""Booking in the browser: from the treatment to the booked appointment, and what happens when somebody was faster."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from models import Appointment, Charge, PolicyAcceptance, Provider, Service, ServiceProvider, WorkingHours
from rules import policy
from rules.actor import Actor

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY)


def hidden(page):
    """The hidden fields of a page's form, as a browser would send them."""
    fields = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    named = [(re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)) for field in fields]
    return {name.group(1): value.group(1) for name, value in named if value and name.group(1) != "csrf_token"}


def spoken(page):
    """The page's text as it is read out: without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_a_patient_books_by_following_the_links(clinic, as_ava):
    assert f'href="/booking/{clinic.botox.id}"' in as_ava.see("/booking")
    people = as_ava.see(f"/booking/{clinic.botox.id}")
    assert "First available" in people
    assert "Dr Lin" in people
    times = as_ava.see(f"/booking/{clinic.botox.id}/times?provider={clinic.dr_lin.id}")
    assert "Monday 2 March" in times
    assert "Soho, EST" in times
    assert "Mon 2 Mar, 09:00 with Dr Lin, Soho" in spoken(times)
    link = choose(as_ava, clinic.botox, times)
    page = as_ava.see(link)
    assert "This time is yours for 10 minutes more,</strong> until 07:10 EST" in page
    for words in ("Mon 2 Mar 2026, 09:00 EST", "Dr Lin", "$400.00", "Questionnaire: Medical history", "$50.00"):
        assert words in page
    answer = as_ava.submit(link.split("?")[0], **hidden(page), accepted="y")
    assert answer.status_code == 303
    assert answer.location == "/"
    appointment = Appointment.get()
    assert appointment.patient == clinic.ava
    assert appointment.starts_at == datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert appointment.ends_at == appointment.starts_at + timedelta(minutes=30)
    assert PolicyAcceptance.get().shown_minor == 5000
    assert Charge.select().count() == 0


def choose(browser, service, times, nth=0, **more):
    """Press one of the times of a page; the address of the confirmation."""
    slots = re.findall(r'<button type="submit" name="slot" value="([^"]+)"', times)
    answer = browser.submit(f"/booking/{service.id}/hold", slot=slots[nth], **{**hidden(times), **more})
    assert answer.status_code == 303, answer.text
    return answer.location


SLOT = "/booking/{service}/confirmation?slot={provider}-{place}-20260306T150000Z"
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)


def slot(clinic, service=None):
    service = service or clinic.botox
    return SLOT.format(service=service.id, provider=clinic.dr_lin.id, place=clinic.soho.id)


def post(browser, address, page, **form):
    return browser.submit(address.split("?")[0], **{**hidden(page), **form})


def test_the_policy_must_be_accepted_and_what_was_chosen_stays(clinic, as_ava):
    page = as_ava.see(slot(clinic))
    answer = post(as_ava, slot(clinic), page)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert '<a href="#accepted">Read and accept the cancellation policy to book</a>' in answer.text
    assert hidden(answer.text) == hidden(page)
    assert Appointment.select().count() == 0


def test_with_scripts_the_form_alone_comes_back(clinic, as_ava):
    page = as_ava.see(slot(clinic))
    answer = post(as_ava, slot(clinic), page, htmx=True)
    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<form id="confirmation"')
    answer = post(as_ava, slot(clinic), page, htmx=True, accepted="y")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, "/")
    part = as_ava.get(f"/booking/{clinic.botox.id}/times", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert part.text.lstrip().startswith('<div id="times"')


def test_somebody_was_faster_keeps_the_form_and_offers_times_that_book_with_one_tap(clinic, as_ava, as_ben):
    of_ava, of_ben = as_ava.see(slot(clinic)), as_ben.see(slot(clinic))
    assert post(as_ava, slot(clinic), of_ava, accepted="y").status_code == 303
    answer = post(as_ben, slot(clinic), of_ben, accepted="y")
    assert answer.status_code == 422
    assert "Somebody was faster" in answer.text
    near = re.findall(r'<button name="slot" value="([^"]+)"', answer.text)
    assert len(near) == 5
    assert re.search(r'name="accepted"[^>]*checked', answer.text)
    kept = hidden(answer.text)
    assert "slot" not in kept
    assert kept["request_key"] == hidden(of_ben)["request_key"]
    assert post(as_ben, slot(clinic), answer.text, accepted="y", slot=near[0]).status_code == 303
    assert Appointment.select().where(Appointment.patient == clinic.ben).count() == 1


def test_a_link_to_a_time_that_is_gone_offers_the_nearest(clinic, as_ava, as_ben):
    post(as_ava, slot(clinic), as_ava.see(slot(clinic)), accepted="y")
    answer = as_ben.get(slot(clinic))
    assert answer.status_code == 422
    assert len(re.findall(r'<button name="slot"', answer.text)) == 5


def test_the_same_submit_twice_books_once(clinic, as_ava):
    page = as_ava.see(slot(clinic))
    for _ in range(2):
        assert post(as_ava, slot(clinic), page, accepted="y").status_code == 303
    assert Appointment.select().count() == 1


def test_what_the_service_says_cannot_be_changed_by_the_form(clinic, as_ava):
    page = as_ava.see(slot(clinic))
    more = {
        "ends_at": "20300101T000000Z",
        "duration": "600",
        "fee": "0",
        "status": "completed",
        "patient": clinic.ben.id,
    }
    assert post(as_ava, slot(clinic), page, accepted="y", patient_id=clinic.ben.id, **more).status_code == 303
    a = Appointment.get()
    assert (a.patient, a.ends_at, a.price_minor, a.status) == (
        clinic.ava,
        FRIDAY + timedelta(minutes=30),
        40000,
        "booked",
    )
    assert (
        post(as_ava, slot(clinic), page, accepted="y", price="1", request_key="another-key", slot="1-1-x").status_code
        == 404
    )


def test_a_policy_written_while_reading_is_read_again(clinic, as_ava):
    page = as_ava.see(slot(clinic))
    policy.write(
        Actor("staff", 1, "Olive Owner"), notice_hours=24, fee_kind="fixed", fee_value=7500, no_show_kind="fixed",
        no_show_value=0,
    )  # fmt: skip
    answer = post(as_ava, slot(clinic), page, accepted="y")
    assert answer.status_code == 422
    assert "changed while you were reading" in answer.text
    assert "$75.00" in answer.text
    assert not re.search(r'name="accepted"[^>]*checked', answer.text)
    assert post(as_ava, slot(clinic), answer.text, accepted="y").status_code == 303
    assert PolicyAcceptance.get().shown_minor == 7500


def test_without_a_policy_nothing_needs_accepting(clinic, as_ava):
    policy.write(
        Actor("staff", 1, "Olive Owner"), notice_hours=24, fee_kind="fixed", fee_value=0, no_show_kind="fixed",
        no_show_value=0, active=False,
    )  # fmt: skip
    page = as_ava.see(slot(clinic))
    assert "No cancellation policy applies" in page
    assert "accepted" not in page
    assert post(as_ava, slot(clinic), page).status_code == 303


def test_a_booking_inside_the_window_says_what_cancelling_will_cost(clinic, as_ava):
    soon = slot(clinic).replace("20260306T150000Z", "20260302T180000Z")
    assert (
        "This appointment is less than 48 hours away. You can undo the booking for 3 minutes. "
        "After that, cancelling costs $50.00. Not coming costs $400.00."
    ) in as_ava.see(soon)


def test_what_is_archived_or_unknown_is_not_found(clinic, as_ava):
    for address in (
        "/booking/99999",
        f"/booking/{10**20}",
        f"/booking/{clinic.botox.id}/confirmation",
        f"/booking/{clinic.botox.id}/confirmation?slot=9-9-9",
    ):
        assert as_ava.get(address).status_code == 404, address
    Service.update(archived_at=MONDAY).where(Service.id == clinic.peel.id).execute()
    assert as_ava.get(f"/booking/{clinic.peel.id}").status_code == 404
    assert "Light peel" not in as_ava.see("/booking")


def test_no_free_time_says_what_to_do(clinic, as_ava):
    page = as_ava.see(f"/booking/{clinic.botox.id}/times?from=2026-12-01&provider={clinic.dr_lin.id}")
    assert "No free time from this day on" in page
    assert "212-555-0100" in page
    for strange in ("from=yesterday", "provider=x&location=-1", "from=9999-99-99"):
        as_ava.see(f"/booking/{clinic.botox.id}/times?{strange}")


def test_the_list_of_times_follows_its_filters_and_goes_on(clinic, as_ava):
    everywhere = as_ava.see(f"/booking/{clinic.botox.id}/times")
    assert "Soho, EST" in everywhere
    assert "Bath, GMT" in everywhere
    bath = as_ava.see(f"/booking/{clinic.botox.id}/times?location={clinic.bath.id}&from=2026-03-29")
    assert "Sunday 29 March" in bath
    assert "Bath, BST" in bath
    assert "Dr Lin</span>" not in bath
    later = re.search(r'href="([^"]+)"[^>]*>Later times', bath).group(1).replace("&amp;", "&")
    assert f"location={clinic.bath.id}" in later
    assert "Friday 3 April" in as_ava.see(later)


def test_the_pages_of_booking_cost_the_same_queries_for_one_service_and_three(clinic, as_ava, queries):
    def cost():
        total = []
        for address in (
            "/booking",
            f"/booking/{clinic.peel.id}",
            f"/booking/{clinic.peel.id}/times",
            slot(clinic, clinic.peel),
        ):
            with queries() as count:
                as_ava.see(address)
            total.append(count())
        return total

    one = cost()
    for n in range(2):
        someone = Provider.create(name=f"Provider {n}")
        another = Service.create(category=clinic.peel.category, name=f"Peel {n}", duration_minutes=30)
        for service in (another, clinic.peel):
            ServiceProvider.create(provider=someone, service=service)
        WorkingHours.create(provider=someone, location=clinic.soho, weekday=0, opens_minute=540, closes_minute=1020)
    assert cost() == one
