"""A patient's appointments: all of them, one in detail, its calendar file, cancelling and rescheduling it."""

from flask import Blueprint, g, make_response, request, url_for

from clock import local, now
from models import LIVE, Charge, Paperwork, Task
from rules import (
    calendar_file,
    charging,
    findings,
    lateness,
    openings,
    paperwork,
    policy,
    prerequisites,
    scheduling,
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

area = Blueprint("appointments", __name__)
A_PAGE = 20
MOST_AHEAD = 200


class OfVisit(paperwork.Due):
    """A line of paperwork on the page of its own visit."""

    @property
    def for_words(self):
        return self.counted_words


@area.get("/appointments")
@guard.audience("patient")
def listed():
    at, number = now(), max(1, min(request.args.get("page", 1, type=int), 500))
    upcoming = visits.upcoming(guard.me(), at, MOST_AHEAD) if number == 1 else []
    past = visits.past(guard.me(), at, A_PAGE + 1, (number - 1) * A_PAGE)
    return respond.page(
        "patient/appointments/listed.html",
        upcoming=[card(line, at) for line in upcoming],
        past=[card(line, at) for line in past[:A_PAGE]],
        number=number,
        more=len(past) > A_PAGE,
    )


@area.get("/appointments/<int:number>")
@guard.audience("patient")
def detail(number):
    a, at = guard.mine(visits.whole(), number), now()
    line = visits.one(a)
    parts = visits.parts_of(a, at)
    return respond.page(
        "patient/appointments/detail.html",
        a=a,
        whose="" if guard.is_mine(a) else a.patient.name,
        together=staff_moves.open_of(part.id for part in parts) if parts[1:] and line.unanswered(at) else {},
        card=card(line, at),
        blocked=line.blocked,
        can_change=scheduling.open_to_patient(a, at),
        begun=a.starts_at <= at,
        late=lateness.choices(a, at),
        tasks=papers(a, at),
        moves=visits.moves_of(a),
        parts=parts,
        one_day=visits.on_one_day(parts),
        **changeable(a, line, at),
        charges=list(Charge.select().where(Charge.appointment == a).order_by(Charge.id)),
        reasons=charging.REASONS,
        statuses=charging.STATUSES,
        closed_words=closed_words(a),
    )


def changeable(a, line, at):
    """Which changes its service leaves to patients themselves, and what to do about the others."""
    phone = a.location.phone or g.clinic.phone
    free = line.unanswered(at) or line.blocked or line.declined
    return {
        f"no_{switch[5:]}": "" if free or getattr(a.service, switch) else self_service.words(switch, phone)
        for switch in ("self_move", "self_cancel")
    }


def closed_words(a):
    """Who cancelled it and when; why, only where the patient gave the reason: the clinic's words are its own."""
    if a.status != "cancelled":
        return ""
    at = words.when(a.closed_at, a.location.time_zone)
    if a.undone_at:
        return f"You took this booking back on {at}. It cost you nothing."
    if a.closed_by_kind == "patient":
        return f"Cancelled on {at} by you. {a.closed_why}".strip()
    return f"Cancelled on {at} by the clinic."


def papers(a, at):
    """The paperwork of this visit, as lines; post-treatment instructions from the second it starts."""
    rows = (
        Task.select(Task, Paperwork)
        .join(Paperwork)
        .where(Task.appointment == a, Task.lapsed_at.is_null())
        .where((Task.status != "not_needed") | Task.declined_at.is_null(False))
        .order_by(Paperwork.name)
    )
    begun = a.status in LIVE and a.starts_at <= at
    lines = [
        OfVisit(
            task.id, task.paperwork.kind, task.status, task.paperwork.name, a.starts_at, a.location.time_zone,
            a.service.name, a.id,
            paperwork.is_late(task.paperwork.kind, task.status, a.status, a.starts_at, at),
            task.done_at, task.counted_from_id is not None,
        )
        for task in rows
        if begun or task.paperwork.kind != "post_treatment"
    ]  # fmt: skip
    return sorted(lines, key=lambda line: list(paperwork.KIND_WORDS).index(line.kind))


@area.get("/appointments/<int:number>/calendar.ics")
@guard.audience("patient")
def calendar(number):
    a = guard.mine(visits.whole(), number)
    answer = make_response(calendar_file.ics(a, "PUBLISH" if a.live else "CANCEL"))
    answer.headers["Content-Type"] = calendar_file.TYPE
    answer.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return answer


@area.get("/appointments/<int:number>/cancellation")
@guard.audience("patient")
def cancellation(number):
    a = guard.mine(visits.whole(), number)
    return ask_to_cancel(a, CancelForm(formdata=None, shown=policy.fee_for(a).amount_minor))


@area.post("/appointments/<int:number>/cancellation")
@guard.audience("patient")
def cancel(number):
    a, form = guard.mine(visits.whole(), number), CancelForm()
    if not form.validate():
        return ask_to_cancel(a, form)
    try:
        charge = scheduling.cancel(a, by=guard.by(), why=form.why.data or "", shown_minor=form.shown_minor)
    except Refused as no:
        respond.refuse(form, no)
        form.shown.data = policy.fee_for(a).amount_minor
        return ask_to_cancel(a, form)
    said = "Your appointment is cancelled. It costs you nothing."
    if charge:
        said = f"Your appointment is cancelled. {charging.words(charge)} The receipt is below."
    return respond.done(url_for("appointments.detail", number=number), said)


def ask_to_cancel(a, form):
    at = now()
    fee = policy.fee_for(a, at)
    return respond.form_page(
        "patient/appointments/cancellation.html", form, "cancellation",
        a=a, card=card(visits.one(a), at), fee=fee, can_change=scheduling.open_to_patient(a, at),
        until=policy.until_words(a, fee, at), leaning=prerequisites.leaning_words([a]),
        **changeable(a, visits.one(a), at),
    )  # fmt: skip


@area.get("/appointments/<int:number>/time")
@guard.audience("patient")
def free(number):
    a, at = guard.mine(visits.whole(), number), now()
    block = findings.block_of(a.patient, a.service, local(at, a.location.time_zone).date())
    shown = times.context(
        a.service,
        patient=a.patient,
        here=url_for("appointments.free", number=number),
        go=lambda slot: url_for("appointments.new_time", number=number, slot=slot),
        preferred=(a.provider, a.location),
        not_before=block and block.until_on,
        ignoring=a,
    )
    return respond.page(
        "patient/appointments/times.html", part="patient/booking/times",
        a=a, can_change=scheduling.open_to_patient(a, at), fee=policy.move_fee_for(a, at), steps=STEPS,
        **changeable(a, visits.one(a), at),
        block=block, from_words=block and findings.from_words(block), **shown,
    )  # fmt: skip


@area.get("/appointments/<int:number>/time/confirmation")
@guard.audience("patient")
def new_time(number):
    a = guard.mine(visits.whole(), number)
    provider, location, starts_at = times.asked_slot(a.service, request.args.get("slot"))
    return ask_to_move(
        a, ShownForm(formdata=None, shown=policy.move_fee_for(a).amount_minor), provider, location, starts_at
    )


@area.post("/appointments/<int:number>/time/confirmation")
@guard.audience("patient")
def move(number):
    a, form = guard.mine(visits.whole(), number), ShownForm()
    provider, location, starts_at = times.asked_slot(a.service, form.slot.data)
    try:
        charge = scheduling.move(
            a, starts_at=starts_at, provider=provider, location=location, by=guard.by(), shown_minor=form.shown_minor
        )
    except Refused as no:
        respond.refuse(form, Refused(no.words))
        form.shown.data = policy.move_fee_for(a).amount_minor
        return ask_to_move(a, form, provider, location, starts_at, no)
    at = words.when(a.starts_at, location.time_zone)
    said = f"Your appointment is now on {at}, with {provider.name} in {location.name}."
    if charge:
        said += f" For the late move: {charging.words(charge)}"
    return respond.done(url_for("appointments.detail", number=number), said)


def ask_to_move(a, form, provider, location, starts_at, no=None):
    at = now()
    form.slot.data = f"{provider.id}-{location.id}-{openings.written(starts_at)}"
    return respond.form_page(
        "patient/appointments/new_time.html", form, "new_time",
        a=a, provider=provider, location=location, starts_at=starts_at, fee=policy.move_fee_for(a, at),
        can_change=scheduling.open_to_patient(a, at), gone=bool(no and "nearest" in no.facts),
        nearest=no.facts.get("nearest") if no else None, key=openings.key, spoken=openings.spoken, steps=STEPS,
        after=policy.words_after_move(a, starts_at, location, at),
        leaning=prerequisites.leaning_words([a], starts_at),
        papers=validity.at_new_time(a, validity.visit_of(a, starts_at, location)),
        **changeable(a, visits.one(a), at),
    )  # fmt: skip
