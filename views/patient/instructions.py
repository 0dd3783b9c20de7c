"""What a patient answers to an instruction: its check question, and how healing goes."""

from flask import Blueprint, abort, request

from views import doors, guard, reading

area = Blueprint("instructions", __name__)


@area.post("/tasks/<int:number>/check-answers")
@guard.audience("patient")
def answer_check(number):
    return reading.answer_check(instruction(number))


@area.post("/tasks/<int:number>/check-ins")
@guard.audience("patient")
@guard.takes_files(64)
def check_in(number):
    return reading.check_in(instruction(number), request.form.get("step", ""))


def instruction(number: int):
    """The signed-in patient's door to an instruction; 404 when it is not needed any more."""
    task = doors.own(number, "pre_treatment", "post_treatment")
    if task.status == "not_needed":
        abort(404)
    return doors.mine(task)
