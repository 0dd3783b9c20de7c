"""What the letter of each kind of message tells: the facts of its rows as they are now, or why it must not go now."""

from dataclasses import dataclass
from typing import NamedTuple

import settings
from clock import now
from models import OPEN_TASK, TO_COME, Appointment, AppointmentMove, Charge, Paperwork, Task
from rules import (
    calendar_file,
    check_ins,
    codes,
    findings,
    instruction_texts,
    instructions,
    markdown,
    memberships,
    policy,
    reminders,
    visits,
    waitlist,
    words,
)
from rules.clinic import the_clinic
from rules.templates import version_of

CHARGED_FOR = {
    "cancellation_fee": "a late cancellation",
    "late_move_fee": "a late move of your appointment",
    "no_show_fee": "a missed appointment",
    "membership_period": "your membership",
}


class NotNow(Exception):
    """This message must not go: for good (skipped), until somebody decides (held), or before `due_at` (waiting)."""

    def __init__(self, reason: str, status: str = "skipped", due_at=None):
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.due_at = due_at


@dataclass(frozen=True)
class Attachment:
    name: str
    content: bytes
    method: str  # what a calendar is to do with it


class Text(NamedTuple):
    """What an instruction says, as it goes into a letter."""

    title: str
    body: str


def _code(delivery):
    if delivery.code.used_at:
        raise NotNow("The code was used before it could be sent")
    if delivery.code.expires_at <= now():
        raise NotNow("The code ran out before it could be sent")
    return {"digits": codes.digits_of(delivery.code), "minutes": words.minutes(codes.GOOD_FOR)}


def _visit(delivery):
    """An appointment that is still ahead."""
    appointment = delivery.appointment
    if not appointment.live:
        raise NotNow(f"The appointment was {appointment.status}")
    if appointment.starts_at <= now():
        raise NotNow("The appointment had begun before this could be sent")
    return _facts_of(appointment)


def _facts_of(appointment):
    location = appointment.location
    return {
        "appointment": appointment,
        "location": location,
        "zone": location.time_zone,
        "where": calendar_file.place(location),
        "link": f"{settings.current().base_url}/appointments/{appointment.id}",
    }


def _booked(delivery):
    """What was booked in one go is confirmed in one letter, as much of it as still stands."""
    parts = visits.parts_of(delivery.appointment, now())
    facts = _standing(delivery, parts)
    if len(parts) < 2:
        return {**facts, "parts": ()}
    return {**facts, "parts": _parts(parts), "attachments": (_calendar_of(parts),)}


def _standing(delivery, parts=()):
    facts = _visit(delivery)
    appointment = delivery.appointment
    paper = Task.select().join(Paperwork).where(
        Task.appointment.in_([appointment.id, *(part.id for part in parts)]),
        Task.status.in_(OPEN_TASK),
        Task.lapsed_at.is_null(),
        Paperwork.kind.in_(("questionnaire", "consent")),
    )  # fmt: skip
    free = policy.until_words(appointment, policy.fee_for(appointment))
    return {**facts, "free": free, "open_tasks": paper.count(), "attachments": (_calendar(appointment, "REQUEST"),)}


def _moved(delivery):
    last = (
        AppointmentMove.select()
        .where(AppointmentMove.appointment == delivery.appointment)
        .order_by(AppointmentMove.id.desc())
        .first()
    )
    asked = last is not None and last.answer == "open"
    return {**_standing(delivery), "before": last, "asked": asked}


def _cancelled(delivery):
    appointment = delivery.appointment
    if appointment.status != "cancelled":
        raise NotNow(f"The appointment is {appointment.status} now")
    numbers = delivery.details.get("parts") or [appointment.id]
    parts = list(visits.whole().where(Appointment.id.in_(numbers)).order_by(Appointment.starts_at, Appointment.id))
    late = Charge.appointment.in_(numbers) & (Charge.reason == "cancellation_fee") & Charge.status.in_(("owed", "paid"))
    facts = {**_facts_of(appointment), "fees": list(Charge.select().where(late)), "parts": ()}
    facts["again"] = f"{settings.current().base_url}/booking"
    if len(parts) < 2:
        return {**facts, "attachments": (_calendar(appointment, "CANCEL"),)}
    return {**facts, "parts": _parts(parts), "attachments": (_calendar_of(parts, cancelled=True),)}


def _postponed(delivery):
    facts = _visit(delivery)
    if findings.block_of_visit(delivery.appointment) is None:
        raise NotNow("The appointment can take place as it stands now")
    return {**facts, "link": f"{facts['link']}/postponement"}


def _calendar(appointment, method):
    return Attachment("appointment.ics", calendar_file.ics(appointment, method=method), method)


def _calendar_of(appointments, *, cancelled=False):
    return Attachment("appointments.ics", calendar_file.ics_of(appointments, cancelled=cancelled), "PUBLISH")


def _parts(appointments):
    """What the letter says of each of several visits that it is about."""
    fees = policy.fees_for(appointments)
    return [{**_facts_of(a), "free": policy.until_words(a, fees[a.id])} for a in appointments]


def _reminder(delivery):
    appointment = delivery.appointment
    if delivery.details.get("for_start") not in (None, appointment.starts_at.isoformat()):
        raise NotNow("The appointment was moved")
    return {**_visit(delivery), **_left(delivery)}


def _nudge(delivery):
    appointment = delivery.appointment
    if appointment.status not in TO_COME:
        raise NotNow(f"The appointment was {appointment.status}")
    return {**_facts_of(appointment), **_left(delivery)}


def _left(delivery):
    left = reminders.left_of(delivery.appointment)
    if not left:
        raise NotNow("Nothing was open any more")
    return {"open_tasks": len(left), "minutes": left.minutes}


def _before(delivery):
    return {**_visit(delivery), **_instruction(delivery)}


def _after(delivery):
    appointment = delivery.appointment
    if not appointment.live:
        raise NotNow(f"The appointment was {appointment.status}")
    due_at = instructions.due_at(delivery.task, appointment)
    if due_at > now():
        raise NotNow("The appointment was moved to a later time", "waiting", due_at)
    return {**_facts_of(appointment), **_instruction(delivery)}


def _step(delivery):
    appointment, task = delivery.appointment, delivery.task
    if not appointment.live:
        raise NotNow(f"The appointment was {appointment.status}")
    step = instruction_texts.step_of(version_of(task), delivery.details.get("step"))
    if step is None:
        raise NotNow("The instructions were rewritten and do not have this step any more")
    due_at = instruction_texts.step_due_at(step, appointment.ends_at)
    if due_at > now():
        raise NotNow("The appointment was moved, or the step comes later now", "waiting", due_at)
    facts = {**_facts_of(appointment), **_instruction(delivery)}
    if facts["instruction"] is not None:
        facts["instruction"] = Text(step["title"], markdown.without_pictures(step["body"]))
    return {**facts, "checks_in": bool(step.get("check_in"))}


def _worried(delivery):
    if check_ins.is_seen(delivery.details.get("check_in")):
        raise NotNow("Somebody at the clinic has seen it already")
    return {"link": f"{settings.current().base_url}/staff/patients/{delivery.task.patient_id}/check-ins"}


def _instruction(delivery):
    task = delivery.task
    if task.status == "not_needed" or task.lapsed_at:
        raise NotNow("The instruction is not needed any more")
    if not delivery.patient.care_by_email:
        raise NotNow("The patient asked for no instructions by e-mail")
    version = version_of(task)
    text = Text(version.title, markdown.without_pictures(version.body)) if the_clinic().instructions_in_mail else None
    return {"instruction": text, "link": f"{settings.current().base_url}/tasks/{task.id}"}


def _sealed(delivery):
    """No name of the consent: it would say what the treatment is."""
    return {"link": f"{settings.current().base_url}/tasks/{delivery.task_id}"}


def _charge(delivery):
    charge = delivery.charge
    link = f"{settings.current().base_url}/account/receipts/{charge.id}"
    return {"charge": charge, "charged_for": CHARGED_FOR[charge.reason], "link": link}


def _membership(delivery):
    membership = delivery.membership
    price = memberships.price_words(membership)
    return {"membership": membership, "price": price, "link": f"{settings.current().base_url}/membership"}


def _offer(delivery):
    """No name of the treatment; whoever it is too late for by now gets no mail."""
    offer = waitlist.whole().where(waitlist.Offer.id == delivery.details["offer"]).first()
    if offer is None or waitlist.standing(offer, now()) != "open":
        raise NotNow("The offer was over before this could be sent")
    location = offer.location
    return {
        "offer": offer, "zone": location.time_zone, "where": calendar_file.place(location), "link": waitlist.link(offer)
    }  # fmt: skip


FACTS = {
    "code_signin": _code,
    "code_register": _code,
    "code_email": _code,
    "email_changed": lambda delivery: {},
    "booking_confirmed": _booked,
    "pre_treatment": _before,
    "post_treatment": _after,
    "post_treatment_step": _step,
    "check_in_worried": _worried,
    "paperwork_reminder": _reminder,
    "paperwork_nudge": _nudge,
    "consent_signed": _sealed,
    "appointment_moved": _moved,
    "appointment_cancelled": _cancelled,
    "visit_postponed": _postponed,
    "charge_receipt": _charge,
    "membership_joined": _membership,
    "membership_ended": _membership,
    "waitlist_offer": _offer,
}
