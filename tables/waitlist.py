"""Who waits for a time that is not free yet, and what was offered to them."""

from peewee import BooleanField, CharField, Check, DateField, IntegerField, JSONField

from clock import now
from database import Choice, UTCDateTime
from tables.base import Base, link
from tables.booking import Appointment
from tables.clinic import Location, Service
from tables.people import Patient, Provider


class WaitlistEntry(Base):
    """A patient wants a time on such days; the earliest entry is asked first."""

    patient = link(Patient, "waiting")
    asked_by = link(Patient, "waiting_asked")  # who wrote it down, for themselves or for somebody they act for
    service = link(Service, "waiting")
    provider = link(Provider, "waiting", null=True)  # None: anybody
    location = link(Location, "waiting", null=True)
    weekdays = JSONField(default=list)  # 0 is Monday; empty: any
    from_minute = IntegerField(default=0)  # on the wall clock of the location
    to_minute = IntegerField(default=1440)  # the start lies before it
    first_on = DateField()
    last_on = DateField()
    late_too = BooleanField(default=False)  # also times that could no longer be cancelled free of charge
    status = Choice("waiting", "booked", "left", "over", default="waiting")
    created_at = UTCDateTime(default=now)
    ended_at = UTCDateTime(null=True)

    class Meta:
        indexes = ((("service", "status", "created_at"), False), (("patient", "status"), False))
        constraints = [
            Check("first_on <= last_on"),
            Check("from_minute >= 0 AND from_minute < to_minute AND to_minute <= 1440"),
        ]


class Offer(Base):
    """A free time that was offered to one who waits; the first yes has it."""

    entry = link(WaitlistEntry, "offers")
    nonce = CharField(max_length=64, unique=True)  # the link in the message is made from it and SECRET_KEY
    batch = CharField(max_length=64)  # the same for those who were asked together
    service = link(Service, "offers")
    provider = link(Provider, "offers")
    location = link(Location, "offers")
    starts_at = UTCDateTime()
    offered_at = UTCDateTime(default=now)
    expires_at = UTCDateTime()
    status = Choice("open", "accepted", "declined", "gone", "expired", default="open")
    answered_at = UTCDateTime(null=True)
    appointment = link(Appointment, "offers", null=True)  # what the yes became

    class Meta:
        indexes = (
            (("status", "expires_at"), False),
            (("entry", "starts_at"), False),
            (("batch",), False),
        )
        constraints = [Check("(status = 'accepted') = (appointment_id IS NOT NULL)")]
