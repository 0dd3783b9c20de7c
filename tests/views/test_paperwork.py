"""A patient's paperwork pages: answered, signed and read by their own patient only, with and without scripts."""

import json
import re
from datetime import timedelta

import pytest

from clock import now
from models import Answer, Appointment, Signature, Task, TrailEntry
from rules import answers, paperwork, templates
from tests.rules.test_paperwork import NOON, actor, answer, begin, fresh, sign

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
ASKED = ["reason", "history", "pregnant", "skin", "had_before", "last_visit", "weight"]
GOOD = {"q_reason": "Lines", "q_pregnant": "no", "q_skin": "Dry", "q_had_before": ["Laser", "Peel"], "version": "1"}


@pytest.fixture
def tasks(clinic):
    """Ava's paperwork for a visit in three days."""
    return begin(clinic, now() + timedelta(days=3))[1]


def at(task, part=""):
    return f"/tasks/{task.id}{part}"


def test_a_questionnaire_without_sections_is_one_section_and_is_answered_without_scripts(clinic, as_ava, tasks):
    task = tasks["questionnaire"]
    assert as_ava.get(at(task)).location == at(task, "/sections/1")
    page = as_ava.see(at(task, "/sections/1"))
    for words in (
        "Medical history",
        "Are you pregnant?",
        "Please answer before you come.",
        "A number from 30 to 250 kg.",
    ):
        assert words in page
    assert "Section 1" not in page
    answer = as_ava.submit(at(task, "/sections/1"), asked=ASKED, **GOOD)
    assert (answer.status_code, answer.location) == (303, at(task, "/check"))
    answer = as_ava.submit(at(task, "/submission"), version="1")
    assert (answer.status_code, answer.location) == (303, "/")
    assert fresh(task).status == "done"
    assert "Next: Consent to wrinkle relaxing." in as_ava.see("/")
    page = as_ava.see(at(task))
    assert "Laser, Peel" in page
    assert "<form method" not in page
    entry = TrailEntry.get(TrailEntry.action == "questionnaire answered")
    assert "Lines" not in json.dumps(entry.details)


def test_what_is_missing_or_does_not_fit_is_said_beside_the_question_and_on_top(as_ava, tasks):
    task = tasks["questionnaire"]
    sent = {**GOOD, "q_pregnant": "", "q_weight": "7"}
    answer = as_ava.submit(at(task, "/sections/1"), asked=ASKED, **sent)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    for words in ("Choose yes or no for “Are you pregnant?”", "Enter a number from 30 to 250 kg for “Your weight”"):
        assert answer.text.count(words) == 2, "in the summary and beside the question"
    assert 'href="#q_pregnant-0"' in answer.text
    assert 'value="7"' in answer.text, "what was typed stays"
    assert answers.of(task) == {"reason": "Lines", "skin": "Dry", "had_before": ["Laser", "Peel"]}
    assert fresh(task).status == "in_progress"


def test_one_answer_is_saved_as_it_is_given(as_ava, tasks):
    task = tasks["questionnaire"]

    def give(only, **form):
        return as_ava.submit(at(task, "/answers"), htmx=True, only=only, asked=ASKED, version="1", **form)

    saved = give("reason", q_reason="Lines", q_weight="7")
    assert saved.status_code == 200
    assert "Saved" in saved.text
    assert "<html" not in saved.text
    assert answers.of(task) == {"reason": "Lines"}, "only the answer that was just given"
    wrong = give("weight", q_weight="7")
    assert wrong.status_code == 422
    assert "Enter a number from 30 to 250 kg" in wrong.text
    assert "Answer taken away" in give("reason", q_reason="", was_reason=answers.digest("Lines")).text
    assert answers.of(task) == {}


def test_save_and_finish_later_keeps_all_and_the_page_comes_back_filled(as_ava, tasks):
    task = tasks["questionnaire"]
    answer = as_ava.submit(at(task, "/sections/1"), asked=ASKED, do="later", **{**GOOD, "q_pregnant": ""})
    assert (answer.status_code, answer.location) == (303, "/")
    page = as_ava.see(at(task, "/sections/1"))
    assert 'value="Lines"' in page
    assert len(re.findall(r" checked", page)) == 3
    assert fresh(task).status == "in_progress"


def test_unknown_fields_change_nothing(clinic, as_ava, tasks):
    task = tasks["questionnaire"]
    as_ava.submit(
        at(task, "/sections/1"), asked=[*ASKED, "extra", "status"], q_extra="x", q_status="done", status="done",
        patient=clinic.ben.id, version="1", q_reason="Lines", sections_done="9",
    )  # fmt: skip
    assert answers.of(task) == {"reason": "Lines"}
    assert (fresh(task).status, fresh(task).patient_id) == ("in_progress", clinic.ava.id)
    assert fresh(task).sections_done == 0


def test_a_double_click_sends_once_and_says_so(as_ava, tasks):
    task = tasks["questionnaire"]
    as_ava.submit(at(task, "/sections/1"), asked=ASKED, **GOOD)
    as_ava.submit(at(task, "/submission"), version="1")
    again = as_ava.submit(at(task, "/submission"), version="1", asked=ASKED, q_reason="Changed")
    assert again.status_code == 303
    assert "sent already" in as_ava.see("/")
    late = as_ava.submit(at(task, "/answers"), htmx=True, only="reason", asked=ASKED, q_reason="Changed", version="1")
    assert late.status_code == 422
    assert "sent already" in late.text
    assert as_ava.submit(at(task, "/sections/1"), asked=ASKED, **{**GOOD, "q_reason": "Changed"}).status_code == 409
    assert answers.of(task)["reason"] == "Lines"
    assert Answer.select().count() == 4


def test_a_text_that_was_replaced_long_ago_is_shown_anew_with_what_was_typed(clinic, as_ava, tasks, time_machine):
    task = tasks["questionnaire"]
    asked = [{"key": "reason", "label": "Why do you come?", "type": "text", "required": True}]
    templates.write_version(clinic.history, actor(clinic.ava), "History", "", asked)
    time_machine.move_to(now() + timedelta(hours=25))
    as_ava.sign_in(clinic.ava)
    answer = as_ava.submit(at(task, "/sections/1"), asked=ASKED, **GOOD)
    assert answer.status_code == 422
    for words in ("read it once more", "Why do you come?", 'value="Lines"', 'name="version" value="2"'):
        assert words in answer.text
    assert fresh(task).status == "open"


# --- consents -----------------------------------------------------------------------------------


def test_a_consent_is_signed_by_typing_without_scripts(as_ava, tasks):
    task = tasks["consent"]
    page = as_ava.see(at(task))
    assert "I understand the <strong>risks</strong>." in page
    assert "/static/gen/sign." in page
    form = {"method": "typed", "full_name": "Ava Moreno", "agreed": "y", "version": "1"}
    answer = as_ava.submit(at(task, "/signature"), **form)
    assert (answer.status_code, answer.location) == (303, "/")
    assert as_ava.submit(at(task, "/signature"), **form).status_code == 303, "a double click is harmless"
    row = Signature.get()
    assert (row.signer_name, row.ip, row.signed_in_how) == ("Ava Moreno", "127.0.0.1", "test")
    page = as_ava.see(at(task))
    for words in ("Ava Moreno", "Full name typed", row.evidence_digest[:16], "Signed on"):
        assert words in page
    assert "/static/gen/sign." not in page


def test_a_drawn_signature_is_shown_as_the_server_draws_it(as_ava, tasks):
    strokes = [
        {"points": [{"x": x, "y": 20, "time": x, "pressure": 0} for x in range(10, 200, 10)], "penColor": '"><script>'}
    ]
    form = {"method": "drawn", "strokes": json.dumps(strokes), "agreed": "y", "version": "1"}
    assert as_ava.submit(at(tasks["consent"], "/signature"), **form).status_code == 303
    page = as_ava.see(at(tasks["consent"]))
    assert '<svg class="signature-drawing"' in page
    assert '"><script>' not in page


@pytest.mark.parametrize(
    ("differs", "words"),
    [
        ({"strokes": ""}, "Sign with your finger"),
        ({"strokes": '[{"points": [{"x": 5, "y": 5}]}]'}, "That is only a dot."),
        ({"method": "typed", "full_name": " "}, "Type your full name to sign."),
        ({"method": "typed", "full_name": "\u200b"}, "Type your full name to sign."),
        ({"method": "typed", "full_name": "Ava Moreno", "agreed": ""}, "Tick the box to say"),
    ],
)
def test_a_signature_that_is_none_is_refused_and_the_page_stays(as_ava, tasks, differs, words):
    task = tasks["consent"]
    form = {"method": "drawn", "strokes": "", "agreed": "y", "version": "1", **differs}
    if not form["agreed"]:
        del form["agreed"]
    answer = as_ava.submit(at(task, "/signature"), **form)
    assert answer.status_code == 422
    assert answer.text.count(words) == 2
    assert "risks" in answer.text
    assert fresh(task).status == "open"
    assert not Signature.select().exists()


def test_a_consent_whose_text_was_replaced_long_ago_is_shown_anew(clinic, as_ava, tasks, time_machine):
    task = tasks["consent"]
    templates.write_version(clinic.consent, actor(clinic.ava), "Consent", "Other words.", [])
    time_machine.move_to(now() + timedelta(hours=25))
    as_ava.sign_in(clinic.ava)
    form = {"method": "typed", "full_name": "Ava Moreno", "agreed": "y", "version": "1"}
    answer = as_ava.submit(at(task, "/signature"), **form)
    assert answer.status_code == 422
    assert "read it once more" in answer.text
    assert "Other words." in answer.text
    assert 'name="version" value="2"' in answer.text
    assert not Signature.select().exists()


# --- instructions -------------------------------------------------------------------------------


def test_opening_an_instruction_reads_it_once(as_ava, tasks):
    task = tasks["pre_treatment"]
    for header in ({"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}):
        assert as_ava.get(at(task), headers=header).status_code == 200
    as_ava.head(at(task))
    assert fresh(task).status == "open"
    page = as_ava.see(at(task))
    assert "No alcohol for 24 hours." in page
    assert "Next: Medical history" in page
    done_at = fresh(task).done_at
    as_ava.see(at(task))
    assert fresh(task).done_at == done_at is not None
    assert TrailEntry.select().where(TrailEntry.action == "instruction read").count() == 1


def test_post_treatment_opens_at_the_second_the_visit_starts(clinic, as_ava, time_machine):
    time_machine.move_to(NOON - timedelta(seconds=1), tick=False)
    as_ava.sign_in(clinic.ava)
    appointment, tasks = begin(clinic, NOON)
    task = tasks["post_treatment"]
    assert as_ava.get(at(task)).status_code == 404
    assert "After wrinkle relaxing" not in as_ava.see("/")
    time_machine.move_to(NOON, tick=False)
    assert "After wrinkle relaxing" in as_ava.see("/")
    assert "Stay upright for four hours." in as_ava.see(at(task))
    Appointment.update(status="missed").where(Appointment.id == appointment.id).execute()
    assert as_ava.get(at(task)).status_code == 404


# --- whose, and when ----------------------------------------------------------------------------


def test_another_patients_task_does_not_exist(clinic, as_ben, as_desk, nobody, tasks):
    for kind, part in (("questionnaire", "answers"), ("questionnaire", "submission"), ("consent", "signature")):
        task = tasks[kind]
        assert as_ben.get(at(task)).status_code == 404
        assert as_ben.submit(at(task, f"/{part}"), asked=ASKED, **GOOD).status_code == 404
        assert as_desk.get(at(task)).status_code == 403
        assert as_desk.submit(at(task, f"/{part}")).status_code == 403
        assert nobody.get(at(task)).status_code == 303
    assert as_ben.get("/tasks/999999").status_code == 404
    assert {task.status for task in Task.select()} == {"open"}


def test_each_kind_takes_only_its_own_form(as_ava, tasks):
    for kind, part in (("consent", "answers"), ("pre_treatment", "submission"), ("questionnaire", "signature")):
        assert as_ava.submit(at(tasks[kind], f"/{part}"), version="1").status_code == 404


def test_late_paperwork_stays_open_and_is_marked(clinic, as_ava):
    _, tasks = begin(clinic, now() - timedelta(minutes=10))
    assert "This is late" in as_ava.see(at(tasks["questionnaire"], "/sections/1"))
    assert "This is late" in as_ava.see(at(tasks["consent"]))
    as_ava.submit(at(tasks["questionnaire"], "/sections/1"), asked=ASKED, **GOOD)
    assert as_ava.submit(at(tasks["questionnaire"], "/submission"), version="1").location == "/"


def test_a_cancelled_visit_needs_no_paperwork(clinic, as_ava, tasks):
    appointment = tasks["consent"].appointment
    answer(tasks["questionnaire"])
    Appointment.update(status="cancelled").execute()
    paperwork.not_needed(appointment, actor(clinic.ava))
    assert "not needed any more" in as_ava.see(at(tasks["consent"]))
    assert "Lines" in as_ava.see(at(tasks["questionnaire"])), "what was answered can still be read"
    form = {"method": "typed", "full_name": "Ava Moreno", "agreed": "y", "version": "1"}
    refused = as_ava.submit(at(tasks["consent"], "/signature"), **form)
    assert refused.status_code == 409
    assert "not needed" in refused.text
    assert not Signature.select().exists()


def test_work_that_counts_from_an_earlier_visit_can_be_read(clinic, as_ava, tasks):
    paperwork.Paperwork.update(validity="once").execute()
    sign(tasks["consent"])
    answer(tasks["questionnaire"])
    _, later = begin(clinic, now() + timedelta(days=20))
    assert "for an earlier visit" in as_ava.see(at(later["consent"]))
    assert "Ava Moreno" in as_ava.see(at(later["consent"]))
    assert "Lines" in as_ava.see(at(later["questionnaire"]))


def test_markdown_of_staff_cannot_run_on_a_patients_page(clinic, as_ava, tasks):
    bad = "# Big\n\n<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1))"
    templates.write_version(clinic.consent, actor(clinic.ava), "<b>Title</b>", bad, [])
    page = as_ava.see(at(tasks["consent"]))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript' not in page
    assert "&lt;b&gt;Title" in page
