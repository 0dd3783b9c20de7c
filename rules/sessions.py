"""Sessions: a browser that is signed in, judged on the server at each request and ended there."""

import logging
import secrets
from datetime import timedelta
from hashlib import sha256

from peewee import JOIN, OperationalError

from clock import now
from database import Written, write_tx
from models import Clinic, LoginSession, Patient, Staff
from rules import trail
from rules.actor import Actor

log = logging.getLogger("foyer.sessions")

LONGEST = timedelta(hours=12)
TOUCHED_EVERY = timedelta(minutes=1)


def digest_of(token: str) -> str:
    """What the database keeps of a secret that only its holder knows."""
    return sha256(token.encode()).hexdigest()


def open_session(*, patient: Patient = None, staff: Staff = None, how: str, ip: str = "", agent: str = "") -> str:
    """A new session for this person; returns its token, which only the browser's cookie holds."""
    token = secrets.token_urlsafe(32)
    with write_tx():
        session = LoginSession.create(
            token_digest=digest_of(token), patient=patient, staff=staff, how=how, ip=ip, agent=agent[:300]
        )
        trail.record(actor_of(session), "signed in", _subject(session), patient=session.patient, how=how)
    return token


def session_of(token: str, attended: bool = True) -> LoginSession | None:
    """The live session of a token with its person and the clinic, in one query; None once it ended.

    A session that idled out or grew too old is ended here, so that no later clock brings it back. A page that asks
    by itself, with nobody in front of it (not `attended`), keeps no session alive.
    """
    session = _found(token)
    if session is None or session.ended_at is not None:
        return None
    moment = now()
    if (session.patient or session.staff).archived_at is not None or _why_over(session, moment):
        _quietly(session, ended_at=moment)
        return None
    rested = abs(moment - session.seen_at) >= TOUCHED_EVERY  # also when the clock was set back: it rests from now on
    if attended and rested:
        _quietly(session, seen_at=moment)
    return session


def why_signed_out(token: str | None) -> str:
    """A sentence for the sign-in page when this browser's session ran out by itself, else ""."""
    session = _found(token)
    if session is None:
        return ""
    over = _why_over(session, session.ended_at or now())
    if over == "idle":
        return (
            f"You were signed out after {idle_minutes(session)} minutes to keep your details safe. "
            "What you saved is kept."
        )
    if over == "old":
        return "You had been signed in for 12 hours, so we signed you out to keep your details safe."
    return ""


def patient_behind(token: str | None) -> Patient | None:
    """Whose session this was, or is; for what a browser may give back to the same patient."""
    session = _found(token)
    return session.patient if session else None


def end_session(token: str, by: Actor) -> None:
    """Signing out: from now on the token, and every copy of it, is worth nothing."""
    with write_tx():
        session = LoginSession.get_or_none(LoginSession.token_digest == digest_of(token or ""))
        if session and _end(LoginSession.id == session.id):
            trail.record(by, "signed out", _subject(session), patient=session.patient)


def end_sessions_of(person: Patient | Staff, but: int | None = None) -> int:
    """End every session of this person, except the one numbered `but`; returns how many ended."""
    with write_tx():
        whose = (LoginSession.patient if isinstance(person, Patient) else LoginSession.staff) == person
        return _end(whose if but is None else whose & (LoginSession.id != but))


def actor_of(session: LoginSession) -> Actor:
    """The person of a session, as whoever acts in it."""
    person = session.patient or session.staff
    return Actor(
        "patient" if session.patient else "staff", person.id, person.name,
        session.ip, session.agent, session.id, session.how,
    )  # fmt: skip


def idle_minutes(session: LoginSession) -> int:
    """How long this session may rest, as the clinic set it."""
    clinic = getattr(session, "clinic", None) or Clinic()
    return clinic.patient_idle_minutes if session.patient_id else clinic.staff_idle_minutes


def _found(token):
    return next(iter(_with_digest(digest=digest_of(token))), None) if token else None


@Written
def _with_digest(digest):
    return (
        LoginSession.select(LoginSession, Patient, Staff, Clinic)
        .join_from(LoginSession, Patient, JOIN.LEFT_OUTER)
        .join_from(LoginSession, Staff, JOIN.LEFT_OUTER)
        .join_from(LoginSession, Clinic, JOIN.LEFT_OUTER, on=(Clinic.id == 1), attr="clinic")
        .where(LoginSession.token_digest == digest)
    )


def _why_over(session, moment):
    if moment - session.seen_at >= timedelta(minutes=idle_minutes(session)):
        return "idle"
    return "old" if moment - session.created_at >= LONGEST else ""


def _quietly(session, **change):
    """A note on the session that must never cost the request: a busy database only postpones it."""
    try:
        with write_tx():
            LoginSession.update(**change).where(
                LoginSession.id == session.id, LoginSession.ended_at.is_null()
            ).execute()
    except OperationalError:
        log.warning("session %s could not be noted: the database is busy", session.id)


def _end(which) -> int:
    return LoginSession.update(ended_at=now()).where(which, LoginSession.ended_at.is_null()).execute()


def _subject(session):
    return f"patient {session.patient_id}" if session.patient_id else f"staff {session.staff_id}"
