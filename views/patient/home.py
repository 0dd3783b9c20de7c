"""The patient's home page: what comes next, what is to do, what was, and where to go."""

from flask import Blueprint

from clock import now
from rules import charging, memberships, paperwork, visits
from views import guard, respond
from views.cards import card
from views.looked_after import looked_after

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
        family=looked_after(patient, at),
        membership=membership,
        may_join=membership is None and memberships.any_offered(),
        owed_minor=charging.owed_minor(patient),
    )
