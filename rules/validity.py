"""How long done paperwork is good for: which earlier work counts for a visit, which does not, and why, in words.

Work counts for its own visit and, by its paperwork, for others: once for ever, for so many days, or only for visits of
the same day at the same location, which are one visit to whoever comes. Work on a version older than one that staff
marked "must be renewed" counts for nothing new.
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from peewee import JOIN, fn

from clock import local, now
from models import (
    LIVE,
    Appointment,
    Assignment,
    CategoryAssignment,
    Location,
    Paperwork,
    PaperworkVersion,
    Service,
    Task,
)
from rules import words

COUNTS_AGAIN = ("questionnaire", "consent")  # instructions are read for each visit
DID = {"questionnaire": "answered", "consent": "signed"}
A_DAY_AROUND = timedelta(hours=26)  # two moments of one calendar day are never further apart


class Visit(NamedTuple):
    """When and where somebody comes, or would come: what the validity of paperwork depends on."""

    id: int
    starts_at: datetime
    location_id: int
    time_zone: str

    @property
    def day(self) -> date:
        return local(self.starts_at, self.time_zone).date()


class Work(NamedTuple):
    """A questionnaire that was really answered, or a consent that was really signed."""

    task_id: int
    paperwork_id: int
    version_id: int | None
    done_at: datetime
    for_visit: Visit
    visit_status: str
    version_number: int | None
    renewed: int | None  # the newest version that must be renewed

    @property
    def outdated(self) -> bool:
        return (self.renewed or 0) > (self.version_number or 0)


def visit_of(appointment, starts_at=None, location=None) -> Visit:
    """Where an appointment stands, or would stand at another time and place."""
    location = location or appointment.location
    return Visit(appointment.id, starts_at or appointment.starts_at, location.id, location.time_zone)


def assigned_to(service) -> list[Paperwork]:
    """What a booking of this service brings, tied to the service or to its category, each once, by name."""
    number = getattr(service, "id", service)
    tied = Assignment.select(Assignment.paperwork).where(Assignment.service == number)
    shelf = Service.select(Service.category).where(Service.id == number)
    by_shelf = CategoryAssignment.select(CategoryAssignment.paperwork).where(CategoryAssignment.category.in_(shelf))
    return list(
        Paperwork.select()
        .where(Paperwork.archived_at.is_null() & (Paperwork.id.in_(tied) | Paperwork.id.in_(by_shelf)))
        .order_by(Paperwork.name)
    )


def works(matches) -> list[Work]:
    """Work really done that matches, oldest first, lapsed work too: after a move back it is good again. One query."""
    newer = PaperworkVersion.alias()
    renewed = newer.select(fn.MAX(newer.number)).where((newer.paperwork == Task.paperwork) & newer.must_renew)
    rows = (
        Task.select(
            *(Task.id, Task.paperwork, Task.version, Task.done_at),
            *(Appointment.id, Appointment.starts_at, Location.id, Location.time_zone, Appointment.status),
            *(PaperworkVersion.number, renewed),
        )
        .join_from(Task, Paperwork)
        .join_from(Task, PaperworkVersion, JOIN.LEFT_OUTER)
        .join_from(Task, Appointment)
        .join_from(Appointment, Location)
        .where((Task.status == "done") & Task.counted_from.is_null() & Paperwork.kind.in_(COUNTS_AGAIN) & matches)
        .order_by(Task.done_at, Task.id)
        .tuples()
    )
    return [Work(*row[:4], Visit(*row[4:8]), *row[8:]) for row in rows]


def earlier_work(patient_id: int, visit: Visit) -> dict[int, list[Work]]:
    """What this patient did that might count for this visit, per paperwork, oldest first."""
    same_day = Appointment.starts_at.between(visit.starts_at - A_DAY_AROUND, visit.starts_at + A_DAY_AROUND)
    lasting = Paperwork.validity != "every_visit"
    found = {}
    for work in works((Task.patient == patient_id) & (lasting | same_day | (Task.appointment == visit.id))):
        found.setdefault(work.paperwork_id, []).append(work)
    return found


def best(paperwork: Paperwork, done: list[Work], visit: Visit) -> Work | None:
    """The newest work that counts for this visit."""
    return next((work for work in reversed(done) if counts(paperwork, work, visit)), None)


def counts(paperwork: Paperwork, work: Work, visit: Visit) -> bool:
    return why_not(paperwork, work, visit) == ""


def same_visit(one: Visit, other: Visit) -> bool:
    """The same person comes once: on one day of the calendar, to one place."""
    return one.location_id == other.location_id and one.day == other.day


def still_valid(paperwork: Paperwork, done_at: datetime, starts_at: datetime) -> bool:
    """Whether work done then is recent enough for a visit that starts, to the second."""
    if paperwork.validity == "days":
        return done_at + timedelta(days=paperwork.validity_days) >= starts_at
    return True


def why_not(paperwork: Paperwork, work: Work, visit: Visit) -> str:
    """Why this work does not count for this visit, as a sentence; "" when it counts."""
    if work.outdated:
        again = "answer it" if paperwork.kind == "questionnaire" else "read and sign it"
        return f"{_was_done(paperwork, work)}. Its text has been renewed since, and we ask everybody to {again} again."
    if paperwork.validity == "days" and not still_valid(paperwork, work.done_at, visit.starts_at):
        good = words.count(paperwork.validity_days, "day")
        return f"{_was_done(paperwork, work)} and is good for {good}; your new time is after that."
    if paperwork.validity == "every_visit" and work.for_visit.id != visit.id:
        if not same_visit(work.for_visit, visit):
            return f"{_was_done(paperwork, work)} for another visit, and it is asked at every visit."
        if work.visit_status not in LIVE:
            return f"{_was_done(paperwork, work)} for a visit that did not take place."
    return ""


def why(paperwork: Paperwork, work: Work, visit: Visit) -> str:
    """Why it counts, as a sentence."""
    if paperwork.validity == "once":
        return f"{_was_done(paperwork, work)} and is asked only once."
    if paperwork.validity == "days":
        good = words.count(paperwork.validity_days, "day")
        return f"{_was_done(paperwork, work)} and is good for {good}, so it is still valid then."
    if work.for_visit.id == visit.id:
        return f"{_was_done(paperwork, work)} for this appointment."
    return f"{_was_done(paperwork, work)} for your other appointment of that day."


def _was_done(paperwork: Paperwork, work: Work) -> str:
    day = day_words(work.done_at, work.for_visit.time_zone)
    return f"{paperwork.name} was {DID[paperwork.kind]} on {day}"


def day_words(moment: datetime, time_zone: str) -> str:
    """3 March; with the year when it is another one."""
    day, today = local(moment, time_zone), local(now(), time_zone)
    return f"{day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")


def counted_words(kind: str, done_at: datetime, time_zone: str) -> str:
    """Answered on 3 March, still valid"""
    return f"{DID[kind].capitalize()} on {day_words(done_at, time_zone)}, still valid"


class AtNewTime(NamedTuple):
    """What becomes of one piece of paperwork when its visit moves."""

    task: Task
    name: str
    work: Work | None  # that counts at the new time; None: it is asked again
    why: str

    @property
    def stays(self) -> bool:
        return self.work is not None


def at_new_time(appointment: Appointment, visit: Visit) -> list[AtNewTime]:
    """What of the done paperwork of an appointment is good at another time, and what is not; and what is good again.

    What is begun, declined or still to be done in any case is not named.
    """
    done = earlier_work(appointment.patient_id, visit)
    tasks = (
        Task.select(Task, Paperwork)
        .join(Paperwork)
        .where((Task.appointment == appointment) & Task.lapsed_at.is_null() & Paperwork.kind.in_(COUNTS_AGAIN))
        .where(Task.status.in_(("done", "open")))
        .order_by(Paperwork.name, Task.id)
    )
    sources = [task.counted_from_id for task in tasks if task.counted_from_id]
    there = {work.task_id: work for them in done.values() for work in them}
    if not set(sources) <= set(there):
        there |= {work.task_id: work for work in works(Task.id.in_(sources))}
    named = []
    for task in tasks:
        paperwork, now_on = task.paperwork, there.get(task.counted_from_id or task.id)
        keeps = now_on if task.status == "done" and now_on and counts(paperwork, now_on, visit) else None
        work = keeps or best(paperwork, done.get(paperwork.id, []), visit)
        if work:
            named.append(AtNewTime(task, paperwork.name, work, why(paperwork, work, visit)))
        elif task.status == "done":
            because = why_not(paperwork, now_on, visit) if now_on else f"{paperwork.name} is asked again."
            named.append(AtNewTime(task, paperwork.name, None, because))
    return named
