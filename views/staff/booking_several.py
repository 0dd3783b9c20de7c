"""The desk books several services as one visit, back to back: what they are, a time for all of them, and one yes."""

from flask import Blueprint, redirect, request, url_for

from models import Patient
from rules import desk, prerequisites, words
from rules.refused import Refused
from rules.services import offered
from views import confirming, guard, respond, times

area = Blueprint("staff_booking_several", __name__)
MOST = 5  # services in one visit


@area.get("/staff/patients/<int:number>/booking/visit")
@guard.audience("staff")
def free(number):
    patient, services, back = guard.found(Patient, number), chosen(), url_for("staff_booking.services", number=number)
    if not services:
        return redirect(back, 303)
    numbers = [one.id for one in services]
    shown = times.context(
        services[0],
        others=services[1:],
        patient=patient,
        here=url_for(".free", number=number),
        carry=[("service", each) for each in numbers],
        go=lambda slot: url_for(".confirm", number=number, service=numbers, slot=slot),
        lead=False,
    )
    title = ("Choose a time", f"{', then '.join(one.name for one in services)}, for {patient.name}", back, "Services")
    return respond.page("staff/appointments/times.html", "times", title=title, block=None, **shown)


@area.route("/staff/patients/<int:number>/booking/visit/confirmation", methods=["GET", "POST"])
@guard.audience("staff")
def confirm(number):
    patient, form, services, gone = guard.found(Patient, number), confirming.BookForm(), chosen(), None
    form.slot.data = form.slot.data or request.args.get("slot")
    parts = times.asked_parts(services, form.slot.data)
    if form.validate_on_submit():
        try:
            first = form.book(patient, parts)[0]
            at = words.when(first.starts_at, parts[0].location.time_zone)
            return respond.done(url_for("staff_appointments.detail", number=first.id), f"Booked for {at}.")
        except Refused as no:
            gone = no
    facts = [(part.service.name, said(part)) for part in parts]
    facts.append(("Together", words.money(sum(one.price_minor for one in services), desk.currency())))
    lacking = [
        lack
        for part in parts
        for lack in prerequisites.missing(patient, part.service, part.starts_at, [o for o in parts if o is not part])
    ]
    numbers = [one.id for one in services]
    back, here = (url_for(name, number=number, service=numbers) for name in (".free", ".confirm"))
    return confirming.to_book(form, gone, patient, back, facts, lacking, here)


def said(part):
    return f"{words.when(part.starts_at, part.location.time_zone)}\nwith {part.provider.name}, {part.location.name}"


def chosen() -> list:
    """The services of the visit, in the order in which the address or the form names them."""
    known = {str(one.id): one for one in offered()}
    asked = dict.fromkeys(request.values.getlist("service"))
    return [known[number] for number in asked if number in known][:MOST]
