"""What is booked, under which policy, and what it was before."""

from peewee import SQL, BooleanField, CharField, Check, IntegerField, TextField

from clock import now
from database import Choice, UTCDateTime
from tables.base import LIVE, Base, link
from tables.clinic import Location, Service
from tables.hours import Resource
from tables.people import Patient, Provider


class Policy(Base):
    """One version of the clinic's cancellation policy; the highest number is the current one."""

    number = IntegerField(unique=True)
    text = TextField()  # Markdown, as the patient accepts it
    notice_hours = IntegerField()
    fee_kind = Choice("fixed", "percent")
    fee_value = IntegerField()  # minor units, or whole percent of the price
    no_show_kind = Choice("fixed", "percent")
    no_show_value = IntegerField()
    late_move_costs = BooleanField(default=False)
    active = BooleanField(default=True)  # an inactive version says: from now on, no policy
    digest = CharField(max_length=64)
    created_at = UTCDateTime(default=now)
    created_by = CharField(max_length=120, default="")

    class Meta:
        constraints = [
            Check("notice_hours BETWEEN 0 AND 720"),
            Check("fee_value >= 0 AND (fee_kind = 'fixed' OR fee_value <= 100)"),
            Check("no_show_value >= 0 AND (no_show_kind = 'fixed' OR no_show_value <= 100)"),
        ]


class Appointment(Base):
    """One service for one patient with one provider at one location, from start to end.

    A live one occupies its provider and its patient: the database itself keeps Occupancy in step (see migrations).
    """

    patient = link(Patient, "appointments")
    service = link(Service, "appointments")
    provider = link(Provider, "appointments")
    location = link(Location, "appointments")
    starts_at = UTCDateTime()
    ends_at = UTCDateTime()
    buffer_minutes = IntegerField(default=0)  # after it, as service and provider had it when booked
    buffer_before_minutes = IntegerField(default=0)
    lane = IntegerField(default=0)  # which of the places of a service done for several at once; 0: the whole provider
    price_minor = IntegerField(default=0)
    currency = CharField(max_length=3)
    status = Choice("booked", "arrived", "completed", "cancelled", "missed", default="booked")
    request_key = CharField(max_length=64, unique=True)  # one submit, one booking
    booked_at = UTCDateTime(default=now)
    booked_by = CharField(max_length=24, default="patient")
    visit_key = CharField(max_length=64, default="")  # the same for what was booked in one go, back to back
    moves = IntegerField(default=0)  # how often it was moved; also the sequence of its .ics
    arrived_at = UTCDateTime(null=True)
    closed_at = UTCDateTime(null=True)  # completed, cancelled or missed
    closed_by = CharField(max_length=120, default="")
    closed_by_kind = CharField(max_length=24, default="")  # patient or staff: only a patient reads their own reason
    closed_why = TextField(default="")
    undone_at = UTCDateTime(null=True)  # cancelled by taking the booking back within its grace period

    class Meta:
        constraints = [Check("starts_at < ends_at"), Check("price_minor >= 0")]
        indexes = (
            (("provider", "starts_at"), False),
            (("patient", "starts_at"), False),
            (("location", "starts_at"), False),
            (("status", "starts_at"), False),
        )

    @property
    def live(self):
        return self.status in LIVE


Appointment.add_index(
    Appointment.index(Appointment.visit_key, where=SQL("visit_key <> ''"), name="appointment_visit_key")
)


class AppointmentMove(Base):
    """An appointment stood at another time before."""

    appointment = link(Appointment, "history")
    from_starts_at = UTCDateTime()
    to_starts_at = UTCDateTime()
    from_location = link(Location, "moved_from")
    from_provider = link(Provider, "moved_from")
    to_provider = link(Provider, "moved_to")
    window = Choice("follows", "closed", "open", default="follows")  # free cancelling afterwards; see rules/policy.py
    moved_at = UTCDateTime(default=now)
    moved_by = CharField(max_length=120)
    moved_by_kind = CharField(max_length=24, default="")  # patient or staff; empty in old rows
    why = TextField(default="")
    answer = Choice("none", "open", "accepted", "moved", "cancelled", default="none")  # the patient's, to staff's move
    answered_at = UTCDateTime(null=True)


class PolicyAcceptance(Base):
    """A patient accepted this version of the policy for this appointment: what, when, from where."""

    appointment = link(Appointment, "acceptances", unique=True)
    policy = link(Policy, "acceptances")
    policy_digest = CharField(max_length=64)
    shown_minor = IntegerField()  # the late-cancellation fee that stood on the page
    shown_no_show_minor = IntegerField()
    currency = CharField(max_length=3)
    accepted_at = UTCDateTime(default=now)
    accepted_by = CharField(max_length=24)
    ip = CharField(max_length=45, default="")
    agent = CharField(max_length=300, default="")


class Hold(Base):
    """A patient is finishing a booking: until it expires nobody else can have these times.

    Expired means free, whether or not anybody has noted it: who writes lets go of expired ones first.
    """

    patient = link(Patient, "holds")  # whose visit it will be
    held_by = link(Patient, "holding")  # who is booking, for themselves or for somebody they act for
    key = CharField(max_length=64, unique=True)  # one choice, one hold
    created_at = UTCDateTime(default=now)
    expires_at = UTCDateTime()
    extended_at = UTCDateTime(null=True)  # once
    ended_at = UTCDateTime(null=True)
    ended = Choice("", "booked", "released", "lapsed", default="")

    class Meta:
        indexes = ((("held_by", "ended_at"), False), (("ended_at", "expires_at"), False))
        constraints = [Check("(ended_at IS NULL) = (ended = '')")]


class HoldPart(Base):
    """One service of what is held, in its order."""

    hold = link(Hold, "parts")
    position = IntegerField()
    service = link(Service, "held_parts")
    provider = link(Provider, "held_parts")
    location = link(Location, "held_parts")
    starts_at = UTCDateTime()
    ends_at = UTCDateTime()

    class Meta:
        indexes = ((("hold", "position"), True),)


class Occupancy(Base):
    """From when to when an appointment or a hold takes a provider and a patient, or a room or device.

    The database refuses two that overlap for the same provider (and lane), patient, room or device. A row goes
    when what it stands for is cancelled, missed or let go: it is no record of what happened.
    """

    appointment = link(Appointment, "occupies", null=True)
    hold = link(Hold, "occupies", null=True)
    provider = link(Provider, "occupied", null=True, index=False)
    patient = link(Patient, "occupied", null=True, index=False)
    resource = link(Resource, "occupied", null=True, index=False)
    service = link(Service, "occupied", index=False)
    lane = IntegerField(default=0)
    starts_at = UTCDateTime()
    ends_at = UTCDateTime()  # of a room or device: with its clean-up
    before_minutes = IntegerField(default=0)  # the buffers of a provider's row
    after_minutes = IntegerField(default=0)

    class Meta:
        indexes = (
            (("provider", "starts_at"), False),
            (("patient", "starts_at"), False),
            (("resource", "starts_at"), False),
        )
        constraints = [
            Check("starts_at < ends_at"),
            Check("(appointment_id IS NULL) <> (hold_id IS NULL)"),
            Check("(provider_id IS NULL) <> (resource_id IS NULL)"),
            Check("(provider_id IS NULL) = (patient_id IS NULL)"),
        ]


class RunningLate(Base):
    """A patient said that they will be late, and what the portal answered. Frozen."""

    appointment = link(Appointment, "running_late")
    minutes = IntegerField()
    told_at = UTCDateTime(default=now)
    for_start = UTCDateTime()  # the start it was said for
    left_minutes = IntegerField()  # of the visit, once the patient is there
    answer = TextField()  # the sentence that the patient read

    class Meta:
        constraints = [Check("minutes BETWEEN 1 AND 240")]
