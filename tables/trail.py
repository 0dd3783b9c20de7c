"""Who did and who looked at what, and what broke."""

from peewee import CharField, Check, IntegerField, JSONField, TextField

from clock import now
from database import Choice, UTCDateTime
from tables.base import Base, link
from tables.people import Patient


class TrailEntry(Base):
    """Who did, or looked at, what. Append-only (the database refuses changes) and chained by digests."""

    at = UTCDateTime()
    actor_kind = Choice("patient", "staff", "system")
    actor_number = IntegerField(null=True)
    actor_name = CharField(max_length=160)
    action = CharField(max_length=60)  # "appointment booked", "record looked at"
    subject = CharField(max_length=60)  # "appointment 7"
    patient = link(Patient, "trail", null=True)
    details = JSONField(default=dict)
    previous_digest = CharField(max_length=64)
    digest = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("patient", "at"), False), (("subject", "at"), False))


class TrailEnd(Base):
    """How many lines the trail has and how it ends, so that newest lines that went missing show; one row, number 1."""

    lines = IntegerField()
    digest = CharField(max_length=64)

    class Meta:
        constraints = [Check("id = 1")]


class Fault(Base):
    """Something broke: a reference number for the person, and where in the code for whoever mends it."""

    reference = CharField(max_length=16, unique=True)
    at = UTCDateTime(default=now)
    route = CharField(max_length=120)
    error = CharField(max_length=120)  # the exception's class, never its text: that may hold personal data
    place = TextField()  # file and line of each frame of ours
