"""The desk books several services as one visit, back to back: what they are, a time for all of them, and one yes."""

from uuid import uuid4

from flask import Blueprint, abort, request, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField

from models import Location, Patient, Policy, Provider
from rules import desk, markdown, openings, policy, prerequisites, scheduling, searching, words
from rules.refused import Refused
from rules.services import offered
from views import guard, respond
from views.forms import carried, one_of

area = Blueprint("staff_booking_several", __name__)
MOST, SHOWN = 5, 40  # services in one visit; times on a page


class VisitForm(FlaskForm):
    request_key = HiddenField()
    policy = HiddenField()  # the version that was on the page
    accepted = BooleanField("The patient has heard the cancellation policy and accepts it")
    sure = BooleanField("Book it all the same")


@area.get("/staff/patients/<int:number>/booking/visit")
@guard.audience("staff")
def times(number):
    patient = guard.found(Patient, number)
    known = {str(one.id): one for one in offered()}
    chosen = [known[asked] for asked in dict.fromkeys(request.args.getlist("service")) if asked in known][:MOST]
    places = desk.locations()
    place = one_of(places, request.args.get("location"))
    zone = (place or places[0]).time_zone if places else "UTC"
    since = openings.beginning(request.args.get("from"), zone)
    found = []
    if chosen:
        found = searching.arrangements(
            [searching.Wanted(one) for one in chosen], location=place, since=since, at_most=SHOWN, lead=False,
            patient=patient,
        )  # fmt: skip
    return respond.page(
        "staff/booking/visit_times.html", patient=patient, chosen=chosen, places=places, place=place, found=found,
        since=request.args.get("from", "") if since else "", shown=SHOWN,
        go=lambda it: url_for(".confirm", number=number, part=[_key(part) for part in it.parts]),
        later=openings.written(found[-1].starts_at) if len(found) == SHOWN else "",
    )  # fmt: skip


@area.route("/staff/patients/<int:number>/booking/visit/confirmation", methods=["GET", "POST"])
@guard.audience("staff")
def confirm(number):
    patient, form, current = guard.found(Patient, number), VisitForm(), policy.current()
    keys = request.values.getlist("part")
    parts = _parts(keys)
    if form.validate_on_submit():
        try:
            read = Policy.get_or_none(Policy.id == carried(form.policy.data)) if form.accepted.data else None
            booked = scheduling.book_all(
                patient, parts, by=guard.by(), request_key=form.request_key.data, policy=read, sure=form.sure.data
            )
            at = words.when(booked[0].starts_at, parts[0].location.time_zone)
            return respond.done(url_for("staff_appointments.detail", number=booked[0].id), f"Booked for {at}.")
        except Refused as no:
            respond.refuse(form, no)
    form.request_key.data = form.request_key.data or uuid4().hex
    form.policy.data = current and current.id
    lacking = [
        prerequisites.distance(it.prerequisite)
        for part in parts
        for it in prerequisites.missing(patient, part.service, part.starts_at, [o for o in parts if o is not part])
    ]
    total = sum(part.service.price_minor for part in parts)
    return respond.form_page(
        "staff/booking/visit.html", form, patient=patient, parts=parts, keys=keys, lacking=lacking,
        total=words.money(total, desk.currency()), policy_text=markdown.render(current.text) if current else "",
        back=url_for(".times", number=number, service=[part.service.id for part in parts]),
    )  # fmt: skip


def _key(part) -> str:
    return f"{part.service.id}-{openings.key(part)}"


def _parts(keys) -> list[searching.Part]:
    """The parts that an address or a form names; 404 when one is not on offer at all."""
    known, found = {one.id: one for one in offered()}, []
    for key in keys if 0 < len(keys) <= MOST else abort(404):
        service, _, rest = key.partition("-")
        slot = openings.slot(rest)
        if slot is None or carried(service) not in known:
            abort(404)
        people = (guard.found(Provider, slot.provider), guard.found(Location, slot.location))
        found.append(searching.Part(known[int(service)], *people, slot.starts_at))
    return found
