"""Answers as staff read them: what a rule flags and what changed since last time before everything else."""

from typing import NamedTuple

from models import PaperworkVersion, Task, TrailEntry
from rules import answers, conditions, earlier, photos
from rules import questions as asked
from rules.answering_day import answering_day
from rules.conditions import LAYOUT


class Line(NamedTuple):
    """One question that was asked, with its answer now and, where that was another one, last time."""

    label: str
    said: str
    before: str  # what was said last time; "" when it was the same, or nothing
    since: str  # from when that is
    confirmed: bool
    findings: list  # what the rules of flags and blocks say, in their words
    pictures: list

    @property
    def stands_out(self) -> bool:
        return bool(self.findings or self.before)


class Told(NamedTuple):
    """The answers of a task."""

    lines: list[Line]
    returning: bool  # there is a last time to compare with
    by: str  # who sent them, and how they were signed in

    @property
    def first(self) -> list[Line]:
        return [line for line in self.lines if line.stands_out]

    @property
    def others(self) -> list[Line]:
        return [line for line in self.lines if not line.stands_out]


def of(task: Task, version: PaperworkVersion) -> Told:
    """What this task's answers say, in the order in which they were asked."""
    source = task.counted_from if task.counted_from_id else task
    stored = answers.load(task)
    on = answering_day(task)
    shown = [it for it in conditions.asked(version.questions, stored.values, on) if it["type"] not in LAYOUT]
    last_time = earlier.answers(source, [it["key"] for it in shown])
    found = [it for it in conditions.found(version.questions, stored.values, on) if it.then != "inform"]
    pictures = photos.of(task) if any(it["type"] == "photo" for it in shown) else {}
    newest = max(last_time.values(), key=lambda it: it.answered_at, default=None)
    lines = [
        _line(it, stored, last_time.get(it["key"], newest and newest._replace(value=None)),
              [one.words for one in found if one.question == it["key"]], pictures.get(it["key"], []))
        for it in shown
    ]  # fmt: skip
    return Told(lines, bool(last_time), _by(source))


def _line(question, stored, before, findings, pictures) -> Line:
    key = question["key"]
    value = stored.values.get(key)
    differs = before is not None and (before.value is None or question["type"] != "photo") and before.value != value
    return Line(
        label=question["label"],
        said=asked.said(question, value),
        before=_said(question, before.value) if differs else "",
        since=before.day if differs else "",
        confirmed=key in stored.confirmed,
        findings=findings,
        pictures=pictures,
    )


def _said(question, value) -> str:
    """An answer to an older form of the question may be of another shape."""
    try:
        return asked.said(question, value)
    except (TypeError, KeyError, ValueError, AttributeError):
        return str(value)


def _by(task: Task) -> str:
    entry = (
        TrailEntry.select(TrailEntry.actor_name)
        .where((TrailEntry.subject == f"task {task.id}") & (TrailEntry.action == "questionnaire answered"))
        .first()
    )
    return entry.actor_name if entry else ""
