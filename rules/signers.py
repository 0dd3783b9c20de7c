"""Who signs a consent: the patient, a guardian for a minor, and at the visit a witness and a provider if it asks."""

from datetime import date
from typing import NamedTuple

from clock import local, now
from database import write_tx
from models import Clinic, PaperworkVersion, Patient, Signature, Staff, Task
from rules import consents, signing
from rules.clinic import the_clinic
from rules.profile import tidy
from rules.refused import Refused
from rules.templates import version_of

BEFORE_THE_VISIT = ("patient", "guardian")
ROLES = ("patient", "guardian", "witness", "provider")
ROLE_WORDS = {
    "patient": "Patient",
    "guardian": "Parent or guardian",
    "witness": "Witness",
    "provider": "Provider",
}
RELATIONS = {"parent": "Parent", "legal guardian": "Legal guardian", "other": "Somebody else"}
LONGEST_RELATION = 80
COUNTER_SIGN = ("provider", "owner")  # the roles of staff that may sign as the provider
FIRST = {"patient": "the patient", "guardian": "the guardian"}
CLOSED = "This is not needed any more, so nobody needs to sign it."
OTHER_TEXT = "The text has changed since you opened this page. Please read it once more."
NOT_ASKED = {"witness": "This consent asks for no witness.", "provider": "This consent asks for no counter-signature."}
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
    signed: dict[int, dict] = {}
    rows = Signature.select(Signature.task, Signature.role, Signature.signed_at)
    for task, role, at in rows.where(Signature.task.in_(list(set(sources.values())))).tuples():
        signed.setdefault(task, {})[role] = at
    details = _details_of(asked)
    for task in asked:
        there = signed.get(sources[task.id], {})
        roles = ["patient"]
        if is_minor(task.patient, judged_on(task, there.get("patient")), clinic):
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


def sign_as_guardian(task: Task, by, version: PaperworkVersion, *, full_name, relation, method, strokes=None,
                     agreed=False, relation_words="") -> bool:  # fmt: skip
    """The guardian's own signature under the text that the minor signs, before or after them. False when it stands.

    `relation` is one of RELATIONS; for "other" the words say which.
    """
    with write_tx():
        task = Task.get_by_id(task.id)
        if _signature(task, "guardian"):
            return False
        refuse_unknown_age(task)
        if "guardian" not in needed(task):
            raise Refused(
                CLOSED if task.status == "not_needed" else f"{task.patient.called} is of age and signs alone."
            )
        if task.lapsed_at or task.counted_from_id:
            raise Refused(CLOSED)
        relation = _relation(relation, relation_words)
        _agreed(agreed)
        if task.version_id is None:
            Task.update(status="in_progress", version=version, begun_at=now()).where(Task.id == task.id).execute()
        elif task.version_id != version.id:
            raise Refused(OTHER_TEXT)
        _sign(task, by, version, "guardian", full_name, method, strokes, {"relation": relation})
        consents.close_if_complete(task, by)
        return True


def sign_as_witness(task: Task, by, version: PaperworkVersion, *, full_name, method, strokes=None, agreed=False):
    """Somebody at the clinic saw the others sign, and signs in their own name. False when somebody did before."""
    with write_tx():
        task = source_of(Task.get_by_id(task.id))
        if _signature(task, "witness"):
            return False
        _in_turn(task, "witness")
        if tidy(full_name).casefold() in _names_of(task, *ROLES):
            raise Refused("A witness is somebody else than who signs. Type the witness’s own name.", "full_name")
        _agreed(agreed)
        _sign(task, by, version, "witness", full_name, method, strokes, {})
        return True


def sign_as_provider(task: Task, by, version: PaperworkVersion, *, method, strokes=None, agreed=False):
    """The counter-signature of a provider or an owner, in the name they work under. False when one stands already."""
    with write_tx():
        task = source_of(Task.get_by_id(task.id))
        if _signature(task, "provider"):
            return False
        staff = Staff.get_or_none(Staff.id == by.number) if by.is_staff else None
        if staff is None or staff.role not in COUNTER_SIGN:
            raise Refused("Only a provider or the owner can counter-sign.")
        _in_turn(task, "provider")
        if tidy(staff.name).casefold() in _names_of(task, "witness"):
            raise Refused("You have signed this as the witness. Somebody else must counter-sign it.")
        _agreed(agreed)
        _sign(task, by, version, "provider", staff.name, method, strokes, {})
        return True


def _signature(task: Task, role: str) -> bool:
    return Signature.select().where(Signature.task == source_of(task), Signature.role == role).exists()


def _names_of(task: Task, *roles: str) -> set[str]:
    """Who signed this in one of these roles, by the names as they compare."""
    rows = Signature.select(Signature.signer_name).where(Signature.task == task, Signature.role.in_(roles))
    return {tidy(row.signer_name).casefold() for row in rows}


def _relation(relation: str, words: str) -> str:
    if relation not in RELATIONS:
        raise Refused("Choose how you are related.", "relation")
    if relation != "other":
        return relation
    words = tidy(words)
    if not words:
        raise Refused("Write how you are related, such as “grandmother with custody”.", "relation_words")
    if len(words) > LONGEST_RELATION:
        raise Refused(f"Keep it to {LONGEST_RELATION} characters or fewer.", "relation_words")
    return words


def _agreed(agreed: bool) -> None:
    if not agreed:
        raise Refused("Tick the box to say so.", "agreed")


def _in_turn(task: Task, role: str) -> None:
    """Who signs at the visit signs what the others have signed, and after them."""
    roles, open_ones = missing_of([task])[task.id]
    if role not in roles or task.lapsed_at:
        raise Refused(CLOSED if task.status == "not_needed" or task.lapsed_at else NOT_ASKED[role])
    first = [FIRST[one] for one in open_ones if one in BEFORE_THE_VISIT]
    if first:
        raise Refused(f"{' and '.join(first)} must sign first. Then it is the {role}’s turn.".capitalize())


def _sign(task: Task, by, version: PaperworkVersion, role, full_name, method, strokes, details) -> None:
    """The signature itself; whoever signs after the first signs the very same text."""
    signed = Task.get_by_id(task.id).version
    if signed.id != version.id:
        raise Refused(OTHER_TEXT)
    signing.sign(
        patient=task.patient, by=by, text=consents.text_of(version), version_digest=version.digest, method=method,
        signer_name=full_name, strokes=strokes, task=task, time_zone=task.appointment.location.time_zone, role=role,
        details=details,
    )  # fmt: skip
