"""Days that differ from the week: holidays, vacations, short days; what they would displace is shown before saving."""

from flask import Blueprint, request, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField
from wtforms.fields import SelectChoice

from models import HoursException, Location, Provider
from rules import displaced, exceptions, hours, locations
from rules.refused import Refused
from rules.words import count
from views import guard, respond
from views.forms import Day, Hour, line, one_of, row_number

area = Blueprint("exceptions", __name__)
EDITORS = ("owner", "desk")
MIDNIGHT = 1440


class DaysForm(FlaskForm):
    provider = SelectField("For whom", coerce=row_number)
    locations = SelectMultipleField("Where", coerce=row_number)
    first_on = Day("First day", "Enter the first day")
    last_on = Day("Last day", "Enter the last day; for one day the same as the first")
    what = RadioField(
        "What is different",
        choices=[("closed", "Closed, or away, all day"), ("hours", "Open, or working, only between these times")],
        default="closed",
    )
    opens = Hour("From")
    closes = Hour("To")
    reason = line("Reason", 120, "off")
    sure = BooleanField("Save all the same")

    def offer(self):
        everybody = SelectChoice(0, "Everybody at the location")
        people = Provider.select().where(Provider.archived_at.is_null()).order_by(Provider.name)
        self.provider.choices = [everybody, *(SelectChoice(it.id, it.name) for it in people)]
        self.places = [place for place in locations.all_of_them() if place.archived_at is None]
        self.locations.choices = [(place.id, place.name) for place in self.places]
        return self

    def days(self) -> exceptions.Days:
        opens = closes = None
        if self.what.data == "hours":
            opens, closes = self.opens.minute(), self.closes.minute()
            if opens is None or closes is None:
                raise Refused("Enter both times", field="opens" if opens is None else "closes")
            closes = closes or MIDNIGHT
        return exceptions.Days(self.first_on.data, self.last_on.data, opens, closes, self.reason.data or "")


@area.get("/staff/exceptions")
@guard.audience("staff")
def overview():
    return respond.page(
        "staff/exceptions/exceptions.html", coming=exceptions.coming(), clock=hours.clock, days=exceptions.days_words
    )


@area.get("/staff/exceptions/new")
@guard.audience("staff", *EDITORS)
def new():
    form = DaysForm(formdata=None).offer()
    person = one_of(Provider.select().where(Provider.archived_at.is_null()), request.args.get("provider"))
    form.provider.data = person.id if person else 0
    form.locations.data = [place.id for place in form.places] if person or len(form.places) == 1 else []
    return new_page(form)


@area.post("/staff/exceptions/new")
@guard.audience("staff", *EDITORS)
def add():
    form, visits = DaysForm().offer(), []
    if form.validate():
        places = [place for place in form.places if place.id in form.locations.data]
        person = Provider.get_or_none(Provider.id == form.provider.data)
        try:
            days = form.days()
            exceptions.add(guard.by(), locations=places, provider=person, days=days, sure=form.sure.data)
            stay = len(exceptions.would_displace(places, person, days)) if form.sure.data else 0
            words = f"Saved: {exceptions.days_words(days)}."
            if stay:
                words += f" {count(stay, 'visit still stands', 'visits still stand')} outside: move or cancel them."
            return respond.done(url_for(".overview"), words)
        except Refused as no:
            visits = no.facts.get("visits", [])
            respond.refuse(form, no)
    return new_page(form, visits)


def new_page(form, visits=()):
    return respond.form_page("staff/exceptions/new.html", form, displaced=visits, shown=displaced.SHOWN)


@area.get("/staff/exceptions/<int:number>")
@guard.audience("staff")
def detail(number):
    row = guard.found(HoursException, number)
    place, person = Location.get_by_id(row.location_id), row.provider
    days = exceptions.Days(row.first_on, row.last_on, row.opens_minute, row.closes_minute)
    return respond.page(
        "staff/exceptions/exception.html",
        row=row,
        days=exceptions.days_words(row),
        clock=hours.clock,
        displaced=exceptions.would_displace([place], person, days),
        shown=displaced.SHOWN,
    )


@area.post("/staff/exceptions/<int:number>/removal")
@guard.audience("staff", *EDITORS)
def remove(number):
    exceptions.remove(guard.found(HoursException, number), guard.by())
    return respond.done(url_for(".overview"), "It is removed. The weekly hours count again on these days.")
