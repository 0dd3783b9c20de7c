"""Whom a patient looks after, and the private address under which a calendar reads the visits of all of them."""

from types import SimpleNamespace

from flask import Blueprint, url_for

from rules import families, feeds, paperwork, visits
from rules.clinic import home_zone
from views import guard, respond
from views.cards import card

area = Blueprint("family", __name__)
MOST_SHOWN = 6  # visits of each on the home page; the page of the family has all of them


def looked_after(patient, at) -> list:
    """Those whom the patient acts for, each with their visits and open tasks: three queries, however many they are."""
    people = [it.other for it in families.may_act_for(patient)]
    if not people:
        return []
    lines, to_do = visits.upcoming_of(people, at), paperwork.action_required_of(people, at)
    return [
        SimpleNamespace(
            id=it.id, called=it.called, name=it.name, to_do=to_do[it.id], more=len(lines[it.id]) > MOST_SHOWN,
            upcoming=[card(line, at) for line in lines[it.id][:MOST_SHOWN]],
        )
        for it in people
    ]  # fmt: skip


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
