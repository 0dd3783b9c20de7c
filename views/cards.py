"""The card of an appointment, wherever a patient sees one."""

from types import SimpleNamespace

from flask import g, url_for

from rules import lateness, visits, words


def card(line, at):
    """A line of rules/visits.py as the `appointment_card` of parts.html shows it."""
    return SimpleNamespace(
        href=url_for("appointments.detail", number=line.id),
        when=words.when(line.starts_at, line.time_zone),
        location_name=line.location_name,
        service_name=line.service_name,
        provider_name=line.provider_name,
        status_words=visits.status_words(line, at),
        upcoming=line.to_come(at),
        begun=line.starts_at <= at,
        blocked=line.blocked and line.starts_at > at,
        free_until_words=visits.free_until_words(line, at, g.clinic.grace_minutes),
        moved=_moved(line, at),
        undo=_undo(line, at),
        late_href=url_for("lateness.show", number=line.id) if lateness.choices(line, at) else "",
    )


def _moved(line, at):
    """What the clinic changed and the patient has not answered: old, new, and where each answer leads; or None."""
    if not line.unanswered(at):
        return None
    return SimpleNamespace(
        old=words.when(line.moved.from_starts_at, line.moved.from_time_zone),
        new=words.when(line.starts_at, line.time_zone),
        after=visits.accepting_words(line, at, g.clinic.grace_minutes),
        shown=line.moved.id,
        accept=url_for("changes.accept", number=line.id),
        move=url_for("appointments.free", number=line.id),
        cancel=url_for("appointments.cancellation", number=line.id),
    )


def _undo(line, at):
    """Until when the booking can be taken back, and where; or None."""
    until = visits.undo_until(line, at, g.clinic.grace_minutes)
    if until is None:
        return None
    return SimpleNamespace(
        until=words.time_of_day(until, line.time_zone),
        href=url_for("changes.undo", number=line.id),
        several=bool(line.visit_key),
    )
