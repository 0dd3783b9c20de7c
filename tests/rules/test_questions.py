"""Whether an answer fits its question, and how a question must be made."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules import body_areas, conditions, questions
from rules.question_types import KEY
from rules.refused import Refused

TEXT = {"key": "a", "label": "Why?", "type": "text", "required": True}
PICK = {"key": "a", "label": "Which?", "type": "single", "required": True, "choices": ["Dry", "Oily"]}
MANY = {**PICK, "type": "multiple"}
KILOS = {"key": "a", "label": "Weight", "type": "number", "required": True, "unit": "kg", "least": 30, "most": 250}
DAY = {"key": "a", "label": "Since", "type": "date", "required": False}
PAIN = {"key": "a", "label": "Pain", "type": "scale", "required": True, "least": 0, "most": 10, "low": "", "high": ""}
MAIL = {"key": "a", "label": "Doctor’s e-mail", "type": "email", "required": False}
CALL = {**MAIL, "type": "phone"}
AREA = {**MAIL, "label": "Where?", "type": "body_area"}
SHOT = {**MAIL, "label": "Show us", "type": "photo", "most": 2}
PILLS = {**MAIL, "label": "What do you take?", "type": "medication_list"}


@pytest.mark.parametrize(
    ("question", "typed", "stored", "read"),
    [
        (TEXT, "  Lines \x00", "Lines", "Lines"),
        ({**TEXT, "type": "long_text"}, "One\r\nTwo", "One\nTwo", "One\nTwo"),
        ({**TEXT, "type": "yes_no"}, "yes", "yes", "Yes"),
        (PICK, "Oily", "Oily", "Oily"),
        (MANY, ["Oily", "Dry", "Oily"], ["Dry", "Oily"], "Dry, Oily"),
        (MANY, "Dry", ["Dry"], "Dry"),
        (DAY, "2026-03-01", "2026-03-01", "1 March 2026"),
        (KILOS, "72,5", 72.5, "72.5 kg"),
        (KILOS, " 70.0 ", 70, "70 kg"),
        (TEXT, "   ", None, "No answer"),
        (MANY, [], None, "No answer"),
        (MANY, [""], None, "No answer"),
        (PAIN, "7", 7, "7 of 10"),
        (PAIN, "0", 0, "0 of 10"),
        (MAIL, " Doc@Example.COM ", "doc@example.com", "doc@example.com"),
        (AREA, ["front_chest", "face_chin"], ["face_chin", "front_chest"], "Chin; Chest"),
        (SHOT, ["12", "12", "9"], [12, 9], "2 photos"),
        (PILLS, "none", "none", "None"),
        (PILLS, ["none"], "none", "None"),
        (PILLS, [{"name": " ", "note": ""}], None, "No answer"),
        (
            PILLS,
            [{"name": " Aspirin ", "note": "100 mg"}, {"name": "", "note": ""}, {"name": "Iron"}],
            [{"name": "Aspirin", "note": "100 mg"}, {"name": "Iron", "note": ""}],
            "Aspirin (100 mg); Iron",
        ),
    ],
)
def test_an_answer_that_fits_is_stored_tidily_and_reads_well(question, typed, stored, read):
    assert questions.check(question, typed) == stored
    assert questions.check(question, stored) == stored, "what is stored fits again"
    assert questions.said(question, stored) == read


@pytest.mark.parametrize(
    ("question", "typed", "words"),
    [
        (TEXT, "x" * 201, "to 200 characters or fewer; it has 201"),
        ({**TEXT, "most": 5}, "123456", "to 5 characters"),
        ({**TEXT, "type": "yes_no"}, "maybe", "Choose yes or no for “Why?”"),
        (PICK, "Green", "Choose one of the answers for “Which?”"),
        (MANY, ["Dry", "Green"], "Choose from the answers"),
        (DAY, "2026-02-30", "Enter a real date for “Since”"),
        (DAY, "0001-01-01", "Enter a real date"),
        (KILOS, "heavy", "Enter a number for “Weight”"),
        (KILOS, "29.9", "Enter a number from 30 to 250 kg for “Weight”"),
        (KILOS, "251", "from 30 to 250 kg"),
        ({**KILOS, "most": None}, "3", "of 30 kg or more"),
        (KILOS, "NaN", "Enter a number"),
        (KILOS, "1e2", "Enter a number"),
        (KILOS, "9" * 40, "Enter a number"),
        (DAY, "2090-01-01", "Enter a real date"),
        (PAIN, "11", "Choose a number from 0 to 10 for “Pain”"),
        (PAIN, "2.5", "Choose a number"),
        (MAIL, "nobody", "Enter an e-mail address for “Doctor’s e-mail”"),
        (AREA, ["moon"], "Choose from the answers for “Where?”"),
        (SHOT, ["1", "2", "3"], "Add 2 photos at most for “Show us”"),
        (SHOT, ["../secret"], "once more"),
        (PILLS, "aspirin", "Write a name on each line"),
        (PILLS, [{"name": "", "note": "daily"}], "Write a name beside “daily”"),
        (PILLS, [{"name": "Iron"}] * 41, "40 lines at most"),
        (PILLS, [{"name": "x" * 121}], "Use fewer words"),
    ],
)
def test_an_answer_that_does_not_fit_gets_a_sentence_that_names_the_question(question, typed, words):
    with pytest.raises(Refused) as no:
        questions.check(question, typed)
    assert words in no.value.words


def test_a_phone_number_is_stored_in_one_form_and_read_in_groups(clinic):
    assert questions.check(CALL, "212 555 0199") == "+12125550199"
    assert questions.check(CALL, "+12125550199") == "+12125550199"
    assert questions.said(CALL, "+12125550199") == "+1 212-555-0199"
    with pytest.raises(Refused, match="Enter a phone number for “Doctor’s e-mail”"):
        questions.check(CALL, "call me")


def test_every_type_has_its_check_and_its_comparisons():
    asking = set(questions.TYPES) - set(conditions.LAYOUT)
    assert asking == set(conditions.OPERATORS)
    for kind in questions.TYPES:
        assert questions.check({"key": "a", "label": "A", "type": kind, "choices": []}, "") is None


def test_the_chart_has_the_fine_areas_of_the_face_and_both_sides_of_the_body():
    areas = questions.BODY_AREAS
    assert 45 <= len(areas) <= 70
    assert len(set(areas.values())) == len(areas), "each area has words of its own"
    assert {body_areas.view_of(key) for key in areas} == set(body_areas.VIEWS)
    for key in areas:
        if key.endswith("_left"):
            assert key.removesuffix("_left") + "_right" in areas
        assert KEY.fullmatch(key)


SAMPLES = [TEXT, PICK, MANY, KILOS, DAY, PAIN, MAIL, AREA, SHOT, PILLS]


@given(some.sampled_from(SAMPLES), some.text() | some.lists(some.text() | some.dictionaries(some.text(), some.text())))
def test_whatever_is_sent_is_stored_as_it_may_be_or_refused(question, typed):
    try:
        stored = questions.check(question, typed)
    except Refused:
        return
    assert questions.check(question, stored) == stored
    if stored is not None and question is KILOS:
        assert 30 <= stored <= 250
    if stored is not None and question is DAY:
        assert date.fromisoformat(stored)


def test_keys_are_made_once_and_stay():
    made = questions.tidy([{"label": "Any allergies?", "type": "text"}, {"label": "Any allergies!", "type": "text"}])
    assert [question["key"] for question in made] == ["any_allergies", "any_allergies_2"]
    made[0]["label"] = "Something else"
    assert [question["key"] for question in questions.tidy(made[::-1])] == ["any_allergies_2", "any_allergies"]
    assert questions.tidy([{"label": "你好", "type": "text"}])[0]["key"] == "question"
    with pytest.raises(Refused, match="same key"):
        questions.tidy([made[0], made[0]])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"label": " "}, "label"),
        ({"type": "riddle"}, "type"),
        ({"type": "single", "choices": ["One", "One", ""]}, "choices"),
        ({"type": "number", "least": "9", "most": "3"}, "most"),
        ({"type": "number", "least": "some"}, "least"),
        ({"type": "text", "most": "900"}, "most"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(wrong, field):
    fine = {"label": "First?", "type": "yes_no"}
    with pytest.raises(Refused) as no:
        questions.tidy([fine, {**fine, "label": "Second?", **wrong}])
    assert (no.value.field, no.value.facts["number"]) == (field, 1)
    assert no.value.words.startswith("Question 2: ")


def test_a_questionnaire_has_questions_but_not_without_end():
    for number in (0, questions.MOST_QUESTIONS + 1):
        with pytest.raises(Refused):
            questions.tidy([{"label": "Again?", "type": "yes_no"}] * number)
