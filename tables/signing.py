"""What was signed, and what was agreed to about records and photos."""

from peewee import SQL, CharField, Check, IntegerField, JSONField, TextField

from clock import now
from database import Choice, UTCDateTime
from tables.base import Base, link
from tables.money import Membership
from tables.paperwork import Task
from tables.people import Patient


class Signature(Base):
    """Evidence that a person signed exactly this text: of a consent (task) or an agreement (membership).

    A consent is signed once in each role that it asks for.
    """

    task = link(Task, "signatures", null=True)
    membership = link(Membership, "signatures", null=True, unique=True)
    patient = link(Patient, "signatures")
    method = Choice("drawn", "typed")
    signer_name = CharField(max_length=160)
    strokes = JSONField(null=True)  # signature_pad's toData, cleaned; None when typed
    shown_text = TextField()  # title and text exactly as shown
    shown_digest = CharField(max_length=64)
    version_digest = CharField(max_length=64)
    signed_at = UTCDateTime(default=now)
    time_zone = CharField(max_length=64)
    ip = CharField(max_length=45, default="")
    agent = CharField(max_length=300, default="")
    session_number = IntegerField(null=True)
    signed_in_how = CharField(max_length=24, default="")
    evidence_digest = CharField(max_length=64)  # SHA-256 over all of the row; see rules/signing.py
    role = Choice("patient", "guardian", "witness", "provider", default="patient")
    details = JSONField(
        default=dict
    )  # initials, permissions, a guardian's relationship, the notice; see rules/signing.py

    class Meta:
        constraints = [Check("(task_id IS NULL) <> (membership_id IS NULL)")]
        indexes = ((("task", "role"), True),)


class SealedFile(Base):
    """The PDF of a consent as it stood after this signature: made once by a job, sealed, archived with its hash."""

    signature = link(Signature, "sealed_files", unique=True)
    status = Choice("waiting", "sealed", "failed", default="waiting")
    file_name = CharField(max_length=64, default="")  # random, under DATA_DIR/sealed
    digest = CharField(max_length=64, default="", index=True)  # SHA-256 of the file
    size_bytes = IntegerField(default=0)
    created_at = UTCDateTime(default=now)
    sealed_at = UTCDateTime(null=True)
    attempts = IntegerField(default=0)
    lease_until = UTCDateTime(null=True)
    outcome = TextField(default="")  # why it could not be made

    class Meta:
        indexes = ((("status", "lease_until"), False),)


class Permission(Base):
    """What a patient allows to be done with photos of them; each on its own, never part of a treatment, revocable."""

    patient = link(Patient, "permissions")
    kind = Choice("chart", "share", "training", "website", "social")
    signature = link(Signature, "permissions")
    given_at = UTCDateTime(default=now)
    revoked_at = UTCDateTime(null=True)


class RecordNotice(Base):
    """One version of what is to be told before anything is signed on a screen. Frozen; the highest number counts."""

    number = IntegerField(unique=True)
    text = TextField()  # Markdown
    digest = CharField(max_length=64)
    created_at = UTCDateTime(default=now)
    created_by = CharField(max_length=120, default="")


class NoticeConsent(Base):
    """A patient agreed to sign and to receive records electronically, under this version of the notice."""

    patient = link(Patient, "notice_consents")
    notice = link(RecordNotice, "consents")
    given_at = UTCDateTime(default=now)
    given_by = CharField(max_length=160)
    ip = CharField(max_length=45, default="")
    agent = CharField(max_length=300, default="")
    session_number = IntegerField(null=True)
    signed_in_how = CharField(max_length=24, default="")
    withdrawn_at = UTCDateTime(null=True)

    class Meta:
        indexes = ((("patient", "notice"), False),)


Permission.add_index(
    Permission.index(
        Permission.patient,
        Permission.kind,
        unique=True,
        where=SQL("revoked_at IS NULL"),
        name="permission_one_live",
    )
)
