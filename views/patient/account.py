"""What a patient owes and has paid, with a receipt for each charge."""

from flask import Blueprint
from peewee import JOIN

from models import Appointment, Charge, Location, Membership, Plan, Service
from rules import charging, words
from rules.clinic import home_zone
from views import guard, respond

area = Blueprint("account", __name__)


def whole():
    """Charges with what they are about."""
    return (
        Charge.select(Charge, Appointment, Service, Location, Membership, Plan)
        .join_from(Charge, Appointment, JOIN.LEFT_OUTER)
        .join_from(Appointment, Service, JOIN.LEFT_OUTER)
        .join_from(Appointment, Location, JOIN.LEFT_OUTER)
        .join_from(Charge, Membership, JOIN.LEFT_OUTER)
        .join_from(Membership, Plan, JOIN.LEFT_OUTER)
    )


def about(charge) -> str:
    """The visit or the period that a charge is about, in a few words."""
    if charge.appointment:
        a = charge.appointment
        return f"{a.service.name}, {words.day(a.starts_at, a.location.time_zone)}"
    return f"{charge.membership.plan.name}, from {words.date_words(charge.period_starts_on)}"


def zone_of(charge, otherwise) -> str:
    return charge.appointment.location.time_zone if charge.appointment else otherwise


@area.get("/account")
@guard.audience("patient")
def account():
    zone = home_zone()
    charges = list(whole().where(Charge.patient == guard.me()).order_by(Charge.id.desc()))
    return respond.page(
        "patient/account/account.html",
        lines=[(charge, about(charge), zone_of(charge, zone)) for charge in charges],
        owed_minor=sum(charge.amount_minor for charge in charges if charge.status == "owed"),
        reasons=charging.REASONS,
        statuses=charging.STATUSES,
    )


@area.get("/account/receipts/<int:number>")
@guard.audience("patient")
def receipt(number):
    charge = guard.mine(whole(), number)
    return respond.page(
        "patient/account/receipt.html",
        charge=charge,
        patient=guard.me(),
        about=about(charge),
        zone=zone_of(charge, home_zone()),
        reason=charging.REASONS[charge.reason],
        settled=charging.STATUSES[charge.status],
    )
