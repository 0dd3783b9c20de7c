"""The editor of paperwork as one form: its facts, its text, and a small form for each question."""

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)

from models import Paperwork, PaperworkVersion
from rules import questions as asked
from views.forms import carried

UNITS = {"minutes": 1, "hours": 60, "days": 1440}


class QuestionForm(Form):
    """One question; what its type does not use travels hidden, so that choosing another type loses nothing."""

    key = HiddenField()
    label = StringField("Question", render_kw={"maxlength": 300})
    type = SelectField("How it is answered", choices=list(asked.TYPES.items()), default="yes_no", validate_choice=False)
    required = BooleanField("Must be answered", default=True)
    help = StringField("Help under the question", render_kw={"maxlength": 500})
    choices = TextAreaField("Choices, one on each line")
    unit = StringField("Unit, such as kg", render_kw={"maxlength": 40})
    least = StringField("Lowest")
    most = StringField("Highest")

    def question(self) -> dict:
        facts = {name: field.data for name, field in self._fields.items()}
        return {**facts, "choices": (self.choices.data or "").splitlines()}


class PaperworkForm(FlaskForm):
    name = StringField("Name in lists", render_kw={"maxlength": 120})
    title = StringField("Title on the page", render_kw={"maxlength": 160})
    body = TextAreaField("Text")
    validity = RadioField(
        "How long done work is good for",
        choices=[("every_visit", "Ask for every visit"), ("once", "Ask once"), ("days", "Good for some days")],
        default="every_visit",
        validate_choice=False,
    )
    validity_days = IntegerField("Days")
    delay = IntegerField("Mail it so long after the visit ends", default=0)
    delay_unit = SelectField("Unit", choices=[(unit, unit) for unit in UNITS], default="hours", validate_choice=False)
    questions = FieldList(FormField(QuestionForm), max_entries=asked.MOST_QUESTIONS + 1)
    base = HiddenField()

    def texts(self) -> dict:
        return {
            "title": self.title.data or "",
            "body": self.body.data or "",
            "questions": [entry.form.question() for entry in self.questions],
        }

    def facts(self) -> dict:
        return {
            "name": self.name.data or "",
            "validity": self.validity.data,
            "validity_days": self.validity_days.data,
            "delay_minutes": (self.delay.data or 0) * UNITS.get(self.delay_unit.data, 1),
        }

    def again(self, questions: list[dict]) -> "PaperworkForm":
        """The same form with other questions: one more, one fewer, or another order."""
        data = {name: field.data for name, field in self._fields.items() if name != "questions"}
        return PaperworkForm(formdata=None, data={**data, "questions": [_typed(it) for it in questions]})


def filled(paperwork: Paperwork, version: PaperworkVersion) -> PaperworkForm:
    delay = paperwork.delay_minutes
    unit = next(unit for unit, size in reversed(UNITS.items()) if delay % size == 0) if delay else "hours"
    return PaperworkForm(
        formdata=None,
        data={
            "name": paperwork.name,
            "title": version.title,
            "body": version.body,
            "validity": paperwork.validity,
            "validity_days": paperwork.validity_days,
            "delay": delay // UNITS[unit],
            "delay_unit": unit,
            "questions": [_typed(it) for it in version.questions],
            "base": version.number,
        },
    )


def _typed(question: dict) -> dict:
    """A question as its form shows it."""
    blank = {"key": "", "label": "", "help": "", "unit": "", "choices": [], "least": None, "most": None}
    facts = {**blank, **question}
    facts["choices"] = "\n".join(facts["choices"])
    for bound in ("least", "most"):
        facts[bound] = "" if facts[bound] is None else str(facts[bound])
    return facts


def rearranged(questions: list[dict], do: str) -> tuple[list[dict], int]:
    """The questions after "add", "remove:3", "up:3" or "down:3", and the position to look at next."""
    verb, _, place = do.partition(":")
    questions = list(questions)
    if verb == "add" and len(questions) < asked.MOST_QUESTIONS:
        return [*questions, {"type": "yes_no", "required": True}], len(questions)
    at = carried(place)
    if at is None or at >= len(questions):
        return questions, max(len(questions) - 1, 0)
    question = questions.pop(at)
    if verb == "remove":
        return questions, max(min(at, len(questions) - 1), 0)
    to = {"up": at - 1, "down": at + 1}.get(verb, at)
    to = min(max(to, 0), len(questions))
    questions.insert(to, question)
    return questions, to


def as_shown(form: PaperworkForm) -> list[dict]:
    """The questions for the preview: also such that are not finished yet."""
    shown = []
    for number, question in enumerate(form.texts()["questions"]):
        shown.append(
            {
                **question,
                "key": f"preview_{number}",
                "label": question["label"] or "(a question without words)",
                "type": question["type"] if question["type"] in asked.TYPES else "text",
                "choices": [choice for choice in question["choices"] if choice.strip()],
                "least": None,
                "most": None,
            }
        )
    return shown
