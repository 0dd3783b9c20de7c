"""An offer to somebody on the waitlist, opened by the link in its mail: one button to say yes, nobody signs in."""

from flask import Blueprint, abort, redirect, request, url_for
from flask_wtf import FlaskForm
from wtforms import HiddenField

from clock import now
from models import Policy
from rules import markdown, openings, policy, waitlist, words
from rules.refused import Refused
from views import guard, respond
from views.forms import carried

area = Blueprint("offers", __name__)


class YesForm(FlaskForm):
    policy = HiddenField()


@area.get("/offers/<int:number>/<token>")
@guard.audience("everyone")
def show(number, token):
    offer = named(number, token)
    return page(offer, token, YesForm(formdata=None))


@area.post("/offers/<int:number>/<token>")
@guard.audience("everyone")
def accept(number, token):
    offer, form = named(number, token), YesForm()
    accepted = Policy.get_or_none(Policy.id == carried(form.policy.data))
    try:
        if accepted is None and policy.current():
            raise Refused("Please read the cancellation policy below, and answer again.")
        waitlist.accept(offer, actor(offer), accepted=accepted)
    except Refused as no:
        if "over" not in no.facts:
            respond.refuse(form, Refused(no.words))
            return page(offer, token, form)
    return redirect(url_for(".show", number=number, token=token), 303)


@area.post("/offers/<int:number>/<token>/refusal")
@guard.audience("everyone")
def decline(number, token):
    offer = named(number, token)
    waitlist.decline(offer, actor(offer))
    return redirect(url_for(".show", number=number, token=token), 303)


def named(number, token):
    return waitlist.named(number, token) or abort(410)


def actor(offer):
    return waitlist.actor_of(
        offer.entry, ip=request.remote_addr or "", agent=(request.user_agent.string or "")[:300]
    )  # fmt: skip


def page(offer, token, form):
    """The offer as it stands now: to be answered, taken, or over, with what else is free."""
    state, current = waitlist.standing(offer, now()), policy.current()
    form.policy.data = current and current.id
    return respond.form_page(
        "offers/offer.html", form,
        offer=offer, state=state, number=offer.id, token=token, zone=offer.location.time_zone,
        left=words.minutes(offer.expires_at - now()) + 1,
        why=waitlist.said_no(state), policy_words=waitlist.policy_words(offer, current),
        policy_text=markdown.render(current.text) if current and state == "open" else "",
        instead=waitlist.instead(offer) if state in ("gone", "expired", "declined") else [],
        key=openings.key, spoken=openings.spoken,
    )  # fmt: skip
