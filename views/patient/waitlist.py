"""A patient's waitlist: joining it for a service, what they wait for, what is offered to them, and leaving it."""

from datetime import timedelta

from flask import Blueprint, abort, request, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, SelectField, SelectMultipleField
from wtforms.validators import DataRequired

from clock import local, now
from rules import eligibility, searching, waitlist
from rules.clinic import home_zone
from rules.refused import Refused
from rules.services import offered
from views import guard, respond, times
from views.forms import row_number

area = Blueprint("waitlist", __name__)
HALF_HOURS = [(str(minute), waitlist.clock_words(minute)) for minute in range(7 * 60, 21 * 60 + 1, 30)]
USUALLY = timedelta(days=28)  # how long most are ready to wait


class JoinForm(FlaskForm):
    who = SelectField("For whom?", coerce=row_number)
    provider = SelectField("With", coerce=row_number)
    location = SelectField("Location", coerce=row_number)
    weekdays = SelectMultipleField(
        "On which weekdays?", choices=list(enumerate(waitlist.WEEKDAYS)), coerce=row_number,
        description="None chosen means any day.",
    )  # fmt: skip
    after = SelectField("Not before", choices=[("0", "Any time"), *HALF_HOURS])
    until = SelectField("Start before", choices=[("1440", "Any time"), *HALF_HOURS])
    first_on = DateField("First day", [DataRequired("Enter the first day that suits you")])
    last_on = DateField("Last day", [DataRequired("Enter the last day that suits you")])
    late_too = BooleanField("Also offer me short-notice times that can no longer be cancelled free of charge")


@area.get("/waitlist")
@guard.audience("patient")
def listed():
    at, people = now(), guard.persons()
    entries = waitlist.waiting_of([person.id for person in people])
    offers = waitlist.offers_of([entry.id for entry in entries])
    return respond.page(
        "patient/waitlist/listed.html",
        entries=entries,
        me=guard.me(),
        open_offers={
            number: [(it, waitlist.path(it)) for it in rows if it.status == "open" and it.expires_at > at]
            for number, rows in offers.items()
        },
        wish_words=waitlist.wish_words,
    )


@area.get("/waitlist/new/<int:number>")
@guard.audience("patient")
def wish(number):
    service = guard.found(offered(), number)
    today = local(now(), home_zone()).date()
    form = JoinForm(
        formdata=None, first_on=today, last_on=today + USUALLY, who=_for_whom(),
        provider=request.args.get("provider", 0, type=int), location=request.args.get("location", 0, type=int),
    )  # fmt: skip
    return ask(form, service)


def _for_whom() -> int:
    """Whom the page before was about, where it is one of those one acts for; oneself otherwise."""
    return guard.person(request.args["for"]).id if request.args.get("for") else guard.me().id


@area.post("/waitlist/new/<int:number>")
@guard.audience("patient")
def join(number):
    service, form = guard.found(offered(), number), JoinForm()
    people, providers, places = fill(form, service)
    if not form.validate():
        return ask(form, service)
    try:
        waitlist.join(
            next(person for person in people if person.id == form.who.data), service, by=guard.by(),
            provider=next((it for it in providers if it.id == form.provider.data), None),
            location=next((it for it in places if it.id == form.location.data), None),
            weekdays=form.weekdays.data, from_minute=int(form.after.data), to_minute=int(form.until.data),
            first_on=form.first_on.data, last_on=form.last_on.data, late_too=form.late_too.data,
        )  # fmt: skip
    except Refused as no:
        respond.refuse(form, no)
        return ask(form, service)
    return respond.done(
        url_for(".listed"), "You are on the waitlist. When a time that suits you comes free, you get an e-mail."
    )


def fill(form, service):
    """The choices of the form: the people one acts for, who performs the service, and where."""
    people, who = guard.persons(), searching.who_and_where(service)
    providers, places = [someone for someone, _ in who], times.places_of(who)
    form.who.choices = [(it.id, "Me" if it.id == guard.me().id else it.name) for it in people]
    form.provider.choices = [(0, "Anybody"), *((it.id, it.name) for it in providers)]
    form.location.choices = [(0, "Any location"), *((it.id, it.name) for it in places)]
    if len(people) == 1:
        form.who.data = people[0].id  # it is not asked
        form.who.raw_data = [str(people[0].id)]
    return people, providers, places


def ask(form, service):
    people, _, places = fill(form, service)
    return respond.form_page(
        "patient/waitlist/join.html", form, service=service, several=len(people) > 1, places=places,
        barred=eligibility.barred(None, service),
    )  # fmt: skip


@area.post("/waitlist/<int:number>/end")
@guard.audience("patient")
def leave(number):
    waiting = waitlist.waiting_of([person.id for person in guard.persons()])
    entry = next((entry for entry in waiting if entry.id == number), None) or abort(404)
    waitlist.leave(entry, guard.by())
    return respond.done(url_for(".listed"), "You have left the waitlist for this.")
