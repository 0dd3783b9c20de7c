"""Coming in and going out: one place that makes a browser somebody's, and one that makes it nobody's."""

import re
from urllib.parse import unquote, urlsplit

from flask import request, session
from flask_login import current_user, login_user, logout_user

from models import Patient
from rules import accounts, kept
from views import guard, respond

PLAIN = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")  # a path of ours: printable ASCII, no backslash, one slash first


def enter(person, how: str) -> None:
    """Make this browser the person's: what it carried as nobody is left at the door, but for what they typed."""
    kind = "patient" if isinstance(person, Patient) else "staff"
    waiting = kept.claim(guard.browser_secret(), person) if kind == "patient" else None
    leave()
    by = guard.by()
    token = accounts.open_session(**{kind: person}, how=how, ip=by.ip, agent=by.agent)
    login_user(guard.load(token))
    if waiting:
        session["kept"] = waiting


def leave() -> None:
    """End this browser's session on the server, and forget all that its cookie says."""
    if current_user.is_authenticated:
        accounts.end_session(current_user.token, guard.by())
        logout_user()
    session.clear()


def goodbye(door: str):
    """Sign out, and go to the door again; the browser forgets the pages that it kept."""
    leave()
    answer = respond.done(door, "You are signed out.")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def own_path(text: str | None, staff: bool = False) -> str | None:
    """The path when it leads to a page of ours for that kind of person; None for anything else."""
    if not text or len(text) > 500 or not PLAIN.fullmatch(text):
        return None
    parts = urlsplit(text)
    plain = unquote(parts.path)
    if parts.scheme or parts.netloc or not plain.isprintable() or "\\" in plain:
        return None
    if "//" in plain or "/." in plain or plain.endswith(("/sign-in", "/sign-out")):
        return None
    return text if (plain == "/staff" or plain.startswith("/staff/")) == staff else None


def why_here() -> str:
    """Why a person who was signed in finds the sign-in page again, or "" when they know."""
    return "" if current_user.is_authenticated else accounts.why_signed_out(session.get("_user_id"))


def is_patient() -> bool:
    return current_user.is_authenticated and current_user.kind == "patient"


def address() -> str:
    return request.remote_addr or ""
