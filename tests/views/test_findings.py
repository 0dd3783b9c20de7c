"""Findings on the pages: the patient's two ways out of a blocked visit, the provider's decision, and what both see."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from clock import local, now
from database import write_tx
from models import Appointment, AppointmentMove, Charge, Finding, Patient, TrailEntry
from rules import families, findings, openings, policy, scheduling, searching, templates
from rules.actor import Actor
from tests.rules.test_findings import KIND, LIN, MONDAY, QUESTIONS, answer

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


@pytest.fixture(autouse=True)
def asked(clinic):
    templates.write_version(clinic.history, LIN, "Medical history", "", QUESTIONS)


def free(clinic, since, service=None, provider=None, location=None):
    return searching.free_times(
        service or clinic.botox, provider=provider or clinic.dr_lin, location=location or clinic.soho, since=since
    )[0].starts_at  # fmt: skip


def book(clinic, days=1, patient=None, **where):
    where = {"provider": clinic.dr_lin, "location": clinic.soho, **where}
    return scheduling.book(
        patient or clinic.ava, clinic.botox, starts_at=free(clinic, now() + days * DAY, **where), by=LIN,
        request_key=uuid4().hex, policy=policy.current(), **where,
    )  # fmt: skip


@pytest.fixture
def blocked(clinic):
    """Ava's visit of tomorrow, inside the window, which cannot take place before 31 March."""
    appointment = book(clinic)
    answer(appointment, laser="2026-03-01")
    return appointment


@pytest.fixture
def flagged(clinic):
    appointment = book(clinic, days=2)
    answer(appointment, blood="yes", which="Warfarin")
    return appointment


# --- the patient --------------------------------------------------------------------------------


def test_a_blocked_visit_shows_its_two_ways_out_and_no_fee(as_ava, blocked):
    page = as_ava.see(f"/appointments/{blocked.id}/postponement")
    for said in (
        KIND,
        "You can have this treatment from 31 March 2026 on.",
        "Choose a new time",
        "Release this appointment",
    ):
        assert said in page
    assert "$50" not in page
    for address in ("/", f"/appointments/{blocked.id}"):
        assert "needs another time" in as_ava.see(address)
        assert f"/appointments/{blocked.id}/postponement" in as_ava.see(address)
        assert "$50" not in as_ava.see(address)


def test_a_visit_that_nothing_blocks_has_no_such_page(clinic, as_ava, as_ben, flagged, blocked):
    answer_of = as_ava.get(f"/appointments/{flagged.id}/postponement")
    findings.decide(Finding.get(then="block"), LIN, True, "Fine")
    gone = as_ava.get(f"/appointments/{blocked.id}/postponement")
    assert (gone.status_code, gone.location) == (303, f"/appointments/{blocked.id}")
    assert answer_of.status_code == 303
    assert "needs another time" not in as_ava.see("/")
    assert as_ben.get(f"/appointments/{blocked.id}/postponement").status_code == 404
    assert as_ben.submit(f"/appointments/{blocked.id}/postponement").status_code == 404


def test_who_acts_for_a_blocked_patient_reads_the_same_and_finds_times_from_the_day_on(clinic, as_ben, blocked):
    families.note(clinic.ben, clinic.ava, "husband", Actor("staff", clinic.desk.id, clinic.desk.name))
    assert KIND in as_ben.see(f"/appointments/{blocked.id}/postponement")
    page = as_ben.see(f"/appointments/{blocked.id}/time")
    assert "31 March 2026" in page
    keys = re.findall(r"slot=\d+-\d+-(\d{8})T", page)
    assert keys
    assert min(keys) >= "20260331"


def test_releasing_it_cancels_it_free_of_charge(as_ava, blocked):
    done = as_ava.submit(f"/appointments/{blocked.id}/postponement")
    assert (done.status_code, done.location) == (303, f"/appointments/{blocked.id}")
    assert "released, free of charge" in as_ava.see(f"/appointments/{blocked.id}")
    assert Appointment.get_by_id(blocked.id).status == "cancelled"
    assert Charge.select().count() == 0
    assert "needs another time" not in as_ava.see("/")


def test_releasing_it_after_the_block_was_lifted_costs_nothing_unseen(as_ava, blocked, time_machine):
    """The page promised that it is free; by now it would cost, so nothing is done and the patient reads why."""
    time_machine.move_to(MONDAY + timedelta(minutes=9), tick=False)
    findings.decide(Finding.get(), LIN, True, "Fine")
    done = as_ava.submit(f"/appointments/{blocked.id}/postponement")
    assert done.status_code == 303
    assert "This now costs $50.00" in as_ava.see(f"/appointments/{blocked.id}")
    assert Appointment.get_by_id(blocked.id).status == "booked"


def test_the_new_time_is_chosen_from_the_day_on(clinic, as_ava, blocked):
    page = as_ava.see(f"/appointments/{blocked.id}/time")
    assert "Tuesday 31 March" in page
    assert "30 March" not in page.split("<main", 1)[1].replace("from 30 March", "")
    assert "Free: this appointment cannot take place as planned" in page
    early = as_ava.see(f"/appointments/{blocked.id}/time?from=2026-03-05")
    assert "Tuesday 31 March" in early, "no address leads to an earlier day"
    assert " 5 March" not in early
    slot = f"{clinic.dr_lin.id}-{clinic.soho.id}-{openings.written(free(clinic, now() + 29 * DAY))}"
    confirm = as_ava.see(f"/appointments/{blocked.id}/time/confirmation?slot={slot}")
    assert "$50" not in confirm.split("What it costs")[1].split("</section>")[0].replace("then $50.00", "")
    done = as_ava.submit(f"/appointments/{blocked.id}/time/confirmation", slot=slot, shown="0")
    assert done.status_code == 303
    assert "needs another time" not in as_ava.see("/")
    assert AppointmentMove.get().window == "follows"
    assert Charge.select().count() == 0


def test_a_time_within_the_block_is_refused_with_the_kind_words(clinic, as_ava, blocked):
    slot = f"{clinic.dr_lin.id}-{clinic.soho.id}-{openings.written(free(clinic, now() + 10 * DAY))}"
    no = as_ava.submit(f"/appointments/{blocked.id}/time/confirmation", slot=slot, shown="0")
    assert no.status_code == 422
    assert KIND in no.text


def test_a_blocked_treatment_is_said_to_be_so_before_a_time_is_chosen(clinic, as_ava, as_ben, blocked):
    for address in (f"/booking/{clinic.botox.id}", f"/booking/{clinic.botox.id}/times"):
        assert KIND in as_ava.see(address)
        assert KIND not in as_ben.see(address)
    times = as_ava.see(f"/booking/{clinic.botox.id}/times?provider={clinic.dr_lin.id}")
    assert "Tuesday 31 March" in times
    assert KIND not in as_ava.see(f"/booking/{clinic.peel.id}")
    slot = f"{clinic.dr_lin.id}-{clinic.soho.id}-{openings.written(free(clinic, now() + 5 * DAY))}"
    no = as_ava.submit(
        f"/booking/{clinic.botox.id}/confirmation", slot=slot, accepted="y", policy=policy.current().id,
        request_key="k", price=clinic.botox.price_minor,
    )  # fmt: skip
    assert no.status_code == 422
    assert KIND in no.text


def test_a_treatment_that_is_blocked_without_an_end_offers_no_times(clinic, as_ava):
    appointment = book(clinic)
    answer(appointment, pregnant="yes")
    page = as_ava.see(f"/booking/{clinic.botox.id}")
    assert "The clinic will tell you when" in page
    assert "First available" not in page
    assert as_ava.get(f"/booking/{clinic.botox.id}/times").location == f"/booking/{clinic.botox.id}"
    page = as_ava.see(f"/appointments/{appointment.id}/postponement")
    assert "Choose a new time" not in page
    assert "Release this appointment" in page
    assert "Show times" not in as_ava.see(f"/appointments/{appointment.id}/time")


def test_home_costs_no_query_more_for_findings(clinic, as_ava, queries):
    appointment = book(clinic)
    as_ava.see("/")
    with queries() as before:
        as_ava.see("/")
    answer(appointment, laser="2026-03-01", blood="yes")
    with queries() as after:
        assert "needs another time" in as_ava.see("/")
    assert after() == before()


def test_the_reschedule_page_names_what_stays_done_and_what_is_asked_again(clinic, as_ava):
    clinic.history.validity, clinic.history.validity_days = "days", 20
    clinic.history.save()
    appointment = book(clinic)
    answer(appointment)
    for days, said, heading in (
        (5, "is good for 20 days, so it is still valid then.", "Stays done"),
        (40, "is good for 20 days; your new time is after that.", "Asked again at the new time"),
    ):
        slot = f"{clinic.dr_lin.id}-{clinic.soho.id}-{openings.written(free(clinic, now() + days * DAY))}"
        page = as_ava.see(f"/appointments/{appointment.id}/time/confirmation?slot={slot}")
        assert said in page
        assert heading in page


# --- staff --------------------------------------------------------------------------------------


def test_staff_see_what_needs_an_ok_on_the_visit_the_day_and_the_record(as_nurse, as_desk, flagged):
    day = local(flagged.starts_at, "America/New_York").date().isoformat()
    for browser in (as_nurse, as_desk):
        for address in (
            f"/staff/appointments/{flagged.id}",
            f"/staff?day={day}&provider=",
            f"/staff/patients/{flagged.patient_id}",
        ):
            assert "Needs OK" in browser.see(address), address
        assert "2 answers need a decision" in browser.see("/staff")
    ways = f"/staff/findings/{Finding.get().id}/decision"
    assert ways in as_nurse.see(f"/staff/appointments/{flagged.id}")
    assert ways not in as_desk.see(f"/staff/appointments/{flagged.id}")


def test_a_provider_decides_with_a_reason_and_the_desk_may_not(as_nurse, as_desk, as_ava, flagged):
    flag = Finding.get(words="Takes blood thinners")
    ways = f"/staff/findings/{flag.id}/decision"
    assert as_desk.get(ways).status_code == 403
    assert as_desk.submit(ways, decision="clear", why="Fine").status_code == 403
    assert as_ava.get(ways).status_code == 403
    assert as_nurse.get("/staff/findings/999/decision").status_code == 404
    page = as_nurse.see(ways)
    assert "Do you take blood thinners?" in page
    for form, said in (
        ({"decision": "clear", "why": " "}, "Enter the reason in words."),
        ({"why": "Low dose"}, "Choose what you decide"),
        ({"decision": "lift", "why": "Low dose"}, "Not a valid choice"),
    ):
        no = as_nurse.submit(ways, **form)
        assert no.status_code == 422
        assert said in no.text
    done = as_nurse.submit(ways, decision="clear", why="Low dose")
    assert (done.status_code, done.location) == (303, f"/staff/appointments/{flagged.id}")
    assert "OK by Nia Nurse: Low dose" in as_nurse.see(f"/staff/appointments/{flagged.id}")
    again = as_nurse.submit(ways, decision="decline", why="Changed my mind")
    assert again.status_code == 422
    assert "Nia Nurse was faster: OK by Nia Nurse: Low dose" in again.text
    assert Finding.get_by_id(flag.id).status == "cleared"


def test_a_declined_visit_leads_staff_to_move_or_cancel_it(as_owner, as_ava, flagged):
    as_owner.submit(f"/staff/findings/{Finding.get().id}/decision", decision="decline", why="Too risky")
    page = as_owner.see(f"/staff/appointments/{flagged.id}")
    assert "Not fit for treatment" in page
    assert "Move or cancel it: neither costs the patient anything." in page
    page = as_ava.see(f"/appointments/{flagged.id}/cancellation")
    assert "Free: this appointment cannot take place as planned" in page
    assert "risky" not in page + as_ava.see(f"/appointments/{flagged.id}")


def test_lifting_a_block_lets_the_treatment_be_booked_again(clinic, as_nurse, as_ava, blocked):
    page = as_nurse.see(f"/staff/patients/{clinic.ava.id}/booking/{clinic.botox.id}")
    assert "cannot have Wrinkle relaxing before 31 March 2026" in page
    as_nurse.submit(f"/staff/findings/{Finding.get().id}/decision", decision="lift", why="The laser was elsewhere")
    assert "Lifted" in as_nurse.see(f"/staff/patients/{clinic.ava.id}")
    assert KIND not in as_ava.see(f"/booking/{clinic.botox.id}")
    assert KIND not in as_nurse.see(f"/staff/patients/{clinic.ava.id}/booking/{clinic.botox.id}")


def test_the_list_says_who_and_when_and_no_word_about_health(clinic, as_nurse, as_desk, flagged):
    findings.decide(Finding.get(words="Takes blood thinners"), LIN, False, "Too risky for her")
    with write_tx():
        findings.ask_again(flagged, LIN)
    block = book(clinic, days=4)
    answer(block, laser="2026-03-01")
    for browser in (as_nurse, as_desk):
        page = browser.see("/staff/findings")
        for said in ("Ava Moreno", "Needs OK", "Blocked", f"/staff/appointments/{block.id}"):
            assert said in page, said
        for health in ("blood", "warfarin", "risky", "laser", "March 2026"):
            assert health not in page, health
    assert f"/staff/findings/{Finding.get(then='block').id}/decision" in as_nurse.see("/staff/findings")
    assert "/decision" not in as_desk.see("/staff/findings")
    assert "looked at" not in " ".join(it.action for it in TrailEntry.select()), "there was nothing to be seen yet"


def test_a_flag_of_a_cancelled_visit_is_told_to_be_over_before_anything_is_written(as_nurse, flagged):
    Appointment.update(status="cancelled").where(Appointment.id == flagged.id).execute()
    ways = f"/staff/findings/{Finding.get().id}/decision"
    page = as_nurse.see(ways)
    assert "This visit is cancelled, so there is nothing to decide about it any more." in page
    assert 'name="decision"' not in page
    no = as_nurse.submit(ways, decision="clear", why="Low dose")
    assert no.status_code == 422
    assert "This visit is cancelled" in no.text


def test_looking_at_an_answer_is_in_the_trail(as_nurse, flagged):
    as_nurse.see(f"/staff/findings/{Finding.get().id}/decision")
    assert TrailEntry.select().where(TrailEntry.action == "answer looked at").count() == 1


def test_the_desk_costs_the_same_for_one_finding_and_for_four(clinic, as_desk, queries):
    def pages():
        with queries() as count:
            for address in ("/staff?provider=", "/staff/findings", f"/staff/patients/{clinic.ava.id}"):
                as_desk.see(address)
        return count()

    appointment = book(clinic)
    answer(appointment, blood="yes")
    pages()
    one = pages()
    answer(book(clinic, days=2), blood="yes", which="Warfarin")
    findings.decide(Finding.get(words="Takes warfarin"), LIN, True, "Low dose")
    answer(book(clinic, days=3), blood="yes", laser="2026-03-01")
    assert pages() == one


def test_what_answers_changed_in_the_profile_stands_as_old_and_new(clinic, as_ava, as_nurse):
    Patient.update(medication="Aspirin").where(Patient.id == clinic.ava.id).execute()
    connected = [{"key": "pregnant", "label": "Pregnant?", "type": "yes_no"},
                 {"key": "pills", "label": "Pills", "type": "medication_list", "updates": "medication"}]  # fmt: skip
    templates.write_version(clinic.history, LIN, "Medical history", "", connected)
    appointment = book(clinic)
    task = answer(appointment, pills=[{"name": "Ibuprofen", "note": ""}])
    for address in (f"/staff/patients/{clinic.ava.id}", f"/staff/tasks/{task.id}"):
        page = as_nurse.see(address)
        assert "<del>Aspirin</del>" in page
        assert "<ins>Ibuprofen</ins>" in page
    assert "Ibuprofen" in as_ava.see("/profile")
    as_ava.submit("/profile/health", allergies="", medication="None", medical_notes="")
    assert Patient.get_by_id(clinic.ava.id).medication == "None"
