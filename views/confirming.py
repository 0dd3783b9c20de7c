"""The page on which the desk says yes to a booking or a move, with the nearest free times where the time is gone."""

from uuid import uuid4

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField

from models import Policy
from rules import markdown, openings, policy, prerequisites, scheduling
from rules.refused import Refused
from views import guard, respond
from views.forms import carried


class SlotForm(FlaskForm):
    slot = HiddenField()


class BookForm(SlotForm):
    request_key = HiddenField()
    policy = HiddenField()  # the version that was on the page
    accepted = BooleanField("The patient has heard the cancellation policy and accepts it")
    sure = BooleanField("Book it all the same")

    def book(self, patient, parts):
        """Book these parts as the form says; raises Refused."""
        read = Policy.get_or_none(Policy.id == carried(self.policy.data)) if self.accepted.data else None
        return scheduling.book_all(
            patient, parts, by=guard.by(), request_key=self.request_key.data, policy=read, sure=self.sure.data
        )


def to_book(form, gone, patient, back, facts, lacking, here=None):
    """Before a booking: what is booked, what should have come first, and the policy."""
    current = policy.current()
    form.request_key.data = form.request_key.data or uuid4().hex
    form.policy.data = current and current.id
    return page(
        form, gone, "Book this visit?", patient.name, back, "Book", facts,
        policy_text=markdown.render(current.text) if current else "", lacking=lacking, here=here,
    )  # fmt: skip


def page(form, gone, title, lead, back, verb, facts, policy_text="", lacking=(), leaning=(), here=None):
    """The page that asks before anything is changed; `gone` is the Refused when it cannot be, or None."""
    nearest = gone and (gone.facts.get("arrangements") or gone.facts.get("nearest"))
    if gone:
        respond.refuse(form, Refused(gone.words))
    return respond.form_page(
        "staff/appointments/confirmation.html", form, title=title, lead=lead, back=back, verb=verb, facts=facts,
        policy_text=policy_text, lacking=[prerequisites.distance(it.prerequisite) for it in lacking],
        gone=nearest is not None, nearest=nearest or [], leaning=leaning,
        key=openings.key, spoken=openings.spoken, here=here or request.path,
    )  # fmt: skip
