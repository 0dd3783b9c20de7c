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
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import settings
from clock import now
from rules import families, markdown, outbox, words
from rules.clinic import the_clinic
from rules.letter_facts import FACTS, NotNow

TEXTS = Path(__file__).resolve().parent.parent / "partials" / "mail"

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


# About a visit: whoever acts for a patient without an e-mail reads it. Codes, money and what was signed are not theirs.
FOR_FAMILY = {
    "booking_confirmed", "appointment_moved", "appointment_cancelled", "visit_postponed", "paperwork_reminder",
    "paperwork_nudge", "pre_treatment", "post_treatment", "post_treatment_step", "waitlist_offer",
}  # fmt: skip


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    text: str
    html: str = ""
    attachments: tuple = ()
    reader: str = ""  # the name in its address


def compose(delivery) -> Letter:
    """The letter of this message, with the facts of this moment. Raises NotNow."""
    if delivery.kind == outbox.TO_NOBODY:
        raise NotNow("Nobody has this address")
    reader, to = _recipient(delivery)
    facts = FACTS[delivery.kind](delivery)
    attachments = facts.pop("attachments", ())
    rendered = _texts.get_template(f"{delivery.kind}.txt").render(
        clinic=the_clinic(),
        called=reader.called if reader else "",
        about=delivery.patient.name if reader != delivery.patient else "",
        because=_sentence(delivery.because),
        base_url=settings.current().base_url,
        **facts,
    )
    subject, _, text = rendered.partition("\n")
    text = text.strip() + "\n"
    html = str(markdown.render(text)) if facts.get("instruction") else ""
    return Letter(
        to, _one_line(subject.removeprefix("Subject:")), text, html, attachments, reader.name if reader else ""
    )


def envelope(letter: Letter, delivery) -> EmailMessage:
    """The letter as it goes over the wire. Names lose their line breaks, so that none becomes a header."""
    sender = parseaddr(settings.current().mail_from or the_clinic().email)[1]
    sender = sender or f"no-reply@{urlsplit(settings.current().base_url).hostname}"
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(_one_line(the_clinic().name), addr_spec=sender)
        message["To"] = Address(_one_line(letter.reader), addr_spec=letter.to)
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
    if to:
        return delivery.patient, to
    family = families.reached_through(delivery.patient) if delivery.patient and delivery.kind in FOR_FAMILY else None
    if family is None:
        raise NotNow("The patient has no e-mail address", "held")
    return family, family.email
