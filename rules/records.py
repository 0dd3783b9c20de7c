"""Patients' records: finding one, beginning one at the desk, and what staff read in it. Constant queries each."""

import re

from peewee import JOIN, fn

from clock import now
from database import folded, folding, write_tx
from models import (
    OPEN_TASK,
    TO_COME,
    Appointment,
    Charge,
    Delivery,
    Location,
    Paperwork,
    Patient,
    Service,
    Task,
    TrailEntry,
)
from rules import desk, paperwork, profile, trail, words
from rules.refused import Refused

PER_PAGE = 25
LATEST = 25


def add_patient(by, *, first_name, last_name, birth_date=None, email=None, phone="") -> Patient:
    """A new patient; an address that is known already is Refused with facts["patient"], whose it is."""
    facts = {"first_name": profile.tidy(first_name), "last_name": profile.tidy(last_name)}
    if birth_date and birth_date > now().date():
        raise Refused("The birth date must be in the past", field="birth_date")
    if not email and not phone:
        raise Refused("Enter an e-mail address or a phone number", field="email")
    with write_tx():
        known = Patient.get_or_none(Patient.email == email) if email else None
        if known is not None:
            raise Refused("This e-mail address belongs to a patient already.", field="email", patient=known)
        patient = Patient.create(**facts, birth_date=birth_date, email=email or None, phone=phone)
        profile.note_twin(patient)
        trail.record(by, "patient added", f"patient {patient.id}", patient=patient)
        return patient


def search(term: str, page: int = 1) -> tuple[list, int]:
    """Patients whose name, e-mail or phone holds every word of the term: one page of them, and how many there are."""
    found = Patient.archived_at.is_null()
    for word in term.split()[:6]:
        here = Patient.email.contains(word)
        for name in (Patient.first_name, Patient.last_name, Patient.preferred_name):
            here |= folding(name).contains(folded(word))
        digits = re.sub(r"\D", "", word).lstrip("0")
        if len(digits) >= 3:
            here |= Patient.phone.contains(digits)
        found &= here
    whole = re.sub(r"[\s().+-]", "", term).lstrip("0")
    if whole.isdigit() and len(whole) >= 3:  # a number typed with spaces is one number
        found = Patient.archived_at.is_null() & Patient.phone.contains(whole)
    later = Appointment.alias()
    following = later.select(fn.MIN(later.starts_at)).where(
        (later.patient == Patient.id) & (later.status == "booked") & (later.starts_at > now())
    )
    rows = (
        Patient.select(
            Patient.id, Patient.first_name, Patient.last_name, Patient.preferred_name, Patient.birth_date,
            Patient.email, Patient.phone, Appointment.starts_at.alias("next_at"), Location.time_zone,
        )
        .join_from(
            Patient, Appointment, JOIN.LEFT_OUTER,
            on=(Appointment.patient == Patient.id)
            & (Appointment.status == "booked") & (Appointment.starts_at == following),
        )
        .join_from(Appointment, Location, JOIN.LEFT_OUTER)
        .where(found)
        .order_by(folding(Patient.last_name), folding(Patient.first_name), Patient.id)
    )  # fmt: skip
    number = Patient.select().where(found).count()
    return list(rows.paginate(max(page, 1), PER_PAGE).namedtuples()), number


def visits_of(patient) -> list:
    """All visits of a patient, latest first; one query."""
    rows = desk.visits().where(Appointment.patient == patient)
    return list(rows.order_by(Appointment.starts_at.desc()).namedtuples())


def tasks_of(patient=None, appointment=None) -> list:
    """The paperwork of a patient, or of one visit, newest visit first; one query."""
    whose = Task.patient == patient if patient is not None else Task.appointment == appointment
    return list(
        Task.select(
            Task.id, Task.status, Task.done_at, Task.lapsed_at, Task.counted_from.alias("counted_from"),
            Task.declined_at, Paperwork.kind, Paperwork.name, Appointment.id.alias("appointment_id"),
            Appointment.starts_at, Appointment.status.alias("visit_status"),
            Service.name.alias("service_name"), Location.time_zone,
        )
        .join_from(Task, Paperwork)
        .join_from(Task, Appointment)
        .join_from(Appointment, Service)
        .join_from(Appointment, Location)
        .where(whose)
        .order_by(Appointment.starts_at.desc(), Task.id)
        .namedtuples()
    )  # fmt: skip


def charges_of(patient=None, appointment=None) -> list[Charge]:
    whose = Charge.patient == patient if patient is not None else Charge.appointment == appointment
    return list(Charge.select().where(whose).order_by(Charge.id.desc()))


def owed() -> list[Charge]:
    """What waits to be paid, oldest first, with whose it is; one query."""
    return list(Charge.select(Charge, Patient).join(Patient).where(Charge.status == "owed").order_by(Charge.id))


def messages_of(patient=None, appointment=None, at_most: int = LATEST) -> list[Delivery]:
    whose = Delivery.patient == patient if patient is not None else Delivery.appointment == appointment
    return list(Delivery.select().where(whose).order_by(Delivery.due_at.desc(), Delivery.id.desc()).limit(at_most))


def trail_of(patient=None, subject: str = "", at_most: int = LATEST) -> list[TrailEntry]:
    """What was done to, and who looked at, a record or one thing of it; newest first."""
    about = TrailEntry.patient == patient if patient is not None else TrailEntry.subject == subject
    return list(TrailEntry.select().where(about).order_by(TrailEntry.id.desc()).limit(at_most))


def task_late(row, at) -> bool:
    """Still to be answered or signed although the visit has begun."""
    return paperwork.is_late(row.kind, row.status, row.visit_status, row.starts_at, at)


def still_open(row) -> bool:
    """Somebody may still have to do it: before a visit, or late at one that is not closed."""
    live = row.visit_status in TO_COME
    return live and row.status in OPEN_TASK and not row.lapsed_at and row.kind != "post_treatment"


def task_words(row, at) -> str:
    """Where one piece of paperwork stands, as the desk would say it."""
    reads = row.kind in ("pre_treatment", "post_treatment")
    if row.status == "done":
        if row.counted_from:
            return "Counts from an earlier visit"
        return f"{'Read' if reads else 'Done'} {words.short_when(row.done_at, row.time_zone)}"
    if row.status == "not_needed":
        return f"Declined {words.short_when(row.declined_at, row.time_zone)}" if row.declined_at else "Not needed"
    begun = "Begun" if row.status == "in_progress" else "Not read" if reads else "Not begun"
    return f"{begun}, late" if task_late(row, at) else begun
