"""The cast: one small clinic that every test knows."""

import json
from datetime import UTC, date, datetime
from hashlib import sha256

from models import (
    AgreementVersion,
    Assignment,
    Category,
    Clinic,
    Location,
    NoticeConsent,
    Paperwork,
    PaperworkVersion,
    Patient,
    Plan,
    Policy,
    Provider,
    RecordNotice,
    Service,
    ServiceProvider,
    Staff,
    WorkingHours,
)

LONG_AGO = datetime(2025, 1, 1, 9, tzinfo=UTC)
QUESTIONS = [
    {"key": "reason", "label": "What brings you in?", "type": "text", "required": True},
    {"key": "history", "label": "Any medical conditions?", "type": "long_text", "required": False},
    {"key": "pregnant", "label": "Are you pregnant?", "type": "yes_no", "required": True},
    {"key": "skin", "label": "Your skin type", "type": "single", "required": True, "choices": ["Dry", "Oily", "Mixed"]},
    {
        "key": "had_before",
        "label": "Treatments so far",
        "type": "multiple",
        "required": False,
        "choices": ["Filler", "Laser", "Peel"],
    },
    {"key": "last_visit", "label": "Last treatment", "type": "date", "required": False},
    {
        "key": "weight",
        "label": "Your weight",
        "type": "number",
        "required": False,
        "unit": "kg",
        "least": 30,
        "most": 250,
    },
]


def build_cast():
    """Write the cast into an empty, migrated database."""
    Clinic.create(id=1, name="The Test Clinic", phone="212-555-0100", email="hello@example.com", lead_minutes=60)
    soho = Location.create(name="Soho", address="1 Test Street, New York", time_zone="America/New_York")
    bath = Location.create(name="Bath", address="2 Test Row, Bath", time_zone="Europe/London")
    injectables = Category.create(name="Injectables", position=1)
    skin = Category.create(name="Skin", position=2)
    botox = Service.create(
        category=injectables, name="Wrinkle relaxing", duration_minutes=30, buffer_minutes=15, price_minor=40000
    )
    peel = Service.create(category=skin, name="Light peel", duration_minutes=60, price_minor=15000)

    Patient.create(
        first_name="Ava",
        last_name="Moreno",
        email="ava@example.com",
        phone="+12125550101",
        birth_date=date(1990, 5, 17),
        email_verified_at=LONG_AGO,
    )
    Patient.create(
        first_name="Ben",
        last_name="Okafor",
        email="ben@example.com",
        birth_date=date(1985, 2, 3),
        email_verified_at=LONG_AGO,
    )
    notice = RecordNotice.create(
        number=1, text="You may have paper.", digest=sha256(b"You may have paper.").hexdigest()
    )
    for patient in Patient.select():
        NoticeConsent.create(patient=patient, notice=notice, given_at=LONG_AGO, given_by=patient.name)
    Staff.create(name="Olive Owner", email="owner@example.com", role="owner")
    Staff.create(name="Dana Desk", email="desk@example.com", role="desk")
    nurse = Staff.create(name="Nia Nurse", email="provider@example.com", role="provider")
    dr_lin = Provider.create(name="Dr Lin", title="Physician")
    other = Provider.create(name="Nia Nurse", title="Nurse injector", staff=nurse)
    for provider, service in ((dr_lin, botox), (dr_lin, peel), (other, botox)):
        ServiceProvider.create(provider=provider, service=service)
    for weekday in range(7):
        WorkingHours.create(provider=dr_lin, location=soho, weekday=weekday, opens_minute=9 * 60, closes_minute=17 * 60)
        WorkingHours.create(provider=other, location=bath, weekday=weekday, opens_minute=10 * 60, closes_minute=16 * 60)

    for kind, name, body, questions, delay in (
        ("questionnaire", "Medical history", "Please answer before you come.", QUESTIONS, 0),
        ("consent", "Consent to wrinkle relaxing", "I understand the **risks**.", [], 0),
        ("pre_treatment", "Before wrinkle relaxing", "No alcohol for 24 hours.", [], 0),
        ("post_treatment", "After wrinkle relaxing", "Stay upright for four hours.", [], 120),
    ):
        paperwork = Paperwork.create(kind=kind, name=name, delay_minutes=delay)
        told = json.dumps([name, body, questions], sort_keys=True, separators=(",", ":"))
        PaperworkVersion.create(
            paperwork=paperwork,
            number=1,
            title=name,
            body=body,
            questions=questions,
            digest=sha256(told.encode()).hexdigest(),
        )
        Assignment.create(service=botox, paperwork=paperwork)

    text = "Cancel free of charge until 48 hours before. After that it costs $50.00."
    Policy.create(
        number=1,
        text=text,
        notice_hours=48,
        fee_kind="fixed",
        fee_value=5000,
        no_show_kind="percent",
        no_show_value=100,
        digest=sha256(text.encode()).hexdigest(),
        created_at=LONG_AGO,
    )
    glow = Plan.create(
        name="Glow", summary="A little every month.", benefits="10 % off", price_minor=9900, currency="USD"
    )
    agreement = "You pay monthly and may leave at any time."
    AgreementVersion.create(plan=glow, number=1, text=agreement, digest=sha256(agreement.encode()).hexdigest())


class Cast:
    """The people and things of the cast, loaded from the test's own database."""

    def __init__(self, app):
        self.app = app
        self.ava = Patient.get(Patient.email == "ava@example.com")
        self.ben = Patient.get(Patient.email == "ben@example.com")
        self.owner = Staff.get(Staff.role == "owner")
        self.desk = Staff.get(Staff.role == "desk")
        self.nurse = Staff.get(Staff.role == "provider")
        self.dr_lin = Provider.get(Provider.name == "Dr Lin")
        self.other_provider = Provider.get(Provider.name == "Nia Nurse")
        self.soho = Location.get(Location.name == "Soho")
        self.bath = Location.get(Location.name == "Bath")
        self.botox = Service.get(Service.name == "Wrinkle relaxing")
        self.peel = Service.get(Service.name == "Light peel")
        self.policy = Policy.get(Policy.number == 1)
        self.glow = Plan.get(Plan.name == "Glow")
        self.history = Paperwork.get(Paperwork.kind == "questionnaire")
        self.consent = Paperwork.get(Paperwork.kind == "consent")
        self.before = Paperwork.get(Paperwork.kind == "pre_treatment")
        self.after = Paperwork.get(Paperwork.kind == "post_treatment")
