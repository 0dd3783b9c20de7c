"""The questions of a questionnaire as fields of a form, and back.

An item is a question as its fields carry it: all text, with the rows of its conditions ("if") and rules. The names are
flat, such as questions-3-label, questions-3-if-0-question and questions-3-rules-1-words; they are read in one pass,
since a form object for each of some thousand fields would make a long questionnaire slow to edit.
"""

import re
from decimal import Decimal

from rules.question_types import KEY, MOST_QUESTIONS

PLAIN = {
    "key": "", "label": "", "type": "yes_no", "help": "", "choices": "", "unit": "", "least": "", "most": "",
    "low": "", "high": "", "ask": "prefill", "updates": "", "join": "all",
}  # fmt: skip
TICKED = ("required", "safety")
ROWS = {
    "if": {"question": "", "is": "", "value": "", "about": ""},  # "about": the words of a question that was removed
    "rules": {"is": "", "value": "", "then": "inform", "words": "", "days": "", "from": "today"},
}
NAME = re.compile(r"questions-([0-9]{1,4})-(?:(if|rules)-([0-9]{1,4})-)?([a-z]{2,8})")


def new(**facts) -> dict:
    """An item that says nothing yet, but for these facts."""
    return {**PLAIN, **dict.fromkeys(TICKED, False), "if": [], "rules": [], **facts}


def read(fields) -> list[dict]:
    """The items that the fields of a request carry, in the order of their numbers; whatever else they carry is left."""
    found = {}
    for name, value in fields.items():
        parts = NAME.fullmatch(name)
        if not parts:
            continue
        number, rows, row, field = parts.groups()
        item = found.setdefault(int(number), new(**{"if": {}, "rules": {}}))
        if rows is None and field in PLAIN:
            item[field] = value
        elif rows is None and field in TICKED:
            item[field] = bool(value)
        elif rows and field in ROWS[rows]:
            item[rows].setdefault(int(row), dict(ROWS[rows]))[field] = value
    items = [found[number] for number in sorted(found)][: MOST_QUESTIONS + 1]
    for item in items:
        item.update({rows: [item[rows][row] for row in sorted(item[rows])] for rows in ROWS})
    return items


def written(question: dict) -> dict:
    """A stored question as an item."""
    item = new(**{field: _text(question[field]) for field in PLAIN if question.get(field) is not None})
    item["choices"] = "\n".join(question.get("choices") or [])
    item.update({field: bool(question.get(field)) for field in TICKED})
    show_if = question.get("show_if") or {}
    item["join"] = show_if.get("join", "all")
    for rows, stored in (("if", show_if.get("conditions")), ("rules", question.get("rules"))):
        item[rows] = [
            {field: default if row.get(field) is None else _text(row[field]) for field, default in ROWS[rows].items()}
            for row in stored or []
        ]
    return item


def _text(value) -> str:
    """1e-06 as 0.000001: a number as people type it."""
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def question_of(item: dict) -> dict:
    """The question that an item carries, for rules.questions to tidy."""
    conditions = [dict(row) for row in item["if"]]
    rules = [dict(row) for row in item["rules"]]
    if item["type"] != "date":
        for rule in rules:
            rule["from"] = "today"  # the choice shows for dates only; what another type left there says nothing
    return {
        **{field: item[field] for field in (*PLAIN, *TICKED) if field != "join"},
        "choices": item["choices"].splitlines(),
        "show_if": {"join": item["join"], "conditions": conditions} if conditions else None,
        "rules": rules,
    }


def with_keys(items: list[dict]) -> list[dict]:
    """Each item with a key that others can look at; a new one, such as "new-2", is no key yet and is made on saving."""
    known = {item["key"] for item in items} | {row["question"] for item in items for row in item["if"]}
    taken = [int(key[4:]) for key in known if re.fullmatch(r"new-[0-9]{1,4}", key)]
    number = max(taken, default=0)
    for item in items:
        if not KEY.fullmatch(item["key"]) and not re.fullmatch(r"new-[0-9]{1,4}", item["key"]):
            number += 1
            item["key"] = f"new-{number}"
    return items
