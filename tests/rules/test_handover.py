"""Hand-over links: one task, one browser, the birth date, five tries, an end; and what the trail tells of them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from models import HandOver, Patient, Task, TrailEntry
from rules import consents, handover, limits, signers
from rules.actor import Actor
from rules.refused import Refused
from rules.sessions import digest_of
from tests.rules.test_paperwork import answer, begin
from tests.rules.test_signers import (
    NOON,
    TYPED,
    by_patient,
    by_staff,
    consent_of,
    fresh,
    guardian_signs,
    minor,
    patient_signs,
)

TODAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
BORN = date(2009, 6, 1)
HERE, THERE = "a" * 64, "b" * 64  # two browsers


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(TODAY, tick=False)


@pytest.fixture
def task(clinic):
    return consent_of(clinic, minor())


@pytest.fixture
def link(clinic, task):
    """A guardian's link that the desk made."""
    return handover.open_link(task, "guardian", by_staff(clinic.desk), 30)


def stranger(ip="198.51.100.7"):
    return Actor("patient", None, "not signed in", ip, "A phone")


def prove(token, born=BORN, browser=HERE, ip="198.51.100.7"):
    handover.prove(handover.find(token), born, browser, stranger(ip))


def told(action):
    return list(TrailEntry.select().where(TrailEntry.action == action).order_by(TrailEntry.id))


def test_a_link_is_long_and_only_its_digest_is_kept(link):
    assert len(link) >= 43, "256 bits"
    [row] = HandOver.select().tuples()
    assert link not in repr(row)
    assert HandOver.get().token_digest == digest_of(link)
    assert handover.find(link).task.patient.first_name == "Mia"
    assert handover.find(link[:-1]) is None
    assert handover.find("") is None
    assert handover.address_of(link) == f"http://localhost/h/{link}"


def test_the_birth_date_opens_it_and_the_trail_tells(clinic, task, link):
    prove(link)
    row = HandOver.get()
    assert (row.opened_at, row.browser_digest, row.tries, row.ended_at) == (TODAY, HERE, 0, None)
    [made] = told("hand-over link made")
    assert (made.actor_name, made.subject, made.patient_id) == ("Dana Desk", f"task {task.id}", task.patient_id)
    assert made.details == {"link": row.id, "purpose": "guardian", "minutes": 30}
    [opened] = told("hand-over link opened")
    assert (opened.actor_kind, opened.actor_number, opened.actor_name) == (
        "patient",
        task.patient_id,
        "Guardian of Mia",
    )
    assert opened.details == {"link": row.id, "ip": "198.51.100.7", "made_by": "Dana Desk"}
    assert str(BORN) not in repr([entry.details for entry in TrailEntry.select()])


def test_five_wrong_birth_dates_end_it(link):
    for left in ("4 more times", "3 more times", "2 more times", "1 more time"):
        with pytest.raises(Refused, match=left) as no:
            prove(link, date(2009, 1, 6))
        assert no.value.field == "day"
        assert not no.value.facts.get("over")
    with pytest.raises(Refused) as no:
        prove(link, date(2009, 1, 6))
    assert no.value.facts["over"]
    assert handover.find(link) is None
    assert HandOver.get().ended_at == TODAY
    assert [entry.details["tries"] for entry in told("hand-over link refused")] == [1, 2, 3, 4, 5]
    assert told("hand-over link ended")[0].details["why"] == "five wrong birth dates"


def test_a_page_that_was_open_gives_no_sixth_try(link):
    held = handover.find(link)
    HandOver.update(tries=5).execute()
    with pytest.raises(Refused) as no:
        handover.prove(held, BORN, HERE, stranger())
    assert no.value.facts["over"]
    assert HandOver.get().opened_at is None


def test_a_right_birth_date_costs_no_try_and_gives_none_back(link):
    with pytest.raises(Refused):
        prove(link, date(2000, 1, 1))
    prove(link)
    assert HandOver.get().tries == 1


def test_it_is_bound_to_the_browser_that_opened_it(link):
    prove(link)
    held = handover.find(link)
    assert handover.may_open(held, HERE)
    assert not handover.may_open(held, THERE)
    with pytest.raises(Refused) as no:
        handover.prove(held, BORN, THERE, stranger())
    assert no.value.facts["over"]
    assert HandOver.get().browser_digest == HERE
    prove(link)
    assert len(told("hand-over link opened again")) == 1


def test_it_expires(link, time_machine):
    time_machine.move_to(TODAY + timedelta(minutes=29, seconds=59), tick=False)
    held = handover.find(link)
    assert held is not None
    time_machine.move_to(TODAY + timedelta(minutes=30), tick=False)
    assert handover.find(link) is None
    with pytest.raises(Refused):
        handover.prove(held, BORN, HERE, stranger())
    assert HandOver.get().opened_at is None


def test_a_new_link_ends_the_earlier_one_for_the_same(clinic, task, link):
    other = handover.open_link(task, "patient", by_staff(clinic.desk), 30)
    newer = handover.open_link(task, "guardian", by_patient(task.patient), 1440)
    assert handover.find(link) is None
    assert handover.find(other)
    assert handover.find(newer)
    assert [row.created_by for row in handover.open_links(task)] == ["Mia Hart", "Dana Desk"]
    assert told("hand-over link ended")[0].details["why"] == "replaced by a new link"


def test_guesses_from_one_address_are_limited_over_all_links(clinic, task):
    for _ in range(6):
        token = handover.open_link(task, "guardian", by_staff(clinic.desk), 30)
        for _ in range(5):
            with pytest.raises(Refused):
                prove(token, date(2000, 1, 1))
    token = handover.open_link(task, "guardian", by_staff(clinic.desk), 30)
    with pytest.raises(Refused, match="too many tries"):
        prove(token)
    assert HandOver.select().where(HandOver.opened_at.is_null(False)).count() == 0
    prove(token, ip="198.51.100.99")
    limits.spend("hand-over", "198.51.100.99", 1, handover.GUESSED_WITHIN)  # the right one was given back


@pytest.mark.parametrize("purpose", ["patient", "guardian"])
def test_it_is_over_when_what_it_is_for_is_signed(clinic, task, purpose):
    signs, other = (patient_signs, guardian_signs) if purpose == "patient" else (guardian_signs, patient_signs)
    token = handover.open_link(task, purpose, by_staff(clinic.desk), 30)
    other(task)
    assert not handover.is_over(handover.find(token))
    second = consent_of(clinic, task.patient, NOON + timedelta(days=1))
    token = handover.open_link(second, purpose, by_staff(clinic.desk), 30)
    signs(second)
    assert fresh(second).status == "in_progress"
    assert handover.is_over(handover.find(token)), "the other signature is not this link's to wait for"
    with pytest.raises(Refused):
        prove(token)


@pytest.mark.parametrize("change", [{"status": "not_needed"}, {"lapsed_at": TODAY}])
def test_it_is_over_when_nobody_needs_it(task, link, change):
    Task.update(**change).where(Task.id == task.id).execute()
    assert handover.is_over(handover.find(link))
    assert not handover.may_open(handover.find(link), HERE)


def test_a_questionnaire_is_over_when_it_is_answered(clinic):
    asked = begin(clinic, NOON)[1]["questionnaire"]
    token = handover.open_link(asked, "patient", by_staff(clinic.desk), 30)
    assert not handover.is_over(handover.find(token))
    answer(asked)
    assert handover.is_over(handover.find(token))


def test_what_cannot_be_handed_over_is_refused(clinic, task):
    desk = by_staff(clinic.desk)
    tasks = begin(clinic, NOON + timedelta(days=1))[1]
    grown_up = tasks["consent"]
    for wrong, purpose, words in (
        (tasks["pre_treatment"], "patient", "Only questionnaires"),
        (tasks["questionnaire"], "guardian", "consents only"),
        (grown_up, "guardian", "signs alone"),
    ):
        with pytest.raises(Refused, match=words):
            handover.open_link(wrong, purpose, desk, 30)
    guardian_signs(task)
    with pytest.raises(Refused, match="signed already"):
        handover.open_link(task, "guardian", desk, 30)
    patient_signs(task)
    with pytest.raises(Refused, match="nothing left"):
        handover.open_link(task, "patient", desk, 30)
    task.patient.birth_date = None
    task.patient.save()
    with pytest.raises(Refused, match="birth date"):
        handover.open_link(task, "guardian", desk, 30)
    assert HandOver.select().count() == 0


def test_nothing_of_an_archived_patient_is_handed_over(clinic, task, link):
    assert handover.find(link)
    Patient.update(archived_at=TODAY).where(Patient.id == task.patient_id).execute()
    assert handover.find(link) is None
    with pytest.raises(Refused, match="archived"):
        handover.open_link(task, "guardian", by_staff(clinic.desk), 30)
    assert HandOver.select().count() == 1


def test_the_evidence_tells_by_which_link(clinic, task, link):
    row = handover.find(link)
    by = handover.actor(row, "198.51.100.7", "A phone")
    signers.sign_as_guardian(
        fresh(task), by, signers.text_version(task), full_name="Gina Hart", relation="parent", notice=1, **TYPED
    )
    signature = consents.signature_as(task, "guardian")
    assert (signature.ip, signature.agent, signature.signed_in_how) == ("198.51.100.7", "A phone", "hand-over link")
    assert handover.link_behind(signature).created_by == "Dana Desk"
    patient_signs(task)
    assert handover.link_behind(consents.signature_as(task, "patient")) is None


@pytest.mark.parametrize(
    "typed", ["/6/2009", "31/2/2009", "1/6/x", "1/6/\u0662\u0660\u0660\u0669", "-1/6/2009", "1/6/20090"]
)
def test_what_is_no_day_is_no_try(typed):
    with pytest.raises(Refused) as no:
        handover.day_of(*typed.split("/"))
    assert no.value.field == "day"


def test_a_day_may_be_typed_with_noughts_and_blanks():
    assert handover.day_of(" 01", "06 ", "2009") == BORN
