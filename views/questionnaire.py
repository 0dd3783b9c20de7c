"""A questionnaire as a form: its fields are made from the questions of the version on the screen."""

from flask import request
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField

from models import PaperworkVersion
from rules import questions as asked

PREFIX = "q_"  # so that a question can have any key, even "version"


def form_of(version: PaperworkVersion, formdata, values: dict) -> FlaskForm:
    """A form with one field per question; nothing is validated here, rules.questions does that."""

    class QuestionnaireForm(FlaskForm):
        pass

    for question in version.questions:
        setattr(QuestionnaireForm, PREFIX + question["key"], _field(question))
    data = {PREFIX + key: _as_typed(value) for key, value in values.items()}
    form = QuestionnaireForm(formdata=formdata, data=data)
    for question in version.questions:
        flags = form[PREFIX + question["key"]].flags
        flags.optional, flags.required = not question["required"], question["required"]
    return form


def _field(question):
    label, hint = question["label"], hint_of(question)
    kind = question["type"]
    if kind == "long_text":
        return TextAreaField(label, description=hint)
    if kind == "yes_no":
        return RadioField(label, description=hint, choices=[("yes", "Yes"), ("no", "No")], validate_choice=False)
    if kind == "single":
        choices = [(choice, choice) for choice in question["choices"]]
        return RadioField(label, description=hint, choices=choices, validate_choice=False)
    if kind == "multiple":
        choices = [(choice, choice) for choice in question["choices"]]
        return SelectMultipleField(label, description=hint, choices=choices, validate_choice=False)
    return StringField(label, description=hint)


def hint_of(question) -> str:
    """The help that staff wrote, with what the answer must look like."""
    hints = [question.get("help") or ""]
    if question["type"] == "multiple":
        hints.append("Choose all that apply.")
    if question["type"] == "number":
        within, unit = asked.bounds(question), question.get("unit")
        hints.append(f"A number {within}." if within else f"In {unit}." if unit else "")
    return " ".join(hint for hint in hints if hint)


def _as_typed(value):
    return value if isinstance(value, list) else str(value)


def filled(version, stored: dict) -> FlaskForm:
    return form_of(version, None, stored)


def with_problems(version, problems: dict) -> FlaskForm:
    """The form as it was sent, with the rule's sentence beside each question that has one."""
    form = form_of(version, request.form, {})
    for key, words in problems.items():
        field = form[PREFIX + key]
        field.errors = [*field.errors, words]
    return form


def given(version, only: str | None = None) -> dict:
    """The answers that the form carries, by question: a list for choices of several, else a text.

    A question of the form without a value was emptied; a field that the version does not ask is dropped.
    """
    on_the_form = set(request.form.getlist("asked"))
    found = {}
    for question in version.questions:
        key = question["key"]
        if key not in on_the_form or (only is not None and key != only):
            continue
        values = request.form.getlist(PREFIX + key)
        found[key] = values if question["type"] == "multiple" else (values[0] if values else "")
    return found
