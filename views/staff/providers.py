"""Providers, their weekly hours and their time off."""

from flask import Blueprint, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField
from wtforms.fields import SelectChoice

from models import Location, Provider, Staff, TimeOff, WorkingHours
from rules import displaced, exceptions, hours, locations, providers
from rules.refused import Refused
from rules.words import count, when
from views import guard, respond
from views.forms import Clock, Moment, WholeNumber, line, row_number

area = Blueprint("providers", __name__)
MIDNIGHT = 1440


class ProviderForm(FlaskForm):
    name = line("Name", 120, "off", missing="Enter the provider’s name")
    title = line("Title", 80, "off")
    staff = SelectField("Account", coerce=row_number)
    buffer_before_minutes = WholeNumber("Pause before, in minutes", 0, 240, "minutes", default=0)
    buffer_after_minutes = WholeNumber("Pause after, in minutes", 0, 240, "minutes", default=0)


class HoursForm(FlaskForm):
    weekday = SelectField("Day", coerce=row_number, choices=[SelectChoice(*each) for each in enumerate(hours.WEEKDAYS)])
    location = SelectField("Location", coerce=row_number)
    opens = Clock("From", "Enter when the work begins, like 09:00")
    closes = Clock("To", "Enter when the work ends, like 17:00")


class StretchForm(FlaskForm):
    opens = Clock("From", "Enter when the work begins, like 09:00")
    closes = Clock("To", "Enter when the work ends, like 17:00")
    sure = BooleanField("Save all the same")


class RemovalForm(FlaskForm):
    sure = BooleanField("Remove it all the same")


class TimeOffForm(FlaskForm):
    starts = Moment("From", "Enter the day and time at which it begins")
    ends = Moment("Until", "Enter the day and time at which it ends")
    clock = SelectField("On the clock of", coerce=row_number)
    reason = line("Reason", 120, "off")
    sure = BooleanField("Save all the same")


@area.get("/staff/providers")
@guard.audience("staff")
def overview():
    rows = providers.all_of_them()
    return respond.page("staff/providers/providers.html", providers=rows, weeks=hours.weeks(rows))


@area.get("/staff/providers/new")
@guard.audience("staff", "owner", "desk")
def new():
    return provider_page(ProviderForm(formdata=None, staff=0))


@area.post("/staff/providers/new")
@guard.audience("staff", "owner", "desk")
def add():
    return save(None)


@area.get("/staff/providers/<int:number>/edit")
@guard.audience("staff", "owner", "desk")
def edit(number):
    provider = guard.found(Provider, number)
    form = ProviderForm(
        formdata=None, name=provider.name, title=provider.title, staff=provider.staff_id or 0,
        buffer_before_minutes=provider.buffer_before_minutes, buffer_after_minutes=provider.buffer_after_minutes,
    )  # fmt: skip
    return provider_page(form, provider)


@area.post("/staff/providers/<int:number>/edit")
@guard.audience("staff", "owner", "desk")
def change(number):
    return save(guard.found(Provider, number))


def save(provider):
    form = ProviderForm()
    form.staff.choices = accounts(provider)
    if form.validate():
        told = {
            "name": form.name.data,
            "title": form.title.data or "",
            "staff": Staff.get_or_none(Staff.id == form.staff.data),
            "buffer_before_minutes": form.buffer_before_minutes.data,
            "buffer_after_minutes": form.buffer_after_minutes.data,
        }
        try:
            saved = providers.change(provider, guard.by(), **told) if provider else providers.add(guard.by(), **told)
            words = f"Saved: {saved.name}." if provider else f"{saved.name} is added. Now add the weekly hours."
            return respond.done(url_for(".detail", number=saved.id), words)
        except Refused as no:
            respond.refuse(form, no)
    return provider_page(form, provider)


def accounts(provider):
    named = [SelectChoice(a.id, f"{a.name} ({a.email})") for a in providers.accounts_for(provider)]
    return [SelectChoice(0, "None"), *named]


def provider_page(form, provider=None):
    form.staff.choices = accounts(provider)
    return respond.form_page("staff/providers/edit.html", form, provider=provider)


@area.get("/staff/providers/<int:number>")
@guard.audience("staff")
def detail(number):
    return detail_page(guard.found(Provider, number))


@area.post("/staff/providers/<int:number>/archive")
@guard.audience("staff", "owner", "desk")
def archive(number):
    provider, form = guard.found(Provider, number), FlaskForm(formdata=None)
    try:
        providers.archive(provider, guard.by())
        return respond.done(url_for(".overview"), f"{provider.name} is archived and no longer offered.")
    except Refused as no:
        respond.refuse(form, no)
        return detail_page(provider, wrong=form)


@area.post("/staff/providers/<int:number>/restoration")
@guard.audience("staff", "owner", "desk")
def restore(number):
    provider = guard.found(Provider, number)
    providers.restore(provider, guard.by())
    return respond.done(url_for(".detail", number=number), f"{provider.name} is offered again.")


@area.post("/staff/providers/<int:number>/hours")
@guard.audience("staff", "owner", "desk")
def add_hours(number):
    provider, form = guard.found(Provider, number), HoursForm()
    form.location.choices = places()
    if form.validate():
        opens, closes = (field.data.hour * 60 + field.data.minute for field in (form.opens, form.closes))
        try:
            hours.add(
                provider,
                guard.by(),
                weekday=form.weekday.data,
                location=Location.get_by_id(form.location.data),
                opens_minute=opens,
                closes_minute=closes or MIDNIGHT,
            )
            return respond.done(url_for(".detail", number=number), "The hours are added.")
        except Refused as no:
            respond.refuse(form, no)
    return detail_page(provider, hours_form=form)


@area.post("/staff/providers/<int:number>/hours/<int:stretch>/removal")
@guard.audience("staff", "owner", "desk")
def remove_hours(number, stretch):
    row, form = stretch_of(number, stretch), RemovalForm()
    try:
        standing = hours.remove(row, guard.by(), sure=form.sure.data)
    except Refused as no:
        respond.refuse(form, no)
        return stretch_page(row, removal=form, visits=no.facts["visits"])
    words = "The hours are removed."
    if standing:
        words += f" {count(standing, 'visit that is', 'visits that are')} already booked in them stay as they are."
    return respond.done(url_for(".detail", number=number), words)


@area.get("/staff/providers/<int:number>/hours/<int:stretch>")
@guard.audience("staff", "owner", "desk")
def stretch(number, stretch):
    return stretch_page(stretch_of(number, stretch))


@area.post("/staff/providers/<int:number>/hours/<int:stretch>")
@guard.audience("staff", "owner", "desk")
def change_hours(number, stretch):
    row, form, visits = stretch_of(number, stretch), StretchForm(), ()
    if form.validate():
        opens, closes = (field.data.hour * 60 + field.data.minute for field in (form.opens, form.closes))
        try:
            hours.change(row, guard.by(), opens_minute=opens, closes_minute=closes or MIDNIGHT, sure=form.sure.data)
            return respond.done(url_for(".detail", number=number), "The hours are changed.")
        except Refused as no:
            visits = no.facts.get("visits", ())
            respond.refuse(form, no)
    return stretch_page(row, form, visits=visits)


def stretch_of(number, stretch):
    return guard.found(WorkingHours.select().where(WorkingHours.provider == number), stretch)


def stretch_page(row, form=None, removal=None, visits=()):
    """One weekly stretch: other times, or take it out; what either would displace stands above."""
    if form is None:
        form = StretchForm(formdata=None)
        for field, minute in ((form.opens, row.opens_minute), (form.closes, row.closes_minute)):
            field.process_formdata([hours.clock(minute % MIDNIGHT)])
    return respond.form_page(
        "staff/providers/stretch.html",
        removal or form,
        stretch=row,
        stretch_form=form,
        removal=removal or RemovalForm(formdata=None),
        weekday=hours.WEEKDAYS[row.weekday],
        displaced=visits,
        shown=displaced.SHOWN,
    )


@area.post("/staff/providers/<int:number>/time-off")
@guard.audience("staff", "owner", "desk")
def add_time_off(number):
    provider, form, visits = guard.found(Provider, number), TimeOffForm(), ()
    form.clock.choices = places()
    if form.validate():
        zone = Location.get_by_id(form.clock.data).time_zone
        told = {name: form[name].data for name in ("starts", "ends", "reason", "sure")}
        try:
            off = hours.add_time_off(provider, guard.by(), zone=zone, **told)
            words = f"{provider.name} is off from {when(off.starts_at, zone)} until {when(off.ends_at, zone)}."
            return respond.done(url_for(".detail", number=number), words)
        except Refused as no:
            visits = no.facts.get("visits", ())
            respond.refuse(form, no)
    return detail_page(provider, off_form=form, visits=visits)


@area.post("/staff/providers/<int:number>/time-off/<int:off>/removal")
@guard.audience("staff", "owner", "desk")
def remove_time_off(number, off):
    hours.remove_time_off(guard.found(TimeOff.select().where(TimeOff.provider == number), off), guard.by())
    return respond.done(url_for(".detail", number=number), "The time off is removed.")


def places():
    return [SelectChoice(place.id, place.name) for place in locations.all_of_them() if place.archived_at is None]


def detail_page(provider, hours_form=None, off_form=None, wrong=None, visits=()):
    """The week and the time off; the form that came back with errors is the page's form."""
    week, own = hours.of(provider), places()
    home = week[0].location_id if week else (own[0].value if own else None)
    form = wrong or hours_form or off_form
    hours_form = hours_form or HoursForm(formdata=None, location=home)
    off_form = off_form or TimeOffForm(formdata=None, clock=home)
    hours_form.location.choices = off_form.clock.choices = own
    return respond.form_page(
        "staff/providers/provider.html",
        form or hours_form,
        provider=provider,
        week=week,
        weekdays=hours.WEEKDAYS,
        clock=hours.clock,
        time_off=hours.time_off_of(provider),
        zone=hours.zone_of(provider),
        performs=providers.services_of(provider),
        hours_form=hours_form,
        off_form=off_form,
        coming=exceptions.coming(provider),
        days=exceptions.days_words,
        displaced=visits,
        shown=displaced.SHOWN,
    )
