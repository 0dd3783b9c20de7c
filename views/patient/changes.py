"""What patients do with a visit as a whole, and with what the clinic did to it: accept a move, undo, cancel, move."""

from flask import Blueprint, abort, g, redirect, request, url_for

from clock import now
from rules import (
    charging,
    openings,
    policy,
    prerequisites,
    scheduling,
    searching,
    self_service,
    staff_moves,
    validity,
    visits,
    words,
)
from rules.refused import Refused
from views import guard, respond, times
from views.cards import card
from views.changing import STEPS, CancelForm, ShownForm
from views.forms import carried

area = Blueprint("changes", __name__)
APART = "The parts of this visit are on different days. Please move them one by one."


@area.get("/appointments/<int:number>/answer")
@guard.audience("patient")
def answer(number):
    """Where the mail leads: what the clinic changed, and the three answers."""
    a, at = guard.mine(visits.whole(), number), now()
    line = card(visits.one(a), at)
    if line.moved is None:
        return redirect(url_for("appointments.detail", number=number), 303)
    parts = visits.parts_of(a, at)
    return respond.page(
        "patient/appointments/answer.html", a=a, card=line, why=visits.moves_of(a)[-1].why, parts=parts,
        together=staff_moves.open_of(part.id for part in parts),
    )  # fmt: skip


@area.post("/appointments/<int:number>/answer")
@guard.audience("patient")
def accept(number):
    a = guard.mine(visits.whole(), number)
    try:
        staff_moves.accept(a, guard.by(), shown=carried(request.form.get("shown")))
    except Refused as no:
        return respond.done(url_for("appointments.detail", number=number), no.words)
    at = words.when(a.starts_at, a.location.time_zone)
    return respond.done(url_for("appointments.detail", number=number), f"Thank you. We will see you on {at}.")


@area.post("/appointments/<int:number>/undo")
@guard.audience("patient")
def undo(number):
    """Take the booking back within its grace period, with all that was booked in the same go."""
    a = guard.mine(visits.whole(), number)
    try:
        gone = scheduling.undo(a, guard.by())
    except Refused as no:
        return respond.done(url_for("appointments.detail", number=number), no.words)
    what = "Your booking is" if len(gone) < 2 else f"Your {len(gone)} bookings are"
    return respond.done(url_for("appointments.detail", number=number), f"{what} taken back. It costs you nothing.")


def visit_of(number):
    """The parts of a visit that can still be changed, as the patient's own; 404 when there are not several."""
    a, at = guard.mine(visits.whole(), number), now()
    parts = visits.parts_of(a, at)
    return (a, parts, at) if len(parts) > 1 else abort(404)


@area.get("/appointments/<int:number>/visit/cancellation")
@guard.audience("patient")
def cancellation(number):
    a, parts, at = visit_of(number)
    return ask_to_cancel(a, parts, CancelForm(formdata=None, shown=total(policy.fees_for(parts, at).values())), at)


@area.post("/appointments/<int:number>/visit/cancellation")
@guard.audience("patient")
def cancel(number):
    a, at, form = guard.mine(visits.whole(), number), now(), CancelForm()
    parts = visits.parts_of(a, at)
    if not parts:  # a second click
        return redirect(url_for("appointments.detail", number=number), 303)
    if not form.validate():
        return ask_to_cancel(a, parts, form, at)
    try:
        charges = scheduling.cancel_all(parts, by=guard.by(), why=form.why.data or "", shown_minor=form.shown_minor)
    except Refused as no:
        respond.refuse(form, no)
        form.shown.data = total(policy.fees_for(parts, now()).values())
        return ask_to_cancel(a, parts, form, now())
    said = "Your whole visit is cancelled."
    said += "".join(f" {charging.words(charge)}" for charge in charges) or " It costs you nothing."
    return respond.done(url_for("appointments.detail", number=number), said)


def ask_to_cancel(a, parts, form, at):
    fees = policy.fees_for(parts, at)
    return respond.form_page(
        "patient/appointments/visit_cancellation.html", form, "visit_cancellation",
        a=a, parts=parts, fees=fees, total=in_all(fees.values(), a),
        owed=total(fees.values()), leaning=prerequisites.leaning_words(parts),
        closed=self_service.closed(parts, "self_cancel"),
        closed_words=self_service.words("self_cancel", phone_of(a)),
    )  # fmt: skip


@area.get("/appointments/<int:number>/visit/time")
@guard.audience("patient")
def free(number):
    a, parts, _at = visit_of(number)
    if why := not_together(parts):
        return respond.page("patient/appointments/visit_times.html", a=a, parts=parts, closed_words=why)
    first, *others = parts
    shown = times.context(
        first.service,
        others=[part.service for part in others],
        patient=a.patient,
        here=url_for("changes.free", number=number),
        go=lambda keys: url_for("changes.new_time", number=number, slot=keys.split("_")),
        preferred=([part.provider for part in parts], first.location),
        ignoring=tuple(parts),
    )
    return respond.page(
        "patient/appointments/visit_times.html", part="patient/booking/times", a=a, parts=parts, steps=STEPS, **shown
    )


def not_together(parts):
    """Why these cannot be moved as one visit by the patient; "" when they can."""
    if self_service.closed(parts, "self_move"):
        return self_service.words("self_move", phone_of(parts[0]))
    return "" if visits.on_one_day(parts) else APART


@area.get("/appointments/<int:number>/visit/time/confirmation")
@guard.audience("patient")
def new_time(number):
    a, parts, at = visit_of(number)
    shown = total(policy.move_fee_for(part, at) for part in parts)
    return ask_to_move(a, parts, asked(parts, request.args.getlist("slot")), ShownForm(formdata=None, shown=shown), at)


@area.post("/appointments/<int:number>/visit/time/confirmation")
@guard.audience("patient")
def move(number):
    (a, parts, _at), form = visit_of(number), ShownForm()
    chosen = asked(parts, request.form.getlist("slot"))
    try:
        charges = scheduling.move_visit(parts, chosen, by=guard.by(), shown_minor=form.shown_minor)
    except Refused as no:
        respond.refuse(form, Refused(no.words))
        form.shown.data = total(policy.move_fee_for(part, now()) for part in parts)
        return ask_to_move(a, parts, chosen, form, now(), no.facts.get("arrangements"))
    start = words.when(chosen[0].starts_at, chosen[0].location.time_zone)
    said = f"Your whole visit now starts on {start}."
    said += "".join(f" For the late move: {charging.words(charge)}" for charge in charges)
    return respond.done(url_for("appointments.detail", number=number), said)


def asked(parts, slots):
    """What the address or the form chooses for each part, in their order; 404 when that is not on offer at all."""
    if len(slots) != len(parts):
        abort(404)
    return [
        searching.Part(part.service, *times.asked_slot(part.service, slot))
        for part, slot in zip(parts, slots, strict=True)
    ]


def ask_to_move(a, parts, chosen, form, at, near=None):
    """The page before a whole visit is moved; where the time is gone (`near` is not None) others near it."""
    fees = [policy.move_fee_for(part, at) for part in parts]
    both = list(zip(parts, chosen, strict=True))
    papers = [
        paper
        for part, to in both
        for paper in validity.at_new_time(part, validity.visit_of(part, to.starts_at, to.location))
    ]
    after = [policy.words_after_move(part, to.starts_at, to.location, at) for part, to in both]
    leaning = [said for part, to in both for said in prerequisites.leaning_words([part], to.starts_at, without=parts)]
    return respond.form_page(
        "patient/appointments/visit_new_time.html", form, "visit_new_time",
        a=a, steps=STEPS, near=near and [(each, confirm_href(a, each)) for each in near],
        owed=total(fees), total=in_all(fees, a), papers=papers, leaning=leaning,
        rows=list(zip(parts, chosen, fees, after, strict=True)), slots=[openings.key(to) for to in chosen],
        closed_words=not_together(parts),
    )  # fmt: skip


def confirm_href(a, arrangement):
    return url_for("changes.new_time", number=a.id, slot=[openings.key(part) for part in arrangement.parts])


def total(fees):
    return sum(fee.amount_minor for fee in fees)


def in_all(fees, a):
    owed = total(fees)
    return words.money(owed, a.currency) if owed else "Free"


def phone_of(a):
    return a.location.phone or g.clinic.phone
