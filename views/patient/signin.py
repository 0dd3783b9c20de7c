"""Signing in with an e-mailed code, registering, signing out."""

from flask import Blueprint, redirect, request, session, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, EmailField, TelField
from wtforms.validators import DataRequired

from models import LoginCode
from rules import accounts, profile
from rules.refused import Refused
from views import entrance, guard, respond
from views.forms import EMAIL, CodeForm, line, obeys

area = Blueprint("signin", __name__)


class EmailForm(FlaskForm):
    email = EmailField("E-mail address", [obeys(accounts.tidy_email)], render_kw=EMAIL)


class RegisterForm(FlaskForm):
    first_name = line("First name", 80, "given-name", missing="Enter your first name")
    last_name = line("Last name", 80, "family-name", missing="Enter your last name")
    birth_date = DateField(
        "Birth date",
        [DataRequired("Enter your birth date"), obeys(profile.tidy_birth_date)],
        render_kw={"autocomplete": "bday"},
    )
    email = EmailField("E-mail address", [obeys(accounts.tidy_email)], render_kw=EMAIL)
    phone = TelField(
        "Mobile phone",
        [DataRequired("Enter your phone number"), obeys(profile.tidy_phone)],
        render_kw={"autocomplete": "tel"},
    )
    marketing_by_email = BooleanField("Also send me the clinic’s news and offers")


@area.get("/sign-in")
@guard.audience("everyone")
def start():
    back = entrance.own_path(request.args.get("next"))
    if entrance.is_patient():
        return redirect(back or url_for("home.home"), 303)
    return sign_in_page(EmailForm(formdata=None), back, entrance.why_here())


@area.post("/sign-in")
@guard.audience("everyone")
def ask():
    form, back = EmailForm(), entrance.own_path(request.form.get("next"))
    if form.validate():
        try:
            code = accounts.sign_in_code(form.email.data, guard.browser_secret(), entrance.address())
            return to_the_code(code, back)
        except Refused as no:
            respond.refuse(form, no)
    return sign_in_page(form, back)


@area.get("/register")
@guard.audience("everyone")
def registration():
    back = entrance.own_path(request.args.get("next"))
    if entrance.is_patient():
        return redirect(back or url_for("home.home"), 303)
    return respond.form_page("patient/register.html", RegisterForm(formdata=None), next=back)


@area.post("/register")
@guard.audience("everyone")
def register():
    form, back = RegisterForm(), entrance.own_path(request.form.get("next"))
    if form.validate():
        try:
            code = accounts.register(
                form.email.data,
                guard.browser_secret(),
                entrance.address(),
                first_name=form.first_name.data,
                last_name=form.last_name.data,
                birth_date=form.birth_date.data.isoformat(),
                phone=form.phone.data,
                marketing_by_email=form.marketing_by_email.data,
            )
            return to_the_code(code, back)
        except Refused as no:
            respond.refuse(form, no)
    return respond.form_page("patient/register.html", form, next=back)


@area.get("/sign-in/code")
@guard.audience("everyone")
def code():
    asked = asked_code()
    return code_page(CodeForm(formdata=None), asked) if asked else redirect(url_for("signin.start"), 303)


@area.post("/sign-in/code")
@guard.audience("everyone")
def prove():
    asked, form = asked_code(), CodeForm()
    if asked is None:
        return redirect(url_for("signin.start"), 303)
    if form.validate():
        by, back = guard.by(), session.get("next")
        try:
            patient = accounts.prove(asked.id, asked.asked_by, form.code.data, by.ip, by.agent)
        except Refused as no:
            respond.refuse(form, no)
        else:
            entrance.enter(patient, "email code")
            words = f"Welcome, {patient.called}. You are signed in." if asked.purpose == "register" else None
            there = url_for("kept.page") if "kept" in session else entrance.own_path(back)
            return respond.done(there or url_for("home.home"), words)
    return code_page(form, asked)


@area.post("/sign-in/code/renewal")
@guard.audience("everyone")
def renew():
    asked, form = asked_code(), CodeForm(formdata=None)
    if asked is None:
        return redirect(url_for("signin.start"), 303)
    try:
        session["asked"] = accounts.ask_again(asked, entrance.address()).id
    except Refused as no:
        respond.refuse(form, no)
        return code_page(form, asked)
    return respond.done(url_for("signin.code"), "We made a new code. The ones before it work no more.")


@area.post("/sign-out")
@guard.audience("everyone")
def sign_out():
    is_staff = current_user.is_authenticated and current_user.kind == "staff"
    return entrance.goodbye("/staff/sign-in" if is_staff else "/sign-in")


def sign_in_page(form, back, why=""):
    return respond.form_page("patient/signin.html", form, next=back, why=why)


def code_page(form, asked):
    return respond.form_page(
        "patient/signin_code.html", form, email=asked.email, registering=asked.purpose == "register"
    )


def to_the_code(code, back):
    """On to the code; which one was asked for, and where the person was going, stay in this browser's cookie."""
    session["asked"], session["next"] = code.id, back
    return redirect(url_for("signin.code"), 303)


def asked_code():
    return LoginCode.get_or_none(LoginCode.id == session.get("asked"), LoginCode.asked_by == guard.browser_secret())
