"""The editor of a questionnaire."""

from flask import request

from models import PaperworkVersion
from rules import question_looks, question_types
from rules.refused import Refused
from views import respond
from views.editors import question_cards, question_fields, question_moves
from views.editors.common import PaperworkForm


class QuestionnaireForm(PaperworkForm):
    """The common fields, and the questions as items: see question_fields."""

    part = "staff/paperwork/_questionnaire.html"
    types = list(question_types.TYPES.items())
    asks = list(question_types.ASKS.items())
    updates = list(question_types.UPDATES.items())
    thens = list(question_looks.THEN.items())

    def __init__(self, *args, items: list[dict] | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.items = question_fields.with_keys(question_fields.read(request.form) if items is None else items)
        self.shown_open = {0} if len(self.items) == 1 else set()
        self.beside = {}  # the id of a field -> what is wrong there

    @classmethod
    def opened(cls, data: dict) -> "QuestionnaireForm":
        items = data.get("items") or [question_fields.new(required=True)]
        return cls(formdata=None, data=data, items=items)

    @classmethod
    def texts_of(cls, version: PaperworkVersion) -> dict:
        items = [question_fields.written(question) for question in version.questions]
        return {**super().texts_of(version), "items": items}

    def again(self, **values) -> "QuestionnaireForm":
        return super().again(**{"items": self.items, **values})

    def questions(self) -> list[dict]:
        return [question_fields.question_of(item) for item in self.items]

    def cards(self) -> list[question_cards.Card]:
        return question_cards.cards(self.items)

    def rearranged(self, do: str) -> tuple[PaperworkForm, str]:
        moved = question_moves.moved(self.items, do)
        if moved is None:
            self._tell_what_dangles()
            return self, ""
        form = self.again(items=moved.items)
        form.items = question_fields.with_keys(moved.items)
        form.shown_open = set() if moved.at is None else {moved.at}
        form.words = moved.words
        form._tell_what_dangles()
        return form, f"#{moved.id}" if moved.id else ""

    def _tell_what_dangles(self) -> None:
        """Say beside each condition that looks at no earlier question why it cannot: a move or a removal did that."""
        drafts = [{**question_fields.question_of(item), "label": item["label"] or "…"} for item in self.items]
        for at, item in enumerate(self.items):
            for row, condition in enumerate(item["if"]):
                no = question_looks.why_not(drafts, at, condition) if condition["question"] else ""
                if no:
                    self.beside[f"questions-{at}-if-{row}-question"] = no
                    self.shown_open.add(at)

    def told(self, no: Refused) -> None:
        number = no.facts.get("number")
        if number is None:
            respond.refuse(self, no)
            return
        field = f"questions-{number}-{no.field}"
        self.form_errors.append(no.words)
        self.linked[no.words] = field
        self.beside[field] = no.words.partition(": ")[2]
        self.shown_open.add(number)


def previewed(questions: list[dict]) -> list[dict]:
    """The questions as a preview shows them, also such that are not finished yet; "only_if" says when, in words."""
    items = [question_fields.written(question) for question in questions]
    return [
        {
            "key": f"preview_{number}",
            "label": question["label"] or question_cards.NAMELESS,
            "type": question["type"] if question["type"] in question_types.TYPES else "text",
            "help": question.get("help") or "",
            "required": question.get("required"),
            "choices": [choice for choice in question.get("choices") or [] if choice.strip()],
            "unit": question.get("unit") or "",
            "low": question.get("low") or "",
            "high": question.get("high") or "",
            "only_if": only_if,
            **_steps(question),
        }
        for number, (question, only_if) in enumerate(zip(questions, question_cards.shown_if(items), strict=True))
    ]


def _steps(question: dict) -> dict:
    """The bounds, where the preview can show them: a scale has steps in any case."""
    least, most = (question_types.number_of(question.get(bound) or "") for bound in ("least", "most"))
    if question["type"] != "scale":
        return {"least": None, "most": most if question["type"] == "photo" else None}
    least = least if isinstance(least, int) else 0
    most = most if isinstance(most, int) else 10
    return {"least": least, "most": min(max(most, least), least + question_types.MOST_STEPS - 1)}
