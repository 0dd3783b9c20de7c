"""The card of an appointment, wherever a patient sees one."""

from types import SimpleNamespace

from flask import g, url_for

from rules import visits, words


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
    )
