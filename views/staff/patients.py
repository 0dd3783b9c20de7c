"""Patients as staff see them: finding one, adding one, and the record. Every look is in the trail."""

from flask import Blueprint, request, url_for

from clock import now
from models import TO_COME, Patient
from rules import (
    connections,
    consents,
    desk,
    findings,
    memberships,
    outbox,
    paperwork,
    profile,
    records,
    trail,
)
from rules.charging import REASONS, STATUSES
from rules.clinic import home_zone
from rules.refused import Refused
from views import guard, respond
from views.forms import carried
from views.whom import NAMES, PatientForm, SearchForm

area = Blueprint("patients", __name__)


@area.route("/staff/patients", methods=["GET", "POST"])
@guard.audience("staff")
def search():
    form = SearchForm()
    valid = request.method == "GET" or form.validate()
    term = (form.q.data or "").strip() if valid else ""
    page = min(carried(request.form.get("page")) or 1, 99_999)
    rows, total = records.search(term, page) if valid else ([], 0)
    return respond.form_page(
        "staff/patients/search.html",
        form,
        "results",
        rows=rows,
        total=total,
        term=term,
        number=page,
        pages=max(1, -(-total // records.PER_PAGE)),
        phone_words=profile.phone_words,
    )


@area.route("/staff/patients/new", methods=["GET", "POST"])
@guard.audience("staff")
def new():
    form, known = PatientForm(), None
    if form.validate_on_submit():
        try:
            patient = records.add_patient(guard.by(), **{name: form[name].data for name in NAMES})
            return respond.done(url_for(".record", number=patient.id), f"{patient.name} is now a patient.")
        except Refused as no:
            known = no.facts.get("patient")
            respond.refuse(form, no)
    return respond.form_page("staff/patients/new.html", form, known=known)


@area.route("/staff/patients/<int:number>/profile", methods=["GET", "POST"])
@guard.audience("staff", "owner", "desk")
def correction(number):
    patient, known = guard.found(Patient, number), None
    form = PatientForm(obj=patient)
    if form.validate_on_submit():
        try:
            profile.correct(patient, {name: form[name].data for name in NAMES}, guard.by())
            return respond.done(url_for(".record", number=patient.id), "The details are corrected.")
        except Refused as no:
            known = no.facts.get("patient")
            respond.refuse(form, no)
    elif not form.is_submitted():
        trail.looked(guard.by(), patient, "profile")
        form.phone.data = profile.phone_words(patient.phone)
    return respond.form_page("staff/patients/correction.html", form, known=known, patient=patient)


@area.post("/staff/patients/<int:number>/distinction")
@guard.audience("staff", "owner", "desk")
def distinction(number):
    patient = guard.found(Patient, number)
    profile.keep_both(patient, guard.by())
    return respond.done(url_for(".record", number=patient.id), "Both records stay.")


@area.get("/staff/patients/<int:number>")
@guard.audience("staff")
def record(number):
    patient, at = guard.found(Patient, number), now()
    trail.looked(guard.by(), patient)
    visits = records.visits_of(patient)
    found = findings.of_patient(patient)
    charges, tasks = records.charges_of(patient), records.tasks_of(patient)
    return respond.page(
        "staff/patients/record.html",
        patient=patient,
        permissions=consents.permissions_of(patient),
        permission_words=consents.PERMISSIONS,
        at=at,
        zone=home_zone(),
        upcoming=[v for v in reversed(visits) if v.ends_at > at and v.status in TO_COME],
        past=[v for v in visits if v.ends_at <= at or v.status not in TO_COME],
        tasks=[row for row in tasks if records.still_open(row)],
        closed_tasks=[row for row in tasks if not records.still_open(row)],
        task_words=records.task_words,
        task_late=records.task_late,
        at_most=records.LATEST,
        charges=charges,
        owed_minor=sum(charge.amount_minor for charge in charges if charge.status == "owed"),
        messages=records.messages_of(patient),
        membership=memberships.of(patient),
        history=records.trail_of(patient),
        phone_words=profile.phone_words,
        status_words=desk.status_words,
        gate_words=desk.gate_words,
        finding_badges=desk.finding_badges,
        findings=found,
        finding_state=findings.state_today,
        decided_words=findings.decided_words,
        earlier=findings.earlier(found),
        profile_changes=connections.changes_of(patient),
        field_words=connections.FIELD_WORDS,
        kind_words=paperwork.KIND_WORDS,
        message_words=outbox.KIND_WORDS,
        reasons=REASONS,
        charge_words=STATUSES,
    )
