"""Writes the letter of a message from the rows as they are now, or says why it must not go now.

No health detail stands in a subject, and none in a text, except in the clinic's own instructions where the
clinic chose to send their text. The texts are partials/mail/<kind>.txt; staff's words are values, never templates.
"""

from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import settings
from clock import now
from models import OPEN_TASK, TO_COME, AppointmentMove, Charge, Paperwork, Task
from rules import (
    calendar_file,
    check_ins,
    codes,
    findings,
    instruction_texts,
    instructions,
    markdown,
    memberships,
    outbox,
    policy,
    reminders,
    words,
)
from rules.clinic import the_clinic
from rules.templates import version_of

TEXTS = Path(__file__).resolve().parent.parent / "partials" / "mail"
CHARGED_FOR = {
    "cancellation_fee": "a late cancellation",
    "late_move_fee": "a late move of your appointment",
    "no_show_fee": "a missed appointment",
    "membership_period": "your membership",
}

_texts = Environment(
    loader=FileSystemLoader(TEXTS),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - plain text, where escaping would be wrong; the HTML part goes through markdown
    trim_blocks=True,
    lstrip_blocks=True,
)
_texts.filters.update(
    day=words.day,
    money=words.money,
    when=words.when,
    date=words.date_words,
    line=lambda text: " ".join(text.split()),
)


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


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    text: str
    html: str = ""
    attachments: tuple = ()


def compose(delivery) -> Letter:
    """The letter of this message, with the facts of this moment. Raises NotNow."""
    if delivery.kind == outbox.TO_NOBODY:
        raise NotNow("Nobody has this address")
    to = _recipient(delivery)
    facts = FACTS[delivery.kind](delivery)
    attachments = facts.pop("attachments", ())
    rendered = _texts.get_template(f"{delivery.kind}.txt").render(
        clinic=the_clinic(),
        called=delivery.patient.called if delivery.patient else "",
        because=_sentence(delivery.because),
        base_url=settings.current().base_url,
        **facts,
    )
    subject, _, text = rendered.partition("\n")
    text = text.strip() + "\n"
    html = str(markdown.render(text)) if facts.get("instruction") else ""
    return Letter(to, _one_line(subject.removeprefix("Subject:")), text, html, attachments)


def envelope(letter: Letter, delivery) -> EmailMessage:
    """The letter as it goes over the wire. Names lose their line breaks, so that none becomes a header."""
    sender = parseaddr(settings.current().mail_from or the_clinic().email)[1]
    sender = sender or f"no-reply@{urlsplit(settings.current().base_url).hostname}"
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(_one_line(the_clinic().name), addr_spec=sender)
        message["To"] = Address(_one_line(delivery.patient.name) if delivery.patient else "", addr_spec=letter.to)
    except (ValueError, IndexError, MessageError) as fault:
        raise NotNow("The address is not one that a letter can carry", "failed") from fault
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = delivery.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    if letter.html:
        message.add_alternative(f'<!doctype html><html lang="en"><body>{letter.html}</body></html>', subtype="html")
    for file in letter.attachments:
        message.add_attachment(
            file.content, maintype="text", subtype="calendar", filename=file.name, params={"method": file.method}
        )
    return message


def _one_line(text):
    return " ".join(text.split())


def _sentence(text):
    text = _one_line(text)
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _recipient(delivery):
    if delivery.patient and delivery.patient.archived_at:
        raise NotNow("The patient is archived")
    to = delivery.address or (delivery.patient and delivery.patient.email)
    if not to:
        raise NotNow("The patient has no e-mail address", "held")
    return to


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
    facts = _visit(delivery)
    appointment = delivery.appointment
    paper = Task.select().join(Paperwork).where(
        Task.appointment == appointment,
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
    return {**_booked(delivery), "before": last}


def _cancelled(delivery):
    appointment = delivery.appointment
    if appointment.status != "cancelled":
        raise NotNow(f"The appointment is {appointment.status} now")
    fee = Charge.get_or_none(Charge.appointment == appointment, Charge.reason == "cancellation_fee")
    return {**_facts_of(appointment), "fee": fee, "attachments": (_calendar(appointment, "CANCEL"),)}


def _postponed(delivery):
    facts = _visit(delivery)
    if findings.block_of_visit(delivery.appointment) is None:
        raise NotNow("The appointment can take place as it stands now")
    return {**facts, "link": f"{facts['link']}/postponement"}


def _calendar(appointment, method):
    return Attachment("appointment.ics", calendar_file.ics(appointment, method=method), method)


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
}
