"""The patient's home page: what comes next, what is to do, what was, and where to go."""

from types import SimpleNamespace

from flask import Blueprint, g, url_for

from clock import now
from rules import charging, memberships, paperwork, visits, words
from views import guard, respond

area = Blueprint("home", __name__)
UPCOMING, PAST = 6, 4


@area.get("/")
@guard.audience("patient")
def home():
    at, patient = now(), guard.me()
    coming = visits.upcoming(patient, at, UPCOMING + 1)
    gone = visits.past(patient, at, PAST + 1)
    membership = memberships.of(patient)
    upcoming = [card(row, at) for row in coming[:UPCOMING]]
    return respond.page(
        "patient/home.html",
        patient=patient,
        next_visit=next((a for a in upcoming if not a.begun), upcoming[0] if upcoming else None),
        upcoming=upcoming,
        past=[card(row, at) for row in gone[:PAST]],
        more=len(coming) > UPCOMING or len(gone) > PAST,
        to_do=paperwork.action_required(patient, at),
        after=paperwork.post_treatment(patient, at),
        membership=membership,
        may_join=membership is None and memberships.any_offered(),
        owed_minor=charging.owed_minor(patient),
    )


def card(row, at):
    """What an appointment card shows."""
    return SimpleNamespace(
        href=url_for("appointments.detail", number=row.id),
        when=words.when(row.starts_at, row.time_zone),
        location_name=row.location_name,
        service_name=row.service_name,
        provider_name=row.provider_name,
        status_words=visits.status_words(row, at),
        upcoming=row.status in ("booked", "arrived") and row.ends_at > at,
        begun=row.starts_at <= at,
        free_until_words=visits.free_until_words(row, at, g.clinic.grace_minutes),
    )
