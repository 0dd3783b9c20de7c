"""Which earlier paperwork counts for which visit: a table with one row for each case, and what moves do to it."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest

from clock import now
from models import (
    Answer,
    Appointment,
    Assignment,
    CategoryAssignment,
    Paperwork,
    Patient,
    Signature,
    Task,
    TrailEntry,
)
from rules import answers, consents, paperwork, templates, validity
from rules.actor import Actor
from tests.rules.test_paperwork import actor, answer, begin, fresh, move, sign, visit

DONE = datetime(2026, 3, 2, 15, tzinfo=UTC)  # a Monday, ten o'clock in New York
STAFF = Actor("staff", 1, "Olive Owner")
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


class Case(NamedTuple):
    """Paperwork answered on DONE for a visit an hour later; does it count for a visit so much later?"""

    name: str
    validity: str
    days: int | None
    later: timedelta
    counts: bool
    renewed: str = ""  # what became of the text before the second booking


CASES = [
    Case("every visit: another day", "every_visit", None, 7 * DAY, False),
    Case("every visit: the same day is one visit", "every_visit", None, timedelta(hours=4), True),
    Case("every visit: the evening before is another day", "every_visit", None, timedelta(hours=-16), False),
    Case("once: years later", "once", None, 1500 * DAY, True),
    Case("30 days: a second before the limit", "days", 30, 30 * DAY - SECOND, True),
    Case("30 days: exactly at the limit", "days", 30, 30 * DAY, True),
    Case("30 days: a second after the limit", "days", 30, 30 * DAY + SECOND, False),
    Case("a new version that is optional", "once", None, 7 * DAY, True, "optional"),
    Case("a new version that must be renewed", "once", None, 7 * DAY, False, "must"),
    Case("an optional version after one that must be renewed", "once", None, 7 * DAY, False, "must then optional"),
    Case("the same day, but the text must be renewed", "every_visit", None, timedelta(hours=4), False, "must"),
]


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(DONE, tick=False)
    return time_machine


def good_for(validity, days=None):
    Paperwork.update(validity=validity, validity_days=days).where(Paperwork.kind == "questionnaire").execute()


def renew(clinic, must=True):
    """Staff write a new text, which earlier work may or may not stand for."""
    old = paperwork.current_version(clinic.history)
    return templates.write_version(
        clinic.history, STAFF, old.title, f"Text {old.number + 1}", old.questions, must_renew=must
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_earlier_work_counts_for_a_new_booking(clinic, case):
    good_for(case.validity, case.days)
    _, first = begin(clinic, DONE + timedelta(hours=1))
    answer(first["questionnaire"])
    for word in case.renewed.split(" then ") if case.renewed else ():
        renew(clinic, must=word == "must")
    _, second = begin(clinic, DONE + case.later)
    task = second["questionnaire"]
    assert (task.status == "done") is case.counts
    assert (task.counted_from_id == first["questionnaire"].id) is case.counts
    if case.counts:
        assert (task.done_at, task.version_id) == (DONE, fresh(first["questionnaire"]).version_id)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_done_counts_at_once_for_what_is_booked(clinic, case):
    """The same table, with both visits booked before anything is answered; the text changes while it is begun."""
    good_for(case.validity, case.days)
    _, first = begin(clinic, DONE + timedelta(hours=1))
    _, second = begin(clinic, DONE + case.later)
    version = paperwork.version_of(first["questionnaire"])
    answers.save_answers(first["questionnaire"], {"reason": "Lines"}, actor(clinic.ava), version)
    for word in case.renewed.split(" then ") if case.renewed else ():
        renew(clinic, must=word == "must")
    answer(fresh(first["questionnaire"]))
    assert fresh(first["questionnaire"]).status == "done", "what is begun ends on the text that it was begun with"
    assert (fresh(second["questionnaire"]).status == "done") is case.counts


def test_a_text_that_must_be_renewed_asks_an_open_task_with_the_new_text(clinic):
    good_for("once")
    _, tasks = begin(clinic, DONE + DAY)
    new = renew(clinic)
    answer(tasks["questionnaire"])
    assert fresh(tasks["questionnaire"]).version_id == new.id
    _, later = begin(clinic, DONE + 9 * DAY)
    assert later["questionnaire"].status == "done", "work on the new text counts"


def test_a_new_text_asks_everybody_anew_who_has_a_visit_to_come(clinic, monday):
    good_for("once")
    over, first = begin(clinic, DONE + timedelta(hours=1))
    own, second = begin(clinic, DONE + DAY, patient=clinic.ben)
    answer(first["questionnaire"])
    answer(second["questionnaire"])
    counted, third = begin(clinic, DONE + 2 * DAY)
    gone, _ = begin(clinic, DONE + 3 * DAY)
    Appointment.update(status="cancelled").where(Appointment.id == gone.id).execute()
    monday.move_to(DONE + timedelta(hours=1), tick=False)
    assert renew(clinic, must=False).asked_again == 0, "an optional text"
    assert [live(it).status for it in (over, own, counted, gone)] == ["done"] * 4, "only where staff say so"
    assert renew(clinic).asked_again == 2
    assert [live(it).status for it in (over, own, counted, gone)] == ["done", "open", "open", "done"]
    assert (live(counted).id, live(counted).counted_from_id) == (third["questionnaire"].id, None)
    old = fresh(second["questionnaire"])
    assert (old.status, old.lapsed_at, live(own).id != old.id) == ("done", now(), True)
    assert Answer.select().where(Answer.task == old).count() == 3, "what was answered stays in the record"
    said = [it.subject for it in TrailEntry.select().where(TrailEntry.action == "paperwork asked again")]
    assert said == [f"appointment {own.id}", f"appointment {counted.id}"]
    answer(live(counted))
    assert live(counted).status == "done"
    assert renew(clinic).asked_again == 1


def test_a_new_text_asks_for_the_signature_anew_and_keeps_the_old_one(clinic):
    _, tasks = begin(clinic, DONE + DAY)
    sign(tasks["consent"])
    version = paperwork.version_of(tasks["consent"])
    new = templates.write_version(clinic.consent, STAFF, version.title, "New risks.", [], must_renew=True)
    assert new.asked_again == 1
    assert Signature.select().where(Signature.task == tasks["consent"]).count() == 1
    asked = Task.get((Task.paperwork == clinic.consent) & Task.lapsed_at.is_null())
    assert (asked.status, paperwork.version_of(asked).id) == ("open", new.id)


def test_what_was_renewed_while_it_was_answered_is_asked_again_by_a_move_and_keeps_the_answers(clinic):
    good_for("once")
    appointment, tasks = begin(clinic, DONE + DAY)
    new = renewed_meanwhile(clinic, tasks["questionnaire"])
    assert live(appointment).id == tasks["questionnaire"].id, "it counts for its own visit"
    move(appointment, DAY)
    old = fresh(tasks["questionnaire"])
    assert (old.status, old.lapsed_at) == ("done", DONE)
    assert Answer.select().where(Answer.task == old).count() == 3
    asked = live(appointment)
    assert (asked.status, asked.id != old.id) == ("open", True)
    assert paperwork.version_of(asked).id == new.id


def renewed_meanwhile(clinic, task):
    """The new text is written while the patient is in the middle, who sends the old one."""
    answers.save_answers(task, {"reason": "Lines"}, actor(clinic.ava), paperwork.version_of(task))
    new = renew(clinic)
    answer(fresh(task))
    return new


def live(appointment):
    return Task.get(
        (Task.appointment == appointment) & Task.lapsed_at.is_null() & (Task.paperwork == paper_of(appointment))
    )


def paper_of(_appointment):
    return Paperwork.get(Paperwork.kind == "questionnaire")


def test_a_visit_moved_across_the_limit_and_back(clinic):
    good_for("days", 30)
    appointment, tasks = begin(clinic, DONE + DAY)
    answer(tasks["questionnaire"])
    move(appointment, 29 * DAY)
    assert live(appointment).id == tasks["questionnaire"].id, "exactly at the limit it is still good"
    move(appointment, SECOND)
    assert live(appointment).status == "open"
    move(appointment, -2 * DAY)
    assert (live(appointment).status, live(appointment).counted_from_id) == ("done", tasks["questionnaire"].id)
    move(appointment, 10 * DAY)
    assert (live(appointment).status, live(appointment).counted_from_id) == ("open", None)


def test_what_is_begun_stays_begun_through_a_move(clinic):
    good_for("days", 30)
    appointment, tasks = begin(clinic, DONE + DAY)
    version = paperwork.version_of(tasks["questionnaire"])
    answers.save_answers(tasks["questionnaire"], {"reason": "Lines"}, actor(clinic.ava), version)
    renew(clinic)
    move(appointment, 60 * DAY)
    assert (live(appointment).status, live(appointment).version_id) == ("in_progress", version.id)


# --- one day, one visit -------------------------------------------------------------------------


def test_visits_of_one_day_at_one_location_are_asked_once(clinic):
    Assignment.create(service=clinic.peel, paperwork=clinic.history)
    _, first = begin(clinic, DONE + timedelta(hours=1))
    _, second = begin(clinic, DONE + timedelta(hours=3), service=clinic.peel)
    _, bens = begin(clinic, DONE + timedelta(hours=5), patient=clinic.ben)
    _, next_day = begin(clinic, DONE + DAY)
    elsewhere = visit(clinic, DONE + timedelta(hours=6), provider=clinic.other_provider)
    Appointment.update(location=clinic.bath).where(Appointment.id == elsewhere.id).execute()
    in_bath = paperwork.begin_for(Appointment.get_by_id(elsewhere.id), STAFF)[0]
    answer(first["questionnaire"])
    assert fresh(second["questionnaire"]).counted_from_id == first["questionnaire"].id
    assert {fresh(task).status for task in (bens["questionnaire"], next_day["questionnaire"], in_bath)} == {"open"}


def test_the_day_is_that_of_the_location(clinic):
    """Nine in the evening and eight in the morning of the next day in New York are one day in UTC."""
    evening = datetime(2026, 3, 10, 0, 30, tzinfo=UTC)
    _, first = begin(clinic, evening)
    _, second = begin(clinic, evening + timedelta(hours=13))
    answer(first["questionnaire"])
    assert fresh(second["questionnaire"]).status == "open"


def test_a_visit_that_moves_away_from_that_day_is_asked_for_itself(clinic):
    _, first = begin(clinic, DONE + timedelta(hours=1))
    appointment, second = begin(clinic, DONE + timedelta(hours=4))
    answer(first["questionnaire"])
    assert fresh(second["questionnaire"]).status == "done"
    [told] = validity.at_new_time(appointment, validity.visit_of(appointment, DONE + DAY))
    assert (told.stays, told.why) == (
        False,
        "Medical history was answered on 2 March for another visit, and it is asked at every visit.",
    )
    move(appointment, DAY)
    assert fresh(second["questionnaire"]).status == "open"
    move(appointment, -DAY)
    assert fresh(second["questionnaire"]).status == "done"


@pytest.mark.parametrize("status", ["cancelled", "missed"])
def test_work_for_a_visit_of_that_day_that_did_not_take_place_does_not_count(clinic, status):
    appointment, first = begin(clinic, DONE + timedelta(hours=1))
    answer(first["questionnaire"])
    Appointment.update(status=status).where(Appointment.id == appointment.id).execute()
    _, second = begin(clinic, DONE + timedelta(hours=4))
    assert second["questionnaire"].status == "open"


# --- the same thing once, in the list -----------------------------------------------------------


@pytest.mark.parametrize(("validity", "days", "later", "rows"), [
    ("every_visit", None, timedelta(hours=3), 1),
    ("every_visit", None, DAY, 2),
    ("once", None, 100 * DAY, 1),
    ("days", 30, 30 * DAY, 1),
    ("days", 30, 30 * DAY + SECOND, 2),
])  # fmt: skip
def test_the_same_paper_is_listed_once_when_doing_it_counts_for_both(clinic, validity, days, later, rows):
    Paperwork.update(validity=validity, validity_days=days).where(Paperwork.kind == "questionnaire").execute()
    begin(clinic, DONE + timedelta(hours=1))
    begin(clinic, DONE + later)
    listed = [row for row in paperwork.action_required(clinic.ava, DONE) if row.kind == "questionnaire"]
    assert len(listed) == rows
    assert listed[0].for_words.endswith(", and 1 more visit") is (rows == 1)


def test_a_list_that_leaves_something_out_counts_it_nowhere(clinic):
    good_for("once")
    _, tasks = begin(clinic, DONE + timedelta(hours=1))
    begin(clinic, DONE + 9 * DAY)
    required = paperwork.action_required(clinic.ava, DONE)
    assert (len(required), required.done, required.total) == (5, 0, 5)
    answer(tasks["questionnaire"])
    required = paperwork.action_required(clinic.ava, DONE)
    assert (len(required), required.done, required.total) == (4, 2, 6), "it is done for both visits"


def test_what_was_begun_on_a_text_that_was_renewed_does_not_hide_the_later_one(clinic):
    good_for("once")
    _, tasks = begin(clinic, DONE + timedelta(hours=1))
    begin(clinic, DONE + 9 * DAY)
    version = paperwork.version_of(tasks["questionnaire"])
    answers.save_answers(tasks["questionnaire"], {"reason": "Lines"}, actor(clinic.ava), version)
    renew(clinic)
    listed = [row.status for row in paperwork.action_required(clinic.ava, DONE) if row.kind == "questionnaire"]
    assert listed == ["in_progress", "open"]


@pytest.mark.parametrize(("validity", "days"), [("every_visit", None), ("once", None), ("days", 1)])
@pytest.mark.parametrize("renewed", ["", "before", "after"])
@pytest.mark.parametrize("later", [timedelta(hours=3), DAY, DAY + SECOND, timedelta(hours=11)])
def test_home_hides_exactly_what_doing_the_first_one_closes(clinic, validity, days, renewed, later):
    good_for(validity, days)
    _, first = begin(clinic, DONE + timedelta(hours=1))
    _, second = begin(clinic, DONE + later)
    if renewed == "before":
        renew(clinic)
    version = paperwork.version_of(first["questionnaire"])
    answers.save_answers(first["questionnaire"], {"reason": "Lines"}, actor(clinic.ava), version)
    if renewed == "after":
        renew(clinic)
    listed = {row.id for row in paperwork.action_required(clinic.ava, DONE)}
    answer(fresh(first["questionnaire"]))
    assert (second["questionnaire"].id not in listed) is (fresh(second["questionnaire"]).status == "done")


def test_home_asks_validity_itself_what_it_may_hide(clinic, monkeypatch):
    good_for("once")
    begin(clinic, DONE + timedelta(hours=1))
    begin(clinic, DONE + DAY)
    rows = [row for row in paperwork.action_required(clinic.ava, DONE) if row.kind == "questionnaire"]
    assert len(rows) == 1
    monkeypatch.setattr(validity, "why_not", lambda *_: "It does not count.")
    rows = [row for row in paperwork.action_required(clinic.ava, DONE) if row.kind == "questionnaire"]
    assert len(rows) == 2


# --- what is begun, or was declined -------------------------------------------------------------


def test_what_is_done_counts_for_what_is_begun_and_its_answers_stay(clinic):
    good_for("once")
    _, first = begin(clinic, DONE + timedelta(hours=1))
    _, second = begin(clinic, DONE + DAY)
    begun = second["questionnaire"]
    answers.save_answers(begun, {"reason": "Scars"}, actor(clinic.ava), paperwork.version_of(begun))
    answer(first["questionnaire"])
    counted = fresh(begun)
    assert (counted.status, counted.counted_from_id) == ("done", first["questionnaire"].id)
    assert [it.value for it in Answer.select().where(Answer.task == begun)] == ["Scars"]
    old = paperwork.current_version(clinic.history)
    changed = [{**it, "label": f"{it['label']}?"} for it in old.questions]
    changed[0] = {**changed[0], "type": "date"} if changed[0]["key"] == "reason" else changed[0]
    templates.write_version(clinic.history, STAFF, old.title, "", changed, must_renew=True)
    again = fresh(begun)
    assert (again.status, again.begun_at, again.version_id, again.counted_from_id) == ("open", None, None, None)
    assert Answer.select().where(Answer.task == begun).count() == 0, "a day is asked for now, and this is none"


def test_a_consent_with_a_signature_of_its_own_goes_on_by_itself(clinic):
    Paperwork.update(validity="once").where(Paperwork.id == clinic.consent.id).execute()
    Patient.update(birth_date=date(2010, 5, 1)).where(Patient.id == clinic.ava.id).execute()
    _, first = begin(clinic, DONE + timedelta(hours=1))
    _, second = begin(clinic, DONE + DAY)
    sign(second["consent"])
    assert fresh(second["consent"]).status == "in_progress", "the guardian has yet to sign"
    Patient.update(birth_date=date(1990, 5, 1)).where(Patient.id == clinic.ava.id).execute()
    sign(Task.get_by_id(first["consent"].id))
    assert (fresh(first["consent"]).status, fresh(second["consent"]).status) == ("done", "in_progress")


def test_what_was_declined_counts_once_the_same_is_signed_for_another_visit(clinic):
    Paperwork.update(validity="once").where(Paperwork.id == clinic.consent.id).execute()
    _, first = begin(clinic, DONE + timedelta(hours=1))
    _, second = begin(clinic, DONE + DAY)
    gone, third = begin(clinic, DONE + 2 * DAY)
    for tasks in (second, third):
        consents.decline(tasks["consent"], actor(clinic.ava), "I am not sure")
    Appointment.update(status="cancelled").where(Appointment.id == gone.id).execute()
    sign(first["consent"])
    declined = fresh(second["consent"])
    assert (declined.status, declined.declined_at, declined.counted_from_id) == ("done", None, first["consent"].id)
    assert (fresh(third["consent"]).status, fresh(third["consent"]).counted_from_id) == ("not_needed", None)


# --- categories ---------------------------------------------------------------------------------


def test_a_booking_brings_what_is_tied_to_the_service_and_to_its_category_each_once(clinic):
    photos = templates.create("consent", "Photo consent", STAFF, body="Photos.")
    old = templates.create("consent", "Old consent", STAFF, body="Old.")
    for paper in (photos, old, clinic.history):
        CategoryAssignment.create(category=clinic.botox.category_id, paperwork=paper)
    templates.archive(old, STAFF)
    appointment, _ = begin(clinic, DONE + DAY)
    names = [it.paperwork.name for it in Task.select().where(Task.appointment == appointment)]
    assert sorted(names) == [
        "After wrinkle relaxing", "Before wrinkle relaxing", "Consent to wrinkle relaxing", "Medical history",
        "Photo consent",
    ]  # fmt: skip
    other, _ = begin(clinic, DONE + 2 * DAY, service=clinic.peel)
    assert Task.select().where(Task.appointment == other).count() == 0, "another category"


def test_a_change_of_assignments_leaves_existing_visits_as_they_are(clinic):
    appointment, _ = begin(clinic, DONE + DAY)
    CategoryAssignment.create(
        category=clinic.botox.category_id, paperwork=templates.create("consent", "Photo consent", STAFF, body="Photos.")
    )
    move(appointment, DAY)
    assert Task.select().where(Task.appointment == appointment).count() == 4


# --- cancelled and restored ---------------------------------------------------------------------


def test_an_absence_that_was_an_error_opens_again_what_was_open_and_nothing_that_was_declined(clinic):
    appointment, tasks = begin(clinic, DONE + timedelta(hours=1))
    declined = Task.update(status="not_needed", declined_at=DONE).where(Task.id == tasks["consent"].id)
    declined.execute()
    answer(tasks["questionnaire"])
    paperwork.not_needed(appointment, STAFF)
    assert fresh(tasks["pre_treatment"]).status == "not_needed"
    paperwork.needed_again(appointment, STAFF)
    assert {kind: fresh(task).status for kind, task in tasks.items()} == {
        "questionnaire": "done", "consent": "not_needed", "pre_treatment": "open", "post_treatment": "open",
    }  # fmt: skip
    assert fresh(tasks["consent"]).declined_at == DONE
    move(appointment, DAY)
    assert fresh(tasks["consent"]).status == "not_needed", "a move asks nothing anew that was declined"


# --- the words of a move ------------------------------------------------------------------------


def test_a_move_is_told_beforehand_with_its_reasons_and_does_what_was_told(clinic):
    good_for("days", 90)
    appointment, tasks = begin(clinic, DONE + DAY)
    answer(tasks["questionnaire"])
    sign(tasks["consent"])
    then = validity.visit_of(appointment, DONE + 100 * DAY)
    told = {it.name: (it.stays, it.why) for it in validity.at_new_time(appointment, then)}
    assert told == {
        "Consent to wrinkle relaxing": (
            True, "Consent to wrinkle relaxing was signed on 2 March for this appointment."
        ),
        "Medical history": (
            False, "Medical history was answered on 2 March and is good for 90 days; your new time is after that."
        ),
    }  # fmt: skip
    assert all(it.stays for it in validity.at_new_time(appointment, validity.visit_of(appointment)))
    move(appointment, 99 * DAY)
    assert live(appointment).status == "open"
    renew(clinic)
    answer(live(appointment))
    assert fresh(tasks["consent"]).status == "done"


def test_a_renewed_text_is_the_reason_that_is_given(clinic):
    good_for("once")
    appointment, tasks = begin(clinic, DONE + DAY)
    renewed_meanwhile(clinic, tasks["questionnaire"])
    [told] = validity.at_new_time(appointment, validity.visit_of(appointment, DONE + 2 * DAY))
    assert told.why == (
        "Medical history was answered on 2 March. "
        "Its text has been renewed since, and we ask everybody to answer it again."
    )


def test_another_year_is_named(clinic, monday):
    assert validity.counted_words("consent", DONE, "America/New_York") == "Signed on 2 March, still valid"
    monday.move_to(DONE + 365 * DAY, tick=False)
    assert validity.counted_words("consent", DONE, "America/New_York") == "Signed on 2 March 2026, still valid"
