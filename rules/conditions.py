"""Which questions are asked, and what an answer means: conditions and rules as data, read by pure functions.

A condition is {"question": key, "is": operator, "value": …}; it looks at one earlier question. A question's (or
section's) "show_if" is None or {"join": "all" | "any", "conditions": [condition, …]}. A rule of a question is
{"is": operator, "value": …, "then": "inform" | "flag" | "block", "words": text}, and for a block also
{"days": whole number or None, "from": "today" | "answer"}: for how long, counted from the day of answering or from the
date that was given; None means until staff lift it.

A question that is not asked has no answer, whatever is stored for it. Nothing here reads a clock or a database.
"""

from datetime import date, timedelta
from typing import NamedTuple

LAYOUT = ("section", "heading", "note")  # items of a questionnaire that ask nothing
ALWAYS = {"given": "was answered", "blank": "was not answered"}
CHOSEN = {"is": "is", "is_not": "is not"}
LISTED = {"has": "includes", "has_not": "does not include"}
COUNTED = {"is": "is", "at_least": "is at least", "at_most": "is at most"}
DATED = {"within_days": "is in the last … days", "before_days": "is longer ago than … days", "future": "is to come"}
NAMED = {"mentions": "mentions"}
OPERATORS = {
    "yes_no": {**CHOSEN, **ALWAYS},
    "single": {**CHOSEN, **ALWAYS},
    "multiple": {**LISTED, **ALWAYS},
    "body_area": {**LISTED, **ALWAYS},
    "number": {**COUNTED, **ALWAYS},
    "scale": {**COUNTED, **ALWAYS},
    "date": {**DATED, **ALWAYS},
    "text": {**NAMED, **ALWAYS},
    "long_text": {**NAMED, **ALWAYS},
    "medication_list": {**NAMED, **ALWAYS},
    "allergy_list": {**NAMED, **ALWAYS},
    "email": ALWAYS,
    "phone": ALWAYS,
    "photo": ALWAYS,
}  # fmt: skip
WITHOUT_VALUE = ("given", "blank", "future")


class Found(NamedTuple):
    """What one rule of one question says about the answer."""

    question: str
    rule: int  # which of the question's rules, from 0
    then: str  # inform, flag or block
    words: str
    until_on: date | None  # of a block: from this day on the service can be had; None: until staff lift it


def blank(value) -> bool:
    """Whether nothing was given: no text, no choice. "none" for a list ("I take none") is an answer."""
    return value is None or value == "" or value == []


def holds(operator: str, wanted, value, on: date) -> bool:
    """Whether a stored answer fits; without an answer only "blank" does. `on` is the day of answering."""
    if operator == "blank" or blank(value):
        return operator == "blank" and blank(value)
    if operator == "given":
        return True
    if operator in ("is", "is_not"):
        return (value == wanted) is (operator == "is")
    if operator in ("has", "has_not"):
        return (wanted in value) is (operator == "has")
    if operator == "at_least":
        return value >= wanted
    if operator == "at_most":
        return value <= wanted
    if operator == "mentions":
        return str(wanted).casefold() in _text(value).casefold()
    day = date.fromisoformat(value)
    if operator == "future":
        return day > on
    if operator == "within_days":
        return on - timedelta(days=wanted) <= day <= on
    return operator == "before_days" and day < on - timedelta(days=wanted)


def _text(value) -> str:
    if isinstance(value, list):
        return "\n".join(f"{entry['name']} {entry.get('note', '')}" for entry in value)
    return str(value)


def _read(question: dict, value):
    """An answer as operators read it: a list that says "none" was answered, and mentions nothing, not "none" either."""
    return [{"name": ""}] if value == "none" and question["type"].endswith("_list") else value


def asked(questions: list[dict], answers: dict, on: date) -> list[dict]:
    """The items that are shown, in order: a hidden section hides all that is in it."""
    shown, known, open_section = [], {}, True
    for question in questions:
        fits = _fits(question.get("show_if"), known, on)
        if question["type"] == "section":
            open_section = fits
        if fits and open_section:
            shown.append(question)
            known[question["key"]] = _read(question, answers.get(question["key"]))
    return shown


def _fits(show_if: dict | None, known: dict, on: date) -> bool:
    if not show_if or not show_if["conditions"]:
        return True
    join = all if show_if["join"] == "all" else any
    return join(holds(it["is"], it.get("value"), known.get(it["question"]), on) for it in show_if["conditions"])


def kept(questions: list[dict], answers: dict, on: date) -> dict:
    """The answers of the questions that are asked; what hidden questions carry is dropped."""
    keys = {question["key"] for question in asked(questions, answers, on) if question["type"] not in LAYOUT}
    return {key: value for key, value in answers.items() if key in keys and not blank(value)}


def missing(questions: list[dict], answers: dict, on: date) -> list[dict]:
    """The questions that are asked, must be answered, and are not."""
    return [
        question
        for question in asked(questions, answers, on)
        if question.get("required") and question["type"] not in LAYOUT and blank(answers.get(question["key"]))
    ]


def found(questions: list[dict], answers: dict, on: date) -> list[Found]:
    """What the rules say about the answers, in the order of the questions; not the blocks that are over by `on`."""
    said = []
    for question in asked(questions, answers, on):
        value = answers.get(question["key"])
        for number, rule in enumerate(question.get("rules") or []):
            if not holds(rule["is"], rule.get("value"), _read(question, value), on):
                continue
            until_on = _until(rule, value, on)
            if until_on is None or until_on > on:
                said.append(Found(question["key"], number, rule["then"], rule["words"], until_on))
    return said


def _until(rule: dict, value, on: date) -> date | None:
    if rule["then"] != "block" or rule.get("days") is None:
        return None
    start = date.fromisoformat(value) if rule.get("from") == "answer" and not blank(value) else on
    return start + timedelta(days=rule["days"])


class Section(NamedTuple):
    """One page of a questionnaire."""

    number: int  # from 1, hidden ones counted too, so that an address keeps its meaning
    title: str
    help: str
    questions: list[dict]  # of this section, without the section's own item
    shown: list[str]  # the keys of those that are asked


def sections(questions: list[dict], answers: dict, on: date) -> list[Section]:
    """The pages, in order, with those of which nothing is shown; what stands before the first section is one, too."""
    visible = {question["key"] for question in asked(questions, answers, on)}
    pages: list[Section] = []
    for question in questions:
        if question["type"] == "section" or not pages:
            titled = question if question["type"] == "section" else {}
            pages.append(Section(len(pages) + 1, titled.get("label", ""), titled.get("help", ""), [], []))
        if question["type"] != "section":
            pages[-1].questions.append(question)
            if question["key"] in visible:
                pages[-1].shown.append(question["key"])
    return pages
