"""What a patient has to do, and what waits to be read: the lists of the home page, each in one query."""

from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import fn

from database import Written
from models import KINDS, LIVE, OPEN_TASK, TO_COME, Appointment, Location, Paperwork, PaperworkVersion, Service, Task
from rules import words
from rules.validity import COUNTS_AGAIN, Visit, Work, counted_words, counts

KIND_WORDS = {
    "questionnaire": "Questionnaire",
    "consent": "Consent",
    "pre_treatment": "Pre-treatment instructions",
    "post_treatment": "Post-treatment instructions",
}
TO_DO_WORDS = {"questionnaire": "To answer", "consent": "To sign"}
ASKED_DAYS = 7  # what was asked before a visit that nobody closed leaves the home page so long after its end
SHOWN_DAYS = 183  # post-treatment instructions stay on the home page for half a year


class Due(NamedTuple):
    """One line of a patient's list, ready to be shown by parts.html: task_row."""

    id: int
    kind: str
    status: str
    name: str
    starts_at: datetime
    time_zone: str
    service_name: str
    appointment_id: int
    late: bool
    done_at: datetime | None = None
    counted: bool = False  # done by earlier work
    also: int = 0  # how many later visits ask the same, and need not be asked once this is done

    @property
    def href(self):
        return f"/tasks/{self.id}"

    @property
    def done(self):
        return self.status == "done"

    @property
    def kind_words(self):
        return KIND_WORDS[self.kind]

    @property
    def for_words(self):
        more = f", and {words.count(self.also, 'more visit')}" if self.also else ""
        return f"{self.service_name}, {words.short_when(self.starts_at, self.time_zone)}{more}"

    @property
    def counted_words(self):
        """That it was done earlier and is still valid; "" when it was done for this visit, or is not done."""
        return counted_words(self.kind, self.done_at, self.time_zone) if self.counted and self.done else ""

    @property
    def status_words(self):
        reads = self.kind not in TO_DO_WORDS
        if self.status == "not_needed":
            return "Declined"  # only what was declined is shown at all
        if self.done:
            return "Read" if reads else "Done"
        if self.late:
            return "Late"
        if self.kind == "post_treatment":
            return "New"
        return "Begun" if self.status == "in_progress" else TO_DO_WORDS.get(self.kind, "To read")


class Required(list):
    """The open lines, in the order in which they are due; how many are done, and how many there are in all."""

    done = 0
    total = 0


LINE = (
    Task.id, Paperwork.kind, Task.status, Paperwork.name, Appointment.starts_at, Location.time_zone,
    Service.name, Appointment.id,
)  # fmt: skip
ASKED = (Appointment.status, Paperwork.id, Paperwork.validity, Paperwork.validity_days, Location.id)


class Asked(NamedTuple):
    """What decides, beside its line, whether doing one paper does another."""

    visit_status: str
    paperwork_id: int
    validity: str
    validity_days: int | None
    location_id: int
    version_number: int | None  # the text that it was begun with, else the current one
    renewed: int | None  # the newest version that must be renewed


def is_late(kind: str, status: str, visit_status: str, starts_at: datetime, at: datetime) -> bool:
    """Still to be answered or signed although the visit has begun; nothing is late at one that is closed."""
    return kind in COUNTS_AGAIN and status in OPEN_TASK and visit_status in TO_COME and starts_at <= at


def _lines(whose, *columns):
    """The fields of Due as tuples, and these columns; `whose` is a condition."""
    return (
        Task.select(*LINE, *columns)
        .join(Paperwork)
        .switch(Task)
        .join(Appointment)
        .join(Service)
        .switch(Appointment)
        .join(Location)
        .where(whose & Task.lapsed_at.is_null())
        .tuples()
    )


def _asked(whose, since, at, *more):
    asked = Paperwork.kind.in_(COUNTS_AGAIN) | ((Paperwork.kind == "pre_treatment") & (Appointment.starts_at > at))
    current = Appointment.status.in_(TO_COME) & (Appointment.ends_at > since)
    texts = PaperworkVersion.select(fn.MAX(PaperworkVersion.number)).where(PaperworkVersion.paperwork == Task.paperwork)
    on = texts.where(Task.version.is_null() | (PaperworkVersion.id == Task.version))
    return _lines(whose, *ASKED, on, texts.where(PaperworkVersion.must_renew), *more).where(
        current & asked & (Task.status != "not_needed")
    )


@Written
def _to_do(patient, since, at):
    return _asked(Task.patient == patient, since, at)


@Written
def _aftercare(patient, since, at):
    begun = (Appointment.starts_at <= at) & (Appointment.starts_at > since) & Appointment.status.in_(LIVE)
    return _lines(Task.patient == patient).where(
        (Paperwork.kind == "post_treatment") & (Task.status != "not_needed") & begun
    )


def action_required(patient, at: datetime) -> Required:
    """Open questionnaires, consents and pre-treatment instructions, in one query; the same thing once.

    Instructions for the time before a visit leave at its start. Questionnaires and consents stay, late, until they are
    done, the visit is closed, or ASKED_DAYS have passed since its end: somebody forgot to close it.
    """
    since = at - timedelta(days=ASKED_DAYS)
    return _required(_to_do(patient=patient.id, since=since, at=at), at)


def action_required_of(patients, at: datetime) -> dict[int, Required]:
    """The same for several people, by their numbers, in one query for all of them."""
    rows = {it.id: [] for it in patients}
    if rows:
        since = at - timedelta(days=ASKED_DAYS)
        for *row, patient in _asked(Task.patient.in_(list(rows)), since, at, Task.patient):
            rows[patient].append(row)
    return {patient: _required(theirs, at) for patient, theirs in rows.items()}


def _required(found, at) -> Required:
    rows = []
    for row in found:
        line, asked = row[: len(LINE)], Asked(*row[len(LINE) :])
        rows.append((Due(*line, late=is_late(line[1], line[2], asked.visit_status, line[4], at)), asked))
    open_rows = [row for row in rows if not row[0].done]
    open_rows.sort(
        key=lambda it: (it[0].starts_at, it[0].appointment_id, KINDS.index(it[0].kind), it[0].name, it[0].id)
    )
    required = Required(_each_once(open_rows, at))
    required.done = len(rows) - len(open_rows)
    required.total = required.done + len(required)
    return required


def _each_once(rows, at) -> list[Due]:
    """The lines without those that doing an earlier one of them does, too."""
    shown = []
    for line, asked in rows:
        does_it = None
        if line.kind in COUNTS_AGAIN and line.status == "open":
            does_it = next((it for it in shown if _does(*it, line, asked, at)), None)
        if does_it:
            number = shown.index(does_it)
            shown[number] = (does_it[0]._replace(also=does_it[0].also + 1), does_it[1])
        else:
            shown.append((line, asked))
    return [line for line, _ in shown]


def _does(line, asked, other, asked_there, at) -> bool:
    """Whether doing this paper now counts for the other one, of a later visit, too."""
    if asked.paperwork_id != asked_there.paperwork_id:
        return False
    paper = Paperwork(kind=line.kind, name=line.name, validity=asked.validity, validity_days=asked.validity_days)
    here, there = (
        Visit(it.appointment_id, it.starts_at, more.location_id, it.time_zone)
        for it, more in ((line, asked), (other, asked_there))
    )
    work = Work(line.id, asked.paperwork_id, None, at, here, asked.visit_status, asked.version_number, asked.renewed)
    return counts(paper, work, there)


def post_treatment(patient, at: datetime) -> list[Due]:
    """Instructions of visits that have started, newest first, read or not; one query and no job."""
    since = at - timedelta(days=SHOWN_DAYS)
    rows = [Due(*row, late=False) for row in _aftercare(patient=patient.id, since=since, at=at)]
    return sorted(rows, key=lambda row: (row.starts_at, row.name), reverse=True)


def may_be_seen(task: Task, at: datetime) -> bool:
    """Post-treatment instructions exist from the second the visit starts, and never for one that did not happen."""
    if task.paperwork.kind != "post_treatment":
        return True
    return task.appointment.status in LIVE and task.appointment.starts_at <= at
