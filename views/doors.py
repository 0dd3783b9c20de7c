"""The door through which a page of a task is seen: the signed-in patient's own, or that of a hand-over link."""

from typing import NamedTuple

from models import HandOver, Task
from rules import handover
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
