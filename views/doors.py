"""The door through which a page of a task is seen: the signed-in patient's own, or that of a hand-over link."""

from typing import NamedTuple

from flask import abort

from clock import now
from models import Appointment, HandOver, Location, Paperwork, Patient, Provider, Service, Task
from rules import handover, paperwork
from rules.actor import Actor
from views import guard


class Door(NamedTuple):
    """Where a task's pages and forms are, whose task it is, who acts, and where "home" is for them."""

    base: str  # "/tasks/7" or "/handed": the forms of the task's pages are below it
    task: Task
    by: Actor
    home: str
    handed: bool
    purpose: str  # "patient" answers or signs; "guardian" only signs as the guardian


def mine(task: Task) -> Door:
    """The signed-in patient's door to a task of theirs."""
    return Door(f"/tasks/{task.id}", task, guard.by(), "/", False, "patient")


def handed(task: Task, hand_over: HandOver) -> Door:
    """The door of a hand-over link that this browser has opened."""
    here = guard.by()
    by = handover.actor(hand_over, ip=here.ip, agent=here.agent)
    return Door("/handed", task, by, "/handed", True, hand_over.purpose)


def own(number: int, *kinds: str) -> Task:
    """A task of the signed-in patient, or of somebody they act for, with all that its page names; else 404."""
    return _may_be_seen(guard.mine(whole(), number), kinds)


def others_consent(number: int) -> Task | None:
    """A consent of somebody whom the signed-in patient acts for: its page only says how it is signed."""
    return guard.others_consent(whole(), number)


def found(number: int, *kinds: str) -> Task:
    """The same for a member of staff."""
    return _may_be_seen(guard.found(whole(), number), kinds)


def whole():
    """Tasks, each with its paperwork, patient and visit."""
    return (
        Task.select(Task, Paperwork, Patient, Appointment, Service, Location, Provider)
        .join_from(Task, Paperwork)
        .join_from(Task, Patient)
        .join_from(Task, Appointment)
        .join_from(Appointment, Service)
        .join_from(Appointment, Location)
        .join_from(Appointment, Provider)
    )


def _may_be_seen(task: Task, kinds) -> Task:
    if (kinds and task.paperwork.kind not in kinds) or not paperwork.may_be_seen(task, now()):
        abort(404)
    return task
