"""Booking: service, provider, time, policy, booked."""

from uuid import uuid4

from flask import Blueprint, redirect, request, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField

from clock import local, now
from models import Policy
from rules import findings, markdown, openings, paperwork, policy, scheduling, searching, words
from rules.clinic import home_zone
from rules.refused import Refused
from rules.services import offered, on_shelves
from views import guard, respond, times
from views.forms import carried

area = Blueprint("booking", __name__)
STEPS = ["Treatment", "Person", "Time", "Confirm"]


class BookingForm(FlaskForm):
    accepted = BooleanField("I have read and accept the cancellation policy")
    policy = HiddenField()
    slot = HiddenField()
    request_key = HiddenField()
    price = HiddenField()


@area.get("/booking")
@guard.audience("patient")
def services():
    return respond.page("patient/booking/services.html", shelves=on_shelves(), steps=STEPS)


@area.get("/booking/<int:number>")
@guard.audience("patient")
def people(number):
    service = guard.found(offered(), number)
    who = searching.who_and_where(service)
    places = times.places_of(who)
    block = blocked(service)
    return respond.page(
        "patient/booking/people.html", service=service, offered=who, places=places, steps=STEPS,
        block=block, from_words=block and findings.from_words(block),
    )  # fmt: skip


def blocked(service):
    """What the patient answered keeps them from this service for now: the block, or None."""
    return findings.block_of(guard.me(), service, local(now(), home_zone()).date())


@area.get("/booking/<int:number>/times")
@guard.audience("patient")
def free(number):
    service = guard.found(offered(), number)
    block = blocked(service)
    if block and not block.until_on:
        return redirect(url_for("booking.people", number=number), 303)
    shown = times.context(
        service,
        patient=guard.me(),
        here=url_for("booking.free", number=number),
        go=lambda slot: url_for("booking.confirmation", number=number, slot=slot),
        not_before=block and block.until_on,
    )
    from_words = block and findings.from_words(block)
    return respond.page(
        "patient/booking/times.html", part="times", steps=STEPS, block=block, from_words=from_words, **shown
    )


@area.get("/booking/<int:number>/confirmation")
@guard.audience("patient")
def confirmation(number):
    service = guard.found(offered(), number)
    provider, location, starts_at = times.asked_slot(service, request.args.get("slot"))
    current = policy.current()
    form = BookingForm(formdata=None, request_key=uuid4().hex, policy=current and current.id, price=service.price_minor)
    opening = searching.opening_at(service, starts_at, provider=provider, location=location, patient=guard.me())
    if opening:
        form.slot.data = openings.key(opening)
        return ask(form, service, provider, location, starts_at, current)
    try:
        scheduling.explain_gone(service, starts_at, provider=provider, location=location, patient=guard.me())
    except Refused as no:
        return ask(form, service, provider, location, starts_at, current, no)


@area.post("/booking/<int:number>/confirmation")
@guard.audience("patient")
def book(number):
    service = guard.found(offered(), number)
    form = BookingForm()
    provider, location, starts_at = times.asked_slot(service, form.slot.data)
    accepted = form.accepted.data and Policy.get_or_none(Policy.id == carried(form.policy.data))
    try:
        appointment = scheduling.book(
            guard.me(), service, provider=provider, location=location, starts_at=starts_at, by=guard.by(),
            request_key=form.request_key.data, policy=accepted or None, shown_price_minor=carried(form.price.data),
        )  # fmt: skip
    except Refused as no:
        return ask(form, service, provider, location, starts_at, policy.current(), no)
    at = words.when(appointment.starts_at, appointment.location.time_zone)
    return respond.done(
        "/",
        f"You are booked: {service.name} on {at}, with {provider.name} in {location.name}. "
        "A confirmation is on its way by e-mail, and what we need from you before you come is on this page.",
    )


def ask(form, service, provider, location, starts_at, current, no=None):
    """The confirmation page as things stand now; after a "no" with what was given kept, and near times offered."""
    nearest = no.facts.get("nearest") if no else None
    if no:
        respond.refuse(form, Refused(no.words, "accepted" if no.field == "policy" else None))
        if current and current.id != carried(form.policy.data):
            form.accepted.data = False  # that was another text
        form.policy.data, form.price.data = current and current.id, service.price_minor

    def cancelling(at, where):
        return policy.words_before_booking(current, service, at, where) if current else []

    return respond.form_page(
        "patient/booking/confirmation.html", form, "confirmation",
        service=service, provider=provider, location=location, starts_at=starts_at, gone=nearest is not None,
        nearest=nearest, key=openings.key, spoken=openings.spoken, current=current,
        policy_text=markdown.render(current.text) if current else "", policy_words=cancelling(starts_at, location),
        note=lambda opening: " ".join(cancelling(opening.starts_at, opening.location)[:1]),
        follows=follows(service), steps=STEPS,
    )  # fmt: skip


def follows(service):
    """[(kind in words, name)] of the paperwork that a booking brings."""
    rows = [row for row in paperwork.assigned_to(service) if row.kind != "post_treatment"]
    order = list(paperwork.KIND_WORDS)
    return [(paperwork.KIND_WORDS[row.kind], row.name) for row in sorted(rows, key=lambda row: order.index(row.kind))]
