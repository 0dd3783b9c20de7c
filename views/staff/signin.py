"""Staff sign in with a password, and set it through a one-time link."""

from flask import Blueprint, abort, redirect, request
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import DataRequired, EqualTo

from rules import accounts, people
from rules.refused import Refused
from views import entrance, guard, respond
from views.forms import line, obeys

area = Blueprint("staff_signin", __name__)


class SignInForm(FlaskForm):
    email = EmailField(
        "E-mail address", [DataRequired("Enter your e-mail address")], render_kw={"autocomplete": "username"}
    )
    password = PasswordField(
        "Password", [DataRequired("Enter your password")], render_kw={"autocomplete": "current-password"}
    )


class SetUpForm(FlaskForm):
    name = line("Your name", 120, "name", missing="Enter your name")
    email = EmailField("E-mail address", [obeys(accounts.tidy_email)], render_kw={"autocomplete": "username"})
    password = PasswordField(
        "Password", [DataRequired("Choose a password")], render_kw={"autocomplete": "new-password"}
    )
    again = PasswordField(
        "The same password again",
        [EqualTo("password", "The two passwords are not the same. Type them again.")],
        render_kw={"autocomplete": "new-password"},
    )


class PasswordForm(FlaskForm):
    current = PasswordField(
        "Your password now", [DataRequired("Enter your password")], render_kw={"autocomplete": "current-password"}
    )
    password = PasswordField(
        "New password", [DataRequired("Choose a password")], render_kw={"autocomplete": "new-password"}
    )
    again = PasswordField(
        "The new password again",
        [EqualTo("password", "The two passwords are not the same. Type them again.")],
        render_kw={"autocomplete": "new-password"},
    )


@area.get("/staff/sign-in")
@guard.audience("everyone")
def signin():
    back = entrance.own_path(request.args.get("next"), staff=True)
    if current_user.is_authenticated and current_user.kind == "staff":
        return redirect(back or "/staff", 303)
    return respond.form_page("staff/signin.html", SignInForm(formdata=None), next=back, why=entrance.why_here())


@area.post("/staff/sign-in")
@guard.audience("everyone")
def enter():
    form, back = SignInForm(), entrance.own_path(request.form.get("next"), staff=True)
    if form.validate():
        by = guard.by()
        try:
            staff = accounts.check_password(form.email.data, form.password.data, by.ip, by.agent)
        except Refused as no:
            respond.refuse(form, no)
        else:
            entrance.enter(staff, "password")
            return respond.done(back or "/staff")
    return respond.form_page("staff/signin.html", form, next=back, why="")


@area.get("/staff/setup/<token>")
@guard.audience("everyone")
def setup(token):
    invitation = people.invitation_of(token) or abort(404)
    return setup_page(setup_form(invitation, formdata=None), invitation)


@area.post("/staff/setup/<token>")
@guard.audience("everyone")
def set_up(token):
    invitation = people.invitation_of(token) or abort(404)
    form = setup_form(invitation)
    if form.validate():
        by = guard.by()
        name, email = (form[field].data if field in form else "" for field in ("name", "email"))
        try:
            staff = people.accept(token, name, email, form.password.data, by.ip, by.agent) or abort(404)
        except Refused as no:
            respond.refuse(form, no)
        else:
            entrance.enter(staff, "password")
            return respond.done("/staff", f"Welcome, {staff.name}. Your account is ready.")
    return setup_page(form, invitation)


@area.route("/staff/password", methods=["GET", "POST"])
@guard.audience("staff")
def password():
    form, by = PasswordForm(), guard.by()
    if form.validate_on_submit():
        try:
            people.change_password(guard.me(), form.current.data, form.password.data, by)
            return respond.done("/staff", "Your password is changed. You are signed out everywhere else.")
        except Refused as no:
            respond.refuse(form, no)
    return respond.form_page("staff/password.html", form)


@area.post("/staff/sign-out")
@guard.audience("everyone")
def sign_out():
    return entrance.goodbye("/staff/sign-in")


def setup_form(invitation, **how):
    """The form without what the invitation says already."""
    form = SetUpForm(**how)
    if invitation.email:
        del form.email
    if invitation.staff_id:
        del form.name
    return form


def setup_page(form, invitation):
    return respond.form_page("staff/setup.html", form, invitation=invitation, role=people.ROLES[invitation.role])
