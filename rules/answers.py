"""Answers of tasks: saved as they are given, from any device, sent once, and never changed afterwards."""

import json
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from clock import now
from database import write_tx
from models import OPEN_TASK, Answer, PaperworkVersion, Task
from rules import closed, conditions, paperwork, photos, trail
from rules import questions as asked
from rules.answering_day import answering_day
from rules.conditions import LAYOUT
from rules.refused import Refused

CHANGED_SINCE = "Your answers were changed on another device after this page was opened. Please check them once more."
OFFERED = "~"  # before a digest: the page offered an earlier answer, which was not saved for this task yet


class Stored(NamedTuple):
    """What a task holds."""

    values: dict
    confirmed: set  # keys of earlier answers that were called still true
    keys: set  # of all questions that were gone through with an answer, also one that was taken away since


class Saved(NamedTuple):
    """What became of what a page sent."""

    problems: dict  # a sentence for each answer that does not fit, by question
    both: list  # (question, what another device had saved, what stands now) where both changed it
    theirs: list  # the questions where only another device did, and its answer stays
    stored: Stored


def load(task: Task) -> Stored:
    """What is stored for this task; work that counts from an earlier visit is that visit's."""
    fields = Answer.select(Answer.question, Answer.value, Answer.confirmed)
    rows = list(fields.where(Answer.task == (task.counted_from_id or task.id)).tuples())
    return Stored(
        {key: value for key, value, _ in rows if not conditions.blank(value)},
        {key for key, _, confirmed in rows if confirmed},
        {key for key, _, _ in rows},
    )


def of(task: Task) -> dict:
    """The answers that are stored for this task, by question."""
    return load(task).values


def digest(value) -> str:
    """A short sign of a value, by which a page tells what it was shown with."""
    return sha256(_canonical(None if conditions.blank(value) else value).encode()).hexdigest()[:16]


def digest_of(version: PaperworkVersion, values: dict) -> str:
    """SHA-256 over the questions as they were asked and the answers as they were sent."""
    return sha256(_canonical([version.digest, values]).encode()).hexdigest()


def _canonical(value) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def save_answers(task: Task, given: dict, by, version: PaperworkVersion) -> dict[str, str]:
    """Store each answer that fits, whatever else was saved meanwhile; a sentence for each that does not."""
    return save(task, given, by, version).problems


def save(task: Task, given: dict, by, version: PaperworkVersion, seen=None, confirmed=()) -> Saved:
    """Store each given answer that fits; refused when the task is closed.

    `version` is the one that was on the screen; the first save begins the task with it. `seen` has the digest of what
    the page was shown with, by question: what the page did not change never replaces what another device saved since,
    and what it did change wins. `confirmed` names the earlier answers that were called still true. A key that the
    version does not ask is dropped; an answer taken away leaves its row, so that no earlier answer is offered again.
    """
    seen, problems, both, theirs, taken = seen or {}, {}, [], [], {}
    with write_tx():
        version = _begin(task, by, version)
        stored = load(task)
        for question in version.questions:
            key = question["key"]
            if key not in given or question["type"] in LAYOUT:
                continue
            try:
                value = asked.check(question, given[key])
            except Refused as no:
                problems[key] = no.words
                continue
            there, was = stored.values.get(key), seen.get(key, digest(stored.values.get(key)))
            offered = was.startswith(OFFERED)
            moved = key in stored.keys if offered else digest(there) != was
            if moved and value != there:
                if digest(value) == was.removeprefix(OFFERED):
                    theirs.append(question)  # this page only repeats what it was shown with
                    continue
                both.append((question, there, value))
            if value is not None or offered or key in stored.keys:
                taken[key] = (value, value is not None and key in confirmed)
        return Saved(problems, both, theirs, _write(task, stored, taken))


def _write(task: Task, stored: Stored, taken: dict) -> Stored:
    """Write each (value, whether it was confirmed) that is not there yet; what is stored then."""
    values = {**stored.values, **{key: value for key, (value, _) in taken.items()}}
    new = [
        {"task": task.id, "question": key, "value": value, "confirmed": confirmed}
        for key, (value, confirmed) in taken.items()
        if key not in stored.keys
    ]
    if new:
        Answer.insert_many(new).execute()
    for key, (value, confirmed) in taken.items():
        if key in stored.keys and (stored.values.get(key), key in stored.confirmed) != (value, confirmed):
            row = Answer.update(value=value, saved_at=now(), confirmed=confirmed)
            row.where((Answer.task == task) & (Answer.question == key)).execute()
    return Stored(
        {key: value for key, value in values.items() if value is not None},
        stored.confirmed - taken.keys() | {key for key, (_, confirmed) in taken.items() if confirmed},
        stored.keys | taken.keys(),
    )


def _begin(task: Task, by, version: PaperworkVersion) -> PaperworkVersion:
    """Mark the task as begun, if it is not; returns the version that it was begun with."""
    first = (
        Task.update(status="in_progress", version=version, begun_at=now())
        .where((Task.id == task.id) & (Task.status == "open") & Task.lapsed_at.is_null())
        .execute()
    )
    fresh = Task.get_by_id(task.id)
    if fresh.status != "in_progress" or fresh.lapsed_at:
        raise Refused(closed.why(fresh))
    if first:
        trail.record(by, "questionnaire begun", f"task {task.id}", patient=task.patient_id, version=version.number)
    task.status, task.version, task.sections_done = fresh.status, fresh.version_id, fresh.sections_done
    return version if first else fresh.version


def gone_through(task: Task, number: int, sections: list) -> int:
    """Note that the patient has gone through this section, and through the empty ones after it; how many that makes."""
    following = next((it.number for it in sections if it.number > number and it.shown), len(sections) + 1)
    Task.update(sections_done=following - 1).where(
        (Task.id == task.id) & (Task.status == "in_progress") & (Task.sections_done < following - 1)
    ).execute()
    task.sections_done = max(task.sections_done, following - 1)
    return task.sections_done


def missing(version: PaperworkVersion, stored: Stored, on: date) -> dict[str, str]:
    """A sentence for each question that is asked, must be answered, and is not."""
    lacking = conditions.missing(version.questions, stored.values, on)
    return {question["key"]: asked.missing(question) for question in lacking}


def submit(task: Task, given: dict, by, version: PaperworkVersion, checked: str = "") -> bool:
    """Send the answers; from then on they stand. False when they were sent before (a double click).

    What is sent is what is stored, after `given` was saved, without what hidden questions carry. `checked` is the
    digest of what the patient read before sending: refused when another device changed it since. Refused with
    facts["problems"] (a sentence per question) when something is missing or does not fit; what fits is stored.
    """
    from rules import connections, findings  # they read answers

    if Task.get_by_id(task.id).status == "done":
        return False
    try:
        problems = save_answers(task, given, by, version)
    except Refused:
        if Task.get_by_id(task.id).status == "done":  # the other click of a double click was faster
            return False
        raise
    with write_tx():
        version = Task.get_by_id(task.id).version
        stored, on = note_photos(task, version), answering_day(task)
        values = conditions.kept(version.questions, stored.values, on)
        problems = {**missing(version, stored, on), **problems}
        if not problems and checked and checked != digest_of(version, values):
            raise Refused(CHANGED_SINCE)
        if not problems:
            _drop_hidden(task, values, by)
        if not problems and _close(task, answers_digest=digest_of(version, values)):
            trail.record(
                by, "questionnaire answered", f"task {task.id}", patient=task.patient_id, version=version.number
            )
            fresh = Task.get_by_id(task.id)
            findings.raise_for(fresh, by)
            connections.apply(fresh, by)
            paperwork.count_elsewhere(fresh, by)
            return True
    if problems:
        raise Refused("Some answers are missing or do not fit yet.", problems=problems)
    return False


def _drop_hidden(task: Task, values: dict, by) -> None:
    """The record holds the answers of the questions that were asked, and nothing else."""
    for key, pictures in photos.of(task).items():
        for photo in pictures if key not in values else ():
            photos.remove(photo, by)
    Answer.delete().where((Answer.task == task) & Answer.question.not_in(list(values) or [""])).execute()


def note_photos(task: Task, version: PaperworkVersion, stored: Stored | None = None) -> Stored:
    """Let the answers of photo questions name the photos that are there; returns what is stored then."""
    stored = stored or load(task)
    keys = [question["key"] for question in version.questions if question["type"] == "photo"]
    if not keys or task.status != "in_progress" or not _photos_to_note(task, keys, stored):
        return stored  # a page that is only looked at waits for nobody who writes
    with write_tx():
        fresh, stored = Task.get_by_id(task.id), load(task)
        if fresh.status != "in_progress" or fresh.lapsed_at:
            return stored
        return _write(task, stored, _photos_to_note(task, keys, stored))


def _photos_to_note(task: Task, keys: list[str], stored: Stored) -> dict:
    """What the answers of these photo questions must become, as `_write` takes it; nothing when they are right."""
    there = photos.of(task)
    numbers = {key: [photo.id for photo in there.get(key, ())] or None for key in keys}
    return {key: (it, False) for key, it in numbers.items() if it != stored.values.get(key)}


def _close(task: Task, **facts) -> bool:
    return bool(
        Task.update(status="done", done_at=now(), **facts)
        .where((Task.id == task.id) & Task.status.in_(OPEN_TASK) & Task.lapsed_at.is_null())
        .execute()
    )
