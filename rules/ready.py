"""The ready board: today's and tomorrow's visits with what they still lack, the most urgent first; constant queries."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from peewee import fn

from clock import local
from gateways import cards
from models import (
    KINDS,
    TO_COME,
    Appointment,
    CheckAnswer,
    Clinic,
    Delivery,
    Location,
    Paperwork,
    PaperworkVersion,
    Patient,
    Provider,
    Service,
    Task,
)
from rules import desk, findings, gates, reminders, signers
from rules.words import span

DAYS = 2
BEFORE = reminders.BEFORE
HANDED = ("questionnaire", "consent")  # what can be done on another device by a link


class Line(NamedTuple):
    """A visit on the board."""

    visit: Appointment
    on: date  # on its location's calendar
    gates: list
    missing: bool
    words: str
    open_tasks: int
    hand_over: Task | None  # what would be done next on another device
    by_guardian: bool  # on the guardian's, since the patient has signed
    nudged: str  # when they were nudged last, in words
    resting: bool  # that was just now, and may not be done again yet

    @property
    def patient(self):
        return self.visit.patient


class Day(NamedTuple):
    """The visits of one day, those that lack something first."""

    name: str
    lines: list[Line]

    @property
    def missing(self):
        return sum(line.missing for line in self.lines)


def board(at: datetime, places: list[Location], provider=None, clinic: Clinic | None = None) -> list[Day]:
    """Today and tomorrow at these locations, each by its own calendar."""
    visits = _visits(at, places, provider)
    lines = sorted(_lines(visits, at, clinic), key=lambda line: (not line.missing, line.visit.starts_at, line.visit.id))
    days = [Day("Today", []), Day("Tomorrow", [])]
    for line in lines:
        days[line.on > local(at, line.visit.location.time_zone).date()].lines.append(line)
    return days


def lacking_today(at: datetime) -> int:
    """How many of today's visits lack something, at all locations that are open."""
    visits = _visits(at, desk.locations(), None, days=1)
    return sum(line.missing for line in _lines(visits, at, None))


def pays_here() -> bool:
    """Whether money is taken at the desk, so that no visit waits for a card; its gate then says so, and is quiet."""
    return not cards.chosen().takes_by_itself


def _visits(at, places, provider, days=DAYS) -> list[Appointment]:
    within = None
    for place in places:
        today = local(at, place.time_zone).date()
        here = (Appointment.location == place) & (
            Appointment.starts_at < desk.midnight(place.time_zone, today + timedelta(days=days))
        )
        within = here if within is None else within | here
    if within is None:
        return []
    query = (
        Appointment.select(Appointment, Patient, Service, Provider, Location)
        .join_from(Appointment, Patient)
        .join_from(Appointment, Service)
        .join_from(Appointment, Provider)
        .join_from(Appointment, Location)
        .where(
            Appointment.status.in_(TO_COME)
            & (Appointment.starts_at > at - timedelta(days=1))  # none lasts a day
            & (Appointment.ends_at > at)
            & within
        )
    )
    return list(query.where(Appointment.provider == provider) if provider is not None else query)


def _lines(visits, at, clinic):
    if not visits:
        return
    numbers = [visit.id for visit in visits]
    tasks = _tasks(visits)
    roles = signers.missing_of([task for there in tasks.values() for task in there], clinic)
    unanswered = _unanswered([task for there in tasks.values() for task in there])
    found = findings.of_visits(numbers)
    nudged = _nudged(numbers)
    for visit in visits:
        begun = visit.starts_at <= at
        told = gates.of(
            gates.Facts(
                tasks=tasks[visit.id],
                signers={task.id: roles[task.id][1] for task in tasks[visit.id]},
                unanswered=unanswered,
                findings=found[visit.id],
                at_visit=begun or visit.status == "arrived",
                begun=begun,
                birth_date_known=visit.patient.birth_date is not None,
                prefers_paper=visit.patient.paper_since is not None,
                pays_here=pays_here(),
            )
        )
        on_paper = visit.patient.paper_since is not None
        to_do = [task for task in told.open_tasks if not (on_paper and task.paperwork.kind == "consent")]
        handed = next((task for task in to_do if task.paperwork.kind in HANDED), None)
        last = nudged.get(visit.id)
        yield Line(
            visit=visit,
            on=local(visit.starts_at, visit.location.time_zone).date(),
            gates=told.gates,
            missing=bool(told.missing),
            words=_sentence(told.missing, visit, at),
            open_tasks=len(to_do),
            hand_over=handed,
            by_guardian=bool(handed) and "guardian" in (waits := roles[handed.id][1]) and "patient" not in waits,
            nudged=reminders.nudged_words(last, at) if last else "",
            resting=bool(last and last > at - reminders.NUDGE_AGAIN),
        )


def _tasks(visits) -> dict[int, list[Task]]:
    by_number = {visit.id: visit for visit in visits}
    found = {number: [] for number in by_number}
    rows = (
        Task.select(Task, Paperwork)
        .join(Paperwork)
        .where(Task.appointment.in_(list(by_number)) & Task.lapsed_at.is_null() & Paperwork.kind.in_(BEFORE))
        .order_by(Paperwork.name, Task.id)
    )
    for task in rows:
        task.appointment = by_number[task.appointment_id]
        task.patient = task.appointment.patient
        found[task.appointment_id].append(task)
    for there in found.values():
        there.sort(key=lambda task: KINDS.index(task.paperwork.kind))
    return found


def _unanswered(tasks) -> set[int]:
    """Which read instructions ask a check question that nobody has answered right yet."""
    read = {task.id: task for task in tasks if task.paperwork.kind == "pre_treatment" and task.version_id}
    if not read:
        return set()
    checks = {
        number: (details or {}).get("check")
        for number, details in PaperworkVersion.select(PaperworkVersion.id, PaperworkVersion.details)
        .where(PaperworkVersion.id.in_({task.version_id for task in read.values()}))
        .tuples()
    }
    right = set(
        CheckAnswer.select(CheckAnswer.task, CheckAnswer.question)
        .where(CheckAnswer.task.in_(list(read)) & CheckAnswer.right)
        .tuples()
    )
    return {
        task.id
        for task in read.values()
        if (check := checks.get(task.version_id)) and (task.id, check.get("key")) not in right
    }


def _nudged(numbers) -> dict[int, datetime]:
    return dict(
        Delivery.select(Delivery.appointment, fn.MAX(Delivery.created_at))
        .where(Delivery.appointment.in_(numbers) & (Delivery.kind == "paperwork_nudge"))
        .group_by(Delivery.appointment)
        .tuples()
    )


def _sentence(missing, visit, at) -> str:
    """Medical history and consent are open; starts in 40 minutes."""
    said = "; ".join(filter(None, [*(missing or ["everything is ready"]), _when(visit, at)]))
    return f"{said[:1].upper()}{said[1:]}."


def _when(visit, at) -> str:
    minutes = int((visit.starts_at - at).total_seconds() // 60)
    here = "checked in, " if visit.status == "arrived" else ""
    if minutes < 0:
        began, here = -minutes, here or "not here yet, "
        return f"{here}should have begun {span(began if began < 60 else began // 60 * 60)} ago"
    if minutes < 1:
        return f"{here}starts now"
    zone = visit.location.time_zone
    if local(visit.starts_at, zone).date() > local(at, zone).date():
        return ""  # its time stands beside it, below "Tomorrow"
    return f"{here}starts in {span(minutes if minutes < 120 else minutes // 60 * 60)}"
