"""The waitlist's pages: joining, what is offered, the link in the mail, and the staff's list."""

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from models import ActingFor, Appointment, Offer, Patient, WaitlistEntry
from rules import waitlist
from rules.actor import Actor

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)
WISH = {"provider": "0", "location": "0", "first_on": "2026-03-06", "last_on": "2026-03-06", "after": "600",
        "until": "630"}  # fmt: skip


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


def wait(clinic, patient, **differs):
    wish = {"first_on": date(2026, 3, 6), "last_on": date(2026, 3, 6), "from_minute": 600, "to_minute": 615, **differs}
    return waitlist.join(patient, clinic.peel, by=Actor("patient", patient.id, patient.name), **wish)


def path_of(offer):
    return urlsplit(waitlist.link(offer)).path


def say(browser, address, page, **form):
    html = browser.get(page).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html).group(1)
    hidden = re.search(r'name="policy"[^>]*value="(\d+)"', html)
    return browser.post(address, data={"csrf_token": token, "policy": hidden and hidden.group(1), **form})


def test_a_patient_joins_sees_and_leaves(clinic, as_ava):
    assert "Not before" in as_ava.see(f"/waitlist/new/{clinic.peel.id}")
    answer = as_ava.submit(f"/waitlist/new/{clinic.peel.id}", **WISH, weekdays=["4"], late_too="y")
    assert (answer.status_code, answer.location) == (303, "/waitlist")
    entry = WaitlistEntry.get()
    assert (entry.patient_id, entry.weekdays, entry.from_minute, entry.late_too) == (clinic.ava.id, [4], 600, True)
    page = as_ava.see("/waitlist")
    assert "Light peel" in page
    assert "Fridays, from 10:00 to 10:30, 6 March to 6 March 2026. Short-notice times too." in page
    assert as_ava.submit(f"/waitlist/{entry.id}/end").status_code == 303
    assert "Light peel" not in as_ava.see("/waitlist")


def test_the_form_begins_with_whom_the_booking_was_for(clinic, as_ava):
    def chosen(address):
        return re.findall(r'<option selected value="(\d+)">', as_ava.see(address))[:1]

    ActingFor.create(patient=clinic.ava, other=clinic.ben, relation="mother", noted_by="Dana Desk")
    assert chosen(f"/waitlist/new/{clinic.peel.id}") == [str(clinic.ava.id)]
    assert chosen(f"/waitlist/new/{clinic.peel.id}?for={clinic.ben.id}") == [str(clinic.ben.id)]
    assert as_ava.get(f"/waitlist/new/{clinic.peel.id}?for=9999").status_code == 404


def test_a_wrong_wish_is_said_beside_its_field(clinic, as_ava):
    answer = as_ava.submit(f"/waitlist/new/{clinic.peel.id}", **{**WISH, "last_on": "2026-03-05"})
    assert answer.status_code == 422
    assert "The last day lies before the first one" in answer.text
    assert as_ava.submit(f"/waitlist/new/{clinic.peel.id}", **{**WISH, "first_on": ""}).status_code == 422
    assert not WaitlistEntry.select().exists()


def test_for_a_child_one_acts_for_and_for_nobody_else(clinic, as_ava):
    mia = Patient.create(first_name="Mia", last_name="Moreno", birth_date="2015-01-01")
    ActingFor.create(patient=clinic.ava, other=mia, relation="mother", noted_by="Dana", since=MONDAY)
    assert as_ava.submit(f"/waitlist/new/{clinic.peel.id}", **WISH, who=str(clinic.ben.id)).status_code == 422
    assert as_ava.submit(f"/waitlist/new/{clinic.peel.id}", **WISH, who=str(mia.id)).status_code == 303
    assert WaitlistEntry.get().patient_id == mia.id
    assert "Light peel for Mia" in as_ava.see("/waitlist")


def test_anothers_entry_is_not_there(clinic, as_ava):
    entry = wait(clinic, clinic.ben)
    assert as_ava.submit(f"/waitlist/{entry.id}/end").status_code == 404
    assert WaitlistEntry.get().status == "waiting"


def test_the_second_of_two_says_yes_first(clinic, nobody):
    wait(clinic, clinic.ava)
    wait(clinic, clinic.ben)
    waitlist.offer_due()
    first, second = (path_of(offer) for offer in Offer.select().order_by(Offer.id))
    page = nobody.see(second)
    assert "Fri 6 Mar 2026, 10:00 EST" in page
    assert "With your yes you accept this cancellation policy." in page
    assert "Light peel" not in page
    answer = say(nobody, second, second)
    assert (answer.status_code, answer.location) == (303, second)
    assert "The time is yours" in nobody.see(second)
    assert Appointment.get().patient_id == clinic.ben.id
    late = say(nobody, first, "/sign-in")
    assert late.status_code in (303, 422)
    page = nobody.see(first)
    assert "Somebody was faster" in page
    assert "11:00" in page, "the next free times"
    assert Appointment.select().count() == 1


def test_a_yes_without_the_policy_that_was_shown_is_none(clinic, nobody):
    wait(clinic, clinic.ava)
    waitlist.offer_due()
    address = path_of(Offer.get())
    assert say(nobody, address, "/sign-in").status_code == 422
    assert not Appointment.select().exists()


def test_a_no_leaves_the_place_on_the_waitlist(clinic, nobody):
    wait(clinic, clinic.ava)
    waitlist.offer_due()
    address = path_of(Offer.get())
    assert say(nobody, f"{address}/refusal", address).status_code == 303
    assert "You are still on the waitlist" in nobody.see(address)
    assert Offer.get().status == "declined"


def test_an_offer_that_ran_out_says_so(clinic, nobody, time_machine):
    wait(clinic, clinic.ava)
    waitlist.offer_due()
    time_machine.shift(timedelta(minutes=15))
    assert "This offer is over" in nobody.see(path_of(Offer.get()))


def test_a_made_up_link_opens_nothing(clinic, nobody):
    wait(clinic, clinic.ava)
    waitlist.offer_due()
    assert nobody.get(f"/offers/{Offer.get().id}/{'a' * 64}").status_code == 410


def test_staff_see_who_waits_and_what_became_of_it_and_end_it(clinic, as_desk, as_nurse, queries):
    entry = wait(clinic, clinic.ava)
    waitlist.offer_due()
    page = as_desk.see("/staff/waitlist")
    assert "Ava Moreno" in page
    assert "Offered now" in page
    with queries() as one:
        as_desk.see("/staff/waitlist")
        before = one()
    wait(clinic, clinic.ben)
    with queries() as two:
        as_desk.see("/staff/waitlist")
        assert two() == before, "one more line costs no more queries"
    assert as_nurse.submit(f"/staff/waitlist/{entry.id}/end").status_code == 403
    assert as_desk.submit(f"/staff/waitlist/{entry.id}/end").status_code == 303
    assert WaitlistEntry.get_by_id(entry.id).status == "over"
