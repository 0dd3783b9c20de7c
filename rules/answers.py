"""Answers and signatures of tasks: saved as they are given, sent once, and never changed afterwards."""

from clock import now
from database import write_tx
from models import OPEN_TASK, Answer, PaperworkVersion, Signature, Task
from rules import paperwork, signing, trail
from rules import questions as asked
from rules.refused import Refused

SENT_ALREADY = "These answers were sent already. If something has changed since, please tell the clinic."
NOT_NEEDED = "This is not needed any more: the appointment was cancelled."


def of(task: Task) -> dict:
    """What is stored for this task, by question; work that counts from an earlier visit is that visit's."""
    source = task.counted_from_id or task.id
    return {answer.question: answer.value for answer in Answer.select().where(Answer.task == source)}


def told(version: PaperworkVersion, given: dict) -> list[tuple[str, str]]:
    """Each question with its answer in words, in the order they were asked."""
    return [(question["label"], asked.said(question, given.get(question["key"]))) for question in version.questions]


def count(version: PaperworkVersion, given: dict) -> int:
    """How many of the version's questions have an answer."""
    return sum(not asked.blank(given.get(question["key"])) for question in version.questions)


def save_answers(task: Task, given: dict, by, version: PaperworkVersion) -> dict[str, str]:
    """Store each answer that fits; returns a sentence for each that does not, by question.

    `version` is the one that was on the screen; the first save begins the task with it. An emptied
    answer is taken away, a key that the version does not ask is dropped. Refused when the task is closed.
    """
    problems = {}
    with write_tx():
        version = _begin(task, by, version)
        stored = of(task)
        for question in version.questions:
            key = question["key"]
            if key not in given:
                continue
            try:
                value = asked.check(question, given[key])
            except Refused as no:
                problems[key] = no.words
                continue
            if value is None:
                Answer.delete().where((Answer.task == task) & (Answer.question == key)).execute()
            elif key not in stored:
                Answer.create(task=task, question=key, value=value)
            elif stored[key] != value:
                Answer.update(value=value, saved_at=now()).where(
                    (Answer.task == task) & (Answer.question == key)
                ).execute()
    return problems


def _begin(task: Task, by, version: PaperworkVersion) -> PaperworkVersion:
    """Mark the task as begun, if it is not; returns the version that it was begun with."""
    first = (
        Task.update(status="in_progress", version=version, begun_at=now())
        .where((Task.id == task.id) & (Task.status == "open") & Task.lapsed_at.is_null())
        .execute()
    )
    fresh = Task.get_by_id(task.id)
    if fresh.status != "in_progress" or fresh.lapsed_at:
        raise Refused(NOT_NEEDED if fresh.status == "not_needed" else SENT_ALREADY)
    if first:
        trail.record(by, "questionnaire begun", f"task {task.id}", patient=task.patient_id, version=version.number)
    task.status, task.version = fresh.status, fresh.version_id
    return version if first else fresh.version


def submit(task: Task, given: dict, by, version: PaperworkVersion) -> bool:
    """Send the answers; from then on they stand. False when they were sent before (a double click).

    Refused with facts["problems"] (a sentence per question) when something is missing or does not fit;
    what fits is stored even then.
    """
    if Task.get_by_id(task.id).status == "done":
        return False
    problems = save_answers(task, given, by, version)
    with write_tx():
        version = Task.get_by_id(task.id).version
        stored = of(task)
        for question in version.questions:
            if question["required"] and asked.blank(stored.get(question["key"])):
                problems.setdefault(question["key"], asked.missing(question))
        if not problems and _close(task):
            trail.record(
                by, "questionnaire answered", f"task {task.id}", patient=task.patient_id, version=version.number
            )
            paperwork.count_elsewhere(task, by)
            return True
    if problems:
        raise Refused("Some answers are missing or do not fit yet.", problems=problems)
    return False


def _close(task: Task, **facts) -> bool:
    return bool(
        Task.update(status="done", done_at=now(), **facts)
        .where((Task.id == task.id) & Task.status.in_(OPEN_TASK) & Task.lapsed_at.is_null())
        .execute()
    )


def words_of(version: PaperworkVersion) -> str:
    """Title and text of a consent, exactly as they are shown and signed."""
    return f"{version.title}\n\n{version.body}"


def sign_consent(
    task: Task, by, version: PaperworkVersion, *, method, full_name="", strokes=None, agreed=False
) -> bool:
    """Sign the consent as it was shown. False when it was signed before (a double click)."""
    with write_tx():
        fresh = Task.get_by_id(task.id)
        if fresh.status == "done":
            return False
        if not agreed:
            raise Refused("Tick the box to say that you have read this and agree.", "agreed")
        patient = fresh.patient
        if method == "drawn":
            full_name = f"{patient.first_name} {patient.last_name}"
        if not _close(task, version=version, begun_at=now()):
            raise Refused(NOT_NEEDED)
        signing.sign(
            patient=patient, by=by, text=words_of(version), version_digest=version.digest, method=method,
            signer_name=full_name, strokes=strokes, task=task, time_zone=fresh.appointment.location.time_zone,
        )  # fmt: skip
        paperwork.count_elsewhere(task, by)
        return True


def signature_of(task: Task) -> Signature | None:
    """The signature that this task rests on, its own or the earlier one that counts for it."""
    return Signature.get_or_none(Signature.task == (task.counted_from_id or task.id))
