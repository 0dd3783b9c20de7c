"""Every route, asked for by everybody whom it is not for: nothing is told and nothing is changed."""

import re

import pytest

from models import Fault
from tests.house import world as w


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(w.MONDAY, tick=False)


@pytest.fixture
def world(clinic, monday):
    return w.build(clinic)


HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def asked(browser, rule, address):
    """Every way to ask for it, with a valid token: (method and address, answer)."""
    token = browser.token()
    for headers in ({}, HTMX):
        for method in w.methods(rule):
            form = {"csrf_token": token} if method == "POST" else None
            yield f"{method} {address}", browser.open(address, method=method, data=form, headers=headers)


def tells(answer, *but):
    return [words for words in w.SECRETS if words in answer.text and words not in but]


def test_what_is_avas_is_404_for_ben(clinic, world, as_ben):
    before, tried = w.digest(), 0
    for rule in w.routes(clinic.app, "patient"):
        if "number" not in rule.arguments or rule.rule.startswith(("/booking/", "/membership/plans/")):
            continue  # what is offered to every patient
        for plain in w.addresses(rule, world):
            for address in {plain, w.with_slot(plain, world)}:
                for asked_for, answer in asked(as_ben, rule, address):
                    assert answer.status_code == 404, asked_for
                    assert tells(answer) == [], asked_for
                    tried += 1
    assert w.digest() == before
    assert tried > 60
    assert Fault.select().count() == 0


def test_the_same_addresses_lead_ava_somewhere(clinic, world, as_ava):
    """Or else the 404s above would prove nothing."""
    for rule in w.routes(clinic.app, "patient"):
        hidden = world.tasks["post_treatment"].id
        for plain in w.addresses(rule, world):
            if plain.startswith(f"/tasks/{hidden}"):
                continue
            for method in w.methods(rule):
                if method == "GET":
                    answer = as_ava.get(w.with_slot(plain, world))
                    assert answer.status_code in (200, 303), plain
    assert as_ava.get(f"/tasks/{hidden}").status_code == 404


def test_nobody_is_sent_to_sign_in(clinic, world, nobody):
    before = w.digest()
    for kind, door in (("patient", "/sign-in"), ("staff", "/staff/sign-in")):
        for rule in w.routes(clinic.app, kind):
            for address in w.addresses(rule, world):
                for asked_for, answer in asked(nobody, rule, address):
                    there = answer.location or answer.headers.get("HX-Redirect")
                    assert answer.status_code in (200, 303), asked_for
                    assert there.split("?")[0] == door, asked_for
                    assert tells(answer) == [], asked_for
    assert w.digest() == before


def test_half_way_through_a_door_is_still_nobody(clinic, world, nobody):
    """Registration, a code that was asked for and a staff link are begun and left: every page stays shut."""
    nobody.submit("/sign-in", email="ava@example.com")
    nobody.get("/sign-in/code")
    nobody.get(f"/staff/setup/{world.setup}")
    nobody.get("/register")
    for rule in w.routes(clinic.app, "patient", "staff"):
        if "GET" in rule.methods:
            for address in w.addresses(rule, world):
                assert nobody.get(address).status_code == 303, address


def test_staff_are_refused_on_every_page_of_a_patient(clinic, world, as_owner, as_desk, as_nurse):
    before = w.digest()
    for rule in w.routes(clinic.app, "patient"):
        for address in w.addresses(rule, world):
            for browser in (as_owner, as_desk, as_nurse):
                for asked_for, answer in asked(browser, rule, address):
                    assert answer.status_code == 403, asked_for
                    assert tells(answer) == [], asked_for
    assert w.digest() == before


def test_a_patient_is_refused_on_every_page_of_staff(clinic, world, as_ava):
    before = w.digest()
    for rule in w.routes(clinic.app, "staff"):
        for address in w.addresses(rule, world):
            for asked_for, answer in asked(as_ava, rule, address):
                assert answer.status_code == 403, asked_for
                assert tells(answer) == [], asked_for
    assert w.digest() == before


def test_a_role_is_refused_where_it_may_not(clinic, world, as_desk, as_nurse):
    before, tried = w.digest(), 0
    for rule in w.routes(clinic.app, "staff"):
        roles = w.audience_of(clinic.app, rule)[1]
        for browser, role in ((as_desk, "desk"), (as_nurse, "provider")):
            if roles and role not in roles:
                for address in w.addresses(rule, world):
                    for asked_for, answer in asked(browser, rule, address):
                        assert answer.status_code == 403, f"{role}: {asked_for}"
                        assert tells(answer, "Dr Lin") == [], asked_for
                        tried += 1
    assert w.digest() == before
    assert tried > 100


def test_staff_see_what_they_may(clinic, world, as_owner, as_desk, as_nurse):
    for rule in w.routes(clinic.app, "staff"):
        roles = w.audience_of(clinic.app, rule)[1]
        for browser, role in ((as_owner, "owner"), (as_desk, "desk"), (as_nurse, "provider")):
            if "GET" in rule.methods and (not roles or role in roles):
                for address in w.addresses(rule, world):
                    answer = browser.get(w.with_slot(address, world))
                    assert answer.status_code == 200, f"{role}: {address}"


def test_a_page_of_nobodys_is_404_in_the_clinics_look(clinic, world, as_ava, as_owner):
    for browser, kind in ((as_ava, "patient"), (as_owner, "staff")):
        token = browser.token()
        for rule in w.routes(clinic.app, kind):
            if rule.arguments and "number" in rule.arguments:
                for address in w.addresses(rule, world):
                    for number in (0, 99_999, 2**31, 2**63 - 1, 2**63, 10**30):
                        there = re.sub(r"\d+", str(number), address, count=1)
                        for method in w.methods(rule):
                            form = {"csrf_token": token} if method == "POST" else None
                            answer = browser.open(there, method=method, data=form)
                            no = (404, 405) if number >= 2**63 else (404,)  # werkzeug looks at the method first
                            assert answer.status_code in no, f"{method} {there}"
    assert Fault.select().count() == 0
