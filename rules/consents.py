"""Consents: read first, signed point by point, declined in peace; and what is allowed to be done with photos."""

import json
import re
from hashlib import sha256

from clock import now
from database import write_tx
from models import OPEN_TASK, TO_COME, PaperworkVersion, Signature, Task, TrailEntry
from rules import allowed, closed, notices, paperwork, signers, signing, trail
from rules.allowed import permissions_of, revoke  # noqa: F401 - one door
from rules.consent_texts import (  # noqa: F401 - one door
    PERMISSIONS,
    chosen_words,
    clauses_of,
    kinds_of,
    text_of,
    tidy_details,
)
from rules.profile import tidy, tidy_text
from rules.refused import Refused

READ_AGAIN = "The text has changed since you opened this page. Please read it once more."
NOTICE_FIRST = "Before your first signature, please read how signing on a screen works."
LONGEST_WHY = 2_000


def initials_field(key: str) -> str:
    return f"initials_{key}"


def permission_field(kind: str) -> str:
    return f"permission_{kind}"


def version_on_screen(task: Task, number) -> PaperworkVersion:
    """The version that was read, by the number that its form carries; Refused when it is not the one to be signed."""
    version = paperwork.shown_version(task, number)
    if str(number) != str(version.number):  # somebody else signed another one first, and all sign the same text
        raise Refused(READ_AGAIN)
    return version


def note_shown(task: Task, version: PaperworkVersion, by) -> None:
    """The first time that this text stood before the patient is part of the evidence; later times change nothing."""
    if first_shown_at(task, version) is None:
        with write_tx():
            trail.record(by, "consent opened", f"task {task.id}", patient=task.patient_id, version=version.number)


def first_shown_at(task: Task, version: PaperworkVersion):
    """When this version first stood on the page of this task, by the trail; None for never."""
    opened = (TrailEntry.subject == f"task {task.id}") & (TrailEntry.action == "consent opened")
    rows = TrailEntry.select(TrailEntry.at, TrailEntry.details).where(opened).order_by(TrailEntry.id)
    return next((row.at for row in rows if row.details.get("version") == version.number), None)


def sign_as_patient(task: Task, by, version: PaperworkVersion, *, method, full_name="", strokes=None, agreed=False,
                    initials=None, permissions=None) -> bool:  # fmt: skip
    """Sign the consent as it was shown, `initials` by clause and `permissions` by kind (True, False or None).

    False when it was signed before (a double click). Refused with facts["problems"], a sentence by field, for missing
    initials; with facts["notice"] while the notice is not agreed to. What the version does not ask is dropped.
    """
    with write_tx():
        fresh = Task.get_by_id(task.id)
        if fresh.status == "done" or signature_as(fresh, "patient"):
            return False
        _refuse_closed(fresh)
        if fresh.version_id not in (None, version.id):  # a guardian was faster, with another text
            raise Refused(READ_AGAIN)
        signers.refuse_unknown_age(fresh)
        notice = notices.agreed(fresh.patient_id)
        if notice is None:
            raise Refused(NOTICE_FIRST, notice=True)
        given, chosen = _given(version, initials or {}, permissions or {}, agreed)
        patient = fresh.patient
        if method == "drawn":
            full_name = f"{patient.first_name} {patient.last_name}"
        signers.refuse_name_of(fresh, "guardian", full_name)
        _begin(fresh, version)
        opened = first_shown_at(fresh, version)
        details = {
            "initials": given,
            "permissions": chosen,
            "answers_digest": answers_digest(given, chosen),
            "notice": notice.notice.number,
            "first_shown_at": opened.isoformat(timespec="seconds") if opened else None,
        }
        signature = signing.sign(
            patient=patient, by=by, text=text_of(version), version_digest=version.digest, method=method,
            signer_name=full_name, strokes=strokes, task=fresh, time_zone=fresh.appointment.location.time_zone,
            details={name: value for name, value in details.items() if value not in ({}, None)} | signers.moment(fresh),
        )  # fmt: skip
        allowed.end(signature, version, by)
        signers.close_if_complete(fresh, by)
        return True


def answers_digest(initials: dict, permissions: dict) -> str:
    """SHA-256 over what was filled in beside the signature."""
    told = [initials, permissions]
    return sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _given(version, initials: dict, permissions: dict, agreed: bool) -> tuple[dict, dict]:
    """What of it this version asks for, tidied; Refused with a sentence for each field that is not filled in right."""
    letters, problems = {}, {}
    for number, clause in enumerate(clauses_of(version), 1):
        if not clause.get("initials"):
            continue
        typed = re.sub(r"[\s.]", "", tidy(str(initials.get(clause["key"]) or "")))
        if not typed:
            problems[initials_field(clause["key"])] = f"Write your initials beside point {number}."
        elif not typed.isalpha() or len(typed) > 5:
            problems[initials_field(clause["key"])] = f"Write 1 to 5 letters as your initials beside point {number}."
        else:
            letters[clause["key"]] = typed
    if not agreed:
        problems["agreed"] = "Tick the box to say that you have read this and agree."
    if problems:
        field = next(iter(problems))
        raise Refused(problems[field], field, problems=problems)
    chosen = {kind: permissions[kind] for kind in kinds_of(version) if isinstance(permissions.get(kind), bool)}
    return letters, chosen


def _refuse_closed(task: Task) -> None:
    if task.lapsed_at or (task.status == "not_needed" and not may_still_sign(task)):
        raise Refused(closed.why(task))


def may_still_sign(task: Task) -> bool:
    """Who did not want to sign may change their mind while the visit is to come."""
    return bool(task.declined_at) and not task.lapsed_at and task.appointment.status in TO_COME


def _begin(task: Task, version: PaperworkVersion) -> None:
    """From the first signature on the text stands; who declined and signs now has changed their mind."""
    Task.update(status="in_progress", version=version, begun_at=now(), declined_at=None).where(
        (Task.id == task.id) & (Task.status != "in_progress")
    ).execute()


def decline(task: Task, by, why: str = "") -> None:
    """The patient does not want to sign this: staff are told, and the visit goes on being what it is."""
    why = tidy_text(why)
    if len(why) > LONGEST_WHY:
        raise Refused(f"Keep it to {LONGEST_WHY:,} characters or fewer.", "why")
    with write_tx():
        fresh = Task.get_by_id(task.id)
        if fresh.declined_at:
            return
        if signature_as(fresh, "patient") or fresh.status == "done":
            raise Refused("You have signed this already. If you have changed your mind, please call the clinic.")
        _refuse_closed(fresh)
        Task.update(status="not_needed", declined_at=now(), declined_why=why).where(
            (Task.id == task.id) & Task.status.in_(OPEN_TASK)
        ).execute()
        trail.record(by, "consent declined", f"task {task.id}", patient=fresh.patient_id)


# --- what was signed ------------------------------------------------------------------------------


def signatures_of(task: Task) -> list[Signature]:
    """All signatures that this task rests on, its own or those of the earlier one that counts for it."""
    return list(Signature.select().where(Signature.task == (task.counted_from_id or task.id)).order_by(Signature.id))


def signature_as(task: Task, role: str) -> Signature | None:
    return Signature.get_or_none(Signature.task == (task.counted_from_id or task.id), Signature.role == role)
