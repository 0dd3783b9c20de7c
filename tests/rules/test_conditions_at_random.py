"""Random questionnaires and answers: what is asked, required, flagged and blocked agrees with a plain, slow model.

The model is written the other way round than rules/conditions.py: it asks for one question at a time, and looks up
recursively whatever that one depends on.
"""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as some

from rules import conditions, questions
from rules.body_areas import AREAS

ON = date(2026, 11, 24)
CHOICES = ["Dry", 'Oily & "shiny" <b>', "Mixed"]
SOME_AREAS = list(AREAS)[:4]
WORDS = ["iron", "Warfarin 5 mg", "no", "on"]
DAYS = some.dates(ON - timedelta(days=60), ON + timedelta(days=60)).map(date.isoformat)
ENTRIES = some.fixed_dictionaries({"name": some.sampled_from(WORDS), "note": some.sampled_from(["", "daily", "on"])})
LISTED = some.just("none") | some.lists(ENTRIES, min_size=1, max_size=2)
ANSWERS = {
    "yes_no": some.sampled_from(["yes", "no"]),
    "single": some.sampled_from(CHOICES),
    "multiple": some.lists(some.sampled_from(CHOICES), unique=True),
    "body_area": some.lists(some.sampled_from(SOME_AREAS), unique=True),
    "number": some.integers(0, 4) | some.sampled_from([0.5, 2.5]),
    "scale": some.integers(0, 4),
    "date": DAYS,
    "text": some.sampled_from(WORDS),
    "long_text": some.sampled_from(WORDS),
    "medication_list": LISTED,
    "allergy_list": LISTED,
    "email": some.just("a@example.com"),
    "phone": some.just("+12125550100"),
    "photo": some.just([3, 4]),
}
NAMES = some.sampled_from(["Why", 'Is <it> & "so"', "你好"])
LAYOUT = ("section", "heading", "note")
OFTEN = ("yes_no", "yes_no", "section", "medication_list", "date", "scale")  # where most depends on the answer


def value_for(kind, operator):
    if operator in ("given", "blank", "future"):
        return some.none()
    if operator in ("within_days", "before_days"):
        return some.integers(0, 40)
    if operator == "mentions":
        return some.sampled_from(["iron", "WARFARIN", "on", "mg"])
    return {"multiple": some.sampled_from(CHOICES), "body_area": some.sampled_from(SOME_AREAS)}.get(kind, ANSWERS[kind])


@some.composite
def comparisons(draw, kind):
    operator = draw(some.sampled_from(sorted(conditions.OPERATORS[kind])))
    return {"is": operator, "value": draw(value_for(kind, operator))}


@some.composite
def rules_for(draw, kind):
    rule = {
        **draw(comparisons(kind)),
        "words": "A “word” & <more>.",
        "then": draw(some.sampled_from(["inform", "flag", "block"])),
    }
    if rule["then"] == "block":
        rule["days"] = draw(some.none() | some.integers(1, 60))
        dated = kind == "date" and rule["is"] != "blank"
        rule["from"] = draw(some.sampled_from(["today", "answer"])) if dated else "today"
    return rule


def has_photos(written):
    """Whether the section that was begun last asks for photos; it may once."""
    kinds = [it["type"] for it in written]
    return "photo" in kinds[max((at for at, kind in enumerate(kinds) if kind == "section"), default=0) :]


@some.composite
def questionnaires(draw):
    """What staff could write, and rules.questions.tidy accepts."""
    written = []
    for number in range(draw(some.integers(3, 9))):
        kind = draw(some.sampled_from([*ANSWERS, *LAYOUT, *OFTEN]))
        if kind == "photo" and has_photos(written):
            kind = "date"
        question = {
            "key": f"q{number}", "label": f"{draw(NAMES)} {number}", "type": kind, "choices": CHOICES, "least": 0,
            "most": 4 if kind == "scale" else None, "required": draw(some.booleans()),
            "help": draw(some.sampled_from(["", "Help."])), "low": "Little", "high": "",
            "ask": draw(some.sampled_from(["prefill", "confirm", "anew"])), "safety": draw(some.booleans()),
            "updates": draw(some.sampled_from(["", "allergies", "medication", "medical_notes"])),
        }  # fmt: skip
        if kind == "photo":
            question["most"] = draw(some.none() | some.integers(1, 6))
        earlier = [it for it in written if it["type"] not in LAYOUT]
        if earlier and draw(some.integers(0, 3)):
            about = [draw(some.sampled_from(earlier)) for _ in range(draw(some.sampled_from([1, 2, 2, 3])))]
            question["show_if"] = {
                "join": draw(some.sampled_from(["all", "any"])),
                "conditions": [{"question": it["key"], **draw(comparisons(it["type"]))} for it in about],
            }
        if kind not in LAYOUT:
            question["rules"] = draw(some.lists(rules_for(kind), min_size=draw(some.integers(0, 1)), max_size=2))
        written.append(question)
    if all(it["type"] in LAYOUT for it in written):
        written.append({"key": "last", "label": "Last?", "type": "yes_no"})
    return questions.tidy(written)


@some.composite
def answered(draw):
    asked = draw(questionnaires())
    answers = {}
    for question in asked:
        if question["type"] not in LAYOUT and draw(some.integers(0, 3)):
            answers[question["key"]] = draw(ANSWERS[question["type"]])
    return asked, answers


class Model:
    """Says of one question after the other what becomes of it."""

    def __init__(self, asked, answers):
        self.items = {question["key"]: question for question in asked}
        self.order = [question["key"] for question in asked]
        self.answers = answers

    def is_shown(self, key):
        before = self.order[: self.order.index(key)]
        sections = [it for it in before if self.items[it]["type"] == "section"]
        inside = sections[-1:] if self.items[key]["type"] != "section" else []
        return all(self.condition_of(it) for it in [*inside, key])

    def condition_of(self, key):
        show_if = self.items[key].get("show_if")
        if not show_if:
            return True
        fitting = [self.fits(it["question"], it["is"], it.get("value")) for it in show_if["conditions"]]
        return False not in fitting if show_if["join"] == "all" else True in fitting

    def answer(self, key):
        """The answer that counts: none for what is hidden; an empty list is none."""
        value = self.answers.get(key) if self.is_shown(key) else None
        return None if value == [] else value

    def fits(self, key, operator, wanted):
        value = self.answer(key)
        if value is None:
            return operator == "blank"
        listing = self.items[key]["type"] in ("medication_list", "allergy_list")
        if operator == "mentions":
            if listing:
                texts = [] if value == "none" else [f"{entry['name']} {entry['note']}" for entry in value]
            else:
                texts = [value]
            return any(wanted.lower() in text.lower() for text in texts)
        if operator in ("within_days", "before_days", "future"):
            ago = ON.toordinal() - date.fromisoformat(value).toordinal()
            return {"within_days": lambda: 0 <= ago <= wanted, "before_days": lambda: ago > wanted,
                    "future": lambda: ago < 0}[operator]()  # fmt: skip
        return {
            "given": lambda: True,
            "blank": lambda: False,
            "is": lambda: value == wanted,
            "is_not": lambda: value != wanted,
            "has": lambda: value.count(wanted) == 1,
            "has_not": lambda: value.count(wanted) == 0,
            "at_least": lambda: not value < wanted,
            "at_most": lambda: not value > wanted,
        }[operator]()

    def says(self, key):
        """(question, rule, then, until) of the rules of one question that speak."""
        if not self.is_shown(key):
            return
        for number, rule in enumerate(self.items[key].get("rules", ())):
            if not self.fits(key, rule["is"], rule.get("value")):
                continue
            until = None
            if rule["then"] == "block" and rule["days"]:
                start = ON if rule["from"] == "today" else date.fromisoformat(self.answers[key])
                until = date.fromordinal(start.toordinal() + rule["days"])
            if until is None or until.toordinal() - ON.toordinal() >= 1:
                yield key, number, rule["then"], until


@given(answered())
@settings(max_examples=400, deadline=None)
def test_conditions_and_rules_agree_with_a_plain_model(case):
    asked, answers = case
    model = Model(asked, answers)
    shown = [key for key in model.order if model.is_shown(key)]
    assert [it["key"] for it in conditions.asked(asked, answers, ON)] == shown
    lacking = [
        key
        for key in shown
        if model.items[key]["required"] and model.items[key]["type"] not in LAYOUT and model.answer(key) is None
    ]
    assert [it["key"] for it in conditions.missing(asked, answers, ON)] == lacking
    said = [line for key in model.order for line in model.says(key)]
    found = conditions.found(asked, answers, ON)
    assert [(it.question, it.rule, it.then, it.until_on) for it in found] == said
    kept = {key: answers[key] for key in shown if key in answers and model.answer(key) is not None}
    assert conditions.kept(asked, answers, ON) == kept


@given(answered())
@settings(max_examples=150, deadline=None)
def test_dropping_what_hidden_questions_carry_changes_nothing_else(case):
    asked, answers = case
    kept = conditions.kept(asked, answers, ON)
    assert conditions.asked(asked, kept, ON) == conditions.asked(asked, answers, ON)
    assert conditions.missing(asked, kept, ON) == conditions.missing(asked, answers, ON)
    assert conditions.found(asked, kept, ON) == conditions.found(asked, answers, ON)


@given(answered())
@settings(max_examples=150, deadline=None)
def test_pages_hold_each_question_once_and_show_what_is_asked(case):
    asked, answers = case
    pages = conditions.sections(asked, answers, ON)
    assert [it["key"] for page in pages for it in page.questions] == [
        it["key"] for it in asked if it["type"] != "section"
    ]
    on_pages = [key for page in pages for key in page.shown]
    visible = conditions.asked(asked, answers, ON)
    assert on_pages == [it["key"] for it in visible if it["type"] != "section"]
    assert [page.number for page in pages] == list(range(1, len(pages) + 1))


@given(questionnaires())
@settings(max_examples=200, deadline=None)
def test_what_is_tidy_stays_as_it_is(asked):
    assert questions.tidy(asked) == asked
