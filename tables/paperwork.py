"""What is due for whom, what was given, and what it means for the visit."""

from peewee import SQL, BooleanField, CharField, Check, DateField, ForeignKeyField, IntegerField, JSONField, TextField

from clock import now
from database import Choice, UTCDateTime
from tables.base import Base, link
from tables.booking import Appointment
from tables.clinic import Service
from tables.people import Patient
from tables.templates import Paperwork, PaperworkVersion


class Task(Base):
    """One piece of paperwork for one patient and one appointment."""

    patient = link(Patient, "tasks")
    appointment = link(Appointment, "tasks")
    paperwork = link(Paperwork, "tasks")
    version = link(PaperworkVersion, "tasks", null=True)  # set when begun; until then the current one counts
    status = Choice("open", "in_progress", "done", "not_needed", default="open")
    created_at = UTCDateTime(default=now)
    begun_at = UTCDateTime(null=True)
    done_at = UTCDateTime(null=True)
    counted_from = ForeignKeyField("self", null=True, on_delete="RESTRICT")  # earlier valid work
    lapsed_at = UTCDateTime(null=True)  # the visit moved beyond what this work is good for; another task replaces it
    sections_done = IntegerField(default=0)  # of a questionnaire: how many were gone through, the hidden ones too
    answers_digest = CharField(max_length=64, default="")  # SHA-256 over the answers as they were sent
    declined_at = UTCDateTime(null=True)  # the patient does not want to sign this; "not needed" until they do
    declined_why = TextField(default="")
    signed_on_paper_by = CharField(max_length=120, default="")  # the member of staff who has it
    signed_on_paper_note = TextField(default="")

    class Meta:
        indexes = (
            (("patient", "status"), False),
            (("patient", "paperwork", "done_at"), False),
        )
        constraints = [Check("status <> 'done' OR done_at IS NOT NULL")]


class Answer(Base):
    """What a patient gave for one question of one task; the last one saved counts."""

    task = link(Task, "answers")
    question = CharField(max_length=40)
    value = JSONField(null=True)
    saved_at = UTCDateTime(default=now)
    confirmed = BooleanField(default=False)  # an earlier answer that the patient read and called still true

    class Meta:
        indexes = ((("task", "question"), True),)


class Photo(Base):
    """A patient's photo, re-encoded and without metadata; only the guard's doors lead to it."""

    patient = link(Patient, "photos")
    task = link(Task, "photos")
    question = CharField(max_length=40)  # of the questionnaire, or the step of the instruction
    file_name = CharField(max_length=64, unique=True)  # random, under DATA_DIR/photos
    digest = CharField(max_length=64)
    size_bytes = IntegerField()
    width = IntegerField()
    height = IntegerField()
    created_at = UTCDateTime(default=now)
    removed_at = UTCDateTime(null=True)

    class Meta:
        indexes = ((("task", "question"), False),)


class Finding(Base):
    """What an answer means for one visit, by the rule that staff gave its question: a flag, or a block of the service.

    A flag is open until a provider cleared it ("may be treated") or declined. A block is open while it stands.
    """

    appointment = link(Appointment, "findings")
    patient = link(Patient, "findings")
    service = link(Service, "findings")
    task = link(Task, "findings")  # whose answers it comes from
    question = CharField(max_length=40)
    rule = IntegerField()  # which of the question's rules, from 0
    then = Choice("flag", "block")
    words = TextField()
    until_on = DateField(null=True)  # a block: the service can be had from this day on; None: until staff lift it
    status = Choice("open", "cleared", "declined", default="open")
    raised_at = UTCDateTime(default=now)
    decided_at = UTCDateTime(null=True)
    decided_by = CharField(max_length=120, default="")
    why = TextField(default="")

    class Meta:
        indexes = (
            (("appointment", "task", "question", "rule"), True),
            (("patient", "service", "then", "status"), False),
            (("status", "appointment"), False),
        )


class ProfileChange(Base):
    """An answer changed the profile: from what to what. Frozen."""

    patient = link(Patient, "profile_changes")
    task = link(Task, "profile_changes")
    field = Choice("allergies", "medication", "medical_notes")
    before = TextField(default="")
    after = TextField(default="")
    changed_at = UTCDateTime(default=now)


class CheckAnswer(Base):
    """A receipt: what a patient chose for the check question of an instruction. Frozen."""

    task = link(Task, "check_answers")
    question = CharField(max_length=40)
    choice = CharField(max_length=200)
    right = BooleanField()
    given_at = UTCDateTime(default=now)


class CheckIn(Base):
    """How a patient says that healing goes, for one step of a post-treatment instruction."""

    task = link(Task, "check_ins")
    step = CharField(max_length=40)
    feeling = Choice("as_expected", "not_sure", "worried")
    words = TextField(default="")
    photo = link(Photo, "check_ins", null=True)
    given_at = UTCDateTime(default=now)
    seen_at = UTCDateTime(null=True)
    seen_by = CharField(max_length=120, default="")

    class Meta:
        indexes = ((("task", "step"), False), (("feeling", "seen_at"), False))


class HandOver(Base):
    """A link that opens exactly one task on another device, after the birth date, until it expires or that is done."""

    token_digest = CharField(max_length=64, unique=True)
    task = link(Task, "hand_overs")
    purpose = Choice("patient", "guardian")
    created_at = UTCDateTime(default=now)
    created_by = CharField(max_length=120)
    expires_at = UTCDateTime()
    tries = IntegerField(default=0)
    opened_at = UTCDateTime(null=True)  # the birth date was right
    browser_digest = CharField(max_length=64, default="")  # the one browser that opened it
    ended_at = UTCDateTime(null=True)


Task.add_index(
    Task.index(
        Task.appointment,
        Task.paperwork,
        unique=True,
        where=SQL("lapsed_at IS NULL"),
        name="task_one_per_visit",
    )
)
