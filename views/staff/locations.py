"""The clinic's addresses and their time zones."""

from flask import Blueprint, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, TelField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from clock import local, now
from models import Location
from rules import locations, profile
from rules.clinic import checked_phone
from rules.refused import Refused
from views import guard, respond
from views.forms import line, obeys

area = Blueprint("locations", __name__)


class LocationForm(FlaskForm):
    name = line("Name", 120, "off", missing="Enter a name for this location")
    address = TextAreaField(
        "Address",
        [DataRequired("Enter the address"), Length(max=500, message="Use at most 500 letters")],
        filters=[profile.tidy_text],
    )
    phone = TelField(
        "Phone",
        [Optional(), Length(max=32, message="Use at most 32 letters"), obeys(checked_phone)],
        filters=[profile.tidy],
    )
    directions = TextAreaField(
        "How to find it",
        [Optional(), Length(max=1000, message="Use at most 1,000 letters")],
        filters=[profile.tidy_text],
    )
    time_zone = SelectField("Time zone", validate_choice=False)
    sure = BooleanField("Yes, change the time zone")

    def details(self):
        return {
            "name": self.name.data,
            "address": self.address.data or "",
            "phone": self.phone.data or "",
            "directions": self.directions.data or "",
            "time_zone": self.time_zone.data or "",
        }


@area.get("/staff/locations")
@guard.audience("staff")
def overview():
    rows = locations.all_of_them()
    clocks = {row.id: f"{local(now(), row.time_zone):%H:%M %Z}" for row in rows}
    return respond.page("staff/locations/locations.html", locations=rows, clocks=clocks, worked=locations.worked())


@area.get("/staff/locations/new")
@guard.audience("staff", "owner")
def new():
    first = locations.all_of_them()[:1]
    form = LocationForm(formdata=None, time_zone=first[0].time_zone if first else "America/New_York")
    return location_page(form)


@area.post("/staff/locations/new")
@guard.audience("staff", "owner")
def add():
    form = LocationForm()
    if form.validate():
        try:
            location = locations.add(guard.by(), **form.details())
            words = f"{location.name} is added. Now give a provider hours there, so that it can be booked."
            return respond.done(url_for("providers.overview"), words)
        except Refused as no:
            respond.refuse(form, no)
    return location_page(form)


@area.get("/staff/locations/<int:number>")
@guard.audience("staff", "owner")
def detail(number):
    location = guard.found(Location, number)
    return location_page(LocationForm(formdata=None, obj=location), location)


@area.post("/staff/locations/<int:number>")
@guard.audience("staff", "owner")
def change(number):
    location, form = guard.found(Location, number), LocationForm()
    if form.validate():
        try:
            locations.change(location, guard.by(), sure=form.sure.data, **form.details())
            return respond.done(url_for(".overview"), f"Saved: {form.name.data}.")
        except Refused as no:
            respond.refuse(form, no)
    return location_page(form, location)


@area.post("/staff/locations/<int:number>/archive")
@guard.audience("staff", "owner")
def archive(number):
    location, form = guard.found(Location, number), LocationForm(formdata=None)
    try:
        locations.archive(location, guard.by())
        return respond.done(url_for(".overview"), f"{location.name} is archived and no longer offered.")
    except Refused as no:
        form.process(obj=location)
        respond.refuse(form, no)
        return location_page(form, location)


@area.post("/staff/locations/<int:number>/restoration")
@guard.audience("staff", "owner")
def restore(number):
    location = guard.found(Location, number)
    locations.restore(location, guard.by())
    return respond.done(url_for(".overview"), f"{location.name} is offered again.")


def location_page(form, location=None):
    regions = locations.zones(besides=location.time_zone if location else "")
    form.time_zone.choices = [
        SelectChoice(name, city, optgroup=region) for region, names in regions.items() for name, city in names
    ]
    return respond.form_page("staff/locations/location.html", form, location=location)
