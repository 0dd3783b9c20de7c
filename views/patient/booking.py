"""Booking: services, for whom and with whom, a time that is held, policy, booked."""

from uuid import uuid4

from flask import Blueprint, redirect, request, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField

from clock import now
from models import Policy
from rules import findings, gone, holds, markdown, openings, paperwork, policy, scheduling, searching, visits, words
from rules.refused import Refused
from rules.services import on_shelves
from views import guard, respond, times
from views.asked import MOST, asked
from views.forms import carried
from views.held import held, live, telling

area = Blueprint("booking", __name__)
STEPS = ["Treatment", "Person", "Time", "Confirm"]


class BookingForm(FlaskForm):
    accepted = BooleanField("I have read and accept the cancellation policy")
    policy = HiddenField()
    slot = HiddenField()
    request_key = HiddenField()
    price = HiddenField()
    hold = HiddenField()


@area.get("/booking")
@guard.audience("patient")
def services():
    first = carried(request.args.get("with"))
    visit = asked(first) if first else None
    return respond.page("patient/booking/services.html", shelves=on_shelves(), steps=STEPS, visit=visit)


@area.get("/booking/<int:number>")
@guard.audience("patient")
def people(number):
    visit = asked(number)
    who = searching.who_and_where(visit.service)
    block, barred = visit.block(), visit.barred()
    lacking = [] if barred else visit.room().lacking
    return respond.page(
        "patient/booking/people.html", visit=visit, service=visit.service, offered=who, places=times.places_of(who),
        steps=STEPS, block=block, from_words=block and findings.from_words(block), barred=barred, lacking=lacking,
        choose_person=len(visit.persons) > 1 and "for" not in request.args, more=len(visit.visit) < MOST,
    )  # fmt: skip


@area.get("/booking/<int:number>/times")
@guard.audience("patient")
def free(number):
    visit = asked(number)
    block, room = visit.block(), visit.room()
    if (block and not block.until_on) or visit.barred() or (room.lacking and not visit.before):
        return redirect(visit.href("people"), 303)
    first_of_two = visit.before and not visit.chosen
    here = url_for("booking.free", number=number)
    if first_of_two:
        ways = {"go": lambda slot: visit.href("free", first=slot)}
    else:
        ways = {"choose": url_for("booking.hold", number=number)}
    first = [("first", openings.key(visit.chosen[0]))] if visit.chosen else []
    shown = times.context(
        visit.before if first_of_two else visit.service,
        others=[] if first_of_two else visit.others,
        patient=visit.patient,
        here=here,
        carry=visit.carry + first,
        room=(None, None) if first_of_two else room[:2],
        not_before=block and block.until_on,
        **ways,
    )
    return respond.page(
        "patient/booking/times.html", part="times", steps=STEPS, block=block, visit=visit, room=room,
        from_words=block and findings.from_words(block), first_of_two=first_of_two,
        waitlist_href="" if visit.others or visit.before else _waitlist(visit), **shown,
    )  # fmt: skip


def _waitlist(visit):
    return url_for("waitlist.wish", number=visit.service.id, **({"for": visit.patient.id} if visit.for_other else {}))


@area.post("/booking/<int:number>/hold")
@guard.audience("patient")
def hold(number):
    visit = asked(number)
    parts = times.asked_parts(visit.services, _whole(visit, request.form.get("slot")))
    try:
        kept = holds.place(parts, patient=visit.patient, by=guard.by(), held_by=guard.me(), key=uuid4().hex)
    except Refused as no:
        form = BookingForm(formdata=None)
        respond.refuse(form, Refused(no.words))
        return respond.form_page(
            "patient/booking/taken.html", form, visit=visit, steps=STEPS, nearest=_near(visit, parts, no),
            key=openings.key, spoken=openings.spoken, title=_title(no),
        )  # fmt: skip
    return respond.done(visit.href("confirmation", slot=_key(parts), hold=kept.id))


def _title(no):
    """What stands above a page about a time that cannot be had."""
    return "Somebody was faster" if no.words == gone.FASTER else "That time does not work"


def _key(parts):
    return "_".join(openings.key(part) for part in parts)


def _whole(visit, slot):
    """What comes first was chosen on the page before; the two are one choice."""
    return f"{openings.key(visit.chosen[0])}_{slot}" if visit.chosen and slot else slot


def _near(visit, parts, no):
    """The free times near one that is gone, for several services as whole visits; None when it is not about that."""
    return (no.facts.get("nearest") or no.facts.get("arrangements") or []) if no.field == "at" else None


@area.get("/booking/<int:number>/confirmation")
@guard.audience("patient")
def confirmation(number):
    visit = asked(number)
    parts = times.asked_parts(visit.services, request.args.get("slot") or times.in_parts())
    current, kept = policy.current(), held(request.args.get("hold"), parts)
    form = BookingForm(
        formdata=None, request_key=uuid4().hex, policy=current and current.id, price=_price(parts),
        slot=_key(parts), hold=kept and kept.id,
    )  # fmt: skip
    if live(kept) or searching.exact(parts, patient=visit.patient):
        return ask(form, visit, parts, current)
    try:
        gone.explain_parts(parts, patient=visit.patient, lead=True)
    except Refused as no:
        return ask(form, visit, parts, current, no)


@area.post("/booking/<int:number>/confirmation")
@guard.audience("patient")
def book(number):
    visit = asked(number)
    form = BookingForm()
    parts = times.asked_parts(visit.services, form.slot.data)
    accepted = form.accepted.data and Policy.get_or_none(Policy.id == carried(form.policy.data))
    try:
        booked = scheduling.book_all(
            visit.patient, parts, by=guard.by(), request_key=form.request_key.data, policy=accepted or None,
            shown_price_minor=carried(form.price.data), hold=live(held(form.hold.data, parts)),
        )  # fmt: skip
    except Refused as no:
        return ask(form, visit, parts, policy.current(), no)
    return respond.done("/", _said(visit, booked))


def _said(visit, booked):
    first = booked[0]
    if len(booked) > 1 and visits.on_one_day(booked):  # one way to the clinic, one moment to remember
        names = ", then ".join(it.service.name for it in booked)
        names += f", on {words.when(first.starts_at, first.location.time_zone)} in {first.location.name}"
    else:
        names = " and ".join(
            f"{it.service.name} on {words.when(it.starts_at, it.location.time_zone)}, with {it.provider.name} "
            f"in {it.location.name}"
            for it in booked
        )
    who = f"{visit.patient.name} is" if visit.for_other else "You are"
    return (
        f"{who} booked: {names}. A confirmation is on its way by e-mail, "
        "and what we need from you before you come is on this page."
    )


def _price(parts):
    return sum(part.service.price_minor for part in parts)


def ask(form, visit, parts, current, no=None):
    """The confirmation page as things stand now; after a "no" with what was given kept, and near times offered."""
    is_gone = no is not None and no.field == "at"
    if no:
        respond.refuse(form, Refused(no.words, "accepted" if no.field == "policy" else None))
        if current and current.id != carried(form.policy.data):
            form.accepted.data = False  # that was another text
        form.policy.data, form.price.data = current and current.id, _price(parts)

    def cancelling(part):
        if not current:
            return []
        said = policy.words_before_booking(current, part.service, part.starts_at, part.location)
        return [f"{part.service.name}:", *said] if len(parts) > 1 else said

    def note(opening):
        return (
            ""
            if len(parts) > 1 or not current
            else " ".join(
                policy.words_before_booking(current, parts[0].service, opening.starts_at, opening.location)[:1]
            )
        )

    kept = held(form.hold.data, parts)
    return respond.form_page(
        "patient/booking/confirmation.html", form, "confirmation",
        visit=visit, service=visit.service, parts=parts, price=_price(parts), gone=is_gone and _title(no),
        nearest=_near(visit, parts, no) if is_gone else None, key=openings.key, spoken=openings.spoken, current=current,
        policy_text=markdown.render(current.text) if current else "",
        policy_words=[" ".join(cancelling(part)) for part in parts], note=note,
        follows=list(dict.fromkeys(line for service in visit.services for line in follows(service))), steps=STEPS,
        kept=None if is_gone else telling(kept, now()),
    )  # fmt: skip


def follows(service):
    """[(kind in words, name)] of the paperwork that a booking brings."""
    rows = [row for row in paperwork.assigned_to(service) if row.kind != "post_treatment"]
    order = list(paperwork.KIND_WORDS)
    return [(paperwork.KIND_WORDS[row.kind], row.name) for row in sorted(rows, key=lambda row: order.index(row.kind))]
