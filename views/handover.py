"""What a hand-over link opens: its door, where the birth date is asked for, and behind it the one task it is for."""

from flask import Blueprint, abort, g, redirect, session, url_for
from flask_wtf import FlaskForm
from wtforms import StringField

from clock import now
from models import HandOver
from rules import handover
from rules.refused import Refused
from views import answering, consenting, doors, guard, guardians, respond

area = Blueprint("handover", __name__)


class DoorForm(FlaskForm):
    """The birth date in three small fields; the browser offers nothing that somebody else typed on this device."""

    day = StringField("Day", render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 2})
    month = StringField("Month", render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 2})
    year = StringField("Year", render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 4})


@area.get("/h/<token>")
@guard.audience("everyone")
def link(token):
    """The link itself: its secret leaves the address at once, and nothing is told about whose it is."""
    hand_over = handover.find(token)
    if hand_over is None or not handover.may_open(hand_over, guard.browser_secret()):
        abort(410)
    if session.get("handed") != hand_over.token_digest:
        session["handed"] = hand_over.token_digest
        session.pop("handed_at", None)
    return redirect(url_for(".door"), 303)


@area.get("/handed/door")
@guard.audience("everyone")
def door():
    """Whose birth date it is, the page does not say."""
    waiting()
    return respond.form_page("handover/door.html", DoorForm(formdata=None))


@area.post("/handed/door")
@guard.audience("everyone")
def prove():
    hand_over, form = waiting(), DoorForm()
    try:
        birth_date = handover.day_of(form.day.data, form.month.data, form.year.data)
        handover.prove(hand_over, birth_date, guard.browser_secret(), guard.by())
    except Refused as no:
        if no.facts.get("over"):
            abort(410)
        respond.refuse(form, no)
        return respond.form_page("handover/door.html", form)
    session["handed_at"] = int(now().timestamp())
    return respond.done(url_for(".home"))


def waiting() -> HandOver:
    """The link that this browser came by, open or not yet; 410 when it opens nothing."""
    hand_over = handover.of_digest(session.get("handed"))
    if hand_over is None or not handover.may_open(hand_over, guard.browser_secret()):
        abort(410)
    return hand_over


# --- behind the door ----------------------------------------------------------------------------


def here(purpose: str, kind: str):
    """The door of the link that this browser opened; 404 for what the link is not for."""
    hand_over = g.hand_over
    if hand_over.purpose != purpose or hand_over.task.paperwork.kind != kind:
        abort(404)
    return doors.handed(hand_over.task, hand_over)


@area.get("/handed")
@guard.audience("handed")
def home():
    """The task; or, once it is done, a thank-you that is said one time."""
    hand_over = g.hand_over
    if handover.is_over(hand_over):
        door = doors.handed(hand_over.task, hand_over)
        handover.end(hand_over, door.by, "done")
        session.pop("handed", None)
        return respond.page("handover/done.html", door=door, task=hand_over.task)
    if hand_over.purpose == "guardian":
        return guardians.ask(here("guardian", "consent"))
    if hand_over.task.paperwork.kind == "consent":
        return consenting.read_and_sign(here("patient", "consent"))
    return answering.begin(here("patient", "questionnaire"))


@area.post("/handed/guardian")
@guard.audience("handed")
def guardian():
    return guardians.sign(here("guardian", "consent"))


@area.get("/handed/sections/<int:number>")
@guard.audience("handed")
def section(number):
    return answering.section(here("patient", "questionnaire"), number)


@area.post("/handed/sections/<int:number>")
@guard.audience("handed")
@guard.takes_files(100)
def save_section(number):
    return answering.save_section(here("patient", "questionnaire"), number)


@area.post("/handed/answers")
@guard.audience("handed")
def save_one():
    return answering.save_one(here("patient", "questionnaire"))


@area.get("/handed/check")
@guard.audience("handed")
def check():
    return answering.check(here("patient", "questionnaire"))


@area.post("/handed/submission")
@guard.audience("handed")
def submit():
    return answering.submit(here("patient", "questionnaire"))


@area.post("/handed/signature")
@guard.audience("handed")
def sign():
    return consenting.sign(here("patient", "consent"))


@area.route("/handed/notice", methods=["GET", "POST"])
@guard.audience("handed")
def notice():
    return consenting.notice(here("patient", "consent"))


@area.route("/handed/refusal", methods=["GET", "POST"])
@guard.audience("handed")
def decline():
    return consenting.decline(here("patient", "consent"))
