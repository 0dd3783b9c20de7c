"""The one door to appointments: booking, moving, cancelling, holding, and what became of a visit."""

from rules.booking import book, book_all
from rules.cancelling import cancel, cancel_all, open_to_patient, undo, undo_until, undoable
from rules.gone import explain as explain_gone
from rules.gone import explain_parts as explain_gone_parts
from rules.moving import move, move_visit
from rules.presence import arrive, complete, miss, possible, undo_arrival, undo_miss

__all__ = [
    "arrive",
    "book",
    "book_all",
    "cancel",
    "cancel_all",
    "complete",
    "explain_gone",
    "explain_gone_parts",
    "miss",
    "move",
    "move_visit",
    "open_to_patient",
    "possible",
    "undo",
    "undo_arrival",
    "undo_miss",
    "undo_until",
    "undoable",
]
