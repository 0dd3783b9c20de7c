"""The practice: its settings, its addresses, its shelves of services, and its rooms and devices."""

from peewee import BooleanField, CharField, Check, IntegerField, JSONField, TextField

from database import Choice, UTCDateTime
from tables.base import Base, link


class Clinic(Base):
    """The practice; exactly one row, number 1."""

    name = CharField(max_length=120)
    tagline = CharField(max_length=200, default="")
    phone = CharField(max_length=32, default="")
    email = CharField(max_length=254, default="")
    emergency_words = TextField(default="")
    important_note = TextField(default="")
    accent = CharField(max_length=7, default="")
    currency = CharField(max_length=3, default="USD")
    website_url = CharField(max_length=300, default="")
    instagram_url = CharField(max_length=300, default="")
    facebook_url = CharField(max_length=300, default="")
    youtube_url = CharField(max_length=300, default="")
    linkedin_url = CharField(max_length=300, default="")
    messenger_url = CharField(max_length=300, default="")
    grace_minutes = IntegerField(default=3)
    lead_minutes = IntegerField(default=120)
    horizon_days = IntegerField(default=90)
    slot_minutes = IntegerField(default=15)
    patient_idle_minutes = IntegerField(default=15)
    staff_idle_minutes = IntegerField(default=30)
    instructions_in_mail = BooleanField(default=True)
    adult_age = IntegerField(default=18)  # who is younger signs together with a guardian
    remind_hours = JSONField(default=lambda: [72, 24])  # before the start, while paperwork is open
    close_gaps = BooleanField(default=False)  # times that leave no unusable gap are offered first
    hold_minutes = IntegerField(default=10)  # how long a chosen time is kept while the patient finishes

    class Meta:
        constraints = [Check("id = 1"), Check("slot_minutes BETWEEN 5 AND 240")]


class Location(Base):
    """One address of the clinic, with its time zone."""

    name = CharField(max_length=120)
    address = TextField(default="")
    phone = CharField(max_length=32, default="")
    directions = TextField(default="")
    time_zone = CharField(max_length=64)
    archived_at = UTCDateTime(null=True)


class Category(Base):
    """A shelf of services on the booking page."""

    name = CharField(max_length=80, unique=True)
    position = IntegerField(default=0)


class Service(Base):
    """What can be booked."""

    category = link(Category, "services")
    name = CharField(max_length=120, unique=True)
    summary = TextField(default="")
    duration_minutes = IntegerField()
    buffer_minutes = IntegerField(default=0)  # after it
    buffer_before_minutes = IntegerField(default=0)
    price_minor = IntegerField(default=0)
    parallel = IntegerField(default=1)  # how many patients one provider may have in it at once
    lead_minutes = IntegerField(null=True)  # None, here and below: as the clinic has it
    horizon_days = IntegerField(null=True)
    slot_minutes = IntegerField(null=True)
    patients = Choice("everybody", "new", "existing", default="everybody")  # who may book it online
    online = BooleanField(default=True)  # patients may book it themselves
    self_cancel = BooleanField(default=True)
    self_move = BooleanField(default=True)
    archived_at = UTCDateTime(null=True)

    class Meta:
        constraints = [
            Check("duration_minutes BETWEEN 5 AND 720"),
            Check("buffer_minutes BETWEEN 0 AND 240"),
            Check("buffer_before_minutes BETWEEN 0 AND 240"),
            Check("price_minor >= 0"),
            Check("parallel BETWEEN 1 AND 20"),
            Check("lead_minutes >= 0"),
            Check("horizon_days >= 1"),
            Check("slot_minutes BETWEEN 5 AND 240"),
        ]


class Prerequisite(Base):
    """Whoever books the service must have had another one, completed or booked, at the right distance before it."""

    service = link(Service, "prerequisites")
    needs = link(Service, "needed_by")
    at_least_hours = IntegerField(default=0)  # from the end of the one to the start of the other: a patch test, 24
    within_days = IntegerField()  # how long it is good for, counted back from the start
    why = TextField(default="")  # in the patient's words

    class Meta:
        indexes = ((("service", "needs"), True),)
        constraints = [
            Check("service_id <> needs_id"),
            Check("at_least_hours BETWEEN 0 AND 2160"),
            Check("within_days BETWEEN 1 AND 3650 AND within_days * 24 > at_least_hours"),
        ]
