"""The day of answering: what conditions and rules of a questionnaire count days from."""

from datetime import date

from clock import local, now
from models import Task


def answering_day(task: Task) -> date:
    """Once sent, the day on which it was sent, for ever; until then today. On the calendar of its own visit's place.

    Work that counts for several visits was answered on one day, that of the task in which it was really done.
    """
    source = task.counted_from if task.counted_from_id else task
    return local(source.done_at or now(), source.appointment.location.time_zone).date()
