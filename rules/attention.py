"""What somebody should look at today, on top of the desk's page; a constant number of queries."""

from datetime import datetime
from typing import NamedTuple

from peewee import fn

from models import TO_COME, Appointment, Charge, Patient, Task
from rules import check_ins, checklist, findings, outbox, ready, sealing


class Declined(NamedTuple):
    """A patient does not want to sign a consent of a visit to come."""

    appointment_id: int
    name: str


def needed(at: datetime) -> dict:
    """Worries, decisions, visits that are not ready, messages and files that failed, money owed, unfit services."""
    owed = Charge.select(fn.COUNT(Charge.id), fn.SUM(Charge.amount_minor)).where(Charge.status == "owed")
    number, minor = owed.tuples().get()
    return {
        "check_ins": check_ins.unseen(),
        "findings": len(findings.waiting()),
        "declined": declined(at),
        "unready": ready.lacking_today(at),
        "messages": outbox.unseen().count(),
        "unsealed": sealing.troubled().count(),
        "twins": [(row.id, row.name) for row in Patient.select().where(Patient.maybe_same.is_null(False))],
        "charges": number,
        "owed_minor": minor or 0,
        "unfit_services": checklist.unfit(),
    }


def declined(at: datetime) -> list[Declined]:
    """Whose visit to come lacks a consent since they declined it, soonest first; each visit once."""
    rows = (
        Task.select(Task, Appointment, Patient)
        .join_from(Task, Appointment)
        .join_from(Task, Patient)
        .where(
            Task.declined_at.is_null(False)
            & (Task.status == "not_needed")
            & Task.lapsed_at.is_null()
            & Appointment.status.in_(TO_COME)
            & (Appointment.ends_at > at)
        )
        .order_by(Appointment.starts_at, Task.id)
    )
    return list({row.appointment_id: Declined(row.appointment_id, row.patient.name) for row in rows}.values())
