"""What patients may change by themselves, as the service's own switches say; staff and a move by the clinic go past."""

from rules import findings, staff_moves
from rules.clinic import the_clinic
from rules.refused import Refused

DONE = {"self_cancel": "cancel", "self_move": "move"}


def excused(appointments) -> set[int]:
    """Those whose change is the clinic's doing, or unavoidable: then no switch stands in the patient's way."""
    ids = [a.id for a in appointments]
    return set(findings.excused_of(ids)) | set(staff_moves.open_of(ids))


def closed(appointments, switch: str) -> bool:
    """Whether a switch keeps patients from cancelling ("self_cancel") or moving ("self_move") one of these online."""
    shut = [a for a in appointments if not getattr(a.service, switch)]
    return bool({a.id for a in shut} - excused(shut)) if shut else False


def words(switch: str, phone: str) -> str:
    """Why the page has no button, and what to do instead."""
    how = f"Please call us: {phone}." if phone else "Please tell the clinic."
    return f"To {DONE[switch]} this appointment, we would like to talk with you first. {how}"


def check(appointment, switch: str, by) -> None:
    """Refused for a patient whose appointment's service is not to be changed online."""
    if by.is_patient and closed([appointment], switch):
        raise Refused(words(switch, appointment.location.phone or the_clinic().phone))
