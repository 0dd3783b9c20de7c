"""What the clinic hands out: questionnaires, consents and instructions; an edit makes a new version."""

import json
from datetime import timedelta
from hashlib import sha256

from peewee import fn

from clock import now
from database import write_tx
from models import KINDS, Paperwork, PaperworkVersion, Service, Task
from rules import asking_again, consent_texts, instruction_texts, trail
from rules import questions as asked
from rules.assignments import handing_out
from rules.profile import tidy
from rules.refused import Refused
from rules.words import count

VALIDITIES = ("every_visit", "once", "days")
STILL_OPEN_HOURS = 24  # how long after an edit a page that was open before may still be sent
LONGEST_BODY = 40_000
LONGEST_DELAY = 60 * 24 * 365


def digest_of(title: str, body: str, questions: list, details: dict | None = None) -> str:
    """SHA-256 over exactly what a version says; details count only where there are any, as in versions before them."""
    said = [title, body, questions, *([details] if details else [])]
    return sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def tidy_details(kind: str, details: dict | None) -> dict:
    """What is special about a consent or an instruction, as it is stored; Refused by the rules of that kind."""
    if kind == "consent":
        return consent_texts.tidy_details(details)
    return instruction_texts.tidy_details(kind, details) if kind in ("pre_treatment", "post_treatment") else {}


def current_version(paperwork) -> PaperworkVersion:
    """The version with the highest number; takes a row or its id."""
    return (
        PaperworkVersion.select()
        .where(PaperworkVersion.paperwork == paperwork)
        .order_by(PaperworkVersion.number.desc())
        .get()
    )


def write_version(paperwork: Paperwork, by, title: str, body: str, questions: list, onto=None, *, details=None,
                  must_renew=False) -> PaperworkVersion:  # fmt: skip
    """Freeze this text as the new current version; the same text again stays the version it is.

    With must_renew it is a new version in any case: what was done on earlier ones no longer counts, and is asked again
    for every visit to come; `asked_again` of the returned version is of how many people.
    `onto` is the number of the version that the writer had before them; Refused (facts["version"]: the
    newest) when somebody wrote another one meanwhile.
    """
    title = tidy(title)
    body = body.replace("\r\n", "\n").replace("\x00", "").strip()
    if not title:
        raise Refused("Write the title that the patient reads.", "title")
    if len(title) > 160:
        raise Refused("Keep the title to 160 characters or fewer.", "title")
    if len(body) > LONGEST_BODY:
        raise Refused(f"Keep the text to {LONGEST_BODY:,} characters or fewer.", "body")
    if paperwork.kind == "questionnaire":
        questions = asked.tidy(questions)
    elif not body:
        raise Refused("Write the text that the patient reads.", "body")
    else:
        questions = []
    details = tidy_details(paperwork.kind, details)
    must_renew = bool(must_renew) and paperwork.kind in ("questionnaire", "consent")
    digest = digest_of(title, body, questions, details)
    with write_tx():
        newest = (
            PaperworkVersion.select()
            .where(PaperworkVersion.paperwork == paperwork)
            .order_by(PaperworkVersion.number.desc())
            .first()
        )
        same = newest and newest.digest == digest
        if same and (not must_renew or (newest.must_renew and onto not in (None, newest.number))):
            return newest  # the latter is a second click: the first one has made this very version
        if onto is not None and newest and newest.number != onto:
            raise Refused(
                f"{newest.created_by or 'Somebody'} wrote version {newest.number} while you were writing. "
                "Save once more to put your text on top of it.",
                version=newest.number,
            )
        version = PaperworkVersion.create(
            paperwork=paperwork, number=newest.number + 1 if newest else 1, title=title, body=body,
            questions=questions, digest=digest, created_by=by.name[:120], details=details, must_renew=must_renew,
        )  # fmt: skip
        trail.record(by, "paperwork written", f"paperwork {paperwork.id}", version=version.number, digest=digest,
                     must_renew=must_renew)  # fmt: skip
        version.asked_again = asking_again.everybody(paperwork, by) if must_renew else 0
        if paperwork.kind == "post_treatment":
            from rules import instructions  # here, since these rules read versions and so import this file

            instructions.follow(paperwork, version)
        return version


def create(kind: str, name: str, by, *, title="", body="", questions=(), validity="every_visit", validity_days=None,
           delay_minutes=0, details=None, must_renew=False) -> Paperwork:  # fmt: skip
    """A new piece of paperwork with its first version; the title is the name unless given."""
    if kind not in KINDS:
        raise Refused("Choose what kind of paperwork it is.", "kind")
    facts = _facts(kind, name, validity, validity_days, delay_minutes)
    with write_tx():
        paperwork = Paperwork.create(kind=kind, **facts)
        trail.record(by, "paperwork added", f"paperwork {paperwork.id}", kind=kind)
        write_version(paperwork, by, title or facts["name"], body, list(questions), details=details,
                      must_renew=must_renew)  # fmt: skip
        return paperwork


def change(paperwork: Paperwork, by, *, name: str, validity="every_visit", validity_days=None, delay_minutes=0) -> None:
    """The name staff know it by, how long done work is good for, and when an instruction is mailed."""
    facts = _facts(paperwork.kind, name, validity, validity_days, delay_minutes)
    changed = [field for field, value in facts.items() if getattr(paperwork, field) != value]
    if not changed:
        return
    with write_tx():
        Paperwork.update(**facts).where(Paperwork.id == paperwork.id).execute()
        trail.record(by, "paperwork changed", f"paperwork {paperwork.id}", changed=changed)
    for field, value in facts.items():
        setattr(paperwork, field, value)


def revise(paperwork: Paperwork, by, *, title, body, questions, onto=None, details=None, must_renew=False,
           **facts) -> PaperworkVersion:  # fmt: skip
    """Change text and facts in one step; see write_version and change."""
    with write_tx():
        change(paperwork, by, **facts)
        return write_version(paperwork, by, title or paperwork.name, body, questions, onto, details=details,
                             must_renew=must_renew)  # fmt: skip


def listed() -> list:
    """All paperwork with its current version and the number of services that hand it out; one query."""
    newest = PaperworkVersion.alias()
    current = newest.select(fn.MAX(newest.number)).where(newest.paperwork == Paperwork.id)
    services = handing_out(Paperwork.id).select(fn.COUNT(Service.id))
    return list(
        Paperwork.select(
            Paperwork.id, Paperwork.kind, Paperwork.name, Paperwork.delay_minutes, Paperwork.validity,
            Paperwork.validity_days, Paperwork.archived_at, PaperworkVersion.number, PaperworkVersion.created_at,
            PaperworkVersion.created_by, services.alias("services"),
        )
        .join(PaperworkVersion)
        .where(PaperworkVersion.number == current)
        .order_by(Paperwork.name)
        .namedtuples()
    )  # fmt: skip


def services_of(paperwork: Paperwork) -> list[Service]:
    """The services that hand it out, by themselves or through their category."""
    return list(handing_out(paperwork.id).order_by(Service.name))


def validity_words(paperwork) -> str:
    """How long done work is good for, as the desk would say it."""
    if paperwork.validity == "days":
        return f"Good for {count(paperwork.validity_days, 'day')}"
    return {"every_visit": "Asked for every visit", "once": "Asked once"}[paperwork.validity]


def _facts(kind, name, validity, validity_days, delay_minutes) -> dict:
    name = tidy(name)
    if not name:
        raise Refused("Write a name for it.", "name")
    if len(name) > 120:
        raise Refused("Keep the name to 120 characters or fewer.", "name")
    if kind not in ("questionnaire", "consent"):
        validity = "every_visit"
    if validity not in VALIDITIES:
        raise Refused("Choose how long it is good for.", "validity")
    if validity != "days":
        validity_days = None
    elif not validity_days or not 1 <= validity_days <= 3650:
        raise Refused("Write for how many days it is good, from 1 to 3650.", "validity_days")
    delay_minutes = delay_minutes if kind == "post_treatment" else 0
    if not 0 <= delay_minutes <= LONGEST_DELAY:
        raise Refused("The delay can be a year at most.", "delay")
    return {"name": name, "validity": validity, "validity_days": validity_days, "delay_minutes": delay_minutes}


def archive(paperwork: Paperwork, by) -> None:
    """No new booking asks for it; what is due already stays due."""
    with write_tx():
        if (
            Paperwork.update(archived_at=now())
            .where((Paperwork.id == paperwork.id) & Paperwork.archived_at.is_null())
            .execute()
        ):
            trail.record(by, "paperwork archived", f"paperwork {paperwork.id}")


def restore(paperwork: Paperwork, by) -> None:
    with write_tx():
        if (
            Paperwork.update(archived_at=None)
            .where((Paperwork.id == paperwork.id) & Paperwork.archived_at.is_null(False))
            .execute()
        ):
            trail.record(by, "paperwork restored", f"paperwork {paperwork.id}")


def version_of(task: Task) -> PaperworkVersion:
    """The text this task is about: the one it was begun with, else the current one."""
    return task.version if task.version_id else current_version(task.paperwork_id)


def shown_version(task: Task, number) -> PaperworkVersion:
    """The version that stood on the reader's screen, by the number that its form carries.

    A text that staff replaced while the page was open counts as it was read; an older one is Refused.
    """
    current = version_of(task)
    if task.version_id or str(number) == str(current.number):
        return current
    shown = None
    if str(number).isdecimal() and len(str(number)) < 7:
        shown = PaperworkVersion.get_or_none(paperwork=task.paperwork_id, number=int(number))
    if shown is not None:
        next_one = PaperworkVersion.get_or_none(paperwork=task.paperwork_id, number=shown.number + 1)
        if next_one is None:  # the current one, spelled as no page of ours does
            return shown
        if next_one.created_at > now() - timedelta(hours=STILL_OPEN_HOURS):
            return shown
    raise Refused("The text has changed since you opened this page. Please read it once more.")
