"""What a question looks at, and what its answer brings about: conditions and rules as staff wrote them, tidied.

A condition looks only at a question that is asked earlier; so no two can wait for each other.
"""

from rules.body_areas import AREAS
from rules.conditions import LAYOUT, OPERATORS, WITHOUT_VALUE
from rules.profile import tidy as tidy_line
from rules.question_types import MOST_CONDITIONS, MOST_RULES, number_of
from rules.refused import Refused

THEN = {
    "inform": "Tell the patient",
    "flag": "Flag it for the clinician",
    "block": "Block this service",
}
MOST_DAYS = 3650
MOST_DAYS_AGO = 36500
LONGEST_WORDS = 500


def tidy(drafts: list[dict], number: int, given: dict, became: dict[str, str]) -> dict:
    """What to add to the question at that place: its "show_if" and its "rules", where it has any.

    `drafts` are all questions, tidy but for their conditions; `given` is this one as staff wrote it; `became` says
    which key each question has now.
    """
    facts = {}
    show_if = given.get("show_if")
    if show_if and show_if.get("conditions"):
        facts["show_if"] = _show_if(drafts, number, show_if, became)
    rules = given.get("rules") or []
    if rules and drafts[number]["type"] not in LAYOUT:
        if len(rules) > MOST_RULES:
            raise Refused(f"One question can have {MOST_RULES} rules at most.", "rules")
        facts["rules"] = [_rule(drafts[number], rule, f"rules-{at}") for at, rule in enumerate(rules)]
    return facts


def _show_if(drafts, number, given, became) -> dict:
    conditions = given["conditions"]
    if len(conditions) > MOST_CONDITIONS:
        raise Refused(f"One question can have {MOST_CONDITIONS} conditions at most.", "if")
    if given.get("join") not in ("all", "any"):
        raise Refused("Choose whether all of the conditions must fit, or any of them.", "join")
    earlier = {question["key"]: question for question in drafts[:number] if question["type"] not in LAYOUT}
    done = []
    for at, condition in enumerate(conditions):
        field = f"if-{at}"
        key = became.get(str(condition.get("question") or ""))
        if key not in earlier:
            raise Refused(why_not(drafts, number, condition, became), f"{field}-question")
        done.append({"question": key, **_compared(earlier[key], condition, field)})
    return {"join": given["join"], "conditions": done}


def why_not(questions: list[dict], number: int, condition: dict, became: dict[str, str] | None = None) -> str:
    """The sentence for a condition that looks at something other than an earlier question; "" when it does.

    The condition may carry "about": the words of a question that was removed.
    """
    wanted = str(condition.get("question") or "")
    if not wanted:
        return "Choose the question that it depends on."
    wanted = wanted if became is None else became.get(wanted, wanted)
    where = next((at for at, question in enumerate(questions) if question["key"] == wanted), None)
    own = f"“{questions[number]['label'][:80]}”"
    if where is None:
        gone = condition.get("about")
        gone = f"“{gone}”, which was removed" if gone else "a question that is no longer here"
        return f"{own} depends on {gone}. Choose another question, or remove the condition."
    if where == number:
        return f"{own} depends on itself. Choose an earlier question."
    if questions[where]["type"] in LAYOUT:
        return f"{own} depends on {_named(questions, where)}, which asks nothing. Choose a question."
    if where < number:
        return ""
    other = _named(questions, where)
    if _waits_for(questions, where, number, became or {}):
        return f"{own} and {other} would wait for each other. Choose an earlier question."
    return f"{own} depends on {other}, which is asked later. Move that one up, or choose an earlier question."


def _named(questions, number) -> str:
    return f"question {number + 1} “{questions[number]['label'][:80]}”"


def _waits_for(questions, start, goal, became) -> bool:
    """Whether the question at `start` depends on the one at `goal`, itself or through others."""
    places = {question["key"]: at for at, question in enumerate(questions)}
    seen, open_ones = set(), [start]
    while open_ones:
        at = open_ones.pop()
        if at == goal:
            return True
        if at in seen:
            continue
        seen.add(at)
        looks = (questions[at].get("show_if") or {}).get("conditions") or ()
        keys = (became.get(one["question"], one["question"]) for one in looks)
        open_ones += [places[key] for key in keys if key in places]
    return False


def _compared(question: dict, given: dict, field: str) -> dict:
    """The operator and the value of a condition or a rule, for answers of that question."""
    operator, operators = given.get("is"), OPERATORS[question["type"]]
    if operator not in operators:
        raise Refused(f"Choose a comparison that fits the answers of “{question['label'][:80]}”.", f"{field}-is")
    if operator in WITHOUT_VALUE:
        return {"is": operator}
    return {"is": operator, "value": _value(question, operator, given.get("value"), f"{field}-value")}


def _value(question, operator, given, field):
    kind = question["type"]
    if operator in ("within_days", "before_days"):
        days = number_of("" if given is None else given)
        if not isinstance(days, int) or not 0 <= days <= MOST_DAYS_AGO:
            raise Refused("Write a whole number of days, such as 14.", field)
        return days
    if operator == "mentions":
        words = tidy_line(str(given or ""))[:100].strip()
        if not words:
            raise Refused("Write the words to look for.", field)
        return words
    if kind in ("number", "scale"):
        number = number_of("" if given is None else given)
        if number is None:
            raise Refused("Write a number to compare with, such as 12.", field)
        if kind == "scale" and not (isinstance(number, int) and question["least"] <= number <= question["most"]):
            raise Refused(f"Write a step of the scale, from {question['least']} to {question['most']}.", field)
        return number
    choices = {"yes_no": ("yes", "no"), "body_area": AREAS}.get(kind) or question["choices"]
    if given not in choices:
        raise Refused(f"Choose one of the answers of “{question['label'][:80]}”.", field)
    return given


def _rule(question: dict, given: dict, field: str) -> dict:
    rule = _compared(question, given, field)
    then = given.get("then")
    if then not in THEN:
        raise Refused("Choose what happens then.", f"{field}-then")
    words = tidy_line(str(given.get("words") or ""))
    if not words:
        reader = "the clinician" if then == "flag" else "the patient"
        raise Refused(f"Write what {reader} reads.", f"{field}-words")
    if len(words) > LONGEST_WORDS:
        raise Refused(f"Keep it to {LONGEST_WORDS} characters or fewer.", f"{field}-words")
    rule.update(then=then, words=words)
    if then == "block":
        rule.update(_block(question, rule, given, field))
    return rule


def _block(question, rule, given, field) -> dict:
    """For how long a block stands, and from when; without days it stands until staff lift it."""
    days, start = given.get("days"), given.get("from") or "today"
    days = None if days is None or not str(days).strip() else number_of(days) or 0
    if days is not None and (not isinstance(days, int) or not 1 <= days <= MOST_DAYS):
        raise Refused(
            f"Write a whole number of days from 1 to {MOST_DAYS:,}, or nothing: until staff lift it.", f"{field}-days"
        )
    if start not in ("today", "answer"):
        raise Refused("Choose from when the days count.", f"{field}-from")
    if start == "answer" and (question["type"] != "date" or rule["is"] == "blank"):
        raise Refused("Only from an answer that is a date can days be counted.", f"{field}-from")
    return {"days": days, "from": start if days else "today"}
