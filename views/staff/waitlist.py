"""The waitlist as staff see it: who waits for what, what was offered and what became of it, and ending an entry."""

from flask import Blueprint, url_for

from clock import now
from models import WaitlistEntry
from rules import waitlist
from rules.clinic import home_zone
from views import guard, respond

area = Blueprint("staff_waitlist", __name__)
OFFER_WORDS = {
    "open": ("Offered now", "upcoming"),
    "accepted": ("Said yes", "good"),
    "declined": ("Said no", "calm"),
    "gone": ("Somebody was faster", "calm"),
    "expired": ("No answer in time", "warn"),
}
ENTRY_WORDS = {"booked": "Booked", "left": "Left by the patient", "over": "Over"}
ENDED = 20


@area.get("/staff/waitlist")
@guard.audience("staff")
def listed():
    waiting, ended = waitlist.listed(), waitlist.listed("ended", ENDED)
    return respond.page(
        "staff/waitlist/listed.html",
        waiting=waiting,
        ended=ended,
        offers=waitlist.offers_of([entry.id for entry in [*waiting, *ended]]),
        wish_words=waitlist.wish_words,
        offer_words=said,
        entry_words=ENTRY_WORDS,
        zone=home_zone(),
    )


def said(offer):
    """What became of an offer: words and the kind of badge; one that ran out says so before anybody noted it."""
    ran_out = offer.status == "open" and offer.expires_at <= now()
    return OFFER_WORDS["expired" if ran_out else offer.status]


@area.post("/staff/waitlist/<int:number>/end")
@guard.audience("staff", "owner", "desk")
def end(number):
    entry = guard.found(WaitlistEntry, number)
    ended = waitlist.leave(entry, guard.by())
    name = entry.patient.name
    return respond.done(
        url_for(".listed"),
        f"{name} does not wait any more." if ended else f"This had ended already for {name}.",
    )
