"""The editor of a questionnaire: a small form for each question."""

from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)

from models import PaperworkVersion
from rules import questions as asked
from rules.refused import Refused
from views import respond
from views.editors.common import PaperworkForm
from views.forms import carried


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


class QuestionnaireForm(PaperworkForm):
    part = "staff/paperwork/_questionnaire.html"

    items = FieldList(FormField(QuestionForm), name="questions", max_entries=asked.MOST_QUESTIONS + 1)

    @classmethod
    def opened(cls, data: dict) -> PaperworkForm:
        asks = data.get("questions") or [{"type": "yes_no", "required": True}]
        return super().opened({**data, "items": [_typed(question) for question in asks]})

    @classmethod
    def texts_of(cls, version: PaperworkVersion) -> dict:
        return {**super().texts_of(version), "questions": version.questions}

    def questions(self) -> list[dict]:
        return [entry.form.question() for entry in self.items]

    def rearranged(self, do: str) -> tuple[PaperworkForm, str]:
        if do.split(":")[0] not in ("add", "remove", "up", "down"):
            return self, ""
        questions, at = _rearranged(self.questions(), do)
        return self.again(questions=questions), f"#questions-{at}-label" if questions else "#add-question"

    def told(self, no: Refused) -> None:
        respond.refuse(self, no)
        number = no.facts.get("number")
        if number is not None and no.field in self.items[number].form:
            field = self.items[number].form[no.field]
            field.errors = [*field.errors, no.words.partition(": ")[2]]


def _typed(question: dict) -> dict:
    """A question as its form shows it."""
    blank = {"key": "", "label": "", "help": "", "unit": "", "choices": [], "least": None, "most": None}
    facts = {**blank, **question}
    facts["choices"] = "\n".join(facts["choices"])
    for bound in ("least", "most"):
        facts[bound] = "" if facts[bound] is None else str(facts[bound])
    return facts


def _rearranged(questions: list[dict], do: str) -> tuple[list[dict], int]:
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


def as_shown(questions: list[dict]) -> list[dict]:
    """The questions for the preview: also such that are not finished yet."""
    return [
        {
            **question,
            "key": f"preview_{number}",
            "label": question["label"] or "(a question without words)",
            "type": question["type"] if question["type"] in asked.TYPES else "text",
            "choices": [choice for choice in question["choices"] if choice.strip()],
            "least": None,
            "most": None,
        }
        for number, question in enumerate(questions)
    ]
