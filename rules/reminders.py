"""Reminders of paperwork that is still open before a visit: by the clinic's rule, or at a tap of the desk."""

import re
from datetime import datetime, timedelta

from peewee import JOIN, fn

from clock import now
from database import write_tx
from models import (
    OPEN_TASK,
    TO_COME,
    Answer,
    Appointment,
    AppointmentMove,
    Clinic,
    Delivery,
    Paperwork,
    PaperworkVersion,
    Patient,
    Task,
)
from rules import outbox, trail
from rules.conditions import LAYOUT
from rules.refused import Refused
from rules.words import count, span

BEFORE = ("questionnaire", "consent", "pre_treatment")  # what is to be done before a visit
MOST_HOURS, FARTHEST = 5, 720
NUDGE_AGAIN = timedelta(minutes=2)
QUIET = timedelta(hours=1)  # no reminder so soon after a letter that said the same
SAYING_THE_SAME = ("paperwork_reminder", "paperwork_nudge")
QUESTION_SECONDS, CONSENT_MINUTES, READING_MINUTES = 15, 3, 2


def checked_hours(text) -> list[int]:
    """The hours before a visit, the largest first, out of what the owner typed; nothing means no reminders."""
    parts = [part for part in re.split(r"[\s,;]+", text or "") if part]
    words = f"Write up to {MOST_HOURS} whole numbers from 1 to {FARTHEST}, like 72, 24. Empty means no reminders."
    if not all(re.fullmatch(r"[0-9]{1,3}", part) and 1 <= int(part) <= FARTHEST for part in parts):
        raise Refused(words, "remind_hours")
    hours = sorted({int(part) for part in parts}, reverse=True)
    if len(hours) > MOST_HOURS:
        raise Refused(words, "remind_hours")
    return hours


def hours_words(hours: list[int]) -> str:
    """How the clinic's rule reads: 3 days and 1 day before."""
    told = [span(each * 60) for each in hours]
    if not told:
        return "None"
    return f"{', '.join(told[:-1])} and {told[-1]} before" if told[1:] else f"{told[0]} before"


def open_before():
    """The condition for tasks that a patient still has to do before their visit; who chose paper signs there."""
    on_paper = Patient.select(Patient.id).where(Patient.paper_since.is_null(False))
    return (
        Task.status.in_(OPEN_TASK)
        & Task.lapsed_at.is_null()
        & Task.declined_at.is_null()
        & Paperwork.kind.in_(BEFORE)
        & ((Paperwork.kind != "consent") | Task.patient.not_in(on_paper))
    )


def put_due(at: datetime) -> int:
    """Write the reminders that are due at this moment; returns how many. Twice in the same minute is once.

    Of several steps that have passed only the nearest to the visit counts: who books 20 hours before is not told
    what belonged to 72 hours before.
    """
    hours = Clinic.select(Clinic.remind_hours).where(Clinic.id == 1).scalar() or []
    if not hours:
        return 0
    waiting = _due(at, sorted(hours))
    if not waiting:
        return 0
    with write_tx():
        return sum(
            outbox.put(
                "paperwork_reminder",
                f"Paperwork for this visit is open, and the clinic reminds of it {span(step * 60)} before.",
                dedupe=key,
                patient=visit.patient_id,
                appointment=visit.id,
                for_start=visit.starts_at.isoformat(),
            )
            for visit, step, key in waiting
        )


def _due(at, hours) -> list[tuple]:
    """(visit, hours, dedupe key) of what should be written now; one query, whatever there is."""
    open_task = Task.select(Task.id).join(Paperwork).where((Task.appointment == Appointment.id) & open_before())
    said = (Delivery.appointment == Appointment.id) & Delivery.kind.in_(SAYING_THE_SAME)
    rows = (
        Appointment.select(
            Appointment.id, Appointment.starts_at, Appointment.booked_at, Appointment.patient.alias("patient_id"),
            AppointmentMove.moved_at, Delivery.dedupe_key, Delivery.created_at,
        )
        .join_from(Appointment, Patient)
        .join_from(Appointment, AppointmentMove, JOIN.LEFT_OUTER)
        .join_from(Appointment, Delivery, JOIN.LEFT_OUTER, on=said)
        .where(
            (Appointment.status == "booked")
            & (Appointment.starts_at > at)
            & (Appointment.starts_at <= at + timedelta(hours=hours[-1]))
            & Patient.archived_at.is_null()
            & fn.EXISTS(open_task)
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .namedtuples()
    )  # fmt: skip
    visits, keys, last = {}, {}, {}
    for row in rows:
        visits[row.id] = row
        keys.setdefault(row.id, set()).add(row.dedupe_key)
        told = [moment for moment in (row.booked_at, row.moved_at, row.created_at) if moment]
        last[row.id] = max([*told, *filter(None, [last.get(row.id)])])
    found = []
    for visit in visits.values():
        step = next(step for step in hours if visit.starts_at - timedelta(hours=step) <= at)
        key = f"paperwork_reminder:{visit.id}:{visit.starts_at:%Y%m%dT%H%M%S}:{step}"
        if key not in keys[visit.id] and last[visit.id] <= at - QUIET:
            found.append((visit, step, key))
    return found


def nudge(appointment: Appointment, by) -> None:
    """Write the patient now that paperwork is open; Refused within two minutes of the last time."""
    with write_tx():
        at = now()
        visit = Appointment.get_by_id(appointment.id)
        if visit.status not in TO_COME or visit.ends_at <= at:
            raise Refused("This visit is over or was cancelled, so there is nobody to nudge.")
        patient = visit.patient
        if patient.archived_at or not patient.email:
            raise Refused(f"{patient.name} has no e-mail address. Please call, or hand over a tablet.")
        if not Task.select().join(Paperwork).where((Task.appointment == visit) & open_before()).exists():
            raise Refused(f"{patient.name} has nothing left to do.")
        number, last = (
            Delivery.select(fn.COUNT(Delivery.id), fn.MAX(Delivery.created_at))
            .where((Delivery.appointment == visit) & (Delivery.kind == "paperwork_nudge"))
            .tuples()
            .get()
        )
        if last and last > at - NUDGE_AGAIN:
            raise Refused(f"{nudged_words(last, at)}. Give {patient.called} two minutes.")
        outbox.put(
            "paperwork_nudge",
            f"{by.name} at the clinic asked for the paperwork that is still open.",
            dedupe=f"paperwork_nudge:{visit.id}:{number + 1}",
            patient=patient,
            appointment=visit,
        )
        trail.record(by, "patient nudged", f"appointment {visit.id}", patient=patient)


def nudged_words(last: datetime, at: datetime) -> str:
    """Nudged 5 minutes ago"""
    minutes = max(int((at - last).total_seconds() // 60), 0)
    if minutes < 1:
        return "Nudged just now"
    return f"Nudged {span(minutes if minutes < 60 else minutes // 60 * 60)} ago"


class Left(list):
    """The open tasks of a visit, with their versions, and for how long they may take."""

    minutes = 0


def left_of(appointment) -> Left:
    """What the patient still has to do before this visit, and about how many minutes it takes."""
    newest = PaperworkVersion.alias()
    current = newest.select(fn.MAX(newest.number)).where(newest.paperwork == Task.paperwork)
    own = (Task.version == PaperworkVersion.id) | (Task.version.is_null() & (PaperworkVersion.number == current))
    given = Answer.select(fn.COUNT(Answer.id)).where(Answer.task == Task.id)
    rows = (
        Task.select(Task.id, Paperwork.kind, PaperworkVersion.questions, given.alias("given"))
        .join_from(Task, Paperwork)
        .join_from(Task, PaperworkVersion, on=(PaperworkVersion.paperwork == Task.paperwork) & own)
        .where((Task.appointment == appointment) & open_before())
        .namedtuples()
    )
    left = Left(rows)
    seconds = 0
    for row in left:
        if row.kind == "questionnaire":
            asked = sum(item.get("type") not in LAYOUT for item in row.questions or [])
            seconds += max(asked - row.given, 1) * QUESTION_SECONDS
        else:
            seconds += 60 * (CONSENT_MINUTES if row.kind == "consent" else READING_MINUTES)
    left.minutes = max(-(-seconds // 60), 1)
    return left


def left_words(left: Left) -> str:
    """2 things are open, about 8 minutes"""
    return f"{count(len(left), 'thing is', 'things are')} open, about {count(left.minutes, 'minute')}"
