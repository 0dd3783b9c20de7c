"""What the desk reads: each location's own day, the gate of paperwork, what needs attention, the search."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from clock import now
from database import write_tx
from models import Appointment, Assignment, Charge, Patient, Task
from rules import charging, desk, paperwork, records
from rules.actor import FOYER
from rules.refused import Refused

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)  # noon in New York, 17:00 in Bath


@pytest.fixture(autouse=True)
def _monday():
    with time_machine.travel(NOON, tick=False):
        yield


def visit(clinic, starts_at, **differs):
    facts = {
        "patient": clinic.ava, "service": clinic.botox, "provider": clinic.dr_lin, "location": clinic.soho,
        "starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=30), "currency": "USD",
        "request_key": uuid4().hex,
    }  # fmt: skip
    with write_tx():
        a = Appointment.create(**{**facts, **differs})
        paperwork.begin_for(a, FOYER)
    return a


def owe(clinic, patient, minor=5000):
    a = visit(clinic, NOON - timedelta(days=30), patient=patient, status="cancelled")
    with write_tx():
        return charging.owe(patient, "cancellation_fee", minor, "USD", "Late.", by=FOYER, appointment=a)


def test_the_day_is_the_calendar_day_of_each_location(clinic):
    late_in_soho = visit(clinic, datetime(2026, 3, 3, 4, 30, tzinfo=UTC))  # 23:30 on Monday there
    tomorrow_in_bath = visit(
        clinic, datetime(2026, 3, 3, 0, 30, tzinfo=UTC), provider=clinic.other_provider, location=clinic.bath
    )
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    assert [row.id for row in desk.day(monday, desk.locations())] == [late_in_soho.id]
    assert [row.id for row in desk.day(tuesday, desk.locations())] == [tomorrow_in_bath.id]
    assert dict(desk.coming(monday, desk.locations()))[monday] == 1
    assert dict(desk.coming(monday, desk.locations()))[tuesday] == 1


def test_the_day_can_be_narrowed_to_a_location_and_a_provider(clinic):
    one = visit(clinic, NOON + timedelta(hours=1))
    other = visit(clinic, NOON, patient=clinic.ben, provider=clinic.other_provider, location=clinic.bath)
    monday = date(2026, 3, 2)
    assert [row.id for row in desk.day(monday, desk.locations())] == [other.id, one.id]
    assert [row.id for row in desk.day(monday, [clinic.soho])] == [one.id]
    assert [row.id for row in desk.day(monday, desk.locations(), clinic.other_provider)] == [other.id]
    assert dict(desk.coming(monday, [clinic.bath]))[monday] == 1
    assert desk.day(monday, []) == []


def test_the_gate_counts_what_is_due_before_the_visit_and_says_what_is_owed(clinic):
    a = visit(clinic, NOON + timedelta(hours=1))
    visit(clinic, NOON + timedelta(hours=3), service=clinic.peel)
    owe(clinic, clinic.ava)
    Task.update(status="done", done_at=now()).where(
        Task.appointment == a, Task.paperwork.in_([clinic.history.id, clinic.after.id])
    ).execute()
    first, second = desk.day(date(2026, 3, 2), desk.locations())
    assert (first.done, first.needed, first.owed_minor) == (1, 3, 5000)
    assert desk.gate_words(first.done, first.needed) == "1 of 3 done"
    assert desk.gate_words(3, 3) == "All done"
    assert desk.gate_words(second.done, second.needed) == "No paperwork"


def test_paperwork_that_lapsed_or_is_not_needed_is_not_waited_for(clinic):
    a = visit(clinic, NOON)
    Task.update(status="not_needed").where(Task.appointment == a, Task.paperwork == clinic.history).execute()
    Task.update(lapsed_at=now()).where(Task.appointment == a, Task.paperwork == clinic.consent).execute()
    Task.create(patient=clinic.ava, appointment=a, paperwork=clinic.consent)
    row = desk.day(date(2026, 3, 2), desk.locations())[0]
    assert (row.done, row.needed) == (0, 2)


def test_what_was_paid_or_waived_is_not_owed_and_who_cancelled_is_not_counted(clinic):
    visit(clinic, NOON)
    Charge.update(status="waived").where(Charge.id == owe(clinic, clinic.ava).id).execute()
    visit(clinic, NOON + timedelta(hours=2), status="cancelled")
    monday = date(2026, 3, 2)
    assert [row.owed_minor for row in desk.day(monday, desk.locations())] == [None, None]
    assert dict(desk.coming(monday, desk.locations()))[monday] == 1


def test_a_visit_that_should_have_begun_is_waited_for(clinic):
    a = visit(clinic, NOON)
    row = desk.day(date(2026, 3, 2), desk.locations())[0]
    assert desk.status_words(row, a.starts_at - timedelta(seconds=1)) == "Booked"
    assert desk.status_words(row, a.starts_at) == "Not here yet"
    assert desk.status_words(row, a.ends_at) == "Not closed"


def test_a_day_costs_as_many_queries_for_one_visit_as_for_three(clinic, queries):
    def asked():
        with queries() as count:
            desk.day(date(2026, 3, 2), desk.locations())
            desk.coming(date(2026, 3, 2), desk.locations())
        return count()

    visit(clinic, NOON)
    one = asked()
    visit(clinic, NOON + timedelta(hours=1))
    visit(clinic, NOON + timedelta(hours=2), patient=clinic.ben)
    assert one == asked() == 4


def test_the_first_steps_stand_until_something_is_booked(clinic):
    *done, (mail, _, to_a_folder) = desk.first_steps()
    assert all(done for _, _, done in done)
    assert mail.startswith("Mail goes to a folder")
    assert not to_a_folder
    Assignment.delete().execute()
    assert [words for words, _, done in desk.first_steps() if not done] == ["Paperwork, assigned to the service", mail]
    visit(clinic, NOON)
    assert desk.first_steps() == []


@pytest.mark.parametrize(
    "term",
    ["ava", "MOR", "moreno ava", "ava@exam", "2125550101", "(212) 555-0101", "555 01", "Ava Moreno 5550"],
)
def test_a_patient_is_found_by_name_e_mail_or_phone(clinic, term):
    rows, total = records.search(term)
    assert ([row.first_name for row in rows], total) == (["Ava"], 1)


@pytest.mark.parametrize("term", ["%", "_", "ava okafor", "999", "'; --", "ava@example.net"])
def test_a_term_that_nobody_has_finds_nobody(clinic, term):
    assert records.search(term) == ([], 0)


def test_archived_patients_are_not_found_and_pages_hold_25(clinic):
    Patient.update(archived_at=now()).where(Patient.id == clinic.ben.id).execute()
    Patient.insert_many([{"first_name": f"P{n:02}", "last_name": "Zed"} for n in range(30)]).execute()
    first, total = records.search("")
    second, _ = records.search("", 2)
    assert (total, len(first), len(second)) == (31, 25, 6)
    assert not {row.id for row in first} & {row.id for row in second}


def test_the_search_says_the_next_visit_in_one_row(clinic):
    later = visit(clinic, NOON + timedelta(days=9))
    soon = visit(clinic, NOON + timedelta(days=2))
    visit(clinic, NOON + timedelta(days=1), status="cancelled")
    visit(clinic, NOON - timedelta(days=1))
    rows, _ = records.search("ava")
    assert [(row.next_at, row.time_zone) for row in rows] == [(soon.starts_at, "America/New_York")]
    assert later.starts_at > soon.starts_at


def test_a_known_address_is_refused_with_whose_it_is(clinic):
    with pytest.raises(Refused) as no:
        records.add_patient(FOYER, first_name="Anna", last_name="M", email="ava@example.com")
    assert (no.value.field, no.value.facts["patient"]) == ("email", clinic.ava)
    with pytest.raises(Refused) as no:
        records.add_patient(FOYER, first_name="Anna", last_name="M")
    assert no.value.words == "Enter an e-mail address or a phone number"
    with pytest.raises(Refused):
        records.add_patient(FOYER, first_name="A", last_name="M", phone="+12125550199", birth_date=date(2026, 3, 3))
    anna = records.add_patient(FOYER, first_name=" Anna ", last_name="M", phone="+12125550199")
    assert (anna.first_name, anna.email) == ("Anna", None)
