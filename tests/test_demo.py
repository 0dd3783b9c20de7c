"""The demo clinic keeps what the README says of it, can be filled twice, and never touches a real clinic."""

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine

import clock
import demo_clinic
import portal
import settings
from database import db
from models import (
    KINDS,
    MODELS,
    Appointment,
    Category,
    Charge,
    CheckIn,
    Clinic,
    Delivery,
    Location,
    Paperwork,
    PaperworkVersion,
    Patient,
    Plan,
    Policy,
    Provider,
    Service,
    Signature,
    Staff,
    Task,
    TrailEntry,
)
from rules import instruction_texts, paperwork, people, ready, reminders, searching, signing, trail
from rules.questions import TYPES
from rules.services import listed
from tests.conftest import opened, postgres_url

HOUSE = Path(portal.HERE)


@contextmanager
def the_folder(path):
    kept = settings.current()
    settings.use(replace(kept, data_dir=path))
    try:
        yield
    finally:
        settings.use(kept)


@contextmanager
def migrated(url):
    with opened(url):
        portal.migrate()
        db.connect(reuse_if_open=True)
        yield


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def filled(app, request, tmp_path_factory):
    """(folder, address) of a demo clinic, filled once for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("demo")
    url = f"sqlite:///{folder / 'demo.db'}"
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        server.psql("CREATE DATABASE demo")
        url = postgres_url(server, "demo")
    with the_folder(folder), migrated(url):
        assert demo_clinic.fill() is True
    yield folder, url
    if request.param == "postgres":
        server.psql("DROP DATABASE demo WITH (FORCE)")


@pytest.fixture
def demo(filled):
    folder, url = filled
    with the_folder(folder), opened(url):
        yield


@pytest.fixture
def empty(app, tmp_path):
    """A migrated database with nothing in it, and a data folder of its own."""
    with the_folder(tmp_path), migrated(f"sqlite:///{tmp_path / 'demo.db'}"):
        yield tmp_path


def everything():
    return {model.__name__: model.select().count() for model in MODELS}


def avas():
    return Appointment.select().join(Patient).where(Patient.email == "ava@example.com").order_by(Appointment.starts_at)


def test_a_second_fill_changes_nothing(demo):
    before, last = everything(), TrailEntry.select().order_by(TrailEntry.id.desc()).get().digest
    assert demo_clinic.fill() is False
    assert everything() == before
    assert TrailEntry.select().order_by(TrailEntry.id.desc()).get().digest == last


def test_what_was_promised_is_there(demo):
    clinic = Clinic.get_by_id(1)
    links = ("website", "instagram", "facebook", "youtube", "linkedin", "messenger")
    assert all(getattr(clinic, f"{name}_url").startswith("https://www.example.com") for name in links)
    assert clinic.important_note
    assert clinic.emergency_words
    assert {place.time_zone for place in Location.select()} == {"America/New_York", "Europe/London"}
    assert (Location.select().count(), Provider.select().count(), Service.select().count()) == (2, 6, 13)
    assert Category.select().count() >= 4
    assert Plan.select().count() == 2
    assert all(plan.agreements.count() == 1 for plan in Plan.select())
    policy = Policy.get()
    assert (policy.notice_hours, policy.fee_kind, policy.fee_value, policy.active) == (48, "fixed", 5000, True)
    assert {patient.email for patient in Patient.select()} >= {"ava@example.com", "ben@example.com"}
    assert Patient.select().count() >= 15


def test_phones_and_addresses_belong_to_nobody(demo):
    us, uk = re.compile(r"\+1 ?212 ?555 ?01\d\d"), re.compile(r"\+44 ?20 ?7946 ?0\d\d\d|\+447700900\d\d\d")
    phones = [row.phone for model in (Clinic, Location, Patient) for row in model.select() if row.phone]
    phones += [patient.emergency_phone for patient in Patient.select() if patient.emergency_phone]
    assert [phone for phone in phones if not (us.fullmatch(phone) or uk.fullmatch(phone))] == []
    mails = [person.email for model in (Patient, Staff) for person in model.select() if person.email]  # Mia has none
    assert all(mail.endswith("@example.com") for mail in mails)


def test_staff_come_in_with_the_password_of_the_demo(demo):
    roles = {person.email: person.role for person in Staff.select()}
    assert roles == {"owner@example.com": "owner", "desk@example.com": "desk", "provider@example.com": "provider"}
    for email in roles:
        assert people.check_password(email, "demo-clinic").email == email
    assert Provider.get(Provider.staff.is_null(False)).staff.email == "provider@example.com"


def test_the_paperwork_is_worth_reading_and_only_one_service_has_none(demo):
    assert {paper.kind for paper in Paperwork.select()} == set(KINDS)
    for version in PaperworkVersion.select().join(Paperwork).where(Paperwork.kind != "questionnaire"):
        assert 150 <= len(version.body.split()) <= 360, version.title
        assert "\n## " in f"\n{version.body}", version.title
    history = next(v for v in PaperworkVersion.select() if v.title == "Medical history")
    assert {question["type"] for question in history.questions} == set(TYPES)
    assert any(question.get("unit") for question in history.questions)
    steps = [step for version in PaperworkVersion.select() for step in instruction_texts.steps_of(version)]
    assert {step["delay_minutes"] for step in steps} == {18 * 60, 3 * 1440, 7 * 1440, 14 * 1440}
    assert any(instruction_texts.check_of(version) for version in PaperworkVersion.select())
    assert [row.name for row in listed() if not row.papers] == ["LED light session"]


def test_every_day_has_free_times_at_both_locations(demo):
    consultation = Service.get(Service.name == "Skin consultation")
    for place in Location.select():
        until = clock.now() + timedelta(days=15)
        free = searching.free_times(consultation, location=place, until=until)
        days = {clock.local(opening.starts_at, place.time_zone).date() for opening in free}
        tomorrow = clock.local(clock.now(), place.time_zone).date() + timedelta(days=1)
        assert {tomorrow + timedelta(days=n) for n in range(13)} <= days


def test_ava_has_a_past_a_present_and_a_future(demo):
    at = clock.now()
    rows = list(avas())
    status = Counter(row.status for row in rows)
    assert (status["completed"], status["cancelled"], status["arrived"], status["booked"]) == (3, 1, 1, 2)
    here = next(row for row in rows if row.status == "arrived")
    assert timedelta(minutes=10) <= at - here.starts_at < timedelta(minutes=25)
    soon, later = (row for row in rows if row.status == "booked")
    assert timedelta(hours=25, minutes=40) < soon.starts_at - at <= timedelta(hours=26)
    assert 8 <= (later.starts_at - at).days <= 10
    assert {task.status for task in later.tasks} >= {"open"}
    assert not Appointment.select().join(Patient).where(Patient.email == "ben@example.com").exists()
    first = rows[0]
    assert {t.status for t in first.tasks.join(Paperwork).where(Paperwork.kind != "post_treatment")} == {"done"}
    signature = Signature.get(Signature.task.in_(list(first.tasks)), Signature.method == "drawn")
    assert signing.verify(signature)
    assert signature.signed_at < first.starts_at


def test_the_played_past_is_whole(demo):
    assert trail.first_break() is None
    moments = [entry.at for entry in TrailEntry.select().order_by(TrailEntry.id)]
    assert moments == sorted(moments)
    assert all(signing.verify(signature) for signature in Signature.select())
    assert {(charge.reason, charge.status) for charge in Charge.select()} >= {
        ("no_show_fee", "owed"), ("no_show_fee", "paid"), ("cancellation_fee", "owed"), ("membership_period", "paid"),
    }  # fmt: skip
    treated = Task.select().join(Appointment).where(Appointment.status == "completed").switch(Task).join(Paperwork)
    assert not treated.where(Paperwork.kind.in_(("consent", "questionnaire")), Task.status != "done").exists()


def test_what_patients_and_staff_are_asked_for_is_there_to_try(demo):
    there_is_something_to_try()


def there_is_something_to_try():
    """A history to answer, a step to check in at, an answer that needs an OK, a guardian who has not signed yet."""
    soon, later = (row for row in avas() if row.status == "booked")
    for visit in (soon, later):
        [history] = visit.tasks.join(Paperwork).where(Paperwork.name == "Medical history")
        assert history.status == "open"
        assert [it["type"] for it in paperwork.current_version(history.paperwork).questions].count("section") >= 3
    treated = next(row for row in reversed(avas()) if row.status == "completed")
    [after] = treated.tasks.join(Paperwork).where(Paperwork.kind == "post_treatment")
    asking = [step for step in instruction_texts.steps_of(paperwork.version_of(after)) if step["check_in"]]
    begun = {step["key"] for step in asking if instruction_texts.step_due_at(step, treated.ends_at) <= clock.now()}
    given = {row.step for row in CheckIn.select().where(CheckIn.task == after)}
    assert given
    assert begun - given, "one is due"
    healing = CheckIn.select().where(CheckIn.given_at > clock.now() - timedelta(days=1))
    assert {row.feeling for row in healing} == {"not_sure", "worried"}
    assert all(row.task.appointment.ends_at > clock.now() - timedelta(days=8) for row in healing)
    tomorrow = ready.board(clock.now(), list(Location.select()))[1]
    said = {(gate.name, gate.words) for line in tomorrow.lines for gate in line.gates}
    assert {("Flags", "Needs OK"), ("Consents", "Guardian missing")} <= said


def test_the_mailbox_begins_with_avas_upcoming_visits_alone(demo):
    due = Delivery.select().where(Delivery.status == "waiting", Delivery.due_at <= clock.now())
    upcoming = {row.id for row in avas() if row.status == "booked"}
    assert {delivery.appointment_id for delivery in due} == upcoming
    told = Counter(delivery.kind for delivery in due)
    assert 1 <= told.pop("paperwork_reminder") <= 2, "of tomorrow's visit, and perhaps of the next"
    assert told == {"booking_confirmed": 2, "pre_treatment": 2}
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False):
        assert reminders.put_due(clock.now()) == 0, "nobody else is written to as soon as it opens"
    assert Delivery.select().where(Delivery.status == "failed").count() == 1


@pytest.mark.parametrize(
    "moment",
    ["2026-03-08T00", "2026-03-08T09", "2026-10-25T05", "2026-10-25T23", "2026-12-31T14", "2026-12-31T19"],
)
def test_the_demo_opens_at_any_hour_of_any_day(empty, moment):  # clocks change, a year ends
    with time_machine.travel(datetime.fromisoformat(f"{moment}:03+00:00"), tick=False):
        demo_clinic.fill()
        assert Counter(row.status for row in avas())["booked"] == 2
        assert trail.first_break() is None
        there_is_something_to_try()


def test_a_real_clinic_is_never_filled(empty):
    Clinic.create(id=1, name="A real one")
    with pytest.raises(SystemExit, match="not the demo"):
        demo_clinic.fill()
    assert Service.select().count() == 0
    assert not (empty / "demo").exists()


def test_a_marked_folder_does_not_make_a_demo_of_another_clinics_database(empty):
    Clinic.create(id=1, name="A real one")
    (empty / "demo").touch()
    with pytest.raises(SystemExit, match="not the demo"):
        demo_clinic.fill()


def test_only_the_demo_stands_at_another_moment():
    using = [f.name for f in HOUSE.glob("*.py") if "standing_at" in f.read_text()]
    for room in ("rules", "views", "gateways"):
        using += [f.name for f in (HOUSE / room).rglob("*.py") if "standing_at" in f.read_text()]
    assert sorted(using) == ["clock.py", "demo_clinic.py", "demo_story.py"]
