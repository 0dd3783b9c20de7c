"""The desk corrects a patient's details; what waited for an address goes, and what somebody saw asks no more."""

from datetime import date

from clock import now
from database import write_tx
from models import Delivery, LoginSession, Patient, TrailEntry
from rules import accounts, attention, outbox, records
from rules.actor import FOYER

CLEO = {"first_name": "Cleo", "last_name": "Park", "birth_date": "1988-03-04"}


def held(patient, key, **facts):
    with write_tx():
        outbox.put("membership_ended", "it ended", dedupe=key, patient=patient)
    told = {"status": "held", "outcome": "The patient has no e-mail address", "settled_at": now(), **facts}
    Delivery.update(told).where(Delivery.dedupe_key == key).execute()
    return Delivery.get(Delivery.dedupe_key == key)


def cleo():
    return records.add_patient(FOYER, first_name="Cleo", last_name="Park", phone="+12125550177")


def test_an_address_that_is_added_at_the_desk_lets_the_held_letters_go(clinic, as_desk):
    patient = cleo()
    letter = held(patient, "one")
    other = held(clinic.ben, "two")
    assert f"/staff/patients/{patient.id}/profile" in as_desk.see(f"/staff/patients/{patient.id}")
    page = as_desk.see(f"/staff/patients/{patient.id}/profile")
    assert "+1 212" in page or "+1212" in page
    answer = as_desk.submit(
        f"/staff/patients/{patient.id}/profile", **CLEO, phone="212 555 0177", email="Cleo@Example.com"
    )
    assert answer.status_code == 303
    changed = Patient.get_by_id(patient.id)
    assert (changed.email, changed.email_verified_at, changed.birth_date) == (
        "cleo@example.com", None, date(1988, 3, 4),
    )  # fmt: skip
    assert Delivery.get_by_id(letter.id).status == "waiting"
    assert Delivery.get_by_id(other.id).status == "held"
    line = TrailEntry.select().where(TrailEntry.action == "profile corrected").get()
    assert (line.actor_name, line.patient_id) == ("Dana Desk", patient.id)
    assert line.details == {"fields": ["birth_date", "email"]}


def test_a_corrected_address_is_unverified_the_old_one_is_told_and_sessions_end(clinic, as_desk):
    accounts.open_session(patient=clinic.ava, how="test")
    code = accounts.sign_in_code("ava@example.com", "a browser")
    answer = as_desk.submit(
        f"/staff/patients/{clinic.ava.id}/profile",
        first_name="Ava", last_name="Moreno", birth_date="1990-05-17", email="ava.new@example.com",
        phone="+12125550101",
    )  # fmt: skip
    assert answer.status_code == 303
    ava = Patient.get_by_id(clinic.ava.id)
    assert (ava.email, ava.email_verified_at) == ("ava.new@example.com", None)
    assert Delivery.get(Delivery.kind == "email_changed").address == "ava@example.com"
    assert not LoginSession.select().where(LoginSession.patient == ava, LoginSession.ended_at.is_null()).exists()
    assert code.expires_at > now() >= type(code).get_by_id(code.id).expires_at


def test_an_unchanged_address_stays_verified_and_the_patient_signed_in(clinic, as_desk):
    accounts.open_session(patient=clinic.ava, how="test")
    as_desk.submit(
        f"/staff/patients/{clinic.ava.id}/profile",
        first_name="Eva", last_name="Moreno", birth_date="1990-05-17", email="ava@example.com", phone="+12125550101",
    )  # fmt: skip
    ava = Patient.get_by_id(clinic.ava.id)
    assert ava.first_name == "Eva"
    assert ava.email_verified_at is not None
    assert LoginSession.select().where(LoginSession.patient == ava, LoginSession.ended_at.is_null()).exists()
    assert not Delivery.select().where(Delivery.kind == "email_changed").exists()


def test_somebody_elses_address_is_refused_with_a_link_to_them(clinic, as_desk, as_nurse):
    patient = cleo()
    there = f"/staff/patients/{patient.id}/profile"
    answer = as_desk.submit(there, **CLEO, phone="212 555 0177", email="ava@example.com")
    assert answer.status_code == 422
    assert f'href="/staff/patients/{clinic.ava.id}"' in answer.text
    assert as_desk.submit(there, **CLEO, phone="", email="").status_code == 422
    assert as_desk.submit(there, **{**CLEO, "birth_date": "2999-01-01"}, phone="212 555 0177").status_code == 422
    assert Patient.get_by_id(patient.id).email is None
    assert as_nurse.get(there).status_code == 403
    assert as_nurse.submit(there, **CLEO).status_code == 403


def test_a_message_that_somebody_saw_asks_no_more(clinic, as_desk, as_nurse):
    failed = held(clinic.ava, "one", status="failed", outcome="550 no such person")
    assert attention.needed(now())["messages"] == 1
    assert ">Seen<" in as_desk.see("/staff/messages")
    assert as_nurse.submit(f"/staff/messages/{failed.id}/seen").status_code == 403
    assert as_desk.submit(f"/staff/messages/{failed.id}/seen").status_code == 303
    assert attention.needed(now())["messages"] == 0
    page = as_desk.see("/staff/messages")
    assert "could not be sent" not in page
    assert ">Seen<" not in page
    assert "550 no such person" in page
    assert as_desk.submit(f"/staff/messages/{failed.id}/seen").status_code == 409
    assert TrailEntry.select().where(TrailEntry.action == "message seen").get().actor_name == "Dana Desk"
    assert as_desk.submit(f"/staff/messages/{failed.id}/again").status_code == 303
    assert Delivery.get_by_id(failed.id).seen_at is None


def test_the_same_phone_and_birth_date_are_told_to_the_desk_and_to_nobody_else(clinic, nobody, as_desk):
    details = {"first_name": "Ava", "last_name": "Moreno", "birth_date": "1990-05-17", "phone": "+12125550101"}
    code = accounts.register("ava.at.work@example.com", "her browser", **details)
    twin = accounts.prove(code.id, "her browser", accounts.digits_of(code))
    assert Patient.get_by_id(twin.id).maybe_same_id == clinic.ava.id
    assert attention.needed(now())["twins"] == [(twin.id, "Ava Moreno")]
    assert "may be the same person" in as_desk.see("/staff")
    page = as_desk.see(f"/staff/patients/{twin.id}")
    assert "may be the same person as" in page
    assert f'href="/staff/patients/{clinic.ava.id}"' in page
    assert as_desk.submit(f"/staff/patients/{twin.id}/distinction").status_code == 303
    assert attention.needed(now())["twins"] == []
    assert "may be the same person" not in as_desk.see(f"/staff/patients/{twin.id}")


def test_a_twin_that_the_desk_adds_shows_as_well_and_others_do_not(clinic):
    facts = {"first_name": "A.", "last_name": "Moreno", "phone": "+12125550101"}
    twin = records.add_patient(FOYER, **facts, birth_date=date(1990, 5, 17))
    assert Patient.get_by_id(twin.id).maybe_same_id == clinic.ava.id
    for birth_date in (None, date(1990, 5, 18)):
        assert records.add_patient(FOYER, **facts, birth_date=birth_date).maybe_same_id is None
