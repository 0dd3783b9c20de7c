"""Who is treated, who works here, and who may act for whom."""

from peewee import SQL, BooleanField, CharField, Check, DateField, ForeignKeyField, IntegerField, TextField

from clock import now
from database import Choice, UTCDateTime
from tables.base import Base, link
from tables.clinic import Service


class Patient(Base):
    """A person who is treated. E-mail is stored in lower case, phone as E.164."""

    first_name = CharField(max_length=80)
    last_name = CharField(max_length=80)
    preferred_name = CharField(max_length=80, default="")
    pronouns = CharField(max_length=40, default="")
    birth_date = DateField(null=True)
    email = CharField(max_length=254, unique=True, null=True)
    email_verified_at = UTCDateTime(null=True)
    phone = CharField(max_length=32, default="")
    street = CharField(max_length=200, default="")
    city = CharField(max_length=100, default="")
    region = CharField(max_length=100, default="")
    postal_code = CharField(max_length=20, default="")
    country = CharField(max_length=60, default="")
    emergency_name = CharField(max_length=120, default="")
    emergency_relation = CharField(max_length=60, default="")
    emergency_phone = CharField(max_length=32, default="")
    allergies = TextField(default="")
    medical_notes = TextField(default="")
    medication = TextField(default="")
    care_by_email = BooleanField(default=True)
    marketing_by_email = BooleanField(default=False)
    paper_since = UTCDateTime(null=True)  # does not want to sign on a screen
    created_at = UTCDateTime(default=now)
    archived_at = UTCDateTime(null=True)
    maybe_same = ForeignKeyField("self", null=True, on_delete="RESTRICT")  # phone and birth date are theirs, too

    class Meta:
        indexes = ((("last_name", "first_name"), False),)

    @property
    def name(self):
        return f"{self.preferred_name or self.first_name} {self.last_name}"

    @property
    def called(self):
        """What the portal calls this person in a greeting."""
        return self.preferred_name or self.first_name


class Staff(Base):
    """Somebody who works at the clinic and signs in with a password."""

    name = CharField(max_length=120)
    email = CharField(max_length=254, unique=True)
    role = Choice("owner", "provider", "desk")
    password_hash = CharField(max_length=255, default="")
    created_at = UTCDateTime(default=now)
    archived_at = UTCDateTime(null=True)


class Provider(Base):
    """The person who performs a service; may also be a member of staff."""

    name = CharField(max_length=120)
    title = CharField(max_length=80, default="")
    staff = link(Staff, "providers", null=True, unique=True)
    buffer_before_minutes = IntegerField(default=0)  # the larger of this and the service's counts
    buffer_after_minutes = IntegerField(default=0)
    archived_at = UTCDateTime(null=True)

    class Meta:
        constraints = [Check("buffer_before_minutes BETWEEN 0 AND 240 AND buffer_after_minutes BETWEEN 0 AND 240")]


class ServiceProvider(Base):
    """This provider performs this service."""

    service = link(Service, "performed_by")
    provider = link(Provider, "performs")

    class Meta:
        indexes = ((("service", "provider"), True),)


class ActingFor(Base):
    """A patient may book and look after the visits of another, such as their child; staff noted it."""

    patient = link(Patient, "acts_for")  # who acts
    other = link(Patient, "acted_for_by")
    relation = CharField(max_length=60)  # "mother", "legal guardian"
    since = UTCDateTime(default=now)
    noted_by = CharField(max_length=120)
    ended_at = UTCDateTime(null=True)

    class Meta:
        indexes = ((("other", "ended_at"), False),)
        constraints = [Check("patient_id <> other_id")]


ActingFor.add_index(
    ActingFor.index(
        ActingFor.patient,
        ActingFor.other,
        unique=True,
        where=SQL("ended_at IS NULL"),
        name="acting_for_one_live",
    )
)
