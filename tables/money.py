"""Memberships, and what is owed or was taken."""

from peewee import SQL, CharField, Check, DateField, IntegerField, TextField

from clock import now
from database import Choice, UTCDateTime
from tables.base import Base, link
from tables.booking import Appointment, Policy
from tables.people import Patient


class Plan(Base):
    """A membership that the clinic offers."""

    name = CharField(max_length=120, unique=True)
    summary = TextField(default="")
    benefits = TextField(default="")  # one a line
    price_minor = IntegerField()
    currency = CharField(max_length=3)
    period = Choice("month", "year", default="month")
    archived_at = UTCDateTime(null=True)

    class Meta:
        constraints = [Check("price_minor >= 0")]


class AgreementVersion(Base):
    """A frozen text of a plan's agreement; the highest number is the current one."""

    plan = link(Plan, "agreements")
    number = IntegerField()
    text = TextField()  # Markdown
    digest = CharField(max_length=64)
    created_at = UTCDateTime(default=now)
    created_by = CharField(max_length=120, default="")

    class Meta:
        indexes = ((("plan", "number"), True),)


class Membership(Base):
    """A patient subscribes to a plan, at the price and agreement of the day they joined."""

    patient = link(Patient, "memberships")
    plan = link(Plan, "memberships")
    agreement = link(AgreementVersion, "memberships")
    price_minor = IntegerField()
    currency = CharField(max_length=3)
    period = Choice("month", "year")
    status = Choice("active", "ended", default="active")
    joined_at = UTCDateTime(default=now)
    joined_on = DateField()  # on the clinic's calendar; every later charge keeps to this day of the month
    period_starts_on = DateField()
    next_charge_on = DateField()
    ends_on = DateField(null=True)  # cancelled: runs until this day and is not charged again
    request_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("status", "next_charge_on"), False),)


class Charge(Base):
    """Money owed or taken for a reason; the database allows one per appointment and reason."""

    patient = link(Patient, "charges")
    appointment = link(Appointment, "charges", null=True)
    membership = link(Membership, "charges", null=True)
    period_starts_on = DateField(null=True)  # membership_period: which one
    reason = Choice("cancellation_fee", "late_move_fee", "no_show_fee", "membership_period")
    amount_minor = IntegerField()
    currency = CharField(max_length=3)
    status = Choice("owed", "paid", "waived", "refunded", default="owed")
    policy = link(Policy, "charges", null=True)
    because = TextField()  # one sentence: how the amount comes about
    receipt_number = IntegerField(unique=True)
    request_key = CharField(max_length=64, unique=True)  # what the card provider sees, for ever
    gateway = CharField(max_length=24, default="at_the_clinic")
    gateway_reference = CharField(max_length=120, default="")
    refund_reference = CharField(max_length=120, default="")
    ask_at = UTCDateTime(null=True, index=True)  # when the card provider is asked next to take it or give it back
    created_at = UTCDateTime(default=now)
    settled_at = UTCDateTime(null=True)
    settled_by = CharField(max_length=120, default="")
    settled_why = TextField(default="")
    withdrawn_at = UTCDateTime(null=True)  # waived since its cause was an error; stands again if the cause comes again

    class Meta:
        constraints = [Check("amount_minor > 0")]
        indexes = (
            (("appointment", "reason"), True),
            (("membership", "period_starts_on"), True),
            (("status", "patient"), False),
        )


Membership.add_index(
    Membership.index(
        Membership.patient,
        unique=True,
        where=SQL("status = 'active'"),
        name="membership_one_active",
    )
)
