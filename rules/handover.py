"""Hand-over links: one task on another device, behind the patient's birth date, until it is done or time runs out.

Only the digest of a link's token is stored. Whoever holds a link still has to know the birth date, has five tries for
it, and binds the link to one browser; what the link then opens is its task and nothing else.
"""

import secrets
from datetime import date, timedelta

import settings
from clock import now
from database import write_tx
from models import OPEN_TASK, Appointment, HandOver, Location, Paperwork, Patient, Provider, Service, Signature, Task
from rules import limits, signers, trail
from rules.actor import Actor
from rules.refused import Refused
from rules.sessions import digest_of
from rules.words import count

HOW = "hand-over link"  # how whoever acts by a link came in
AT_THE_DESK, TO_A_GUARDIAN = 30, 24 * 60  # minutes for which a link works
MOST_TRIES = 5
GUESSES, GUESSED_WITHIN = 30, timedelta(hours=1)  # of birth dates, from one address, over all links
OVER = "This link does not open anything any more. Please ask for a new one."
ARCHIVED = "This patient is archived, so nothing of theirs is handed over."
NO_BIRTH_DATE = "A link asks for the patient’s birth date, and we do not have it yet. Please fill it in first."
SIGNED = "That is signed already, so there is nothing left to hand over."
CLOSED = "There is nothing left to do here, so there is nothing to hand over."


def open_link(task: Task, purpose: str, by: Actor, minutes: int) -> str:
    """A new link for this task; returns its token, which is kept nowhere. Earlier links for the same end."""
    task = Task.get_by_id(task.id)
    if task.patient.archived_at:
        raise Refused(ARCHIVED)
    if task.patient.birth_date is None:
        raise Refused(NO_BIRTH_DATE, unknown_age=True)
    if task.paperwork.kind not in ("questionnaire", "consent"):
        raise Refused("Only questionnaires and consents can be handed over.")
    if task.status not in OPEN_TASK or task.lapsed_at or task.counted_from_id:
        raise Refused(CLOSED)
    if task.paperwork.kind == "consent" and purpose not in signers.missing_before_visit(task):
        signs = purpose in signers.needed(task)
        raise Refused(SIGNED if signs else f"{task.patient.called} is of age and signs alone.")
    if task.paperwork.kind == "questionnaire" and purpose != "patient":
        raise Refused("A guardian signs consents only.")
    token = secrets.token_urlsafe(32)
    with write_tx():
        for earlier in HandOver.select().where(_alive(), HandOver.task == task, HandOver.purpose == purpose):
            end(earlier, by, "replaced by a new link")
        made = HandOver.create(
            token_digest=digest_of(token), task=task, purpose=purpose, created_by=by.name[:120], created_at=now(),
            expires_at=now() + timedelta(minutes=minutes),
        )  # fmt: skip
        trail.record(
            by, "hand-over link made", f"task {task.id}", patient=task.patient_id, link=made.id, purpose=purpose,
            minutes=minutes,
        )  # fmt: skip
    return token


def address_of(token: str) -> str:
    """The whole link, as it stands in the QR code."""
    return f"{settings.current().base_url}/h/{token}"


def find(token: str) -> HandOver | None:
    """The link with this token while it opens something, with all that a page of its task names."""
    return of_digest(digest_of(token)) if token else None


def of_digest(digest: str | None) -> HandOver | None:
    """The same, by what the database and the browser's session keep of the token."""
    if not digest:
        return None
    return (
        HandOver.select(HandOver, Task, Paperwork, Patient, Appointment, Service, Location, Provider)
        .join_from(HandOver, Task)
        .join_from(Task, Paperwork)
        .join_from(Task, Patient)
        .join_from(Task, Appointment)
        .join_from(Appointment, Service)
        .join_from(Appointment, Location)
        .join_from(Appointment, Provider)
        .where(_alive(), HandOver.token_digest == digest, Patient.archived_at.is_null())
        .first()
    )


def _alive():
    return HandOver.ended_at.is_null() & (HandOver.expires_at > now()) & (HandOver.tries < MOST_TRIES)


def is_over(hand_over: HandOver) -> bool:
    """Whether what the link is for is done, or need not be done any more: then it opens nothing."""
    task = hand_over.task
    if task.status not in OPEN_TASK or task.lapsed_at:
        return True
    if task.paperwork.kind != "consent":
        return False
    return Signature.select().where(Signature.task == task, Signature.role == hand_over.purpose).exists()


def may_open(hand_over: HandOver, browser: str) -> bool:
    """Whether this browser, by the digest of its secret, is the one the link is bound to, or may become it."""
    return hand_over.browser_digest in ("", browser) and not is_over(hand_over)


def prove(hand_over: HandOver, birth_date: date, browser: str, by: Actor) -> None:
    """Open the link in this browser, by the patient's birth date. Refused (field "day") when it is another.

    A try counts before its answer is known. With the last one the link ends; `facts["over"]` says so.
    """
    limits.spend("hand-over", limits.network(by.ip), GUESSES, GUESSED_WITHIN)
    who = actor(hand_over, by.ip, by.agent)
    task, mine = hand_over.task, HandOver.browser_digest.in_(["", browser])
    with write_tx():
        counted = HandOver.update(tries=HandOver.tries + 1).where(_alive(), HandOver.id == hand_over.id, mine).execute()
        if not counted or is_over(hand_over):
            raise Refused(OVER, over=True)
        tries = HandOver.get_by_id(hand_over.id).tries
        right = birth_date == task.patient.birth_date
        if right:
            limits.forgive("hand-over", limits.network(by.ip), 1)
            first = HandOver.opened_at.is_null()
            opened = HandOver.update(opened_at=now()).where(HandOver.id == hand_over.id, first).execute()
            HandOver.update(tries=tries - 1, browser_digest=browser).where(HandOver.id == hand_over.id).execute()
            action = "hand-over link opened" if opened else "hand-over link opened again"
            trail.record(
                who, action, f"task {task.id}", patient=task.patient_id, link=hand_over.id, ip=by.ip,
                made_by=hand_over.created_by,
            )  # fmt: skip
        else:
            trail.record(
                who, "hand-over link refused", f"task {task.id}", patient=task.patient_id, link=hand_over.id, ip=by.ip,
                tries=tries,
            )  # fmt: skip
            if tries >= MOST_TRIES:
                end(hand_over, who, "five wrong birth dates")
    if right:
        return
    if tries >= MOST_TRIES:
        raise Refused(OVER, over=True)
    raise Refused(
        f"That is not the birth date we have. You can try {count(MOST_TRIES - tries, 'more time', 'more times')}.",
        "day",
    )


def day_of(day: str, month: str, year: str) -> date:
    """The birth date that was typed in three fields. Refused (field "day") when it is no day: that is no try."""
    parts = [(part or "").strip() for part in (year, month, day)]
    try:
        if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
            raise ValueError("not numbers")
        return date(*map(int, parts))
    except ValueError:
        raise Refused("Enter the birth date as day, month and year, such as 27 3 2009.", "day") from None


def end(hand_over: HandOver, by: Actor, why: str) -> None:
    """From now on the link opens nothing."""
    with write_tx():
        if HandOver.update(ended_at=now()).where(HandOver.id == hand_over.id, HandOver.ended_at.is_null()).execute():
            task = hand_over.task
            trail.record(
                by, "hand-over link ended", f"task {task.id}", patient=task.patient_id, link=hand_over.id, why=why
            )


def open_links(task: Task) -> list[HandOver]:
    """The links of this task that still open something, the newest first."""
    return list(HandOver.select().where(_alive(), HandOver.task == task).order_by(HandOver.id.desc()))


def link_behind(signature: Signature) -> HandOver | None:
    """The link that somebody signed by, which tells who made it; None for whoever was signed in."""
    if signature.signed_in_how != HOW:
        return None
    return HandOver.get_or_none(HandOver.id == signature.session_number)


def how_words(signature: Signature) -> str:
    """How the signer came in, and for a link by whom it was made."""
    link = link_behind(signature)
    if link is not None:
        return f"{HOW} {link.id}, made by {link.created_by}"
    how = signature.signed_in_how or "not recorded"
    return f"{how}, session {signature.session_number}" if signature.session_number else how


def actor(hand_over: HandOver, ip: str = "", agent: str = "") -> Actor:
    """Whoever acts by this link; the link's number stands where a session's number would."""
    patient = hand_over.task.patient
    name = patient.name if hand_over.purpose == "patient" else f"Guardian of {patient.called}"
    return Actor("patient", patient.id, name, ip, agent, hand_over.id, HOW)
