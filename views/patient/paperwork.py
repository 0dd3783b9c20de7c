"""A patient's paperwork: each task at its own address, with the forms of a questionnaire and of a consent below it."""

from flask import Blueprint
from werkzeug.exceptions import NotFound

from models import Task
from rules import consents
from views import answering, consenting, doors, guard, reading, respond

area = Blueprint("paperwork", __name__)


@area.get("/tasks/<int:number>")
@guard.audience("patient")
def detail(number):
    try:
        task = doors.own(number)
    except NotFound:
        theirs = doors.others_consent(number)
        if theirs is None:
            raise
        return respond.page("patient/paperwork/signed_by_them.html", task=theirs)
    if task.status == "not_needed" and not consents.may_still_sign(task):
        return respond.page("patient/paperwork/not_needed.html", task=task)
    if task.paperwork.kind == "questionnaire":
        return answering.begin(doors.mine(task))
    if task.paperwork.kind == "consent":
        return consent(task)
    return reading.read(doors.mine(task))


# --- questionnaires -----------------------------------------------------------------------------


def questions(number: int):
    """The signed-in patient's door to a questionnaire of theirs."""
    return doors.mine(doors.own(number, "questionnaire"))


@area.get("/tasks/<int:number>/sections/<int:section>")
@guard.audience("patient")
def section(number, section):
    return answering.section(questions(number), section)


@area.post("/tasks/<int:number>/sections/<int:section>")
@guard.audience("patient")
@guard.takes_files(100)
def save_section(number, section):
    return answering.save_section(questions(number), section)


@area.post("/tasks/<int:number>/answers")
@guard.audience("patient")
def save(number):
    return answering.save_one(questions(number))


@area.get("/tasks/<int:number>/check")
@guard.audience("patient")
def check(number):
    return answering.check(questions(number))


@area.post("/tasks/<int:number>/submission")
@guard.audience("patient")
def submit(number):
    return answering.submit(questions(number))


# --- consents -----------------------------------------------------------------------------------


def consent(task: Task):
    """Read and sign it; or what was signed, by the patient at least."""
    door = doors.mine(task)
    if task.status == "done" or consents.signature_as(task, "patient"):
        return consenting.signed(door)
    return consenting.read_and_sign(door)


@area.post("/tasks/<int:number>/signature")
@guard.audience("patient")
def sign(number):
    return consenting.sign(doors.mine(doors.own(number, "consent")))


@area.route("/tasks/<int:number>/notice", methods=["GET", "POST"])
@guard.audience("patient")
def notice(number):
    return consenting.notice(doors.mine(doors.own(number, "consent")))


@area.route("/tasks/<int:number>/refusal", methods=["GET", "POST"])
@guard.audience("patient")
def refusal(number):
    return consenting.decline(doors.mine(doors.own(number, "consent")))
