"""Check-ins: how a patient says that healing goes. "Worried" reaches the clinic at once and waits to be seen."""

from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

from peewee import JOIN

from clock import now
from database import write_tx
from models import Appointment, CheckIn, Location, Paperwork, PaperworkVersion, Patient, Photo, Service, Task
from rules import instructions, limits, outbox, photos, trail
from rules.clinic import the_clinic
from rules.instruction_texts import step_due_at, step_of
from rules.profile import tidy_text
from rules.refused import Refused
from rules.templates import version_of

FEELINGS = {"as_expected": "As expected", "not_sure": "Not sure", "worried": "Worried"}
LONGEST = 2_000
AN_HOUR = 20
SAME_AGAIN = timedelta(minutes=1)  # the same words within this time are a second click
STAYS_LOUD = timedelta(days=2)  # the clinic's emergency words stay on top of the page so long, seen or not


class Line(NamedTuple):
    """One check-in with what staff need to place it."""

    row: CheckIn
    patient: Patient
    service_name: str
    step_title: str
    time_zone: str

    @property
    def feeling_words(self):
        return FEELINGS[self.row.feeling]

    @property
    def is_new(self):
        return self.row.seen_at is None


def give(task: Task, key: str, feeling: str, words: str, by, picture=None) -> CheckIn:
    """The patient says how it goes at this step; `picture` is a stream or None.

    A worried one is mailed to the clinic at once. Refused before the step begins, and with "feeling", "words" or
    "photo" as the field. Call it outside of any transaction, as for rules.photos.adding.
    """
    step = step_of(version_of(task), key)
    if step is None or not step.get("check_in") or task.status == "not_needed":
        raise Refused("There is nothing to check in for here any more.")
    if step_due_at(step, task.appointment.ends_at) > now():
        raise Refused("This step has not begun yet. You can check in once it has.")
    if feeling not in FEELINGS:
        raise Refused("Choose how it goes.", "feeling")
    words = tidy_text(words)
    if len(words) > LONGEST:
        raise Refused(f"Keep it to {LONGEST:,} characters or fewer.", "words")
    limits.spend("check_in", f"patient:{task.patient_id}", AN_HOUR, timedelta(hours=1))
    instructions.read(task, by)  # who answers a text has it before them: from now on it is the one they keep
    with _with_photo(task, key, picture, by) as photo:
        last = latest(task)
        if (
            last and photo is None and last.photo_id is None and last.given_at > now() - SAME_AGAIN
            and (last.step, last.feeling, last.words) == (key, feeling, words)
        ):  # fmt: skip
            return last
        row = CheckIn.create(task=task, step=key, feeling=feeling, words=words, photo=photo)
        trail.record(by, "checked in", f"task {task.id}", patient=task.patient_id, check_in=row.id)
        address = the_clinic().email
        if feeling == "worried" and address:
            outbox.put(
                "check_in_worried",
                "A patient said in a check-in after a treatment that they are worried.",
                dedupe=f"check_in_worried:{row.id}",
                address=address,
                task=task,
                appointment=task.appointment_id,
                check_in=row.id,
            )
        return row


@contextmanager
def _with_photo(task, key, picture, by):
    """The transaction of a check-in, with its photo if it has one: both are kept, or neither is."""
    if picture is None:
        with write_tx():
            yield None
        return
    try:
        with photos.adding(task, key, picture, by) as photo:
            yield photo
    except Refused as no:
        raise Refused(no.words, "photo", **no.facts) from no


def of(task: Task) -> dict[str, list[CheckIn]]:
    """The check-ins of a task by step, the newest first."""
    found: dict[str, list[CheckIn]] = {}
    for row in CheckIn.select().where(CheckIn.task == task).order_by(CheckIn.id.desc()):
        found.setdefault(row.step, []).append(row)
    return found


def latest(task: Task) -> CheckIn | None:
    return CheckIn.select().where(CheckIn.task == task).order_by(CheckIn.id.desc()).first()


def is_loud(row: CheckIn | None) -> bool:
    """Whether the page begins with the clinic's emergency words: the newest check-in is a worried one."""
    if row is None or row.feeling != "worried":
        return False
    return row.seen_at is None or row.given_at > now() - STAYS_LOUD


def _lines(query) -> list[Line]:
    found = (
        query.select(CheckIn, Task, Paperwork, PaperworkVersion, Patient, Appointment, Service, Location, Photo)
        .join_from(CheckIn, Task)
        .join_from(Task, Paperwork)
        .join_from(Task, PaperworkVersion, JOIN.LEFT_OUTER)
        .join_from(Task, Patient)
        .join_from(Task, Appointment)
        .join_from(Appointment, Service)
        .join_from(Appointment, Location)
        .join_from(CheckIn, Photo, JOIN.LEFT_OUTER)
    )
    return [_line(row) for row in found]


def _line(row):
    task = row.task
    step = step_of(task.version, row.step) if task.version_id else None
    title = step["title"] if step else task.paperwork.name
    return Line(row, task.patient, task.appointment.service.name, title, task.appointment.location.time_zone)


def of_patient(patient: Patient) -> list[Line]:
    """All check-ins of a patient, the newest first, in one query."""
    return _lines(CheckIn.select().where(Task.patient == patient).order_by(CheckIn.id.desc()))


def unseen() -> list[Line]:
    """What the clinic must look at: worried ones first, then "not sure", the oldest first of each; one query."""
    waiting = CheckIn.select().where(CheckIn.feeling.in_(("worried", "not_sure")), CheckIn.seen_at.is_null())
    return _lines(waiting.order_by(CheckIn.feeling.desc(), CheckIn.id))


def is_seen(number) -> bool:
    return CheckIn.select().where((CheckIn.id == number) & CheckIn.seen_at.is_null(False)).exists()


def see(row: CheckIn, by) -> bool:
    """A member of staff has looked at it; False when somebody did before."""
    with write_tx():
        first = (
            CheckIn.update(seen_at=now(), seen_by=by.name[:120])
            .where((CheckIn.id == row.id) & CheckIn.seen_at.is_null())
            .execute()
        )
        if first:
            trail.record(by, "check-in seen", f"task {row.task_id}", patient=row.task.patient_id, check_in=row.id)
            outbox.skip("Somebody at the clinic has seen it already", dedupe_key=f"check_in_worried:{row.id}")
        return bool(first)
