"""Every route, asked for by everybody whom it is not for: nothing is told and nothing is changed."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from clock import standing_at
from models import Appointment, Charge, Fault, Membership, Patient, Signature, Task
from rules import families
from tests.house import world as w


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(w.MONDAY, tick=False)


@pytest.fixture
def world(clinic, monday):
    return w.build(clinic)


OFFERED = ("/booking/", "/membership/plans/", "/waitlist/new/")  # what every patient may look at
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def asked(browser, rule, address):
    """Every way to ask for it, with a valid token: (method and address, answer)."""
    token = browser.token() if "POST" in rule.methods else ""
    for headers in ({}, HTMX):
        for method in w.methods(rule):
            form = {"csrf_token": token} if method == "POST" else None
            yield f"{method} {address}", browser.open(address, method=method, data=form, headers=headers)


def tells(answer, *but):
    return [words for words in w.SECRETS if words in answer.text and words not in but]


def test_what_is_avas_is_404_for_ben(clinic, world, as_ben):
    before, tried = w.digest(), 0
    for rule in w.routes(clinic.app, "patient"):
        if "number" not in rule.arguments or rule.rule.startswith(OFFERED):
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


def test_whoever_acts_for_ava_loses_every_door_the_moment_it_ends(clinic, world):
    """Zoe acts for Ava: her visits and papers are open, what Ava signs and pays is not; afterwards nothing is."""
    zoe, opened = clinic.app.test_client().sign_in(world.aunt), set()
    mine = ("/appointments/", "/tasks/", "/photos/")
    rules = [rule for rule in w.routes(clinic.app, "patient") if "number" in rule.arguments]
    rules = [rule for rule in rules if not rule.rule.startswith(OFFERED)]
    for rule in rules:
        for address in w.addresses(rule, world):
            if "GET" in rule.methods and zoe.get(w.with_slot(address, world)).status_code in (200, 303):
                assert address.startswith(mine), address
                opened.add(address)
    consent, visit = world.tasks["consent"].id, world.visit.id
    assert {it for it in opened if it.startswith(f"/tasks/{consent}")} == {f"/tasks/{consent}"}
    assert tells(zoe.get(f"/tasks/{consent}"), "Ava") == []
    assert {f"/appointments/{visit}", f"/tasks/{world.tasks['questionnaire'].id}/check"} <= opened
    families.end(world.acting, w.actor(clinic.owner, "staff"))
    before = w.digest()
    for rule in rules:
        for plain in w.addresses(rule, world):
            for asked_for, answer in asked(zoe, rule, w.with_slot(plain, world)):
                assert answer.status_code == 404, asked_for
                assert tells(answer) == [], asked_for
    assert tells(zoe.get("/")) == []
    assert w.digest() == before


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
            for asked_for, answer in asked(as_owner, rule, address):
                assert answer.status_code == 403, asked_for
                assert tells(answer) == [], asked_for
        for browser in (as_desk, as_nurse):
            answer = browser.open(address, method=w.methods(rule)[0])
            assert answer.status_code in (400, 403), rule.rule  # 400: it came without a token
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
                    onward = address.startswith("/staff/calendar/moves/")  # leads on to the page that asks
                    answer = browser.get(w.with_slot(address, world), follow_redirects=onward)
                    assert answer.status_code == 200, f"{role}: {address}"
                    assert not onward or answer.request.path.endswith("/time/confirmation"), answer.request.path


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


# --- what a form was not asked ---


@pytest.fixture
def extra(clinic):
    """Fields that no form of a patient has, as somebody would guess them."""
    ben = clinic.ben.id
    told = dict.fromkeys(("patient", "patient_id", "user", "user_id", "uid", "pid", "id", "number", "signer"), ben)
    told |= dict.fromkeys(("price_minor", "amount", "amount_minor", "fee", "fee_minor", "fee_value", "moves"), 1)
    told |= dict.fromkeys(
        ("ends_at", "end", "starts_at", "done_at", "archived_at", "signed_at"), "2030-01-01T00:00:00Z"
    )
    told |= {"role": "owner", "staff": clinic.owner.id, "type": "admin-signature", "by": "staff", "booked_by": "staff"}
    told |= {"status": "completed", "kind": "staff", "duration_minutes": 5, "duration": 5, "currency": "EUR", "lead": 0}
    return told | {"email": "ben@example.com", "email_verified_at": "x", "notice_hours": 0, "policy_digest": "x"}


MADE_ANEW = re.compile(r'value="[^"]{20,}"|csrf_token=[^"&]+|[0-9a-f]{32}')


def test_no_page_of_a_patient_listens_to_more_than_it_asks(clinic, world, as_ava, extra):
    headers = {"X-User-Id": str(clinic.ben.id), "X-Patient-Id": str(clinic.ben.id), "X-Original-URL": "/staff"}
    for address, answer in w.every_page(as_ava, world, "patient"):
        there, _, query = address.partition("?")
        other = as_ava.get(f"{there}?{query}&{urlencode(extra)}", headers=headers)
        plain, more = (MADE_ANEW.sub("", page.text) for page in (answer, other))
        assert more == plain, address


def test_a_booking_is_the_services_own(clinic, world, as_ava, extra):
    address = w.with_slot(f"/booking/{clinic.peel.id}/confirmation", world)
    form = dict(w.Forms(as_ava.see(address)).found)[address.partition("?")[0]]
    before = w.contents()
    assert as_ava.submit(f"{address}&{urlencode(extra)}", **{**form, "accepted": "y", **extra}).status_code == 303
    made = Appointment.select().order_by(Appointment.id.desc()).get()
    assert (made.patient, made.service, made.provider) == (clinic.ava, clinic.peel, clinic.dr_lin)
    assert made.ends_at - made.starts_at == timedelta(minutes=60)
    assert (made.price_minor, made.currency, made.status, made.booked_by) == (15000, "USD", "booked", "patient")
    assert made.moves == 0
    news = {(it, "new") for it in ("Appointment", "Occupancy", "PolicyAcceptance", "Task", "Delivery")}
    assert w.changes(before) <= news


def test_a_fee_is_the_policys_own(clinic, world, as_ava, extra):
    with standing_at(w.MONDAY - timedelta(days=5)):
        late = w.booked(clinic, clinic.peel, w.TUESDAY)
    as_ava.submit(f"/appointments/{late.id}/cancellation", **{**extra, "shown": "999999"})
    owed = Charge.get(Charge.appointment == late)
    assert (owed.amount_minor, owed.currency, owed.patient, owed.status) == (5000, "USD", clinic.ava, "owed")
    assert Appointment.get_by_id(late.id).status == "cancelled"


def test_a_move_changes_the_time_and_nothing_else(clinic, world, as_ava, extra):
    address = w.with_slot(f"/appointments/{world.visit.id}/time/confirmation", world)
    form = dict(w.Forms(as_ava.see(address)).found)[address.partition("?")[0]]
    before = w.contents()
    assert as_ava.submit(address, **{**form, **extra}).status_code == 303
    moved = {field for table, field in w.changes(before) if table == "Appointment"}
    assert moved == {"starts_at", "ends_at", "moves"}
    assert Appointment.get_by_id(world.visit.id).moves == 1


def test_a_profile_changes_by_its_own_fields(clinic, world, as_ava, extra):
    everything = {"first_name": "Eve", "allergies": "x", "care_by_email": "", "phone": "+12125550199", **extra}
    before = w.contents()
    as_ava.submit("/profile/address", **{**everything, "street": "9 New Street", "city": "", "country": ""})
    assert w.changes(before) == {("Patient", "street")}
    assert Patient.get_by_id(clinic.ben.id).street == ""


def test_answers_and_signatures_are_the_signed_in_patients(clinic, world, as_ava, as_ben, extra):
    visit = w.booked(clinic, clinic.botox, w.FRIDAY + timedelta(days=3))
    theirs = w.booked(clinic, clinic.botox, w.FRIDAY + timedelta(days=4), patient=clinic.ben)
    tasks = {it.paperwork.kind: it for it in Task.select().where(Task.appointment == visit)}
    bens = Task.get(Task.appointment == theirs, Task.paperwork == clinic.consent)
    before = w.contents()
    hidden = {**extra, "task": bens.id, "task_id": bens.id, "appointment": theirs.id}
    given = {"asked": ["reason"], "q_reason": "Mine", "version": "1", **hidden}
    as_ava.submit(f"/tasks/{tasks['questionnaire'].id}/answers", **given)
    changed = {("Answer", "new"), ("Task", "status"), ("Task", "version"), ("Task", "begun_at")}
    assert w.changes(before) == changed
    signing = {"version": "1", "method": "typed", "full_name": "Ava Moreno", "agreed": "y", **hidden}
    as_ava.submit(f"/tasks/{tasks['consent'].id}/signature", **signing)
    signature = Signature.select().order_by(Signature.id.desc()).get()
    assert (signature.patient, signature.task, signature.signer_name) == (clinic.ava, tasks["consent"], "Ava Moreno")
    assert signature.signed_at == w.MONDAY
    assert Task.get_by_id(bens.id).status == "open"
    assert w.changes(before) == changed | {("Signature", "new"), ("SealedFile", "new"), ("Task", "done_at")}


def test_who_joins_is_who_is_signed_in(clinic, world, as_ben, extra):
    address = f"/membership/plans/{clinic.glow.id}"
    [form] = [fields for _, fields in w.Forms(as_ben.see(address)).found if "agreement" in fields]
    form |= {"method": "typed", "full_name": "Ben Okafor", "agreed": "y", "patient": clinic.ava.id}
    assert as_ben.submit(address, **{**extra, **form, "patient_id": clinic.ava.id}).status_code == 303
    made = Membership.select().order_by(Membership.id.desc()).get()
    assert (made.patient, made.price_minor, made.currency, made.status) == (clinic.ben, 9900, "USD", "active")


def test_a_key_or_a_paper_of_avas_is_worth_nothing_to_ben(clinic, world, as_ben):
    """Hidden numbers out of Ava's pages, in forms that are Ben's own."""
    before = w.digest()
    slot = f"{clinic.dr_lin.id}-{clinic.soho.id}-20260306T150000Z"  # where Ava's visit stands
    form = {"slot": slot, "policy": clinic.policy.id, "accepted": "y", "price": clinic.botox.price_minor}
    answer = as_ben.submit(f"/booking/{clinic.botox.id}/confirmation", **form, request_key=world.visit.request_key)
    assert answer.status_code == 422
    assert tells(answer, "Wrinkle relaxing", "Medical history", "Consent to", "Dr Lin") == []
    [form] = [f for _, f in w.Forms(as_ben.see(f"/membership/plans/{clinic.glow.id}")).found if "agreement" in f]
    form |= {"method": "typed", "full_name": "Ben Okafor", "agreed": "y", "request_key": world.membership.request_key}
    answer = as_ben.submit(f"/membership/plans/{clinic.glow.id}", **form)
    assert answer.status_code == 422
    assert tells(answer, "Glow") == []
    assert w.digest() == before


def test_ben_sees_his_own_and_nothing_of_avas_anywhere(clinic, world, as_ben):
    w.booked(clinic, clinic.peel, w.FRIDAY + timedelta(days=5), patient=clinic.ben)
    for address, answer in w.every_page(as_ben, world, "patient"):
        here = tells(answer, "Light peel", "Wrinkle relaxing", "Dr Lin", "Glow", "Medical history", "Consent to")
        assert here == [], address
        assert "ava@example.com" not in answer.text, address
