"""Running late: a patient says by how much, and reads what is left of the visit."""

from flask import Blueprint, url_for
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.validators import InputRequired

from clock import now
from rules import lateness, visits
from rules.refused import Refused
from views import guard, respond

area = Blueprint("lateness", __name__)


class LateForm(FlaskForm):
    minutes = RadioField("How late will you be?", [InputRequired("Choose how late you will be")], coerce=str)


@area.get("/appointments/<int:number>/lateness")
@guard.audience("patient")
def show(number):
    return page(guard.mine(visits.whole(), number), LateForm(formdata=None))


@area.post("/appointments/<int:number>/lateness")
@guard.audience("patient")
def tell(number):
    a, form = guard.mine(visits.whole(), number), LateForm()
    fill(form, a)
    if form.minutes.choices and not form.validate():
        return page(a, form)
    try:
        lateness.tell(a, int(form.minutes.data) if form.minutes.choices else 0, guard.by())
    except Refused as no:
        form.validate()
        respond.refuse(form, Refused(no.words))
        return page(a, form)
    return respond.done(url_for(".show", number=number))


def fill(form, a):
    form.minutes.choices = [(str(minutes), f"{minutes} minutes") for minutes in lateness.choices(a, now())]


def page(a, form):
    fill(form, a)
    return respond.form_page(
        "patient/lateness/lateness.html", form,
        a=a, told=lateness.latest_of([a.id]).get(a.id), at=now(), too_early=lateness.too_early(a, now()),
    )  # fmt: skip
