"""The calendar: a day of a location, a week of a provider, and what can be done with a gap."""

from datetime import date, timedelta

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField

from clock import local, now
from models import Appointment, Location, Provider
from rules import day_view, desk, hours, openings, searching, services, why_not, words
from rules.day_grid import clock
from rules.refused import Refused
from views import guard, respond
from views.forms import Moment, line, one_of
from views.whom import SearchForm

area = Blueprint("calendar", __name__)
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


class BlockForm(FlaskForm):
    slot = HiddenField()
    starts = Moment("From", "Enter the day and time at which it begins")
    ends = Moment("Until", "Enter the day and time at which it ends")
    reason = line("Reason", 120, "off")
    sure = BooleanField("Block it all the same")


@area.get("/staff/calendar")
@guard.audience("staff")
def day():
    place, places = _place()
    if place is None:
        return respond.page("staff/calendar/none.html")
    on = _day(place)
    shown = day_view.day(place, on)
    return _page("staff/calendar/day.html", shown, on, places, people=[column.provider for column in shown.columns])


@area.get("/staff/calendar/week")
@guard.audience("staff")
def week():
    place, places = _place()
    people = desk.providers()
    if place is None or not people:
        return respond.page("staff/calendar/none.html")
    someone = one_of(people, request.args.get("provider")) or desk.provider_of(guard.me(), people) or people[0]
    on = _day(place)
    shown = day_view.week(place, someone, on - timedelta(days=on.weekday()))
    return _page("staff/calendar/week.html", shown, on, places, people=people, provider=someone)


@area.get("/staff/calendar/gap")
@guard.audience("staff")
def gap():
    return _gap_page(*_slot(request.args.get("slot")))


@area.post("/staff/calendar/block")
@guard.audience("staff", "owner", "desk")
def block():
    form = BlockForm()
    provider, location, starts_at = _slot(form.slot.data)
    displaced = None
    if form.validate():
        told = {name: form[name].data for name in ("starts", "ends", "reason", "sure")}
        try:
            off = hours.add_time_off(provider, guard.by(), zone=location.time_zone, **told)
            on = local(off.starts_at, location.time_zone).date()
            said = f"{provider.name} is blocked from {words.when(off.starts_at, location.time_zone)} until "
            said += f"{words.when(off.ends_at, location.time_zone)}."
            return respond.done(url_for(".day", day=on.isoformat(), location=location.id), said)
        except Refused as no:
            respond.refuse(form, no)
            zone = location.time_zone
            if no.field == "sure":
                displaced = hours.visits_between(
                    provider, _moment(form.starts.data, zone), _moment(form.ends.data, zone)
                )
    return _gap_page(provider, location, starts_at, form, displaced)


@area.get("/staff/calendar/why")
@guard.audience("staff")
def why():
    """A service with a provider on a day: each time of the grid, free or with the honest reasons."""
    place, places = _place()
    service = one_of(services.offered(), request.args.get("service")) or abort(404)
    people = searching.who_and_where(service)
    someone = one_of(desk.providers(), request.args.get("provider")) or (people[0][0] if people else abort(404))
    on = _day(place)
    return respond.page(
        "staff/calendar/why.html",
        times=why_not.day(service, someone, place, on, lead=True),
        service=service, services=list(services.offered()), provider=someone, people=desk.providers(),
        place=place, places=places, on=on, today=local(now(), place.time_zone).date(),
        slot=lambda at: f"{someone.id}-{place.id}-{openings.written(at)}",
        local=local,
    )  # fmt: skip


@area.get("/staff/calendar/moves/<int:number>")
@guard.audience("staff")
def drop(number):
    """A visit was let go over a gap: on to the page that asks, the same as after the list of free times."""
    a = guard.found(Appointment, number)
    provider, location, _ = _slot(request.args.get("slot"))
    there = {(someone.id, place.id) for someone, where in searching.who_and_where(a.service) for place in where}
    if (provider.id, location.id) in there:
        return redirect(url_for("staff_booking.move", number=number, slot=request.args["slot"]), 303)
    flash(f"{provider.name} does not do this at {location.name}. Nothing was moved.", "warn")
    on = local(a.starts_at, a.location.time_zone).date()
    return redirect(url_for(".day", day=on.isoformat(), location=a.location_id), 303)


def _place():
    """The location of the address, else the first one; and all of them."""
    places = desk.locations()
    return one_of(places, request.args.get("location")) or (places[0] if places else None), places


def _day(place) -> date:
    try:
        on = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        on = None
    return on if on and EARLIEST <= on <= LATEST else local(now(), place.time_zone).date()


def _slot(text):
    """The provider, place and moment of a gap; 404 when there is none such."""
    slot = openings.slot(text) or abort(404)
    return guard.found(Provider, slot.provider), guard.found(Location, slot.location), slot.starts_at


def _moment(wall, zone):
    return day_view.moment(zone, wall.date(), wall.hour * 60 + wall.minute)


def _page(template, shown, on, places, people, provider=None):
    zone = shown.location.time_zone

    def slot(column, minute):
        return f"{column.provider.id}-{shown.location.id}-{openings.written(day_view.moment(zone, column.day, minute))}"

    return respond.page(
        template, "calendar", shown=shown, on=on, place=shown.location, places=places, people=people, provider=provider,
        today=local(now(), zone).date(), slot=slot, clock=clock, one_day=timedelta(days=1), services=services.offered(),
        may_block=guard.me().role != "provider", current=f"{local(now(), zone):%H:%M}",
    )  # fmt: skip


def _gap_page(provider, location, starts_at, form=None, displaced=None):
    zone = location.time_zone
    there = local(starts_at, zone)
    shown = day_view.day(location, there.date(), provider)
    since, until = day_view.gap(shown.columns[0], there.hour * 60 + there.minute)
    others = [
        (clock(minute), f"{provider.id}-{location.id}-{openings.written(day_view.moment(zone, there.date(), minute))}")
        for minute in range(-(-since // shown.step) * shown.step, until, shown.step)
        if day_view.moment(zone, there.date(), minute) > now()
    ]
    key = f"{provider.id}-{location.id}-{openings.written(starts_at)}"
    if form is None:
        ends = min(day_view.moment(zone, there.date(), until), starts_at + timedelta(hours=1))
        ends = ends if ends > starts_at else starts_at + timedelta(hours=1)
        naive = {"starts": there.replace(tzinfo=None), "ends": local(ends, zone).replace(tzinfo=None)}
        form = BlockForm(formdata=None, slot=key, **naive)
    return respond.form_page(
        "staff/calendar/gap.html", form, search=SearchForm(formdata=None), displaced=displaced or [], slot=key,
        provider=provider, location=location, starts_at=starts_at, on=there.date(), until=clock(until), others=others,
        time=f"{there:%H:%M}", services=list(services.offered()), may_block=guard.me().role != "provider",
    )  # fmt: skip
