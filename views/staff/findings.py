"""What answers mean for visits: the list of what waits for a decision, and the decision of a provider."""

from flask import Blueprint, url_for
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from models import Finding
from rules import findings, trail
from rules.refused import Refused
from views import guard, respond

area = Blueprint("findings", __name__)
CHOICES = {
    "flag": [("clear", "OK: the visit can take place"), ("decline", "Not fit for treatment: move or cancel the visit")],
    "block": [("lift", "Lift the block: the treatment can be had")],
}
SAID = {
    "clear": "The visit can take place.",
    "decline": "The visit cannot take place as planned. Move or cancel it: neither costs the patient anything.",
    "lift": "The block is lifted.",
}


class DecisionForm(FlaskForm):
    decision = RadioField("Your decision", [InputRequired("Choose what you decide")])
    why = TextAreaField(
        "Reason", [Length(max=findings.LONGEST_REASON, message="Keep the reason to 500 characters or fewer")]
    )


@area.get("/staff/findings")
@guard.audience("staff")
def listed():
    """Who waits, and when they come; no word about health, so nothing is looked at before one is opened."""
    waiting = findings.waiting()
    return respond.page(
        "staff/findings/list.html",
        flags=[it for it in waiting if it.then == "flag"],
        blocks=[it for it in waiting if it.then == "block"],
        finding_state=findings.state_today,
    )


@area.route("/staff/findings/<int:number>/decision", methods=["GET", "POST"])
@guard.audience("staff", "owner", "provider")
def decision(number):
    """One finding with the answer it comes from, and what was decided about the same answer before."""
    finding, form = guard.found(Finding, number), DecisionForm()
    form.decision.choices = CHOICES[finding.then]
    visit = url_for("staff_appointments.detail", number=finding.appointment_id)
    if form.validate_on_submit():
        try:
            findings.decide(finding, guard.by(), form.decision.data != "decline", form.why.data)
            return respond.done(visit, SAID[form.decision.data])
        except Refused as no:
            respond.refuse(form, no)
            finding = Finding.get_by_id(number)
    elif not form.is_submitted():
        trail.looked(guard.by(), finding.patient, "answer")
        if finding.then == "block":
            form.decision.data = "lift"
    return respond.form_page(
        "staff/findings/decision.html", form,
        it=finding, visit=visit, a=finding.appointment, answer=findings.answer_of(finding),
        earlier=findings.earlier([finding]).get(finding.id), before=findings.before_the_move(finding),
        decided_words=findings.decided_words, over=findings.why_over(finding),
    )  # fmt: skip
