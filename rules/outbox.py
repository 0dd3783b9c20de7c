"""The outbox: a message is a row, written in the transaction of its cause; rules/sending.py sends it afterwards."""

import secrets
from urllib.parse import urlsplit

from peewee import JOIN, fn

import settings
from clock import now
from database import after_commit, db, write_tx
from models import Appointment, Delivery, Location, Patient
from rules import trail
from rules.refused import Refused

on_put = None  # portal.py sets it to tasks.wake; rules never import tasks
PER_PAGE = 50
KIND_WORDS = {
    "code_signin": "Code to sign in",
    "code_register": "Code to register",
    "code_email": "Code for a new e-mail address",
    "email_changed": "E-mail address changed, to the old one",
    "booking_confirmed": "Booking confirmed",
    "pre_treatment": "Pre-treatment instructions",
    "post_treatment": "Post-treatment instructions",
    "post_treatment_step": "Post-treatment instructions, a later step",
    "check_in_worried": "A patient is worried, to the clinic",
    "paperwork_reminder": "Reminder of open paperwork",
    "paperwork_nudge": "Nudge by the front desk",
    "consent_signed": "Copy of what was signed",
    "appointment_moved": "Appointment moved",
    "appointment_cancelled": "Appointment cancelled",
    "visit_postponed": "Appointment needs another time",
    "charge_receipt": "Receipt",
    "membership_joined": "Membership joined",
    "membership_ended": "Membership ended",
    "waitlist_offer": "A free time, to the waitlist",
}
STATUS_WORDS = {  # in the order in which they ask for somebody's eyes
    "failed": "Failed",
    "held": "Held",
    "waiting": "Waiting",
    "sending": "Being sent",
    "sent": "Sent",
    "skipped": "Not needed",
}
TO_NOBODY = "code_nobody"  # somebody asked for a code that could never succeed; written, and dropped by the sender
ABOUT = ("patient", "appointment", "task", "charge", "membership", "code")
UNSENT = ("waiting", "sending", "held")


def put(kind: str, because: str, *, dedupe: str, due_at=None, address: str = "", **named) -> bool:
    """Write one message to be sent at `due_at` (now unless told); call it in the transaction of its cause.

    `named` are the rows it is about (patient, appointment, task, charge, membership, code) and small facts of
    the moment, kept as details. False when `dedupe` was put before.
    """
    assert db.in_transaction(), "a message belongs to the transaction of its cause"
    about = {name: named.pop(name, None) for name in ABOUT}
    written = (
        Delivery.insert(
            kind=kind,
            because=because,
            dedupe_key=dedupe,
            address=address,
            due_at=due_at or now(),
            message_id=f"<{secrets.token_hex(16)}@{urlsplit(settings.current().base_url).hostname}>",
            details=named,
            **about,
        )
        .on_conflict_ignore()
        .as_rowcount()
        .execute()
    )
    if written and on_put is not None:
        after_commit(on_put)
    return bool(written)


def skip(reason: str, *, kinds=None, **where) -> int:
    """Say of each unsent message about these rows (appointment=…, code=…) that it will not go; returns how many.

    One that is on the wire this very moment stays; its letter looks at the rows once more before each try.
    """
    assert where, "which messages?"
    with write_tx():
        matches = [getattr(Delivery, name) == row for name, row in where.items()]
        query = Delivery.update(status="skipped", outcome=reason, settled_at=now(), lease_until=None)
        query = query.where(Delivery.status.in_(("waiting", "held")), *matches)
        return query.where(Delivery.kind.in_(kinds)).execute() if kinds else query.execute()


def restore(reason: str, *, kinds=None, **where) -> int:
    """What was skipped for this reason goes after all, since the reason was an error; returns how many."""
    with write_tx():
        matches = [getattr(Delivery, name) == row for name, row in where.items()]
        query = Delivery.update(status="waiting", outcome="", settled_at=None)
        query = query.where(Delivery.status == "skipped", Delivery.outcome == reason, *matches)
        restored = query.where(Delivery.kind.in_(kinds)).execute() if kinds else query.execute()
        if restored and on_put is not None:
            after_commit(on_put)
        return restored


def set_due(appointment, kind: str, task, due_at) -> int:
    """Messages of this kind about this task that are not sent yet are now due at another moment."""
    with write_tx():
        query = Delivery.update(due_at=due_at).where(
            Delivery.appointment == appointment,
            Delivery.kind == kind,
            Delivery.task == task,
            Delivery.status.in_(UNSENT),
        )
        return query.execute()


def set_due_of(dedupe: str, due_at) -> int:
    """The one message that was put under this key is due at another moment, if it is not sent yet."""
    with write_tx():
        unsent = (Delivery.dedupe_key == dedupe) & Delivery.status.in_(UNSENT)
        return Delivery.update(due_at=due_at).where(unsent).execute()


def release(patient) -> int:
    """The patient has an address now: what was held for want of one goes. Returns how many messages that were."""
    with write_tx():
        query = Delivery.update(status="waiting", outcome="", settled_at=None, seen_at=None)
        released = query.where(Delivery.patient == patient, Delivery.status == "held").execute()
        if released and on_put is not None:
            after_commit(on_put)
        return released


def unseen():
    """The messages that did not go and that nobody has seen to."""
    return Delivery.select().where(Delivery.status.in_(("failed", "held")), Delivery.seen_at.is_null())


def see(delivery, by) -> None:
    """Staff know that this message did not go, and need not be told again."""
    with write_tx():
        unknown = Delivery.update(seen_at=now()).where(Delivery.id == delivery.id)
        if not unknown.where(Delivery.status.in_(("failed", "held")), Delivery.seen_at.is_null()).execute():
            raise Refused("Only a message that failed or is held, and that nobody has seen, can be marked as seen.")
        trail.record(by, "message seen", f"delivery {delivery.id}", patient=delivery.patient)


def try_again(delivery, by) -> None:
    """Staff want a failed or held message to go after all; Refused when there is nothing to try again."""
    with write_tx():
        query = Delivery.update(
            status="waiting",
            outcome="",
            settled_at=None,
            lease_until=None,
            failures=0,
            failing_since=None,
            seen_at=None,
        )
        if not query.where(Delivery.id == delivery.id, Delivery.status.in_(("failed", "held"))).execute():
            raise Refused("Only a message that failed or is held can be tried again; this one is not.")
        trail.record(by, "message tried again", f"delivery {delivery.id}", patient=delivery.patient)
        if on_put is not None:
            after_commit(on_put)


def counts() -> dict[str, int]:
    """How many messages stand in each status, in the order of STATUS_WORDS."""
    real = Delivery.select(Delivery.status, fn.COUNT(Delivery.id)).where(Delivery.kind != TO_NOBODY)
    found = dict(real.group_by(Delivery.status).tuples())
    return {status: found.get(status, 0) for status in STATUS_WORDS}


def listed(status: str = "", page: int = 1) -> list[Delivery]:
    """One page of messages, the newest first, with their patients and the places of their visits in one query."""
    query = (
        Delivery.select(Delivery, Patient, Appointment, Location)
        .join(Patient, JOIN.LEFT_OUTER)
        .switch(Delivery)
        .join(Appointment, JOIN.LEFT_OUTER)
        .join(Location, JOIN.LEFT_OUTER)
        .where(Delivery.kind != TO_NOBODY)
        .order_by(Delivery.id.desc())
        .paginate(page, PER_PAGE)
    )
    return list(query.where(Delivery.status == status) if status else query)
