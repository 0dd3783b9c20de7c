"""What answers mean for a visit: flags that a provider decides, blocks that move it free of charge."""

import threading
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from database import db
from models import (
    Appointment,
    Assignment,
    Charge,
    Delivery,
    Finding,
    Paperwork,
    Patient,
    ProfileChange,
    Task,
    TrailEntry,
)
from rules import (
    answers,
    connections,
    desk,
    findings,
    letters,
    paperwork,
    policy,
    presence,
    profile,
    scheduling,
    searching,
    staff_moves,
    templates,
)
from rules.actor import Actor
from rules.refused import Refused

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEDNESDAY = datetime(2026, 3, 4, 15, tzinfo=UTC)  # 10:00 in New York, and inside the window of 48 hours
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)
APRIL = datetime(2026, 4, 10, 15, tzinfo=UTC)
LIN = Actor("staff", 9, "Dr Lin")
KIND = "After laser your skin needs rest first."
QUESTIONS = [
    {"key": "pregnant", "label": "Are you pregnant?", "type": "yes_no", "required": True, "rules": [
        {"is": "is", "value": "yes", "then": "block", "words": "We wait until your baby is born.", "days": None},
    ]},
    {"key": "laser", "label": "When was your last laser?", "type": "date", "rules": [
        {"is": "within_days", "value": 30, "then": "block", "words": KIND, "days": 30, "from": "answer"},
        {"is": "given", "then": "inform", "words": "Use sunscreen."},
    ]},
    {"key": "blood", "label": "Do you take blood thinners?", "type": "yes_no", "rules": [
        {"is": "is", "value": "yes", "then": "flag", "words": "Takes blood thinners"},
    ]},
    {"key": "which", "label": "Which?", "type": "text", "show_if": {"join": "all", "conditions": [
        {"question": "blood", "is": "is", "value": "yes"}]}, "rules": [
        {"is": "mentions", "value": "warfarin", "then": "flag", "words": "Takes warfarin"},
    ]},
]  # fmt: skip


@pytest.fixture(autouse=True)
def monday(request):
    if "threads" not in request.node.name:
        request.getfixturevalue("time_machine").move_to(MONDAY, tick=False)


@pytest.fixture(autouse=True)
def asked(clinic):
    """The medical history asks what can block and what can flag."""
    templates.write_version(clinic.history, LIN, "Medical history", "", QUESTIONS)


def actor(patient):
    return Actor("patient", patient.id, patient.name, "203.0.113.9", "A browser")


def book(clinic, starts_at=FRIDAY, **differs):
    patient = differs.pop("patient", clinic.ava)
    facts = {
        "provider": clinic.dr_lin, "location": clinic.soho, "starts_at": starts_at, "by": actor(patient),
        "request_key": uuid4().hex, "policy": policy.current(),
    }  # fmt: skip
    return scheduling.book(patient, differs.pop("service", clinic.botox), **{**facts, **differs})


def task_of(appointment):
    return Task.get(
        (Task.appointment == appointment) & Task.lapsed_at.is_null()
        & Task.paperwork.in_(Paperwork.select().where(Paperwork.kind == "questionnaire"))
    )  # fmt: skip


def answer(appointment, **given):
    task = task_of(appointment)
    answers.submit(task, {"pregnant": "no", **given}, actor(appointment.patient), paperwork.version_of(task))
    return Task.get_by_id(task.id)


def blocked(clinic, starts_at=FRIDAY):
    """A visit whose patient had laser on 1 March, and so cannot be treated before 31 March."""
    appointment = book(clinic, starts_at)
    answer(appointment, laser="2026-03-01")
    return appointment


def flagged(clinic, starts_at=FRIDAY):
    appointment = book(clinic, starts_at)
    answer(appointment, blood="yes")
    return appointment


def found_in(appointment):
    return [(it.then, it.words, it.until_on) for it in findings.open_for([appointment.id])[appointment.id]]


# --- raising ------------------------------------------------------------------------------------


def test_answers_flag_and_block_their_visit_and_inform_leaves_no_trace(clinic):
    appointment = book(clinic)
    answer(appointment, laser="2026-03-01", blood="yes", which="Warfarin, daily")
    assert found_in(appointment) == [
        ("block", KIND, date(2026, 3, 31)),
        ("flag", "Takes blood thinners", None),
        ("flag", "Takes warfarin", None),
    ]
    assert Finding.select().count() == 3


def test_harmless_answers_and_answers_to_hidden_questions_mean_nothing(clinic):
    appointment = book(clinic)
    answer(appointment, laser="2025-03-01", blood="no", which="Warfarin")
    assert found_in(appointment) == []
    assert Delivery.select().where(Delivery.kind == "visit_postponed").count() == 0


@pytest.mark.parametrize(("starts_at", "blocks"), [
    (datetime(2026, 3, 30, 20, tzinfo=UTC), True),  # the afternoon before
    (datetime(2026, 3, 31, 14, tzinfo=UTC), False),  # the very day
    (datetime(2026, 4, 1, 14, tzinfo=UTC), False),
])  # fmt: skip
def test_a_block_counts_by_the_days_of_the_location(clinic, starts_at, blocks):
    assert bool(found_in(blocked(clinic, starts_at))) is blocks


def test_the_trail_tells_that_something_was_found_and_never_what(clinic):
    appointment = book(clinic)
    answer(appointment, laser="2026-03-01", blood="yes")
    [entry] = TrailEntry.select().where(TrailEntry.action == "findings raised")
    assert (entry.subject, entry.details["flags"], entry.details["blocks"]) == (f"appointment {appointment.id}", 1, 1)
    findings.decide(Finding.get(then="flag"), LIN, False, "Too risky with thinners")
    told = " ".join(str([line.action, line.subject, line.details]) for line in TrailEntry.select())
    assert not [word for word in ("blood", "laser", "rest", "risky") if word in told]


def test_a_block_tells_the_patient_by_mail_without_a_word_about_health(clinic):
    appointment = blocked(clinic)
    message = Delivery.get(Delivery.kind == "visit_postponed")
    written = letters.compose(message)
    assert written.subject == "Your appointment on Fri 6 Mar 2026 needs another time"
    assert f"/appointments/{appointment.id}/postponement" in written.text
    assert not [word for word in ("laser", "rest", "wrinkle") if word in (written.subject + written.text).lower()]
    findings.decide(Finding.get(then="block"), LIN, True, "Fine after all")
    with pytest.raises(letters.NotNow, match="can take place"):
        letters.compose(message)


# --- deciding -----------------------------------------------------------------------------------


def test_a_provider_clears_a_flag_with_a_reason_of_words(clinic):
    appointment = flagged(clinic)
    [flag] = findings.open_for([appointment.id])[appointment.id]
    for why in ("", "   ", "…!", "123"):
        with pytest.raises(Refused, match="reason in words") as no:
            findings.decide(flag, LIN, True, why)
        assert no.value.field == "why"
    findings.decide(flag, LIN, True, "Low dose")
    assert found_in(appointment) == []
    assert findings.decided_words(Finding.get_by_id(flag.id)) == "OK by Dr Lin: Low dose"
    assert not policy.fee_for(appointment).excused, "an OK changes nothing about fees"


def test_a_patient_decides_nothing_and_a_block_cannot_be_declined(clinic):
    flagged(clinic)
    with pytest.raises(Refused, match="Only the clinic"):
        findings.decide(Finding.get(), actor(clinic.ava), True, "I feel fine")
    blocked(clinic, FRIDAY + timedelta(days=7))
    with pytest.raises(Refused, match="only be lifted"):
        findings.decide(Finding.get(then="block"), LIN, False, "No")


@pytest.mark.parametrize("status", ["cancelled", "missed", "completed"])
def test_a_flag_of_a_visit_that_is_over_is_not_decided_and_its_block_can_be_lifted(clinic, status):
    appointment = book(clinic)
    answer(appointment, laser="2026-03-01", blood="yes")
    Appointment.update(status=status).where(Appointment.id == appointment.id).execute()
    with pytest.raises(Refused) as no:
        findings.decide(Finding.get(then="flag"), LIN, True, "Low dose")
    assert no.value.words == f"This visit is {status}, so there is nothing to decide about it any more."
    assert Finding.get(then="flag").status == "open"
    assert findings.decide(Finding.get(then="block"), LIN, True, "The laser was elsewhere").status == "cleared"


def test_a_flag_of_answers_that_lapsed_is_not_decided(clinic):
    flagged(clinic)
    Task.update(lapsed_at=MONDAY).where(Task.id == Finding.get().task_id).execute()
    with pytest.raises(Refused, match="no longer count for this visit"):
        findings.decide(Finding.get(), LIN, False, "Too risky")
    assert Finding.get().status == "open"


def test_who_decides_second_reads_what_the_first_decided(clinic):
    flagged(clinic)
    mine, theirs = Finding.get(), Finding.get()
    findings.decide(mine, LIN, False, "Too risky")
    with pytest.raises(Refused, match="Dr Lin was faster: Not fit for treatment by Dr Lin: Too risky"):
        findings.decide(theirs, Actor("staff", 1, "Olive Owner"), True, "Looks fine")
    assert Finding.get().status == "declined"


def test_of_two_threads_that_decide_at_once_one_does(clinic):
    starts_at = searching.free_times(clinic.botox, provider=clinic.dr_lin, location=clinic.soho)[0].starts_at
    flagged(clinic, starts_at)
    number, said, gate = Finding.get().id, [], threading.Barrier(2)

    def decide(cleared):
        db.connect(reuse_if_open=True)
        finding = Finding.get_by_id(number)
        gate.wait()
        try:
            findings.decide(finding, LIN, cleared, "My reason")
            said.append("done")
        except Refused as no:
            said.append(no.words)
        finally:
            db.close()

    threads = [threading.Thread(target=decide, args=(cleared,)) for cleared in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said)[1] == "done"
    assert "was faster" in sorted(said)[0]
    assert TrailEntry.select().where(TrailEntry.action.startswith("flag ")).count() == 1


# --- what it costs ------------------------------------------------------------------------------


def test_a_blocked_visit_is_cancelled_free_of_charge_inside_the_window(clinic):
    free, late = blocked(clinic, WEDNESDAY), book(clinic, WEDNESDAY + timedelta(hours=2), patient=clinic.ben)
    at = MONDAY + timedelta(days=1)
    assert policy.fee_for(late, at).amount_minor == 5000, "any other visit costs the fee by then"
    fee = policy.fee_for(free, at)
    assert (fee.amount_minor, fee.words, fee.why) == (0, "Free", policy.EXCUSED)
    assert policy.until_words(free, fee, at + timedelta(hours=3)) == "Cancelling is free."
    assert scheduling.cancel(free, by=actor(clinic.ava), shown_minor=0) is None
    assert Charge.select().count() == 0
    assert findings.block_of(clinic.ava, clinic.botox, date(2026, 3, 20)), "the treatment stays blocked"


def test_a_blocked_visit_moves_free_of_charge_even_where_a_late_move_costs(clinic, time_machine):
    terms = {"notice_hours": 48, "fee_kind": "fixed", "fee_value": 5000, "no_show_kind": "fixed", "no_show_value": 0}
    policy.write(LIN, late_move_costs=True, **terms)
    appointment = blocked(clinic, WEDNESDAY)
    time_machine.move_to(MONDAY + timedelta(days=1), tick=False)
    assert policy.move_fee_for(appointment).amount_minor == 0
    assert scheduling.move(
        appointment, starts_at=datetime(2026, 3, 31, 14, tzinfo=UTC), provider=clinic.dr_lin, location=clinic.soho,
        by=actor(clinic.ava), shown_minor=0,
    ) is None  # fmt: skip
    assert found_in(appointment) == [], "on that day the treatment can be had"
    later = datetime(2026, 3, 30, 12, tzinfo=UTC)
    assert policy.fee_for(appointment, later).amount_minor == 5000, "from now on the policy holds as for any visit"


def test_a_declined_visit_costs_nothing_and_a_lifted_block_does_not_excuse(clinic):
    appointment = flagged(clinic, WEDNESDAY)
    at = MONDAY + timedelta(days=1)
    assert policy.fee_for(appointment, at).amount_minor == 5000
    findings.decide(Finding.get(), LIN, False, "Too risky")
    assert policy.fee_for(appointment, at).amount_minor == 0
    assert policy.no_show_fee_for(appointment).amount_minor == 0
    other, at = blocked(clinic, WEDNESDAY + timedelta(days=1)), at + timedelta(days=1)
    assert policy.fee_for(other, at).amount_minor == 0
    findings.decide(Finding.get(then="block"), LIN, True, "Patch test was fine")
    assert policy.fee_for(other, at).amount_minor == 5000


@pytest.mark.parametrize("hinder", ["block", "declined"])
def test_not_coming_to_a_visit_that_could_not_take_place_costs_nothing(clinic, time_machine, hinder):
    appointment = blocked(clinic) if hinder == "block" else flagged(clinic)
    if hinder == "declined":
        findings.decide(Finding.get(), LIN, False, "Too risky")
    time_machine.move_to(FRIDAY + timedelta(hours=1), tick=False)
    assert policy.no_show_fee_for(appointment).amount_minor == 0
    assert presence.miss(appointment, LIN) is None
    assert Charge.select().count() == 0


def test_a_declined_visit_that_moves_is_decided_anew(clinic):
    appointment = flagged(clinic)
    findings.decide(Finding.get(), LIN, False, "Too risky this week")
    assert found_in(appointment) == []
    scheduling.move(appointment, starts_at=APRIL, provider=clinic.dr_lin, location=clinic.soho, by=LIN)
    [flag] = findings.open_for([appointment.id])[appointment.id]
    assert findings.before_the_move(flag) == "Not fit for treatment by Dr Lin: Too risky this week"
    staff_moves.accept(appointment, actor(clinic.ava))  # until then the clinic's move alone keeps it free
    assert policy.fee_for(appointment, APRIL - timedelta(hours=1)).excused is False
    findings.decide(flag, LIN, True, "Stopped them")
    assert findings.decided_words(Finding.get()) == "OK by Dr Lin: Stopped them"
    assert findings.before_the_move(Finding.get()) == ""


def test_a_block_that_is_lifted_while_the_page_is_open_is_no_trap(clinic, time_machine):
    """The page said free; what now costs is refused with the amount, and nothing is changed."""
    appointment = blocked(clinic, WEDNESDAY)
    findings.decide(Finding.get(), LIN, True, "Fine")
    time_machine.move_to(MONDAY + timedelta(days=1), tick=False)
    with pytest.raises(Refused, match=r"This now costs \$50\.00"):
        scheduling.cancel(appointment, by=actor(clinic.ava), shown_minor=0)
    assert Appointment.get_by_id(appointment.id).status == "booked"


# --- booking and moving -------------------------------------------------------------------------


def test_a_blocked_service_cannot_be_booked_before_its_day_by_anybody(clinic):
    scheduling.cancel(blocked(clinic), by=actor(clinic.ava), shown_minor=0)
    with pytest.raises(Refused) as no:
        book(clinic, FRIDAY + timedelta(days=7))
    assert no.value.words == f"{KIND} You can have this treatment from 31 March 2026 on."
    with pytest.raises(Refused, match="blocked for this patient until 31 March 2026"):
        book(clinic, FRIDAY + timedelta(days=7), by=LIN, policy=None)
    book(clinic, FRIDAY + timedelta(days=7), patient=clinic.ben)
    book(clinic, FRIDAY + timedelta(days=7, hours=4), service=clinic.peel)
    assert book(clinic, datetime(2026, 3, 31, 14, tzinfo=UTC))
    findings.decide(Finding.get(), LIN, True, "Patch test was fine")
    assert book(clinic, FRIDAY + timedelta(days=8))


def test_a_visit_moves_neither_into_a_block_nor_within_it(clinic):
    appointment = blocked(clinic)
    where = {"provider": clinic.dr_lin, "location": clinic.soho}
    for by in (actor(clinic.ava), LIN):
        with pytest.raises(Refused):
            scheduling.move(appointment, starts_at=FRIDAY + timedelta(days=3), by=by, **where)
    scheduling.move(appointment, starts_at=APRIL, by=actor(clinic.ava), **where)
    with pytest.raises(Refused, match="needs rest first"):
        scheduling.move(appointment, starts_at=FRIDAY + timedelta(days=3), by=actor(clinic.ava), **where)
    assert Appointment.get_by_id(appointment.id).starts_at == APRIL


def test_a_visit_after_the_block_does_not_move_before_its_end(clinic):
    """Nothing was raised when it was answered, since the visit stood late enough."""
    appointment = blocked(clinic, APRIL)
    assert Finding.select().count() == 0
    where = {"provider": clinic.dr_lin, "location": clinic.soho}
    with pytest.raises(Refused, match="needs rest first"):
        scheduling.move(appointment, starts_at=FRIDAY, by=actor(clinic.ava), **where)
    assert Appointment.get_by_id(appointment.id).starts_at == APRIL
    assert (Finding.select().count(), Delivery.select().where(Delivery.kind == "appointment_moved").count()) == (0, 0)
    scheduling.move(appointment, starts_at=FRIDAY, by=LIN, **where)
    assert found_in(appointment) == [("block", KIND, date(2026, 3, 31))], "staff may, and see it"


def test_a_block_without_an_end_stands_until_staff_lift_it(clinic):
    appointment = book(clinic)
    answer(appointment, pregnant="yes")
    assert findings.from_words(findings.block_of_visit(appointment)) == (
        "The clinic will tell you when you can have this treatment."
    )
    assert findings.block_of(clinic.ava, clinic.botox, date(2030, 1, 1))
    with pytest.raises(Refused, match="until it is lifted"):
        book(clinic, APRIL, by=LIN, policy=None)
    findings.decide(Finding.get(), LIN, True, "The baby is born")
    assert book(clinic, APRIL)


# --- other visits -------------------------------------------------------------------------------


def lasting():
    Paperwork.update(validity="days", validity_days=90).where(Paperwork.kind == "questionnaire").execute()


def test_earlier_answers_are_judged_for_each_visit_that_they_count_for(clinic):
    lasting()
    Assignment.create(service=clinic.peel, paperwork=clinic.history)
    later = book(clinic, APRIL)
    peel = book(clinic, FRIDAY + timedelta(hours=4), service=clinic.peel)
    first = book(clinic)
    answer(first, laser="2026-03-01", blood="yes")
    assert [it[0] for it in found_in(first)] == ["block", "flag"]
    assert [it[0] for it in found_in(peel)] == ["block", "flag"], "each service on its own"
    assert [it[0] for it in found_in(later)] == ["flag"], "the block is over by then"
    assert findings.block_of(clinic.ava, clinic.peel, date(2026, 3, 10)).appointment_id == peel.id


def test_what_was_decided_for_one_visit_is_shown_and_not_decided_for_the_next(clinic):
    lasting()
    first = flagged(clinic)
    findings.decide(Finding.get(), LIN, True, "Low dose")
    second = book(clinic, APRIL)
    [flag] = findings.open_for([second.id])[second.id]
    assert findings.decided_words(findings.earlier([flag])[flag.id]) == "OK by Dr Lin: Low dose"
    assert findings.earlier(findings.of_visits([first.id])[first.id]) == {}


def test_a_patient_does_not_book_what_their_earlier_answers_forbid(clinic):
    lasting()
    Assignment.create(service=clinic.peel, paperwork=clinic.history)
    blocked(clinic)
    with pytest.raises(Refused, match="needs rest first"):
        book(clinic, FRIDAY + timedelta(days=3), service=clinic.peel)
    assert Appointment.select().count() == 1
    assert book(clinic, APRIL, service=clinic.peel)


def test_a_lifted_block_does_not_come_back_with_the_same_answers(clinic):
    lasting()
    blocked(clinic)
    findings.decide(Finding.get(), LIN, True, "Patch test was fine")
    assert found_in(book(clinic, FRIDAY + timedelta(days=3))) == []


def test_findings_of_lapsed_answers_count_no_more(clinic, time_machine):
    """The visit moved beyond what the answers are good for: they are asked again, and the new ones count."""
    Paperwork.update(validity="days", validity_days=10).where(Paperwork.kind == "questionnaire").execute()
    appointment = flagged(clinic)
    where = {"provider": clinic.dr_lin, "location": clinic.soho}
    scheduling.move(appointment, starts_at=APRIL, by=LIN, **where)
    assert found_in(appointment) == []
    assert findings.of_patient(clinic.ava) == []
    time_machine.move_to(APRIL - timedelta(days=4), tick=False)
    answer(appointment, blood="yes")
    assert found_in(appointment) == [("flag", "Takes blood thinners", None)]
    assert Finding.select().count() == 2


# --- lists --------------------------------------------------------------------------------------


def test_the_desk_sees_what_waits_with_a_constant_number_of_queries(clinic, queries):
    flagged(clinic)
    answer(
        book(clinic, FRIDAY, provider=clinic.other_provider, location=clinic.bath, patient=clinic.ben), pregnant="yes"
    )
    with queries() as one:
        waiting = findings.waiting()
        assert [(it.then, it.patient.first_name, it.service.name) for it in waiting] == [
            ("flag", "Ava", "Wrinkle relaxing"), ("block", "Ben", "Wrinkle relaxing"),
        ]  # fmt: skip
        findings.earlier(waiting)
    assert one() == 2
    rows = desk.day(date(2026, 3, 6), desk.locations())
    assert [desk.finding_badges(row) for row in rows] == [[("Needs OK", "warn")], [("Blocked", "warn")]]
    Appointment.update(status="cancelled").execute()
    assert findings.waiting() == []
    rows = desk.day(date(2026, 3, 6), desk.locations())
    assert [desk.finding_badges(row) for row in rows] == [[], []]


# --- the profile --------------------------------------------------------------------------------

CONNECTED = [
    {"key": "pregnant", "label": "Are you pregnant?", "type": "yes_no", "required": True},
    {"key": "allergies", "label": "Your allergies", "type": "allergy_list", "updates": "allergies"},
    {"key": "pills", "label": "Your medicines", "type": "medication_list", "updates": "medication"},
    {"key": "herbs", "label": "Anything herbal?", "type": "text", "updates": "medication"},
    {"key": "smokes", "label": "Do you smoke?", "type": "yes_no", "updates": "medical_notes"},
]


def test_connected_answers_change_the_profile_and_say_from_what_to_what(clinic):
    Patient.update(allergies="Latex").where(Patient.id == clinic.ava.id).execute()
    templates.write_version(clinic.history, LIN, "Medical history", "", CONNECTED)
    task = answer(
        book(clinic), herbs="St John’s wort", smokes="no",
        allergies=[{"name": "Latex", "note": "rash"}, {"name": "Penicillin", "note": ""}],
        pills=[{"name": "Ibuprofen", "note": "when needed"}],
    )  # fmt: skip
    ava = Patient.get_by_id(clinic.ava.id)
    assert ava.allergies == "Latex: rash\nPenicillin"
    assert ava.medication == "Ibuprofen: when needed\nSt John’s wort"
    assert ava.medical_notes == "Do you smoke? No"
    told = {it.field: (it.before, it.after) for it in connections.changes_of(task=task)}
    assert told["allergies"] == ("Latex", "Latex: rash\nPenicillin")
    [entry] = TrailEntry.select().where(TrailEntry.action == "profile updated by answers")
    assert entry.details == {"fields": ["allergies", "medical_notes", "medication"]}


def test_the_same_answer_again_and_no_answer_change_nothing(clinic):
    templates.write_version(clinic.history, LIN, "Medical history", "", CONNECTED)
    answer(book(clinic), herbs="Ginger")
    before = ProfileChange.select().count()
    answer(book(clinic, APRIL), herbs="Ginger")
    answer(book(clinic, APRIL + timedelta(days=3)))
    assert ProfileChange.select().count() == before == 1
    assert Patient.get_by_id(clinic.ava.id).medication == "Ginger"


def test_answers_write_no_more_into_the_profile_than_its_own_form_takes(clinic, as_ava):
    pregnant, allergies, _, herbs, _ = CONNECTED
    many = [{**herbs, "key": f"herbs{n}", "type": "long_text"} for n in range(3)]
    templates.write_version(clinic.history, LIN, "Medical history", "", [pregnant, allergies, *many])
    told = {f"herbs{n}": f"{n} " + "ginger " * 280 for n in range(3)}
    answer(book(clinic), **told, allergies=[{"name": f"Thing {n}", "note": "x" * 150} for n in range(30)])
    ava = Patient.get_by_id(clinic.ava.id)
    rest = "\n… the rest is in the answers of 2 March 2026"
    for text, whole in ((ava.medication, "ginger"), (ava.allergies, "x" * 150)):
        assert 3_000 < len(text) <= profile.LONGEST_HEALTH
        assert text.endswith(rest)
        assert text.removesuffix(rest).endswith(whole), "cut between two words, or two lines"
    kept = {"allergies": ava.allergies, "medication": ava.medication, "medical_notes": ""}
    assert as_ava.submit("/profile/health", **kept).status_code == 303
