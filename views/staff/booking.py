"""The desk books a visit for a patient, or gives one another time: the same free times, without the lead time."""

from uuid import uuid4

from flask import Blueprint, request, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, TextAreaField
from wtforms.validators import Length, Optional

from clock import local, now
from models import Appointment, Patient, Policy, ServiceProvider
from rules import desk, findings, markdown, openings, policy, prerequisites, scheduling, searching, validity, words
from rules.clinic import home_zone
from rules.refused import Refused
from rules.services import offered, on_shelves
from views import guard, respond, times
from views.forms import carried

area = Blueprint("staff_booking", __name__)


class SlotForm(FlaskForm):
    slot = HiddenField()


class MoveForm(SlotForm):
    why = TextAreaField("Reason", [Optional(), Length(max=500, message="Keep the reason to 500 characters or fewer")])


class BookForm(SlotForm):
    request_key = HiddenField()
    policy = HiddenField()  # the version that was on the page
    accepted = BooleanField("The patient has heard the cancellation policy and accepts it")
    sure = BooleanField("Book it all the same")


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
    form, current = BookForm(), policy.current()
    provider, location, starts_at, gone = _asked(form, service, patient)
    if form.validate_on_submit():
        try:
            read = Policy.get_or_none(Policy.id == carried(form.policy.data)) if form.accepted.data else None
            part = searching.Part(service, provider, location, starts_at)
            a, *_ = scheduling.book_all(
                patient, [part], by=guard.by(), request_key=form.request_key.data, policy=read, sure=form.sure.data
            )
            at = words.when(a.starts_at, location.time_zone)
            return respond.done(url_for("staff_appointments.detail", number=a.id), f"Booked for {at}.")
        except Refused as no:
            gone = no
    form.request_key.data = form.request_key.data or uuid4().hex
    form.policy.data = current and current.id
    new = f"{words.when(starts_at, location.time_zone)}\nwith {provider.name}, {location.name}"
    return _confirm(
        form, gone, "Book this visit?", patient.name, url_for(".free", number=number, service=service.id), "Book",
        [("Service", f"{service.name}, {words.money(service.price_minor, desk.currency())}"), ("Time", new)],
        policy_text=markdown.render(current.text) if current else "",
        lacking=prerequisites.missing(patient, service, starts_at),
    )  # fmt: skip


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
    return _confirm(form, gone, "Move this visit?", a.patient.name, back, "Move", facts, leaning=leaning)


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


def _confirm(form, gone, title, lead, back, verb, facts, policy_text="", lacking=(), leaning=()):
    """The page that asks before anything is changed; where the time is gone it offers the nearest ones."""
    nearest = gone.facts.get("nearest") if gone else None
    if gone:
        respond.refuse(form, Refused(gone.words))
    return respond.form_page(
        "staff/appointments/confirmation.html", form, title=title, lead=lead, back=back, verb=verb, facts=facts,
        policy_text=policy_text, lacking=[prerequisites.distance(it.prerequisite) for it in lacking],
        gone=nearest is not None, nearest=nearest or [], leaning=leaning,
        key=openings.key, spoken=openings.spoken, here=request.path,
    )  # fmt: skip
