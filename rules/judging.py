"""What sent answers mean for a visit: the findings that are raised for it, and those that earlier work brings along.

Call these in the transaction that closes the questionnaire, books the visit or moves it.
"""

from datetime import date

from clock import local, now
from models import TO_COME, Answer, Appointment, Finding, Task
from rules import conditions, outbox, trail
from rules.answering_day import answering_day

BECAUSE = "This appointment cannot take place as planned"  # stands in a mail: nothing about health


def raise_for(task: Task, by) -> list[Finding]:
    """What the answers that were just sent mean for their visit; call it in the transaction that closes the task."""
    return _judge(task, task.appointment_id, by)


def carry(task: Task, appointment: Appointment, by) -> list[Finding]:
    """Earlier work counts for another visit, or for a new time: its answers are judged for that service and day, too.

    What staff decided for one visit is not decided for the next; only a block that they lifted stays lifted for the
    same service, or nobody could book it again.
    """
    return _judge(task, appointment.id, by)


def _judge(task: Task, appointment_id: int, by) -> list[Finding]:
    task = Task.get_by_id(task.id)
    source = Task.get_by_id(task.counted_from_id) if task.counted_from_id else task
    if (
        source.status != "done"
        or source.version_id is None
        or not any(q.get("rules") for q in source.version.questions)
    ):
        return []
    visit = Appointment.get_by_id(appointment_id)
    on = answering_day(source)
    given = {answer.question: answer.value for answer in Answer.select().where(Answer.task == source)}
    known = list(Finding.select().where(Finding.task == source))
    here = {(it.question, it.rule) for it in known if it.appointment_id == visit.id}
    lifted = {
        (it.question, it.rule)
        for it in known
        if it.then == "block" and it.status == "cleared" and it.service_id == visit.service_id
    }
    raised = []
    for it in conditions.found(source.version.questions, given, on):
        key = (it.question, it.rule)
        if it.then == "inform" or key in here:
            continue
        if it.then == "block" and (key in lifted or not before(visit, it.until_on)):
            continue
        raised.append(
            Finding.create(
                appointment=visit,
                patient=visit.patient_id,
                service=visit.service_id,
                task=source,
                question=it.question,
                rule=it.rule,
                then=it.then,
                words=it.words,
                until_on=it.until_on,
                raised_at=now(),
            )
        )
    if raised:
        blocks = sum(it.then == "block" for it in raised)
        trail.record(
            by, "findings raised", f"appointment {visit.id}", patient=visit.patient_id, task=source.id,
            flags=len(raised) - blocks, blocks=blocks,
        )  # fmt: skip
        if blocks and visit.status in TO_COME:
            dedupe = f"visit_postponed:{visit.id}:{raised[0].id}"
            outbox.put("visit_postponed", BECAUSE, dedupe=dedupe, patient=visit.patient_id, appointment=visit)
    return raised


def _day_of(visit) -> date:
    """The day of a visit on its location's calendar."""
    return local(visit.starts_at, visit.location.time_zone).date()


def before(visit, until_on: date | None) -> bool:
    return until_on is None or _day_of(visit) < until_on
