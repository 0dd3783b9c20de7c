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
    kind, place = type(error).__name__, place_of(error)
    log.error("fault %s in %s: %s at %s", reference, route, kind, place)
    try:
        if db.in_transaction():
            db.rollback()
        Fault.create(reference=reference, route=route, error=kind, place=place)
    except Exception as another:  # the database itself may be what is broken; the log line stands
        log.error("fault %s could not be stored: %s at %s", reference, type(another).__name__, place_of(another))
    return reference


def place_of(error: BaseException) -> str:
    """File and line of each frame of ours that the exception came through."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(HOUSE)]
    ours = [f for f in frames if ".venv" not in Path(f.filename).parts] or frames
    return " > ".join(f"{Path(f.filename).relative_to(HOUSE)}:{f.lineno}" for f in ours)


class Discreet(logging.Formatter):
    """Writes an exception as its kind and place; its text, and that of those before it, may hold personal data."""

    def format(self, record):
        if not record.exc_info:
            return super().format(record)
        bare = logging.makeLogRecord({**record.__dict__, "exc_info": None, "exc_text": None})
        return f"{super().format(bare)}: {self.formatException(record.exc_info)}"

    def formatException(self, exc_info):
        return f"{type(exc_info[1]).__name__} at {place_of(exc_info[1])}"


def found(reference: str = "", most: int = 50) -> list[Fault]:
    """The newest faults, or those whose reference holds what was typed, in any case and with or without dashes."""
    typed = "".join(letter for letter in reference.upper() if letter.isalnum())
    newest = Fault.select().order_by(Fault.id.desc())
    if not typed:
        return list(newest.limit(most))
    return list(newest.where(fn.REPLACE(Fault.reference, "-", "").contains(typed)).limit(most))
