"""Pages of an instruction: its text and timeline, the question that checks it, and how the patient is doing."""

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import RadioField, TextAreaField

from clock import now
from rules import check_ins, instruction_texts, instructions, markdown, paperwork
from rules.refused import Refused
from views import respond
from views.doors import Door

TEMPLATE = "patient/paperwork/instruction.html"
STEP_TOP = 4  # a step's title is an h3, so its own headings begin below that


class CheckForm(FlaskForm):
    choice = RadioField("", choices=[], validate_choice=False)


class CheckInForm(FlaskForm):
    """One for each step on the page, so each has a prefix of its own."""

    feeling = RadioField("How is it going?", choices=list(check_ins.FEELINGS.items()), validate_choice=False)
    words = TextAreaField("In your words")
    photo = FileField("A photo")


def read(door: Door):
    """Opening an instruction is reading it, unless it was only fetched ahead of a click."""
    if request.method == "GET" and not request.fetched_ahead:
        instructions.read(door.task, door.by)
    return show(door)


def answer_check(door: Door):
    """A try at the check question; after a wrong one the page shows the line again, for as long as it is needed."""
    form = CheckForm()
    try:
        right = instructions.answer_check(door.task, form.choice.data or "", door.by)
    except Refused as no:
        respond.refuse(form, no)
        return show(door, check_form=form)
    return respond.done(f"{door.base}#check", "That is right, thank you." if right else None)


def check_in(door: Door, step: str):
    form = CheckInForm(prefix=step)
    sent = form.photo.data
    picture = sent.stream if sent and sent.filename else None
    try:
        given = check_ins.give(door.task, step, form.feeling.data or "", form.words.data or "", door.by, picture)
    except Refused as no:
        respond.refuse(form, no)
        return show(door, check_in_forms={step: form})
    if given.feeling == "worried":
        return respond.done(door.base, "The clinic has been told.")
    return respond.done(f"{door.base}#{step}", "Thank you. The clinic can read it now.")


def show(door: Door, check_form=None, check_in_forms=None):
    """The page; with a form that was refused, its errors."""
    task, visit = door.task, door.task.appointment
    version, zone, at = paperwork.version_of(task), visit.location.time_zone, now()
    stages = instruction_texts.timeline(version, visit.ends_at, zone, at)
    given = check_ins.of(task) if stages else {}
    refused = check_form or next(iter((check_in_forms or {}).values()), None)
    forms = {stage.key: CheckInForm(formdata=None, prefix=stage.key) for stage in stages if is_open(stage)}
    newest = max((rows[0] for rows in given.values()), key=lambda row: row.id, default=None)
    context = {
        "door": door,
        "task": task,
        "version": version,
        "body": markdown.render(version.body),
        "visit": visit,
        "zone": zone,
        "minutes": markdown.reading_minutes(" ".join([version.body, *(stage.body for stage in stages[1:])])),
        "large": request.args.get("print") == "large",
        "video": instruction_texts.video_of(version),
        "stages": [(stage, markdown.render(stage.body, STEP_TOP)) for stage in stages[1:]],
        "current": next((stage for stage in stages if stage.state == "now"), None),
        "forms": {**forms, **(check_in_forms or {})},
        "given": given,
        "feelings": check_ins.FEELINGS,
        "worried": newest if check_ins.is_loud(newest) else None,
        "following": next((row for row in paperwork.action_required(task.patient, at) if row.id != task.id), None),
        **check_context(task, version, check_form),
    }
    return respond.form_page(TEMPLATE, refused, **context) if refused else respond.page(TEMPLATE, form=None, **context)


def check_context(task, version, form) -> dict:
    """The check question with its form and the last try; or the right answer, once it was given."""
    check = instruction_texts.check_of(version)
    if check is None:
        return {"check": None, "understood": True}
    form = form or CheckForm(formdata=None)
    form.choice.label.text, form.choice.choices = check["question"], [(it, it) for it in check["choices"]]
    tries = instructions.tries_at(task)
    understood = any(row.right for row in tries)
    return {"check": check, "check_form": form, "understood": understood, "tried": tries[-1] if tries else None}


def is_open(stage) -> bool:
    """Whether a check-in can be given for it."""
    return stage.check_in and stage.state != "later"
