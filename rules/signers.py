"""Who signs a consent: the patient, a guardian for a minor, and at the visit a witness and a provider if it asks."""

from clock import now
from database import write_tx
from models import OPEN_TASK, PaperworkVersion, Signature, Staff, Task
from rules import allowed, consent_texts, paperwork, signing
from rules.profile import tidy
from rules.refused import Refused
from rules.roles import (  # noqa: F401 - one door
    BEFORE_THE_VISIT,
    NO_BIRTH_DATE,
    ROLE_WORDS,
    ROLES,
    Standing,
    age_on,
    is_minor,
    judged_on,
    missing,
    missing_before_visit,
    missing_of,
    needed,
    refuse_unknown_age,
    source_of,
    standing,
    text_version,
)

RELATIONS = {"parent": "Parent", "legal guardian": "Legal guardian", "other": "Somebody else"}
LONGEST_RELATION = 80
COUNTER_SIGN = ("provider", "owner")  # the roles of staff that may sign as the provider
FIRST = {"patient": "the patient", "guardian": "the guardian"}
CLOSED = "This is not needed any more, so nobody needs to sign it."
OTHER_TEXT = "The text has changed since you opened this page. Please read it once more."
NOT_ASKED = {"witness": "This consent asks for no witness.", "provider": "This consent asks for no counter-signature."}


def close_if_complete(task: Task, by) -> bool:
    """Close the task when all have signed whom it needs before the visit: call it after each of their signatures."""
    with write_tx():
        task = Task.get_by_id(task.id)
        if missing_before_visit(task):
            return False
        closed = (
            Task.update(status="done", done_at=now())
            .where((Task.id == task.id) & Task.status.in_(OPEN_TASK) & Task.lapsed_at.is_null())
            .execute()
        )
        if closed:
            allowed.give(Signature.get(Signature.task == task, Signature.role == "patient"), by)
            paperwork.count_elsewhere(task, by)
        return bool(closed)


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
        close_if_complete(task, by)
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
        patient=task.patient, by=by, text=consent_texts.text_of(version), version_digest=version.digest, method=method,
        signer_name=full_name, strokes=strokes, task=task, time_zone=task.appointment.location.time_zone, role=role,
        details=details,
    )  # fmt: skip
