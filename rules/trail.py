"""The trail: who did, and who looked at, what; append-only and chained, so that a removed line shows."""

import json
from hashlib import sha256

from clock import now
from database import db, write_tx
from models import TrailEntry

START = "0" * 64


def record(by, action: str, subject: str, patient=None, **details) -> TrailEntry:
    """Append one line. Call it inside the write transaction of the change it tells of.

    `subject` is the clinic's word and number ("appointment 7"); details hold small facts, never
    answers or message texts.
    """
    assert db.in_transaction(), "a trail line belongs to the transaction of its change"
    last = TrailEntry.select(TrailEntry.digest).order_by(TrailEntry.id.desc()).first()
    entry = TrailEntry(
        at=now(),
        actor_kind=by.kind,
        actor_number=by.number,
        actor_name=by.name,
        action=action,
        subject=subject,
        patient=patient,
        details=details,
        previous_digest=last.digest if last else START,
    )
    entry.digest = digest_of(entry)
    entry.save(force_insert=True)
    return entry


def looked(by, patient, what: str = "record") -> None:
    """Staff opened something of this patient; looking is logged like a change."""
    with write_tx():
        record(by, f"{what} looked at", f"patient {patient.id}", patient=patient)


def digest_of(entry: TrailEntry) -> str:
    """SHA-256 over the line and the digest before it."""
    told = [
        entry.at.isoformat(timespec="microseconds"),
        entry.actor_kind,
        entry.actor_number,
        entry.actor_name,
        entry.action,
        entry.subject,
        entry.patient_id,
        entry.details,
        entry.previous_digest,
    ]
    return sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def first_break() -> TrailEntry | None:
    """The first line that does not follow from the one before it, or None when the chain is whole."""
    before = START
    for entry in TrailEntry.select().order_by(TrailEntry.id).iterator():
        if entry.previous_digest != before or entry.digest != digest_of(entry):
            return entry
        before = entry.digest
    return None
