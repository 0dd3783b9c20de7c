"""One visit as staff see it: what it is, what it needs, and what became of it."""

from flask import Blueprint, request, url_for
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from clock import local, now
from models import Appointment, Location, Patient, PolicyAcceptance, Provider, Service
from rules import (
    charging,
    desk,
    findings,
    outbox,
    policy,
    prerequisites,
    records,
    scheduling,
    staff_moves,
    trail,
    visits,
)
from rules.paperwork import KIND_WORDS
from rules.refused import Refused
from views import guard, respond
from views.forms import carried

area = Blueprint("staff_appointments", __name__)
LONGEST_REASON = Length(max=500, message="Keep the reason to 500 characters or fewer")


class CancelForm(FlaskForm):
    why = TextAreaField("Reason", [InputRequired("Enter why this visit is cancelled"), LONGEST_REASON])


class AbsenceForm(FlaskForm):
    fee = RadioField("No-show fee", [InputRequired("Choose whether the fee is charged")])
    why = TextAreaField("Reason", [LONGEST_REASON])


def visit(number) -> Appointment:
    """The appointment with its people and its place, or 404."""
    query = (
        Appointment.select(Appointment, Patient, Service, Provider, Location)
        .join_from(Appointment, Patient)
        .join_from(Appointment, Service)
        .join_from(Appointment, Provider)
        .join_from(Appointment, Location)
    )
    return guard.found(query, number)


@area.get("/staff/appointments/<int:number>")
@guard.audience("staff")
def detail(number):
    a, at = visit(number), now()
    trail.looked(guard.by(), a.patient, "appointment")
    found = findings.of_visits([a.id])[a.id]
    moves = visits.moves_of(a)
    last_move = moves[-1] if moves else None
    ahead = a.status == "booked" and a.starts_at > at
    return respond.page(
        "staff/appointments/detail.html",
        a=a,
        at=at,
        day=local(a.starts_at, a.location.time_zone).date(),
        state=desk.status_words(a, at),
        steps=scheduling.possible(a, at),
        free_until=policy.until_words(a, policy.fee_for(a, at), at) if a.status == "booked" else "",
        accepted=PolicyAcceptance.get_or_none(PolicyAcceptance.appointment == a),
        findings=found,
        finding_state=findings.state_today,
        hindered=any(findings.hinders(it) for it in found),
        decided_words=findings.decided_words,
        earlier=findings.earlier(found),
        tasks=records.tasks_of(appointment=a),
        task_words=records.task_words,
        task_late=records.task_late,
        charges=records.charges_of(appointment=a),
        messages=records.messages_of(appointment=a),
        others=[part for part in visits.parts_of(a, at) if part.id != a.id],
        moves=moves,
        last_move=last_move,
        unanswered=bool(last_move and last_move.answer == "open" and ahead),
        move_words=staff_moves.state_words,
        history=records.trail_of(subject=f"appointment {a.id}"),
        kind_words=KIND_WORDS,
        lacking=[it.words for it in prerequisites.missing(a.patient, a.service, a.starts_at)] if ahead else [],
        message_words=outbox.KIND_WORDS,
        reasons=charging.REASONS,
        charge_words=charging.STATUSES,
    )


@area.post("/staff/appointments/<int:number>/answer")
@guard.audience("staff")
def accept(number):
    """The patient said on the phone that the new time suits them."""
    try:
        staff_moves.accept(guard.found(Appointment, number), guard.by(), shown=carried(request.form.get("shown")))
    except Refused as no:
        return respond.done(url_for(".detail", number=number), no.words)
    return respond.done(url_for(".detail", number=number), "Noted: the new time suits the patient.")


@area.route("/staff/appointments/<int:number>/cancellation", methods=["GET", "POST"])
@guard.audience("staff")
def cancellation(number):
    a, form = visit(number), CancelForm()
    if form.validate_on_submit():
        try:
            scheduling.cancel(a, by=guard.by(), why=form.why.data)
            return respond.done(url_for(".detail", number=number), "The visit is cancelled. The patient owes nothing.")
        except Refused as no:
            respond.refuse(form, no)
    return respond.form_page(
        "staff/appointments/cancellation.html", form, a=a,
        leaning=prerequisites.leaning_words([a], whose=f"{a.patient.name}’s"),
    )  # fmt: skip


@area.route("/staff/appointments/<int:number>/absence", methods=["GET", "POST"])
@guard.audience("staff", "owner", "desk")
def absence(number):
    """The patient did not come: the policy proposes, staff decide."""
    a = visit(number)
    fee, form = policy.no_show_fee_for(a), AbsenceForm()
    form.fee.choices = [("charge", f"Charge {fee.words}"), ("waive", "Let it go")]
    if not fee.amount_minor:
        form.fee.choices = [("waive", "No fee")]
    if form.validate_on_submit():
        charged, why = form.fee.data == "charge", (form.why.data or "").strip()
        try:
            if fee.amount_minor and not charged and not why:
                raise Refused("Enter why the fee is not charged", field="why")
            charge = scheduling.miss(a, guard.by(), charge=charged, why=why)
            words = charging.words(charge) if charge else "Nothing is charged."
            return respond.done(url_for(".detail", number=number), f"No-show noted. {words}")
        except Refused as no:
            respond.refuse(form, no)
    return respond.form_page("staff/appointments/absence.html", form, a=a, fee=fee)


@area.post("/staff/appointments/<int:number>/absence/undo")
@guard.audience("staff", "owner", "desk")
def undo_absence(number):
    scheduling.undo_miss(guard.found(Appointment, number), guard.by())
    return respond.done(url_for(".detail", number=number), "The visit stands again. Its no-show fee is let go.")
