"""The e-record notice: what is told before anything is signed on a screen, who agreed to it, and who prefers paper."""

from hashlib import sha256

from clock import now
from database import write_tx
from models import NoticeConsent, Patient, RecordNotice
from rules import trail
from rules.actor import FOYER
from rules.profile import tidy_text
from rules.refused import Refused

LONGEST = 20_000
CHANGED = "The notice has changed since you opened this page. Please read it once more."
FIRST_TEXT = """You can read and sign your consents here, on a screen. A signature given here counts like one on paper.

## You may have paper instead

You have a right to paper. Tell us at any time and we print what you need, free of charge, for you to sign at the \
clinic. Choosing paper changes nothing about your care.

## What you agree to

- You sign your consents and agreements for this clinic electronically.
- We keep what you signed, word for word, with the time and your signature.
- You get your copies electronically: you can read and download them here. If you want one on paper, ask us.

## You can withdraw

You can withdraw this agreement at any time, here under “Your permissions”, or by telling us. \
It costs nothing. What you signed before stays valid; from then on you sign on paper.

## What you need

- A phone, tablet or computer with an up-to-date browser, and a connection to the internet.
- A program that opens PDF files, if you want to keep your copies; printing needs a printer.
- An e-mail address that you read, so that we can reach you. Tell us when it changes, or change it in your profile.
"""


def current() -> RecordNotice:
    """The newest version; the first is written when nobody has written one."""
    newest = RecordNotice.select().order_by(RecordNotice.number.desc()).first()
    return newest or begin()


def begin() -> RecordNotice:
    """Write the first version, once."""
    with write_tx():
        known = RecordNotice.select().order_by(RecordNotice.number.desc()).first()
        return known or _write(1, FIRST_TEXT.strip(), FOYER)


def write(text: str, by, onto: int | None = None) -> RecordNotice:
    """Freeze this text as the new version; everybody is asked again before their next signature.

    `onto` is the number of the version that the writer had before them; Refused when another came meanwhile.
    """
    text = tidy_text(text)
    if not text:
        raise Refused("Write the notice.", "text")
    if len(text) > LONGEST:
        raise Refused(f"Keep the notice to {LONGEST:,} characters or fewer.", "text")
    with write_tx():
        newest = current()
        if newest.text == text:
            return newest
        if onto is not None and onto != newest.number:
            words = f"{newest.created_by} wrote version {newest.number} while you were writing."
            raise Refused(f"{words} Save once more to put your text on top of it.", version=newest.number)
        return _write(newest.number + 1, text, by)


def _write(number: int, text: str, by) -> RecordNotice:
    digest = sha256(text.encode()).hexdigest()
    notice = RecordNotice.create(number=number, text=text, digest=digest, created_by=by.name[:120])
    trail.record(by, "notice written", f"notice {number}", version=number, digest=digest)
    return notice


def versions() -> list[RecordNotice]:
    return list(RecordNotice.select().order_by(RecordNotice.number.desc()))


def agreed(patient) -> NoticeConsent | None:
    """What this patient's signing on a screen rests on: the newest agreement that is not withdrawn."""
    return (
        NoticeConsent.select(NoticeConsent, RecordNotice)
        .join(RecordNotice)
        .where((NoticeConsent.patient == patient) & NoticeConsent.withdrawn_at.is_null())
        .order_by(RecordNotice.number.desc(), NoticeConsent.id.desc())
        .first()
    )


def to_be_read(patient) -> bool:
    """Whether the current notice comes before this patient's next signature."""
    known = agreed(patient)
    return known is None or known.notice_id != current().id


def agree(patient, by, number) -> NoticeConsent:
    """The patient read this version and agrees to it; the same again changes nothing."""
    with write_tx():
        notice = current()
        if str(number) != str(notice.number):
            raise Refused(CHANGED)
        known = agreed(patient)
        if known and known.notice_id == notice.id:
            return known
        given = NoticeConsent.create(
            patient=patient, notice=notice, given_by=by.name[:160], ip=by.ip, agent=by.agent,
            session_number=by.session_number, signed_in_how=by.signed_in_how[:24],
        )  # fmt: skip
        Patient.update(paper_since=None).where(Patient.id == given.patient_id).execute()
        trail.record(by, "notice agreed to", f"notice {notice.number}", patient=patient, version=notice.number)
        return given


def prefer_paper(patient, by, task=None) -> None:
    """From now on this patient signs on paper; what was signed stays valid, and a task stays open. Staff see it."""
    with write_tx():
        live = (NoticeConsent.patient == patient) & NoticeConsent.withdrawn_at.is_null()
        if NoticeConsent.update(withdrawn_at=now()).where(live).execute():
            trail.record(by, "notice withdrawn", f"patient {patient.id}", patient=patient)
        first = Patient.update(paper_since=now()).where(
            (Patient.id == patient.id) & Patient.paper_since.is_null()
        ).execute()  # fmt: skip
        if first:
            subject = f"task {task.id}" if task else f"patient {patient.id}"
            trail.record(by, "paper preferred", subject, patient=patient)
