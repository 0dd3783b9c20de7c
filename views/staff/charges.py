"""Money as the desk sees it: what is owed, and taking, waiving or giving back one charge."""

from flask import Blueprint, url_for
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from models import Charge, Patient
from rules import charging, records, trail
from rules.clinic import home_zone
from rules.refused import Refused
from views import guard, respond

area = Blueprint("charges", __name__)
SHORT = Length(max=300, message="Keep it to 300 characters or fewer")


class PaymentForm(FlaskForm):
    how = StringField("How was it paid?", [SHORT])


class WaiverForm(FlaskForm):
    why = TextAreaField("Reason", [InputRequired("Enter why this charge is waived"), SHORT])


class RefundForm(FlaskForm):
    why = TextAreaField("Reason", [InputRequired("Enter why this charge is given back"), SHORT])


@area.get("/staff/charges")
@guard.audience("staff")
def owed():
    charges = records.owed()
    return respond.page(
        "staff/charges/owed.html",
        charges=charges,
        total=sum(charge.amount_minor for charge in charges),
        reasons=charging.REASONS,
        zone=home_zone(),
    )


@area.get("/staff/charges/<int:number>")
@guard.audience("staff")
def detail(number):
    charge = _charge(number)
    trail.looked(guard.by(), charge.patient, "charge")
    return _show(charge)


@area.post("/staff/charges/<int:number>/payment")
@guard.audience("staff", "owner", "desk")
def payment(number):
    form = PaymentForm()
    return _settle(number, form, "Noted as paid.", lambda charge, by: charging.mark_paid(charge, by, form.how.data))


@area.post("/staff/charges/<int:number>/waiver")
@guard.audience("staff", "owner", "desk")
def waiver(number):
    form = WaiverForm()
    return _settle(number, form, "The charge is waived.", lambda charge, by: charging.waive(charge, by, form.why.data))


@area.post("/staff/charges/<int:number>/refund")
@guard.audience("staff", "owner", "desk")
def refund(number):
    form = RefundForm()
    return _settle(
        number, form, "The charge is given back.", lambda charge, by: charging.refund(charge, by, form.why.data)
    )


def _charge(number) -> Charge:
    return guard.found(Charge.select(Charge, Patient).join(Patient), number)


def _settle(number, form, words, rule):
    charge = _charge(number)
    if form.validate_on_submit():
        try:
            rule(charge, guard.by())
            return respond.done(url_for(".detail", number=number), words)
        except Refused as no:
            respond.refuse(form, no)
            charge = _charge(number)
    return _show(charge, form)


def _show(charge, sent=None):
    """The charge with the forms that its status allows; `sent` is the one that came back with errors."""
    forms = {type(form): form for form in (PaymentForm(None), WaiverForm(None), RefundForm(None))}
    if sent is not None:
        forms[type(sent)] = sent
    return respond.form_page(
        "staff/charges/detail.html",
        sent or forms[PaymentForm],
        charge=charge,
        paying=forms[PaymentForm],
        waiving=forms[WaiverForm],
        refunding=forms[RefundForm],
        reasons=charging.REASONS,
        charge_words=charging.STATUSES,
        zone=home_zone(),
    )
