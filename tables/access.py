"""How people get in: codes, sessions, invitations, and what is limited."""

from peewee import CharField, Check, IntegerField, JSONField

from clock import now
from database import Choice, UTCDateTime
from tables.base import Base, link
from tables.people import Patient, Staff


class LoginCode(Base):
    """A six-digit code that was asked for. The digits are derived from nonce and SECRET_KEY, never stored."""

    purpose = Choice("signin", "register", "email")
    email = CharField(max_length=254)
    patient = link(Patient, "codes", null=True)
    asked_by = CharField(max_length=64)  # digest of the asking browser's own secret
    nonce = CharField(max_length=64, unique=True)
    details = JSONField(default=dict)  # the registration form, until the e-mail is proved
    created_at = UTCDateTime(default=now)
    expires_at = UTCDateTime()
    tries = IntegerField(default=0)
    used_at = UTCDateTime(null=True)

    class Meta:
        indexes = ((("email", "created_at"), False),)


class LoginSession(Base):
    """A browser that is signed in, as one patient or one member of staff; the cookie holds only its token."""

    token_digest = CharField(max_length=64, unique=True)
    patient = link(Patient, "sessions", null=True)
    staff = link(Staff, "sessions", null=True)
    how = CharField(max_length=24)  # "email code", "password"
    ip = CharField(max_length=45, default="")
    agent = CharField(max_length=300, default="")
    created_at = UTCDateTime(default=now)
    seen_at = UTCDateTime(default=now)
    ended_at = UTCDateTime(null=True)

    class Meta:
        constraints = [Check("(patient_id IS NULL) <> (staff_id IS NULL)")]


class KeptForm(Base):
    """What a patient typed when their session had run out: for the same browser and patient, an hour, once."""

    kept_by = CharField(max_length=64)  # digest of the browser's own secret
    patient = link(Patient, "kept_forms")
    path = CharField(max_length=500)
    fields = JSONField()  # [[name, value], …]
    created_at = UTCDateTime(default=now)
    expires_at = UTCDateTime()

    class Meta:
        indexes = ((("kept_by", "patient"), False),)


class Invitation(Base):
    """A one-time link with which a member of staff sets their password."""

    token_digest = CharField(max_length=64, unique=True)
    name = CharField(max_length=120, default="")
    email = CharField(max_length=254, default="")
    role = Choice("owner", "provider", "desk")
    staff = link(Staff, "invitations", null=True)  # set: a new password for somebody who works here already
    created_at = UTCDateTime(default=now)
    expires_at = UTCDateTime()
    used_at = UTCDateTime(null=True)


class Attempt(Base):
    """One try at something limited: a sign-in, a code, a mail. Old rows are swept away."""

    bucket = CharField(max_length=120)  # what and for whom, digested: "code:<digest>"
    at = UTCDateTime(default=now)

    class Meta:
        indexes = ((("bucket", "at"), False),)


class CalendarFeed(Base):
    """A private address under which a patient's calendar reads their appointments, until they revoke it."""

    patient = link(Patient, "calendar_feeds")
    token_digest = CharField(max_length=64, unique=True)
    created_at = UTCDateTime(default=now)
    read_at = UTCDateTime(null=True)
    revoked_at = UTCDateTime(null=True)
