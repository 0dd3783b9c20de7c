"""What the front desk reads: the day and its visits; a constant number of queries each."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from peewee import fn

import settings
from clock import local, now
from models import (
    TO_COME,
    Appointment,
    Assignment,
    CategoryAssignment,
    Charge,
    Clinic,
    Location,
    Paperwork,
    Patient,
    Policy,
    Provider,
    Service,
    ServiceProvider,
    Task,
    WorkingHours,
)
from rules import findings

STATUS_WORDS = {
    "booked": "Booked",
    "arrived": "Checked in",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "missed": "No-show",
}
BEFORE_THE_VISIT = ("questionnaire", "consent", "pre_treatment")
COMING_DAYS = 7


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


def finding_badges(row) -> list[tuple[str, str]]:
    """What answers mean for a visit that is not over, as badges: (words, kind)."""
    if row.status not in TO_COME:
        return []
    badges = []
    if row.declined:
        badges.append(("Not fit for treatment", "danger"))
    until = date.fromisoformat(row.blocked_until) if isinstance(row.blocked_until, str) else row.blocked_until
    if until and local(row.starts_at, row.time_zone).date() < until:
        year = "" if until.year == row.starts_at.year else f" {until.year}"
        said = "" if until == findings.FOR_EVER else f" until {until.day} {until:%b}{year}"
        badges.append((f"Blocked{said}", "warn"))
    if row.flags:
        badges.append(("Needs OK", "warn"))
    return badges


def locations() -> list[Location]:
    return list(Location.select().where(Location.archived_at.is_null()).order_by(Location.id))


def providers() -> list[Provider]:
    return list(Provider.select().where(Provider.archived_at.is_null()).order_by(Provider.name))


def provider_of(staff, people: list[Provider]) -> Provider | None:
    """The provider out of these who signs in as this member of staff."""
    return next((one for one in people if one.staff_id == staff.id), None)


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
    query = visits().where(within)
    if provider is not None:
        query = query.where(Appointment.provider == provider)
    return list(query.order_by(Appointment.starts_at, Appointment.id).namedtuples())


def visits():
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
    blocked_until, declined, flags = findings.excused()
    return (
        Appointment.select(
            Appointment.id, Appointment.starts_at, Appointment.ends_at, Appointment.status, Appointment.currency,
            Appointment.patient.alias("patient_id"), Patient.first_name, Patient.last_name, Patient.preferred_name,
            Service.name.alias("service_name"), Provider.name.alias("provider_name"),
            Location.name.alias("location_name"), Location.time_zone,
            gate.alias("needed"), gate.where(Task.status == "done").alias("done"), owes.alias("owed_minor"),
            blocked_until.alias("blocked_until"), declined.alias("declined"), flags.alias("flags"),
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


def first_steps() -> list[tuple[str, str, bool]]:
    """What a new clinic needs before its first booking: words, where to do it, whether it is done; [] afterwards."""
    if Appointment.select().exists():
        return []
    clinic = Clinic.get_or_none(Clinic.id == 1)
    policy = Policy.select(Policy.active).order_by(Policy.number.desc()).first()
    at_work = ServiceProvider.select().join(WorkingHours, on=(WorkingHours.provider == ServiceProvider.provider))
    offered = Service.archived_at.is_null()
    assigned = Assignment.select().exists() or CategoryAssignment.select().exists()
    mail = "Mail goes to a folder and reaches nobody. Whoever runs the portal sets MAIL_URL"
    return [
        ("Your clinic's name, phone and links", "/staff/clinic", bool(clinic and (clinic.phone or clinic.email))),
        ("A location with its time zone", "/staff/locations", Location.select().exists()),
        ("A service with its length and price", "/staff/services", Service.select().where(offered).exists()),
        ("A provider with weekly hours who performs it", "/staff/providers", at_work.exists()),
        ("Paperwork, assigned to the service", "/staff/paperwork", assigned),
        ("A cancellation policy", "/staff/policy", bool(policy and policy.active)),
        *([(mail, "/staff/messages", False)] if settings.current().mails_to_a_folder else []),
    ]
