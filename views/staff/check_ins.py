"""How patients say that healing goes: what nobody has looked at yet, and all of one patient."""

from flask import Blueprint, url_for

from models import CheckIn, Patient, Task
from rules import check_ins, profile, trail
from views import guard, respond

area = Blueprint("check_ins", __name__)


@area.get("/staff/check-ins")
@guard.audience("staff")
def waiting():
    """Who waits, and since when; how they feel stands on their own page, where looking is written down."""
    return respond.page("staff/check_ins/list.html", lines=check_ins.unseen())


@area.get("/staff/patients/<int:number>/check-ins")
@guard.audience("staff")
def of_patient(number):
    patient = guard.found(Patient, number)
    trail.looked(guard.by(), patient, "check-ins")
    lines = check_ins.of_patient(patient)
    return respond.page("staff/check_ins/patient.html", patient=patient, lines=lines, phone_words=profile.phone_words)


@area.post("/staff/check-ins/<int:number>/seen")
@guard.audience("staff")
def see(number):
    row = guard.found(CheckIn.select(CheckIn, Task).join(Task), number)
    first = check_ins.see(row, guard.by())
    words = "Marked as seen." if first else f"{CheckIn.get_by_id(number).seen_by} saw it before."
    return respond.done(url_for(".of_patient", number=row.task.patient_id), words)
