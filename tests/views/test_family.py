"""Acting for others: their visits and papers are open while the clinic's note stands, and to nobody else."""

import re
from datetime import date, timedelta

import pytest

from database import write_tx
from models import Appointment, Charge, Delivery, Hold, Offer, Patient, Task, TrailEntry
from rules import families, letters, outbox, photos, waitlist
from rules.actor import Actor
from rules.refused import Refused
from tests.house import world as w


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(w.MONDAY, tick=False)


@pytest.fixture
def mia(clinic, monday):
    return Patient.create(first_name="Mia", last_name="Moreno", birth_date=date(2015, 6, 1))


@pytest.fixture
def staff(clinic):
    return Actor("staff", clinic.desk.id, clinic.desk.name)


@pytest.fixture
def visit(clinic, mia):
    return w.booked(clinic, clinic.botox, w.FRIDAY, patient=mia)


@pytest.fixture
def acting(clinic, mia, visit, staff):
    return families.note(clinic.ava, mia, " mother ", staff)


def papers(visit):
    return {it.paperwork.kind: it for it in Task.select().where(Task.appointment == visit)}


def doors(visit):
    """Every door that acting for somebody opens."""
    tasks = papers(visit)
    base = f"/appointments/{visit.id}"
    return [
        base, f"{base}/calendar.ics", f"{base}/cancellation", f"{base}/time",
        f"/tasks/{tasks['questionnaire'].id}", f"/tasks/{tasks['questionnaire'].id}/sections/1",
        f"/tasks/{tasks['pre_treatment'].id}", f"/tasks/{tasks['consent'].id}",
    ]  # fmt: skip


def test_all_doors_open_with_the_note_and_close_with_its_end(visit, acting, as_ava, as_ben, staff):
    for address in doors(visit):
        assert as_ava.get(address).status_code in (200, 303), address
        assert as_ben.get(address).status_code == 404, address
    assert families.end(acting, staff)
    for address in doors(visit):
        assert as_ava.get(address).status_code == 404, address
    assert "Mia" not in as_ava.see("/")
    assert not families.end(acting, staff)


def test_the_visit_of_another_says_whose_it_is_and_has_no_dead_link(clinic, mia, visit, acting, as_ava, time_machine):
    mine = w.booked(clinic, clinic.botox, w.FRIDAY + timedelta(days=1))
    for each in (visit, mine):
        Charge.create(
            patient=each.patient, appointment=each, reason="cancellation_fee", amount_minor=5000, currency="USD",
            because="Late", receipt_number=each.id, request_key=str(each.id),
        )  # fmt: skip
    page = as_ava.see(f"/appointments/{visit.id}")
    assert "10:00 EST, for Mia Moreno</p>" in page
    assert f"Receipt number {visit.id} is in the account of Mia Moreno." in page
    assert "/account/receipts/" not in page
    page = as_ava.see(f"/appointments/{mine.id}")
    assert ", for Ava" not in page
    receipt = re.search(r'href="(/account/receipts/\d+)"', page)[1]
    assert as_ava.get(receipt).status_code == 200


def test_nobody_acts_backwards_or_along_a_chain(clinic, mia, visit, acting, as_ava, as_ben, staff):
    avas = w.booked(clinic, clinic.botox, w.FRIDAY + timedelta(days=1))
    as_mia = clinic.app.test_client().sign_in(mia)
    assert as_mia.get(f"/appointments/{avas.id}").status_code == 404
    families.note(clinic.ben, clinic.ava, "husband", staff)
    assert as_ben.get(f"/appointments/{avas.id}").status_code == 200
    assert as_ben.get(f"/appointments/{visit.id}").status_code == 404


def test_an_archived_patient_is_out_of_reach(mia, visit, acting, as_ava):
    Patient.update(archived_at=w.MONDAY).where(Patient.id == mia.id).execute()
    assert as_ava.get(f"/appointments/{visit.id}").status_code == 404


def test_a_consent_of_another_only_says_how_it_is_signed(visit, acting, as_ava, as_ben):
    task = papers(visit)["consent"]
    page = as_ava.see(f"/tasks/{task.id}")
    assert "You cannot sign this for Mia here" in page
    assert "wrinkle" not in page.lower()
    for below in ("signature", "hand-over", "guardian", "refusal", "notice"):
        assert as_ava.submit(f"/tasks/{task.id}/{below}", full_name="Ava Moreno", agreed="y").status_code == 404, below
    for below in ("record", "record.pdf", "guardian", "refusal", "notice"):
        assert as_ava.get(f"/tasks/{task.id}/{below}").status_code == 404, below
    assert as_ben.get(f"/tasks/{task.id}").status_code == 404


def test_photos_of_a_questionnaire_are_open_and_those_of_a_consent_are_not(visit, acting, as_ava, as_ben, mia):
    tasks, by = papers(visit), w.actor(mia)
    shown, closed = (photos.add(tasks[kind], "reason", w.picture(), by) for kind in ("questionnaire", "consent"))
    assert as_ava.get(f"/photos/{shown.id}").status_code == 200
    assert as_ava.get(f"/photos/{closed.id}").status_code == 404
    assert as_ben.get(f"/photos/{shown.id}").status_code == 404


def test_the_trail_names_who_acted_and_for_whom(clinic, mia, visit, acting, as_ava):
    task = papers(visit)["questionnaire"]
    as_ava.submit(f"/tasks/{task.id}/answers", asked=["reason"], q_reason="Hers", version="1")
    assert Task.get_by_id(task.id).status == "in_progress"
    assert as_ava.submit(f"/appointments/{visit.id}/cancellation", shown="0").status_code == 303
    assert Appointment.get_by_id(visit.id).status == "cancelled"
    lines = TrailEntry.select().where(TrailEntry.patient == mia, TrailEntry.actor_kind == "patient")
    mine = [it for it in lines if it.actor_number == clinic.ava.id]
    assert {it.subject for it in mine} >= {f"appointment {visit.id}"}
    assert {it.actor_name for it in mine} == {"Ava Moreno"}


def test_home_names_them_and_costs_the_same_for_one_and_for_many(clinic, mia, visit, acting, as_ava, queries, staff):
    with queries() as one:
        page = as_ava.see("/")
    section = page[page.index("For Mia") :]
    assert f'href="/appointments/{visit.id}"' in section
    assert f'href="/tasks/{papers(visit)["questionnaire"].id}"' in section
    assert "Free to cancel until" in section
    for number in range(4):
        child = Patient.create(first_name=f"Child{number}", last_name="Moreno")
        families.note(clinic.ava, child, "mother", staff)
        w.booked(clinic, clinic.botox, w.FRIDAY + timedelta(days=number + 1), patient=child)
    with queries() as many:
        page = as_ava.see("/")
    assert [name for name in re.findall(r">For (\w+)<", page)] == ["Child0", "Child1", "Child2", "Child3", "Mia"]
    assert many() == one()


def test_the_end_lets_go_of_what_was_held_for_them(clinic, mia, acting, staff):
    held = Hold.create(patient=mia, held_by=clinic.ava, key="k", expires_at=w.MONDAY + timedelta(minutes=10))
    own = Hold.create(patient=clinic.ava, held_by=clinic.ava, key="l", expires_at=w.MONDAY + timedelta(minutes=10))
    families.end(acting, staff)
    assert Hold.get_by_id(held.id).ended == "released"
    assert Hold.get_by_id(own.id).ended == ""


def test_the_desk_notes_it_and_ends_it(clinic, mia, visit, as_desk, as_ava, as_nurse):
    there = f"/staff/patients/{mia.id}/family"
    assert as_nurse.get(there).status_code == 403
    assert "Nobody. Mia" in as_desk.see(there)
    found = as_desk.submit(there, q="Moreno").text
    assert f'value="{clinic.ava.id}"' in found
    assert f'value="{mia.id}"' not in found
    refused = as_desk.submit(f"{there}/people", who=clinic.ava.id, relation="  ", q="Moreno")
    assert refused.status_code == 422
    assert "Say what they are to the patient" in refused.text
    assert as_desk.submit(f"{there}/people", who="x", relation="mother").status_code == 422
    assert as_desk.submit(f"{there}/people", who=clinic.ava.id, relation="mother").status_code == 303
    assert as_ava.get(f"/appointments/{visit.id}").status_code == 200
    [row] = families.may_act_for(clinic.ava)
    assert (row.other, row.relation, row.noted_by) == (mia, "mother", "Dana Desk")
    assert as_desk.submit(f"/staff/patients/{clinic.ben.id}/family/{row.id}/end").status_code == 404
    assert as_desk.submit(f"{there}/{row.id}/end").status_code == 303
    assert "Ava Moreno acted for Mia Moreno (mother)" in as_desk.see(there)
    actions = [it.action for it in TrailEntry.select().where(TrailEntry.patient == mia)]
    assert "acting for noted" in actions
    assert "acting for ended" in actions


def test_what_cannot_be_noted(clinic, mia, acting, staff):
    for who, other, by in ((clinic.ava, mia, staff), (mia, mia, staff), (clinic.ben, mia, w.actor(clinic.ben))):
        with pytest.raises(Refused):
            families.note(who, other, "mother", by)
    assert [it.patient for it in families.acted_for_by(mia)] == [clinic.ava]
    assert families.acts_for(clinic.ava, mia)
    assert not families.acts_for(mia, clinic.ava)


def test_the_family_page_says_both_directions(clinic, mia, acting, as_ava):
    assert "Mia Moreno" in as_ava.see("/family")
    page = clinic.app.test_client().sign_in(mia).see("/family")
    assert "People who act for you" in page
    assert "Ava Moreno" in page


def test_a_mail_about_a_child_without_an_address_goes_to_whoever_acts_for_it(clinic, mia, visit, acting, staff):
    delivery = Delivery.get(Delivery.kind == "booking_confirmed", Delivery.appointment == visit)
    letter = letters.compose(delivery)
    assert letter.to == "ava@example.com"
    assert "Hello Ava," in letter.text
    assert "This is about Mia Moreno, for whom you act." in letter.text
    assert letters.envelope(letter, delivery)["To"] == "Ava Moreno <ava@example.com>"
    Patient.update(email="mia@example.com").where(Patient.id == mia.id).execute()
    own = letters.compose(Delivery.get_by_id(delivery.id))
    assert own.to == "mia@example.com"
    assert "This is about" not in own.text
    Patient.update(email=None).where(Patient.id == mia.id).execute()
    families.end(acting, staff)
    with pytest.raises(letters.NotNow, match="no e-mail address"):
        letters.compose(Delivery.get_by_id(delivery.id))


def test_a_mail_about_money_or_a_signature_goes_to_nobody_else(mia, visit, acting):
    with write_tx():
        outbox.put("consent_signed", "a test", dedupe="signed", patient=mia, task=papers(visit)["consent"])
    with pytest.raises(letters.NotNow, match="no e-mail address"):
        letters.compose(Delivery.get(Delivery.dedupe_key == "signed"))


@pytest.mark.parametrize("own_address", [False, True])
def test_the_link_of_an_offer_is_over_with_it(clinic, mia, acting, staff, nobody, own_address):
    """Ava asked for it, or got the mail as Mia has no address; she is not to answer for Mia any more."""
    Patient.update(email="mia@example.com" if own_address else None).where(Patient.id == mia.id).execute()
    day = w.FRIDAY.date()
    by = Actor("patient", clinic.ava.id, clinic.ava.name) if own_address else staff
    waitlist.join(mia, clinic.peel, by=by, first_on=day, last_on=day)
    waitlist.offer_due()
    offer = Offer.get()
    link = waitlist.link(offer).removeprefix("http://localhost")
    assert "Yes" in nobody.see(link)
    families.end(acting, staff)
    booked = Appointment.select().count()
    assert nobody.submit(link, policy=clinic.policy.id).status_code == 303
    assert (Offer.get().status, Appointment.select().count()) == ("expired", booked)
    with pytest.raises(letters.NotNow, match="over"):
        letters.compose(Delivery.get(Delivery.kind == "waitlist_offer"))
