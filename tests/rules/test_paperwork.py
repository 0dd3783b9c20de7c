"""What is due for whom, what counts from earlier, and what a move or a cancellation changes."""

from datetime import UTC, datetime, timedelta

import pytest
from peewee import IntegrityError

from clock import now
from database import write_tx
from models import Answer, Appointment, Assignment, Paperwork, Task
from rules import answers, consents, instructions, paperwork, templates
from rules.actor import Actor
from rules.refused import Refused

NOON = datetime(2026, 3, 3, 17, tzinfo=UTC)
GOOD = {"reason": "Lines", "pregnant": "no", "skin": "Dry"}


def visit(clinic, starts_at, *, patient=None, service=None, provider=None, minutes=30, status="booked"):
    """An appointment as the database holds it, without its paperwork."""
    return Appointment.create(
        patient=patient or clinic.ava, service=service or clinic.botox, provider=provider or clinic.dr_lin,
        location=clinic.soho, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes), currency="USD",
        request_key=f"{starts_at}{(patient or clinic.ava).id}", status=status,
    )  # fmt: skip


def actor(patient):
    return Actor("patient", patient.id, patient.name, "203.0.113.9", "A browser", 1, "email code")


def begin(clinic, starts_at, **facts):
    appointment = visit(clinic, starts_at, **facts)
    return appointment, {
        task.paperwork.kind: task for task in paperwork.begin_for(appointment, actor(appointment.patient))
    }


def answer(task, **given):
    version = paperwork.version_of(task)
    return answers.submit(task, {**GOOD, **given}, actor(task.patient), version)


def sign(task, **facts):
    version = paperwork.version_of(task)
    facts = {"method": "typed", "full_name": "Ava Moreno", "agreed": True, **facts}
    return consents.sign_as_patient(task, actor(task.patient), version, **facts)


def fresh(task):
    return Task.get_by_id(task.id)


def test_a_booking_begins_one_task_for_each_assigned_paperwork(clinic):
    appointment, tasks = begin(clinic, NOON)
    assert list(tasks) == ["questionnaire", "consent", "pre_treatment", "post_treatment"]
    assert {task.status for task in Task.select().where(Task.appointment == appointment)} == {"open"}
    with pytest.raises(IntegrityError):
        Task.create(patient=clinic.ava, appointment=appointment, paperwork=clinic.history)


def test_archived_paperwork_and_a_bare_service_bring_nothing(clinic):
    templates.archive(clinic.consent, actor(clinic.ava))
    _, tasks = begin(clinic, NOON)
    assert "consent" not in tasks
    _, none = begin(clinic, NOON + timedelta(days=1), service=clinic.peel, minutes=60)
    assert none == {}


@pytest.mark.parametrize(
    ("validity", "days", "gap", "counts"),
    [
        ("every_visit", None, 1, False),
        ("once", None, 900, True),
        ("days", 30, 30, True),
        ("days", 30, 31, False),
    ],
)
def test_earlier_work_counts_as_long_as_it_is_valid(clinic, time_machine, validity, days, gap, counts):
    Paperwork.update(validity=validity, validity_days=days).where(Paperwork.kind == "questionnaire").execute()
    time_machine.move_to(NOON - timedelta(days=gap), tick=False)
    _, first = begin(clinic, NOON - timedelta(days=gap) + timedelta(hours=1))
    answer(first["questionnaire"])
    _, second = begin(clinic, NOON)
    task = second["questionnaire"]
    assert (task.status == "done") is counts
    assert (task.counted_from_id == first["questionnaire"].id) is counts
    if counts:
        assert task.done_at == NOON - timedelta(days=gap)
        assert answers.of(task) == GOOD, "the earlier answers are the answers"
    assert second["consent"].status == "open"


def test_what_is_done_for_one_visit_counts_at_once_for_the_others_that_ask_the_same(clinic):
    Paperwork.update(validity="days", validity_days=30).where(Paperwork.kind == "questionnaire").execute()
    _, first = begin(clinic, now() + timedelta(days=3))
    _, second = begin(clinic, now() + timedelta(days=10))
    _, far = begin(clinic, now() + timedelta(days=60))
    _, bens = begin(clinic, now() + timedelta(days=5), patient=clinic.ben, provider=clinic.other_provider)
    answer(first["questionnaire"])
    sign(first["consent"])
    assert fresh(second["questionnaire"]).status == "done"
    assert fresh(second["questionnaire"]).counted_from == first["questionnaire"]
    assert fresh(far["questionnaire"]).status == "open", "its validity will have run out by then"
    assert fresh(second["consent"]).status == "open", "it is asked at every visit"
    assert fresh(bens["questionnaire"]).status == "open"


def test_another_patients_work_never_counts(clinic):
    Paperwork.update(validity="once").execute()
    _, first = begin(clinic, NOON)
    answer(first["questionnaire"])
    _, second = begin(clinic, NOON + timedelta(hours=2), patient=clinic.ben)
    assert second["questionnaire"].status == "open"


def test_a_move_keeps_what_is_still_valid(clinic):
    appointment, tasks = begin(clinic, now() + timedelta(days=3))
    answer(tasks["questionnaire"])
    sign(tasks["consent"])
    move(appointment, timedelta(days=200))
    assert {task.status for task in tasks_of(appointment) if task.paperwork.kind in ("questionnaire", "consent")} == {
        "done"
    }
    assert len(tasks_of(appointment)) == 4


def test_a_move_beyond_the_validity_asks_again_and_keeps_the_evidence(clinic):
    Paperwork.update(validity="days", validity_days=30).where(Paperwork.kind == "consent").execute()
    appointment, tasks = begin(clinic, now() + timedelta(days=3))
    sign(tasks["consent"])
    move(appointment, timedelta(days=40))
    old, new = (task for task in tasks_of(appointment) if task.paperwork.kind == "consent")
    assert (old.status, new.status) == ("done", "open")
    assert old.lapsed_at is not None
    assert consents.signature_as(old, "patient").signer_name == "Ava Moreno"
    assert consents.signature_as(new, "patient") is None
    paperwork.after_move(appointment, actor(clinic.ava))
    assert len(tasks_of(appointment)) == 5, "moving again asks nothing twice"
    assert sign(new)
    required = paperwork.action_required(clinic.ava, now())
    assert [row.kind for row in required] == ["questionnaire", "pre_treatment"]
    assert (required.done, required.total) == (1, 3)


def test_a_move_back_lets_the_lapsed_work_count_again(clinic):
    Paperwork.update(validity="days", validity_days=30).where(Paperwork.kind == "consent").execute()
    appointment, tasks = begin(clinic, now() + timedelta(days=3))
    sign(tasks["consent"])
    move(appointment, timedelta(days=40))
    move(appointment, timedelta(days=-40))
    _, new = (task for task in tasks_of(appointment) if task.paperwork.kind == "consent")
    assert new.status == "done"
    assert new.counted_from_id == tasks["consent"].id


def test_a_move_takes_back_work_that_counted_from_an_earlier_visit(clinic):
    Paperwork.update(validity="days", validity_days=30).where(Paperwork.kind == "questionnaire").execute()
    _, first = begin(clinic, now() + timedelta(days=1))
    answer(first["questionnaire"])
    appointment, second = begin(clinic, now() + timedelta(days=9))
    assert second["questionnaire"].counted_from_id
    move(appointment, timedelta(days=30))
    task = fresh(second["questionnaire"])
    assert (task.status, task.counted_from_id, task.version_id, task.done_at) == ("open", None, None, None)


def move(appointment, by_how_much):
    appointment.starts_at += by_how_much
    appointment.ends_at += by_how_much
    appointment.save()
    paperwork.after_move(appointment, actor(appointment.patient))


def tasks_of(appointment):
    return list(Task.select(Task, Paperwork).join(Paperwork).where(Task.appointment == appointment).order_by(Task.id))


def test_a_cancelled_visit_needs_nothing_but_keeps_what_was_done(clinic):
    appointment, tasks = begin(clinic, now() + timedelta(days=3))
    answer(tasks["questionnaire"])
    assert paperwork.not_needed(appointment, actor(clinic.ava)) == 3
    assert fresh(tasks["questionnaire"]).status == "done"
    assert paperwork.not_needed(appointment, actor(clinic.ava)) == 0
    with pytest.raises(Refused, match="not needed"):
        sign(tasks["consent"])
    paperwork.needed_again(appointment, actor(clinic.ava))
    assert sign(tasks["consent"])


def test_action_required_stands_until_done_and_is_late_from_the_start(clinic):
    begin(clinic, NOON)
    before = paperwork.action_required(clinic.ava, NOON - timedelta(seconds=1))
    assert [(row.kind, row.late) for row in before] == [
        ("questionnaire", False), ("consent", False), ("pre_treatment", False),
    ]  # fmt: skip
    assert before[0].service_name == "Wrinkle relaxing"
    assert before[0].for_words == "Wrinkle relaxing, Tue 3 Mar, 12:00"
    begun = paperwork.action_required(clinic.ava, NOON)
    assert [row.kind for row in begun] == ["questionnaire", "consent"], "what was to be read before is no longer asked"
    assert all(row.late and row.status_words == "Late" for row in begun)
    assert (begun.done, begun.total) == (0, 2)
    Appointment.update(status="arrived").execute()
    assert len(paperwork.action_required(clinic.ava, NOON)) == 2
    Appointment.update(status="completed").execute()
    assert paperwork.action_required(clinic.ava, NOON) == []
    assert paperwork.action_required(clinic.ben, NOON) == []


def test_a_visit_that_nobody_closed_asks_for_nothing_for_ever(clinic):
    appointment, _ = begin(clinic, NOON)
    week = timedelta(days=paperwork.ASKED_DAYS)
    assert len(paperwork.action_required(clinic.ava, appointment.ends_at + week - timedelta(seconds=1))) == 2
    assert paperwork.action_required(clinic.ava, appointment.ends_at + week) == []


@pytest.mark.parametrize("status", ["booked", "completed"])
def test_late_means_the_same_to_patient_and_desk(clinic, as_ava, as_desk, status):
    """The list, the visit, the paper itself and the desk's record ask one function."""
    appointment, tasks = begin(clinic, now() - timedelta(minutes=5))
    Appointment.update(status=status).execute()
    late = status == "booked"
    number = tasks["consent"].id
    assert ("is-late" in as_ava.see("/")) is late
    assert ("is-late" in as_ava.see(f"/appointments/{appointment.id}")) is late
    assert ("This is late" in as_ava.see(f"/tasks/{number}")) is late
    assert ("late" in as_desk.see(f"/staff/appointments/{appointment.id}").split("Paperwork", 1)[1]) is late


def test_action_required_is_sorted_by_visit_then_kind(clinic):
    begin(clinic, NOON + timedelta(days=2))
    begin(clinic, NOON)
    rows = paperwork.action_required(clinic.ava, NOON - timedelta(days=1))
    assert [row.starts_at for row in rows] == [NOON] * 3 + [NOON + timedelta(days=2)] * 3
    assert [row.kind for row in rows[:3]] == ["questionnaire", "consent", "pre_treatment"]


def test_the_lists_cost_one_query_for_one_visit_and_for_forty(clinic, queries):
    begin(clinic, NOON)
    for number in range(40):
        if number:
            begin(clinic, NOON + timedelta(days=number))
        if number in (0, 39):
            for rows in (paperwork.action_required, paperwork.post_treatment):
                with queries() as count:
                    assert len(rows(clinic.ava, NOON)) >= 1
                assert count() == 1


def test_post_treatment_stands_from_the_second_the_visit_starts(clinic):
    begin(clinic, NOON)
    assert paperwork.post_treatment(clinic.ava, NOON - timedelta(seconds=1)) == []
    [row] = paperwork.post_treatment(clinic.ava, NOON)
    assert (row.kind_words, row.status_words, row.href) == ("Post-treatment instructions", "New", f"/tasks/{row.id}")


@pytest.mark.parametrize("status", ["cancelled", "missed"])
def test_a_visit_that_did_not_happen_brings_no_post_treatment(clinic, status):
    _, tasks = begin(clinic, NOON)
    Appointment.update(status=status).execute()
    assert paperwork.post_treatment(clinic.ava, NOON + timedelta(hours=1)) == []
    assert not paperwork.may_be_seen(fresh(tasks["post_treatment"]), NOON + timedelta(hours=1))


def test_post_treatment_is_newest_first_and_keeps_what_was_read(clinic):
    _, tasks = begin(clinic, NOON)
    begin(clinic, NOON + timedelta(days=1))
    instructions.read(tasks["post_treatment"], actor(clinic.ava))
    rows = paperwork.post_treatment(clinic.ava, NOON + timedelta(days=2))
    assert [row.status_words for row in rows] == ["New", "Read"]
    assert paperwork.post_treatment(clinic.ava, NOON + timedelta(days=200)) == []


# --- versions and answers -----------------------------------------------------------------------


def test_an_edit_is_a_new_version_only_when_something_changed(clinic):
    staff = Actor("staff", clinic.owner.id, clinic.owner.name)
    same = paperwork.write_version(clinic.consent, staff, clinic.consent.name, "I understand the **risks**.", [])
    assert same.number == 1
    assert paperwork.write_version(clinic.consent, staff, "Consent", "New words.", []).number == 2
    same.body = "Other words"
    with pytest.raises(IntegrityError):
        same.save()


def test_what_is_begun_keeps_its_version_and_what_is_not_gets_the_new_one(clinic):
    staff = Actor("staff", clinic.owner.id, clinic.owner.name)
    _, begun = begin(clinic, NOON)
    _, untouched = begin(clinic, NOON + timedelta(days=1))
    first = paperwork.version_of(begun["questionnaire"])
    answers.save_answers(begun["questionnaire"], {"reason": "Lines"}, actor(clinic.ava), first)
    paperwork.write_version(clinic.history, staff, "History", "", [{"label": "New?", "type": "yes_no"}])
    assert paperwork.version_of(fresh(begun["questionnaire"])).number == 1
    assert paperwork.version_of(fresh(untouched["questionnaire"])).number == 2


def test_a_consent_that_staff_edit_while_it_is_open_is_signed_as_it_was_read(clinic):
    staff = Actor("staff", clinic.owner.id, clinic.owner.name)
    _, tasks = begin(clinic, NOON)
    task = tasks["consent"]
    read = paperwork.version_of(task)
    paperwork.write_version(clinic.consent, staff, "Consent", "Other words.", [])
    shown = paperwork.shown_version(task, "1")
    assert shown == read
    consents.sign_as_patient(task, actor(clinic.ava), shown, method="typed", full_name="Ava Moreno", agreed=True)
    assert fresh(task).version_id == read.id
    assert "I understand the **risks**." in consents.signature_as(task, "patient").shown_text


def test_a_text_that_was_replaced_long_ago_must_be_read_again(clinic, time_machine):
    staff = Actor("staff", clinic.owner.id, clinic.owner.name)
    _, tasks = begin(clinic, NOON)
    paperwork.write_version(clinic.consent, staff, "Consent", "Other words.", [])
    time_machine.move_to(now() + timedelta(hours=25))
    for number in ("1", "7", "x", None, "²"):
        with pytest.raises(Refused, match="read it once more"):
            paperwork.shown_version(tasks["consent"], number)
    assert paperwork.shown_version(tasks["consent"], "2").number == 2


def test_the_current_text_spelled_as_no_page_does_is_no_fault(clinic):
    _, tasks = begin(clinic, NOON)
    for number in ("01", "١"):
        assert paperwork.shown_version(tasks["consent"], number).number == 1


def test_answers_are_saved_as_they_come_and_unknown_ones_dropped(clinic):
    _, tasks = begin(clinic, NOON)
    task = tasks["questionnaire"]
    version = paperwork.version_of(task)
    problems = answers.save_answers(
        task,
        {
            "reason": " Lines ",
            "weight": "9",
            "skin": "Green",
            "had_before": ["Peel", "Filler"],
            "status": "done",
            "pregnant": "no",
        },
        actor(clinic.ava),
        version,
    )
    assert set(problems) == {"weight", "skin"}
    assert answers.of(task) == {"reason": "Lines", "had_before": ["Filler", "Peel"], "pregnant": "no"}
    assert (fresh(task).status, fresh(task).version_id) == ("in_progress", version.id)
    answers.save_answers(fresh(task), {"reason": "Frown lines", "had_before": []}, actor(clinic.ava), version)
    assert answers.of(task) == {"reason": "Frown lines", "pregnant": "no"}, "what was not sent stays"


def test_answers_are_sent_only_when_they_are_whole_and_then_stand(clinic):
    _, tasks = begin(clinic, NOON)
    task = tasks["questionnaire"]
    with pytest.raises(Refused) as no:
        answer(task, pregnant="")
    assert no.value.facts["problems"] == {"pregnant": "Choose yes or no for “Are you pregnant?”"}
    assert answers.of(task) == {"reason": "Lines", "skin": "Dry"}, "what fits is kept"
    assert answer(task)
    assert not answer(task, reason="Changed"), "a double click is harmless"
    assert answers.of(task) == GOOD
    with pytest.raises(Refused, match="sent already"):
        answers.save_answers(task, {"reason": "Changed"}, actor(clinic.ava), paperwork.version_of(fresh(task)))


def test_the_database_itself_refuses_to_change_sent_answers(clinic):
    _, tasks = begin(clinic, NOON)
    answer(tasks["questionnaire"])
    row = Answer.get(Answer.question == "reason")
    for change in (
        lambda: Answer.update(value="x").where(Answer.id == row.id).execute(),
        lambda: Answer.delete().where(Answer.id == row.id).execute(),
        lambda: Answer.create(task=tasks["questionnaire"], question="late", value="x"),
    ):
        with pytest.raises(IntegrityError), write_tx():
            change()


def test_reading_an_instruction_counts_once(clinic):
    _, tasks = begin(clinic, NOON)
    assert instructions.read(tasks["pre_treatment"], actor(clinic.ava))
    assert not instructions.read(tasks["pre_treatment"], actor(clinic.ava))
    assert fresh(tasks["pre_treatment"]).version_id


def test_paperwork_twice_on_one_service_is_refused_by_the_database(clinic):
    with pytest.raises(IntegrityError):
        Assignment.create(service=clinic.botox, paperwork=clinic.history)
