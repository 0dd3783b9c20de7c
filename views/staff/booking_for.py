"""Whom the desk books for: a patient who is found while typing, or a new one. Names stand in no address."""

from flask import Blueprint, request, url_for

from models import Location, Provider
from rules import openings, profile, records, words
from rules.refused import Refused
from views import guard, respond
from views.whom import NAMES, PatientForm, SearchForm

area = Blueprint("staff_booking_for", __name__)
SHOWN = 8


@area.route("/staff/booking", methods=["GET", "POST"])
@guard.audience("staff")
def whom():
    form = SearchForm()
    slot, wanted = _wanted()
    valid = request.method == "GET" or form.validate()
    term = (form.q.data or "").strip() if valid else ""
    rows, total = records.search(term) if term else ([], 0)
    return respond.form_page(
        "staff/booking/whom.html", form, "results", rows=rows[:SHOWN], total=total, term=term, slot=slot,
        wanted=wanted, phone_words=profile.phone_words,
    )  # fmt: skip


@area.route("/staff/booking/new-patient", methods=["GET", "POST"])
@guard.audience("staff")
def new():
    form, known = PatientForm(), None
    slot, wanted = _wanted()
    if form.validate_on_submit():
        try:
            patient = records.add_patient(guard.by(), **{name: form[name].data for name in NAMES})
            onward = url_for("staff_booking.services", number=patient.id, slot=slot or None)
            return respond.done(onward, f"{patient.name} is now a patient.")
        except Refused as no:
            known = no.facts.get("patient")
            respond.refuse(form, no)
    return respond.form_page("staff/booking/new.html", form, known=known, slot=slot, wanted=wanted)


def _wanted() -> tuple[str, str]:
    """The time that the desk chose before the patient, as an address carries it and in words; both may be empty."""
    text = request.values.get("slot", "")
    slot = openings.slot(text)
    if slot is None:
        return "", ""
    provider, location = guard.found(Provider, slot.provider), guard.found(Location, slot.location)
    return text, f"{words.short_when(slot.starts_at, location.time_zone)} with {provider.name}, {location.name}"
