"""Patients as staff see them: the search, a new one, the record with its answers, signatures and money."""

from datetime import timedelta
from uuid import uuid4

import pytest

from clock import now
from database import db, is_sqlite, write_tx
from models import Charge, Patient, Signature, Task, TrailEntry
from rules import answers, charging, consents, paperwork, scheduling
from rules.actor import Actor
from rules.searching import free_times

STROKES = [{"points": [{"x": 10, "y": 10}, {"x": 60, "y": 40}, {"x": 90, "y": 20}]}]
GIVEN = {
    "reason": "<b>A softer brow</b>",
    "pregnant": "no",
    "skin": "Dry",
    "had_before": ["Laser", "Peel"],
    "weight": "64",
}


def by_ava(clinic):
    return Actor("patient", clinic.ava.id, clinic.ava.name, "192.0.2.9", "Test browser", signed_in_how="email code")


@pytest.fixture
def visit(clinic):
    opening = free_times(clinic.botox, provider=clinic.dr_lin, since=now() + timedelta(days=5), at_most=1)[0]
    return scheduling.book(
        clinic.ava, clinic.botox, provider=opening.provider, location=opening.location, starts_at=opening.starts_at,
        by=by_ava(clinic), request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip


def task_of(kind):
    return next(task for task in Task.select() if task.paperwork.kind == kind)


def owe(visit, clinic):
    with write_tx():
        return charging.owe(
            clinic.ava,
            "cancellation_fee",
            5000,
            "USD",
            "Late.",
            by=by_ava(clinic),
            appointment=visit,
            policy=clinic.policy,
        )


def looks():
    said = TrailEntry.select().where(TrailEntry.action.contains("looked at")).order_by(TrailEntry.id)
    return [(entry.actor_name, entry.action, entry.patient_id) for entry in said]


def test_the_search_finds_by_post_so_that_no_address_holds_a_name(clinic, as_desk):
    page = as_desk.see("/staff/patients")
    assert "2 patients" in page
    assert '<form class="search" method="post"' in page
    answer = as_desk.submit("/staff/patients", q="moren")
    assert answer.status_code == 200
    assert "Moreno, Ava" in answer.text
    assert "Okafor" not in answer.text
    assert "2 patients" in as_desk.see("/staff/patients?q=moren")  # an address searches for nothing
    assert "Nobody found" in as_desk.submit("/staff/patients", q="xyz").text
    assert as_desk.submit("/staff/patients", q="x" * 101).status_code == 422


def test_with_scripts_only_the_results_come(clinic, as_desk):
    answer = as_desk.submit("/staff/patients", htmx=True, q="ava")
    assert answer.text.lstrip().startswith('<div id="results"')
    assert "<html" not in answer.text


def test_a_long_list_is_turned_page_by_page_with_the_term_kept(clinic, as_desk):
    Patient.insert_many([{"first_name": f"P{n:02}", "last_name": "Zed"} for n in range(30)]).execute()
    first = as_desk.submit("/staff/patients", q="zed").text
    assert "page 1 of 2" in first
    assert 'name="q" value="zed"' in first
    second = as_desk.submit("/staff/patients", q="zed", page="2").text
    assert "P29" in second
    assert "P24" not in second
    assert as_desk.submit("/staff/patients", q="zed", page="-1;").status_code == 200


def test_a_new_patient_is_added_and_a_known_address_leads_to_its_record(clinic, as_desk):
    new = {"first_name": "Mia", "last_name": "Stone", "birth_date": "1990-01-31", "phone": "212 555 0199"}
    answer = as_desk.submit("/staff/patients/new", email="AVA@example.com", **new)
    assert answer.status_code == 422
    assert f'href="/staff/patients/{clinic.ava.id}"' in answer.text
    assert "This e-mail address belongs to a patient already." in answer.text
    assert 'value="Mia"' in answer.text
    answer = as_desk.submit("/staff/patients/new", email="Mia@Example.com", **new)
    mia = Patient.get(Patient.email == "mia@example.com")
    assert (answer.status_code, answer.location) == (303, f"/staff/patients/{mia.id}")
    assert (mia.phone, mia.email_verified_at) == ("+12125550199", None)
    assert TrailEntry.select().where(TrailEntry.action == "patient added", TrailEntry.patient == mia).count() == 1
    empty = as_desk.submit("/staff/patients/new")
    assert empty.status_code == 422
    assert "Enter the first name" in empty.text


def test_a_record_holds_everything_and_each_look_is_logged(clinic, as_desk, as_nurse, visit):
    owe(visit, clinic)
    Patient.update(allergies="Penicillin").where(Patient.id == clinic.ava.id).execute()
    page = as_desk.see(f"/staff/patients/{clinic.ava.id}")
    for words in (
        "Allergies: Penicillin", "Wrinkle relaxing", "Medical history", "Late cancellation, $50.00", "Owes $50.00",
        "Booking confirmed", "Appointment booked", "ava@example.com", "Record looked at",
    ):  # fmt: skip
        assert words in page, words
    as_nurse.see(f"/staff/patients/{clinic.ava.id}")
    assert looks() == [(name, "record looked at", clinic.ava.id) for name in ("Dana Desk", "Nia Nurse")]
    assert as_desk.get("/staff/patients/999").status_code == 404


def test_answers_stand_beside_the_questions_of_the_version_that_was_answered(clinic, as_nurse, visit):
    task = task_of("questionnaire")
    version = paperwork.current_version(task.paperwork)
    answers.submit(task, GIVEN, by_ava(clinic), version)
    questions = [{**version.questions[0], "label": "Other words"}, *version.questions[1:]]
    paperwork.write_version(task.paperwork, by_ava(clinic), version.title, version.body, questions)
    page = as_nurse.see(f"/staff/tasks/{task.id}")
    for words in (
        "What brings you in?",
        "&lt;b&gt;A softer brow&lt;/b&gt;",
        "Laser, Peel",
        "64 kg",
        "Version 1",
        "No answer",
    ):
        assert words in page, words
    assert "Other words" not in page
    assert looks() == [("Nia Nurse", "paperwork looked at", clinic.ava.id)]


def test_a_signature_is_drawn_verified_and_a_changed_one_is_found(clinic, as_desk, visit):
    task = task_of("consent")
    version = paperwork.current_version(task.paperwork)
    consents.sign_as_patient(task, by_ava(clinic), version, method="drawn", strokes=STROKES, agreed=True)
    page = as_desk.see(f"/staff/tasks/{task.id}")
    for words in (
        "Verified",
        'class="signature-drawing"',
        "Ava Moreno",
        "Drawn",
        "192.0.2.9",
        "Test browser",
        "SHA-256",
    ):
        assert words in page, words
    trigger = "signature_frozen_update" if is_sqlite() else "signature_frozen ON signature"
    db.execute_sql(f"DROP TRIGGER {trigger}")
    Signature.update(shown_text="Something else").execute()
    changed = as_desk.see(f"/staff/tasks/{task.id}")
    assert "Changed!" in changed
    assert "Verified" not in changed


def test_a_task_that_is_not_begun_shows_the_text_that_will_be_asked(clinic, as_desk, visit):
    page = as_desk.see(f"/staff/tasks/{task_of('pre_treatment').id}")
    assert "No alcohol for 24 hours." in page
    assert "Not begun" in page
    assert as_desk.get("/staff/tasks/999").status_code == 404


def test_the_desk_takes_waives_and_gives_back_with_a_reason(clinic, as_desk, visit):
    charge = owe(visit, clinic)
    url = f"/staff/charges/{charge.id}"
    assert "Note as paid" in as_desk.see(url)
    assert "$50.00 in all" in as_desk.see("/staff/charges")
    empty = as_desk.submit(f"{url}/waiver", why="")
    assert empty.status_code == 422
    assert "Enter why this charge is waived" in empty.text
    assert as_desk.submit(f"{url}/payment", how="Cash").status_code == 303
    late = as_desk.submit(f"{url}/waiver", why="Kindness")
    assert late.status_code == 422
    assert "already paid" in late.text
    assert as_desk.submit(f"{url}/refund", why=" ").status_code == 422
    assert as_desk.submit(f"{url}/refund", why="A mistake of ours").status_code == 303
    assert [(c.status, c.settled_by, c.settled_why) for c in Charge.select()] == [
        ("refunded", "Dana Desk", "A mistake of ours")
    ]
    assert "Nobody owes anything" in as_desk.see("/staff/charges")


def test_a_provider_sees_money_and_cannot_touch_it(clinic, as_nurse, visit):
    charge = owe(visit, clinic)
    url = f"/staff/charges/{charge.id}"
    assert "<form" not in as_nurse.see(url).partition("<main")[2].partition("</main")[0]
    for way in ("payment", "waiver", "refund"):
        assert as_nurse.submit(f"{url}/{way}", why="x", how="x").status_code == 403
    assert Charge.get().status == "owed"
    assert looks() == [("Nia Nurse", "charge looked at", clinic.ava.id)]


def test_a_record_asks_as_often_for_three_visits_as_for_one(clinic, as_desk, visit, queries):
    def asked():
        with queries() as count:
            as_desk.see(f"/staff/patients/{clinic.ava.id}")
        return count()

    owe(visit, clinic)
    one = asked()
    for number in (1, 2):
        opening = free_times(clinic.botox, provider=clinic.dr_lin, since=now() + timedelta(days=5 + number), at_most=1)[
            0
        ]
        again = scheduling.book(
            clinic.ava, clinic.botox, provider=opening.provider, location=opening.location,
            starts_at=opening.starts_at, by=by_ava(clinic), request_key=uuid4().hex, policy=clinic.policy,
        )  # fmt: skip
        owe(again, clinic)
    assert asked() == one
