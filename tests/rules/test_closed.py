"""A task that is closed says why, and what it says is true."""

from datetime import timedelta

import pytest

from clock import now
from models import Appointment, Task
from rules import answers, closed, paperwork
from rules.refused import Refused
from tests.rules.test_paperwork import actor, begin, fresh, sign


@pytest.mark.parametrize(("status", "words"), [("cancelled", "was cancelled"), ("missed", "did not take place")])
@pytest.mark.parametrize("kind", ["questionnaire", "consent"])
def test_a_visit_that_is_off_says_how_it_went(clinic, status, words, kind):
    visit, tasks = begin(clinic, now() + timedelta(days=3))
    Appointment.update(status=status).where(Appointment.id == visit.id).execute()
    paperwork.not_needed(visit, actor(clinic.ava))
    with pytest.raises(Refused, match=f"not needed any more: the appointment {words}"):
        give(tasks[kind])


@pytest.mark.parametrize("kind", ["questionnaire", "consent"])
def test_what_a_move_has_replaced_points_to_the_new_one(clinic, kind):
    _, tasks = begin(clinic, now() + timedelta(days=3))
    Task.update(lapsed_at=now()).where(Task.id == tasks[kind].id).execute()
    with pytest.raises(Refused, match="Your visit has moved"):
        give(tasks[kind])


def test_what_was_done_says_so(clinic):
    _, tasks = begin(clinic, now() + timedelta(days=3))
    for kind, words in (("questionnaire", "sent already"), ("consent", "signed already"), ("pre_treatment", "done al")):
        Task.update(status="done", done_at=now()).where(Task.id == tasks[kind].id).execute()
        assert words in closed.why(fresh(tasks[kind]))


def give(task):
    if task.paperwork.kind == "consent":
        return sign(task)
    return answers.save(task, {"reason": "Lines"}, actor(task.patient), paperwork.version_of(task))
