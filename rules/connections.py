"""Answers that are connected to the profile: what is sent changes it, and staff see from what to what."""

from datetime import date

from database import write_tx
from models import Answer, Patient, ProfileChange, Task
from rules import conditions, questions, trail, words
from rules.answering_day import answering_day
from rules.profile import LONGEST_HEALTH, tidy_text
from rules.question_types import LISTS

FIELD_WORDS = {"allergies": "Allergies", "medication": "Medication", "medical_notes": "Medical notes"}
ON_THEIR_OWN = (*LISTS, "text", "long_text")  # these read well without their question


def apply(task: Task, by) -> list[ProfileChange]:
    """Write the connected answers into the profile; call it in the transaction that closes the task.

    A question that was not asked, or not answered, changes nothing. A change that is none leaves no line.
    """
    with write_tx():
        task = Task.get_by_id(task.id)
        patient = Patient.get_by_id(task.patient_id)
        changes = []
        for field, text in _told(task).items():
            before = getattr(patient, field)
            if text == before:
                continue
            Patient.update(**{field: text}).where(Patient.id == patient.id).execute()
            changes.append(ProfileChange.create(patient=patient, task=task, field=field, before=before, after=text))
        if changes:
            fields = sorted(change.field for change in changes)
            trail.record(by, "profile updated by answers", f"task {task.id}", patient=patient, fields=fields)
        return changes


def _told(task: Task) -> dict[str, str]:
    """What the answers say about each connected part of the profile, in the order of the questions."""
    if task.version_id is None:
        return {}
    given = {answer.question: answer.value for answer in Answer.select().where(Answer.task == task)}
    on = answering_day(task)
    told = {}
    for question in conditions.asked(task.version.questions, given, on):
        value, field = given.get(question["key"]), question.get("updates")
        if field in FIELD_WORDS and not conditions.blank(value):
            told.setdefault(field, []).append(_said(question, value))
    return {field: _fitting(tidy_text("\n".join(dict.fromkeys(said))), on) for field, said in told.items()}


def _fitting(text: str, on: date) -> str:
    """As much as the profile holds, in whole lines where it can be, and then where the rest is."""
    if len(text) <= LONGEST_HEALTH:
        return text
    last = f"… the rest is in the answers of {words.date_words(on)}"
    room = LONGEST_HEALTH - len(last) - 1
    kept = text[: room + 1]
    for end in ("\n", " "):  # a line or a word that is whole, unless that loses more than a quarter
        if kept.rfind(end) > room * 3 // 4:
            return f"{kept[: kept.rfind(end)].rstrip()}\n{last}"
    return f"{text[:room]}\n{last}"


def _said(question: dict, value) -> str:
    if question["type"] in LISTS and isinstance(value, list):
        return "\n".join(": ".join(part for part in (it["name"], it.get("note")) if part) for it in value)
    said = questions.said(question, value)
    return said if question["type"] in ON_THEIR_OWN else f"{question['label']} {said}"


def changes_of(patient=None, task=None) -> list[ProfileChange]:
    """What answers changed in the profile, newest first."""
    whose = ProfileChange.patient == patient if patient is not None else ProfileChange.task == task
    return list(ProfileChange.select().where(whose).order_by(ProfileChange.id.desc()).limit(50))
