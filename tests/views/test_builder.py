"""The builder of questionnaires, by its forms alone as without scripts: nothing is lost, nothing is saved unasked."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import g, render_template_string
from hypothesis import HealthCheck, given, settings
from werkzeug.datastructures import MultiDict

import portal
from clock import now
from models import Clinic, Paperwork, PaperworkVersion, Task
from rules import questions, templates
from rules.actor import FOYER
from tests.rules.test_conditions_at_random import questionnaires
from tests.rules.test_paperwork import answer, begin
from views.editors import question_fields
from views.editors.questionnaire import QuestionnaireForm

NEW = "/staff/paperwork/new?kind=questionnaire"
DEMO = json.loads((Path(portal.HERE) / "demo/questions.json").read_text())["medical-history"]


class Editor(HTMLParser):
    """The editor's form on a page: what a browser would send of it, its buttons, and how its controls are called."""

    def __init__(self, page):
        super().__init__()
        page = page.replace("\r\n", "\n")  # as a browser reads it
        self.sent, self.buttons, self.names, self.fields = {}, {}, {}, []
        self.area = self.select = self.label = self.button = None
        self.beside = dict(re.findall(r'id="([\w-]+)-error".*?</span>(.*?)</span>', page, re.S))
        start = page.index('<form method="post"', page.index('id="editor"')) if 'id="editor"' in page else 0
        self.feed(page[start : page.index("</form>", start)] if 'id="editor"' in page else page)
        self.sent.pop("csrf_token", None)

    def handle_starttag(self, tag, attrs):
        it = dict(attrs)
        if tag in ("input", "textarea", "select") and it.get("type") != "hidden":
            self.fields.append(it)
        if self.label == "" and it.get("id"):
            self.label, self.names[it["id"]] = it["id"], ""
        if tag == "input" and (it.get("type") not in ("checkbox", "radio") or "checked" in it):
            self.sent[it["name"]] = it.get("value", "")
        elif tag == "textarea":
            self.area, self.sent[it["name"]] = it["name"], ""
        elif tag == "select":
            self.select = it["name"]
        elif tag == "option" and (self.select not in self.sent or "selected" in it):
            self.sent[self.select] = it["value"]
        elif tag == "label":
            self.label = it.get("for", "")
            self.names[self.label] = ""
        elif tag == "button":
            self.button = it.get("value")
            self.buttons[self.button] = ""

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.sent[self.area] = self.sent[self.area].removeprefix("\n").replace("\n", "\r\n")
        self.area = None if tag == "textarea" else self.area
        self.select = None if tag == "select" else self.select
        self.label = None if tag == "label" else self.label
        self.button = None if tag == "button" else self.button

    def handle_data(self, data):
        if self.area is not None:
            self.sent[self.area] += data
        elif self.button is not None:
            self.buttons[self.button] += data
        elif self.label is not None:
            self.names[self.label] += data

    def questions(self):
        return [question_fields.question_of(it) for it in question_fields.read(self.sent)]


class Builder:
    """Somebody at the editor: presses its buttons and fills in its fields, one page after the other."""

    def __init__(self, browser, page=NEW):
        self.browser, self.page = browser, page
        self.editor = Editor(browser.see(page))

    def press(self, do, **fills):
        self.fill(**fills)
        self.answer = self.browser.submit(self.page, **{**self.editor.sent, "do": do})
        if self.answer.status_code != 303:
            assert self.answer.status_code == (200 if do != "save" else 422), self.answer.text[:500]
            self.editor = Editor(self.answer.text)
        return self

    def fill(self, **fills):
        for name, value in fills.items():
            name = re.sub(r"^q(\d+)_", r"questions-\1-", name).replace("_", "-") if name[0] == "q" else name
            assert name in self.editor.sent or name in ids(self.editor), f"no field {name} on the page"
            self.editor.sent[name] = value


def ids(editor):
    return {it["name"] for it in editor.fields}


def saved(name):
    return templates.current_version(Paperwork.get(Paperwork.name == name)).questions


def with_demo(by=FOYER):
    return templates.create("questionnaire", "Demo", by, questions=DEMO)


def test_a_questionnaire_with_conditions_and_rules_is_built_without_scripts(clinic, as_desk):
    builder = Builder(as_desk)
    builder.press("add", name="Skin", q0_label="Do you smoke?", q0_safety="y")
    assert 'id="questions-1-label"' in builder.answer.text
    assert re.search(r'id="questions-1-label"[^>]*autofocus', builder.answer.text), "the new question has the focus"
    builder.press("look:1", q1_label="How many a day?", q1_type="number")
    builder.press("condition:1", q1_unit="cigarettes")
    builder.press("look:1", q1_if_0_question=builder.editor.sent["questions-0-key"])
    assert builder.editor.sent["questions-1-if-0-is"] == "is", "the first comparison that fits"
    builder.press("rule:1", q1_if_0_value="yes")
    builder.press("look:1", q1_rules_0_is="at_least", q1_rules_0_then="flag")
    builder.press("add", q1_rules_0_value="20", q1_rules_0_words="Smokes a lot: skin heals slowly.")
    builder.press("look:2", q2_label="Last dose?", q2_type="date")
    builder.press("rule:2")
    builder.press("look:2", q2_rules_0_is="given", q2_rules_0_then="block")
    builder.press("save", q2_rules_0_days="180", q2_rules_0_from="answer", q2_rules_0_words="Your skin needs time.")
    assert builder.answer.status_code == 303, builder.editor.beside
    smokes, many, dose = saved("Skin")
    assert (smokes["key"], smokes["safety"], smokes["ask"]) == ("do_you_smoke", True, "anew")
    assert many["show_if"] == {
        "join": "all", "conditions": [{"question": "do_you_smoke", "is": "is", "value": "yes"}],
    }  # fmt: skip
    assert many["rules"] == [
        {"is": "at_least", "value": 20, "then": "flag", "words": "Smokes a lot: skin heals slowly."}
    ]
    assert dose["rules"] == [
        {"is": "given", "then": "block", "words": "Your skin needs time.", "days": 180, "from": "answer"}
    ]
    page = as_desk.see(f"/staff/paperwork/{Paperwork.get(Paperwork.name == 'Skin').id}")
    assert "shown if “Do you smoke?” is yes · flags the clinician" in page
    assert "Shown if “Do you smoke?” is yes" in page, "the preview says it, too"


BUTTONS = (
    "add", "add-section", "below:6", "copy:8", "remove:24", "remove:2", "up:8", "down:3", "look:8", "condition:8",
    "no-condition:8:0", "rule:8", "no-rule:8:0", "preview", "nonsense:9", "up:999", "remove:-1", "rule:",
)  # fmt: skip


@pytest.mark.parametrize("do", BUTTONS)
def test_a_button_saves_nothing_and_loses_nothing(clinic, as_owner, do):
    paperwork = with_demo()
    builder = Builder(as_owner, f"/staff/paperwork/{paperwork.id}")
    before = builder.editor.questions()
    builder.press(do, title="Typed just now", q1_help="Typed, too")
    assert builder.editor.sent["title"] == "Typed just now"
    after = {question["key"]: question for question in builder.editor.questions()}
    assert after["reason"]["help"] == "Typed, too"
    gone = {"remove:24": "doctor_email", "remove:2": "areas"}.get(do)
    for question in before:
        if question["key"] in ("reason", gone):
            continue
        if question["key"] == before[8]["key"] and do in BUTTONS[9:13]:
            for part in ("rules", "show_if"):
                question[part] = after[question["key"]][part] = None
        assert after[question["key"]] == question
    assert (gone in after) is False
    assert templates.current_version(paperwork).number == 1
    assert "Not saved yet." in builder.answer.text


def test_a_copy_has_a_key_of_its_own_and_looks_at_the_same(clinic, as_owner):
    builder = Builder(as_owner, f"/staff/paperwork/{with_demo().id}")
    builder.press("copy:8")
    builder.press("save", name="Copied", q9_label="And what else?")
    made = saved("Copied")
    assert made[9] == {**made[8], "key": "and_what_else", "label": "And what else?"}


def test_keys_stay_with_their_question_wherever_it_moves(clinic, as_owner):
    builder = Builder(as_owner, f"/staff/paperwork/{with_demo().id}")
    for at in (3, 2, 1):
        builder.press(f"up:{at}")
    builder.press("save", name="Moved")
    assert [question["key"] for question in saved("Moved")][:4] == ["picture", "visit", "reason", "areas"]


def test_the_focus_stays_on_the_button_that_moves(clinic, as_owner):
    builder = Builder(as_owner, f"/staff/paperwork/{with_demo().id}")
    for do, focused in (
        ("up:2", "up-1"), ("up:1", "down-0"), ("down:0", "down-1"), ("copy:1", "questions-2-label"),
        ("condition:2", "questions-2-if-0-question"), ("no-condition:2:0", "add-condition-2"),
        ("rule:2", "questions-2-rules-0-is"), ("no-rule:2:0", "add-rule-2"), ("remove:2", "question-2-summary"),
    ):  # fmt: skip
        builder.press(do)
        assert re.search(rf'<(input|select|button|summary)[^>]*id="{focused}"[^>]*autofocus', builder.answer.text), do
    swapped = as_owner.submit(builder.page, htmx=True, **{**builder.editor.sent, "do": "up:2"})
    assert json.loads(swapped.headers["HX-Trigger"]) == {"portal:focus": {"sel": "#up-1"}}
    assert swapped.text.lstrip().startswith('<div id="editor"')


@pytest.mark.parametrize(
    ("presses", "fills", "field", "words"),
    [
        (["up:8"], {}, "questions-7-if-0-question", "depends on question 9 “Do you have any allergies?”"),
        (["remove:7"], {}, "questions-7-if-0-question", "depends on “Do you have any allergies?”, which was removed"),
        ([], {"q8_if_0_question": "allergies"}, "questions-8-if-0-question", "depends on itself"),
        ([], {"q8_if_0_question": "your_health"}, "questions-8-if-0-question", "which asks nothing"),
        ([], {"q8_if_0_is": "at_least"}, "questions-8-if-0-is", "Choose a comparison that fits"),
        ([], {"q8_if_0_value": "perhaps"}, "questions-8-if-0-value", "Choose one of the answers"),
        ([], {"q8_rules_0_words": "  "}, "questions-8-rules-0-words", "Write what the clinician reads."),
        ([], {"q20_most": "11"}, "questions-20-most", "A scale has from 2 to 11 steps"),
        ([], {"q20_rules_0_value": "12"}, "questions-20-rules-0-value", "from 0 to 10"),
        ([], {"q5_choices": "One"}, "questions-5-choices", "at least two choices"),
        ([], {"q11_rules_0_days": "some"}, "questions-11-rules-0-days", "a whole number of days"),
        (["condition:8"], {}, "questions-8-if-1-question", "Choose the question that it depends on"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_beside_its_field(clinic, as_owner, presses, fills, field, words):
    paperwork = with_demo()
    builder = Builder(as_owner, f"/staff/paperwork/{paperwork.id}")
    for do in presses:
        builder.press(do)
    builder.press("save", **fills)
    assert builder.answer.status_code == 422
    assert words in builder.editor.beside[field]
    at = int(field.split("-")[1])
    assert f'<a href="#{field}">Question {at + 1}: ' in builder.answer.text
    assert re.search(rf'<details id="question-{at}" open', builder.answer.text), "what is wrong lies open"
    assert templates.current_version(paperwork).number == 1


def test_a_move_or_a_removal_says_at_once_what_depended_on_it(clinic, as_owner):
    builder = Builder(as_owner, f"/staff/paperwork/{with_demo().id}")
    builder.press("remove:7")
    assert "“Do you have any allergies?” is removed. What depended on it: question 8." in builder.answer.text
    assert "which was removed" in builder.editor.beside["questions-7-if-0-question"]
    builder.press("preview")
    assert "“Do you have any allergies?”, which was removed" in builder.editor.beside["questions-7-if-0-question"]


def test_a_ring_is_refused(clinic, as_owner):
    waits = {"questions-0-label": "A?", "questions-1-label": "B?", "name": "Ring"}
    for at, other in ((0, "b"), (1, "a")):
        waits |= {
            f"questions-{at}-key": "ab"[at], f"questions-{at}-type": "yes_no",
            f"questions-{at}-if-0-question": other, f"questions-{at}-if-0-is": "given",
        }  # fmt: skip
    answer = as_owner.submit(NEW, do="save", **waits)
    assert answer.status_code == 422
    assert "“A?” and question 2 “B?” would wait for each other." in answer.text
    assert not Paperwork.select().where(Paperwork.name == "Ring").exists()


@given(questionnaires())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_the_editor_shows_and_sends_is_what_is_stored(app, asked):
    with app.test_request_context():
        g.clinic = Clinic(id=1, name="No database here")
        stored = PaperworkVersion(title="", body="", questions=asked)
        form = QuestionnaireForm.opened(QuestionnaireForm.texts_of(stored))
        shown = render_template_string(
            '{% import "fields.html" as f %}{% include "staff/paperwork/_questionnaire.html" %}',
            form=form, place="", url="/x", may_edit=True,
        )  # fmt: skip
    sent = MultiDict(Editor(shown).sent)
    assert questions.tidy([question_fields.question_of(it) for it in question_fields.read(sent)]) == asked


def test_each_control_says_to_which_question_it_belongs(clinic, as_owner):
    paperwork = with_demo()
    editor = Editor(as_owner.see(f"/staff/paperwork/{paperwork.id}"))
    inside = [it for it in editor.fields if it["name"].startswith("questions-")]
    assert len(inside) > 150
    for it in inside:
        number = int(it["name"].split("-")[1]) + 1
        assert re.search(rf"question {number}$", editor.names[it["id"]].strip()), it
    for value, words in editor.buttons.items():
        if ":" in value:
            assert re.search(rf"question {int(value.split(':')[1]) + 1}$", " ".join(words.split())), value
    named = [" ".join(words.split()) for words in editor.buttons.values()]
    assert len(named) == len(set(named)), "no two buttons are called the same"


def test_providers_look_and_patients_do_not(clinic, as_nurse, as_ava, nobody, as_owner):
    page = f"/staff/paperwork/{with_demo().id}"
    seen = as_nurse.see(page)
    assert "Do you have any allergies?" in seen
    for button in ("up:1", "remove:1", "condition:1", "save"):
        assert f'value="{button}"' not in seen
    sent = Editor(as_owner.see(page)).sent
    assert as_nurse.submit(page, **{**sent, "do": "add"}).status_code == 403
    assert as_ava.get(page).status_code == 403
    assert nobody.get(page).status_code == 303


def long_one(many):
    """A questionnaire in which every question but the first depends on the one before it, and has a rule."""
    asked = [{"key": "q0", "label": "Number 0?", "type": "yes_no"}]
    for number in range(1, many):
        show_if = {"join": "any", "conditions": [{"question": f"q{number - 1}", "is": "is", "value": "yes"}] * 2}
        rules = [{"is": "is", "value": "yes", "then": "flag", "words": f"Look at {number}."}]
        asked.append(
            {**asked[0], "key": f"q{number}", "label": f"Number {number}?", "show_if": show_if, "rules": rules}
        )
    return asked


def test_three_questions_cost_as_many_queries_as_a_hundred_and_twenty(clinic, as_owner, queries):
    costs = []
    for many in (3, 120):
        page = f"/staff/paperwork/{templates.create('questionnaire', f'{many}', FOYER, questions=long_one(many)).id}"
        sent = Editor(as_owner.see(page)).sent
        cost = []
        for press in (None, "up:1", "save"):
            with queries() as count:
                answer = as_owner.submit(page, **{**sent, "do": press, "title": "New"}) if press else as_owner.get(page)
            assert answer.status_code == (303 if press == "save" else 200)
            cost.append(count())
        costs.append(cost)
    assert costs[0] == costs[1]


def test_two_hundred_questions_with_conditions_come_through_the_door(clinic, as_owner):
    page = f"/staff/paperwork/{templates.create('questionnaire', 'Long', FOYER, questions=long_one(200)).id}"
    builder = Builder(as_owner, page)
    assert len(builder.editor.sent) > 3000
    builder.press("save", q199_help="The last one.")
    assert builder.answer.status_code == 303
    assert saved("Long")[199]["help"] == "The last one."
    builder.press("add")
    assert "can have 200 questions at most" in builder.answer.text
    assert len(builder.editor.questions()) == 200


def test_everybody_is_asked_anew_when_staff_say_so(clinic, as_owner):
    page = f"/staff/paperwork/{clinic.history.id}"
    sent = Editor(as_owner.see(page)).sent
    assert "must_renew" not in sent, "it is never ticked already"
    for _ in range(2):  # a double click is one wish
        assert as_owner.submit(page, **{**sent, "do": "save", "must_renew": "y"}).status_code == 303
    newest = templates.current_version(clinic.history)
    assert (newest.number, newest.must_renew) == (2, True)
    again = Editor(as_owner.see(page)).sent
    as_owner.submit(page, **{**again, "do": "save", "must_renew": "y"})
    assert templates.current_version(clinic.history).number == 3
    plain = Editor(as_owner.see(page)).sent
    as_owner.submit(page, **{**plain, "do": "save", "title": "Other words"})
    newest = templates.current_version(clinic.history)
    assert (newest.number, newest.must_renew) == (4, False)
    instruction = f"/staff/paperwork/{clinic.before.id}"
    assert "must_renew" not in as_owner.see(instruction)


def test_asking_everybody_anew_says_of_how_many_people_and_does_it(clinic, as_owner, as_ava):
    page = f"/staff/paperwork/{clinic.history.id}"

    def save(**changes):
        sent = Editor(as_owner.see(page)).sent
        assert as_owner.submit(page, **{**sent, "do": "save", **changes}).status_code == 303
        return as_owner.see(page)

    assert "who has done it already is asked again for every visit to come" in as_owner.see(page)
    assert "Nobody with a visit to come has done it yet" in save(must_renew="y")
    for days in (3, 5):  # one person, who answered for one visit and so for the other
        answer(begin(clinic, now() + timedelta(days=days))[1]["questionnaire"])
    _, bens = begin(clinic, now() + timedelta(days=4), patient=clinic.ben)
    answer(bens["questionnaire"])
    said = save(title="Other words")
    assert "What patients have begun or done keeps the text they saw." in said
    said = save(must_renew="y")
    assert "2 patients with a visit to come are asked again." in said
    live = Task.select().where((Task.paperwork == clinic.history) & Task.lapsed_at.is_null())
    assert [it.status for it in live] == ["open"] * 3
