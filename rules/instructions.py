"""Instructions: what is mailed when, what a move or a cancellation changes, and that they were read and understood."""

import logging
from datetime import timedelta

from peewee import OperationalError

from clock import now
from database import write_tx
from models import LIVE, OPEN_TASK, Appointment, CheckAnswer, Delivery, Paperwork, PaperworkVersion, Task
from rules import limits, outbox, trail
from rules.instruction_texts import check_of, step_due_at, steps_of
from rules.refused import Refused
from rules.templates import current_version, version_of

log = logging.getLogger("foyer.instructions")
MAILS = ("booking_confirmed", "pre_treatment", "post_treatment", "post_treatment_step")
STEP_BECAUSE = "This is a later step of the instructions after the visit; it goes out at its own delay after its end."
TRIES_AN_HOUR = 30


def announce(appointment: Appointment, by, *, confirm: bool = True) -> None:
    """Put the messages of a new booking into the outbox; call it in the booking's transaction, after begin_for.

    What was booked in one go is confirmed in one letter, under its first part: `confirm` is for that one alone.
    """
    with write_tx():
        whose = {"patient": appointment.patient_id, "appointment": appointment}
        if confirm:
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
            _put_steps(task, appointment, steps_of(current_version(task.paperwork_id)))


def _put_steps(task: Task, appointment: Appointment, steps: list[dict]) -> None:
    """One message for each step; one that was put before, and is not sent, is due when the step is due now."""
    for step in steps:
        dedupe, due = _step_dedupe(task, step), step_due_at(step, appointment.ends_at)
        if not outbox.put(
            "post_treatment_step", STEP_BECAUSE, dedupe=dedupe, due_at=due, patient=appointment.patient_id,
            appointment=appointment, task=task, step=step["key"],
        ):  # fmt: skip
            outbox.set_due_of(dedupe, due)


def _step_dedupe(task: Task, step: dict) -> str:
    return f"post_treatment_step:{task.id}:{step['key']}"


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
            for step in steps_of(version_of(task)):
                outbox.set_due_of(_step_dedupe(task, step), step_due_at(step, appointment.ends_at))


def follow(paperwork: Paperwork, version: PaperworkVersion) -> None:
    """Staff rewrote the steps: who has not opened the instructions gets those of the new text that are still to come.

    Call it in the transaction of the new version.
    """
    steps = steps_of(version)
    if not steps:
        return
    since = now() - timedelta(minutes=steps[-1]["delay_minutes"])  # a visit before that is past all of them
    waiting = (
        Task.select(Task, Appointment)
        .join(Appointment)
        .where((Task.paperwork == paperwork) & (Task.status == "open") & Task.version.is_null())
        .where(Appointment.status.in_(LIVE) & (Appointment.ends_at > since))
    )
    for task in list(waiting):
        ends_at = task.appointment.ends_at
        _put_steps(task, task.appointment, [step for step in steps if step_due_at(step, ends_at) > now()])


def withdraw(appointment: Appointment, reason: str) -> int:
    """The visit was cancelled or missed: what has not been sent is not sent. Returns how many messages that were."""
    with write_tx():
        _hand_on(appointment)
        return outbox.skip(reason, appointment=appointment, kinds=list(MAILS))


def _hand_on(appointment) -> None:
    """The letter that confirms a whole visit, and is not sent yet, stands from now on under a part that is left."""
    a = Appointment
    rest = (a.visit_key == appointment.visit_key) & (a.patient == appointment.patient_id) & (a.id != appointment.id)
    left = a.select().where(rest, a.status == "booked").order_by(a.id).first() if appointment.visit_key else None
    if left is not None:
        unsent = (Delivery.kind == "booking_confirmed") & Delivery.status.in_(("waiting", "held"))
        Delivery.update(appointment=left).where(unsent, Delivery.appointment == appointment).execute()


def told_of(appointments) -> bool:
    """Whether a letter about one of these has gone, or is on its way this moment."""
    gone = Delivery.status.in_(("sent", "sending"))
    return Delivery.select().where(Delivery.appointment.in_(list(appointments)), gone).exists()


def restore(appointment: Appointment, reason: str) -> int:
    """The absence was an error: what was withdrawn for it goes after all. Returns how many messages that were.

    Steps that staff wrote meanwhile are put as they would have been for a visit that stands: see follow. Call it once
    the paperwork is needed again.
    """
    with write_tx():
        restored = outbox.restore(reason, appointment=appointment, kinds=list(MAILS))
        for task in _tasks(appointment, "post_treatment"):
            if task.status == "open" and task.version_id is None:
                version = current_version(task.paperwork_id)
                due = [it for it in steps_of(version) if step_due_at(it, appointment.ends_at) > version.created_at]
                _put_steps(task, appointment, due)
        return restored


def read(task: Task, by) -> bool:
    """The patient opened the instruction; True the first time. The text as it is today is the one they read.

    With a check question it is only begun; the right answer makes it done. While the database is busy the reading is
    not noted, and it stays unread: to show the text matters more.
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
        version = task.version if task.version_id else current_version(task.paperwork_id)
        facts = {"status": "in_progress"} if check_of(version) else {"status": "done", "done_at": now()}
        first = (
            Task.update(version=version, begun_at=now(), **facts)
            .where((Task.id == task.id) & (Task.status == "open"))
            .execute()
        )
        if first:
            trail.record(by, "instruction read", f"task {task.id}", patient=task.patient_id)
        return bool(first)


def answer_check(task: Task, choice: str, by) -> bool:
    """A try at the check question; whether it was right. Every try is kept; the first right one makes the task done."""
    limits.spend("check_answer", f"patient:{task.patient_id}", TRIES_AN_HOUR, timedelta(hours=1))
    with write_tx():
        fresh = Task.get_by_id(task.id)
        check = check_of(version_of(fresh))
        if check is None or fresh.status == "not_needed":
            raise Refused("There is nothing to answer here any more.")
        if choice not in check["choices"]:
            raise Refused("Choose one of the answers.", "choice")
        right = choice == check["right"]
        if fresh.status == "done":
            return right  # a second click, after the right answer
        CheckAnswer.create(task=task, question=check["key"], choice=choice, right=right)
        trail.record(by, "check question answered", f"task {task.id}", patient=task.patient_id, right=right)
        if right and fresh.status in OPEN_TASK:
            version, moment = version_of(fresh), now()
            Task.update(status="done", version=version, begun_at=fresh.begun_at or moment, done_at=moment).where(
                (Task.id == task.id) & Task.status.in_(OPEN_TASK)
            ).execute()
        return right


def tries_at(task: Task) -> list[CheckAnswer]:
    """The receipts of the check question, the oldest first."""
    return list(CheckAnswer.select().where(CheckAnswer.task == task).order_by(CheckAnswer.id))
