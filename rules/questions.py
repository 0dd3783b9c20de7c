"""The questions of a questionnaire: their shape, whether an answer fits, and how an answer reads.

A question is a dict, stored as JSON on PaperworkVersion.questions:
  key       [a-z0-9_]{1,40}, unique in its questionnaire and kept for ever: answers are stored under it
  label     what the patient reads
  type      one of TYPES
  required  whether it must be answered before the answers are sent
  help      a line under the label, or ""
  choices   single, multiple: the answers to choose from
  unit      number: what is counted, or ""
  least, most   number: bounds; text, long_text: most is the longest length. None = the type's own bound
Answers are stored as JSON: text, "yes"/"no", a choice, a list of choices, "2026-03-01", or a number.
"""

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from rules.profile import tidy as tidy_line
from rules.profile import tidy_text
from rules.refused import Refused

TYPES = {
    "text": "Short text",
    "long_text": "Long text",
    "yes_no": "Yes or no",
    "single": "One of several choices",
    "multiple": "Any of several choices",
    "date": "Date",
    "number": "Number",
}
WITH_CHOICES = ("single", "multiple")
LONGEST = {"text": 200, "long_text": 4000}
MOST_QUESTIONS = 60
MOST_CHOICES = 30
KEY = re.compile(r"[a-z0-9_]{1,40}")
NUMBER_BOUND = 10**9


def tidy(questions: list[dict]) -> list[dict]:
    """The questions as they are stored: known fields only, keys made for new ones. Refused when one cannot be asked.

    The Refused carries facts["number"], the position (from 0) of the question it is about.
    """
    if not questions:
        raise Refused("Add at least one question.")
    if len(questions) > MOST_QUESTIONS:
        raise Refused(f"A questionnaire can have {MOST_QUESTIONS} questions at most.")
    taken = {q["key"] for q in questions if KEY.fullmatch(str(q.get("key") or ""))}
    tidied, used = [], set()
    for number, question in enumerate(questions):
        try:
            done = _tidy_one(question)
        except Refused as no:
            raise Refused(f"Question {number + 1}: {no.words}", no.field, number=number) from None
        key = str(question.get("key") or "")
        if not KEY.fullmatch(key):
            key = _new_key(done["label"], taken | used)
        if key in used:
            raise Refused(f"Question {number + 1} has the same key as an earlier one.", "key", number=number)
        used.add(key)
        tidied.append({"key": key, **done})
    return tidied


def _tidy_one(given: dict) -> dict:
    label = tidy_line(str(given.get("label") or ""))
    if not label:
        raise Refused("Write what you ask.", "label")
    if len(label) > 300:
        raise Refused("Keep the question to 300 characters or fewer.", "label")
    kind = given.get("type")
    if kind not in TYPES:
        raise Refused("Choose how it is answered.", "type")
    question = {
        "label": label,
        "type": kind,
        "required": bool(given.get("required")),
        "help": tidy_line(str(given.get("help") or ""))[:500],
    }
    if kind in WITH_CHOICES:
        choices = [tidy_line(str(choice))[:200] for choice in given.get("choices") or []]
        choices = list(dict.fromkeys(choice for choice in choices if choice))
        if len(choices) < 2:
            raise Refused("Write at least two choices, one on each line.", "choices")
        if len(choices) > MOST_CHOICES:
            raise Refused(f"Write {MOST_CHOICES} choices at most.", "choices")
        question["choices"] = choices
    if kind == "number":
        question["unit"] = tidy_line(str(given.get("unit") or ""))[:40]
        least, most = _bound(given.get("least"), "least"), _bound(given.get("most"), "most")
        if least is not None and most is not None and least > most:
            raise Refused("The highest number must not be below the lowest.", "most")
        question.update(least=least, most=most)
    if kind in LONGEST:
        most = _bound(given.get("most"), "most")
        if most is not None and not 1 <= most <= LONGEST[kind]:
            raise Refused(f"The longest length must be from 1 to {LONGEST[kind]} characters.", "most")
        question["most"] = None if most is None else int(most)
    return question


def _bound(given, field):
    if given in (None, ""):
        return None
    number = _number(str(given))
    if number is None:
        raise Refused("Write a number, such as 10, or leave it empty.", field)
    return number


def _new_key(label: str, taken: set[str]) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:32].strip("_") or "question"
    key, number = words, 2
    while key in taken:
        key, number = f"{words}_{number}", number + 1
    return key


def _number(text: str):
    """An int or float, or None; a comma may be the decimal point."""
    text = text.strip().replace(" ", "")
    if re.fullmatch(r"[-+]?\d+,\d{1,2}", text):
        text = text.replace(",", ".")
    if not re.fullmatch(r"[-+]?(\d{1,12}(\.\d{0,6})?|\.\d{1,6})", text):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if abs(number) > NUMBER_BOUND:
        return None
    return int(number) if number == number.to_integral_value() else float(number)


def blank(given) -> bool:
    """Whether nothing was given: no text, no choice."""
    if isinstance(given, list | tuple):
        return not any(str(one).strip() for one in given)
    return given is None or not str(given).strip()


def check(question: dict, given):
    """What to store for a given answer, or Refused with a sentence that names the question.

    `given` is what a form sends (text, or a list of texts) or what is stored already. Nothing given
    answers None, which is fine here: `missing` says what must not stay empty.
    """
    kind, label = question["type"], question["label"]
    if isinstance(given, list | tuple) and kind != "multiple":
        given = given[0] if given else None
    if blank(given):
        return None
    if kind in LONGEST:
        text = tidy_text(str(given))
        most = question.get("most") or LONGEST[kind]
        if len(text) > most:
            raise Refused(f"Keep your answer to “{label}” to {most} characters or fewer; it has {len(text)}.")
        return text or None
    if kind == "yes_no":
        if given not in ("yes", "no"):
            raise Refused(f"Choose yes or no for “{label}”")
        return given
    if kind == "single":
        if given not in question["choices"]:
            raise Refused(f"Choose one of the answers for “{label}”")
        return given
    if kind == "multiple":
        chosen = [str(one) for one in (given if isinstance(given, list | tuple) else [given])]
        if not set(chosen) <= set(question["choices"]):
            raise Refused(f"Choose from the answers for “{label}”")
        return [choice for choice in question["choices"] if choice in chosen]
    if kind == "date":
        try:
            day = date.fromisoformat(str(given).strip())
        except ValueError:
            day = None
        if day is None or not 1900 <= day.year <= 2100:
            raise Refused(f"Enter a real date for “{label}”, such as 2026-03-31")
        return day.isoformat()
    number = _number(str(given))
    if number is None:
        raise Refused(f"Enter a number for “{label}”, such as 12")
    if not _within(number, question):
        raise Refused(f"Enter a number {bounds(question)} for “{label}”")
    return number


def _within(number, question) -> bool:
    least, most = question.get("least"), question.get("most")
    return (least is None or number >= least) and (most is None or number <= most)


def bounds(question: dict) -> str:
    """from 0 to 40 units; 1 or more; ""."""
    least, most, unit = question.get("least"), question.get("most"), question.get("unit") or ""
    unit = f" {unit}" if unit else ""
    if least is not None and most is not None:
        return f"from {least} to {most}{unit}"
    if least is not None:
        return f"of {least}{unit} or more"
    return f"of {most}{unit} or less" if most is not None else ""


def missing(question: dict) -> str:
    """The sentence for a required question that has no answer."""
    label = question["label"]
    return {
        "yes_no": f"Choose yes or no for “{label}”",
        "single": f"Choose an answer for “{label}”",
        "multiple": f"Choose at least one answer for “{label}”",
        "date": f"Enter a date for “{label}”",
        "number": f"Enter a number for “{label}”",
    }.get(question["type"], f"Write an answer for “{label}”")


def said(question: dict, value) -> str:
    """A stored answer as a person reads it."""
    if blank(value):
        return "No answer"
    kind = question["type"]
    if kind == "yes_no":
        return "Yes" if value == "yes" else "No"
    if kind == "multiple":
        return ", ".join(value)
    if kind == "date":
        day = date.fromisoformat(value)
        return f"{day.day} {day:%B %Y}"
    if kind == "number":
        unit = question.get("unit")
        return f"{value} {unit}" if unit else str(value)
    return str(value)
