"""Answering questionnaires, signing consents, reading instructions."""

from flask import Blueprint, abort, make_response, render_template, request, url_for

from clock import now
from models import Appointment, Location, Paperwork, Patient, Provider, Service, Task
from rules import answers, consents, instructions, markdown, paperwork, signing
from rules.refused import Refused
from views import guard, questionnaire, respond
from views.signature import SignatureForm

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
    if task.status == "not_needed":
        return respond.page("patient/paperwork/not_needed.html", task=task)
    if task.paperwork.kind == "questionnaire":
        return answered(task) if task.status == "done" else ask(task)
    if task.paperwork.kind == "consent":
        return signed(task) if task.status == "done" else read_and_sign(task, SignatureForm(formdata=None))
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


def ask(task: Task, form=None, version=None):
    version = version or paperwork.version_of(task)
    stored = answers.of(task)
    form = form if form is not None else questionnaire.filled(version, stored)
    return respond.form_page(
        "patient/paperwork/questionnaire.html",
        form,
        answered=answers.count(version, stored),
        prefilled=task.status == "open" and bool(stored),
        **frame(task, version),
    )


def answered(task: Task):
    version = paperwork.version_of(task)
    return respond.page(
        "patient/paperwork/answered.html", told=answers.told(version, answers.of(task)), **frame(task, version)
    )


@area.post("/tasks/<int:number>/answers")
@guard.audience("patient")
def save(number):
    """One answer as it was given (htmx), or all so far ("Save and finish later")."""
    task = own(number, "questionnaire")
    only = request.form.get("only")
    try:
        version = paperwork.shown_version(task, request.form.get("version"))
        given = questionnaire.given(version, only=only if request.htmx else None)
        problems = answers.save_answers(task, given, guard.by(), version)
    except Refused as no:
        return refused(task, no)
    if request.htmx:
        return saved_part(version, task, only, problems)
    if problems:
        return ask(task, questionnaire.with_problems(version, problems), version)
    return respond.done(url_for("home.home"), "Your answers are saved. You can finish whenever you like.")


def saved_part(version, task, key, problems):
    stored = answers.of(task)
    part = render_template(
        "patient/paperwork/_saved.html",
        problem=problems.get(key),
        emptied=key not in stored,
        answered=answers.count(version, stored),
        version=version,
    )
    return make_response(part, 422 if problems else 200)


def refused(task: Task, no: Refused):
    """The rule said no to all of it: the answers were sent before, or the text is a new one."""
    if request.htmx:
        return make_response(render_template("patient/paperwork/_saved.html", problem=no.words), 422)
    if task.status in ("open", "in_progress"):
        form = questionnaire.filled(paperwork.version_of(task), answers.of(task))
        respond.refuse(form, no)
        return ask(task, form)
    raise no


@area.post("/tasks/<int:number>/submission")
@guard.audience("patient")
def submit(number):
    task = own(number, "questionnaire")
    if task.status == "done":
        return go_on("Your answers were sent already.")
    try:
        version = paperwork.shown_version(task, request.form.get("version"))
        answers.submit(task, questionnaire.given(version), guard.by(), version)
    except Refused as no:
        if "problems" not in no.facts:
            return refused(task, no)
        return ask(task, questionnaire.with_problems(version, no.facts["problems"]), version)
    return go_on("Thank you. Your answers are with the clinic.")


# --- consents -----------------------------------------------------------------------------------


def read_and_sign(task: Task, form, version=None):
    version = version or paperwork.version_of(task)
    return respond.form_page("patient/paperwork/consent.html", form, **frame(task, version))


def signed(task: Task):
    signature = consents.signature_as(task, "patient")
    drawing = signing.svg(signature.strokes) if signature and signature.strokes else None
    return respond.page(
        "patient/paperwork/signed.html", signature=signature, drawing=drawing, **frame(task, task.version)
    )


@area.post("/tasks/<int:number>/signature")
@guard.audience("patient")
def sign(number):
    task = own(number, "consent")
    if task.status == "done":
        return go_on("You have signed this already.")
    form, version = SignatureForm(), None
    try:
        version = paperwork.shown_version(task, request.form.get("version"))
        consents.sign_as_patient(
            task, guard.by(), version, method=form.method.data, full_name=form.full_name.data,
            strokes=form.strokes.data, agreed=form.agreed.data,
        )  # fmt: skip
    except Refused as no:
        if task.status == "not_needed":
            raise
        respond.refuse(form, no)
        return read_and_sign(task, form, version)
    return go_on("Thank you. Your signature is with the clinic.")


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
