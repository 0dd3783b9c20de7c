"""The ready board: which visits, their gates in words, the most urgent first, and what it costs."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
import time_machine

from clock import now
from database import write_tx
from models import (
    Appointment,
    CheckAnswer,
    Clinic,
    Finding,
    PaperworkVersion,
    Patient,
    Provider,
    Signature,
    Task,
)
from rules import desk, gates, paperwork, ready, reminders, templates
from rules.actor import FOYER, Actor

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)  # Monday noon in New York, 17:00 in Bath
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as travel:
        yield travel


def visit(clinic, starts_at=NOON + HOUR, **differs):
    facts = {
        "patient": clinic.ava, "service": clinic.botox, "provider": clinic.dr_lin, "location": clinic.soho,
        "starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=30), "currency": "USD",
        "request_key": uuid4().hex,
    }  # fmt: skip
    with write_tx():
        a = Appointment.create(**{**facts, **differs})
        paperwork.begin_for(a, FOYER)
    return a


def task_of(a, paper):
    return Task.get(Task.appointment == a, Task.paperwork == paper)


def done(a, *papers, **differs):
    for paper in papers:
        facts = {"status": "done", "done_at": now(), "version": templates.current_version(paper)} | differs
        Task.update(**facts).where(Task.appointment == a, Task.paperwork == paper).execute()


def sign(a, paper, *roles):
    for role in roles:
        Signature.create(
            task=task_of(a, paper), patient=a.patient, method="typed", signer_name="Ava Moreno", shown_text="",
            shown_digest="", version_digest="", time_zone="UTC", evidence_digest="", role=role,
        )  # fmt: skip


def finding(clinic, a, then="flag", **differs):
    facts = {
        "appointment": a, "patient": a.patient, "service": a.service, "task": task_of(a, clinic.history),
        "question": "pregnant", "rule": Finding.select().count(), "then": then, "words": "Ask first.",
    }  # fmt: skip
    return Finding.create(**{**facts, **differs})


def lines(places=None, provider=None):
    return [line for day in ready.board(now(), places or desk.locations(), provider) for line in day.lines]


def gate(name):
    [line] = lines()
    found = next(gate for gate in line.gates if gate.name == name)
    return found.state, found.words


def words():
    [line] = lines()
    return line.words


def test_the_board_holds_the_visits_of_today_and_tomorrow_by_each_locations_calendar(clinic):
    soon = visit(clinic)
    late_in_soho = visit(clinic, datetime(2026, 3, 3, 4, 30, tzinfo=UTC), patient=clinic.ben)  # 23:30 on Monday there
    after_midnight = visit(
        clinic, datetime(2026, 3, 3, 0, 30, tzinfo=UTC), provider=clinic.other_provider, location=clinic.bath
    )
    visit(clinic, NOON + timedelta(days=2))
    visit(clinic, NOON + 2 * HOUR, status="cancelled")
    visit(clinic, NOON - HOUR, patient=clinic.ben)  # over
    today, tomorrow = ready.board(now(), desk.locations())
    assert [line.visit.id for line in today.lines] == [soon.id, late_in_soho.id]
    assert [line.visit.id for line in tomorrow.lines] == [after_midnight.id]
    assert [line.visit.id for line in lines([clinic.bath])] == [after_midnight.id]
    assert [line.visit.id for line in lines(provider=clinic.dr_lin)] == [soon.id, late_in_soho.id]
    assert ready.board(now(), []) == [ready.Day("Today", []), ready.Day("Tomorrow", [])]


def test_in_the_evening_tomorrow_is_still_the_locations_tomorrow(clinic, clock):
    clock.move_to(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))  # 20:00 on Monday in New York
    noon_on_tuesday = visit(clinic, NOON + timedelta(days=1))
    today, tomorrow = ready.board(now(), desk.locations())
    assert ([line.visit.id for line in today.lines], len(tomorrow.lines)) == ([], 1)
    assert tomorrow.lines[0].visit.id == noon_on_tuesday.id


def test_what_lacks_something_soonest_stands_first_and_what_is_ready_last(clinic):
    complete = visit(clinic, NOON + HOUR, service=clinic.peel)
    later = visit(clinic, NOON + 3 * HOUR)
    sooner = visit(clinic, NOON + 2 * HOUR, patient=clinic.ben)
    assert [line.visit.id for line in lines()] == [sooner.id, later.id, complete.id]
    assert [line.missing for line in lines()] == [True, True, False]
    assert ready.lacking_today(now()) == 2
    assert ready.board(now(), desk.locations())[0].missing == 2


def test_nothing_begun_is_said_in_one_sentence(clinic):
    visit(clinic, NOON + timedelta(minutes=40))
    assert [gate(name) for name in ("History", "Consents", "Instructions", "Flags")] == [
        ("open", "Not begun"), ("open", "Not signed"), ("open", "Not read"), ("none", "Not known yet"),
    ]  # fmt: skip
    assert words() == "Medical history, consent and instructions are open; starts in 40 minutes."


def test_a_visit_with_everything_done_is_ready(clinic):
    a = visit(clinic, NOON + 2 * HOUR)
    done(a, clinic.history, clinic.consent, clinic.before)
    sign(a, clinic.consent, "patient")
    assert [gate(name) for name in ("History", "Consents", "Instructions", "Flags")] == [
        ("good", "Done"), ("good", "Signed"), ("good", "Read"), ("none", "None"),
    ]  # fmt: skip
    assert words() == "Everything is ready; starts in 2 hours."


def test_a_service_without_paperwork_asks_for_nothing(clinic):
    visit(clinic, service=clinic.peel)
    assert gate("History") == ("none", "Not asked for")
    assert gate("Consents") == ("none", "Not asked for")
    assert words() == "Everything is ready; starts in 1 hour."


def test_history_begun_late_and_still_valid(clinic, clock):
    a = visit(clinic)
    Task.update(status="in_progress").where(Task.id == task_of(a, clinic.history)).execute()
    assert gate("History") == ("open", "Begun")
    clock.move_to(a.starts_at + timedelta(minutes=5))
    assert gate("History") == ("late", "Late: begun")
    assert gate("Consents") == ("late", "Late: not signed")
    assert (
        words() == "Medical history, consent and instructions are open; not here yet, should have begun 5 minutes ago."
    )
    earlier = visit(clinic, NOON - timedelta(days=9))
    done(earlier, clinic.history)
    done(a, clinic.history, counted_from=task_of(earlier, clinic.history))
    assert gate("History") == ("good", "Still valid")


def test_a_checked_in_patient_is_said_to_be_here(clinic):
    visit(clinic, NOON + timedelta(minutes=1), status="arrived", service=clinic.peel)
    assert words() == "Everything is ready; checked in, starts in 1 minute."


def test_tomorrow_needs_no_other_time_than_the_one_beside_it(clinic):
    visit(clinic, NOON + timedelta(days=1), service=clinic.peel)
    assert words() == "Everything is ready."


def test_a_lapsed_task_is_replaced_and_one_not_needed_is_not_waited_for(clinic):
    a = visit(clinic)
    old = task_of(a, clinic.history)
    Task.update(lapsed_at=now()).where(Task.id == old.id).execute()
    Task.create(patient=a.patient, appointment=a, paperwork=clinic.history, status="done", done_at=now())
    Task.update(status="not_needed").where(Task.id == task_of(a, clinic.consent)).execute()
    assert gate("History") == ("good", "Done")
    assert gate("Consents") == ("none", "Not asked for")


def test_a_declined_consent_stands_in_the_way(clinic):
    a = visit(clinic)
    done(a, clinic.history, clinic.before)
    Task.update(status="not_needed", declined_at=now()).where(Task.id == task_of(a, clinic.consent)).execute()
    assert gate("Consents") == ("stop", "Declined")
    assert words() == "Consent was declined; starts in 1 hour."
    [line] = lines()
    assert (line.open_tasks, line.hand_over) == (0, None)


def renewed(clinic, **details):
    """A new version of the consent, with more signers."""
    PaperworkVersion.create(
        paperwork=clinic.consent, number=2, title="Consent", body="Text", digest=uuid4().hex, details=details
    )


def test_a_minor_waits_for_the_guardian(clinic):
    Patient.update(birth_date=date(2012, 1, 1)).where(Patient.id == clinic.ava.id).execute()
    a = visit(clinic)
    done(a, clinic.history, clinic.before)
    assert gate("Consents") == ("open", "Not signed")
    Task.update(status="in_progress").where(Task.id == task_of(a, clinic.consent)).execute()
    sign(a, clinic.consent, "patient")
    assert gate("Consents") == ("open", "Guardian missing")
    assert words() == "Consent is open; a guardian has not signed; starts in 1 hour."
    [line] = lines()
    assert (line.hand_over, line.by_guardian) == (task_of(a, clinic.consent), True)
    Clinic.update(adult_age=14).execute()
    assert gate("Consents") == ("open", "Not signed")


def test_without_a_birth_date_nobody_can_sign(clinic):
    Patient.update(birth_date=None).where(Patient.id == clinic.ava.id).execute()
    visit(clinic)
    assert "the birth date is not known, so nobody can sign yet" in words()


def test_witness_and_provider_sign_at_the_visit_and_are_missing_from_then_on(clinic):
    renewed(clinic, witness=True, provider=True)
    a = visit(clinic)
    done(a, clinic.history, clinic.consent, clinic.before)
    sign(a, clinic.consent, "patient")
    assert gate("Consents") == ("good", "Signed; witness and provider at the visit")
    assert words() == "Everything is ready; starts in 1 hour."
    Appointment.update(status="arrived").execute()
    assert gate("Consents") == ("ask", "Witness and provider signature missing")
    assert "a witness and the provider have not signed" in words().lower()
    sign(a, clinic.consent, "witness")
    assert gate("Consents") == ("ask", "Provider signature missing")
    sign(a, clinic.consent, "provider")
    assert gate("Consents") == ("good", "Signed")


def test_a_check_question_is_open_until_it_is_answered_right(clinic):
    PaperworkVersion.create(
        paperwork=clinic.before, number=2, title="Before", body="Text", digest=uuid4().hex,
        details={"check": {"key": "c", "question": "When?", "choices": ["Now", "Later"], "right": "Later"}},
    )  # fmt: skip
    a = visit(clinic)
    done(a, clinic.history, clinic.consent)
    sign(a, clinic.consent, "patient")
    assert gate("Instructions") == ("open", "Not read")
    done(a, clinic.before)
    assert gate("Instructions") == ("open", "Check question open")
    assert words() == "The check question is not answered right yet; starts in 1 hour."
    reading = task_of(a, clinic.before)
    CheckAnswer.create(task=reading, question="c", choice="Now", right=False)
    assert gate("Instructions") == ("open", "Check question open")
    CheckAnswer.create(task=reading, question="c", choice="Later", right=True)
    assert gate("Instructions") == ("good", "Read")


def test_flags_say_who_must_decide_and_what_was_decided(clinic):
    a = visit(clinic)
    done(a, clinic.history, clinic.consent, clinic.before)
    sign(a, clinic.consent, "patient")
    flag = finding(clinic, a)
    assert gate("Flags") == ("ask", "Needs OK")
    assert words() == "An answer needs a provider’s OK; starts in 1 hour."
    another = finding(clinic, a)
    assert gate("Flags") == ("ask", "2 need an OK")
    Finding.update(status="cleared").where(Finding.id == flag.id).execute()
    Finding.update(status="cleared").where(Finding.id == another.id).execute()
    assert gate("Flags") == ("good", "Cleared")
    assert words() == "Everything is ready; starts in 1 hour."
    Finding.update(status="declined").where(Finding.id == another.id).execute()
    assert gate("Flags") == ("stop", "Not fit")


@pytest.mark.parametrize(("until", "said"), [(date(2026, 4, 1), "Blocked until 1 April 2026"), (None, "Blocked")])
def test_a_block_says_until_when(clinic, until, said):
    a = visit(clinic)
    done(a, clinic.history, clinic.consent, clinic.before)
    sign(a, clinic.consent, "patient")
    finding(clinic, a, "block", until_on=until)
    assert gate("Flags") == ("stop", said)
    assert words().startswith(said)


def test_the_last_nudge_is_told_and_rests_for_two_minutes(clinic, clock):
    a = visit(clinic)
    [line] = lines()
    assert (line.nudged, line.resting) == ("", False)
    reminders.nudge(a, Actor("staff", clinic.desk.id, "Dana Desk"))
    clock.shift(timedelta(seconds=90))
    [line] = lines()
    assert (line.nudged, line.resting) == ("Nudged 1 minute ago", True)
    clock.shift(timedelta(minutes=20))
    [line] = lines()
    assert (line.nudged, line.resting) == ("Nudged 21 minutes ago", False)


def test_the_first_open_questionnaire_or_consent_is_handed_over(clinic):
    a = visit(clinic)
    [line] = lines()
    assert line.hand_over == task_of(a, clinic.history)
    done(a, clinic.history)
    [line] = lines()
    assert line.hand_over == task_of(a, clinic.consent)
    done(a, clinic.consent)
    [line] = lines()
    assert (line.hand_over, line.open_tasks) == (None, 1)


def test_one_visit_costs_as_many_queries_as_forty(clinic, queries):
    def asked():
        with queries() as count:
            assert lines()
        return count()

    a = visit(clinic)
    done(a, clinic.before, clinic.consent)
    one = asked()
    for number in range(39):
        patient = Patient.create(first_name=f"P{number}", last_name="Zed")
        other = Provider.create(name=f"Dr {number}")
        more = visit(clinic, NOON + number * timedelta(minutes=30), patient=patient, provider=other)
        done(more, clinic.before, clinic.consent)
        finding(clinic, more)
    assert len(lines()) == 40
    assert asked() == one


def test_no_visit_waits_for_a_card_while_money_is_taken_at_the_desk(clinic, monkeypatch):
    a = visit(clinic)
    Task.update(status="done", done_at=now()).where(Task.appointment == a).execute()
    assert gate("Card") == ("none", "At the clinic")
    [line] = lines()
    assert [gate.name for gate in line.gates] == ["History", "Consents", "Instructions", "Card", "Flags"]
    assert not line.missing
    monkeypatch.setattr(ready.cards.chosen(), "takes_by_itself", True, raising=False)
    assert gate("Card") == ("none", "Not asked for")


def test_gates_are_pure(queries):
    task = SimpleNamespace(
        id=1, status="open", declined_at=None, counted_from_id=None,
        paperwork=SimpleNamespace(kind="questionnaire", name="History"),
    )  # fmt: skip
    told = gates.of(gates.Facts([task, task], {}, set(), [], at_visit=False, begun=False, birth_date_known=True))
    assert told.missing == ["2 questionnaires are open"]
    assert told.gates[0] == ("History", "open", "Not begun")


def test_the_consent_of_who_prefers_paper_says_so_until_it_is_signed_there(clinic):
    a = visit(clinic)
    others = Task.update(status="done", done_at=now()).where(Task.appointment == a)
    others.where(Task.paperwork != clinic.consent).execute()
    Patient.update(paper_since=now()).where(Patient.id == clinic.ava.id).execute()
    assert gate("Consents")[:2] == ("open", "Prefers paper")
    [line] = lines()
    assert line.hand_over is None, "a consent on paper is not handed over"
    done(a, clinic.consent, signed_on_paper_by="Dana Desk")
    assert gate("Consents")[:2] == ("good", "Signed on paper")
