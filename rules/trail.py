"""The trail: who did, and who looked at, what; append-only and chained, so that a removed line shows."""

import json
from dataclasses import dataclass
from hashlib import sha256

from clock import now
from database import db, write_tx
from models import TrailEnd, TrailEntry

START = "0" * 64


def record(by, action: str, subject: str, patient=None, **details) -> TrailEntry:
    """Append one line. Call it inside the write transaction of the change it tells of.

    `subject` is the clinic's word and number ("appointment 7"); details hold small facts, never
    answers or message texts.
    """
    assert db.in_transaction(), "a trail line belongs to the transaction of its change"
    end = TrailEnd.get_or_none(TrailEnd.id == 1)
    entry = TrailEntry(
        at=now(),
        actor_kind=by.kind,
        actor_number=by.number,
        actor_name=by.name,
        action=action,
        subject=subject,
        patient=patient,
        details=details,
        previous_digest=end.digest if end else START,
    )
    entry.digest = digest_of(entry)
    entry.save(force_insert=True)
    if end:
        TrailEnd.update(lines=TrailEnd.lines + 1, digest=entry.digest).where(TrailEnd.id == 1).execute()
    else:
        TrailEnd.create(id=1, lines=TrailEntry.select().count(), digest=entry.digest)
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


@dataclass(frozen=True)
class Check:
    """What a walk along the trail found: how many lines, the first that does not follow, how many newest are gone."""

    lines: int
    broken: TrailEntry | None
    missing: int

    @property
    def whole(self):
        return self.broken is None and not self.missing


def check() -> Check:
    """Walk the whole trail; lines that are written meanwhile disturb nothing. A second for a hundred thousand lines."""
    end = TrailEnd.get_or_none(TrailEnd.id == 1)
    before, lines, last = START, 0, None
    for entry in TrailEntry.select().order_by(TrailEntry.id).iterator():
        cut = end is not None and lines == end.lines and before != end.digest
        if cut or entry.previous_digest != before or entry.digest != digest_of(entry):
            return Check(lines, entry, 0)
        before, lines, last = entry.digest, lines + 1, entry
    missing = max(end.lines - lines, 0) if end else 0
    replaced = end is not None and lines == end.lines and before != end.digest
    return Check(lines, last if replaced else None, missing)


def first_break() -> TrailEntry | None:
    """The first line that does not follow from the one before it, or None when the chain is whole."""
    return check().broken
