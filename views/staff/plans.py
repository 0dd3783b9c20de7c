"""Membership plans, their agreements and members."""

from flask import Blueprint, url_for
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from models import AgreementVersion, Plan
from rules import markdown, memberships, plans, profile
from rules.clinic import home_zone, the_clinic
from rules.refused import Refused
from views import guard, respond
from views.forms import AmountField, line

area = Blueprint("plans", __name__)


def agreement_field():
    return TextAreaField(
        "Agreement",
        [
            DataRequired("Enter the text that members sign"),
            Length(max=40_000, message="Use at most 40,000 letters"),
        ],
        filters=[profile.tidy_text],
    )


class PlanForm(FlaskForm):
    name = line("Name", 120, "off", missing="Enter the plan’s name")
    summary = TextAreaField(
        "In one sentence",
        [Optional(), Length(max=400, message="Use at most 400 letters")],
        filters=[profile.tidy_text],
    )
    benefits = TextAreaField(
        "What it gives",
        [Optional(), Length(max=2000, message="Use at most 2,000 letters")],
        filters=[profile.tidy_text],
    )
    price_minor = AmountField("Price of a period", missing="Enter the price; 0 for a free plan")
    period = RadioField(
        "Charged", choices=[SelectChoice("month", "Every month"), SelectChoice("year", "Every year")], default="month"
    )

    def details(self):
        told = {name: self[name].data for name in ("name", "summary", "benefits", "price_minor", "period")}
        return {**told, "summary": told["summary"] or "", "benefits": told["benefits"] or ""}


class NewPlanForm(PlanForm):
    agreement = agreement_field()


class AgreementForm(FlaskForm):
    text = agreement_field()


@area.get("/staff/plans")
@guard.audience("staff")
def overview():
    return respond.page("staff/plans/plans.html", plans=plans.all_of_them(), price=memberships.price_words)


@area.get("/staff/plans/new")
@guard.audience("staff", "owner")
def new():
    return plan_page(NewPlanForm(formdata=None))


@area.post("/staff/plans/new")
@guard.audience("staff", "owner")
def add():
    form = NewPlanForm()
    if form.validate():
        try:
            plan = plans.add(guard.by(), **form.details(), agreement=form.agreement.data)
            return respond.done(url_for(".detail", number=plan.id), f"{plan.name} is offered from now on.")
        except Refused as no:
            respond.refuse(form, no)
    return plan_page(form)


@area.get("/staff/plans/<int:number>")
@guard.audience("staff")
def detail(number):
    plan = guard.found(Plan, number)
    versions = list(plan.agreements.order_by(AgreementVersion.number.desc()))
    return respond.page(
        "staff/plans/plan.html",
        plan=plan,
        price=memberships.price_words,
        versions=versions,
        render=markdown.render,
        members=plans.members_of(plan),
        zone=home_zone(),
    )


@area.get("/staff/plans/<int:number>/edit")
@guard.audience("staff", "owner")
def edit(number):
    plan = guard.found(Plan, number)
    return plan_page(PlanForm(formdata=None, obj=plan), plan)


@area.post("/staff/plans/<int:number>/edit")
@guard.audience("staff", "owner")
def change(number):
    plan, form = guard.found(Plan, number), PlanForm()
    if form.validate():
        try:
            plans.change(plan, guard.by(), **form.details())
            return respond.done(url_for(".detail", number=number), "Saved. Members keep the price they joined at.")
        except Refused as no:
            respond.refuse(form, no)
    return plan_page(form, plan)


def plan_page(form, plan=None):
    return respond.form_page("staff/plans/edit.html", form, plan=plan, currency=the_clinic().currency)


@area.get("/staff/plans/<int:number>/agreement")
@guard.audience("staff", "owner")
def agreement(number):
    plan = guard.found(Plan, number)
    current = memberships.agreement_of(plan)
    return agreement_page(AgreementForm(formdata=None, text=current.text if current else ""), plan)


@area.post("/staff/plans/<int:number>/agreement")
@guard.audience("staff", "owner")
def write_agreement(number):
    plan, form = guard.found(Plan, number), AgreementForm()
    if form.validate():
        version = plans.write_agreement(plan, guard.by(), form.text.data)
        words = f"Version {version.number} is signed by whoever joins from now on."
        return respond.done(url_for(".detail", number=number), words)
    return agreement_page(form, plan)


def agreement_page(form, plan):
    return respond.form_page("staff/plans/agreement.html", form, plan=plan)


@area.post("/staff/plans/<int:number>/archive")
@guard.audience("staff", "owner")
def archive(number):
    plan = guard.found(Plan, number)
    plans.archive(plan, guard.by())
    return respond.done(url_for(".detail", number=number), f"{plan.name} can no longer be joined.")


@area.post("/staff/plans/<int:number>/restoration")
@guard.audience("staff", "owner")
def restore(number):
    plan = guard.found(Plan, number)
    plans.restore(plan, guard.by())
    return respond.done(url_for(".detail", number=number), f"{plan.name} can be joined again.")
