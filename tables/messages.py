"""What is told to whom, and what became of it."""

from peewee import BooleanField, CharField, IntegerField, JSONField, TextField

from clock import now
from database import Choice, UTCDateTime
from tables.access import LoginCode
from tables.base import Base, link
from tables.booking import Appointment
from tables.money import Charge, Membership
from tables.paperwork import Task
from tables.people import Patient


class Delivery(Base):
    """One message to one person by one channel, with its due time and what became of it."""

    kind = CharField(max_length=40)  # the name of its text in partials/mail/
    channel = Choice("email", default="email")
    address = CharField(max_length=254, default="")  # empty: the patient's at the time of sending
    patient = link(Patient, "deliveries", null=True)
    appointment = link(Appointment, "deliveries", null=True)
    task = link(Task, "deliveries", null=True)
    charge = link(Charge, "deliveries", null=True)
    membership = link(Membership, "deliveries", null=True)
    code = link(LoginCode, "deliveries", null=True)
    details = JSONField(default=dict)  # small facts of the moment, such as the old time of a move
    because = CharField(max_length=200)  # why this person gets it, in words staff can read out
    dedupe_key = CharField(max_length=120, unique=True)
    message_id = CharField(max_length=160, unique=True)
    status = Choice("waiting", "sending", "sent", "held", "skipped", "failed", default="waiting")
    due_at = UTCDateTime(default=now)
    attempts = IntegerField(default=0)  # claims, ever; whoever holds a claim settles under its number
    lease_until = UTCDateTime(null=True)  # nobody takes it before: it is being sent, or pauses after a failure
    failures = IntegerField(default=0)  # in a row; the pauses grow with them
    failing_since = UTCDateTime(null=True)
    awaits_server = BooleanField(default=False)  # paused because the mail server is away, not for its own sake
    created_at = UTCDateTime(default=now)
    settled_at = UTCDateTime(null=True)
    outcome = TextField(default="")  # why it was skipped or held, or the last error
    seen_at = UTCDateTime(null=True)  # failed or held, and staff have seen to it

    class Meta:
        indexes = ((("status", "due_at"), False), (("patient", "created_at"), False))
