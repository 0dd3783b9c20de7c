"""What the editor shows of each question: its line in short, and the choices that fit where it stands."""

from typing import NamedTuple

from rules.body_areas import AREAS
from rules.conditions import LAYOUT, OPERATORS, WITHOUT_VALUE
from rules.question_looks import THEN
from rules.question_types import TYPES, UPDATES

NAMELESS = "(without words yet)"
SHORT_THEN = {"inform": "tells the patient", "flag": "flags the clinician", "block": "blocks the service"}


class Row(NamedTuple):
    """One condition or rule."""

    carried: dict
    questions: list  # a condition: (key, words) of the questions that stand earlier
    operators: list  # (operator, words) that fit the type of the answer
    value: str  # how the value is given: "choice", "number", "days", "text", or "" for none
    choices: list  # (value, words), where it is a choice


class Card(NamedTuple):
    at: int
    item: dict
    name: str
    short: str
    asks: bool
    conditions: list[Row]
    rules: list[Row]


def cards(items: list[dict]) -> list[Card]:
    """One for each item, in order."""
    by_key = {item["key"]: item for item in items}
    places = {item["key"]: at for at, item in enumerate(items)}
    earlier, shown = [], []
    for at, item in enumerate(items):
        asks = item["type"] not in LAYOUT
        conditions = [_condition(row, earlier, by_key, places) for row in item["if"]]
        rules = [_row(row, item, []) for row in item["rules"]] if asks else []
        name = " ".join(item["label"].split())[:120] or NAMELESS
        shown.append(Card(at, item, name, _in_short(item, by_key), asks, conditions, rules))
        if asks:
            earlier.append((item["key"], _numbered(at, item)))
    return shown


def _numbered(at: int, item: dict) -> str:
    words = " ".join(item["label"].split()) or NAMELESS
    return f"{at + 1}. {words[:70]}{'…' if len(words) > 70 else ''}"


def _condition(row: dict, earlier: list, by_key: dict, places: dict) -> Row:
    questions, key = list(earlier), row["question"]
    if key and all(key != known for known, _ in earlier):
        gone = row["about"] or "a question that is no longer here"
        words = _numbered(places[key], by_key[key]) if key in by_key else f"{gone} (removed)"
        questions.append((key, words))
    return _row(row, by_key.get(key), questions)


def _row(row: dict, about: dict | None, questions: list) -> Row:
    """A condition or rule about the answer of an item; what it says is offered even where it no longer fits."""
    kind = about["type"] if about else ""
    operators = list(OPERATORS.get(kind, {}).items())
    operator = row["is"]
    if operator and operator not in dict(operators):
        operators.append((operator, f"{_operator(operator)} (does not fit)"))
    choices = _choices(about) if about else []
    if not operator or operator in WITHOUT_VALUE or not about:
        value = ""
    elif operator in ("within_days", "before_days"):
        value = "days"
    elif choices:
        value = "choice"
        if row["value"] and row["value"] not in dict(choices):
            choices.append((row["value"], f"{row['value']} (does not fit)"))
    else:
        value = "number" if kind in ("number", "scale") else "text"
    return Row(row, questions, operators, value, choices)


def _operator(operator: str) -> str:
    return next((words[operator] for words in OPERATORS.values() if operator in words), operator)


def _choices(item: dict) -> list:
    if item["type"] == "yes_no":
        return [("yes", "Yes"), ("no", "No")]
    if item["type"] == "body_area":
        return list(AREAS.items())
    if item["type"] in ("single", "multiple"):
        choices = (" ".join(choice.split()) for choice in item["choices"].splitlines())
        return [(choice, choice) for choice in dict.fromkeys(choices) if choice]
    return []


def _in_short(item: dict, by_key: dict) -> str:
    """Yes or no · must be answered · shown if “Do you smoke?” is yes · flags the clinician"""
    words = [TYPES.get(item["type"], "").partition(":")[0]]
    if item["type"] not in LAYOUT:
        if item["required"]:
            words.append("must be answered")
        if item["safety"]:
            words.append("safety, asked anew each time")
        elif item["ask"] in ("confirm", "anew"):
            words.append("asked whether still true" if item["ask"] == "confirm" else "asked anew each time")
    if item["if"]:
        words.append("shown if " + _only_if(item, by_key))
    if item["type"] not in LAYOUT:
        words += dict.fromkeys(SHORT_THEN[row["then"]] for row in item["rules"] if row["then"] in THEN)
        if item["updates"] in UPDATES and item["updates"]:
            words.append(f"updates {UPDATES[item['updates']].lower()}")
    return " · ".join(words)


def shown_if(items: list[dict]) -> list[str]:
    """For each item, when it is shown; "" for those that always are."""
    by_key = {item["key"]: item for item in items}
    return [_only_if(item, by_key) for item in items]


def _only_if(item: dict, by_key: dict) -> str:
    join = " and " if item["join"] == "all" else " or "
    return join.join(_said(row, by_key.get(row["question"])) for row in item["if"])


def _said(row: dict, about: dict | None) -> str:
    """“Do you smoke?” is yes"""
    if about is None:
        return f"“{row['about'] or '…'}” …"
    name = " ".join(about["label"].split()) or NAMELESS
    name = f"{name[:50]}…" if len(name) > 50 else name
    compared = OPERATORS.get(about["type"], {}).get(row["is"], "…")
    if "…" in compared:
        return f"“{name}” {compared.replace('…', row['value'] or '…')}"
    value = "" if row["is"] in WITHOUT_VALUE else AREAS.get(row["value"], row["value"]) or "…"
    return f"“{name}” {compared} {value}".rstrip()
