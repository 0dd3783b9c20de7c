"""Hands a letter to the mail server of MAIL_URL, or to a folder of .eml files; says which failures are for ever."""

import os
import secrets
import smtplib
import socket
import ssl
from contextlib import suppress
from email import policy
from email.message import EmailMessage
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

import settings
from clock import now

SECONDS = 20  # for each answer of the server
SUBMISSION, WRAPPED = 587, 465  # the ports where MAIL_URL names none
TOO_LARGE = 552


class TryLater(Exception):
    """This letter did not go now; the reason is for staff."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class ServerAway(TryLater):
    """No letter can go now, this one or another: the server is down, or does not know us."""


class NeverDeliverable(Exception):
    """The server refuses this letter or this address for good; the reason is for staff."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def send(letter: EmailMessage, to: str) -> None:
    """Deliver to one address; returning means that the other side has it safely. Raises the three above."""
    url = settings.current().mail_url
    if url:
        by_smtp(url, letter, to)
    else:
        to_folder(settings.current().data_dir / "mail", letter)


def to_folder(folder: Path, letter: EmailMessage) -> None:
    """One file a letter; names sort by time and tell nothing. It is there whole and durable, or not at all."""
    name = f"{now():%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}.eml"
    unfinished = folder / f".{name}.part"
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(letter.as_bytes(policy=policy.SMTP))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(folder / name)
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as fault:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise ServerAway(f"The mail folder cannot be written: {fault.strerror}") from fault


def by_smtp(url: str, letter: EmailMessage, to: str) -> None:
    """One conversation, one letter, one recipient."""
    try:
        server = _opened(url)
    except smtplib.SMTPResponseException as no:
        raise ServerAway(f"The mail server turned us away: {_said(no.smtp_code, no.smtp_error)}") from no
    except (OSError, smtplib.SMTPException) as fault:  # SSLError is an OSError
        raise ServerAway(f"The mail server cannot be reached: {_told(fault)}") from fault
    try:
        server.send_message(letter, parseaddr(letter["From"])[1], [to])
    except smtplib.SMTPSenderRefused as no:
        if no.smtp_code == TOO_LARGE:
            raise _refusal(no.smtp_code, no.smtp_error) from no
        raise ServerAway(f"The mail server refuses our sender: {_said(no.smtp_code, no.smtp_error)}") from no
    except smtplib.SMTPRecipientsRefused as no:
        [(code, words)] = no.recipients.values()
        raise _refusal(code, words) from no
    except smtplib.SMTPResponseException as no:
        raise _refusal(no.smtp_code, no.smtp_error) from no
    except smtplib.SMTPNotSupportedError as no:
        raise NeverDeliverable("The mail server cannot write to an address with such letters") from no
    except (OSError, smtplib.SMTPException) as fault:
        raise TryLater(f"The mail server broke off: {_told(fault)}") from fault
    finally:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()  # what it says now changes nothing: it has the letter, or we know that it has not


def _opened(url):
    """A connected server, encrypted where it offers it or a password is given, and signed in."""
    parts = urlsplit(url)
    ours = {"timeout": SECONDS, "local_hostname": urlsplit(settings.current().base_url).hostname}
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(parts.hostname, parts.port or WRAPPED, context=_trust(parts.hostname), **ours)
    else:
        server = smtplib.SMTP(parts.hostname, parts.port or SUBMISSION, **ours)
    try:
        server.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=_trust(parts.hostname))
        elif parts.scheme == "smtp" and parts.username:
            raise smtplib.SMTPException("it offers no encryption, and the password is not sent without")
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _trust(host):
    """Certificates are checked, except for a server on this very machine, which has nobody in between."""
    context = ssl.create_default_context()
    if _on_this_machine(host):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _on_this_machine(host):
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _refusal(code, words):
    return NeverDeliverable(_said(code, words)) if code >= 500 else TryLater(_said(code, words))


def _said(code, words):
    text = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    return f"{code} {' '.join(text.split())}"[:300]


def _told(fault):
    if isinstance(fault, TimeoutError) or "timed out" in str(fault):  # smtplib wraps some in its own class
        return f"no answer within {SECONDS} seconds"
    if isinstance(fault, socket.gaierror):
        return "its name is not known"
    return getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
