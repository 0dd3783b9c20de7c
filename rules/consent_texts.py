"""What a consent says beside its text: clauses to be initialed, permissions to be asked for, and who else signs."""

import re

from models import PaperworkVersion, Permission
from rules.profile import tidy
from rules.refused import Refused

MOST_CLAUSES = 20
LONGEST_CLAUSE = 1_000
KEY = re.compile(r"[a-z0-9_]{1,40}")
PERMISSIONS = {
    "chart": ("In my chart", "The clinic may take photos of the treated area and keep them in my chart."),
    "share": ("Sent to me", "The clinic may send me my own photos."),
    "training": ("For training", "The clinic may show my photos, without my name, when it trains its own staff."),
    "website": ("On the website", "The clinic may show my photos, without my name, on its website."),
    "social": ("On social media", "The clinic may show my photos, without my name, on its social media pages."),
}  # fmt: skip
assert set(PERMISSIONS) == set(Permission.kind.words)
CLAUSES_HEAD = "Point by point"
PERMISSIONS_HEAD = "Photos of you"
PERMISSIONS_LEAD = (
    "Each choice stands on its own, and a no changes nothing about your treatment. "
    "What you leave open counts as a no. You can take back a yes at any time."
)


def clauses_of(version: PaperworkVersion) -> list[dict]:
    return (version.details or {}).get("clauses", [])


def kinds_of(version: PaperworkVersion) -> list[str]:
    """The permissions that this version asks for, in the order in which they are shown."""
    asked = (version.details or {}).get("permissions", [])
    return [kind for kind in PERMISSIONS if kind in asked]


def text_of(version: PaperworkVersion) -> str:
    """Exactly what is shown and signed: title, text, each clause, each permission's words; always the same of a row."""
    parts = [version.title, version.body]
    clauses, kinds = clauses_of(version), kinds_of(version)
    if clauses:
        parts.append(CLAUSES_HEAD)
        parts += [
            f"{number}. {clause['text']}{' (initials)' if clause.get('initials') else ''}"
            for number, clause in enumerate(clauses, 1)
        ]
    if kinds:
        parts += [PERMISSIONS_HEAD, PERMISSIONS_LEAD]
        parts += [f"{PERMISSIONS[kind][0]}: {PERMISSIONS[kind][1]} Yes or no." for kind in kinds]
    return "\n\n".join(parts)


def chosen_words(version: PaperworkVersion, details: dict) -> list[tuple[str, str]]:
    """What was answered to each permission that this version asks for, as a person reads it."""
    said = details.get("permissions", {})
    words = {True: "Yes", False: "No"}
    return [(PERMISSIONS[kind][0], words.get(said.get(kind), "Left open")) for kind in kinds_of(version)]


def tidy_details(details: dict | None) -> dict:
    """The details of a consent as a version keeps them; {} when it asks for nothing more than a signature.

    Refused (field "clauses", facts["number"]) for a clause without words or with too many. A clause keeps the key
    that it had; a new one gets one that no other has.
    """
    details = details or {}
    given = details.get("clauses") or []
    if len(given) > MOST_CLAUSES:
        raise Refused(f"A consent can have {MOST_CLAUSES} clauses at most.", "clauses")
    clauses, taken = [], set()
    for number, clause in enumerate(given):
        text = tidy(clause.get("text"))
        if not text:
            raise Refused(f"Clause {number + 1}: Write its text, or remove it.", "text", number=number)
        if len(text) > LONGEST_CLAUSE:
            words = f"Clause {number + 1}: Keep it to {LONGEST_CLAUSE:,} characters or fewer."
            raise Refused(words, "text", number=number)
        key = clause.get("key") if _fits(clause.get("key"), taken) else ""
        clauses.append({"key": key, "text": text, "initials": bool(clause.get("initials"))})
        taken.add(key)
    for clause in clauses:
        clause["key"] = clause["key"] or _fresh(taken)
        taken.add(clause["key"])
    wanted = set(details.get("permissions") or [])
    tidied = {
        "clauses": clauses,
        "permissions": [kind for kind in PERMISSIONS if kind in wanted],
        "witness": bool(details.get("witness")),
        "provider": bool(details.get("provider")),
    }
    return tidied if any(tidied.values()) else {}


def _fits(key, taken: set) -> bool:
    return isinstance(key, str) and bool(KEY.fullmatch(key)) and key not in taken


def _fresh(taken: set) -> str:
    return next(key for number in range(1, MOST_CLAUSES * 2 + 2) if (key := f"clause_{number}") not in taken)
