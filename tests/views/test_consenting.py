"""A consent on the screen: read first, point by point, kept when something is missing, declined in peace."""

import json
import re
from datetime import timedelta

import pytest

from clock import now
from database import db, is_sqlite
from models import NoticeConsent, Patient, Signature, Task, TrailEntry
from rules import consents, notices, templates
from tests.rules.test_consents import LETTERS, sign, write
from tests.rules.test_paperwork import actor, begin, fresh
from tests.rules.test_signing import DRAWN

SIGNED = {
    "method": "typed", "full_name": "Ava Moreno", "agreed": "y", "version": "2",
    "initials_risks": "AM", "initials_enzyme": "AM", "permission_chart": "yes", "permission_social": "no",
}  # fmt: skip


@pytest.fixture
def task(clinic):
    """Ava's consent of version 2, with two points to initial and two permissions, for a visit in three days."""
    write(clinic)
    return begin(clinic, now() + timedelta(days=3))[1]["consent"]


def at(task, part=""):
    return f"/tasks/{task.id}{part}"


def field(page, name):
    """The tags of the inputs with this name."""
    return re.findall(rf'<input[^>]*name="{name}"[^>]*>', page)


# --- signing ------------------------------------------------------------------------------------


def test_a_consent_is_read_initialed_and_signed_without_scripts(as_ava, task):
    page = as_ava.see(at(task))
    assert page.index("I understand the <strong>risks</strong>") < page.index("I agree to the enzyme.")
    assert page.index("I agree to the enzyme.") < page.index("Photos of you") < page.index("Your signature")
    for name in ("initials_risks", "initials_enzyme"):
        (tag,) = field(page, name)
        assert 'value=""' in tag, "nothing is filled in for anybody"
    assert not field(page, "initials_stop"), "this point asks for no initials"
    for name in ("permission_chart", "permission_social"):
        assert len(field(page, name)) == 2
        assert not any("checked" in tag for tag in field(page, name)), "nothing is chosen for anybody"
    assert not field(page, "permission_website"), "the version does not ask it"
    answer = as_ava.submit(at(task, "/signature"), **SIGNED)
    assert (answer.status_code, answer.location) == (303, "/")
    row = Signature.get()
    assert row.details["initials"] == {"risks": "AM", "enzyme": "AM"}
    assert row.details["permissions"] == {"chart": True, "social": False}
    assert row.details["notice"] == 1
    assert "first_shown_at" in row.details
    page = as_ava.see(at(task))
    for words in ("Initials", "In my chart", "Signature", "Ava Moreno"):
        assert words in page
    assert "<form method" not in page.partition("<main")[2].partition("</main")[0]


def test_a_double_click_signs_once(as_ava, task):
    assert as_ava.submit(at(task, "/signature"), **SIGNED).status_code == 303
    assert as_ava.submit(at(task, "/signature"), **{**SIGNED, "permission_chart": "no"}).status_code == 303
    assert "You have signed this already" in as_ava.see("/")
    assert Signature.select().count() == 1
    assert len(consents.permissions_of(task.patient)) == 1


def test_missing_initials_come_back_with_a_link_and_nothing_is_lost(as_ava, task):
    strokes = json.dumps(DRAWN)
    form = {**SIGNED, "method": "drawn", "strokes": strokes, "initials_enzyme": "", "full_name": ""}
    answer = as_ava.submit(at(task, "/signature"), **form)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert '<a href="#initials_enzyme">Write your initials beside point 3.</a>' in answer.text
    assert 'id="initials_enzyme"' in answer.text
    assert 'value="AM"' in field(answer.text, "initials_risks")[0]
    assert ["checked" in tag for tag in field(answer.text, "permission_chart")] == [True, False]
    assert ["checked" in tag for tag in field(answer.text, "permission_social")] == [False, True]
    kept = field(answer.text, "strokes")[0].replace("&#34;", '"')
    assert strokes in kept, "the drawing is not lost"
    assert "checked" in field(answer.text, "agreed")[0]
    assert not Signature.select().exists()
    assert fresh(task).status == "open"


def test_the_errors_stand_in_the_order_of_the_page(as_ava, task):
    answer = as_ava.submit(at(task, "/signature"), version="2", method="typed")
    summary = re.findall(r'href="#([\w-]+)">', answer.text.partition("error-summary")[2].partition("</div>")[0])
    assert summary == ["initials_risks", "initials_enzyme", "agreed"]


@pytest.mark.parametrize("answers", [{}, {"permission_chart": "no", "permission_social": "no"}])
def test_a_no_or_no_answer_about_photos_hinders_nothing(as_ava, task, answers):
    form = {name: value for name, value in SIGNED.items() if not name.startswith("permission")}
    assert as_ava.submit(at(task, "/signature"), **form, **answers).status_code == 303
    assert fresh(task).status == "done"
    assert consents.permissions_of(task.patient) == []


def test_what_the_version_does_not_ask_is_dropped(as_ava, task):
    extra = {"initials_stop": "XX", "initials_other": "XX", "permission_website": "yes", "permission_chart": "maybe",
             "role": "guardian", "details": "{}", "notice": "9", "first_shown_at": "2020-01-01"}  # fmt: skip
    assert as_ava.submit(at(task, "/signature"), **{**SIGNED, **extra}).status_code == 303
    row = Signature.get()
    assert (row.role, row.details["initials"]) == ("patient", {"risks": "AM", "enzyme": "AM"})
    assert row.details["permissions"] == {"social": False}
    assert row.details["notice"] == 1


def test_a_text_replaced_while_the_page_was_open_is_signed_as_it_was_on_the_screen(clinic, as_ava, task):
    page = as_ava.see(at(task))
    number = re.search(r'name="version" value="(\d+)"', page)[1]
    write(clinic, {"clauses": [{"text": "Another point.", "initials": True}], "permissions": ["website"]}, "New words.")
    assert as_ava.submit(at(task, "/signature"), **{**SIGNED, "version": number}).status_code == 303
    row, task = Signature.get(), Task.get_by_id(task.id)
    assert task.version.number == int(number)
    assert row.shown_text == consents.text_of(task.version)
    assert "I agree to the enzyme." in row.shown_text
    assert "New words" not in row.shown_text
    page = as_ava.see(at(task))
    assert "I agree to the enzyme." in page
    assert "Another point." not in page


def test_a_text_replaced_long_ago_is_read_and_initialed_anew(clinic, as_ava, task, time_machine):
    write(clinic, {"clauses": [{"key": "risks", "text": "I know them all.", "initials": True}]}, "New words.")
    time_machine.move_to(now() + timedelta(hours=25))
    as_ava.sign_in(clinic.ava)
    answer = as_ava.submit(at(task, "/signature"), **SIGNED)
    assert answer.status_code == 422
    assert "read it once more" in answer.text
    assert "New words." in answer.text
    assert 'value=""' in field(answer.text, "initials_risks")[0], "nobody initialed this text"
    assert "checked" not in field(answer.text, "agreed")[0]
    assert 'value="Ava Moreno"' in field(answer.text, "full_name")[0]
    assert 'name="version" value="3"' in answer.text
    assert not field(answer.text, "permission_chart")
    assert not Signature.select().exists()


def test_only_the_patient_signs(clinic, as_ben, as_owner, as_nurse, nobody, task):
    for part in ("/signature", "/refusal", "/notice"):
        assert as_ben.submit(at(task, part), **SIGNED).status_code == 404
        assert as_owner.submit(at(task, part), **SIGNED).status_code == 403
        assert as_nurse.submit(at(task, part), **SIGNED).status_code == 403
        assert nobody.submit(at(task, part), **SIGNED).status_code == 303
    assert as_ben.get(at(task)).status_code == as_ben.get(at(task, "/refusal")).status_code == 404
    assert fresh(task).status == "open"
    assert not Signature.select().exists()


def test_the_first_look_is_noted_once_and_not_for_what_was_fetched_ahead(as_ava, task):
    as_ava.get(at(task), headers={"Sec-Purpose": "prefetch"})
    looks = TrailEntry.select().where(TrailEntry.action == "consent opened")
    assert looks.count() == 0
    as_ava.see(at(task))
    as_ava.see(at(task))
    assert looks.count() == 1


def test_the_words_of_staff_are_never_markup(clinic, as_ava, task):
    write(clinic, {"clauses": [{"key": "risks", "text": "<script>alert(1)</script>", "initials": True}]})
    page = as_ava.see(at(task))
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_costs_the_same_for_one_clause_and_for_twenty(clinic, as_ava, task, queries):
    as_ava.see(at(task))
    with queries() as few:
        as_ava.see(at(task))
    write(clinic, {"clauses": [{"text": f"Point {n}", "initials": True} for n in range(20)], "permissions": ["share"]})
    as_ava.see(at(task))  # the first look at a version is noted
    with queries() as many:
        as_ava.see(at(task))
    assert few() == many()


def test_a_minor_signs_and_reads_that_the_guardian_is_next(clinic, as_ava, task):
    Patient.update(birth_date=now().date() - timedelta(days=16 * 366)).where(Patient.id == clinic.ava.id).execute()
    assert "Your parent or guardian signs too" in as_ava.see(at(task))
    answer = as_ava.submit(at(task, "/signature"), **SIGNED)
    assert (answer.status_code, answer.location) == (303, at(task))
    page = as_ava.see(at(task))
    assert "complete when your parent or guardian has signed" in page
    assert "AM" in page
    assert fresh(task).status == "in_progress"


def test_without_a_birth_date_the_patient_is_asked_for_it_first(clinic, as_ava, task):
    Patient.update(birth_date=None).where(Patient.id == clinic.ava.id).execute()
    answer = as_ava.submit(at(task, "/signature"), **SIGNED)
    assert (answer.status_code, answer.location) == (303, "/profile/names#birth_date")
    assert not Signature.select().exists()


# --- the notice ---------------------------------------------------------------------------------


def test_the_notice_comes_once_before_the_first_signature(as_ava, task):
    NoticeConsent.delete().execute()
    page = as_ava.see(at(task))
    assert "Before you sign on a screen" in page
    assert "You may have paper." in page
    assert "I agree to the enzyme." not in page
    refused = as_ava.submit(at(task, "/signature"), **SIGNED)
    assert refused.status_code == 422
    assert "read how signing on a screen works" in refused.text
    answer = as_ava.submit(at(task, "/notice"), do="agree", notice="1")
    assert (answer.status_code, answer.location) == (303, at(task))
    row = NoticeConsent.get()
    assert (row.ip, row.signed_in_how, row.given_by) == ("127.0.0.1", "test", "Ava Moreno")
    assert "I agree to the enzyme." in as_ava.see(at(task))
    assert as_ava.get(at(task, "/notice")).status_code == 303, "once"
    assert as_ava.submit(at(task, "/signature"), **SIGNED).status_code == 303


def test_a_notice_that_was_replaced_meanwhile_is_read_again(clinic, as_ava, task):
    NoticeConsent.delete().execute()
    notices.write("Other words.", actor(clinic.ava))
    answer = as_ava.submit(at(task, "/notice"), do="agree", notice="1")
    assert answer.status_code == 422
    assert "has changed" in answer.text
    assert "Other words." in answer.text
    assert not NoticeConsent.select().exists()


def test_who_prefers_paper_is_thanked_staff_see_it_and_the_way_back_is_open(clinic, as_ava, as_desk, task):
    NoticeConsent.delete().execute()
    answer = as_ava.submit(at(task, "/notice"), do="paper", notice="1")
    assert (answer.status_code, answer.location) == (303, at(task))
    page = as_ava.see(at(task))
    assert "Paper it is" in page
    assert "212-555-0100" in page
    assert fresh(task).status == "open"
    assert "Prefers paper" in as_desk.see(f"/staff/patients/{clinic.ava.id}")
    assert "Prefers paper" in as_desk.see(f"/staff/appointments/{task.appointment_id}")
    assert "prefers paper" in as_desk.see(f"/staff/tasks/{task.id}")
    as_ava.submit(at(task, "/notice"), do="agree", notice="1")
    assert "I agree to the enzyme." in as_ava.see(at(task))
    assert "Prefers paper" not in as_desk.see(f"/staff/patients/{clinic.ava.id}")


# --- "I do not want to sign this" ---------------------------------------------------------------


def test_a_no_is_taken_in_peace_and_can_be_changed(clinic, as_ava, as_desk, task):
    assert f'href="{at(task, "/refusal")}"' in as_ava.see(at(task))
    page = as_ava.see(at(task, "/refusal"))
    assert "You do not have to sign this" in page
    answer = as_ava.submit(at(task, "/refusal"), why="I want to think about it.")
    assert (answer.status_code, answer.location) == (303, at(task))
    declined = fresh(task)
    assert (declined.status, declined.declined_why) == ("not_needed", "I want to think about it.")
    page = as_ava.see(at(task))
    assert "you do not want to sign this" in page
    assert "I agree to the enzyme." in page
    assert as_ava.get(at(task, "/refusal")).status_code == 303
    assert "Consent to wrinkle relaxing" not in as_ava.see("/")
    assert "Declined" in as_ava.see(f"/appointments/{task.appointment_id}")
    assert "I want to think about it." in as_desk.see(f"/staff/tasks/{task.id}")
    assert "Declined" in as_desk.see(f"/staff/appointments/{task.appointment_id}")
    assert as_ava.submit(at(task, "/signature"), **SIGNED).status_code == 303
    assert (fresh(task).status, fresh(task).declined_at) == ("done", None)
    assert "I want to think about it." not in as_desk.see(f"/staff/tasks/{task.id}")


def test_a_reason_can_be_too_long_and_is_not_lost(as_ava, task):
    answer = as_ava.submit(at(task, "/refusal"), why="x" * 2_001)
    assert answer.status_code == 422
    assert "Keep it to 2,000 characters or fewer." in answer.text
    assert "x" * 2_001 in answer.text
    assert fresh(task).status == "open"


# --- what staff see of it -----------------------------------------------------------------------


def test_staff_see_every_piece_of_evidence_and_that_it_stands(clinic, as_ava, as_desk, task):
    as_ava.see(at(task))
    as_ava.submit(at(task, "/signature"), **{**SIGNED, "method": "drawn", "strokes": json.dumps(DRAWN)})
    row = Signature.get()
    page = as_desk.see(f"/staff/tasks/{task.id}")
    for told in (
        "Verified", "Signature of the patient", "Ava Moreno", "Drawn", '<svg class="signature-drawing"',
        row.shown_digest, row.version_digest, row.evidence_digest, row.details["answers_digest"],
        f"{row.signed_at:%Y-%m-%d %H:%M:%S}", "127.0.0.1", "Werkzeug", f"Test, session {row.session_number}",
        "First opened", "Version 1, agreed to by Ava Moreno on", "Initials, point 3", "Photos: On social media",
        "I agree to the enzyme. (initials)",
    ):  # fmt: skip
        assert told in page, told
    assert "Changed!" not in page


def test_staff_see_what_does_not_stand_any_more(clinic, as_desk, task):
    sign(task)
    db.execute_sql("DROP TRIGGER signature_frozen" + ("_update" if is_sqlite() else " ON signature"))
    Signature.update(details={**Signature.get().details, "initials": {**LETTERS, "risks": "XX"}}).execute()
    page = as_desk.see(f"/staff/tasks/{task.id}")
    assert "Changed! What is stored is not what was signed." in page
    assert re.search(r"Initials and permissions have the hash that was signed: <strong>no", page)
    assert re.search(r"The text has the hash that was signed: <strong>yes", page)


def test_staff_build_clauses_and_see_what_the_patient_sees(clinic, as_owner):
    address = f"/staff/paperwork/{clinic.consent.id}"
    form = {"name": "Consent", "title": "Consent", "body": "Read this.", "validity": "every_visit", "base": "1"}
    answer = as_owner.submit(address, htmx=True, **form, do="add")
    assert 'id="clauses-0-text"' in answer.text
    assert '"#clauses-0-text"' in answer.headers["HX-Trigger"], "the focus goes to the new clause"
    two = {**form, "clauses-0-text": "First point.", "clauses-0-initials": "y", "clauses-1-text": "Second point."}
    page = as_owner.submit(address, **two, do="down:0").text
    assert re.search(r'name="clauses-0-text"[^>]*>\s*Second point\.', page)
    assert not Signature.select().exists()
    asked = {**two, "permissions": ["chart", "social"], "provider": "y"}
    assert as_owner.submit(address, **asked, do="save").status_code == 303
    details = templates.current_version(clinic.consent).details
    assert details == {
        "clauses": [
            {"key": "clause_1", "text": "First point.", "initials": True},
            {"key": "clause_2", "text": "Second point.", "initials": False},
        ],
        "permissions": ["chart", "social"], "witness": False, "provider": True,
    }  # fmt: skip
    page = as_owner.see(address)
    for words in ("Point by point", "First point.", "On social media", "The provider signs at the visit"):
        assert words in page.partition('id="preview"')[2]
    page = as_owner.submit(address, **{**asked, "clauses-0-text": ""}, do="save")
    assert page.status_code == 422
    assert "Write its text, or remove it." in page.text
    assert "Second point." in page.text
    removed = as_owner.submit(address, **asked, do="remove:0").text
    assert 'name="clauses-1-text"' not in removed


def test_the_owner_writes_the_notice_and_everybody_is_asked_again(clinic, as_owner, as_desk, as_ava, task):
    assert as_desk.get("/staff/notice").status_code == 403
    assert "You may have paper." in as_owner.see("/staff/notice")
    assert as_owner.submit("/staff/notice", text=" ", base="1").status_code == 422
    assert as_owner.submit("/staff/notice", text="Paper, of course.", base="1").status_code == 303
    assert "Paper, of course." in as_ava.see(at(task))
    stale = as_owner.submit("/staff/notice", text="Mine.", base="1")
    assert stale.status_code == 422
    assert 'name="base" type="hidden" value="2"' in stale.text
