"""The editors of instructions: a video and a question that checks them, and after a treatment the steps in time."""

import re

from wtforms import BooleanField, FieldList, Form, FormField, HiddenField, SelectField, StringField, TextAreaField

from models import Paperwork, PaperworkVersion
from rules import instruction_texts, markdown
from rules.refused import Refused
from views import respond
from views.editors.common import PaperworkForm
from views.forms import carried

UNITS = {"minutes": 1, "hours": 60, "days": 1440}
NUMBER = {"inputmode": "numeric", "maxlength": 6}


def in_units(minutes: int | None, usual: str) -> tuple[str, str]:
    """A delay as its two fields show it: in the largest unit that says it in whole numbers."""
    if not minutes:
        return ("" if minutes is None else "0"), usual
    unit = next(unit for unit, size in reversed(UNITS.items()) if minutes % size == 0)
    return str(minutes // UNITS[unit]), unit


def in_minutes(number: str | None, unit: str) -> int | None:
    """None when it is no whole number."""
    typed = (number or "").strip()
    return int(typed) * UNITS.get(unit, 1) if re.fullmatch(r"[0-9]{1,6}", typed) else None


class PreTreatmentForm(PaperworkForm):
    part = "staff/paperwork/_instruction.html"

    video = StringField("Video", render_kw={"maxlength": 500, "inputmode": "url", "placeholder": "https://"})
    check_question = StringField("Question", render_kw={"maxlength": instruction_texts.LONGEST_LINE})
    check_right = StringField("Right answer", render_kw={"maxlength": instruction_texts.LONGEST_CHOICE})
    check_wrong = TextAreaField("Wrong answers, one on each line")
    check_line = StringField("The line of the text that answers it", render_kw={"maxlength": 500})

    @classmethod
    def texts_of(cls, version: PaperworkVersion) -> dict:
        details = version.details or {}
        check = details.get("check") or {}
        return {
            **super().texts_of(version),
            "video": details.get("video", ""),
            "check_question": check.get("question", ""),
            "check_right": check.get("right", ""),
            "check_wrong": "\n".join(it for it in check.get("choices", []) if it != check["right"]),
            "check_line": check.get("line", ""),
        }

    def details(self) -> dict:
        right, wrong = self.check_right.data or "", (self.check_wrong.data or "").splitlines()
        check = {"question": self.check_question.data, "right": right, "line": self.check_line.data}
        return {"video": self.video.data, "check": {**check, "choices": [right, *wrong]}}


class StepForm(Form):
    key = HiddenField()
    title = StringField("Title", render_kw={"maxlength": 120})
    delay = StringField("Begins so long after the visit", render_kw=NUMBER)
    unit = SelectField("Unit", choices=[(unit, unit) for unit in UNITS], default="days", validate_choice=False)
    body = TextAreaField("What to do then")
    check_in = BooleanField("Ask how it is going")

    def step(self) -> dict:
        facts = {name: self._fields[name].data for name in ("key", "title", "body", "check_in")}
        return {**facts, "delay_minutes": in_minutes(self.delay.data, self.unit.data)}

    def typed(self) -> dict:
        return {name: field.data for name, field in self._fields.items()}


class PostTreatmentForm(PreTreatmentForm):
    delay = StringField("Mail it so long after the visit ends", default="0", render_kw=NUMBER)
    delay_unit = SelectField("Unit", choices=[(unit, unit) for unit in UNITS], default="hours", validate_choice=False)
    items = FieldList(FormField(StepForm), name="steps", max_entries=instruction_texts.MOST_STEPS + 1)

    @classmethod
    def facts_of(cls, paperwork: Paperwork) -> dict:
        delay, unit = in_units(paperwork.delay_minutes, "hours")
        return {**super().facts_of(paperwork), "delay": delay, "delay_unit": unit}

    @classmethod
    def texts_of(cls, version: PaperworkVersion) -> dict:
        steps = [
            {**step, **dict(zip(("delay", "unit"), in_units(step["delay_minutes"], "days"), strict=True))}
            for step in instruction_texts.steps_of(version)
        ]
        return {**super().texts_of(version), "items": steps}

    def facts(self) -> dict:
        minutes = in_minutes(self.delay.data or "0", self.delay_unit.data)
        return {**super().facts(), "delay_minutes": -1 if minutes is None else minutes}

    def details(self) -> dict:
        return {**super().details(), "steps": [entry.form.step() for entry in self.items]}

    def rearranged(self, do: str) -> tuple[PaperworkForm, str]:
        verb, _, place = do.partition(":")
        steps, at = [entry.form.typed() for entry in self.items], carried(place)
        if verb == "add" and len(steps) < instruction_texts.MOST_STEPS:
            return self.again(items=[*steps, {"unit": "days"}]), f"#steps-{len(steps)}-title"
        if verb == "remove" and at is not None and at < len(steps):
            del steps[at]
            return self.again(items=steps), f"#steps-{min(at, len(steps) - 1)}-title" if steps else "#add-step"
        return self, ""

    def told(self, no: Refused) -> None:
        respond.refuse(self, no)
        number = no.facts.get("number")
        if number is not None and number < len(self.items) and no.field in self.items[number].form:
            field = self.items[number].form[no.field]
            field.errors = [*field.errors, no.words.partition(": ")[2]]


def shown(version: PaperworkVersion) -> dict:
    """What an instruction has beside its text, as the preview shows it; also one that is not finished yet."""
    details = version.details or {}
    check = details.get("check") or {}
    return {
        "video": details.get("video"),
        "check": check if check.get("question") else None,
        "steps": [
            {
                "title": step.get("title") or "(a step without a title)",
                "when": instruction_texts.after_words(step.get("delay_minutes") or 0),
                "body": markdown.render(step.get("body") or "", 4),
                "check_in": step.get("check_in"),
            }
            for step in sorted(details.get("steps") or [], key=lambda step: step.get("delay_minutes") or 0)
        ],
    }
