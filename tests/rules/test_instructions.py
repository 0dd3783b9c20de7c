"""What is mailed when: at once, at its delay after the end, along with a move, and never after a cancellation."""

import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from peewee import sqlite3

import database
from clock import now
from database import db, is_sqlite, write_tx
from models import Appointment, CheckAnswer, Clinic, Delivery, Paperwork, PaperworkVersion, Task
from rules import instruction_texts, instructions, letters, paperwork, presence, templates
from rules.actor import Actor
from rules.refused import Refused
from tests.rules.test_paperwork import NOON, actor, begin


def announced(clinic, starts_at=NOON):
    appointment, tasks = begin(clinic, starts_at)
    with write_tx():
        instructions.announce(appointment, actor(clinic.ava))
    return appointment, tasks


STEPS = [
    {"key": "day_1", "title": "The next day", "body": "Cool it.", "delay_minutes": 1440, "check_in": False},
    {"key": "day_3", "title": "Half-way", "body": "Still **red**? Fine.", "delay_minutes": 3 * 1440, "check_in": True},
    {"key": "day_14", "title": "The result", "body": "Look at it.", "delay_minutes": 14 * 1440, "check_in": True},
]
CHECK = {
    "question": "When may you lie down?", "right": "After four hours", "line": "Stay upright for four hours.",
    "choices": ["At once", "After four hours", "Tomorrow"],
}  # fmt: skip


def written(clinic, paper, body="Stay upright.", **details):
    owner = Actor("staff", clinic.owner.id, clinic.owner.name)
    return templates.write_version(paper, owner, paper.name, body, [], details=details)


def timeline_task(clinic, starts_at=NOON, steps=STEPS):
    """Ava's instructions after a visit, with three steps; the visit is booked."""
    written(clinic, clinic.after, steps=steps)
    return announced(clinic, starts_at)[1]["post_treatment"]


def due(kind):
    return [row.due_at for row in Delivery.select().where((Delivery.kind == kind) & (Delivery.status == "waiting"))]


def test_a_booking_is_confirmed_and_its_instructions_are_mailed_at_once(clinic, time_machine):
    time_machine.move_to(NOON - timedelta(days=3), tick=False)
    announced(clinic)
    assert due("booking_confirmed") == due("pre_treatment") == [NOON - timedelta(days=3)]
    assert Delivery.get(Delivery.kind == "pre_treatment").task.paperwork == clinic.before


@pytest.mark.parametrize("delay", [0, 120, 2880])
def test_post_treatment_is_mailed_at_its_delay_after_the_end(clinic, delay):
    Paperwork.update(delay_minutes=delay).where(Paperwork.kind == "post_treatment").execute()
    appointment, _ = announced(clinic)
    assert due("post_treatment") == [appointment.ends_at + timedelta(minutes=delay)]


def test_announcing_twice_puts_nothing_twice(clinic):
    appointment, _ = announced(clinic)
    with write_tx():
        instructions.announce(appointment, actor(clinic.ava))
    assert Delivery.select().count() == 3


def test_unsent_post_treatment_follows_a_move_and_what_was_sent_is_not_repeated(clinic):
    appointment, _ = announced(clinic)
    Delivery.update(status="sent").where(Delivery.kind == "pre_treatment").execute()
    appointment.starts_at += timedelta(days=7)
    appointment.ends_at += timedelta(days=7)
    appointment.save()
    instructions.carry_along(appointment)
    assert due("post_treatment") == [appointment.ends_at + timedelta(hours=2)]
    assert due("pre_treatment") == []
    Delivery.update(status="sent").where(Delivery.kind == "post_treatment").execute()
    instructions.carry_along(appointment)
    assert due("post_treatment") == []


def test_a_cancelled_visit_sends_none_and_says_why(clinic):
    appointment, _ = announced(clinic)
    Appointment.update(status="cancelled").execute()
    paperwork.not_needed(appointment, actor(clinic.ava))
    assert instructions.withdraw(appointment, "the appointment was cancelled") == 3
    assert {(row.status, row.outcome) for row in Delivery.select()} == {("skipped", "the appointment was cancelled")}


def test_an_absence_that_was_an_error_brings_them_back(clinic):
    appointment, _ = announced(clinic)
    instructions.withdraw(appointment, "missed")
    instructions.restore(appointment, "missed")
    assert len(due("post_treatment")) == 1


def test_another_visits_messages_stay_untouched(clinic):
    appointment, _ = announced(clinic)
    announced(clinic, now() + timedelta(days=30))
    instructions.withdraw(appointment, "cancelled")
    assert len(due("post_treatment")) == 1


def test_a_busy_database_does_not_keep_anybody_from_reading(clinic, as_ava, monkeypatch):
    """Another writer holds the lock for longer than anybody waits: the text is shown, and is noted the next time."""
    _, tasks = begin(clinic, now() + timedelta(days=3))
    address = f"/tasks/{tasks['pre_treatment'].id}"
    with another_writer(monkeypatch):
        assert "No alcohol" in as_ava.see(address)
    assert Task.get_by_id(tasks["pre_treatment"].id).status == "open"
    as_ava.see(address)
    assert Task.get_by_id(tasks["pre_treatment"].id).status == "done"


def test_reading_again_asks_for_no_lock(clinic, as_ava, monkeypatch):
    _, tasks = begin(clinic, now() + timedelta(days=3))
    as_ava.see(f"/tasks/{tasks['pre_treatment'].id}")
    with another_writer(monkeypatch):
        asked = time.monotonic()
        as_ava.see(f"/tasks/{tasks['pre_treatment'].id}")
        assert time.monotonic() - asked < 1


# --- steps --------------------------------------------------------------------------------------


def step_mails():
    rows = Delivery.select().where(Delivery.kind == "post_treatment_step").order_by(Delivery.id)
    return {row.details["step"]: row for row in rows}


def dues():
    return {key: row.due_at for key, row in step_mails().items() if row.status == "waiting"}


def after(appointment, **days):
    return {key: appointment.ends_at + timedelta(days=number) for key, number in days.items()}


def test_each_step_is_mailed_at_its_own_delay_after_the_end(clinic):
    task = timeline_task(clinic)
    assert dues() == after(task.appointment, day_1=1, day_3=3, day_14=14)


def test_steps_follow_a_move_and_what_was_sent_stays_sent(clinic):
    appointment = timeline_task(clinic).appointment
    Delivery.update(status="sent").where(Delivery.id == step_mails()["day_1"].id).execute()
    appointment.starts_at += timedelta(days=7)
    appointment.ends_at += timedelta(days=7)
    appointment.save()
    instructions.carry_along(appointment)
    assert dues() == after(appointment, day_3=3, day_14=14)
    assert step_mails()["day_1"].due_at == appointment.ends_at - timedelta(days=6)


def test_steps_of_a_cancelled_visit_are_withdrawn_and_come_back_with_it(clinic):
    appointment = timeline_task(clinic).appointment
    instructions.withdraw(appointment, "missed")
    assert dues() == {}
    instructions.restore(appointment, "missed")
    assert len(dues()) == 3


def test_steps_written_while_a_visit_counted_as_missed_are_mailed_once_it_did_not(clinic, time_machine):
    time_machine.move_to(NOON - timedelta(days=2), tick=False)
    task = timeline_task(clinic)
    owner = Actor("staff", clinic.owner.id, clinic.owner.name)
    time_machine.move_to(NOON + timedelta(hours=1), tick=False)
    presence.miss(task.appointment, owner, charge=False)
    assert dues() == {}
    time_machine.move_to(NOON + timedelta(days=2), tick=False)
    new = {"key": "day_7", "title": "A week", "body": "Well?", "delay_minutes": 7 * 1440, "check_in": False}
    late = {**new, "key": "hours", "title": "The evening", "delay_minutes": 300}
    written(clinic, clinic.after, steps=[late, *STEPS[:2], new, {**STEPS[2], "delay_minutes": 15 * 1440}])
    assert dues() == {}, "the visit is missed"
    presence.undo_miss(task.appointment, owner)
    assert dues() == after(task.appointment, day_1=1, day_3=3, day_7=7, day_14=15)


def test_rewritten_steps_reach_who_has_not_opened_the_page_and_nobody_else(clinic, time_machine):
    time_machine.move_to(NOON - timedelta(days=2), tick=False)
    opened, waiting = timeline_task(clinic), announced(clinic, NOON + timedelta(days=30))[1]["post_treatment"]
    instructions.read(opened, actor(clinic.ava))
    moved = {**STEPS[1], "delay_minutes": 4 * 1440}
    new = {"key": "day_7", "title": "A week", "body": "Well?", "delay_minutes": 7 * 1440}
    written(clinic, clinic.after, steps=[STEPS[0], moved, new])
    rows = Delivery.select().where((Delivery.kind == "post_treatment_step") & (Delivery.status == "waiting"))
    assert {row.details["step"]: row.due_at for row in rows if row.task_id == opened.id} == after(
        opened.appointment, day_1=1, day_3=3, day_14=14
    )
    assert {row.details["step"]: row.due_at for row in rows if row.task_id == waiting.id} == after(
        waiting.appointment, day_1=1, day_3=4, day_7=7, day_14=14
    )
    gone = next(row for row in rows if row.task_id == waiting.id and row.details["step"] == "day_14")
    with pytest.raises(letters.NotNow, match="rewritten"):
        letters.compose(gone)


def test_a_step_that_was_over_when_it_was_written_is_not_mailed(clinic, time_machine):
    time_machine.move_to(NOON - timedelta(days=2), tick=False)
    appointment, _ = announced(clinic)
    time_machine.move_to(appointment.ends_at + timedelta(days=2), tick=False)
    written(clinic, clinic.after, steps=STEPS)
    assert dues() == after(appointment, day_3=3, day_14=14)


def test_a_step_letter_holds_the_step_and_not_the_rest(clinic, time_machine):
    time_machine.move_to(NOON - timedelta(days=2), tick=False)
    body = f"Still **red**? ![A cheek](/pictures/{'x' * 32}.jpg)"
    task = timeline_task(clinic, steps=[{**STEPS[1], "body": body}])
    mail = step_mails()["day_3"]
    with pytest.raises(letters.NotNow) as no:
        letters.compose(mail)
    assert (no.value.status, no.value.due_at) == ("waiting", mail.due_at)
    time_machine.move_to(mail.due_at, tick=False)
    letter = letters.compose(mail)
    assert "Half-way" in letter.text
    assert "(Picture: A cheek)" in letter.text
    assert "/pictures/" not in letter.text + letter.html
    assert "<strong>red</strong>" in letter.html
    assert "tell us there" in letter.text
    assert "upright" not in letter.text
    assert "alf-way" not in letter.subject
    Clinic.update(instructions_in_mail=False).execute()
    letter = letters.compose(mail)
    assert "red" not in letter.text.replace("required", "")
    assert f"/tasks/{task.id}" in letter.text
    Task.update(status="not_needed").execute()
    with pytest.raises(letters.NotNow):
        letters.compose(step_mails()["day_3"])


# --- the timeline -------------------------------------------------------------------------------


def stages(at_day, hour=0, zone="America/New_York"):
    version = PaperworkVersion(title="After", body="Main", details={"steps": STEPS})
    ends_at = NOON + timedelta(minutes=30)  # Tuesday 3 March, 12:30 in New York
    at = ends_at + timedelta(days=at_day, hours=hour)
    return instruction_texts.timeline(version, ends_at, zone, at)


def test_the_newest_stage_that_has_begun_is_the_one_that_holds_now():
    for day, states in (
        (-1, ["now", "later", "later", "later"]),
        (0, ["now", "later", "later", "later"]),
        (1, ["over", "now", "later", "later"]),
        (2, ["over", "now", "later", "later"]),
        (3, ["over", "over", "now", "later"]),
        (99, ["over", "over", "over", "now"]),
    ):
        assert [stage.state for stage in stages(day)] == states, day
    assert instruction_texts.timeline(PaperworkVersion(details={}), NOON, "UTC", NOON) == []


def test_when_a_stage_begins_is_said_in_words():
    assert [(stage.day, stage.since) for stage in stages(0)[1:]] == [
        ("Day 1", "from Wednesday 4 March"),
        ("Day 3", "from Friday 6 March"),
        ("Day 14", "from Tuesday 17 March"),
    ]
    assert stages(3)[2].since == "today"
    assert stages(3, hour=-1)[2].since == "today, from 12:30"
    assert stages(5)[2].since == "since Friday 6 March"
    assert stages(0, zone="Asia/Tokyo")[2].since == "from Saturday 7 March"


# --- the check question -------------------------------------------------------------------------


def critical(clinic, paper):
    written(clinic, paper, check=CHECK)
    return begin(clinic, NOON)[1][paper.kind]


@pytest.mark.parametrize("paper", ["before", "after"])
def test_with_a_check_question_reading_begins_and_the_right_answer_finishes(clinic, time_machine, paper):
    time_machine.move_to(NOON - timedelta(days=2), tick=False)
    task, by = critical(clinic, getattr(clinic, paper)), actor(clinic.ava)
    assert instructions.read(task, by) is True
    begun = Task.get_by_id(task.id)
    assert (begun.status, begun.done_at, begun.begun_at, begun.version.number) == ("in_progress", None, now(), 2)
    assert instructions.read(begun, by) is False
    assert instructions.answer_check(begun, "Tomorrow", by) is False
    assert Task.get_by_id(task.id).status == "in_progress"
    time_machine.shift(60)
    assert instructions.answer_check(begun, "After four hours", by) is True
    done = Task.get_by_id(task.id)
    assert (done.status, done.done_at) == ("done", now())
    assert [(row.choice, row.right) for row in instructions.tries_at(task)] == [
        ("Tomorrow", False),
        ("After four hours", True),
    ]
    assert instructions.answer_check(done, "After four hours", by) is True, "a second click"
    assert CheckAnswer.select().count() == 2


def test_a_choice_that_was_not_there_is_refused(clinic):
    task = critical(clinic, clinic.before)
    with pytest.raises(Refused, match="Choose one"):
        instructions.answer_check(task, "Never", actor(clinic.ava))
    assert CheckAnswer.select().count() == 0


def test_an_instruction_without_a_question_has_nothing_to_answer(clinic):
    _, tasks = begin(clinic, NOON)
    with pytest.raises(Refused, match="nothing to answer"):
        instructions.answer_check(tasks["pre_treatment"], "At once", actor(clinic.ava))


def test_guessing_is_limited(clinic, monkeypatch):
    monkeypatch.setattr(instructions, "TRIES_AN_HOUR", 2)
    task = critical(clinic, clinic.before)
    for _ in range(2):
        instructions.answer_check(task, "Tomorrow", actor(clinic.ava))
    with pytest.raises(Refused, match="too many tries"):
        instructions.answer_check(task, "After four hours", actor(clinic.ava))


# --- writing them -------------------------------------------------------------------------------


def tidied(kind="post_treatment", **details):
    return instruction_texts.tidy_details(kind, details)


def test_nothing_special_is_nothing():
    blank = {"video": " ", "check": {"choices": ["", " "], "question": ""}, "steps": [{"title": "", "body": ""}]}
    assert tidied(**blank) == tidied() == {}
    assert tidied("pre_treatment", steps=STEPS) == {}


def test_steps_stand_in_the_order_of_their_delays_and_keep_their_keys():
    new = {"key": "", "title": " New  one ", "body": "x\r\ny", "delay_minutes": 60, "check_in": "y"}
    kept = tidied(steps=[*reversed(STEPS), new, {**STEPS[0], "title": "The same key"}])["steps"]
    assert [step["delay_minutes"] for step in kept] == [60, 1440, 1440, 3 * 1440, 14 * 1440]
    assert kept[0] == {**new, "key": kept[0]["key"], "title": "New one", "body": "x\ny", "check_in": True}
    assert [step["key"] for step in kept if step["title"] != "The same key"][1:] == ["day_1", "day_3", "day_14"]
    assert len({step["key"] for step in kept}) == 5


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("title", {"title": " "}),
        ("title", {"title": "x" * 121}),
        ("body", {"body": ""}),
        ("body", {"body": "x" * 10_001}),
        ("delay", {"delay_minutes": None}),
        ("delay", {"delay_minutes": 0}),
        ("delay", {"delay_minutes": 366 * 1440}),
    ],
)
def test_a_step_that_cannot_be_is_named(field, change):
    with pytest.raises(Refused, match="Step 2: ") as no:
        tidied(steps=[STEPS[0], {**STEPS[1], **change}])
    assert (no.value.field, no.value.facts["number"]) == (field, 1)


def test_more_steps_than_fit_are_refused():
    with pytest.raises(Refused, match="20 steps"):
        tidied(steps=[{**STEPS[0], "key": f"s{number}"} for number in range(21)])


@pytest.mark.parametrize(
    "address",
    ["http://a.example/x", "javascript:alert(1)", "https://", "youtube.com/x", "https://a@b.example",
     "https://a b.example", 'https://a.example/"x', "https://localhost/",
     "https://[::1", "https://a.example/" + "x" * 500],
)  # fmt: skip
def test_a_video_is_an_address_of_another_site(address):
    with pytest.raises(Refused) as no:
        tidied("pre_treatment", video=address)
    assert no.value.field == "video"


def test_a_video_names_its_site():
    version = PaperworkVersion(details=tidied(video=" https://www.youtube.com/watch?v=1 "))
    assert instruction_texts.video_of(version) == ("https://www.youtube.com/watch?v=1", "youtube.com")


def test_the_place_of_the_right_answer_tells_nothing():
    check = {
        **CHECK,
        "right": "After 14 days",
        "choices": ["After 14 days", "After 3 days", "After 3 days", " after 1 day"],
    }
    assert tidied(check=check)["check"]["choices"] == ["after 1 day", "After 3 days", "After 14 days"]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("check_question", {"question": ""}),
        ("check_right", {"right": ""}),
        ("check_wrong", {"choices": ["After four hours", " "]}),
        ("check_wrong", {"choices": [f"wrong {number}" for number in range(6)]}),
        ("check_wrong", {"choices": ["x" * 201]}),
        ("check_line", {"line": " "}),
    ],
)
def test_a_check_question_needs_all_its_parts(field, change):
    with pytest.raises(Refused) as no:
        tidied(check={**CHECK, **change})
    assert no.value.field == field


@contextmanager
def another_writer(monkeypatch):
    """Holds the one write lock on a connection of its own, and shortens what others wait for it."""
    if is_sqlite():
        other = sqlite3.connect(db.obj.database, isolation_level=None)
        db.execute_sql("PRAGMA busy_timeout = 1500")
        db.close()
        other.execute("BEGIN IMMEDIATE")
    else:
        monkeypatch.setattr(database, "WAIT_SECONDS", 2)
        other = db.obj._connect()
        other.execute("BEGIN")
        other.execute("SELECT pg_advisory_xact_lock(%s)", (database.ONE_WRITER,))
    try:
        yield
    finally:
        other.rollback()
        other.close()
