"""Who signs beside the patient: a guardian on the minor’s own page, a witness and a provider on the staff’s screen."""

import re
from datetime import UTC, datetime

import pytest

from models import Clinic, HandOver, Permission, Signature, TrailEntry
from rules import handover, markdown, notices
from tests.rules.test_paperwork import begin
from tests.rules.test_signers import (
    NOON,
    asks_for,
    by_patient,
    consent_of,
    fresh,
    guardian_signs,
    minor,
    patient_signs,
    told,
)

TODAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
GUARDIAN = {"full_name": "Gina Hart", "relation": "legal guardian", "method": "typed", "agreed": "y", "version": "1",
            "on_screen": "y", "notice": "1"}  # fmt: skip
STAFF = {"method": "typed", "agreed": "y", "version": "2"}


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(TODAY, tick=False)


@pytest.fixture
def mia(clinic):
    return minor()


@pytest.fixture
def as_mia(clinic, mia):
    return clinic.app.test_client().sign_in(mia)


@pytest.fixture
def task(clinic, mia):
    return consent_of(clinic, mia)


@pytest.fixture
def witnessed(clinic, mia):
    """A minor's consent that asks for all four."""
    asks_for(clinic, witness=True, provider=True)
    return consent_of(clinic, mia)


def reads_the_notice(patient):
    notices.agree(patient, by_patient(patient), notices.current().number)


def link_on(page):
    return re.search(r'value="(http://localhost/h/[\w-]+)"', page)[1]


# --- beside the minor ---------------------------------------------------------------------------


def test_a_minors_page_leads_to_where_the_guardian_signs(as_mia, task):
    patient_signs(task)
    page = as_mia.see(f"/tasks/{task.id}")
    assert "Your parent or guardian signs too" in page
    assert f'href="/tasks/{task.id}/guardian"' in page
    page = as_mia.see(f"/tasks/{task.id}/guardian")
    for words in ("Consent to wrinkle relaxing", "the <strong>risks</strong>", "Legal guardian", "not Mia’s"):
        assert words in page
    answer = as_mia.submit(f"/tasks/{task.id}/guardian", **GUARDIAN)
    assert (answer.status_code, answer.location) == (303, f"/tasks/{task.id}")
    assert fresh(task).status == "done"
    row = Signature.get(Signature.role == "guardian")
    assert (row.signer_name, row.details, row.signed_in_how) == ("Gina Hart", told("legal guardian", task), "test")
    page = as_mia.see(f"/tasks/{task.id}")
    assert "Gina Hart" in page
    assert "has signed this already" in as_mia.see(f"/tasks/{task.id}/guardian")


def test_a_guardian_may_sign_before_the_minor(as_mia, task):
    assert "It does not matter who is first" in as_mia.see(f"/tasks/{task.id}/guardian")
    assert as_mia.submit(f"/tasks/{task.id}/guardian", **GUARDIAN).status_code == 303
    assert fresh(task).status == "in_progress"
    patient_signs(task)
    assert fresh(task).status == "done"


def test_a_drawn_signature_of_a_guardian_carries_the_typed_name(as_mia, task):
    strokes = '[{"points": [{"x": 1, "y": 1}, {"x": 80, "y": 60}]}]'
    as_mia.submit(f"/tasks/{task.id}/guardian", **{**GUARDIAN, "method": "drawn", "strokes": strokes})
    row = Signature.get()
    assert (row.method, row.signer_name) == ("drawn", "Gina Hart")
    assert row.strokes


def test_a_link_for_the_guardian_is_shown_as_code_and_in_words(as_mia, mia, task):
    reads_the_notice(mia)
    answer = as_mia.submit(f"/tasks/{task.id}/hand-over")
    assert answer.status_code == 200
    token = link_on(answer.text).rsplit("/", 1)[1]
    assert handover.find(token).task == task
    row = HandOver.get()
    assert (row.purpose, row.created_by) == ("guardian", "Mia Hart")
    assert (row.expires_at - TODAY).total_seconds() == 24 * 3600
    assert re.search(r'<svg[^>]* class="qr"', answer.text)
    assert "style=" not in answer.text
    assert "A link for them is waiting to be opened." in as_mia.see(f"/tasks/{task.id}")
    assert token not in as_mia.see(f"/tasks/{task.id}")
    handover.end(row, by_patient(mia), "a test")
    handover.open_link(task, "patient", by_patient(mia), 30)
    assert "A link for them" not in as_mia.see(f"/tasks/{task.id}"), "that one is her own"


def test_a_grown_up_finds_nothing_of_it(clinic, as_ava):
    own = consent_of(clinic, clinic.ava)
    reads_the_notice(clinic.ava)
    page = as_ava.see(f"/tasks/{own.id}")
    assert "Your signature" in page
    assert "guardian signs too" not in page
    assert "No parent or guardian needs to sign this." in as_ava.see(f"/tasks/{own.id}/guardian")
    assert as_ava.submit(f"/tasks/{own.id}/guardian", **GUARDIAN).status_code == 200
    assert as_ava.submit(f"/tasks/{own.id}/hand-over").status_code == 409
    assert Signature.select().count() == HandOver.select().count() == 0


def test_it_is_404_for_anybody_else(as_ava, task):
    assert as_ava.get(f"/tasks/{task.id}/guardian").status_code == 404
    for part in ("guardian", "hand-over"):
        assert as_ava.submit(f"/tasks/{task.id}/{part}", **GUARDIAN).status_code == 404
    assert Signature.select().count() == HandOver.select().count() == 0


def test_without_a_birth_date_it_is_asked_for(clinic):
    patient = minor(born=None)
    task, browser = consent_of(clinic, patient), clinic.app.test_client().sign_in(patient)
    page = browser.see(f"/tasks/{task.id}/guardian")
    assert "We do not know your birth date yet." in page
    assert 'href="/profile/names"' in page
    assert "_signature" not in page
    assert "<canvas" not in page
    assert browser.submit(f"/tasks/{task.id}/hand-over").location == f"/tasks/{task.id}/guardian"
    assert browser.submit(f"/tasks/{task.id}/guardian", **GUARDIAN).status_code == 200
    assert Signature.select().count() == 0


# --- on the staff's screen ----------------------------------------------------------------------


def test_the_page_of_the_task_says_who_signed_and_whose_turn_it_is(as_desk, as_nurse, witnessed):
    address = f"/staff/tasks/{witnessed.id}"
    page = as_desk.see(address)
    for words in ("Parent or guardian", "Signs after the patient and the guardian", "Continue on the patient’s phone"):
        assert words in page
    assert "Sign as witness" not in page
    patient_signs(witnessed)
    guardian_signs(witnessed, relation="other", relation_words="grandmother with custody")
    page = as_desk.see(address)
    assert "Gina Hart (grandmother with custody), typed" in page
    assert "Sign as witness" in page
    assert "Counter-sign" not in page, "the desk does not"
    assert "on the patient’s phone" not in page
    assert "Counter-sign" in as_nurse.see(address)


def test_a_witness_and_a_provider_sign_there(as_desk, as_nurse, witnessed):
    address = f"/staff/tasks/{witnessed.id}/signatures"
    patient_signs(witnessed)
    guardian_signs(witnessed)
    page = as_desk.see(f"{address}/witness")
    assert "Gina Hart" in page
    assert 'name="full_name"' in page
    answer = as_desk.submit(f"{address}/witness", full_name="Wanda Witness", **STAFF)
    assert (answer.status_code, answer.location) == (303, f"/staff/tasks/{witnessed.id}#signers")
    page = as_nurse.see(f"{address}/provider")
    assert "You sign as <strong>Nia Nurse</strong>" in page
    assert 'name="full_name"' not in page
    assert as_nurse.submit(f"{address}/provider", full_name="Somebody Else", **STAFF).status_code == 303
    signed = {row.role: row.signer_name for row in Signature.select()}
    assert (signed["witness"], signed["provider"]) == ("Wanda Witness", "Nia Nurse")
    assert Signature.get(Signature.role == "witness").signed_in_how == "test"
    page = as_desk.see(f"/staff/tasks/{witnessed.id}")
    assert "Sign as witness" not in page
    assert "Wanda Witness" in page
    assert "Signed by Wanda Witness" in as_desk.see(f"{address}/witness")


def test_out_of_turn_is_refused_with_a_sentence(as_desk, as_nurse, as_owner, witnessed):
    address = f"/staff/tasks/{witnessed.id}/signatures"
    assert "The others sign first." in as_desk.see(f"{address}/witness")
    answer = as_desk.submit(f"{address}/witness", full_name="Wanda Witness", **STAFF)
    assert answer.status_code == 422
    assert "The patient and the guardian must sign first." in answer.text
    patient_signs(witnessed)
    for browser in (as_nurse, as_owner):
        answer = browser.submit(f"{address}/provider", **STAFF)
        assert (answer.status_code, "The guardian must sign first." in answer.text) == (422, True)
    assert [row.role for row in Signature.select()] == ["patient"]


def test_the_desk_does_not_counter_sign(as_desk, witnessed):
    patient_signs(witnessed)
    guardian_signs(witnessed)
    address = f"/staff/tasks/{witnessed.id}/signatures/provider"
    assert as_desk.get(address).status_code == 403
    assert as_desk.submit(address, **STAFF).status_code == 403
    assert Signature.select().where(Signature.role == "provider").count() == 0


def test_what_a_witness_left_out_is_said_beside_its_field(as_desk, witnessed):
    patient_signs(witnessed)
    guardian_signs(witnessed)
    address = f"/staff/tasks/{witnessed.id}/signatures/witness"
    for facts, words in (
        ({"full_name": ""}, "Type your full name"),
        ({"full_name": "gina hart"}, "A witness is somebody else"),
        ({"agreed": ""}, "Tick the box"),
        ({"version": "1"}, "read it once more"),
    ):
        answer = as_desk.submit(address, **{"full_name": "Wanda Witness", **STAFF, **facts})
        assert answer.status_code == 422, facts
        assert words in answer.text
    assert Signature.select().where(Signature.role == "witness").count() == 0


def test_the_desk_hands_a_task_over_for_half_an_hour(clinic, as_desk, mia):
    tasks = begin(clinic, NOON, patient=mia)[1]
    for task, purpose in (
        (tasks["questionnaire"], "patient"),
        (tasks["consent"], "patient"),
        (tasks["consent"], "guardian"),
    ):
        answer = as_desk.submit(f"/staff/tasks/{task.id}/hand-over", purpose=purpose)
        assert answer.status_code == 200
        found = handover.find(link_on(answer.text).rsplit("/", 1)[1])
        assert (found.task, found.purpose, found.created_by) == (task, purpose, "Dana Desk")
        assert (found.expires_at - TODAY).total_seconds() == 30 * 60
    page = as_desk.see(f"/staff/tasks/{tasks['consent'].id}")
    assert "A link for the guardian by Dana Desk works until" in page
    as_desk.submit(f"/staff/tasks/{tasks['consent'].id}/hand-over/end")
    assert handover.open_links(tasks["consent"]) == []
    assert len(handover.open_links(tasks["questionnaire"])) == 1
    assert as_desk.submit(f"/staff/tasks/{tasks['pre_treatment'].id}/hand-over").status_code == 409


def test_staff_are_told_that_a_birth_date_is_missing(clinic, as_desk):
    task = consent_of(clinic, minor(born=None))
    page = as_desk.see(f"/staff/tasks/{task.id}")
    assert "We do not know the birth date." in page
    assert "hand-over" not in page
    assert as_desk.submit(f"/staff/tasks/{task.id}/hand-over", purpose="patient").status_code == 409


def test_looking_at_the_page_to_sign_is_in_the_trail(as_desk, witnessed, mia):
    as_desk.see(f"/staff/tasks/{witnessed.id}/signatures/witness")
    entry = TrailEntry.get(TrailEntry.action == "paperwork looked at")
    assert (entry.actor_name, entry.patient_id) == ("Dana Desk", mia.id)


# --- the clinic's rule --------------------------------------------------------------------------


def test_the_owner_says_from_which_age_patients_sign_alone(as_owner, as_mia, mia, task):
    reads_the_notice(mia)
    assert "guardian signs too" in as_mia.see(f"/tasks/{task.id}")
    page = as_owner.see("/staff/clinic")
    assert "From 18 years" in page
    for typed in ("13", "26", "x", ""):
        answer = as_owner.submit("/staff/clinic/signing", adult_age=typed)
        assert answer.status_code == 422
        assert "from 14 to 25" in answer.text
    assert as_owner.submit("/staff/clinic/signing", adult_age="16").status_code == 303
    assert Clinic.get().adult_age == 16
    assert "guardian signs too" not in as_mia.see(f"/tasks/{task.id}")
    changed = TrailEntry.get(TrailEntry.action == "clinic changed")
    assert changed.details == {"changes": {"adult_age": [18, 16]}}


def test_staff_note_that_it_was_signed_on_paper(as_desk, as_mia, task):
    address = f"/staff/tasks/{task.id}"
    assert "It was signed on paper" in as_desk.see(address)
    answer = as_desk.submit(f"{address}/signatures/paper", note="In the red folder")
    assert (answer.status_code, answer.location) == (303, f"{address}#signers")
    page = as_desk.see(address)
    for words in ("Signed on paper. Dana Desk noted it", "In the red folder", "There is no sealed PDF"):
        assert words in page
    assert "It was signed on paper" not in page
    page = as_mia.see(f"/tasks/{task.id}")
    assert "You signed this on paper." in page
    assert "<canvas" not in page


def test_the_guardian_sees_what_the_minor_chose_and_the_notice_and_says_their_own(clinic, as_mia, mia):
    asks_for(clinic, permissions=["chart", "share", "social"])
    task = consent_of(clinic, mia)
    at = f"/tasks/{task.id}/guardian"
    assert "Mia has not chosen yet." in as_mia.see(at)
    patient_signs(task, permissions={"chart": True, "social": False})
    page = as_mia.see(at)
    for words in ("Mia said yes.", "Mia said no.", "Mia said no, by leaving it open."):
        assert words in page
    assert markdown.render(notices.current().text, 3) in page
    assert not re.search(r'name="permission_\w+"[^>]* checked', page)
    given = {**GUARDIAN, "version": "2", "permission_chart": "yes", "permission_social": "yes"}
    answer = as_mia.submit(at, **{**given, "on_screen": ""})
    assert answer.status_code == 422
    assert "Tick the box to agree to sign on a screen" in answer.text
    assert as_mia.submit(at, **given).status_code == 303
    row = Signature.get(Signature.role == "guardian")
    assert row.details["permissions"] == {"chart": True, "social": True}
    assert [it.kind for it in Permission.select()] == ["chart"]


def test_no_guardian_signs_on_a_screen_while_paper_was_chosen(as_mia, mia, task):
    notices.prefer_paper(mia, by_patient(mia))
    page = as_mia.see(f"/tasks/{task.id}/guardian")
    assert "Mia has chosen to sign on paper" in page
    assert "<canvas" not in page
    as_mia.submit(f"/tasks/{task.id}/guardian", **GUARDIAN)
    assert Signature.select().count() == 0
