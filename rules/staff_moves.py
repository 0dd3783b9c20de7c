"""The clinic moved a visit: the patient accepts it, or answers by moving or cancelling, which is free until then."""

from clock import now
from database import write_tx
from models import TO_COME, Appointment, AppointmentMove, Location, Provider
from rules import trail
from rules.refused import Refused


def open_of(ids) -> dict[int, AppointmentMove]:
    """The clinic's last move of each of these appointments, while its patient has not answered it; one query.

    With the place and the provider where it stood before, and who has it now.
    """
    move, from_provider = AppointmentMove, Provider.alias()
    rows = (
        move.select(move, Location, from_provider)
        .join_from(move, Appointment)
        .join_from(move, Location, on=move.from_location)
        .join_from(move, from_provider, on=move.from_provider)
        .where(move.appointment.in_(list(ids)) & (move.answer == "open") & Appointment.status.in_(TO_COME))
        .order_by(move.id)
    )
    return {row.appointment_id: row for row in rows}


def accept(appointment, by, *, shown=None) -> list[AppointmentMove]:
    """The new time suits the patient: theirs to say, or told to the clinic on the phone.

    `shown` is the number of the newest move on the page: a later one was not read, and so is not accepted. Of the
    other parts of its visit that is accepted too which was moved in the same go, or stood on the page.
    Twice is the same as once. Raises Refused when it is over, cancelled or moved again.
    """
    with write_tx():
        at, a = now(), Appointment.get_by_id(appointment.id)
        if a.status != "booked" or a.starts_at <= at:
            raise Refused("This appointment has begun or does not stand any more, so there is nothing to accept.")
        moves = open_of(_parts(a, at))
        own = moves.get(a.id)
        if own is None:
            return []
        shown = max(move.id for move in moves.values()) if shown is None else shown
        if own.id > shown:
            raise Refused("The clinic moved it once more while you were reading. Please look at the new time.")
        accepted = [move for move in moves.values() if move.id <= shown or move.moved_at == own.moved_at]
        for move in accepted:
            answered(move.appointment_id, "accepted", at)
            trail.record(by, "new time accepted", f"appointment {move.appointment_id}", patient=a.patient_id)
        return accepted


def _parts(a, at) -> list[int]:
    """The numbers of all parts of its visit that are still ahead."""
    if not a.visit_key:
        return [a.id]
    same = (Appointment.visit_key == a.visit_key) & (Appointment.patient == a.patient_id)
    ahead = (Appointment.status == "booked") & (Appointment.starts_at > at)
    return [number for (number,) in Appointment.select(Appointment.id).where(same, ahead).tuples()]


def answered(appointment, answer: str, at) -> None:
    """Note the patient's answer to what the clinic moved and they have not answered; inside the caller's transaction.

    `answer` is accepted, moved or cancelled; does nothing when nothing is open.
    """
    move = AppointmentMove
    rows = move.update(answer=answer, answered_at=at)
    rows.where((move.appointment == appointment) & (move.answer == "open")).execute()


def whose(by) -> dict:
    """The facts of a new AppointmentMove about who moved it and whose answer it waits for."""
    return {"moved_by_kind": by.kind, "answer": "none" if by.is_patient else "open"}


def state_words(move) -> str:
    """What staff read of a move by the clinic; empty for any other."""
    return {
        "open": "not answered yet",
        "accepted": "accepted",
        "moved": "the patient chose another time",
        "cancelled": "the patient cancelled",
    }.get(move.answer, "")
