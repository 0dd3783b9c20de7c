"""Whom a patient looks after, and the private address under which a calendar reads the visits of all of them."""

from flask import Blueprint, url_for

from rules import families, feeds
from rules.clinic import home_zone
from views import guard, respond

area = Blueprint("family", __name__)


@area.get("/family")
@guard.audience("patient")
def overview():
    return respond.page(
        "patient/family/overview.html",
        people=families.may_act_for(guard.me()),
        by_others=families.acted_for_by(guard.me()),
        feed=feeds.of(guard.me()),
        zone=home_zone(),
    )


@area.post("/family/calendar")
@guard.audience("patient")
def make_feed():
    """The address stands on this one answer and nowhere else: only its digest is kept."""
    token = feeds.make(guard.me(), guard.by())
    return respond.page("patient/family/calendar.html", address=feeds.address_of(token))


@area.post("/family/calendar/end")
@guard.audience("patient")
def end_feed():
    feeds.revoke(guard.me(), guard.by())
    return respond.done(url_for(".overview"), "The calendar link is closed. Calendars that used it find nothing more.")
