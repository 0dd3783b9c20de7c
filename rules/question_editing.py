"""How the questions of a questionnaire must be made: what staff wrote, tidied for storing, or a sentence why not."""

import re

from rules import question_looks
from rules.conditions import LAYOUT
from rules.profile import tidy as tidy_line
from rules.profile import tidy_text
from rules.question_types import (
    ASKS,
    KEY,
    LONGEST,
    LONGEST_LABEL,
    MOST_CHOICES,
    MOST_PHOTOS,
    MOST_QUESTIONS,
    MOST_STEPS,
    TYPES,
    UPDATES,
    WITH_CHOICES,
    number_of,
)
from rules.refused import Refused


def tidy(questions: list[dict]) -> list[dict]:
    """The questions as they are stored: known fields only, keys made for new ones. Refused when one cannot be asked.

    A new question may carry a key of the editor's own that is none (such as "new-1"): conditions that name it follow it
    to the key that is made. The Refused carries facts["number"], the position (from 0) of the question it is about, and
    its field may lie inside a condition or rule: "if-0-question", "rules-1-words".
    """
    if not any(question.get("type") not in LAYOUT for question in questions):
        raise Refused("Add at least one question.")
    if len(questions) > MOST_QUESTIONS:
        raise Refused(
            f"A questionnaire can have {MOST_QUESTIONS} questions at most, sections, headings and notes counted."
        )
    taken = {q["key"] for q in questions if KEY.fullmatch(str(q.get("key") or ""))}
    tidied, used, became = [], set(), {}
    for number, question in enumerate(questions):
        done = _about(number, _tidy_one, question)
        key = given = str(question.get("key") or "")
        if not KEY.fullmatch(key):
            key = _new_key(done["label"], taken | used)
        if key in used:
            raise Refused(f"Question {number + 1} has the same key as an earlier one.", "key", number=number)
        used.add(key)
        became.setdefault(given or key, key)
        tidied.append({"key": key, **done})
    _photos_apart(tidied)
    drafts = [{**done, "show_if": given.get("show_if")} for done, given in zip(tidied, questions, strict=True)]
    for number, question in enumerate(questions):
        tidied[number].update(_about(number, question_looks.tidy, drafts, number, question, became))
    return tidied


def _photos_apart(questions: list[dict]) -> None:
    """The photos of a section come in one form, whose size is limited: one question's fit into it."""
    here = False
    for number, question in enumerate(questions):
        if question["type"] == "section":
            here = False
        elif question["type"] == "photo":
            if here:
                no = "A section can ask for photos once. Begin a new section before this question."
                raise Refused(f"Question {number + 1}: {no}", "type", number=number)
            here = True


def _about(number: int, rule, *given):
    """What the rule says; its "no" with the question's number in front."""
    try:
        return rule(*given)
    except Refused as no:
        raise Refused(f"Question {number + 1}: {no.words}", no.field, number=number) from None


def _tidy_one(given: dict) -> dict:
    kind = given.get("type")
    if kind not in TYPES:
        raise Refused("Choose how it is answered.", "type")
    label = str(given.get("label") or "")
    label = tidy_text(label) if kind == "note" else tidy_line(label)
    longest = LONGEST_LABEL.get(kind, 300)
    if not label:
        raise Refused("Write the words." if kind in LAYOUT else "Write what you ask.", "label")
    if len(label) > longest:
        raise Refused(f"Keep the {'text' if kind in LAYOUT else 'question'} to {longest} characters or fewer.", "label")
    question = {
        "label": label,
        "type": kind,
        "required": bool(given.get("required")) and kind not in LAYOUT,
        "help": tidy_line(str(given.get("help") or ""))[:500],
    }
    if kind in WITH_CHOICES:
        question["choices"] = _choices(given)
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
    if kind == "scale":
        question.update(_steps(given))
    if kind == "photo":
        most = _bound(given.get("most"), "most")
        if most is not None and (not isinstance(most, int) or not 1 <= most <= MOST_PHOTOS):
            raise Refused(f"Ask for 1 to {MOST_PHOTOS} photos.", "most")
        question["most"] = most
    return question if kind in LAYOUT else {**question, **_asking(given)}


def _choices(given: dict) -> list[str]:
    choices = [tidy_line(str(choice))[:200].strip() for choice in given.get("choices") or []]
    choices = list(dict.fromkeys(choice for choice in choices if choice))
    if len(choices) < 2:
        raise Refused("Write at least two choices, one on each line.", "choices")
    if len(choices) > MOST_CHOICES:
        raise Refused(f"Write {MOST_CHOICES} choices at most.", "choices")
    return choices


def _steps(given: dict) -> dict:
    """The steps of a scale; from 0 to 10 unless staff say otherwise."""
    least, most = _bound(given.get("least"), "least"), _bound(given.get("most"), "most")
    least, most = 0 if least is None else least, 10 if most is None else most
    for bound, field in ((least, "least"), (most, "most")):
        if not isinstance(bound, int):
            raise Refused("The steps of a scale are whole numbers.", field)
    if not 2 <= most - least + 1 <= MOST_STEPS:
        raise Refused(f"A scale has from 2 to {MOST_STEPS} steps, such as 0 to 10.", "most")
    words = {end: tidy_line(str(given.get(end) or ""))[:60].strip() for end in ("low", "high")}
    return {"least": least, "most": most, **words}


def _asking(given: dict) -> dict:
    """How it is asked again and what it changes in the profile; nothing where that is what older versions mean."""
    safety, ask, updates = bool(given.get("safety")), given.get("ask") or "prefill", given.get("updates") or ""
    if ask not in ASKS:
        raise Refused("Choose how it is asked the next time.", "ask")
    if updates not in UPDATES:
        raise Refused("Choose a part of the profile, or nothing.", "updates")
    facts = {"safety": True} if safety else {}
    if safety or ask != "prefill":
        facts["ask"] = "anew" if safety else ask
    return {**facts, "updates": updates} if updates else facts


def _bound(given, field):
    if given is None or not str(given).strip():
        return None
    number = number_of(given)
    if number is None:
        raise Refused("Write a number, such as 10, or leave it empty.", field)
    return number


def _new_key(label: str, taken: set[str]) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:32].strip("_") or "question"
    key, number = words, 2
    while key in taken:
        key, number = f"{words}_{number}", number + 1
    return key
