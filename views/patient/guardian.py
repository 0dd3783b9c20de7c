"""A minor's consent: the parent or guardian signs beside them, or gets a link to sign on their own phone."""

from flask import Blueprint, url_for

from rules import handover
from rules.refused import Refused
from views import doors, guard, guardians, respond

area = Blueprint("guardian", __name__)


@area.get("/tasks/<int:number>/guardian")
@guard.audience("patient")
def form(number):
    return guardians.ask(doors.mine(doors.own(number, "consent")))


@area.post("/tasks/<int:number>/guardian")
@guard.audience("patient")
def sign(number):
    return guardians.sign(doors.mine(doors.own(number, "consent")))


@area.post("/tasks/<int:number>/hand-over")
@guard.audience("patient")
def hand_over(number):
    door = doors.mine(doors.own(number, "consent"))
    try:
        return guardians.link_page(
            "handover/link.html", door.task, "guardian", door.by, handover.TO_A_GUARDIAN, door=door
        )
    except Refused as no:
        if no.facts.get("unknown_age"):
            return respond.done(url_for(".form", number=number))
        raise
