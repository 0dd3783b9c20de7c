"""Reminders of open paperwork: which step, to whom, until when; and the nudge with its two minutes."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from clock import now
from database import db, is_sqlite
from models import Appointment, Clinic, Delivery, Patient, Task, TrailEntry
from rules import letters, reminders, scheduling
from rules.actor import Actor
from rules.refused import Refused

START = datetime(2026, 3, 6, 19, 30, tzinfo=UTC)  # Friday, half past two in New York
HOUR = timedelta(hours=1)
SECRETS = ("wrinkle", "medical", "consent", "history")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START - timedelta(days=6), tick=False) as travel:
        yield travel


@pytest.fixture
def desk(clinic):
    return Actor("staff", clinic.desk.id, clinic.desk.name)


def booked(clinic, starts_at=START, patient=None):
    patient = patient or clinic.ava
    return scheduling.book(
        patient, clinic.botox, provider=clinic.dr_lin, location=clinic.soho, starts_at=starts_at,
        by=Actor("patient", patient.id, patient.name), request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip


def told(visit=None):
    """The steps of the reminders that were put, in order."""
    rows = Delivery.select().where(Delivery.kind == "paperwork_reminder").order_by(Delivery.id)
    rows = rows.where(Delivery.appointment == visit) if visit else rows
    return [int(row.dedupe_key.rsplit(":", 1)[1]) for row in rows]


def put_at(clock, moment):
    clock.move_to(moment)
    return reminders.put_due(now())


def done(visit, *papers):
    query = Task.update(status="done", done_at=now()).where(Task.appointment == visit)
    (query.where(Task.paperwork.in_([it.id for it in papers])) if papers else query).execute()


def last(kind="paperwork_reminder"):
    return Delivery.select().where(Delivery.kind == kind).order_by(Delivery.id.desc()).get()


def test_each_step_is_told_once_to_the_minute(clinic, clock):
    visit = booked(clinic)
    minute = timedelta(minutes=1)
    assert put_at(clock, START - 72 * HOUR - minute) == 0
    assert put_at(clock, START - 72 * HOUR) == 1
    assert put_at(clock, START - 72 * HOUR + minute) == 0
    assert put_at(clock, START - 24 * HOUR - minute) == 0
    assert put_at(clock, START - 24 * HOUR) == 1
    assert put_at(clock, START - minute) == 0
    assert told(visit) == [72, 24]


def test_who_books_late_is_told_only_of_the_nearest_step_and_not_within_the_hour(clinic, clock):
    clock.move_to(START - 20 * HOUR)
    visit = booked(clinic)
    assert put_at(clock, START - 20 * HOUR + timedelta(minutes=59)) == 0
    assert put_at(clock, START - 19 * HOUR) == 1
    assert put_at(clock, START - HOUR) == 0
    assert told(visit) == [24]


@pytest.mark.parametrize("hours", [[], [5], [48, 6, 2]])
def test_the_clinic_chooses_the_steps(clinic, clock, hours):
    Clinic.update(remind_hours=hours).execute()
    booked(clinic)
    for step in range(100, 0, -1):
        put_at(clock, START - step * HOUR)
    assert told() == hours


def test_nobody_is_reminded_of_what_is_done_declined_or_replaced(clinic, clock):
    visit = booked(clinic)
    done(visit, clinic.history, clinic.before)
    Task.update(declined_at=now()).where(Task.appointment == visit, Task.paperwork == clinic.consent).execute()
    assert put_at(clock, START - 72 * HOUR) == 0
    Task.update(declined_at=None, lapsed_at=now()).where(Task.paperwork == clinic.consent).execute()
    assert put_at(clock, START - 71 * HOUR) == 0
    Task.update(lapsed_at=None).where(Task.paperwork == clinic.consent).execute()
    assert put_at(clock, START - 70 * HOUR) == 1


def test_a_consent_that_is_declined_is_not_needed_and_not_reminded_of(clinic, clock):
    visit = booked(clinic)
    done(visit, clinic.history, clinic.before)
    Task.update(status="not_needed").where(Task.appointment == visit, Task.paperwork == clinic.consent).execute()
    assert put_at(clock, START - 72 * HOUR) == 0


def test_an_archived_patient_and_a_cancelled_visit_are_left_alone(clinic, clock, desk):
    visit = booked(clinic)
    Patient.update(archived_at=now()).where(Patient.id == clinic.ava.id).execute()
    assert put_at(clock, START - 72 * HOUR) == 0
    Patient.update(archived_at=None).execute()
    scheduling.cancel(visit, by=desk, why="Ill")
    assert put_at(clock, START - 70 * HOUR) == 0


def test_a_moved_visit_is_reminded_of_anew_at_its_new_time(clinic, clock, desk):
    visit = booked(clinic)
    assert put_at(clock, START - 72 * HOUR) == 1
    later = START + timedelta(days=4)
    scheduling.move(visit, starts_at=later, provider=clinic.dr_lin, location=clinic.soho, by=desk)
    with pytest.raises(letters.NotNow, match="moved"):
        letters.compose(last())
    assert put_at(clock, START - 24 * HOUR) == 0
    assert put_at(clock, later - 72 * HOUR) == 1
    assert put_at(clock, later - 24 * HOUR) == 1
    assert told(visit) == [72, 72, 24]


def test_the_letter_of_a_move_is_enough_for_an_hour(clinic, clock, desk):
    visit = booked(clinic, START + timedelta(days=3))
    clock.move_to(START - 23 * HOUR)
    scheduling.move(visit, starts_at=START, provider=clinic.dr_lin, location=clinic.soho, by=desk)
    assert put_at(clock, START - 23 * HOUR + timedelta(minutes=30)) == 0
    assert put_at(clock, START - 22 * HOUR) == 1


def test_a_reminder_says_how_much_is_open_and_nothing_of_health(clinic, clock):
    visit = booked(clinic)
    put_at(clock, START - 72 * HOUR)
    written = letters.compose(last())
    assert written.subject == "Before your appointment on Fri 6 Mar 2026"
    assert "3 things are still open before you come. Together they take about 7 minutes" in written.text
    assert "http://localhost/\n" in written.text
    assert "the clinic reminds of it 3 days before." in written.text
    assert not [word for word in SECRETS if word in (written.subject + written.text).lower()]
    done(visit, clinic.history, clinic.before)
    assert "One thing is still open before you come. It takes about 3 minutes" in letters.compose(last()).text


def test_a_reminder_that_comes_too_late_is_skipped_with_its_reason(clinic, clock, desk):
    visit = booked(clinic)
    put_at(clock, START - 72 * HOUR)
    done(visit)
    with pytest.raises(letters.NotNow, match="Nothing was open any more") as no:
        letters.compose(last())
    assert no.value.status == "skipped"
    Task.update(status="open", done_at=None).execute()
    clock.move_to(START)
    with pytest.raises(letters.NotNow, match="had begun"):
        letters.compose(last())
    Appointment.update(status="cancelled").execute()
    with pytest.raises(letters.NotNow, match="was cancelled"):
        letters.compose(last())


def test_without_an_address_the_reminder_is_held_for_staff_to_see(clinic, clock):
    booked(clinic)
    Patient.update(email=None).where(Patient.id == clinic.ava.id).execute()
    put_at(clock, START - 72 * HOUR)
    with pytest.raises(letters.NotNow) as no:
        letters.compose(last())
    assert no.value.status == "held"


def test_a_minute_in_which_nothing_is_due_asks_twice_whatever_is_booked(clinic, clock, queries):
    def asked():
        with queries() as count:
            assert reminders.put_due(now()) == 0
        return count()

    booked(clinic)
    one = asked()
    for hours in range(1, 4):
        booked(clinic, START - hours * HOUR)
    put_at(clock, START - 71 * HOUR)
    put_at(clock, START - 70 * HOUR)
    clock.move_to(START - 60 * HOUR)
    assert one == asked() == 2  # the clinic's rule, and the visits


def test_the_minute_finds_its_visits_by_an_index(clinic):
    if not is_sqlite():
        pytest.skip("Postgres reads so small a table as a whole")
    plan = db.execute_sql(
        "EXPLAIN QUERY PLAN SELECT id FROM appointment WHERE status = 'booked' AND starts_at > ? AND starts_at <= ?",
        ("2026-01-01", "2026-01-02"),
    ).fetchall()
    assert "appointment_status_starts_at" in str(plan)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("72, 24", [72, 24]), ("24 72 24", [72, 24]), ("", []), (None, []), ("1;720", [720, 1]), ("1 2 3", [3, 2, 1])],
)
def test_hours_are_read_as_people_write_them(text, hours):
    assert reminders.checked_hours(text) == hours


@pytest.mark.parametrize("text", ["0", "721", "a day", "-3", "1.5", "6,5,4,3,2,1", "1e2", "٣"])
def test_other_hours_are_refused_with_a_sentence(text):
    with pytest.raises(Refused, match="whole numbers from 1 to 720") as no:
        reminders.checked_hours(text)
    assert no.value.field == "remind_hours"


def test_a_nudge_goes_at_once_and_again_after_two_minutes(clinic, clock, desk):
    visit = booked(clinic)
    reminders.nudge(visit, desk)
    clock.shift(timedelta(seconds=119))
    with pytest.raises(Refused, match="Nudged 1 minute ago"):
        reminders.nudge(visit, desk)
    clock.shift(timedelta(seconds=1))
    reminders.nudge(visit, desk)
    assert Delivery.select().where(Delivery.kind == "paperwork_nudge").count() == 2
    said = TrailEntry.select().where(TrailEntry.action == "patient nudged", TrailEntry.patient == clinic.ava)
    assert [(entry.actor_name, entry.subject) for entry in said] == [("Dana Desk", f"appointment {visit.id}")] * 2


def test_a_nudge_of_one_visit_leaves_another_alone(clinic, desk):
    visit, other = booked(clinic), booked(clinic, START + 2 * HOUR, clinic.ben)
    reminders.nudge(visit, desk)
    reminders.nudge(other, desk)
    assert Delivery.select().where(Delivery.kind == "paperwork_nudge").count() == 2


def test_a_nudge_also_reaches_who_is_late_and_says_nothing_of_health(clinic, clock, desk):
    visit = booked(clinic)
    clock.move_to(START + timedelta(minutes=5))
    reminders.nudge(visit, desk)
    written = letters.compose(last("paperwork_nudge"))
    assert "3 things for your appointment are still open" in written.text
    assert "Dana Desk at the clinic asked for the paperwork that is still open." in written.text
    assert not [word for word in SECRETS if word in (written.subject + written.text).lower()]
    done(visit)
    with pytest.raises(letters.NotNow, match="Nothing was open"):
        letters.compose(last("paperwork_nudge"))


def test_a_nudge_that_reaches_nobody_is_refused_with_the_reason(clinic, clock, desk):
    visit = booked(clinic)
    Patient.update(email=None).where(Patient.id == clinic.ava.id).execute()
    with pytest.raises(Refused, match="no e-mail address"):
        reminders.nudge(visit, desk)
    Patient.update(email="ava@example.com").where(Patient.id == clinic.ava.id).execute()
    done(visit)
    with pytest.raises(Refused, match="nothing left to do"):
        reminders.nudge(visit, desk)
    clock.move_to(START + HOUR)
    with pytest.raises(Refused, match="is over"):
        reminders.nudge(visit, desk)


def test_a_nudge_spares_the_reminder_of_the_same_hour(clinic, clock, desk):
    visit = booked(clinic)
    clock.move_to(START - 72 * HOUR - timedelta(minutes=10))
    reminders.nudge(visit, desk)
    assert put_at(clock, START - 72 * HOUR) == 0
    assert put_at(clock, START - 71 * HOUR) == 1


def test_who_chose_paper_is_not_reminded_of_consents(clinic, clock, desk):
    visit = booked(clinic)
    others = Task.update(status="done", done_at=now()).where(Task.appointment == visit)
    others.where(Task.paperwork != clinic.consent).execute()
    assert len(reminders.left_of(visit)) == 1
    Patient.update(paper_since=now()).where(Patient.id == clinic.ava.id).execute()
    assert reminders.left_of(visit) == []
    assert put_at(clock, START - 30 * HOUR) == 0
    with pytest.raises(Refused, match="nothing left"):
        reminders.nudge(visit, desk)
    Patient.update(paper_since=None).where(Patient.id == clinic.ava.id).execute()
    assert reminders.put_due(now()) == 1
