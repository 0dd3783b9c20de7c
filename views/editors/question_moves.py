"""The buttons of the questionnaire's editor: what each does to the items, and where to go on."""

from copy import deepcopy
from typing import NamedTuple

from rules.conditions import OPERATORS
from rules.question_types import MOST_CONDITIONS, MOST_QUESTIONS, MOST_RULES
from views.editors import question_fields
from views.forms import carried


class Moved(NamedTuple):
    items: list[dict]
    at: int | None  # the item to open
    id: str  # of the element to go on at
    words: str  # what happened, where that is not plain to see


def moved(items: list[dict], do: str) -> Moved | None:
    """The items after "add", "remove:3", "rule:3", "no-rule:3:1" and so on; None when no such button is known."""
    verb, *places = do.split(":")
    items = deepcopy(items)
    _first_comparisons(items)
    if verb in ("add", "add-section"):
        return _added(items, len(items), "section" if verb == "add-section" else "yes_no")
    places = [carried(place) for place in places]
    if verb not in VERBS or not places or None in places or places[0] >= len(items):
        return None
    return VERBS[verb](items, *places[:2])


def _first_comparisons(items):
    """A condition or a rule that compares nothing yet compares in the first way that fits, such as "is"."""
    kinds = {item["key"]: item["type"] for item in items}
    for item in items:
        for rows, kind_of in (("if", lambda row: kinds.get(row["question"])), ("rules", lambda _, it=item: it["type"])):
            for row in item[rows]:
                if not row["is"]:
                    row["is"] = next(iter(OPERATORS.get(kind_of(row), "")), "")


def _added(items, at, kind="yes_no"):
    if len(items) >= MOST_QUESTIONS:
        words = f"A questionnaire can have {MOST_QUESTIONS} questions at most."
        return Moved(items, None, "add-question", words)
    items.insert(at, question_fields.new(type=kind, required=kind == "yes_no"))
    return Moved(items, at, f"questions-{at}-label", "")


def _below(items, at, _row=None):
    return _added(items, at + 1)


def _copy(items, at, _row=None):
    if len(items) >= MOST_QUESTIONS:
        return _added(items, at)
    items.insert(at + 1, {**deepcopy(items[at]), "key": ""})
    return Moved(items, at + 1, f"questions-{at + 1}-label", "")


def _remove(items, at, _row=None):
    gone = items.pop(at)
    named = gone["label"].strip() or f"Question {at + 1}"
    looked = []
    for number, item in enumerate(items):
        for row in item["if"]:
            if row["question"] == gone["key"]:
                row["about"] = named[:80]
                looked.append(f"question {number + 1}")
    words = f"“{named[:80]}” is removed."
    if looked:
        words += f" What depended on it: {', '.join(dict.fromkeys(looked))}."
    at = min(at, len(items) - 1)
    return Moved(items, None, f"question-{at}-summary" if items else "add-question", words)


def _to(items, at, to, button):
    if not 0 <= to < len(items):
        return Moved(items, None, f"{button}-{at}", "")
    items.insert(to, items.pop(at))
    edge = {"up": to == 0, "down": to == len(items) - 1}[button]
    other = {"up": "down", "down": "up"}[button]
    return Moved(items, None, f"{other if edge else button}-{to}", f"This is question {to + 1} now.")


def _up(items, at, _row=None):
    return _to(items, at, at - 1, "up")


def _down(items, at, _row=None):
    return _to(items, at, at + 1, "down")


def _look(items, at, _row=None):
    """Nothing but a fresh page with this question open: its type, or what it looks at, was chosen."""
    return Moved(items, at, "", "")


def _more(rows, most, first):
    def more(items, at, _row=None):
        if len(items[at][rows]) < most:
            items[at][rows].append(dict(question_fields.ROWS[rows]))
            _first_comparisons(items)
        return Moved(items, at, f"questions-{at}-{rows}-{len(items[at][rows]) - 1}-{first}", "")

    return more


def _fewer(rows, button):
    def fewer(items, at, row=None):
        if row is not None and row < len(items[at][rows]):
            items[at][rows].pop(row)
        return Moved(items, at, f"{button}-{at}", "")

    return fewer


VERBS = {
    "below": _below,
    "copy": _copy,
    "remove": _remove,
    "up": _up,
    "down": _down,
    "look": _look,
    "condition": _more("if", MOST_CONDITIONS, "question"),
    "no-condition": _fewer("if", "add-condition"),
    "rule": _more("rules", MOST_RULES, "is"),
    "no-rule": _fewer("rules", "add-rule"),
}
