"""Idling out costs no typed answer: it waits for the same patient in the same browser, for an hour."""

import html
import re
from datetime import timedelta

import pytest
import time_machine
from werkzeug.datastructures import MultiDict

from clock import now
from models import KeptForm, LoginCode, Patient
from rules import accounts, answers, paperwork
from tests.house.world import Forms
from tests.rules.test_paperwork import actor, begin

ADDRESS = {"street": "1 New Street", "city": "Albany", "region": "", "postal_code": "", "country": ""}


@pytest.fixture
def clock():
    with time_machine.travel(now(), tick=False) as clock:
        yield clock


def come_back(browser, email):
    """Sign in through the pages; returns where the browser is sent."""
    browser.token_page = "/sign-in"
    browser.submit("/sign-in", email=email)
    browser.token_page = "/sign-in/code"
    code = LoginCode.select().order_by(LoginCode.id.desc()).get()
    return browser.submit("/sign-in/code", code=accounts.digits_of(code)).location


def idled_out(browser, clock, address="/profile/address", **form):
    """The page was open for 20 minutes when its form was sent."""
    form = {"csrf_token": browser.token(), **(form or ADDRESS)}
    clock.shift(timedelta(minutes=20))
    return browser.post(address, data=form)


def hidden(page):
    return {
        name: html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    }


def test_what_was_typed_is_kept_and_sent_with_one_button(clinic, as_ava, clock):
    assert "/sign-in" in idled_out(as_ava, clock).location
    assert Patient.get_by_id(clinic.ava.id).street == ""
    assert come_back(as_ava, "ava@example.com") == "/kept"
    page = as_ava.see("/kept")
    assert "We kept what you typed" in page
    assert 'action="/profile/address"' in page
    form = hidden(page[page.index('action="/profile/address"') :])
    assert form["street"] == "1 New Street"
    assert as_ava.post("/profile/address", data=form).status_code == 303
    assert Patient.get_by_id(clinic.ava.id).city == "Albany"
    assert not KeptForm.select().exists()
    assert as_ava.get("/kept").status_code == 303


def test_it_is_for_the_same_patient_only(clinic, as_ava, clock):
    idled_out(as_ava, clock)
    assert come_back(as_ava, "ben@example.com") == "/"
    assert as_ava.get("/kept").status_code == 303
    assert not KeptForm.select().exists()


def test_another_browser_of_the_patient_does_not_get_it(clinic, as_ava, nobody, clock):
    idled_out(as_ava, clock)
    assert come_back(nobody, "ava@example.com") == "/"


def test_it_waits_for_an_hour(clinic, as_ava, clock):
    idled_out(as_ava, clock)
    clock.shift(timedelta(minutes=61))
    assert come_back(as_ava, "ava@example.com") != "/kept"


def test_codes_decisions_and_what_strangers_send_are_not_kept(clinic, as_ava, as_desk, nobody, clock):
    idled_out(as_ava, clock, "/profile/email/code", code="123456")
    token = nobody.token() if nobody.get("/sign-in") else ""
    nobody.post("/profile/address", data={"csrf_token": token, **ADDRESS})
    assert not KeptForm.select().exists()


def test_more_than_a_form_holds_is_not_kept(clinic, as_ava, clock):
    idled_out(as_ava, clock, "/profile/health", allergies="x" * 70_000, medical_notes="")
    assert not KeptForm.select().exists()


def test_an_answer_that_saves_itself_is_kept_and_the_page_is_found_again(clinic, as_ava, clock):
    form = {"csrf_token": as_ava.token(), "asked": ["reason", "skin"], "q_reason": "A mole", "only": "reason"}
    clock.shift(timedelta(minutes=20))
    headers = {
        "HX-Request": "true",
        "HX-Request-Type": "partial",
        "HX-Current-URL": "http://localhost/tasks/7?x=1",
    }
    there = as_ava.post("/tasks/7/answers", data=form, headers=headers).headers["HX-Redirect"]
    assert there == "/sign-in?next=/tasks/7?x%3D1"
    (kept,) = KeptForm.select()
    assert kept.fields == [["asked", "reason"], ["asked", "skin"], ["q_reason", "A mole"]]
    assert come_back(as_ava, "ava@example.com") == "/kept"
    assert 'href="/tasks/7"' in as_ava.see("/kept")


def test_a_section_is_kept_with_all_that_was_typed_and_what_its_page_was_shown_with(clinic, as_ava, clock):
    """So that sending it late replaces nothing that another device saved meanwhile."""
    task = begin(clinic, now() + timedelta(days=3))[1]["questionnaire"]
    form = {
        "csrf_token": as_ava.token(), "asked": ["reason", "pregnant"], "q_reason": "A mole", "q_pregnant": "no",
        "was_reason": answers.digest(None), "was_pregnant": answers.digest(None), "version": "1", "do": "later",
    }  # fmt: skip
    clock.shift(timedelta(minutes=20))
    assert "/sign-in" in as_ava.post(f"/tasks/{task.id}/sections/1", data=form).location
    answers.save_answers(task, {"pregnant": "yes"}, actor(clinic.ava), paperwork.version_of(task))
    assert come_back(as_ava, "ava@example.com") == "/kept"
    page = as_ava.see("/kept")
    fields = Forms(page).found[-1]
    assert fields[0] == f"/tasks/{task.id}/sections/1"
    page = page[page.index(f'action="{fields[0]}"') :]
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    assert as_ava.post(fields[0], data=MultiDict(pairs)).location == "/"
    assert answers.of(task) == {"reason": "A mole", "pregnant": "no"}
    assert "answered differently on another device" in as_ava.see("/")
    assert not KeptForm.select().exists()


def test_a_page_of_another_site_is_nowhere_to_return_to(clinic, as_ava, clock):
    form = {"csrf_token": as_ava.token()}
    clock.shift(timedelta(minutes=20))
    for address in ("http://elsewhere.example/tasks/7", "http://[x]/tasks/7", "//["):
        headers = {"HX-Request": "true", "HX-Current-URL": address}
        answer = as_ava.post("/tasks/7/answers", data=form, headers=headers)
        assert answer.headers.get("HX-Redirect") == "/sign-in", address
