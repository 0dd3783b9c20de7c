"""The cancellation policy: what it says now, a new version, and all that were before."""

from flask import Blueprint, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Length, Optional

from models import Policy
from rules import markdown, policy, profile
from rules.clinic import home_zone, the_clinic
from rules.refused import Refused
from rules.words import money
from views import guard, respond
from views.forms import AmountField, WholeNumber

area = Blueprint("policies", __name__)

KINDS = [SelectChoice("fixed", "A fixed amount"), SelectChoice("percent", "A share of the price, in percent")]
SETTINGS = ("notice_hours", "fee_kind", "fee_value", "no_show_kind", "no_show_value", "late_move_costs")
EXAMPLE_PRICE = 400_00


class FeeField(AmountField):
    """An amount or a share, as the radio beside it says; both are typed as a number."""

    def _value(self):
        return super()._value().removesuffix(".00")


class PolicyForm(FlaskForm):
    notice_hours = WholeNumber("Free of charge until … hours before the start", 0, 720, "hours")
    fee_kind = RadioField("Cancelling later than that costs", choices=KINDS)
    fee_value = FeeField("How much for a late cancellation", missing="Enter how much; 0 for nothing")
    late_move_costs = BooleanField("Moving the appointment later than that costs the same")
    no_show_kind = RadioField("Not coming at all costs", choices=KINDS)
    no_show_value = FeeField("How much for not coming", missing="Enter how much; 0 for nothing")
    extra = TextAreaField(
        "Anything else that patients should read and accept",
        [Optional(), Length(max=4000, message="Use at most 4,000 letters")],
        filters=[profile.tidy_text],
    )

    def settings(self):
        """What the rule takes. Raises Refused for a share that is none."""
        told = {
            "notice_hours": self.notice_hours.data,
            "late_move_costs": self.late_move_costs.data,
            "extra": self.extra.data or "",
            "active": True,
        }
        for part in ("fee", "no_show"):
            kind, value = self[f"{part}_kind"].data, self[f"{part}_value"].data
            if kind == "percent" and (value % 100 or value > 100_00):
                raise Refused("Enter a whole percentage from 0 to 100", field=f"{part}_value")
            told[f"{part}_kind"], told[f"{part}_value"] = kind, value // 100 if kind == "percent" else value
        return told


@area.get("/staff/policy")
@guard.audience("staff")
def overview():
    return respond.page(
        "staff/policies/policy.html",
        current=policy.current(),
        versions=list(Policy.select().order_by(Policy.number.desc())),
        render=markdown.render,
        zone=home_zone(),
    )


@area.get("/staff/policy/draft")
@guard.audience("staff", "owner")
def draft():
    last = Policy.select().where(Policy.active).order_by(Policy.number.desc()).first()
    if last is None:
        start = {"notice_hours": 48, "fee_kind": "fixed", "no_show_kind": "percent", "no_show_value": 100_00}
        return draft_page(PolicyForm(formdata=None, **start))
    _ours, _blank, own = last.text.partition("\n\n")  # the first paragraph is made from the numbers
    form = PolicyForm(formdata=None, obj=last, extra=own)
    for part in ("fee", "no_show"):
        if form[f"{part}_kind"].data == "percent":
            form[f"{part}_value"].data *= 100
    return draft_page(form)


@area.post("/staff/policy/draft")
@guard.audience("staff", "owner")
def preview():
    """The patient's text of what was typed, with the way on and the way back."""
    form = PolicyForm()
    settings = checked(form)
    if settings is None:
        return draft_page(form)
    currency = the_clinic().currency
    return respond.page(
        "staff/policies/preview.html",
        form=form,
        text=markdown.render(policy.text_of(currency=currency, **settings)),
        example=money(EXAMPLE_PRICE, currency),
        late=money(policy.of_price(settings["fee_kind"], settings["fee_value"], EXAMPLE_PRICE), currency),
        missed=money(policy.of_price(settings["no_show_kind"], settings["no_show_value"], EXAMPLE_PRICE), currency),
    )


@area.post("/staff/policy/draft/return")
@guard.audience("staff", "owner")
def back():
    """From the preview to the form, with all that was typed."""
    return draft_page(PolicyForm())


@area.post("/staff/policy")
@guard.audience("staff", "owner")
def publish():
    form = PolicyForm()
    settings = checked(form)
    if settings is None:
        return draft_page(form)
    now = policy.current()
    if now and now.text == policy.text_of(currency=the_clinic().currency, **settings):
        return respond.done(url_for(".overview"), f"Version {now.number} says exactly this already.")
    version = policy.write(guard.by(), **settings)
    words = f"Version {version.number} is in force for every booking from now on. Earlier bookings keep theirs."
    return respond.done(url_for(".overview"), words)


@area.post("/staff/policy/withdrawal")
@guard.audience("staff", "owner")
def withdraw():
    """From now on, no policy: a version of its own, so that the list tells when."""
    last = policy.current()
    if last:
        policy.write(guard.by(), **{name: getattr(last, name) for name in SETTINGS}, active=False)
    return respond.done(url_for(".overview"), "New bookings have no cancellation policy. Earlier bookings keep theirs.")


def checked(form) -> dict | None:
    """The settings of a sound form; None after putting every "no" beside its field."""
    if not form.validate():
        return None
    try:
        return form.settings()
    except Refused as no:
        respond.refuse(form, no)
        return None


def draft_page(form):
    return respond.form_page("staff/policies/draft.html", form, currency=the_clinic().currency)
