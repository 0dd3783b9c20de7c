"""Who signs a consent: the patient, a guardian for a minor, and at the visit a witness and a provider if it asks."""

from clock import now
from database import write_tx
from models import OPEN_TASK, PaperworkVersion, Signature, Staff, Task
from rules import allowed, consent_texts, notices, paperwork, signing, trail
from rules.profile import tidy, tidy_text
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
    moment,
    needed,
    refuse_unknown_age,
    source_of,
    standing,
    text_version,
)

RELATIONS = {"parent": "Parent", "legal guardian": "Legal guardian", "other": "Somebody else"}
LONGEST_RELATION = 80
LONGEST_NOTE = 500
COUNTER_SIGN = ("provider", "owner")  # the roles of staff that may sign as the provider
FIRST = {"patient": "the patient", "guardian": "the guardian"}
CLOSED = "This is not needed any more, so nobody needs to sign it."
OTHER_TEXT = "The text has changed since you opened this page. Please read it once more."
OWN_NAME = (
    "A parent or guardian is somebody else than the patient. Type your own name; if it is the same as theirs, add what "
    "tells you apart, such as Senior."
)
ON_PAPER = "has chosen to sign on paper, so this is not signed on a screen. The clinic has it ready at the visit."
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
            allowed.give(task, by)
            paperwork.count_elsewhere(task, by)
        return bool(closed)


def sign_as_guardian(task: Task, by, version: PaperworkVersion, *, full_name, relation, method, strokes=None,
                     agreed=False, relation_words="", notice=None, permissions=None) -> bool:  # fmt: skip
    """The guardian's own signature under the text that the minor signs, before or after them. False when it stands.

    `relation` is one of RELATIONS; for "other" the words say which. `notice` is the number of the e-record notice that
    they agree to. `permissions` by kind are their word on photos: a minor's yes counts only with theirs.
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
        full_name = tidy(full_name)
        _refuse_the_patients(task, full_name)
        relation = _relation(relation, relation_words)
        details = {"relation": relation, "notice": _notice(task, notice)}
        kinds = consent_texts.kinds_of(version)
        if permissions is not None and kinds:
            details["permissions"] = {
                kind: permissions[kind] for kind in kinds if permissions.get(kind) in (True, False)
            }
        _agreed(agreed)
        if task.version_id is None:
            Task.update(status="in_progress", version=version, begun_at=now()).where(Task.id == task.id).execute()
        elif task.version_id != version.id:
            raise Refused(OTHER_TEXT)
        signature = _sign(task, by, version, "guardian", full_name, method, strokes, details)
        if "permissions" in details:
            allowed.end(signature, version, by)
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


def signed_on_paper(task: Task, by, note: str = "") -> bool:
    """Staff have the consent on paper, signed by all whom it needs: the task is done without a signature here."""
    note = tidy_text(note)
    if len(note) > LONGEST_NOTE:
        raise Refused(f"Keep the note to {LONGEST_NOTE} characters or fewer.", "note")
    if not by.is_staff:
        raise Refused("Only the clinic can say that this was signed on paper.")
    with write_tx():
        task = Task.get_by_id(task.id)
        if task.signed_on_paper_by:
            return False
        if task.status == "done":
            raise Refused("This is signed already.")
        if task.paperwork.kind != "consent" or task.status not in OPEN_TASK or task.lapsed_at:
            raise Refused(CLOSED)
        version = text_version(task)
        Task.update(
            status="done", done_at=now(), begun_at=task.begun_at or now(), version=version,
            signed_on_paper_by=by.name[:120], signed_on_paper_note=note,
        ).where(Task.id == task.id).execute()  # fmt: skip
        trail.record(by, "consent signed on paper", f"task {task.id}", patient=task.patient_id, version=version.number)
        paperwork.count_elsewhere(task, by)
        return True


def _signature(task: Task, role: str) -> bool:
    return Signature.select().where(Signature.task == source_of(task), Signature.role == role).exists()


def _names_of(task: Task, *roles: str) -> set[str]:
    """Who signed this in one of these roles, by the names as they compare."""
    rows = Signature.select(Signature.signer_name).where(Signature.task == task, Signature.role.in_(roles))
    return {tidy(row.signer_name).casefold() for row in rows}


def refuse_name_of(task: Task, role: str, name: str) -> None:
    """Nobody signs in two roles: Refused for the name that already stands under this in the other."""
    if tidy(name).casefold() in _names_of(task, role):
        raise Refused(f"That is the name of the {role}, who has signed this. Type your own name.", "full_name")


def _refuse_the_patients(task: Task, name: str) -> None:
    """Nobody is their own guardian."""
    patient = task.patient
    firsts = filter(None, (patient.first_name, patient.preferred_name))
    own = {tidy(f"{first} {patient.last_name}").casefold() for first in firsts}
    if name.casefold() in own | _names_of(task, *ROLES):
        raise Refused(OWN_NAME, "full_name")


def _notice(task: Task, number) -> int:
    """The notice that the guardian agrees to with their signature; Refused without, and while paper was chosen."""
    if task.patient.paper_since:
        raise Refused(f"{task.patient.called} {ON_PAPER}", on_paper=True)
    current = notices.current().number
    if not number:
        raise Refused("Tick the box to agree to sign on a screen, or ask the clinic for paper.", "on_screen")
    if str(number) != str(current):
        raise Refused(notices.CHANGED, "on_screen")
    return current


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


def _sign(task: Task, by, version: PaperworkVersion, role, full_name, method, strokes, details) -> Signature:
    """The signature itself; whoever signs after the first signs the very same text."""
    signed = Task.get_by_id(task.id).version
    if signed.id != version.id:
        raise Refused(OTHER_TEXT)
    return signing.sign(
        patient=task.patient, by=by, text=consent_texts.text_of(version), version_digest=version.digest, method=method,
        signer_name=full_name, strokes=strokes, task=task, time_zone=task.appointment.location.time_zone, role=role,
        details={**details, **moment(task)},
    )  # fmt: skip
