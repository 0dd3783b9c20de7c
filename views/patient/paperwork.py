"""Answering questionnaires, signing consents, reading instructions."""

from flask import Blueprint, abort, make_response, render_template, request, url_for

from clock import now
from models import Appointment, Location, Paperwork, Patient, Provider, Service, Task
from rules import answers, consents, instructions, markdown, paperwork
from rules.refused import Refused
from views import answering, consenting, doors, guard, respond

area = Blueprint("paperwork", __name__)


def own(number: int, *kinds: str) -> Task:
    """A task of the signed-in patient with all that its page names; 404 for anybody else's, or not yet to be seen."""
    query = (
        Task.select(Task, Paperwork, Patient, Appointment, Service, Location, Provider)
        .join(Paperwork)
        .switch(Task)
        .join(Patient)
        .switch(Task)
        .join(Appointment)
        .join(Service)
        .switch(Appointment)
        .join(Location)
        .switch(Appointment)
        .join(Provider)
    )
    task = guard.mine(query, number)
    if (kinds and task.paperwork.kind not in kinds) or not paperwork.may_be_seen(task, now()):
        abort(404)
    return task


@area.get("/tasks/<int:number>")
@guard.audience("patient")
def detail(number):
    task = own(number)
    if task.status == "not_needed" and not consents.may_still_sign(task):
        return respond.page("patient/paperwork/not_needed.html", task=task)
    if task.paperwork.kind == "questionnaire":
        return answering.begin(doors.mine(task))
    if task.paperwork.kind == "consent":
        return consent(task)
    return read(task)


def frame(task: Task, version) -> dict:
    """What every page of a task shows: the text, and the visit it is for."""
    visit = task.appointment
    return {
        "task": task,
        "version": version,
        "body": markdown.render(version.body),
        "visit": visit,
        "zone": visit.location.time_zone,
        "late": paperwork.is_late(task.paperwork.kind, task.status, visit.status, visit.starts_at, now()),
    }


def go_on(words: str):
    """Back home, with what to do next in the words that wait there."""
    open_ones = paperwork.action_required(guard.me(), now())
    then = f"Next: {open_ones[0].name}." if open_ones else "Nothing else is waiting for you."
    return respond.done(url_for("home.home"), f"{words} {then}")


# --- questionnaires -----------------------------------------------------------------------------


def questions(number: int):
    """The signed-in patient's door to a questionnaire of theirs."""
    return doors.mine(own(number, "questionnaire"))


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
    return consenting.sign(doors.mine(own(number, "consent")))


@area.route("/tasks/<int:number>/notice", methods=["GET", "POST"])
@guard.audience("patient")
def notice(number):
    return consenting.notice(doors.mine(own(number, "consent")))


@area.route("/tasks/<int:number>/refusal", methods=["GET", "POST"])
@guard.audience("patient")
def refusal(number):
    return consenting.decline(doors.mine(own(number, "consent")))


# --- instructions -------------------------------------------------------------------------------


def read(task: Task):
    """Opening an instruction is reading it, unless it was only fetched ahead of a click."""
    if request.method == "GET" and not fetched_ahead():
        instructions.read(task, guard.by())
    version = paperwork.version_of(task)
    open_ones = paperwork.action_required(guard.me(), now())
    return respond.page(
        "patient/paperwork/instruction.html",
        minutes=markdown.reading_minutes(version.body),
        following=next((row for row in open_ones if row.id != task.id), None),
        **frame(task, version),
    )


def fetched_ahead() -> bool:
    said = f"{request.headers.get('Sec-Purpose', '')} {request.headers.get('Purpose', '')}"
    return "prefetch" in said or "prerender" in said
