"""When something breaks: a reference number for the person, and the place in the code for whoever mends it."""

import logging
import secrets
import traceback
from pathlib import Path

from peewee import fn

from database import db
from models import Fault

log = logging.getLogger("foyer.fault")
HOUSE = Path(__file__).resolve().parent.parent
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def note(error: BaseException, route: str) -> str:
    """Write the fault down, without the exception's text (it may hold personal data); returns its reference."""
    reference = "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(2))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(HOUSE)]
    ours = [f for f in frames if ".venv" not in Path(f.filename).parts] or frames
    place = " > ".join(f"{Path(f.filename).relative_to(HOUSE)}:{f.lineno}" for f in ours)
    kind = type(error).__name__
    log.error("fault %s in %s: %s at %s", reference, route, kind, place)
    try:
        if db.in_transaction():
            db.rollback()
        Fault.create(reference=reference, route=route, error=kind, place=place)
    except Exception:  # the database itself may be what is broken; the log line stands
        log.exception("fault %s could not be stored", reference)
    return reference


def found(reference: str = "", most: int = 50) -> list[Fault]:
    """The newest faults, or those whose reference holds what was typed, in any case and with or without dashes."""
    typed = "".join(letter for letter in reference.upper() if letter.isalnum())
    newest = Fault.select().order_by(Fault.id.desc())
    if not typed:
        return list(newest.limit(most))
    return list(newest.where(fn.REPLACE(Fault.reference, "-", "").contains(typed)).limit(most))
