"""What a patient answered to the same questions before: offered again, asked to be confirmed, or compared."""

from datetime import datetime
from typing import NamedTuple

from clock import local, now
from models import Answer, Appointment, Location, Task
from rules import conditions, questions
from rules.refused import Refused

AT_MOST = 12  # earlier times that are looked at; nobody remembers more
NEVER = ("photo",)  # a photo shows how it was then


class Earlier(NamedTuple):
    """One earlier answer."""

    value: object
    answered_at: datetime
    visit_at: datetime
    time_zone: str

    @property
    def is_past(self) -> bool:
        """Whether the visit that it was for has been."""
        return self.visit_at < now()

    @property
    def day(self) -> str:
        """3 March: of that visit; of answering, when the visit is still to come."""
        day = local(self.visit_at if self.is_past else self.answered_at, self.time_zone).date()
        return f"{day.day} {day:%B}" + ("" if day.year == local(now(), self.time_zone).year else f" {day.year}")

    @property
    def words(self) -> str:
        return f"{'your last visit,' if self.is_past else 'what you told us on'} {self.day}"


def answers(task: Task, keys) -> dict[str, Earlier]:
    """The patient's newest answer to each of these questions of the same paperwork, sent before this task was done."""
    others = (
        Task.select(Task.id)
        .where(
            (Task.patient == task.patient_id)
            & (Task.paperwork == task.paperwork_id)
            & (Task.status == "done")
            & Task.counted_from.is_null()
            & (Task.id != task.id)
            & (Task.done_at <= (task.done_at or now()))
        )
        .order_by(Task.done_at.desc())
        .limit(AT_MOST)
    )
    rows = (
        Answer.select(
            Answer.question,
            Answer.value,
            Task.done_at.alias("answered_at"),
            Appointment.starts_at.alias("visit_at"),
            Location.time_zone,
        )
        .join(Task)
        .join(Appointment)
        .join(Location)
        .where(Task.id.in_(others) & Answer.question.in_(list(keys)))
        .order_by(Task.done_at)
        .namedtuples()
    )
    return {
        row.question: Earlier(row.value, row.answered_at, row.visit_at, row.time_zone)
        for row in rows
        if not conditions.blank(row.value)
    }


def offered(task: Task, asked: list[dict]) -> dict[str, Earlier]:
    """The earlier answers to these questions that may be offered: the question allows it, and the answer still fits."""
    willing = {it["key"]: it for it in asked if way_of(it) != "anew"}
    found = answers(task, willing) if willing else {}
    return {key: earlier for key, earlier in found.items() if fits(willing[key], earlier.value)}


def way_of(question: dict) -> str:
    """prefill, confirm or anew: how an earlier answer is used. What safety rests on is always asked anew."""
    if question.get("safety") or question["type"] in (*conditions.LAYOUT, *NEVER):
        return "anew"
    return question.get("ask") or "prefill"


def fits(question: dict, value) -> bool:
    try:
        return questions.check(question, value) == value
    except (Refused, TypeError, KeyError, AttributeError):
        return False
