"""Who may act for a patient: staff look the other person up, note the relation, and end it."""

from flask import Blueprint, request, url_for
from flask_wtf import FlaskForm
from wtforms import HiddenField, SearchField, StringField
from wtforms.validators import Length

from models import ActingFor, Patient
from rules import families, records, trail
from rules.clinic import home_zone
from rules.refused import Refused
from views import guard, respond
from views.forms import carried

area = Blueprint("staff_families", __name__)
MOST_FOUND = 10


class WhoForm(FlaskForm):
    """Sent as POST like every search for a person: a name must not stand in an address."""

    q = SearchField("Name, e-mail or phone", [Length(max=100, message="Search with 100 characters or fewer")])
    who = HiddenField("Who")
    relation = StringField("What are they to the patient?", render_kw={"maxlength": 60, "autocomplete": "off"})


@area.route("/staff/patients/<int:number>/family", methods=["GET", "POST"])
@guard.audience("staff", "owner", "desk")
def family(number):
    """Who acts for them and for whom they act; a search for one more person, and what was found."""
    patient, form = guard.found(Patient, number), WhoForm()
    trail.looked(guard.by(), patient, "family")
    return show(patient, form, searched=request.method == "POST" and form.validate())


@area.post("/staff/patients/<int:number>/family/people")
@guard.audience("staff", "owner", "desk")
def note(number):
    patient, form = guard.found(Patient, number), WhoForm()
    who = Patient.get_or_none(Patient.id == (carried(form.who.data) or 0))
    if who is None:
        respond.refuse(form, Refused("Choose who it is", field="who"))
        return show(patient, form, searched=True)
    try:
        families.note(who, patient, form.relation.data or "", guard.by())
    except Refused as no:
        respond.refuse(form, no)
        return show(patient, form, searched=True)
    return respond.done(url_for(".family", number=number), f"{who.name} may act for {patient.name} from now on.")


@area.post("/staff/patients/<int:number>/family/<int:acting>/end")
@guard.audience("staff", "owner", "desk")
def end(number, acting):
    patient = guard.found(Patient, number)
    row = guard.found(ActingFor.select().where(ActingFor.other == patient), acting)
    families.end(row, guard.by())
    return respond.done(url_for(".family", number=number), "That has ended. Nothing is open to them any more.")


def show(patient, form, searched):
    acting, acts = families.around(patient)
    known = {patient.id, *(it.patient_id for it in acting)}
    term = (form.q.data or "").strip()
    rows = records.search(term)[0] if searched and term else []
    return respond.form_page(
        "staff/families/family.html",
        form,
        patient=patient,
        acting=acting,
        acts=acts,
        ended=families.before(patient),
        found=[row for row in rows if row.id not in known][:MOST_FOUND],
        term=term if searched else "",
        zone=home_zone(),
    )
