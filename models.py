"""Every table of Foyer, its constraints and its one-line facts. The verbs live in rules/.

Money is integer minor units with a currency; times end in _at and are UTC; statuses are adjectives.
"""

from peewee import (
    SQL,
    BooleanField,
    CharField,
    Check,
    DateField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    TextField,
)

from clock import now
from database import Choice, UTCDateTime, db

LIVE = ("booked", "arrived", "completed")  # an appointment in one of these occupies its provider
TO_COME = ("booked", "arrived")  # of the live ones: not over yet, so it can still be moved, cancelled or missed
OPEN_TASK = ("open", "in_progress")
KINDS = ("questionnaire", "consent", "pre_treatment", "post_treatment")


class Base(Model):
    class Meta:
        database = db
        only_save_dirty = True
        legacy_table_names = False


def link(model, backref, **kwargs):
    """A foreign key that never deletes what it points to: what happened stays."""
    return ForeignKeyField(model, backref=backref, on_delete="RESTRICT", **kwargs)


# --- clinic -------------------------------------------------------------------------------------


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
    buffer_minutes = IntegerField(default=0)
    price_minor = IntegerField(default=0)
    archived_at = UTCDateTime(null=True)

    class Meta:
        constraints = [
            Check("duration_minutes BETWEEN 5 AND 720"),
            Check("buffer_minutes BETWEEN 0 AND 240"),
            Check("price_minor >= 0"),
        ]


# --- people -------------------------------------------------------------------------------------


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
    archived_at = UTCDateTime(null=True)


class ServiceProvider(Base):
    """This provider performs this service."""

    service = link(Service, "performed_by")
    provider = link(Provider, "performs")

    class Meta:
        indexes = ((("service", "provider"), True),)


class WorkingHours(Base):
    """A provider works at a location every week from one wall-clock minute of the day to another."""

    provider = link(Provider, "hours")
    location = link(Location, "hours")
    weekday = IntegerField()  # 0 is Monday
    opens_minute = IntegerField()
    closes_minute = IntegerField()

    class Meta:
        constraints = [
            Check("weekday BETWEEN 0 AND 6"),
            Check("opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440"),
        ]


class TimeOff(Base):
    """A stretch in which a provider cannot be booked."""

    provider = link(Provider, "time_off")
    starts_at = UTCDateTime()
    ends_at = UTCDateTime()
    reason = CharField(max_length=120, default="")

    class Meta:
        indexes = ((("provider", "starts_at"), False),)
        constraints = [Check("starts_at < ends_at")]


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


# --- paperwork templates ------------------------------------------------------------------------


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


# --- policy -------------------------------------------------------------------------------------


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


# --- booking ------------------------------------------------------------------------------------


class Appointment(Base):
    """One service for one patient with one provider at one location, from start to end.

    The database refuses two live ones that overlap for a provider or for a patient (see migrations).
    """

    patient = link(Patient, "appointments")
    service = link(Service, "appointments")
    provider = link(Provider, "appointments")
    location = link(Location, "appointments")
    starts_at = UTCDateTime()
    ends_at = UTCDateTime()
    buffer_minutes = IntegerField(default=0)  # as the service had it when booked
    price_minor = IntegerField(default=0)
    currency = CharField(max_length=3)
    status = Choice("booked", "arrived", "completed", "cancelled", "missed", default="booked")
    request_key = CharField(max_length=64, unique=True)  # one submit, one booking
    booked_at = UTCDateTime(default=now)
    booked_by = CharField(max_length=24, default="patient")
    moves = IntegerField(default=0)  # how often it was moved; also the sequence of its .ics
    arrived_at = UTCDateTime(null=True)
    closed_at = UTCDateTime(null=True)  # completed, cancelled or missed
    closed_by = CharField(max_length=120, default="")
    closed_by_kind = CharField(max_length=24, default="")  # patient or staff: only a patient reads their own reason
    closed_why = TextField(default="")

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


# --- tasks, answers, signatures -------------------------------------------------------------------


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


class Plan(Base):
    """A membership that the clinic offers."""

    name = CharField(max_length=120, unique=True)
    summary = TextField(default="")
    benefits = TextField(default="")  # one a line
    price_minor = IntegerField()
    currency = CharField(max_length=3)
    period = Choice("month", "year", default="month")
    archived_at = UTCDateTime(null=True)

    class Meta:
        constraints = [Check("price_minor >= 0")]


class AgreementVersion(Base):
    """A frozen text of a plan's agreement; the highest number is the current one."""

    plan = link(Plan, "agreements")
    number = IntegerField()
    text = TextField()  # Markdown
    digest = CharField(max_length=64)
    created_at = UTCDateTime(default=now)
    created_by = CharField(max_length=120, default="")

    class Meta:
        indexes = ((("plan", "number"), True),)


class Membership(Base):
    """A patient subscribes to a plan, at the price and agreement of the day they joined."""

    patient = link(Patient, "memberships")
    plan = link(Plan, "memberships")
    agreement = link(AgreementVersion, "memberships")
    price_minor = IntegerField()
    currency = CharField(max_length=3)
    period = Choice("month", "year")
    status = Choice("active", "ended", default="active")
    joined_at = UTCDateTime(default=now)
    joined_on = DateField()  # on the clinic's calendar; every later charge keeps to this day of the month
    period_starts_on = DateField()
    next_charge_on = DateField()
    ends_on = DateField(null=True)  # cancelled: runs until this day and is not charged again
    request_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("status", "next_charge_on"), False),)


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


# --- money --------------------------------------------------------------------------------------


class Charge(Base):
    """Money owed or taken for a reason; the database allows one per appointment and reason."""

    patient = link(Patient, "charges")
    appointment = link(Appointment, "charges", null=True)
    membership = link(Membership, "charges", null=True)
    period_starts_on = DateField(null=True)  # membership_period: which one
    reason = Choice("cancellation_fee", "late_move_fee", "no_show_fee", "membership_period")
    amount_minor = IntegerField()
    currency = CharField(max_length=3)
    status = Choice("owed", "paid", "waived", "refunded", default="owed")
    policy = link(Policy, "charges", null=True)
    because = TextField()  # one sentence: how the amount comes about
    receipt_number = IntegerField(unique=True)
    request_key = CharField(max_length=64, unique=True)  # what the card provider sees, for ever
    gateway = CharField(max_length=24, default="at_the_clinic")
    gateway_reference = CharField(max_length=120, default="")
    refund_reference = CharField(max_length=120, default="")
    ask_at = UTCDateTime(null=True, index=True)  # when the card provider is asked next to take it or give it back
    created_at = UTCDateTime(default=now)
    settled_at = UTCDateTime(null=True)
    settled_by = CharField(max_length=120, default="")
    settled_why = TextField(default="")
    withdrawn_at = UTCDateTime(null=True)  # waived since its cause was an error; stands again if the cause comes again

    class Meta:
        constraints = [Check("amount_minor > 0")]
        indexes = (
            (("appointment", "reason"), True),
            (("membership", "period_starts_on"), True),
            (("status", "patient"), False),
        )


# --- messages -----------------------------------------------------------------------------------


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


# --- trail --------------------------------------------------------------------------------------


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


Task.add_index(
    Task.index(
        Task.appointment,
        Task.paperwork,
        unique=True,
        where=SQL("lapsed_at IS NULL"),
        name="task_one_per_visit",
    )
)
Permission.add_index(
    Permission.index(
        Permission.patient,
        Permission.kind,
        unique=True,
        where=SQL("revoked_at IS NULL"),
        name="permission_one_live",
    )
)
Membership.add_index(
    Membership.index(
        Membership.patient,
        unique=True,
        where=SQL("status = 'active'"),
        name="membership_one_active",
    )
)

MODELS = [
    Clinic, Location, Category, Service, Patient, Staff, Provider, ServiceProvider, WorkingHours, TimeOff,
    LoginCode, LoginSession, KeptForm, Invitation, Attempt, Paperwork, PaperworkVersion, Assignment, Policy,
    Appointment, AppointmentMove, PolicyAcceptance, Task, Answer, Plan, AgreementVersion, Membership,
    Signature, Charge, Delivery, TrailEntry, TrailEnd, Fault,
    CategoryAssignment, Picture, Photo, Finding, ProfileChange, CheckAnswer, CheckIn, HandOver, SealedFile, Permission,
    RecordNotice, NoticeConsent,
]  # fmt: skip
