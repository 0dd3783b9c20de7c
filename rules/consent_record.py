"""What the sealed PDF of a consent says, as one HTML page: the text, what was given, who signed, and the evidence."""

import re
import unicodedata
from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import settings
from clock import local, now
from models import Picture, Signature
from rules import consent_texts, handover, markdown, pictures, signing, words
from rules.clinic import the_clinic
from rules.roles import moment
from rules.signers import RELATIONS, ROLE_WORDS

PAGES = Path(__file__).resolve().parent.parent / "partials" / "pdf"
IN_TEXT = re.compile(rf'src="/pictures/({markdown.PICTURE_NAME})"')
ATTACHED = "signed-text.txt"
METHOD_WORDS = {"drawn": "Drawn on a screen", "typed": "Full name typed"}

_pages = Environment(
    loader=FileSystemLoader(PAGES), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
)


class NotAsSigned(Exception):
    """What is stored is not what was signed, so it must not be sealed; the reason is for staff."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def page(signature: Signature) -> str:
    """The record as it stood after this signature, with those before it. Raises NotAsSigned."""
    task, version = signature.task, signature.task.version
    signatures = list(
        Signature.select().where(Signature.task == task, Signature.id <= signature.id).order_by(Signature.id)
    )
    _refuse_changed(signatures, version)
    clinic, visit = the_clinic(), task.appointment
    body, shown = _with_pictures(markdown.render(version.body))
    given = next((row.details for row in signatures if row.role == "patient"), {}) or {}
    return _pages.get_template("consent.html").render(
        clinic=clinic,
        location=visit.location,
        lines=[line.strip() for line in visit.location.address.splitlines() if line.strip()],
        version=version,
        body=body,
        pictures=shown,
        turned=right_to_left(version.body),
        clauses=_clauses(version, given.get("initials") or {}),
        permissions=_permissions(version, given.get("permissions") or {}),
        head=consent_texts.PERMISSIONS_HEAD,
        signatures=[_signed(row) for row in signatures],
        visit=_visit(signature),
        shown_digest=signature.shown_digest,
        made_at=words.when(now(), visit.location.time_zone),
        attached=ATTACHED,
        verify=f"{settings.current().base_url}/verify",
    )


def _refuse_changed(signatures, version):
    if not all(signing.verify(row) for row in signatures):
        raise NotAsSigned("What is stored is not what was signed: its fingerprint does not match. Tell the owner")
    shown = consent_texts.text_of(version)
    if any(row.shown_text != shown or row.version_digest != version.digest for row in signatures):
        raise NotAsSigned("The text of this version is not the text that was signed. Tell the owner")


def _with_pictures(body) -> tuple[Markup, list[tuple[str, str]]]:
    """The text with the clinic's own pictures inside of it, and the SHA-256 of each, since the file stands alone."""
    shown = []

    def put(found):
        name = found[1]
        content = pictures.content_of(name)
        if content is None:
            shown.append((f"Picture {name}", "Not there any more when this file was made"))
            return found[0]
        digest = sha256(content).hexdigest()
        row = Picture.get_or_none(Picture.file_name == name)
        if row is not None and row.digest != digest:
            raise NotAsSigned("A picture in the text is not the one that was added. Tell the owner")
        shown.append((f"Picture {len(shown) + 1}, SHA-256", digest))
        return f'src="data:image/jpeg;base64,{b64encode(content).decode()}"'

    return Markup(IN_TEXT.sub(put, body)), shown  # noqa: S704 - cleaned before, and only base64 is put in


def _clauses(version, initials):
    return [
        {"text": clause["text"], "asked": bool(clause.get("initials")), "initials": initials.get(clause["key"], "")}
        for clause in consent_texts.clauses_of(version)
    ]


def _permissions(version, chosen):
    """What was said to each; None for a choice that was left open, as all are until the patient has signed."""
    return [
        {"words": consent_texts.PERMISSIONS[kind][1], "yes": chosen.get(kind)}
        for kind in consent_texts.kinds_of(version)
    ]


def _signed(row: Signature) -> dict:
    details = row.details or {}
    relation = details.get("relation", "")
    return {
        "role": ROLE_WORDS[row.role],
        "relation": RELATIONS.get(relation, relation),
        "name": row.signer_name,
        "drawing": _drawing(row),
        "at": words.when(row.signed_at, row.time_zone),
        "evidence": [
            ("How", METHOD_WORDS[row.method]),
            ("Time at the location", exact(row.signed_at, row.time_zone)),
            ("Time in UTC", exact(row.signed_at, "UTC")),
            ("First shown", _first_shown(details, row.time_zone)),
            ("Network address", row.ip or "Not recorded"),
            ("Browser", row.agent or "Not recorded"),
            ("Signed in", _signed_in(row)),
            ("Appointment then", details.get("visit", "")),
            ("Notice agreed to", f"Version {details['notice']}" if details.get("notice") else ""),
            ("Answers, SHA-256", details.get("answers_digest", "")),
            ("Evidence, SHA-256", row.evidence_digest),
        ],
    }


def _signed_in(row):
    how = handover.how_words(row)
    return f"{how[:1].upper()}{how[1:]}"


def _first_shown(details, zone):
    try:
        return exact(datetime.fromisoformat(details["first_shown_at"]), zone)
    except (KeyError, TypeError, ValueError):
        return ""


def _drawing(row: Signature) -> str:
    """The strokes as a picture in an address; a PDF for screen readers wants an <img> with its words."""
    if not row.strokes:
        return ""
    drawn = str(signing.svg(row.strokes)).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}"


def _visit(signature) -> list[tuple[str, str]]:
    """Whose it is and for which visit, as they were when it was signed; older signatures did not keep that."""
    kept, later = signature.details or {}, ""
    if "visit" not in kept:
        kept, later = moment(signature.task), " (when this file was made)"
    return [
        ("Patient", kept["patient"]),
        (f"Born{later}", kept["born"] or "Not recorded"),
        (f"Appointment{later}", kept["visit"]),
    ]


def exact(moment, zone: str) -> str:
    """3 March 2026, 14:30:05 EST: to the second, as evidence tells it."""
    there = local(moment, zone)
    return f"{words.date_words(there)}, {there:%H:%M:%S %Z}"


def right_to_left(text: str) -> bool:
    """Whether a text is written from the right, by its first letter that has a direction."""
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return next((it in ("R", "AL") for it in strong if it in ("L", "R", "AL")), False)
