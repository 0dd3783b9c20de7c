"""Paperwork that was done and is asked again: for everybody with a visit to come, or for one visit that moved."""

from clock import now
from database import write_tx
from models import TO_COME, Answer, Appointment, Paperwork, PaperworkVersion, Task
from rules import questions, trail
from rules.refused import Refused


def everybody(paperwork: Paperwork, by) -> int:
    """Whoever has a visit to come is asked anew for what is done; call it in the transaction of the new version.

    What is begun goes on with the text that it was begun with. Returns how many people are asked again.
    """
    with write_tx():
        to_come = Appointment.status.in_(TO_COME) & (Appointment.starts_at > now())
        done = (
            Task.select(Task, Appointment)
            .join(Appointment)
            .where((Task.paperwork == paperwork) & (Task.status == "done") & Task.lapsed_at.is_null() & to_come)
            .order_by(Task.id)
        )
        people = set()
        for task in list(done):
            again(task).save()
            note(task.appointment, paperwork.id, by)
            people.add(task.patient_id)
        return len(people)


def again(task: Task) -> Task:
    """A task, yet to be saved, that asks for what this done one no longer stands for.

    What counted from earlier work is open again. Answers and signatures that were given for this very visit stay as
    they are: their task lapses, and a new one takes its place.
    """
    if not task.counted_from_id:
        Task.update(lapsed_at=now()).where(Task.id == task.id).execute()
        return Task(patient=task.patient_id, appointment=task.appointment_id, paperwork=task.paperwork_id)
    task.status, task.done_at, task.counted_from, task.version = "open", None, None, None
    if task.begun_at:
        task.begun_at, task.sections_done = None, 0
        task.save()  # while it is done, the database refuses to touch its answers
        _keep_what_fits(task)
    return task


def _keep_what_fits(task: Task) -> None:
    """It was begun before earlier work counted for it: of those answers, what today's questions still take is kept."""
    newest = PaperworkVersion.select().where(PaperworkVersion.paperwork == task.paperwork_id)
    asked = {it["key"]: it for it in newest.order_by(PaperworkVersion.number.desc()).get().questions}
    for answer in list(Answer.select().where(Answer.task == task)):
        if answer.question not in asked or not _fits(asked[answer.question], answer.value):
            answer.delete_instance()


def _fits(question: dict, value) -> bool:
    try:
        return questions.check(question, value) == value
    except (Refused, TypeError, KeyError, AttributeError):
        return False


def note(appointment, paperwork_id: int, by) -> None:
    trail.record(
        by, "paperwork asked again", f"appointment {appointment.id}", patient=appointment.patient_id,
        paperwork=paperwork_id,
    )  # fmt: skip
