"""Instructions: what is mailed when, what a move or a cancellation changes, and that they were read."""

import logging
from datetime import timedelta

from peewee import OperationalError

from clock import now
from database import write_tx
from models import Appointment, Paperwork, Task
from rules import outbox, trail
from rules.templates import current_version

log = logging.getLogger("foyer.instructions")
MAILS = ("booking_confirmed", "pre_treatment", "post_treatment")


def announce(appointment: Appointment, by) -> None:
    """Put the messages of a new booking into the outbox; call it in the booking's transaction, after begin_for."""
    with write_tx():
        whose = {"patient": appointment.patient_id, "appointment": appointment}
        outbox.put("booking_confirmed", _booked_by(by), dedupe=f"booking_confirmed:{appointment.id}", **whose)
        for task in _tasks(appointment, "pre_treatment"):
            outbox.put(
                "pre_treatment",
                "These instructions are assigned to the service that was booked; they go out as soon as it is booked.",
                dedupe=f"pre_treatment:{task.id}",
                task=task,
                **whose,
            )
        for task in _tasks(appointment, "post_treatment"):
            outbox.put(
                "post_treatment",
                "These instructions are assigned to the service; they go out at their delay after the visit ends.",
                dedupe=f"post_treatment:{task.id}",
                task=task,
                due_at=due_at(task, appointment),
                **whose,
            )


def _booked_by(by) -> str:
    return "The clinic booked this visit for you." if by.is_staff else "You booked this visit."


def _tasks(appointment, kind):
    return list(
        Task.select(Task, Paperwork)
        .join(Paperwork)
        .where((Task.appointment == appointment) & (Paperwork.kind == kind) & (Task.status != "not_needed"))
        .order_by(Task.id)
    )


def due_at(task: Task, appointment: Appointment):
    """When a post-treatment instruction is mailed: its delay after the end of the visit; 0 is the end itself."""
    return appointment.ends_at + timedelta(minutes=task.paperwork.delay_minutes)


def carry_along(appointment: Appointment) -> None:
    """The visit moved: unsent post-treatment instructions follow it; what was sent is not sent again."""
    with write_tx():
        for task in _tasks(appointment, "post_treatment"):
            outbox.set_due(appointment, "post_treatment", task, due_at(task, appointment))


def withdraw(appointment: Appointment, reason: str) -> int:
    """The visit was cancelled or missed: what has not been sent is not sent. Returns how many messages that were."""
    return outbox.skip(reason, appointment=appointment, kinds=list(MAILS))


def restore(appointment: Appointment, reason: str) -> int:
    """The absence was an error: what was withdrawn for it goes after all. Returns how many messages that were."""
    return outbox.restore(reason, appointment=appointment, kinds=list(MAILS))


def read(task: Task, by) -> bool:
    """The patient opened the instruction; True the first time. The text as it is today is the one they read.

    While the database is busy it is not noted, and stays unread: to show the text matters more.
    """
    if task.status != "open":
        return False
    try:
        return _note_read(task, by)
    except OperationalError:
        log.warning("The reading of task %s was not noted: the database was busy.", task.id)
        return False


def _note_read(task: Task, by) -> bool:
    with write_tx():
        version = task.version_id or current_version(task.paperwork_id).id
        first = (
            Task.update(status="done", version=version, begun_at=now(), done_at=now())
            .where((Task.id == task.id) & (Task.status == "open"))
            .execute()
        )
        if first:
            trail.record(by, "instruction read", f"task {task.id}", patient=task.patient_id)
        return bool(first)
