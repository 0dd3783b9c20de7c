"""How staff make questions: of every type, with conditions and rules, and the sentence for what cannot be."""

import pytest

from rules import questions
from rules.refused import Refused

SMOKES = {"key": "smokes", "label": "Do you smoke?", "type": "yes_no"}
SKIN = {"key": "skin", "label": "Your skin?", "type": "single", "choices": ["Dry", "Oily"]}
DOSE = {"key": "dose", "label": "Last dose?", "type": "date"}
PAIN = {"key": "pain", "label": "Pain", "type": "scale", "least": 1, "most": 5}
MORE = {"key": "more", "label": "How many a day?", "type": "number"}


def looks_at(question, operator="is", value="yes", key="more", join="all"):
    condition = {"question": question, "is": operator, "value": value}
    return {**MORE, "key": key, "show_if": {"join": join, "conditions": [condition]}}


def no_of(*written):
    with pytest.raises(Refused) as no:
        questions.tidy(list(written))
    return no.value


def test_a_question_keeps_only_what_differs_from_what_older_versions_mean():
    [plain] = questions.tidy([{**SMOKES, "ask": "prefill", "safety": "", "updates": "", "rules": [], "show_if": None}])
    assert plain == {**SMOKES, "required": False, "help": ""}
    [safe] = questions.tidy([{**SMOKES, "safety": True, "ask": "confirm", "updates": "medical_notes"}])
    assert (safe["safety"], safe["ask"], safe["updates"]) == (True, "anew", "medical_notes")
    [scale] = questions.tidy([{"label": "Pain", "type": "scale", "low": "None", "required": True}])
    assert (scale["least"], scale["most"], scale["low"], scale["high"]) == (0, 10, "None", "")


def test_sections_headings_and_notes_ask_nothing():
    layout = [{"label": "Your\nhealth", "type": kind, "required": True} for kind in ("section", "heading", "note")]
    made = questions.tidy([*layout, SMOKES])
    assert [it["required"] for it in made] == [False] * 4
    assert [it["label"] for it in made[:3]] == ["Your health", "Your health", "Your\nhealth"]
    assert "Add at least one question" in no_of(*layout).words


def test_conditions_follow_a_new_question_to_the_key_that_is_made():
    made = questions.tidy([{**SMOKES, "key": "new-1"}, {**looks_at("new-1"), "key": "new-2"}])
    assert [it["key"] for it in made] == ["do_you_smoke", "how_many_a_day"]
    assert made[1]["show_if"]["conditions"] == [{"question": "do_you_smoke", "is": "is", "value": "yes"}]
    assert questions.tidy(made) == made


@pytest.mark.parametrize(
    ("written", "field", "words"),
    [
        ([SMOKES, looks_at("")], "if-0-question", "Choose the question that it depends on"),
        ([SMOKES, looks_at("more")], "if-0-question", "“How many a day?” depends on itself"),
        (
            [looks_at("smokes"), SMOKES],
            "if-0-question",
            "Question 1: “How many a day?” depends on question 2 “Do you smoke?”, which is asked later",
        ),
        ([SMOKES, looks_at("gone")], "if-0-question", "depends on a question that is no longer here"),
        ([{"label": "Health", "type": "section", "key": "s"}, looks_at("s")], "if-0-question", "asks nothing"),
        (
            [looks_at("b", key="a"), SMOKES, {**looks_at("a", key="b"), "label": "B?"}],
            "if-0-question",
            "would wait for each other",
        ),
        ([SMOKES, looks_at("smokes", "at_least", 3)], "if-0-is", "fits the answers of “Do you smoke?”"),
        ([SMOKES, looks_at("smokes", "is", "maybe")], "if-0-value", "Choose one of the answers"),
        ([SKIN, looks_at("skin", "is", "Green")], "if-0-value", "Choose one of the answers of “Your skin?”"),
        ([PAIN, looks_at("pain", "at_least", 6)], "if-0-value", "from 1 to 5"),
        ([DOSE, looks_at("dose", "within_days", "soon")], "if-0-value", "whole number of days"),
        ([SMOKES, looks_at("smokes", join="none")], "join", "all of the conditions"),
    ],
)
def test_a_condition_that_cannot_hold_is_refused(written, field, words):
    no = no_of(*written)
    assert no.field == field
    assert words in no.words
    assert no.words.startswith(f"Question {no.facts['number'] + 1}: ")


def test_what_was_removed_is_named():
    wanting = looks_at("gone")
    wanting["show_if"]["conditions"][0]["about"] = "Do you smoke?"
    assert "depends on “Do you smoke?”, which was removed" in no_of(SKIN, wanting).words


BLOCK = {"is": "given", "then": "block", "words": "Your skin needs time."}


@pytest.mark.parametrize(
    ("question", "rule", "field", "words"),
    [
        (SMOKES, {"is": "is", "value": "yes", "then": "flag", "words": " "}, "rules-0-words", "the clinician reads"),
        (SMOKES, {"is": "is", "value": "yes", "then": "inform", "words": ""}, "rules-0-words", "the patient reads"),
        (SMOKES, {"is": "is", "value": "yes", "then": "explode", "words": "x"}, "rules-0-then", "what happens then"),
        (SMOKES, {"is": "has", "value": "yes", "then": "flag", "words": "x"}, "rules-0-is", "a comparison that fits"),
        (SMOKES, {"is": "is", "value": "", "then": "flag", "words": "x"}, "rules-0-value", "one of the answers"),
        (DOSE, {**BLOCK, "days": "0"}, "rules-0-days", "from 1 to 3,650"),
        (DOSE, {**BLOCK, "days": "a week"}, "rules-0-days", "from 1 to 3,650"),
        (SMOKES, {**BLOCK, "days": "9", "from": "answer"}, "rules-0-from", "an answer that is a date"),
    ],
)  # fmt: skip
def test_a_rule_that_says_nothing_or_cannot_fit_is_refused(question, rule, field, words):
    no = no_of({**question, "rules": [rule]})
    assert no.field == field
    assert words in no.words


def test_a_block_counts_from_a_date_or_stands_until_staff_lift_it():
    [made] = questions.tidy([{**DOSE, "rules": [{**BLOCK, "days": "180", "from": "answer"}, {**BLOCK, "days": " "}]}])
    assert made["rules"] == [{**BLOCK, "days": 180, "from": "answer"}, {**BLOCK, "days": None, "from": "today"}]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"type": "scale", "least": "0", "most": "11"}, "most"),
        ({"type": "scale", "least": "3", "most": "3"}, "most"),
        ({"type": "scale", "least": "0.5"}, "least"),
        ({"type": "photo", "most": "7"}, "most"),
        ({"ask": "never"}, "ask"),
        ({"updates": "shoe size"}, "updates"),
        ({"rules": [{"is": "is", "value": "yes", "then": "inform", "words": "x"}] * 11}, "rules"),
    ],
)
def test_what_goes_too_far_is_refused(wrong, field):
    assert no_of({**SMOKES, **wrong}).field == field


def test_a_section_asks_for_photos_once_since_its_form_holds_no_more():
    face, back = ({"key": key, "label": key, "type": "photo"} for key in ("face", "back"))
    no = no_of(SMOKES, face, {"type": "heading", "label": "Back"}, back)
    assert (no.field, no.facts["number"]) == ("type", 3)
    assert "Begin a new section" in no.words
    assert len(questions.tidy([face, {"type": "section", "label": "Back"}, back])) == 3
