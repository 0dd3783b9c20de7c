"""What became of an appointment, step by step: who, when, from, to and why; and whether the steps add up."""

from datetime import datetime
from typing import NamedTuple

from models import LIVE, AppointmentMove, Location, Occupancy, Provider, ServiceNeed, TrailEntry

CLOSED = ("completed", "cancelled", "missed")


class Place(NamedTuple):
    """When, with whom (a Provider) and where (a Location)."""

    starts_at: datetime
    provider: Provider
    location: Location


class Step(NamedTuple):
    """One thing that happened: booked, moved, undone, or what closed it."""

    what: str
    at: datetime
    by: str  # a name; empty where nobody wrote one down
    by_kind: str  # patient, staff, system; empty in old rows
    before: Place | None  # of a move
    after: Place  # where it stood from then on
    why: str = ""
    answer: str = ""  # the patient's, to a move by the clinic


def steps(appointment) -> list[Step]:
    """Everything that happened to an appointment, in its order; one query for the moves, one for the places."""
    moves = _moves(appointment)
    now_at = Place(appointment.starts_at, appointment.provider, appointment.location)
    stood = [Place(move.from_starts_at, move.from_provider, move.from_location) for move in moves] + [now_at]
    told = [Step("booked", appointment.booked_at, "", appointment.booked_by, None, stood[0])]
    for move, before, after in zip(moves, stood, stood[1:], strict=False):
        told.append(
            Step("moved", move.moved_at, move.moved_by, move.moved_by_kind, before, after, move.why, move.answer)
        )
    if appointment.status in CLOSED:
        a = appointment
        what = "undone" if a.undone_at else a.status
        told.append(Step(what, a.closed_at, a.closed_by, a.closed_by_kind, None, now_at, a.closed_why))
    return told


def _moves(appointment) -> list[AppointmentMove]:
    move, to_provider = AppointmentMove, Provider.alias()
    rows = move.select(move, Location, Provider, to_provider).join_from(move, Location, on=move.from_location)
    rows = rows.join_from(move, Provider, on=move.from_provider).join_from(move, to_provider, on=move.to_provider)
    return list(rows.where(move.appointment == appointment).order_by(move.id))


def faults(appointment) -> list[str]:
    """Where the history of an appointment, the trail and what it occupies do not add up; [] when they do."""
    a, wrong = appointment, []

    def must(holds, words):
        if not holds:
            wrong.append(words)

    moves = _moves(a)
    must(len(moves) == a.moves, f"{a.moves} moves counted, {len(moves)} kept")
    ends = [(move.to_starts_at, move.to_provider_id) for move in moves]
    begins = [(move.from_starts_at, move.from_provider_id) for move in moves[1:]] + [(a.starts_at, a.provider_id)]
    must(not moves or ends == begins, "a move does not begin where the one before ended")
    for move in moves:
        went = (move.from_starts_at, move.from_provider_id) != (move.to_starts_at, move.to_provider_id)
        must(went or _changed_place(a, moves, move), "a move that moved nothing")
        must(move.moved_by and move.moved_by_kind, "a move by nobody")
        must(move.answer == "none" or move.moved_by_kind != "patient", "a patient answered their own move")
        must((move.answered_at is None) == (move.answer in ("none", "open")), "an answer without its moment")
    at = [step.at for step in steps(a)]
    must(None not in at and at == sorted(at), "the steps are not in the order of time")
    closed = a.status in CLOSED
    must(closed == (a.closed_at is not None), "closed without a moment, or open with one")
    must(not closed or (a.closed_by and a.closed_by_kind), "closed by nobody")
    must(not a.undone_at or a.status == "cancelled", "undone, but it stands")
    must(a.ends_at > a.starts_at, "it ends before it begins")
    _trail(a, must)
    _occupied(a, must)
    return wrong


def _changed_place(a, moves, move) -> bool:
    later = [other for other in moves if other.id > move.id]
    return move.from_location_id != (later[0].from_location_id if later else a.location_id)


def _trail(a, must) -> None:
    rows = TrailEntry.select(TrailEntry.action).where(TrailEntry.subject == f"appointment {a.id}").tuples()
    told = [action for (action,) in rows]
    must(told.count("appointment booked") == 1, "the trail does not tell of one booking")
    must(told.count("appointment moved") == a.moves, "the trail tells of other moves")
    ended = told.count("appointment cancelled") + told.count("booking undone")
    must(ended == (a.status == "cancelled"), "the trail tells of another end")
    missed = told.count("appointment missed") - told.count("absence undone")
    must(missed == (a.status == "missed"), "the trail tells of another absence")


def _occupied(a, must) -> None:
    rows = list(Occupancy.select().where(Occupancy.appointment == a))
    people = [row for row in rows if row.provider_id]
    rooms = [row for row in rows if row.resource_id]
    if a.status not in LIVE:
        must(not rows, "it does not stand, and takes time all the same")
        return
    must(
        [(row.provider_id, row.patient_id, row.lane, row.starts_at, row.ends_at) for row in people]
        == [(a.provider_id, a.patient_id, a.lane, a.starts_at, a.ends_at)],
        "it does not take the time of its provider and patient",
    )
    needed = ServiceNeed.select().where(ServiceNeed.service == a.service_id)
    must(sorted(row.resource.kind_id for row in rooms) == sorted(need.kind_id for need in needed), "rooms are wrong")
    must(all(row.starts_at == a.starts_at and row.ends_at >= a.ends_at for row in rooms), "a room is not there in time")
    must(all(row.resource.location_id == a.location_id for row in rooms), "a room is elsewhere")
