"""Paperwork of a visit: what is due for whom, what counts from earlier, and what a cancelled or moved visit changes."""

from datetime import datetime, timedelta
from typing import NamedTuple

from clock import now
from database import Written, write_tx
from models import (
    KINDS,
    LIVE,
    OPEN_TASK,
    TO_COME,
    Appointment,
    Assignment,
    Location,
    Paperwork,
    Service,
    Task,
)
from rules import trail, words
from rules.templates import current_version, shown_version, version_of, write_version  # noqa: F401 - one door

KIND_WORDS = {
    "questionnaire": "Questionnaire",
    "consent": "Consent",
    "pre_treatment": "Pre-treatment instructions",
    "post_treatment": "Post-treatment instructions",
}
TO_DO_WORDS = {"questionnaire": "To answer", "consent": "To sign"}
COUNTS_AGAIN = ("questionnaire", "consent")  # instructions are read for each visit
ASKED_DAYS = 7  # what was asked before a visit that nobody closed leaves the home page so long after its end
SHOWN_DAYS = 183  # post-treatment instructions stay on the home page for half a year


class Due(NamedTuple):
    """One line of a patient's list, ready to be shown by parts.html: task_row."""

    id: int
    kind: str
    status: str
    name: str
    starts_at: datetime
    time_zone: str
    service_name: str
    appointment_id: int
    late: bool

    @property
    def href(self):
        return f"/tasks/{self.id}"

    @property
    def done(self):
        return self.status == "done"

    @property
    def kind_words(self):
        return KIND_WORDS[self.kind]

    @property
    def for_words(self):
        return f"{self.service_name}, {words.short_when(self.starts_at, self.time_zone)}"

    @property
    def status_words(self):
        reads = self.kind not in TO_DO_WORDS
        if self.done:
            return "Read" if reads else "Done"
        if self.late:
            return "Late"
        if self.kind == "post_treatment":
            return "New"
        return "Begun" if self.status == "in_progress" else TO_DO_WORDS.get(self.kind, "To read")


class Required(list):
    """The open lines, in the order in which they are due; and how many of all are done."""

    done = 0
    total = 0


def begin_for(appointment: Appointment, by) -> list[Task]:
    """One task for each piece of paperwork assigned to the service; call it in the booking's transaction.

    Earlier work of the patient that is still valid when the visit starts counts: its task is done at once.
    """
    with write_tx():
        assigned = (
            Paperwork.select()
            .join(Assignment)
            .where((Assignment.service == appointment.service_id) & Paperwork.archived_at.is_null())
            .order_by(Paperwork.name)
        )
        kept = _earlier_work(appointment.patient_id)
        tasks = []
        for paperwork in sorted(assigned, key=lambda it: KINDS.index(it.kind)):
            task = Task(patient=appointment.patient_id, appointment=appointment, paperwork=paperwork)
            _count(task, kept.get(paperwork.id), paperwork, appointment.starts_at)
            task.save(force_insert=True)
            tasks.append(task)
        if tasks:
            counted = sum(task.status == "done" for task in tasks)
            trail.record(
                by, "paperwork begun", f"appointment {appointment.id}", patient=appointment.patient_id,
                tasks=len(tasks), counted_from_earlier=counted,
            )  # fmt: skip
        return tasks


def _earlier_work(patient_id: int) -> dict[int, Task]:
    """The newest work really done by this patient, per paperwork."""
    done = (
        Task.select(Task.id, Task.paperwork, Task.version, Task.done_at)
        .join(Paperwork)
        .where(
            (Task.patient == patient_id)
            & (Task.status == "done")
            & Task.counted_from.is_null()
            & Paperwork.kind.in_(COUNTS_AGAIN)
            & (Paperwork.validity != "every_visit")
        )
        .order_by(Task.done_at)
    )
    return {task.paperwork_id: task for task in done}


def still_valid(paperwork: Paperwork, done_at: datetime, starts_at: datetime) -> bool:
    """Whether work done then, for another visit or for this one before it moved, is good for a visit that starts."""
    if paperwork.validity == "days":
        return done_at + timedelta(days=paperwork.validity_days) >= starts_at
    return True


def _count(task: Task, earlier: Task | None, paperwork: Paperwork, starts_at: datetime) -> None:
    if earlier is None or paperwork.validity == "every_visit" or not still_valid(paperwork, earlier.done_at, starts_at):
        return
    task.status, task.done_at = "done", earlier.done_at
    task.counted_from, task.version = earlier.id, earlier.version_id


def count_elsewhere(done: Task, by) -> int:
    """What was just done counts at once for the patient's other visits that ask the same and have not begun it."""
    with write_tx():
        others = (
            Task.select(Task, Paperwork, Appointment)
            .join(Paperwork)
            .switch(Task)
            .join(Appointment)
            .where((Task.patient == done.patient_id) & (Task.paperwork == done.paperwork_id) & (Task.id != done.id))
            .where((Task.status == "open") & Task.lapsed_at.is_null() & Appointment.status.in_(TO_COME))
        )
        done = Task.get_by_id(done.id)
        counted = 0
        for task in list(others):
            _count(task, done, task.paperwork, task.appointment.starts_at)
            if task.status == "done":
                task.save()
                counted += 1
        if counted:
            trail.record(by, "paperwork counted", f"task {done.id}", patient=done.patient_id, for_visits=counted)
        return counted


def not_needed(appointment: Appointment, by) -> int:
    """The visit was cancelled or missed: what is open need not be done. Returns how many tasks that were."""
    with write_tx():
        closed = (
            Task.update(status="not_needed")
            .where((Task.appointment == appointment) & Task.status.in_(OPEN_TASK))
            .execute()
        )
        if closed:
            trail.record(
                by,
                "paperwork not needed",
                f"appointment {appointment.id}",
                patient=appointment.patient_id,
                tasks=closed,
            )
        return closed


def needed_again(appointment: Appointment, by) -> int:
    """The absence was an error: what was "not needed" is open again."""
    with write_tx():
        for status, begun in (("in_progress", Task.begun_at.is_null(False)), ("open", Task.begun_at.is_null())):
            reopened = (
                Task.update(status=status)
                .where((Task.appointment == appointment) & (Task.status == "not_needed") & begun)
                .execute()
            )
            if reopened:
                trail.record(
                    by, "paperwork needed again", f"appointment {appointment.id}", patient=appointment.patient_id,
                    tasks=reopened,
                )  # fmt: skip
        return Task.select().where((Task.appointment == appointment) & Task.status.in_(OPEN_TASK)).count()


def after_move(appointment: Appointment, by) -> None:
    """Done work stays done where it is still valid at the new time; what is not is asked again.

    Answers and signatures stay as they were given: their task lapses, and a new one takes its place.
    """
    with write_tx():
        at = now()
        kept = _earlier_work(appointment.patient_id)
        tasks = (
            Task.select(Task, Paperwork)
            .join(Paperwork)
            .where((Task.appointment == appointment) & Task.lapsed_at.is_null() & Paperwork.kind.in_(COUNTS_AGAIN))
        )
        for task in list(tasks):
            paperwork = task.paperwork
            if task.status == "done" and not still_valid(paperwork, task.done_at, appointment.starts_at):
                if task.counted_from_id:
                    task.status, task.done_at, task.counted_from, task.version = "open", None, None, None
                    _count(task, kept.get(paperwork.id), paperwork, appointment.starts_at)
                    task.save()
                else:
                    Task.update(lapsed_at=at).where(Task.id == task.id).execute()
                    Task.create(patient=task.patient_id, appointment=appointment, paperwork=paperwork)
                trail.record(
                    by, "paperwork asked again", f"appointment {appointment.id}", patient=task.patient_id,
                    paperwork=paperwork.id,
                )  # fmt: skip
            elif task.status == "open":
                _count(task, kept.get(paperwork.id), paperwork, appointment.starts_at)
                task.save()


LINE = (
    Task.id, Paperwork.kind, Task.status, Paperwork.name, Appointment.starts_at, Location.time_zone,
    Service.name, Appointment.id, Appointment.status,
)  # fmt: skip


def is_late(kind: str, status: str, visit_status: str, starts_at: datetime, at: datetime) -> bool:
    """Still to be answered or signed although the visit has begun; nothing is late at one that is closed."""
    return kind in COUNTS_AGAIN and status in OPEN_TASK and visit_status in TO_COME and starts_at <= at


def _lines(patient):
    """LINE's values as tuples: the fields of Due, and the status of the visit."""
    return (
        Task.select(*LINE)
        .join(Paperwork)
        .switch(Task)
        .join(Appointment)
        .join(Service)
        .switch(Appointment)
        .join(Location)
        .where((Task.patient == patient) & Task.lapsed_at.is_null())
        .tuples()
    )


@Written
def _to_do(patient, since, at):
    asked = Paperwork.kind.in_(COUNTS_AGAIN) | ((Paperwork.kind == "pre_treatment") & (Appointment.starts_at > at))
    current = Appointment.status.in_(TO_COME) & (Appointment.ends_at > since)
    return _lines(patient).where(current & asked & (Task.status != "not_needed"))


@Written
def _aftercare(patient, since, at):
    begun = (Appointment.starts_at <= at) & (Appointment.starts_at > since) & Appointment.status.in_(LIVE)
    return _lines(patient).where((Paperwork.kind == "post_treatment") & (Task.status != "not_needed") & begun)


def action_required(patient, at: datetime) -> Required:
    """Open questionnaires, consents and pre-treatment instructions, in one query.

    Instructions for the time before a visit leave at its start. Questionnaires and consents stay, late, until they are
    done, the visit is closed, or ASKED_DAYS have passed since its end: somebody forgot to close it.
    """
    since = at - timedelta(days=ASKED_DAYS)
    rows = [
        Due(*row, late=is_late(row[1], row[2], visit_status, row[4], at))
        for *row, visit_status in _to_do(patient=patient.id, since=since, at=at)
    ]
    required = Required(row for row in rows if not row.done)
    required.sort(key=lambda row: (row.starts_at, row.appointment_id, KINDS.index(row.kind), row.name, row.id))
    required.total, required.done = len(rows), len(rows) - len(required)
    return required


def post_treatment(patient, at: datetime) -> list[Due]:
    """Instructions of visits that have started, newest first, read or not; one query and no job."""
    since = at - timedelta(days=SHOWN_DAYS)
    rows = [Due(*row, late=False) for *row, _ in _aftercare(patient=patient.id, since=since, at=at)]
    return sorted(rows, key=lambda row: (row.starts_at, row.name), reverse=True)


def may_be_seen(task: Task, at: datetime) -> bool:
    """Post-treatment instructions exist from the second the visit starts, and never for one that did not happen."""
    if task.paperwork.kind != "post_treatment":
        return True
    return task.appointment.status in LIVE and task.appointment.starts_at <= at
