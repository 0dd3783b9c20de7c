"""Conditions and rules, by cases that a reader can check by hand."""

from datetime import date

from rules import conditions

ON = date(2026, 11, 24)
QUESTIONS = [
    {"key": "smokes", "type": "yes_no", "label": "Do you smoke?", "required": True},
    {
        "key": "how_many",
        "type": "number",
        "label": "How many a day?",
        "required": True,
        "show_if": {"join": "all", "conditions": [{"question": "smokes", "is": "is", "value": "yes"}]},
        "rules": [{"is": "at_least", "value": 20, "then": "flag", "words": "Heavy smoker"}],
    },
    {
        "key": "last_dose",
        "type": "date",
        "label": "Last dose of isotretinoin",
        "rules": [
            {"is": "given", "then": "block", "words": "Your skin needs time.", "days": 180, "from": "answer"},
        ],
    },
]


def test_a_question_whose_condition_does_not_hold_is_not_asked_and_its_answer_is_dropped():
    answers = {"smokes": "no", "how_many": 30}
    assert [it["key"] for it in conditions.asked(QUESTIONS, answers, ON)] == ["smokes", "last_dose"]
    assert conditions.kept(QUESTIONS, answers, ON) == {"smokes": "no"}
    assert conditions.found(QUESTIONS, answers, ON) == []


def test_a_shown_question_must_be_answered_and_is_judged():
    assert [it["key"] for it in conditions.missing(QUESTIONS, {"smokes": "yes"}, ON)] == ["how_many"]
    [flag] = conditions.found(QUESTIONS, {"smokes": "yes", "how_many": 20}, ON)
    assert (flag.question, flag.then, flag.until_on) == ("how_many", "flag", None)


def test_a_block_counts_from_the_date_given_and_ends():
    [block] = conditions.found(QUESTIONS, {"last_dose": "2026-10-01"}, ON)
    assert block.until_on == date(2027, 3, 30)
    assert conditions.found(QUESTIONS, {"last_dose": "2026-01-01"}, ON) == []


def test_somebody_who_takes_nothing_has_answered_and_mentions_nothing():
    medication = {
        "key": "takes", "type": "medication_list", "label": "What do you take?",
        "rules": [{"is": "mentions", "value": "on", "then": "flag", "words": "Takes it"}],
    }  # fmt: skip
    assert conditions.found([medication], {"takes": "none"}, ON) == []
    assert conditions.found([medication], {"takes": [{"name": "Iron", "note": ""}]}, ON)
    assert conditions.missing([{**medication, "required": True}], {"takes": "none"}, ON) == []
