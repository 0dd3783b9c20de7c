"""In which roles a consent is signed, and who has yet to: by the age of the patient and what the version asks for."""

from datetime import date
from typing import NamedTuple

from clock import local, now
from models import Clinic, PaperworkVersion, Patient, Signature, Task
from rules.clinic import the_clinic
from rules.refused import Refused
from rules.templates import version_of
from rules.words import date_words, when

BEFORE_THE_VISIT = ("patient", "guardian")
ROLES = ("patient", "guardian", "witness", "provider")
ROLE_WORDS = {
    "patient": "Patient",
    "guardian": "Parent or guardian",
    "witness": "Witness",
    "provider": "Provider",
}
NO_BIRTH_DATE = "Please fill in the birth date in the profile first: whether a guardian signs too depends on it."


def age_on(birth_date: date, on: date) -> int:
    """Whole years; who is born on 29 February has their birthday on 1 March in other years."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def is_minor(patient: Patient, on: date, clinic: Clinic) -> bool | None:
    """Whether the patient is younger than the clinic's age of an adult; None while nobody knows the birth date."""
    if patient.birth_date is None:
        return None
    return age_on(patient.birth_date, on) < clinic.adult_age


def source_of(task: Task) -> Task:
    """The task that was really signed: this one, or the earlier one that counts for it."""
    return task.counted_from if task.counted_from_id else task


def judged_on(task: Task, signed_at=None) -> date:
    """The day whose age counts: that of the patient's signature, else today, or the visit's day once that is past."""
    visit = task.appointment
    zone = visit.location.time_zone
    if signed_at is not None:
        return local(signed_at, zone).date()
    return min(local(now(), zone).date(), local(visit.starts_at, zone).date())


def needed(task: Task) -> list[str]:
    """The roles in which this consent is signed, in their order; none for what is no consent or not needed."""
    return missing_of([task])[task.id][0]


def missing(task: Task) -> list[str]:
    """The roles of `needed` that have not signed yet, those of the visit included."""
    return missing_of([task])[task.id][1]


def missing_before_visit(task: Task) -> list[str]:
    """Who has yet to sign before the task is done: the patient, and for a minor the guardian."""
    return [role for role in missing(task) if role in BEFORE_THE_VISIT]


def missing_of(tasks: list[Task], clinic: Clinic | None = None) -> dict[int, tuple[list[str], list[str]]]:
    """(needed, missing) of each task by its number; a constant number of queries when the tasks bring their
    paperwork, patient, appointment and location along."""
    found = {task.id: ([], []) for task in tasks}
    asked = [task for task in tasks if task.paperwork.kind == "consent" and task.status != "not_needed"]
    if not asked:
        return found
    clinic = clinic or the_clinic()
    sources = {task.id: task.counted_from_id or task.id for task in asked}
    if done := {sources[task.id] for task in asked if task.status == "done"}:
        papers = Task.select(Task.id).where(Task.id.in_(list(done)) & (Task.signed_on_paper_by != ""))
        papers = {row.id for row in papers}
        asked = [task for task in asked if sources[task.id] not in papers]  # all of that is on the paper
    signed: dict[int, dict] = {}
    rows = Signature.select(Signature.task, Signature.role, Signature.signed_at)
    for task, role, at in rows.where(Signature.task.in_(list(set(sources.values())))).tuples():
        signed.setdefault(task, {})[role] = at
    details = _details_of(asked)
    for task in asked:
        there = signed.get(sources[task.id], {})
        roles = ["patient"]
        if task.status == "done":  # then it follows from who signed, whatever age the clinic asks for later
            guarded = "guardian" in there
        else:
            guarded = is_minor(task.patient, judged_on(task, there.get("patient")), clinic)
        if guarded:
            roles.append("guardian")
        roles += [role for role in ("witness", "provider") if details[task.id].get(role)]
        found[task.id] = (roles, [role for role in roles if role not in there])
    return found


class Standing(NamedTuple):
    """Where one role of a consent stands: who signed in it, or whether it is their turn."""

    role: str
    words: str
    signature: Signature | None
    turn: bool


def standing(task: Task) -> list[Standing]:
    """Each role that this consent asks for or was signed in, in their order."""
    roles, open_ones = missing_of([task])[task.id]
    signed = {row.role: row for row in Signature.select().where(Signature.task == (task.counted_from_id or task.id))}
    early = [role for role in open_ones if role in BEFORE_THE_VISIT]
    return [
        Standing(role, ROLE_WORDS[role], signed.get(role), role in open_ones and (role in early or not early))
        for role in ROLES
        if role in roles or role in signed
    ]


def _details_of(tasks: list[Task]) -> dict[int, dict]:
    """The details of the version that each task is about: the one it was begun with, else the current one."""
    begun = {task.version_id for task in tasks if task.version_id}
    unbegun = {task.paperwork_id for task in tasks if not task.version_id}
    fields = (PaperworkVersion.id, PaperworkVersion.paperwork, PaperworkVersion.number, PaperworkVersion.details)
    by_version, by_paperwork = {}, {}
    which = PaperworkVersion.id.in_(list(begun)) | PaperworkVersion.paperwork.in_(list(unbegun))
    for number, paperwork, _, details in (
        PaperworkVersion.select(*fields).where(which).order_by(PaperworkVersion.number).tuples()
    ):
        by_version[number] = by_paperwork[paperwork] = details  # in order: the last of a paperwork is its current one
    return {
        task.id: (by_version[task.version_id] if task.version_id else by_paperwork.get(task.paperwork_id)) or {}
        for task in tasks
    }


def refuse_unknown_age(task: Task) -> None:
    """Refused while the birth date is unknown: then nobody can tell whether a guardian must sign."""
    if task.patient.birth_date is None:
        raise Refused(NO_BIRTH_DATE, unknown_age=True)


def text_version(task: Task) -> PaperworkVersion:
    """The version that everybody signs: the one this was begun with, else the current one."""
    return version_of(source_of(task))


def moment(task: Task) -> dict:
    """Whose and for which visit it is, in the words of now: kept with a signature, since either may change later."""
    patient, visit = task.patient, task.appointment
    provider = ", ".join(filter(None, (visit.provider.name, visit.provider.title)))
    starts = when(visit.starts_at, visit.location.time_zone)
    return {
        "patient": f"{patient.first_name} {patient.last_name}",
        "born": date_words(patient.birth_date) if patient.birth_date else "",
        "visit": f"{visit.service.name}, {starts}, with {provider}, at {visit.location.name}",
    }
