"""A visit that cannot take place as planned: why, from when on it can, and the two ways out, both free of charge."""

from flask import Blueprint, redirect, url_for
from flask_wtf import FlaskForm

from clock import now
from rules import findings, prerequisites, scheduling, visits
from rules.refused import Refused
from views import guard, respond
from views.cards import card

area = Blueprint("postponed", __name__)


@area.get("/appointments/<int:number>/postponement")
@guard.audience("patient")
def choice(number):
    """Both ways out, and what each means; back to the appointment when nothing keeps it from taking place."""
    a, at = guard.mine(visits.whole(), number), now()
    block = findings.block_of_visit(a)
    if block is None or not scheduling.open_to_patient(a, at):
        return redirect(url_for("appointments.detail", number=number), 303)
    return respond.page(
        "patient/appointments/postponed.html",
        a=a,
        block=block,
        from_words=findings.from_words(block),
        card=card(visits.one(a), at),
        leaning=prerequisites.leaning_words([a]),
        form=FlaskForm(formdata=None),
    )


@area.post("/appointments/<int:number>/postponement")
@guard.audience("patient")
def release(number):
    """Cancel it, free of charge as the page promised; if staff lifted the block meanwhile, the patient reads so."""
    a = guard.mine(visits.whole(), number)
    try:
        scheduling.cancel(a, by=guard.by(), shown_minor=0)
    except Refused as no:
        return respond.done(url_for("appointments.detail", number=number), no.words)
    return respond.done(url_for("appointments.detail", number=number), "Your appointment is released, free of charge.")
