"""Plans, joining one, and leaving it."""

import secrets
from datetime import date, timedelta

from flask import Blueprint, url_for
from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import DataRequired

from models import AgreementVersion, Membership, Plan
from rules import markdown, memberships
from rules.clinic import home_zone
from rules.refused import Refused
from rules.words import date_words, money
from views import guard, respond
from views.forms import carried
from views.signature import SignatureForm

area = Blueprint("memberships", __name__)


class JoinForm(SignatureForm):
    """The signature, and what was on the screen when it was made."""

    request_key = HiddenField(validators=[DataRequired("Please load the page again, then sign once more")])
    agreement = HiddenField()
    price = HiddenField()


class LeaveForm(FlaskForm):
    until = HiddenField()


@area.get("/membership")
@guard.audience("patient")
def overview():
    membership = memberships.of(guard.me())
    if membership:
        return respond.page(
            "patient/memberships/member.html",
            membership=membership,
            price=memberships.price_words(membership),
            signed=markdown.render(membership.agreement.text),
            signature=membership.signatures.first(),
            zone=home_zone(),
        )
    return respond.page(
        "patient/memberships/plans.html",
        plans=memberships.offered(),
        price=memberships.price_words,
        past=memberships.past(guard.me()),
    )


@area.get("/membership/plans/<int:number>")
@guard.audience("patient")
def plan(number):
    plan = guard.found(Plan, number)
    agreement = memberships.agreement_of(plan)
    if plan.archived_at or agreement is None:
        return respond.done(url_for(".overview"), f"{plan.name} is no longer offered. Here is what is.")
    form = JoinForm(formdata=None, request_key=secrets.token_urlsafe(24))
    return join_page(form, plan, agreement)


@area.post("/membership/plans/<int:number>")
@guard.audience("patient")
def join(number):
    plan, form = guard.found(Plan, number), JoinForm()
    agreement = agreement_shown(form, plan)
    if form.validate():
        try:
            if not form.agreed.data:
                raise Refused("Tick the box to say that you have read the agreement and agree", field="agreed")
            memberships.join(
                guard.me(),
                plan,
                agreement,
                guard.by(),
                form.request_key.data[:64],
                price=form.price.data,
                method=form.method.data,
                signer_name=form.full_name.data,
                strokes=form.strokes.data,
            )
            return respond.done(url_for(".overview"), f"Welcome to {plan.name}. We have sent you a mail about it.")
        except Refused as no:
            respond.refuse(form, no)
            if no.field is None:  # not the signature is wrong but what it was put under: show what holds now
                agreement = memberships.agreement_of(plan)
                form.agreed.data = False
    return join_page(form, plan, agreement)


def agreement_shown(form, plan) -> AgreementVersion | None:
    """The version that this patient read; staff may have written another in the meantime."""
    return plan.agreements.where(AgreementVersion.id == carried(form.agreement.data)).first()


def join_page(form, plan, agreement):
    """The plan, its agreement and the signature; the form carries exactly what is shown."""
    agreement = agreement or memberships.agreement_of(plan)
    form.agreement.data, form.price.data = str(agreement.id), memberships.price_words(plan)
    today = memberships.today()
    next_day = memberships.day_of_period(today, plan.period, 1)
    return respond.form_page(
        "patient/memberships/plan.html",
        form,
        plan=plan,
        present=memberships.of(guard.me()),
        price=memberships.price_words(plan),
        agreement=markdown.render(agreement.text),
        first_day=today,
        last_day=next_day - timedelta(days=1),
        next_day=next_day,
    )


@area.get("/membership/<int:number>/end")
@guard.audience("patient")
def ending(number):
    membership = guard.mine(Membership, number)
    if membership.status == "ended":
        return respond.done(url_for(".overview"), "This membership has already ended.")
    return leave_page(LeaveForm(formdata=None), membership)


@area.post("/membership/<int:number>/end")
@guard.audience("patient")
def leave(number):
    membership, form = guard.mine(Membership, number), LeaveForm()
    try:
        until = date.fromisoformat(form.until.data or "")
        left = memberships.leave(membership, guard.by(), until)
    except ValueError:
        respond.refuse(form, Refused("Please read the page again, then confirm."))
    except Refused as no:
        respond.refuse(form, no)
    else:
        words = f"Your membership runs until the end of {date_words(left.ends_on)}. Nothing more will be charged."
        return respond.done(url_for(".overview"), words)
    return leave_page(form, membership)


def leave_page(form, membership):
    leaving = memberships.leaving(membership)
    form.until.data = leaving.last_day.isoformat()
    return respond.form_page(
        "patient/memberships/end.html",
        form,
        membership=membership,
        leaving=leaving,
        due=money(leaving.due_minor, membership.currency) if leaving.due_minor else "",
        price=memberships.price_words(membership),
    )


@area.post("/membership/<int:number>/continuation")
@guard.audience("patient")
def keep(number):
    kept = memberships.keep(guard.mine(Membership, number), guard.by())
    words = f"Your membership goes on. The next charge is on {date_words(kept.next_charge_on)}."
    return respond.done(url_for(".overview"), words)
