"""The patient's own details: all on one page, one small form for each part, and a new e-mail address by code."""

from flask import Blueprint, abort, redirect, session, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, EmailField, TelField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from models import LoginCode
from rules import accounts, profile
from rules.refused import Refused
from views import guard, respond
from views.forms import EMAIL, CodeForm, line, obeys

area = Blueprint("profile", __name__)

LONG = [
    Optional(),
    Length(max=profile.LONGEST_HEALTH, message=f"Use at most {profile.LONGEST_HEALTH:,} letters"),
]


class NamesForm(FlaskForm):
    first_name = line("First name", 80, "given-name", missing="Enter your first name")
    last_name = line("Last name", 80, "family-name", missing="Enter your last name")
    preferred_name = line("What we call you", 80, "nickname")
    pronouns = line("Pronouns", 40, "off")
    birth_date = DateField(
        "Birth date",
        [DataRequired("Enter your birth date"), obeys(profile.tidy_birth_date)],
        render_kw={"autocomplete": "bday"},
    )


class ContactForm(FlaskForm):
    phone = TelField(
        "Mobile phone",
        [DataRequired("Enter your phone number"), obeys(profile.tidy_phone)],
        render_kw={"autocomplete": "tel"},
    )


class AddressForm(FlaskForm):
    street = line("Street and number", 200, "street-address")
    city = line("Town or city", 100, "address-level2")
    region = line("State, province or county", 100, "address-level1")
    postal_code = line("ZIP or postal code", 20, "postal-code")
    country = line("Country", 60, "country-name")


class EmergencyForm(FlaskForm):
    emergency_name = line("Name", 120, "off")
    emergency_relation = line("Who they are to you", 60, "off")
    emergency_phone = TelField(
        "Phone", [Optional(), obeys(profile.tidy_phone)], filters=[profile.tidy], render_kw={"autocomplete": "off"}
    )


class HealthForm(FlaskForm):
    allergies = TextAreaField("Allergies", LONG, filters=[profile.tidy_text])
    medication = TextAreaField("Medication", LONG, filters=[profile.tidy_text])
    medical_notes = TextAreaField("Medical notes", LONG, filters=[profile.tidy_text])


class MessagesForm(FlaskForm):
    care_by_email = BooleanField("E-mail me about my care: instructions before and after a visit")
    marketing_by_email = BooleanField("E-mail me the clinic’s news and offers")


class NewEmailForm(FlaskForm):
    email = EmailField("New e-mail address", [obeys(accounts.tidy_email)], render_kw=EMAIL)


FORMS = {
    "names": NamesForm,
    "contact": ContactForm,
    "address": AddressForm,
    "emergency": EmergencyForm,
    "health": HealthForm,
    "messages": MessagesForm,
}


@area.get("/profile")
@guard.audience("patient")
def overview():
    return respond.page("patient/profile.html", me=guard.me(), phone=profile.phone_words)


@area.get("/profile/<section>")
@guard.audience("patient")
def section(section):
    form = form_of(section)(formdata=None, obj=guard.me())
    return section_page(section, form)


@area.post("/profile/<section>")
@guard.audience("patient")
def save(section):
    form = form_of(section)()
    if form.validate():
        values = {name: form[name].data for name in profile.SECTIONS[section]}
        changed = profile.save(guard.me(), section, values, guard.by())
        return respond.done(url_for("profile.overview"), "Saved." if changed else None)
    return section_page(section, form)


@area.get("/profile/email")
@guard.audience("patient")
def email():
    return email_page(NewEmailForm(formdata=None))


@area.post("/profile/email")
@guard.audience("patient")
def ask_email():
    form = NewEmailForm()
    if form.validate():
        try:
            code = profile.ask_email(guard.me(), form.email.data, guard.browser_secret(), guard.by())
        except Refused as no:
            respond.refuse(form, no)
        else:
            session["asked_email"] = code.id
            return redirect(url_for("profile.email_code"), 303)
    return email_page(form)


@area.get("/profile/email/code")
@guard.audience("patient")
def email_code():
    asked = asked_code()
    return code_page(CodeForm(formdata=None), asked) if asked else redirect(url_for("profile.email"), 303)


@area.post("/profile/email/code")
@guard.audience("patient")
def prove_email():
    asked, form = asked_code(), CodeForm()
    if asked is None:
        return redirect(url_for("profile.email"), 303)
    if form.validate():
        try:
            profile.change_email(guard.me(), asked.id, asked.asked_by, form.code.data, guard.by())
        except Refused as no:
            respond.refuse(form, no)
        else:
            session.pop("asked_email", None)
            words = f"Your e-mail address is now {asked.email}. You are signed out on every other device."
            return respond.done(url_for("profile.overview"), words)
    return code_page(form, asked)


@area.post("/profile/email/code/renewal")
@guard.audience("patient")
def renew_email_code():
    asked, form = asked_code(), CodeForm(formdata=None)
    if asked is None:
        return redirect(url_for("profile.email"), 303)
    try:
        session["asked_email"] = accounts.ask_again(asked, guard.by().ip).id
    except Refused as no:
        respond.refuse(form, no)
        return code_page(form, asked)
    return respond.done(url_for("profile.email_code"), "We made a new code. The ones before it work no more.")


def form_of(section):
    return FORMS.get(section) or abort(404)


def section_page(section, form):
    return respond.form_page("patient/profile_section.html", form, "profile_form", section=section)


def email_page(form):
    return respond.form_page("patient/profile_email.html", form)


def code_page(form, asked):
    return respond.form_page("patient/profile_email_code.html", form, email=asked.email)


def asked_code():
    """The code this patient asked for in this browser, for a new address."""
    return LoginCode.get_or_none(
        LoginCode.id == session.get("asked_email"),
        LoginCode.patient == guard.me(),
        LoginCode.asked_by == guard.browser_secret(),
    )
