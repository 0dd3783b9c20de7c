"""A hand-over link in a browser: its door, its one task, and nothing else; not even for whoever is signed in there."""

import re
from datetime import timedelta

import pytest

from clock import now
from models import Fault, HandOver, Signature, Task, TrailEntry
from rules import handover, sessions
from tests.house import world as w
from tests.rules.test_handover import BORN, TODAY
from tests.rules.test_paperwork import begin
from tests.rules.test_signers import NOON, by_staff, consent_of, fresh, guardian_signs, minor, patient_signs, told

BIRTH = {"day": "1", "month": "6", "year": "2009"}
GUARDIAN = {"full_name": "Gina Hart", "relation": "parent", "method": "typed", "agreed": "y", "version": "1",
            "on_screen": "y", "notice": "1"}  # fmt: skip
CLOSED = "This link is closed"


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(TODAY, tick=False)
    return time_machine


@pytest.fixture
def mia(clinic):
    return minor()


@pytest.fixture
def task(clinic, mia):
    return consent_of(clinic, mia)


@pytest.fixture
def phone(clinic):
    return new_phone(clinic)


def new_phone(clinic):
    """A browser that nobody is signed in on; the clinic's sign-in page gives it a token for its forms."""
    return clinic.app.test_client()


def made(clinic, task, purpose="guardian", minutes=30):
    return handover.open_link(task, purpose, by_staff(clinic.desk), minutes)


def come(phone, token):
    """Follow the link as far as its door."""
    answer = phone.get(f"/h/{token}")
    assert (answer.status_code, answer.location) == (303, "/handed/door")


def opened(phone, token):
    come(phone, token)
    answer = phone.submit("/handed/door", **BIRTH)
    assert (answer.status_code, answer.location) == (303, "/handed")
    return phone


def is_closed(answer):
    return answer.status_code == 410 and CLOSED in answer.text


def test_the_door_names_nobody_and_the_secret_leaves_the_address(clinic, task, phone):
    token = made(clinic, task)
    come(phone, token)
    page = phone.see("/handed/door")
    for words in ("Mia", "Hart", "Consent to wrinkle", "Wrinkle", token, "2009", "guardian"):
        assert words not in page
    assert "birth date" in page
    assert phone.get("/handed").location == "/handed/door"
    assert phone.get(f"/h/{token}").headers["Cache-Control"] == "no-store"


def test_behind_the_door_is_the_task_and_only_the_first_name(clinic, task, phone):
    page = opened(phone, made(clinic, task)).see("/handed")
    assert "Consent to wrinkle relaxing" in page
    assert "Mia" in page
    assert "Hart" not in page
    assert "I understand the <strong>risks</strong>." in page
    assert "mia@example.com" not in page
    assert 'action="/handed/guardian"' in page


def test_a_guardian_signs_and_the_link_is_useless_afterwards(clinic, as_desk, mia, task, phone):
    patient_signs(task)
    token = made(clinic, task)
    answer = opened(phone, token).submit("/handed/guardian", **GUARDIAN)
    assert (answer.status_code, answer.location) == (303, "/handed")
    assert fresh(task).status == "done"
    row = Signature.get(Signature.role == "guardian")
    assert (row.signer_name, row.details, row.signed_in_how) == ("Gina Hart", told("parent", task), "hand-over link")
    number = handover.link_behind(row).id
    assert f"Hand-over link {number}, made by Dana Desk" in as_desk.see(f"/staff/tasks/{task.id}")
    assert "This is done, thank you" in phone.see("/handed")
    for address in ("/handed", "/handed/door", f"/h/{token}"):
        assert is_closed(phone.get(address)), address
    assert is_closed(phone.submit("/handed/guardian", **GUARDIAN))
    signed = TrailEntry.get(TrailEntry.action == "signed", TrailEntry.details["role"] == "guardian")
    assert (signed.actor_kind, signed.actor_number, signed.actor_name) == ("patient", mia.id, "Guardian of Mia")


def test_what_the_guardian_left_out_is_said_beside_its_field(clinic, task, phone):
    opened(phone, made(clinic, task))
    for left_out, words in (
        ({"relation": ""}, "Choose how you are related."),
        ({"relation": "other"}, "Write how you are related"),
        ({"full_name": ""}, "Type your full name to sign."),
        ({"agreed": ""}, "Tick the box to say so."),
        ({"on_screen": ""}, "Tick the box to agree to sign on a screen"),
        ({"notice": "9"}, "The notice has changed"),
        ({"method": "drawn", "strokes": ""}, "Sign with your finger"),
        ({"version": "7"}, ""),
    ):
        answer = phone.submit("/handed/guardian", **{**GUARDIAN, **left_out})
        assert answer.status_code == 422, left_out
        assert words in answer.text
        assert "<title>Error: " in answer.text
    assert Signature.select().count() == 0


def test_a_wrong_birth_date_is_told_and_the_fifth_closes_the_link(clinic, task, phone):
    token = made(clinic, task)
    come(phone, token)
    answer = phone.submit("/handed/door", day="31", month="2", year="2009")
    assert (answer.status_code, HandOver.get().tries) == (422, 0)
    for left in (4, 3, 2, 1):
        answer = phone.submit("/handed/door", **{**BIRTH, "day": "2"})
        assert answer.status_code == 422
        assert f"{left} more time" in answer.text
        assert "Mia" not in answer.text
    assert is_closed(phone.submit("/handed/door", **{**BIRTH, "day": "2"}))
    assert is_closed(phone.submit("/handed/door", **BIRTH))
    assert is_closed(phone.get(f"/h/{token}"))


def test_every_link_that_opens_nothing_gets_the_same_page(clinic, task, monday):
    phones = [new_phone(clinic) for _ in range(5)]
    token = made(clinic, task)
    opened(phones[0], token)
    pages = [phones[1].get(f"/h/{token}"), phones[2].get("/h/" + "a" * 43)]  # opened elsewhere; never made
    handover.end(HandOver.get(), by_staff(clinic.desk), "closed by staff")
    pages.append(phones[3].get(f"/h/{token}"))
    newer = made(clinic, task)
    monday.move_to(TODAY + timedelta(minutes=31), tick=False)
    pages.append(phones[4].get(f"/h/{newer}"))
    assert {page.status_code for page in pages} == {410}
    assert len({page.text for page in pages}) == 1


def test_a_second_browser_is_refused_even_at_the_door(clinic, task, phone):
    token = made(clinic, task)
    other = new_phone(clinic)
    come(other, token)
    opened(phone, token)
    assert is_closed(other.submit("/handed/door", **BIRTH))
    assert is_closed(other.get("/handed/door"))
    phone.see("/handed")


def test_it_idles_out_and_the_birth_date_opens_it_again(clinic, task, phone, monday):
    opened(phone, made(clinic, task, minutes=1440))
    for minutes in (14, 28):  # it is used meanwhile
        monday.move_to(TODAY + timedelta(minutes=minutes), tick=False)
        phone.see("/handed")
    monday.move_to(TODAY + timedelta(minutes=43), tick=False)
    for answer in (phone.get("/handed"), phone.submit("/handed/guardian", **GUARDIAN)):
        assert (answer.status_code, answer.location) == (303, "/handed/door")
    answer = phone.get("/handed", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/handed/door"
    assert Signature.select().count() == 0
    assert phone.submit("/handed/door", **BIRTH).location == "/handed"
    phone.see("/handed")


def test_it_expires_while_it_is_open(clinic, task, phone, monday):
    opened(phone, made(clinic, task, minutes=10))
    monday.move_to(TODAY + timedelta(minutes=10), tick=False)
    assert is_closed(phone.get("/handed"))
    assert is_closed(phone.submit("/handed/guardian", **GUARDIAN))


@pytest.mark.parametrize("change", [{"status": "not_needed"}, {"lapsed_at": TODAY}])
def test_what_is_not_needed_any_more_is_said_once(clinic, task, phone, change):
    opened(phone, made(clinic, task))
    Task.update(**change).where(Task.id == task.id).execute()
    assert phone.submit("/handed/guardian", **GUARDIAN).location == "/handed"
    assert "This is not needed any more" in phone.see("/handed")
    assert is_closed(phone.get("/handed"))
    assert Signature.select().count() == 0


def test_it_opens_nothing_but_its_task(clinic, mia, task, phone):
    """Every route of everybody, with the numbers that belong to the very patient of the link."""
    opened(phone, made(clinic, task))
    tried = 0
    for rule in w.routes(clinic.app, "patient", "staff", "handed", "nobody"):
        for number in (task.id, task.appointment_id, mia.id, 1):
            address = re.sub(
                r"<(?:[^<>]*:)?(\w+)>", lambda it, n=number: {"step": "arrival"}.get(it[1], str(n)), rule.rule
            )
            for method in w.methods(rule):
                form = {"csrf_token": phone.token()} if method == "POST" else None
                if address == "/handed" or address == "/handed/guardian":
                    continue
                answer = phone.open(address, method=method, data=form)
                assert answer.status_code in (303, 403, 404, 405), f"{method} {address}"
                assert "Hart" not in answer.text
                if answer.status_code == 303:
                    assert "sign-in" in answer.location, address
                tried += 1
    assert tried > 300
    assert Signature.select().count() == 0
    assert fresh(task).status == "open"


RUBBISH = ["", "-1", "9" * 30, "²", "NaN", "💉", "\u202ex", "[]", "{}", "0", "x" * 70_000, "{{7*7}}"]


@pytest.mark.parametrize("kind", ["guardian", "consent", "questionnaire"])
def test_rubbish_through_a_link_is_never_a_fault(clinic, mia, phone, kind):
    tasks = begin(clinic, NOON, patient=mia)[1]
    purpose = "guardian" if kind == "guardian" else "patient"
    token = made(clinic, tasks["consent" if kind == "guardian" else kind], purpose)
    assert is_closed(phone.get("/h/" + "x" * 5000))
    assert is_closed(phone.get("/h/%F0%9F%92%89"))
    come(phone, token)
    for rubbish in RUBBISH[:4]:
        assert phone.submit("/handed/door", day=rubbish, month=rubbish, year=rubbish).status_code == 422
    opened(phone, token)
    names = ["version", "method", "full_name", "relation", "relation_words", "strokes", "agreed", "do", "only", "asked"]
    for rule in w.routes(clinic.app, "handed"):
        if "POST" in rule.methods and "refusal" not in rule.rule:
            address = rule.rule.replace("<int:number>", "1")
            for turn in range(0, len(RUBBISH), 3):
                sent = {name: RUBBISH[(turn + place) % len(RUBBISH)] for place, name in enumerate(names)}
                assert phone.submit(address, **sent).status_code < 500, (address, sent)
    assert Fault.select().count() == 0
    assert Signature.select().count() == 0


def test_a_patients_link_opens_no_guardians_page_and_the_other_way_round(clinic, task, phone):
    opened(phone, made(clinic, task, "patient"))
    assert phone.submit("/handed/guardian", **GUARDIAN).status_code == 404
    for address in ("/handed/sections/1", "/handed/check"):
        assert phone.get(address).status_code == 404, "it is no questionnaire"
    other = opened(new_phone(clinic), made(clinic, task, "guardian"))
    for address in ("/handed/signature", "/handed/refusal", "/handed/notice", "/handed/answers", "/handed/submission"):
        assert other.submit(address).status_code == 404, address


def test_whoever_is_signed_in_and_the_link_are_not_confused(clinic, task):
    ben = clinic.app.test_client().sign_in(clinic.ben)
    opened(ben, made(clinic, task))
    page = ben.see("/handed")
    assert "Sign out" not in page
    assert 'href="/profile"' not in page
    ben.submit("/handed/guardian", **GUARDIAN)
    row = Signature.get()
    assert (row.patient, row.signed_in_how) == (task.patient, "hand-over link")
    assert ben.get(f"/tasks/{task.id}").status_code == 404
    assert "Ben" in ben.see("/profile")


def test_signing_in_or_out_forgets_the_link(clinic, task):
    browser = opened(new_phone(clinic), made(clinic, task))
    browser.sign_in(clinic.ben)
    browser.submit("/sign-out")
    assert is_closed(browser.get("/handed"))


def test_the_cookie_carries_no_token(clinic, task, phone):
    token = made(clinic, task)
    opened(phone, token)
    with phone.session_transaction() as session:
        held = dict(session)
    assert held["handed"] == sessions.digest_of(token)
    assert token not in repr(held)
    assert str(BORN.year) not in repr(held)


def test_a_forged_session_of_another_browser_opens_nothing(clinic, task, phone):
    """The digest alone is not enough: the browser's own secret is asked for, too."""
    token = made(clinic, task)
    opened(phone, token)
    other = new_phone(clinic)
    other.get("/sign-in")
    with other.session_transaction() as session:
        session["handed"], session["handed_at"] = sessions.digest_of(token), int(now().timestamp())
    assert other.get("/handed").location == "/handed/door"
    assert is_closed(other.get("/handed/door"))


def test_a_questionnaire_is_answered_by_a_link(clinic, phone):
    task = begin(clinic, NOON, patient=minor())[1]["questionnaire"]
    token = made(clinic, task, "patient")
    opened(phone, token)
    page = phone.get("/handed", follow_redirects=True)
    assert page.status_code == 200
    assert "What brings you in?" in page.text
    assert "Hart" not in page.text
    assert 'href="/profile' not in page.text


def test_a_consent_is_signed_by_a_link(clinic, task, phone):
    guardian_signs(task)
    opened(phone, made(clinic, task, "patient"))
    page = phone.see("/handed")
    number = re.search(r'name="notice"[^>]*value="(\d+)"', page)[1]
    phone.submit("/handed/notice", notice=number, agreed="y", do="agree")
    assert 'action="/handed/signature"' in phone.see("/handed")
    sent = {"version": "1", "method": "typed", "full_name": "Mia Hart", "agreed": "y"}
    assert phone.submit("/handed/signature", **sent).location == "/handed"
    assert fresh(task).status == "done"
    assert Signature.get(Signature.role == "patient").signed_in_how == "hand-over link"
    assert "This is done, thank you" in phone.see("/handed")
    assert is_closed(phone.get("/handed"))


def test_a_consent_is_declined_by_a_link(clinic, task, phone):
    opened(phone, made(clinic, task, "patient"))
    assert phone.submit("/handed/refusal", why="I am afraid").location == "/handed"
    assert "Thank you for telling us" in phone.see("/handed")
    assert fresh(task).declined_why == "I am afraid"
    assert is_closed(phone.get("/handed"))


def test_a_page_of_a_link_costs_a_constant_number_of_queries(clinic, task, phone, queries):
    opened(phone, made(clinic, task))
    with queries() as count:
        phone.see("/handed")
    few = count()
    consent_of(clinic, task.patient, NOON + timedelta(days=1))
    patient_signs(task)
    with queries() as count:
        phone.see("/handed")
    assert count() <= few <= 14
