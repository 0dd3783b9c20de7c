"""What proves that a paper was signed as it stands: the facts stored with each signature, and a check of them all."""

from datetime import datetime
from typing import NamedTuple

from clock import local
from models import NoticeConsent, PaperworkVersion, RecordNotice, Signature, Task
from rules import answers, consents, handover, signers, signing, templates
from rules.words import when


class Check(NamedTuple):
    """One thing that was computed again from what is stored now."""

    what: str
    stands: bool


class Evidence(NamedTuple):
    """One signature: its facts as lines to read, its drawing, and what the checks say."""

    signature: Signature
    role: str
    facts: list[tuple[str, str]]
    checks: list[Check]

    @property
    def stands(self):
        return all(check.stands for check in self.checks)


def of(task: Task) -> list[Evidence]:
    """Each signature that this task rests on, in the order in which they were given."""
    version = signers.text_version(task)
    given = consents.signatures_of(task)
    notices = _notices(given)
    return [
        Evidence(row, signers.ROLE_WORDS[row.role], _facts(row, version, notices), checks_of(row, version))
        for row in given
    ]


def checks_of(signature: Signature, version: PaperworkVersion) -> list[Check]:
    details = signature.details or {}
    digest = templates.digest_of(version.title, version.body, version.questions, version.details)
    checks = [
        Check("The text has the hash that was signed", signing.text_stands(signature)),
        Check("The text is that of the version", consents.text_of(version) == signature.shown_text),
        Check("The version has the hash that was signed", digest == version.digest == signature.version_digest),
    ]
    if "answers_digest" in details:
        filled = consents.answers_digest(details.get("initials", {}), details.get("permissions", {}))
        stands = filled == details["answers_digest"]
        checks.append(Check("Initials and permissions have the hash that was signed", stands))
    stands = signing.evidence_digest(signature) == signature.evidence_digest
    return [*checks, Check("The whole record has the hash that was signed", stands)]


def answers_stand(task: Task) -> bool | None:
    """Whether the answers are those that were sent; None where no hash of them was kept."""
    source = signers.source_of(task)
    if not source.answers_digest:
        return None
    return answers.digest_of(source.version, answers.of(source)) == source.answers_digest


def _notices(given: list[Signature]) -> dict[int, NoticeConsent]:
    """The patient's agreement to each notice that these signatures name, by its number; one query."""
    numbers = {row.details["notice"] for row in given if (row.details or {}).get("notice")}
    if not numbers:
        return {}
    rows = (
        NoticeConsent.select(NoticeConsent, RecordNotice)
        .join(RecordNotice)
        .where((NoticeConsent.patient == given[0].patient_id) & RecordNotice.number.in_(list(numbers)))
        .order_by(NoticeConsent.id.desc())
    )
    return {row.notice.number: row for row in rows}


def _facts(row: Signature, version: PaperworkVersion, notices: dict) -> list[tuple[str, str]]:
    details, zone = row.details or {}, row.time_zone
    facts = [
        ("Signed by", row.signer_name),
        ("As", signers.ROLE_WORDS[row.role] + (f", {details['relation']}" if details.get("relation") else "")),
        ("How", "Drawn" if row.method == "drawn" else "Full name typed"),
        ("When", when(row.signed_at, zone)),
        ("In UTC", f"{row.signed_at:%Y-%m-%d %H:%M:%S}, when it was {local(row.signed_at, zone):%H:%M:%S (%z)} there"),
        ("From", row.ip or "An address not known"),
        ("Browser", row.agent or "Not known"),
        ("Signed in with", _session(row)),
    ]
    if details.get("first_shown_at"):
        facts.append(("First opened", when(datetime.fromisoformat(details["first_shown_at"]), zone)))
    if details.get("notice"):
        words = f"Version {details['notice']}, agreed to with this signature"
        if row.role == "patient":
            words = _notice(details["notice"], notices.get(details["notice"]), zone)
        facts.append(("Notice", words))
    if details.get("visit"):
        facts += [("For", details["visit"]), ("Patient born", details["born"] or "Not recorded")]
    for number, clause in enumerate(consents.clauses_of(version), 1):
        if clause["key"] in details.get("initials", {}):
            facts.append((f"Initials, point {number}", details["initials"][clause["key"]]))
    if row.role == "patient" or "permissions" in details:
        facts += [(f"Photos: {name}", said) for name, said in consents.chosen_words(version, details)]
    facts += [
        ("Text", f"SHA-256 {row.shown_digest}"),
        (f"Version {version.number}", f"SHA-256 {row.version_digest}"),
    ]
    if details.get("answers_digest"):
        facts.append(("Initials and permissions", f"SHA-256 {details['answers_digest']}"))
    return [*facts, ("Evidence", f"SHA-256 {row.evidence_digest}")]


def _session(row: Signature) -> str:
    how = handover.how_words(row)
    return f"{how[:1].upper()}{how[1:]}"


def _notice(number: int, agreed: NoticeConsent | None, zone: str) -> str:
    if agreed is None:
        return f"Version {number}; nobody's agreement to it is stored"
    words = f"Version {number}, agreed to by {agreed.given_by} on {when(agreed.given_at, zone)}"
    return f"{words}; withdrawn on {when(agreed.withdrawn_at, zone)}" if agreed.withdrawn_at else words
