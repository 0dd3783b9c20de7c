"""The editors of paperwork: forms that a front desk can use, and a new version only where something changed."""

import re
from html import unescape

from models import Paperwork, PaperworkVersion, TrailEntry
from rules import templates
from rules.actor import FOYER


def fields(page):
    """What a browser would send of the editor's form, as it stands on the page."""
    form = re.search(r'<form method="post" action="/staff/paperwork/[^>]*novalidate.*?</form>', page, re.S).group(0)
    sent = {}
    for tag in re.findall(r"<input[^>]*>", form):
        facts = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if facts.get("type") in ("radio", "checkbox") and " checked" not in tag:
            continue
        if facts.get("name") and facts["name"] != "csrf_token":
            sent[facts["name"]] = facts.get("value", "")
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\s?(.*?)</textarea>', form, re.S):
        sent[name] = text.strip("\r\n")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option selected[^>]*value="([^"]*)"', options)
        sent[name] = chosen.group(1) if chosen else ""
    return {name: unescape(value) for name, value in sent.items()}


def labels(page):
    found = fields(page)
    return [found[f"questions-{n}-label"] for n in range(60) if f"questions-{n}-label" in found]


def test_the_list_names_each_kind_with_its_version_and_services(clinic, as_nurse):
    page = as_nurse.see("/staff/paperwork")
    for words in ("Questionnaires", "Consents", "Pre-treatment instructions", "Medical history", "1 service"):
        assert words in page
    assert "2 hours after the visit" in page
    assert "Write one" not in page


def test_the_list_costs_the_same_for_four_and_for_fourteen(clinic, as_desk, queries):
    with queries() as few:
        as_desk.see("/staff/paperwork")
    for number in range(10):
        templates.create("consent", f"More {number}", FOYER, body="Words.")
    with queries() as many:
        as_desk.see("/staff/paperwork")
    assert few() == many()


def test_saving_what_did_not_change_makes_no_version(clinic, as_desk):
    page = f"/staff/paperwork/{clinic.consent.id}"
    sent = fields(as_desk.see(page))
    assert as_desk.submit(page, do="save", **sent).status_code == 303
    assert templates.current_version(clinic.consent).number == 1
    assert not TrailEntry.select().where(TrailEntry.action.startswith("paperwork")).exists()
    assert as_desk.submit(page, do="save", **{**sent, "body": "Other **words**."}).status_code == 303
    newest = templates.current_version(clinic.consent)
    assert (newest.number, newest.body, newest.created_by) == (2, "Other **words**.", "Dana Desk")
    assert TrailEntry.get(TrailEntry.action == "paperwork written").details["version"] == 2
    old = as_desk.see(f"{page}/versions/1")
    assert "I understand the <strong>risks</strong>." in old
    assert "Earlier version" in old
    assert as_desk.get(f"{page}/versions/9").status_code == 404


def test_questions_are_added_moved_and_removed_without_saving(clinic, as_desk):
    page = f"/staff/paperwork/{clinic.history.id}"
    sent = fields(as_desk.see(page))
    added = as_desk.submit(page, do="add", **sent)
    assert (added.status_code, len(labels(added.text))) == (200, 8)
    moved = as_desk.submit(page, do="up:1", **sent)
    assert labels(moved.text)[:2] == ["Any medical conditions?", "What brings you in?"]
    removed = as_desk.submit(page, do="remove:0", **sent)
    assert labels(removed.text)[0] == "Any medical conditions?"
    assert "Not saved yet." in removed.text
    assert templates.current_version(clinic.history).number == 1

    assert as_desk.submit(page, do="save", **fields(moved.text)).status_code == 303
    questions = templates.current_version(clinic.history).questions
    assert [question["key"] for question in questions][:2] == ["history", "reason"], "keys stay with their question"
    weight = next(question for question in questions if question["key"] == "weight")
    assert (weight["least"], weight["most"], weight["unit"]) == (30, 250, "kg")


def test_a_questionnaire_is_written_from_nothing(clinic, as_owner):
    assert as_owner.get("/staff/paperwork/new?kind=poem").status_code == 404
    page = "/staff/paperwork/new?kind=questionnaire"
    sent = fields(as_owner.see(page))
    assert len(labels(as_owner.see(page))) == 1
    sent |= {
        "name": "Skin", "title": "", "questions-0-label": "Which?", "questions-0-type": "single",
        "questions-0-choices": "Dry\r\n\r\n Oily \r\nDry", "validity": "days", "validity_days": "90",
    }  # fmt: skip
    assert as_owner.submit(page, do="save", **sent).status_code == 303
    made = Paperwork.get(Paperwork.name == "Skin")
    [question] = templates.current_version(made).questions
    assert (question["key"], question["choices"], question["required"]) == ("which", ["Dry", "Oily"], True)
    assert (made.validity, made.validity_days) == ("days", 90)
    assert templates.current_version(made).title == "Skin"


def test_what_does_not_fit_comes_back_with_sentences_and_all_that_was_typed(clinic, as_owner):
    page = "/staff/paperwork/new?kind=questionnaire"
    good = {
        "name": "Skin", "questions-0-label": "Which?", "questions-0-type": "single",
        "questions-0-choices": "Dry\nOily", "body": "Some words kept",
    }  # fmt: skip
    for differs, words in (
        ({"name": " "}, "Write a name for it."),
        ({"questions-0-label": ""}, "Question 1: Write what you ask."),
        ({"questions-0-choices": "Dry"}, "Question 1: Write at least two choices, one on each line."),
        ({"questions-0-type": "riddle"}, "Question 1: Choose how it is answered."),
        ({"validity": "days", "validity_days": "0"}, "from 1 to 3650"),
        ({"validity": "moon"}, "Choose how long it is good for."),
    ):
        answer = as_owner.submit(page, do="save", **{**good, **differs})
        assert answer.status_code == 422, differs
        assert words in answer.text
        assert "Some words kept" in answer.text
    number = {"questions-0-type": "number", "questions-0-least": "9", "questions-0-most": "3"}
    answer = as_owner.submit(page, do="save", **{**good, **number})
    assert "must not be below the lowest" in answer.text
    assert not Paperwork.select().where(Paperwork.name == "Skin").exists()


def test_an_instruction_says_when_it_is_mailed(clinic, as_owner):
    page = f"/staff/paperwork/{clinic.after.id}"
    sent = fields(as_owner.see(page))
    assert (sent["delay"], sent["delay_unit"]) == ("2", "hours")
    as_owner.submit(page, do="save", **{**sent, "delay": "3", "delay_unit": "days"})
    assert Paperwork.get_by_id(clinic.after.id).delay_minutes == 3 * 1440
    assert templates.current_version(clinic.after).number == 1, "the delay is no text"
    answer = as_owner.submit(page, do="save", **{**sent, "delay": "9999", "delay_unit": "days"})
    assert answer.status_code == 422
    assert "a year at most" in answer.text


def test_two_writers_do_not_overwrite_each_other_unseen(clinic, as_owner, as_desk):
    page = f"/staff/paperwork/{clinic.consent.id}"
    sent = fields(as_desk.see(page))
    as_owner.submit(page, do="save", **{**sent, "body": "The owner's words."})
    answer = as_desk.submit(page, do="save", **{**sent, "body": "The desk's words."})
    assert answer.status_code == 422
    assert "Olive Owner wrote version 2" in answer.text
    assert as_desk.submit(page, do="save", **fields(answer.text)).status_code == 303
    assert templates.current_version(clinic.consent).body == "The desk's words."


def test_the_preview_alone_answers_an_htmx_request_for_it(clinic, as_desk):
    page = f"/staff/paperwork/{clinic.consent.id}"
    sent = fields(as_desk.see(page))
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#preview"}
    answer = as_desk.post(
        page, data={**sent, "body": "# Big\n\n<script>x</script>", "csrf_token": as_desk.token()}, headers=headers
    )
    assert answer.text.lstrip().startswith('<section id="preview"')
    assert "<h2>Big</h2>" in answer.text
    assert "<script>" not in answer.text


def test_archived_paperwork_can_be_used_again_and_providers_only_read(clinic, as_owner, as_nurse):
    page = f"/staff/paperwork/{clinic.consent.id}"
    as_owner.submit(f"{page}/archival")
    assert Paperwork.get_by_id(clinic.consent.id).archived_at
    assert "Archived" in as_owner.see("/staff/paperwork")
    as_owner.submit(f"{page}/restoration")
    assert Paperwork.get_by_id(clinic.consent.id).archived_at is None
    assert 'value="save"' not in as_nurse.see(page)
    assert as_nurse.submit(page, do="save", **fields(as_owner.see(page))).status_code == 403
    assert PaperworkVersion.select().where(PaperworkVersion.paperwork == clinic.consent).count() == 1
