"""The sealed PDF of a consent, as it stood after each signature: asked for at once, made once by a job, kept.

A row is claimed for LEASE under a number of attempts, and whoever claimed it can settle it only under that number.
The file is on the disk before its row says so; one that no row names is moved aside, never deleted.
"""

import logging
import threading
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from peewee import JOIN

import settings
from clock import now
from database import after_commit, db, write_tx
from gateways import files, pdf, seal
from models import Appointment, Location, Paperwork, Patient, Provider, SealedFile, Service, Signature, Task
from rules import consent_record, faults, outbox, trail
from rules.actor import FOYER
from rules.clinic import the_clinic
from rules.refused import Refused
from rules.sending import stubborn

log = logging.getLogger("foyer.sealing")

LEASE = timedelta(minutes=10)  # a consent takes less than a second
PAUSES = (1, 10, 60, 360, 1440)  # minutes after the first, second … attempt that failed
PAUSE_OF_THE_MACHINE = 10  # minutes, when it is not this file's fault; these are tried for ever
LEFTOVER = timedelta(days=1)
BY_SIGNERS = ("patient", "guardian")  # whose signature brings the patient a mail
READABLE = "This file cannot be read any more as it was sealed. Please tell the clinic."


class Verdict(NamedTuple):
    """What may be said about a file: one of the words of gateways/seal.py, and a sentence that tells no more."""

    kind: str
    words: str

    @property
    def genuine(self):
        return self.kind == seal.GENUINE


class Record(NamedTuple):
    """The sealed files of a task: the newest that can be downloaded, and the newest that is asked for."""

    ready: SealedFile | None
    newest: SealedFile | None

    @property
    def waits(self):
        return self.newest is not None and self.newest.status == "waiting"


# --- making ---------------------------------------------------------------------------------------


def put(signature: Signature) -> None:
    """Ask for the file of this signature of a consent; call it in the transaction of the signature."""
    assert db.in_transaction(), "a sealed file belongs to the transaction of its signature"
    SealedFile.insert(signature=signature).on_conflict_ignore().execute()
    _wake()


def _wake():
    if outbox.on_put is not None:
        after_commit(outbox.on_put)


def due(moment):
    """The oldest first: what is to be made and is in nobody's hands."""
    free = SealedFile.lease_until.is_null() | (SealedFile.lease_until <= moment)
    return SealedFile.select().where(SealedFile.status == "waiting", free).order_by(SealedFile.id)


_turn = threading.Lock()


def seal_due(going=lambda: True) -> int:
    """Make all files that are due, one after the other; returns how many were sealed. Call it outside a transaction.

    Only one thread does: another that is asked meanwhile goes on to what else there is, such as a code to be sent.
    """
    made = 0
    while going() and due(now()).exists() and _turn.acquire(blocking=False):  # whoever held it looks once more
        try:
            while going() and (row := claim()) is not None:
                outcome = attempt(row)
                stubborn(partial(settle, row, outcome))
                made += outcome["status"] == "sealed"
        finally:
            _turn.release()
    return made


def claim() -> SealedFile | None:
    """Take the oldest file that is due for LEASE, under a new number of attempts."""
    with write_tx():
        row = due(now()).first()
        if row is None:
            return None
        row.attempts, row.lease_until = row.attempts + 1, now() + LEASE
        row.save()
        return row


def release() -> int:
    """Give back what a dead process was making. Only for the one process that seals, when it starts."""
    with write_tx():
        held = SealedFile.update(lease_until=None)
        return held.where(SealedFile.status == "waiting", SealedFile.lease_until.is_null(False)).execute()


def attempt(row: SealedFile) -> dict:
    """Make, seal and store one claimed file; returns what became of it, as settle wants it."""
    try:
        signature = _signature(row.signature_id)
        made = pdf.made(consent_record.page(signature), {consent_record.ATTACHED: signature.shown_text})
        file = seal.sign(made, the_clinic().name)
        if seal.intact(file) != seal.GENUINE:
            raise consent_record.NotAsSigned("The seal did not hold")
        name = files.keep(folder(), file, "pdf")
    except (pdf.Missing, seal.Locked) as no:
        return _again(no.reason, PAUSE_OF_THE_MACHINE)
    except OSError as fault:
        return _again(f"The folder of sealed files cannot be written: {fault.strerror}", PAUSE_OF_THE_MACHINE)
    except consent_record.NotAsSigned as no:
        return {"status": "failed", "outcome": no.reason, "lease_until": None}
    except Exception as error:
        words = f"Foyer could not make it, fault {faults.note(error, 'sealing')}"
        if row.attempts > len(PAUSES):
            return {"status": "failed", "outcome": words, "lease_until": None}
        return _again(words, PAUSES[row.attempts - 1])
    facts = {"file_name": name, "digest": sha256(file).hexdigest(), "size_bytes": len(file), "sealed_at": now()}
    return {"status": "sealed", "outcome": "", "lease_until": None, **facts}


def _again(outcome, minutes):
    return {"status": "waiting", "outcome": outcome, "lease_until": now() + timedelta(minutes=minutes)}


def settle(row: SealedFile, outcome: dict) -> bool:
    """Write down what became of a claimed file; False when the claim was lost to somebody else meanwhile."""
    with write_tx():
        held = SealedFile.update(outcome).where(
            SealedFile.id == row.id, SealedFile.attempts == row.attempts, SealedFile.status == "waiting"
        )
        won = bool(held.execute())
        if won and outcome["status"] == "sealed":
            _tell(_signature(row.signature_id), outcome["digest"])
    if not won and outcome["status"] == "sealed":
        files.drop(folder(), outcome["file_name"])
    log.info("sealed file %s: %s", row.id, outcome["status"] if won else "settled by somebody else")
    return won


def _tell(signature: Signature, digest: str) -> None:
    task = signature.task
    trail.record(
        FOYER, "consent sealed", f"task {task.id}", patient=task.patient, signature=signature.id, digest=digest
    )
    if signature.role in BY_SIGNERS and task.patient.email:
        outbox.put(
            "consent_signed", "you signed something in your portal, and your copy of it is ready",
            dedupe=f"consent_signed {signature.id}", patient=task.patient, task=task,
        )  # fmt: skip


def _signature(number: int) -> Signature:
    """A signature with all that its record names, in one query."""
    return (
        Signature.select(Signature, Task, Paperwork, Patient, Appointment, Service, Provider, Location)
        .join_from(Signature, Task)
        .join_from(Task, Paperwork)
        .join_from(Task, Patient)
        .join_from(Task, Appointment)
        .join_from(Appointment, Service)
        .join_from(Appointment, Provider)
        .join_from(Appointment, Location)
        .where(Signature.id == number)
        .get()
    )


def folder():
    return settings.current().data_dir / "sealed"


def sweep(at) -> int:
    """Move aside what no row names: a kill fell between a file and its row, or this is not the files' database."""
    old = files.older_than(folder(), at - LEFTOVER)
    kept = {row.file_name for row in SealedFile.select(SealedFile.file_name).where(SealedFile.status == "sealed")}
    return files.sweep(folder(), [name for name in old if name not in kept])


# --- reading --------------------------------------------------------------------------------------


def record_of(task: Task) -> Record:
    """The sealed files of what this task rests on, its own or the earlier work that counts for it; one query."""
    rows = list(
        SealedFile.select(SealedFile, Signature)
        .join(Signature)
        .where(Signature.task == (task.counted_from_id or task.id))
        .order_by(Signature.id.desc())
    )
    return Record(next((row for row in rows if row.status == "sealed"), None), rows[0] if rows else None)


def latest_of(task: Task) -> SealedFile | None:
    """The newest file of this task, whatever became of it; None when nothing was signed."""
    return record_of(task).newest


def bytes_of(sealed: SealedFile) -> bytes:
    """The file as it was sealed, to the letter. Refused when it is gone or not the same any more."""
    try:
        file = files.path(folder(), sealed.file_name).read_bytes()
    except (OSError, ValueError):
        log.exception("sealed file %s cannot be read", sealed.id)
        raise Refused(READABLE) from None
    if sha256(file).hexdigest() != sealed.digest:
        log.error("sealed file %s was changed on the disk", sealed.id)
        raise Refused(READABLE)
    return file


def verdict(file: bytes) -> Verdict:
    """Whether this is what the clinic sealed; the sentence names the clinic and nothing out of any record."""
    known = SealedFile.select().where(SealedFile.digest == sha256(file).hexdigest(), SealedFile.status == "sealed")
    kind = seal.GENUINE if known.exists() else seal.intact(file)
    name = the_clinic().name
    return Verdict(kind, {
        seal.GENUINE: f"{name} sealed this file, and nothing in it has been changed since.",
        seal.CHANGED: f"This file has been changed after {name} sealed it. Do not rely on it.",
        seal.ANOTHERS: f"This file was sealed by somebody else, not by {name}.",
        seal.UNSEALED: f"This file was not sealed by {name}.",
    }[kind])  # fmt: skip


# --- what staff see to ----------------------------------------------------------------------------


def troubled():
    """The files that could not be made so far, the oldest first."""
    stuck = (SealedFile.status == "failed") | ((SealedFile.status == "waiting") & (SealedFile.outcome != ""))
    return SealedFile.select().where(stuck).order_by(SealedFile.id)


def listed(most: int = 200) -> list[SealedFile]:
    """`troubled` with the patients and the names of the consents, in one query."""
    return list(
        troubled()
        .select(SealedFile, Signature, Task, Patient, Paperwork)
        .join_from(SealedFile, Signature)
        .join_from(Signature, Task)
        .join_from(Task, Patient, JOIN.INNER)
        .join_from(Task, Paperwork, JOIN.INNER)
        .limit(most)
    )


def try_again(row: SealedFile, by) -> None:
    """Staff want a file that could not be made to be tried at once; Refused when there is nothing to try again."""
    with write_tx():
        stuck = (SealedFile.status == "failed") | ((SealedFile.status == "waiting") & (SealedFile.outcome != ""))
        query = SealedFile.update(status="waiting", outcome="", lease_until=None)
        if not query.where(SealedFile.id == row.id, stuck).execute():
            raise Refused("Only a PDF that could not be made can be tried again; this one is not.")
        task = row.signature.task
        trail.record(by, "sealing tried again", f"task {task.id}", patient=task.patient_id, signature=row.signature_id)
        _wake()
