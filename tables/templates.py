"""The paperwork that the clinic hands out, and to what it is tied."""

from peewee import BooleanField, CharField, Check, IntegerField, JSONField, TextField

from clock import now
from database import Choice, UTCDateTime
from tables.base import KINDS, Base, link
from tables.clinic import Category, Service


class Paperwork(Base):
    """A questionnaire, a consent or an instruction that the clinic hands out; its text lives in versions."""

    kind = Choice(*KINDS)
    name = CharField(max_length=120)
    delay_minutes = IntegerField(default=0)  # post-treatment: mailed so long after the end
    validity = Choice("every_visit", "once", "days", default="every_visit")
    validity_days = IntegerField(null=True)
    archived_at = UTCDateTime(null=True)

    class Meta:
        constraints = [
            Check("delay_minutes >= 0"),
            Check("(validity = 'days') = (validity_days IS NOT NULL)"),
        ]


class PaperworkVersion(Base):
    """A frozen text of a piece of paperwork; the highest number is the current one."""

    paperwork = link(Paperwork, "versions")
    number = IntegerField()
    title = CharField(max_length=160)
    body = TextField(default="")  # Markdown
    questions = JSONField(default=list)  # see rules/questions.py for the shape of a question
    digest = CharField(max_length=64)  # SHA-256 over title, body, questions and details
    created_at = UTCDateTime(default=now)
    created_by = CharField(max_length=120, default="")
    details = JSONField(default=dict)  # who else signs a consent, the steps of an instruction; see rules/templates.py
    must_renew = BooleanField(default=False)  # work done on an earlier version no longer counts

    class Meta:
        indexes = ((("paperwork", "number"), True),)


class Assignment(Base):
    """Staff tied this piece of paperwork to this service."""

    service = link(Service, "assignments")
    paperwork = link(Paperwork, "assignments")

    class Meta:
        indexes = ((("service", "paperwork"), True),)


class CategoryAssignment(Base):
    """Staff tied this piece of paperwork to every service of this category, also to those that come later."""

    category = link(Category, "assignments")
    paperwork = link(Paperwork, "category_assignments")

    class Meta:
        indexes = ((("category", "paperwork"), True),)


class Picture(Base):
    """A picture in the clinic's own texts, re-encoded; nothing about a patient."""

    file_name = CharField(max_length=64, unique=True)  # random, under DATA_DIR/pictures
    shows = CharField(max_length=200, default="")  # in words, for whoever cannot see it
    digest = CharField(max_length=64)
    width = IntegerField()
    height = IntegerField()
    created_at = UTCDateTime(default=now)
    created_by = CharField(max_length=120, default="")
