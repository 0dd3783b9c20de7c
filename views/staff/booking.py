"""The desk books a visit for a patient, or gives one another time: the same free times, without the lead time."""

from flask import Blueprint, request, url_for
from wtforms import TextAreaField
from wtforms.validators import Length, Optional

from clock import local, now
from models import Appointment, Patient, ServiceProvider
from rules import desk, findings, openings, prerequisites, scheduling, searching, validity, words
from rules.clinic import home_zone
from rules.refused import Refused
from rules.services import offered, on_shelves
from views import confirming, guard, respond, times

area = Blueprint("staff_booking", __name__)


class MoveForm(confirming.SlotForm):
    why = TextAreaField("Reason", [Optional(), Length(max=500, message="Keep the reason to 500 characters or fewer")])


@area.get("/staff/patients/<int:number>/booking")
@guard.audience("staff")
def services(number):
    """What is to be done; where a gap of the calendar was chosen before, only what fits its provider."""
    patient, shelves = guard.found(Patient, number), on_shelves()
    slot = openings.slot(request.args.get("slot"))
    if slot:
        performed = ServiceProvider.select(ServiceProvider.service).where(ServiceProvider.provider == slot.provider)
        theirs = {row.service_id for row in performed}
        shelves = {shelf: [one for one in there if one.id in theirs] for shelf, there in shelves.items()}
        shelves = {shelf: there for shelf, there in shelves.items() if there}
    twin = patient.maybe_same if patient.maybe_same_id else None
    return respond.page(
        "staff/appointments/services.html", patient=patient, shelves=shelves, twin=twin,
        slot=request.args["slot"] if slot else "",
    )  # fmt: skip


@area.get("/staff/patients/<int:number>/booking/<int:service>")
@guard.audience("staff")
def free(number, service):
    patient, service = guard.found(Patient, number), guard.found(offered(), service)
    block = _block(patient, service)
    shown = times.context(
        service,
        patient=patient,
        here=url_for(".free", number=number, service=service.id),
        go=lambda slot: url_for(".book", number=number, service=service.id, slot=slot),
        not_before=block and block.until_on,
        lead=False,
    )
    title = ("Choose a time", f"{service.name} for {patient.name}", url_for(".services", number=number), "Services")
    return _times(title, shown, block)


def _block(patient, service):
    """What the patient answered keeps them from this service for now: the block, or None."""
    return findings.block_of(patient, service, local(now(), home_zone()).date())


@area.route("/staff/patients/<int:number>/booking/<int:service>/confirmation", methods=["GET", "POST"])
@guard.audience("staff")
def book(number, service):
    patient, service = guard.found(Patient, number), guard.found(offered(), service)
    form = confirming.BookForm()
    provider, location, starts_at, gone = _asked(form, service, patient)
    if form.validate_on_submit():
        try:
            [a] = form.book(patient, [searching.Part(service, provider, location, starts_at)])
            at = words.when(a.starts_at, location.time_zone)
            return respond.done(url_for("staff_appointments.detail", number=a.id), f"Booked for {at}.")
        except Refused as no:
            gone = no
    new = f"{words.when(starts_at, location.time_zone)}\nwith {provider.name}, {location.name}"
    facts = [("Service", f"{service.name}, {words.money(service.price_minor, desk.currency())}"), ("Time", new)]
    lacking = prerequisites.missing(patient, service, starts_at)
    return confirming.to_book(form, gone, patient, url_for(".free", number=number, service=service.id), facts, lacking)


@area.get("/staff/appointments/<int:number>/time")
@guard.audience("staff")
def move_to(number):
    a = guard.found(Appointment, number)
    block = _block(a.patient, a.service)
    shown = times.context(
        a.service,
        patient=a.patient,
        here=url_for(".move_to", number=number),
        go=lambda slot: url_for(".move", number=number, slot=slot),
        preferred=(None, a.location),
        not_before=block and block.until_on,
        lead=False,
        ignoring=a,
    )
    at = words.when(a.starts_at, a.location.time_zone)
    back = url_for("staff_appointments.detail", number=number)
    return _times(
        ("Move to another time", f"{a.patient.name}, {a.service.name}, now {at}", back, "The visit"), shown, block
    )


@area.route("/staff/appointments/<int:number>/time/confirmation", methods=["GET", "POST"])
@guard.audience("staff")
def move(number):
    a, form = guard.found(Appointment, number), MoveForm()
    provider, location, starts_at, gone = _asked(form, a.service, a.patient, ignoring=a)
    if form.validate_on_submit():
        try:
            scheduling.move(
                a, starts_at=starts_at, provider=provider, location=location, by=guard.by(), why=form.why.data or ""
            )
            at = words.when(a.starts_at, location.time_zone)
            return respond.done(url_for("staff_appointments.detail", number=number), f"Moved to {at}. It cost nothing.")
        except Refused as no:
            gone = no
    before = f"{words.when(a.starts_at, a.location.time_zone)}\nwith {a.provider.name}, {a.location.name}"
    after = f"{words.when(starts_at, location.time_zone)}\nwith {provider.name}, {location.name}"
    facts = [("Service", a.service.name), ("Until now", before), ("New time", after)]
    papers = validity.at_new_time(a, validity.visit_of(a, starts_at, location))
    again = "\n".join(it.why for it in papers if not it.stays)
    if again:
        facts.append(("Asked again", again))
    back = url_for(".move_to", number=number)
    leaning = prerequisites.leaning_words([a], starts_at, whose=f"{a.patient.name}’s")
    return confirming.page(form, gone, "Move this visit?", a.patient.name, back, "Move", facts, leaning=leaning)


def _asked(form, service, patient, ignoring=None):
    """The slot of the address or the form, and the Refused that it would get if it is not free any more."""
    provider, location, starts_at = times.asked_slot(service, form.slot.data or request.args.get("slot"))
    also = {"provider": provider, "location": location, "patient": patient, "lead": False, "ignoring": ignoring}
    gone = None
    if request.method == "GET":
        form.slot.data = request.args.get("slot")
        if not searching.opening_at(service, starts_at, **also):
            try:
                scheduling.explain_gone(service, starts_at, **also)
            except Refused as no:
                gone = no
    return provider, location, starts_at, gone


def _times(title, shown, block):
    return respond.page("staff/appointments/times.html", "times", title=title, block=block, **shown)
