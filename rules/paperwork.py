"""Paperwork of a visit: what a booking asks for, what counts from earlier, and what a move or cancellation changes."""

from database import write_tx
from models import KINDS, OPEN_TASK, TO_COME, Appointment, Location, Paperwork, Signature, Task
from rules import asking_again, findings, trail, validity
from rules.due import (  # noqa: F401 - one door
    ASKED_DAYS,
    KIND_WORDS,
    TO_DO_WORDS,
    Due,
    Required,
    action_required,
    action_required_of,
    is_late,
    may_be_seen,
    post_treatment,
)
from rules.templates import current_version, shown_version, version_of, write_version  # noqa: F401 - one door
from rules.validity import COUNTS_AGAIN, assigned_to, still_valid  # noqa: F401 - one door


def begin_for(appointment: Appointment, by) -> list[Task]:
    """One task for each piece of paperwork of the service and of its category; call it in the booking's transaction.

    Earlier work of the patient that is still valid when the visit starts counts: its task is done at once.
    """
    with write_tx():
        visit = validity.visit_of(appointment)
        done = validity.earlier_work(appointment.patient_id, visit)
        tasks = []
        for paperwork in sorted(assigned_to(appointment.service_id), key=lambda it: KINDS.index(it.kind)):
            task = Task(patient=appointment.patient_id, appointment=appointment, paperwork=paperwork)
            _count(task, validity.best(paperwork, done.get(paperwork.id, []), visit))
            task.save(force_insert=True)
            tasks.append(task)
        counted = [task for task in tasks if task.status == "done"]
        if tasks:
            trail.record(
                by, "paperwork begun", f"appointment {appointment.id}", patient=appointment.patient_id,
                tasks=len(tasks), counted_from_earlier=len(counted),
            )  # fmt: skip
        _carry(counted, appointment, by)
        return tasks


def _count(task: Task, work: validity.Work | None) -> None:
    """Earlier work, where there is some that counts, does this task."""
    if work is not None:
        task.status, task.done_at = "done", work.done_at
        task.counted_from, task.version = work.task_id, work.version_id


def _carry(tasks, appointment, by) -> None:
    """What answers mean is judged for each visit that they count for."""
    for task in tasks:
        if task.paperwork.kind == "questionnaire":
            findings.carry(task, appointment, by)


def count_elsewhere(done: Task, by) -> int:
    """What was just done counts at once for the patient's other visits to come that ask the same.

    Where that is begun, what was saved stays stored with it, unsent; where a signature stands under it already, it
    goes on by itself. What was declined before is declined no more: the same was signed since.
    """
    with write_tx():
        [work] = validity.works(Task.id == done.id) or [None]
        if work is None:
            return 0
        declined = (Task.status == "not_needed") & (Task.declined_at <= work.done_at)
        others = (
            Task.select(Task, Paperwork, Appointment, Location)
            .join_from(Task, Paperwork)
            .join_from(Task, Appointment)
            .join_from(Appointment, Location)
            .where((Task.patient == done.patient_id) & (Task.paperwork == work.paperwork_id) & (Task.id != done.id))
            .where((Task.status.in_(OPEN_TASK) | declined) & Task.lapsed_at.is_null() & Appointment.status.in_(TO_COME))
            .where(Task.id.not_in(Signature.select(Signature.task).where(Signature.task.is_null(False))))
        )
        counted = 0
        for task in list(others):
            if validity.counts(task.paperwork, work, validity.visit_of(task.appointment)):
                _count(task, work)
                task.declined_at = None
                task.save()
                _carry([task], task.appointment, by)
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
    """The absence was an error: what was "not needed" is open again; what the patient declined stays declined."""
    with write_tx():
        for status, begun in (("in_progress", Task.begun_at.is_null(False)), ("open", Task.begun_at.is_null())):
            unneeded = (Task.appointment == appointment) & (Task.status == "not_needed") & Task.declined_at.is_null()
            reopened = Task.update(status=status).where(unneeded & begun).execute()
            if reopened:
                trail.record(
                    by, "paperwork needed again", f"appointment {appointment.id}", patient=appointment.patient_id,
                    tasks=reopened,
                )  # fmt: skip
        return Task.select().where((Task.appointment == appointment) & Task.status.in_(OPEN_TASK)).count()


def after_move(appointment: Appointment, by) -> None:
    """Done work stays done where it is still valid at the new time; what is not is asked again.

    Answers and signatures stay as they were given: their task lapses, and a new one takes its place. What answers
    mean is judged anew for the new day.
    """
    with write_tx():
        for it in validity.at_new_time(appointment, validity.visit_of(appointment)):
            task = it.task
            stood_on = task.counted_from_id or task.id
            if task.status == "done" and not (it.stays and it.work.task_id == stood_on):
                paper, task = task.paperwork, asking_again.again(task)
                task.paperwork = paper
                if not it.stays:
                    asking_again.note(appointment, paper.id, by)
            if it.stays and it.work.task_id != task.id:
                _count(task, it.work)
            task.save()
            if it.stays:
                _carry([task], appointment, by)
