"""What the front desk reads: the day, what needs attention, the search, one patient's record. Constant queries each."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from peewee import JOIN, fn

from clock import local, now
from models import (
    Appointment,
    Assignment,
    Charge,
    Clinic,
    Delivery,
    Location,
    Paperwork,
    Patient,
    Policy,
    Provider,
    Service,
    ServiceProvider,
    Task,
    TrailEntry,
    WorkingHours,
)

STATUS_WORDS = {
    "booked": "Booked",
    "arrived": "Checked in",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "missed": "No-show",
}
BEFORE_THE_VISIT = ("questionnaire", "consent", "pre_treatment")
COMING_DAYS = 7
PER_PAGE = 25


def status_words(row, at) -> str:
    """The status as the desk would say it; a visit that should have begun by now is waited for."""
    if row.status == "booked" and row.starts_at <= at:
        return "Not here yet" if at < row.ends_at else "Not closed"
    return STATUS_WORDS[row.status]


def gate_words(done: int, needed: int) -> str:
    """How far the paperwork is that is due before the visit."""
    if not needed:
        return "No paperwork"
    return "All done" if done == needed else f"{done} of {needed} done"


# --- the day ------------------------------------------------------------------------------------


def locations() -> list[Location]:
    return list(Location.select().where(Location.archived_at.is_null()).order_by(Location.id))


def providers() -> list[Provider]:
    return list(Provider.select().where(Provider.archived_at.is_null()).order_by(Provider.name))


def home_zone() -> str:
    """The zone of the first location: where a time belongs to no visit, it is told in this one."""
    first = Location.select(Location.time_zone).where(Location.archived_at.is_null()).order_by(Location.id).first()
    return first.time_zone if first else "UTC"


def currency() -> str:
    return Clinic.select(Clinic.currency).where(Clinic.id == 1).scalar() or "USD"


def today(places: list[Location]) -> date:
    """The day it is at the first of these locations."""
    return local(now(), places[0].time_zone if places else "UTC").date()


def midnight(zone: str, day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _on(places, first: date, last: date):
    """Appointments that start on these days, each location by its own calendar."""
    within = None
    for place in places:
        here = (
            (Appointment.location == place)
            & (Appointment.starts_at >= midnight(place.time_zone, first))
            & (Appointment.starts_at < midnight(place.time_zone, last + timedelta(days=1)))
        )
        within = here if within is None else within | here
    return within


def day(on: date, places: list[Location], provider=None) -> list:
    """The visits of one day at these locations, in order of time; one query."""
    within = _on(places, on, on)
    if within is None:
        return []
    query = _visits().where(within)
    if provider is not None:
        query = query.where(Appointment.provider == provider)
    return list(query.order_by(Appointment.starts_at, Appointment.id).namedtuples())


def _visits():
    gate = (
        Task.select(fn.COUNT(Task.id))
        .join(Paperwork)
        .where(
            (Task.appointment == Appointment.id)
            & Task.lapsed_at.is_null()
            & (Task.status != "not_needed")
            & Paperwork.kind.in_(BEFORE_THE_VISIT)
        )
    )
    owes = Charge.select(fn.SUM(Charge.amount_minor)).where((Charge.patient == Patient.id) & (Charge.status == "owed"))
    return (
        Appointment.select(
            Appointment.id, Appointment.starts_at, Appointment.ends_at, Appointment.status, Appointment.currency,
            Appointment.patient.alias("patient_id"), Patient.first_name, Patient.last_name, Patient.preferred_name,
            Service.name.alias("service_name"), Provider.name.alias("provider_name"),
            Location.name.alias("location_name"), Location.time_zone,
            gate.alias("needed"), gate.where(Task.status == "done").alias("done"), owes.alias("owed_minor"),
        )
        .join_from(Appointment, Patient)
        .join_from(Appointment, Service)
        .join_from(Appointment, Provider)
        .join_from(Appointment, Location)
    )  # fmt: skip


def coming(first: date, places: list[Location], provider=None) -> list[tuple[date, int]]:
    """How many visits stand on each of the coming days; one query."""
    days = {first + timedelta(days=number): 0 for number in range(COMING_DAYS)}
    within = _on(places, first, max(days))
    if within is None:
        return list(days.items())
    zones = {place.id: place.time_zone for place in places}
    query = Appointment.select(Appointment.starts_at, Appointment.location).where(
        within & (Appointment.status != "cancelled")
    )
    if provider is not None:
        query = query.where(Appointment.provider == provider)
    for row in query.namedtuples():
        days[local(row.starts_at, zones[row.location]).date()] += 1
    return list(days.items())


def attention() -> dict:
    """What somebody should look at today: messages that did not go, money owed, services without paperwork."""
    assigned = Assignment.select(Assignment.service)
    owed = Charge.select(fn.COUNT(Charge.id), fn.SUM(Charge.amount_minor)).where(Charge.status == "owed")
    number, minor = owed.tuples().get()
    return {
        "messages": Delivery.select().where(Delivery.status.in_(("failed", "held"))).count(),
        "charges": number,
        "owed_minor": minor or 0,
        "bare_services": list(
            Service.select(Service.id, Service.name)
            .where(Service.archived_at.is_null() & Service.id.not_in(assigned))
            .order_by(Service.name)
            .namedtuples()
        ),
    }


def first_steps() -> list[tuple[str, str, bool]]:
    """What a new clinic needs before its first booking: words, where to do it, whether it is done; [] afterwards."""
    if Appointment.select().exists():
        return []
    clinic = Clinic.get_or_none(Clinic.id == 1)
    policy = Policy.select(Policy.active).order_by(Policy.number.desc()).first()
    at_work = ServiceProvider.select().join(WorkingHours, on=(WorkingHours.provider == ServiceProvider.provider))
    offered = Service.archived_at.is_null()
    return [
        ("Your clinic's name, phone and links", "/staff/clinic", bool(clinic and (clinic.phone or clinic.email))),
        ("A location with its time zone", "/staff/locations", Location.select().exists()),
        ("A service with its length and price", "/staff/services", Service.select().where(offered).exists()),
        ("A provider with weekly hours who performs it", "/staff/providers", at_work.exists()),
        ("Paperwork, assigned to the service", "/staff/paperwork", Assignment.select().exists()),
        ("A cancellation policy", "/staff/policy", bool(policy and policy.active)),
    ]


# --- finding a patient --------------------------------------------------------------------------


def search(term: str, page: int = 1) -> tuple[list, int]:
    """Patients whose name, e-mail or phone holds every word of the term: one page of them, and how many there are."""
    found = Patient.archived_at.is_null()
    for word in term.split()[:6]:
        here = Patient.first_name.contains(word) | Patient.last_name.contains(word)
        here |= Patient.preferred_name.contains(word) | Patient.email.contains(word)
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
        .order_by(fn.LOWER(Patient.last_name), fn.LOWER(Patient.first_name), Patient.id)
    )  # fmt: skip
    number = Patient.select().where(found).count()
    return list(rows.paginate(max(page, 1), PER_PAGE).namedtuples()), number


def holder_of(email: str) -> Patient | None:
    """The patient who has this address already."""
    return Patient.get_or_none(Patient.email == email) if email else None


# --- one record ---------------------------------------------------------------------------------


def visits_of(patient) -> list:
    """All visits of a patient, latest first; one query."""
    return list(_visits().where(Appointment.patient == patient).order_by(Appointment.starts_at.desc()).namedtuples())


def tasks_of(patient=None, appointment=None) -> list:
    """The paperwork of a patient, or of one visit, newest visit first; one query."""
    whose = Task.patient == patient if patient is not None else Task.appointment == appointment
    return list(
        Task.select(
            Task.id, Task.status, Task.done_at, Task.lapsed_at, Task.counted_from.alias("counted_from"),
            Paperwork.kind, Paperwork.name, Appointment.id.alias("appointment_id"), Appointment.starts_at,
            Appointment.status.alias("visit_status"), Service.name.alias("service_name"), Location.time_zone,
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


def messages_of(patient=None, appointment=None, at_most: int = 25) -> list[Delivery]:
    whose = Delivery.patient == patient if patient is not None else Delivery.appointment == appointment
    return list(Delivery.select().where(whose).order_by(Delivery.due_at.desc(), Delivery.id.desc()).limit(at_most))


def trail_of(patient=None, subject: str = "", at_most: int = 25) -> list[TrailEntry]:
    """What was done to, and who looked at, a record or one thing of it; newest first."""
    about = TrailEntry.patient == patient if patient is not None else TrailEntry.subject == subject
    return list(TrailEntry.select().where(about).order_by(TrailEntry.id.desc()).limit(at_most))
