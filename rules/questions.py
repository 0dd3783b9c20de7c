"""Whether an answer fits its question, and how it reads. The shape of both: rules/question_types.py."""

from datetime import date

from clock import now
from rules.body_areas import AREAS as BODY_AREAS
from rules.codes import tidy_email
from rules.profile import phone_words, tidy_phone, tidy_text
from rules.profile import tidy as tidy_line
from rules.question_editing import tidy  # noqa: F401 - one door
from rules.question_types import (  # noqa: F401 - one door
    LISTS,
    LONGEST,
    MOST_LISTED,
    MOST_QUESTIONS,
    TYPES,
    WITH_CHOICES,
    most_of,
    number_of,
)
from rules.refused import Refused
from rules.words import count

SEVERAL = ("multiple", "body_area", "photo", *LISTS)  # their answers are lists
YEARS_AHEAD = 20  # a date further ahead is a slip of the finger


def blank(given) -> bool:
    """Whether nothing was given: no text, no choice, no line of a list."""
    if isinstance(given, dict):
        return all(blank(part) for part in given.values())
    if isinstance(given, list | tuple):
        return all(blank(one) for one in given)
    return given is None or not str(given).strip()


def check(question: dict, given):
    """What to store for a given answer, or Refused with a sentence that names the question.

    `given` is what a form sends (text, or a list) or what is stored already. Nothing given answers None, which is
    fine here: `missing` says what must not stay empty.
    """
    kind, label = question["type"], question["label"]
    if isinstance(given, list | tuple) and kind not in SEVERAL:
        given = given[0] if given else None
    if blank(given):
        return None
    if kind in LONGEST:
        text = tidy_text(str(given))
        most = question.get("most") or LONGEST[kind]
        if len(text) > most:
            raise Refused(f"Keep your answer to “{label}” to {most} characters or fewer; it has {len(text)}.")
        return text or None
    return CHECKS[kind](question, label, given)


def _yes_no(_question, label, given):
    if given not in ("yes", "no"):
        raise Refused(f"Choose yes or no for “{label}”")
    return given


def _single(question, label, given):
    if given not in question["choices"]:
        raise Refused(f"Choose one of the answers for “{label}”")
    return given


def _multiple(question, label, given):
    return _chosen(question["choices"], label, given)


def _body_area(_question, label, given):
    return _chosen(BODY_AREAS, label, given)


def _chosen(choices, label, given):
    """The chosen ones in the order of the choices."""
    chosen = [str(one) for one in (given if isinstance(given, list | tuple) else [given])]
    if not set(chosen) <= set(choices):
        raise Refused(f"Choose from the answers for “{label}”")
    return [choice for choice in choices if choice in chosen]


def _date(_question, label, given):
    try:
        day = date.fromisoformat(str(given).strip())
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= now().year + YEARS_AHEAD:
        raise Refused(f"Enter a real date for “{label}”, such as 2026-03-31")
    return day.isoformat()


def _number(question, label, given):
    number = number_of(given)
    if number is None:
        raise Refused(f"Enter a number for “{label}”, such as 12")
    if not _within(number, question):
        raise Refused(f"Enter a number {bounds(question)} for “{label}”")
    return number


def _scale(question, label, given):
    number = number_of(given)
    if not isinstance(number, int) or not _within(number, question):
        raise Refused(f"Choose a number {bounds(question)} for “{label}”")
    return number


def _email(_question, label, given):
    try:
        return tidy_email(str(given))
    except Refused:
        raise Refused(f"Enter an e-mail address for “{label}”, such as name@example.com") from None


def _phone(_question, label, given):
    try:
        return tidy_phone(str(given)) or None
    except Refused:
        raise Refused(f"Enter a phone number for “{label}”, such as 212 555 0100") from None


def _photo(question, label, given):
    """The ids of photos; that they are the patient's own is for rules/photos.py to say."""
    ids = list(dict.fromkeys(number_of(one) for one in (given if isinstance(given, list | tuple) else [given])))
    if not all(isinstance(one, int) and one > 0 for one in ids):
        raise Refused(f"Add the photos for “{label}” once more")
    most = most_of(question)
    if len(ids) > most:
        raise Refused(f"Add {count(most, 'photo')} at most for “{label}”")
    return ids


def _list(_question, label, given):
    """A list of {"name", "note"}, or "none" for somebody who says that there are none."""
    entries = given if isinstance(given, list | tuple) else [given]
    entries = [entry for entry in entries if not blank(entry)]
    if all(entry == "none" for entry in entries):
        return "none"
    listed = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise Refused(f"Write a name on each line for “{label}”, or say that there are none")
        name, note = tidy_line(str(entry.get("name") or "")), tidy_line(str(entry.get("note") or ""))
        if not name and not note:
            continue
        if not name:
            raise Refused(f"Write a name beside “{note[:60]}” for “{label}”")
        if len(name) > 120 or len(note) > 200:
            raise Refused(f"Use fewer words for “{label}”: 120 letters for a name, 200 for what you add to it")
        listed.append({"name": name, "note": note})
    if len(listed) > MOST_LISTED:
        raise Refused(f"Write {MOST_LISTED} lines at most for “{label}”")
    return listed or None


def _asks_nothing(_question, _label, _given):
    return None


CHECKS = {
    "section": _asks_nothing, "heading": _asks_nothing, "note": _asks_nothing, "yes_no": _yes_no, "single": _single,
    "multiple": _multiple, "number": _number, "scale": _scale, "date": _date, "email": _email, "phone": _phone,
    "body_area": _body_area, "photo": _photo, "medication_list": _list, "allergy_list": _list,
}  # fmt: skip


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
        "scale": f"Choose a number for “{label}”",
        "email": f"Enter an e-mail address for “{label}”",
        "phone": f"Enter a phone number for “{label}”",
        "body_area": f"Choose at least one area for “{label}”",
        "photo": f"Add a photo for “{label}”",
        "medication_list": f"List what you take for “{label}”, or say that you take nothing",
        "allergy_list": f"List your allergies for “{label}”, or say that you have none",
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
    if kind == "body_area":
        return "; ".join(BODY_AREAS.get(area, area) for area in value)
    if kind == "photo":
        return count(len(value), "photo")
    if kind in LISTS:
        return "None" if value == "none" else "; ".join(_line(entry) for entry in value)
    if kind == "date":
        day = date.fromisoformat(value)
        return f"{day.day} {day:%B %Y}"
    if kind == "number":
        unit = question.get("unit")
        return f"{value} {unit}" if unit else str(value)
    if kind == "scale":
        return f"{value} of {question.get('most', 10)}"
    return phone_words(value) if kind == "phone" else str(value)


def _line(entry: dict) -> str:
    return f"{entry['name']} ({entry['note']})" if entry.get("note") else entry["name"]
