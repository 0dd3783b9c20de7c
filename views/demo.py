"""The mailbox of the demo clinic; its address exists only in a data folder that the demo made."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from flask import Blueprint, abort

import settings
from rules import markdown
from views import guard, respond

area = Blueprint("demo", __name__)
NAME = re.compile(r"(\d{8}T\d{6}\.\d{6})Z-[0-9a-f]{8}\.eml")
NEWEST = 60


@dataclass(frozen=True)
class Mail:
    """One letter of the mail folder, as the mailbox shows it."""

    name: str
    message: EmailMessage

    @property
    def sent_at(self):
        return datetime.strptime(NAME.fullmatch(self.name)[1], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)

    @property
    def text(self):
        return self.message.get_body(("plain",)).get_content().replace("\r\n", "\n")

    @property
    def paragraphs(self):
        return [part.splitlines() for part in self.text.split("\n\n") if part.strip() not in ("", "---")]

    @property
    def html(self):
        """The instructions as the mail's other half shows them; it was made from the same text."""
        return markdown.render(self.text) if self.message.get_body(("html",)) else None

    @property
    def code(self):
        found = re.search(r"^(\d{6})$", self.text, re.M)
        return found and found[1]

    @property
    def files(self):
        return [part.get_filename() for part in self.message.iter_attachments()]


def read(name: str) -> Mail:
    if not settings.current().demo or not NAME.fullmatch(name):
        abort(404)
    try:
        content = (settings.current().data_dir / "mail" / name).read_bytes()
    except FileNotFoundError:
        abort(404)
    return Mail(name, BytesParser(policy=policy.default).parsebytes(content))


@area.get("/demo/mailbox")
@guard.audience("everyone")
def mailbox():
    if not settings.current().demo:
        abort(404)
    names = sorted((path.name for path in (settings.current().data_dir / "mail").glob("[0-9]*.eml")), reverse=True)
    return respond.page("demo/mailbox.html", mails=[read(name) for name in names[:NEWEST]], total=len(names))


@area.get("/demo/mailbox/<name>")
@guard.audience("everyone")
def letter(name):
    return respond.page("demo/letter.html", mail=read(name))
