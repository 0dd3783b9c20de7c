"""Who works here, invitations, and the faults that were reported."""

from flask import Blueprint, request, url_for
from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField, SelectChoice
from wtforms.validators import InputRequired

from models import Invitation, Provider, Staff
from rules import accounts, faults, people, trail
from rules.clinic import home_zone
from rules.refused import Refused
from views import guard, respond
from views.forms import EMAIL, obeys

area = Blueprint("people", __name__)

ROLES = [
    SelectChoice("desk", "Front desk: appointments, patients, payments"),
    SelectChoice("provider", "Provider: visits and patients’ records; no payments, no no-shows, no settings"),
    SelectChoice("owner", "Owner: everything, with the clinic’s details, people and faults"),
]


class InvitationForm(FlaskForm):
    email = EmailField("E-mail address", [obeys(accounts.tidy_email)], render_kw=dict(EMAIL, autocomplete="off"))
    role = RadioField("Role", [InputRequired("Choose a role")], choices=ROLES, invalid_choice_message="Choose a role")


class RoleForm(FlaskForm):
    role = RadioField("Role", [InputRequired("Choose a role")], choices=ROLES, invalid_choice_message="Choose a role")


@area.get("/staff/people")
@guard.audience("staff", "owner")
def overview():
    return overview_page(InvitationForm(formdata=None))


@area.post("/staff/people")
@guard.audience("staff", "owner")
def invite():
    form = InvitationForm()
    if form.validate():
        try:
            link, invitation = people.invite(form.email.data, form.role.data, guard.by())
        except Refused as no:
            respond.refuse(form, no)
        else:
            return link_page(link, invitation)
    return overview_page(form)


@area.post("/staff/people/invitations/<int:number>/withdrawal")
@guard.audience("staff", "owner")
def withdraw(number):
    people.withdraw(guard.found(Invitation, number), guard.by())
    return respond.done(url_for("people.overview"), "The link works no more.")


@area.get("/staff/people/<int:number>")
@guard.audience("staff", "owner")
def detail(number):
    staff = guard.found(Staff, number)
    return detail_page(staff, RoleForm(formdata=None, role=staff.role))


@area.post("/staff/people/<int:number>")
@guard.audience("staff", "owner")
def change_role(number):
    staff, form = guard.found(Staff, number), RoleForm()
    if form.validate():
        return told(staff, form, people.change_role, form.role.data, words=f"{staff.name} has a new role.")
    return detail_page(staff, form)


@area.post("/staff/people/<int:number>/archive")
@guard.audience("staff", "owner")
def archive(number):
    staff = guard.found(Staff, number)
    words = f"{staff.name} is archived and signed out everywhere."
    return told(staff, RoleForm(formdata=None, role=staff.role), people.archive, words=words)


@area.post("/staff/people/<int:number>/restoration")
@guard.audience("staff", "owner")
def restore(number):
    staff = guard.found(Staff, number)
    form = RoleForm(formdata=None, role=staff.role)
    return told(staff, form, people.restore, words=f"{staff.name} may sign in again.")


@area.post("/staff/people/<int:number>/link")
@guard.audience("staff", "owner")
def new_link(number):
    staff = guard.found(Staff, number)
    return link_page(*people.new_password_link(staff, guard.by()))


@area.get("/staff/faults")
@guard.audience("staff", "owner")
def faults_page():
    asked = request.args.get("q", "")
    return respond.page("staff/faults.html", asked=asked, faults=faults.found(asked), zone=home_zone())


@area.post("/staff/faults/trail")
@guard.audience("staff", "owner")
def check_trail():
    found = trail.check()
    return respond.page("staff/faults.html", asked="", faults=faults.found(""), zone=home_zone(), trail=found)


def overview_page(form):
    everybody = list(Staff.select().order_by(Staff.archived_at.is_null(False), Staff.name))
    return respond.form_page(
        "staff/people.html",
        form,
        everybody=everybody,
        roles=people.ROLES,
        open=people.open_invitations(),
        zone=home_zone(),
    )


def detail_page(staff, form):
    provider = Provider.get_or_none(Provider.staff == staff)
    return respond.form_page(
        "staff/people_detail.html",
        form,
        staff=staff,
        roles=people.ROLES,
        provider=provider,
        me=guard.me(),
        zone=home_zone(),
    )


def link_page(link, invitation):
    """The one time that this link is shown: nothing of it is kept, so the page itself is the answer."""
    role = people.ROLES[invitation.role]
    return respond.page("staff/people_link.html", link=link, invitation=invitation, role=role, zone=home_zone())


def told(staff, form, rule, *what, words):
    """Tell the rule; its "no" stands on the person's page."""
    try:
        rule(staff, *what, guard.by())
    except Refused as no:
        respond.refuse(form, no)
        return detail_page(staff, form)
    return respond.done(url_for("people.detail", number=staff.id), words)
