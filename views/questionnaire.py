"""A section of a questionnaire as a form: its fields are made from its questions, and what was sent is read by them."""

from typing import NamedTuple

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import TextInput

from rules import answers, conditions, earlier
from rules import questions as asked
from rules.conditions import LAYOUT
from rules.question_types import LISTS, most_of
from rules.refused import Refused

PREFIX = "q_"  # so that a question can have any key, even "version"
NOTE, NONE, STILL, BEFORE, WAS, FILES = "n_", "none_", "still_", "before_", "was_", "p_"
TICKED = ("multiple", "body_area")
PICKED = ("yes_no", "single", "scale")
ROWS = 3


class RowsField(Field):
    """A list of medication or allergies: rows of a name and a note, or "none"."""

    widget = TextInput()
    more = 0  # empty rows that were asked for

    def _value(self):
        return ""

    @property
    def none(self) -> bool:
        return self.data == "none"

    @property
    def rows(self) -> list[dict]:
        given = [*self.data] if isinstance(self.data, list | tuple) else []
        return [*given, *[{"name": "", "note": ""}] * (max(ROWS - len(given), 0) + self.more)]


class Item(NamedTuple):
    """One thing on the page: a question with all that stands beside it, or a heading or a note."""

    question: dict
    field: object = None
    was: str = ""
    offered: object = None  # an earlier answer that is filled in
    confirm: object = None  # an earlier answer to be confirmed
    said: str = ""  # that one in words
    shown: str = ""  # its digest, by which the form tells which one was shown
    still: str = ""  # "yes" it is still true, "no" it has changed, or not said yet
    informs: tuple = ()
    pictures: tuple = ()


def form_of(version, formdata, values: dict) -> FlaskForm:
    """A form with one field per question; nothing is validated here, rules.questions does that."""
    return _form([it for it in version.questions if it["type"] not in LAYOUT], formdata, values)


def _form(questions, formdata, values):
    class QuestionnaireForm(FlaskForm):
        pass

    for question in questions:
        setattr(QuestionnaireForm, PREFIX + question["key"], _field(question))
    data = {PREFIX + key: _as_typed(value) for key, value in values.items()}
    form = QuestionnaireForm(formdata=formdata, data=data)
    for question in questions:
        flags, required = form[PREFIX + question["key"]].flags, bool(question.get("required"))
        if question["type"] == "photo":
            form[PREFIX + question["key"]].most = most_of(question)
        flags.optional, flags.required = not required, required
    return form


def _field(question):
    label, hint = question["label"], hint_of(question)
    kind = question["type"]
    if kind == "long_text":
        return TextAreaField(label, description=hint)
    if kind in LISTS:
        return RowsField(label, description=hint)
    if kind == "body_area":
        choices = list(asked.BODY_AREAS.items())
    elif kind == "yes_no":
        choices = [("yes", "Yes"), ("no", "No")]
    elif kind == "scale":
        choices = [(str(step), str(step)) for step in range(question["least"], question["most"] + 1)]
    else:
        choices = [(choice, choice) for choice in question.get("choices") or []]
    if kind in PICKED:
        return RadioField(label, description=hint, choices=choices, validate_choice=False)
    if kind in TICKED:
        return SelectMultipleField(label, description=hint, choices=choices, validate_choice=False)
    return StringField(label, description=hint)


def hint_of(question) -> str:
    """The help that staff wrote, with what the answer must look like."""
    kind, hints = question["type"], [question.get("help") or ""]
    if kind in TICKED:
        hints.append("Choose all that apply.")
    if kind == "number":
        within, unit = asked.bounds(question), question.get("unit")
        hints.append(f"A number {within}." if within else f"In {unit}." if unit else "")
    if kind == "photo":
        most = most_of(question)
        hints.append(f"JPEG, PNG, WebP or HEIC, up to 15 MB{f' each, {most} photos at most' if most > 1 else ''}.")
    return " ".join(hint for hint in hints if hint)


def _as_typed(value):
    return value if isinstance(value, list | tuple) else "" if value is None else str(value)


def typed(question):
    """What the form that was sent carries for a question: a text, a list of texts, or rows."""
    key, kind = question["key"], question["type"]
    values = request.form.getlist(PREFIX + key)
    if kind in TICKED:
        return values
    if kind in LISTS:
        notes = [*request.form.getlist(NOTE + key), *[""] * len(values)]
        rows = [{"name": name, "note": note} for name, note in zip(values, notes, strict=False)]
        rows = [row for row in rows if row["name"].strip() or row["note"].strip()]
        return rows or ("none" if request.form.get(NONE + key) else [])
    return values[0] if values else ""


class Sent(NamedTuple):
    """What the form that was sent says, as rules.answers takes it."""

    given: dict
    seen: dict
    confirmed: set
    stale: set  # "still true" was said of an earlier answer that is another one by now


def sent(questions: list[dict], offered: dict, only: str | None = None) -> Sent:
    """The answers that the form carries, by question, with what its page was shown with.

    A question of the form without a value was emptied; a field that the version does not ask is dropped. An earlier
    answer that is still true is read from where it is stored, not from the form; the form tells which one it showed.
    """
    on_the_form, found = set(request.form.getlist("asked")), Sent({}, {}, set(), set())
    for question in questions:
        key = question["key"]
        if key not in on_the_form or only not in (None, key) or question["type"] in (*LAYOUT, "photo"):
            continue
        value, before = typed(question), offered.get(key) if earlier.way_of(question) == "confirm" else None
        still, shown, was = (request.form.get(name + key) for name in (STILL, BEFORE, WAS))
        if still == "yes" and (before is not None or shown is not None):
            if before is None or shown != answers.digest(before.value):
                found.stale.add(key)
                continue
            value = before.value
            found.confirmed.add(key)
        elif still != "no" and shown is not None and _digest(question, value) in (answers.digest(None), shown, was):
            continue  # neither confirmed nor changed
        elif still == "no" and shown is not None and asked.blank(value) and was == answers.digest(None):
            was = answers.OFFERED + was  # it has changed into no answer: that is kept, too
        found.given[key] = value
        if was is not None:
            found.seen[key] = was
    return found


def _digest(question, value) -> str:
    try:
        return answers.digest(asked.check(question, value))
    except Refused:
        return ""


def _still(key, stored, before) -> str:
    """What is chosen between "still true" and "has changed", said of the earlier answer that the page shows now."""
    if before is None:
        return ""
    said = request.form.get(STILL + key)
    if said == "no" or (said == "yes" and request.form.get(BEFORE + key) == answers.digest(before.value)):
        return said
    if key in stored.confirmed:
        return "yes" if stored.values.get(key) == before.value else ""
    return "no" if key in stored.keys else ""


def page_of(questions, stored, offered, *, informs=(), pictures=None, problems=None, typed_keys=(), more=""):
    """The form and the items of a section; `typed_keys` are shown as they were sent, all others as they are stored."""
    problems, pictures, facts, values = problems or {}, pictures or {}, {}, {}
    for question in questions:
        key = question["key"]
        if question["type"] in LAYOUT:
            continue
        before, way = offered.get(key), earlier.way_of(question)
        to_confirm = before if way == "confirm" else None
        value, was = stored.values.get(key), answers.digest(stored.values.get(key))
        filled_in = None
        if key in typed_keys:
            value, was = typed(question), request.form.get(WAS + key, was)
            filled_in = before if was.startswith(answers.OFFERED) else None
        elif before is not None and key not in stored.keys:
            if way == "prefill":
                value, was, filled_in = before.value, answers.OFFERED + answers.digest(before.value), before
            elif question["type"] not in PICKED and before.value != "none":
                value = before.value  # to be changed rather than to be typed again
        values[key] = value
        facts[key] = {"was": was, "offered": filled_in, "confirm": to_confirm, "still": _still(key, stored, to_confirm)}
    form = _form([it for it in questions if it["key"] in facts], None, values)
    items = []
    for question in questions:
        key = question["key"]
        if key not in facts:
            items.append(Item(question))
            continue
        field, before = form[PREFIX + key], facts[key]["confirm"]
        if key in problems:
            field.errors = [*field.errors, problems[key]]
        if before and not facts[key]["still"]:
            field.first_id = f"{STILL}{key}-0"
        if key == more and question["type"] in LISTS:
            field.more = 1
        said, shown = (asked.said(question, before.value), answers.digest(before.value)) if before else ("", "")
        told = tuple(it for it in informs if it.question == key)
        items.append(
            Item(question, field, **facts[key], said=said, shown=shown, informs=told, pictures=pictures.get(key, ()))
        )
    return form, items


def informs_of(version, values: dict, on) -> list:
    """What the rules tell the patient about the answers."""
    return [it for it in conditions.found(version.questions, values, on) if it.then == "inform"]
