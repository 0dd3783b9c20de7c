"""Rooms and devices: their own hours, clean-up time, and when they are out of use."""

from flask import Blueprint, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.fields import SelectChoice

from models import Location, Resource, ResourceOff
from rules import displaced, hours, locations, resources
from rules.refused import Refused
from rules.words import when
from views import guard, respond
from views.forms import Hour, Moment, WholeNumber, line, row_number

area = Blueprint("resources", __name__)
EDITORS = ("owner", "desk")
MIDNIGHT = 1440


class ResourceForm(FlaskForm):
    name = StringField("Name", render_kw={"maxlength": 80})
    location = SelectField("Location", coerce=row_number)
    kind = SelectField("Kind", coerce=row_number, validate_choice=False)
    new_kind = StringField("Or a new kind", render_kw={"maxlength": 80})
    room = RadioField("The new kind is", choices=[("room", "A room"), ("device", "A device")], default="room")
    cleanup_minutes = WholeNumber("Clean-up after each use, in minutes", *resources.CLEANUP, "minutes", default=0)

    def offer(self, resource=None):
        kept = resource.location_id if resource else None
        places = [it for it in locations.all_of_them() if it.archived_at is None or it.id == kept]
        self.location.choices = [SelectChoice(it.id, it.name) for it in places]
        self.kind.choices = [SelectChoice(0, "Choose one"), *(SelectChoice(it.id, it.name) for it in resources.kinds())]
        return self

    def facts(self):
        return {
            "name": self.name.data,
            "location": Location.get_or_none(Location.id == self.location.data),
            "kind": self.kind.data,
            "new_kind": self.new_kind.data or "",
            "room": self.room.data == "room",
            "cleanup_minutes": self.cleanup_minutes.data,
        }


class WeekForm(FlaskForm):
    """From and to of each weekday; empty means not on that day, and all empty means always."""

    sure = BooleanField("Save all the same")

    def week(self) -> dict:
        told = {}
        for day in range(7):
            opens, closes = (self[f"{side}_{day}"].minute() for side in ("opens", "closes"))
            if opens is None and closes is None:
                continue
            if opens is None or closes is None:
                raise Refused(f"Enter both times on {hours.WEEKDAYS[day]}, or none", f"opens_{day}")
            told[day] = (opens, closes or MIDNIGHT)
        return told


for number, name in enumerate(hours.WEEKDAYS):
    setattr(WeekForm, f"opens_{number}", Hour(f"{name} from"))
    setattr(WeekForm, f"closes_{number}", Hour(f"{name} to"))


class OffForm(FlaskForm):
    starts = Moment("From", "Enter the day and time at which it begins")
    ends = Moment("Until", "Enter the day and time at which it ends")
    reason = line("Reason", 120, "off")
    sure = BooleanField("Save all the same")


@area.get("/staff/rooms")
@guard.audience("staff")
def overview():
    off = {}
    for row in resources.off_ahead():
        off.setdefault(row.resource_id, []).append(row)
    weeks = {number: resources.week_words(week) for number, week in resources.weeks().items()}
    return respond.page(
        "staff/resources/resources.html", rows=resources.all_of_them(), kinds=resources.kinds(), weeks=weeks, off=off
    )


@area.get("/staff/rooms/new")
@guard.audience("staff", *EDITORS)
def new():
    return edit_page(ResourceForm(formdata=None).offer())


@area.post("/staff/rooms/new")
@guard.audience("staff", *EDITORS)
def add():
    form = ResourceForm().offer()
    if form.validate():
        try:
            made = resources.save(None, guard.by(), **form.facts())
            words = f"{made.name} is added. Tick its kind on the services that need one."
            return respond.done(url_for(".detail", number=made.id), words)
        except Refused as no:
            respond.refuse(form, no)
    return edit_page(form)


def edit_page(form):
    return respond.form_page("staff/resources/new.html", form)


@area.get("/staff/rooms/<int:number>")
@guard.audience("staff")
def detail(number):
    return detail_page(guard.found(Resource, number))


@area.post("/staff/rooms/<int:number>")
@guard.audience("staff", *EDITORS)
def change(number):
    resource = guard.found(Resource, number)
    form = ResourceForm().offer(resource)
    if form.validate():
        try:
            saved = resources.save(resource, guard.by(), **form.facts())
            return respond.done(url_for(".detail", number=number), f"Saved: {saved.name}.")
        except Refused as no:
            return refused(resource, no, form=form)
    return detail_page(resource, form=form)


@area.post("/staff/rooms/<int:number>/hours")
@guard.audience("staff", *EDITORS)
def change_hours(number):
    resource, form = guard.found(Resource, number), WeekForm()
    if form.validate():
        try:
            resources.set_week(resource, guard.by(), form.week(), sure=form.sure.data)
            return respond.done(url_for(".detail", number=number), "The hours are saved.")
        except Refused as no:
            return refused(resource, no, week_form=form)
    return detail_page(resource, week_form=form)


@area.post("/staff/rooms/<int:number>/off")
@guard.audience("staff", *EDITORS)
def add_off(number):
    resource, form = guard.found(Resource, number), OffForm()
    if form.validate():
        told = {name: form[name].data for name in ("starts", "ends", "reason", "sure")}
        try:
            off = resources.add_off(resource, guard.by(), **{**told, "reason": told["reason"] or ""})
            zone = resource.location.time_zone
            words = f"{resource.name} is out of use from {when(off.starts_at, zone)} until {when(off.ends_at, zone)}."
            return respond.done(url_for(".detail", number=number), words)
        except Refused as no:
            return refused(resource, no, off_form=form)
    return detail_page(resource, off_form=form)


@area.post("/staff/rooms/<int:number>/off/<int:off>/removal")
@guard.audience("staff", *EDITORS)
def remove_off(number, off):
    resources.remove_off(guard.found(ResourceOff.select().where(ResourceOff.resource == number), off), guard.by())
    return respond.done(url_for(".detail", number=number), "It is in use again.")


@area.post("/staff/rooms/<int:number>/archive")
@guard.audience("staff", *EDITORS)
def archive(number):
    resource = guard.found(Resource, number)
    try:
        resources.archive(resource, guard.by())
        return respond.done(url_for(".overview"), f"{resource.name} is archived.")
    except Refused as no:
        return refused(resource, no, wrong=FlaskForm(formdata=None))


@area.post("/staff/rooms/<int:number>/restoration")
@guard.audience("staff", *EDITORS)
def restore(number):
    resource = guard.found(Resource, number)
    resources.restore(resource, guard.by())
    return respond.done(url_for(".detail", number=number), f"{resource.name} is back.")


def refused(resource, no, **forms):
    respond.refuse(next(iter(forms.values())), no)
    return detail_page(resource, visits=no.facts.get("visits", ()), **forms)


def detail_page(resource, form=None, week_form=None, off_form=None, wrong=None, visits=()):
    """What it is, its hours, and when it is out of use; the form that came back with errors is the page's form."""
    page_form = wrong or form or week_form or off_form
    if form is None:
        form = ResourceForm(
            formdata=None, name=resource.name, location=resource.location_id, kind=resource.kind_id,
            cleanup_minutes=resource.cleanup_minutes,
        ).offer(resource)  # fmt: skip
    week = resources.weeks().get(resource.id, {})
    if week_form is None:
        week_form = WeekForm(formdata=None)
        for day, stretches in week.items():
            for side, minute in zip(("opens", "closes"), stretches[0], strict=True):
                week_form[f"{side}_{day}"].process_formdata([hours.clock(minute % MIDNIGHT)])
    return respond.form_page(
        "staff/resources/resource.html",
        page_form or form,
        resource=resource,
        resource_form=form,
        week_form=week_form,
        off_form=off_form or OffForm(formdata=None),
        weekdays=hours.WEEKDAYS,
        week=resources.week_words(week),
        off=resources.off_ahead(resource),
        displaced=visits,
        shown=displaced.SHOWN,
    )
