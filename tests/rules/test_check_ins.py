"""How healing goes: given from its step on, again and again; who is worried reaches the clinic at once."""

from datetime import timedelta
from io import BytesIO

import pytest

from clock import now
from models import CheckIn, Clinic, Delivery, Photo, Task, TrailEntry
from rules import check_ins, letters, paperwork, photos
from rules.actor import Actor
from rules.refused import Refused
from tests.house.world import picture
from tests.rules.test_instructions import NOON, STEPS, timeline_task
from tests.rules.test_paperwork import actor, begin

DAY_3 = NOON + timedelta(minutes=30, days=3)


@pytest.fixture
def task(clinic, time_machine):
    time_machine.move_to(NOON - timedelta(days=2), tick=False)
    task = timeline_task(clinic)
    time_machine.move_to(DAY_3, tick=False)
    return task


def give(task, feeling="as_expected", words="", step="day_3", picture=None):
    return check_ins.give(task, step, feeling, words, actor(task.patient), picture)


def mails():
    return list(Delivery.select().where(Delivery.kind == "check_in_worried").order_by(Delivery.id))


def nurse(clinic):
    return Actor("staff", clinic.nurse.id, clinic.nurse.name)


def test_a_check_in_is_kept_with_its_words_and_its_photo(clinic, task):
    row = give(task, "not_sure", " A bit\r\nred ", picture=picture())
    assert (row.step, row.feeling, row.words, row.given_at, row.seen_at) == (
        "day_3",
        "not_sure",
        "A bit\nred",
        DAY_3,
        None,
    )
    assert Photo.get_by_id(row.photo_id).question == "day_3"
    line = TrailEntry.get(TrailEntry.action == "checked in")
    assert (line.subject, line.details) == (f"task {task.id}", {"check_in": row.id})
    assert mails() == []


def test_it_begins_with_its_step_and_only_where_staff_asked_for_it(clinic, task, time_machine):
    for step in ("day_14", "day_1", "none", ""):
        with pytest.raises(Refused):
            give(task, step=step)
    time_machine.move_to(DAY_3 - timedelta(seconds=1), tick=False)
    with pytest.raises(Refused, match="not begun"):
        give(task)
    assert STEPS[0]["key"] == "day_1"
    assert not STEPS[0]["check_in"]
    Task.update(status="not_needed").execute()
    with pytest.raises(Refused, match="nothing to check in"):
        give(Task.get_by_id(task.id))
    assert CheckIn.select().count() == 0


@pytest.mark.parametrize(
    ("field", "given"),
    [("feeling", {"feeling": ""}), ("feeling", {"feeling": "fine"}), ("words", {"words": "x" * 2001})],
)
def test_what_does_not_fit_is_refused_beside_its_field(clinic, task, field, given):
    with pytest.raises(Refused) as no:
        give(task, **given)
    assert no.value.field == field


def test_a_photo_that_is_none_is_refused_and_nothing_is_kept(clinic, task):
    with pytest.raises(Refused, match="PDF") as no:
        give(task, "worried", picture=BytesIO(b"%PDF-1.7"))
    assert no.value.field == "photo"
    assert CheckIn.select().count() == Photo.select().count() == len(mails()) == 0


def test_a_fault_after_the_photo_leaves_neither_a_photo_nor_a_check_in(task, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("the light went out")

    def files():
        return {file.name for file in photos.folder().glob("*")}

    before = files()
    monkeypatch.setattr(check_ins.outbox, "put", fail)
    with pytest.raises(RuntimeError):
        give(task, "worried", "Red", picture=picture())
    assert CheckIn.select().count() == Photo.select().count() == 0
    assert files() == before
    assert not TrailEntry.select().where(TrailEntry.action == "photo added").exists()


def test_it_may_be_given_again_but_a_second_click_is_none(clinic, task, time_machine):
    first = give(task, "worried", "Red")
    assert give(task, "worried", "Red").id == first.id
    assert len(mails()) == 1
    second = give(task, "worried", "Redder")
    time_machine.shift(61)
    third = give(task, "worried", "Redder")
    assert [row.id for row in check_ins.of(task)["day_3"]] == [third.id, second.id, first.id]
    assert len(mails()) == 3


def test_check_ins_are_limited_by_the_hour(clinic, task, monkeypatch):
    monkeypatch.setattr(check_ins, "AN_HOUR", 1)
    give(task)
    with pytest.raises(Refused, match="too many tries"):
        give(task, "worried")


# --- worried ------------------------------------------------------------------------------------


def test_who_is_worried_is_mailed_to_the_clinic_at_once_without_a_name(clinic, task):
    give(task, "worried", "My left eyelid droops")
    [mail] = mails()
    assert (mail.due_at, mail.address, mail.patient_id, mail.status) == (DAY_3, "hello@example.com", None, "waiting")
    letter = letters.compose(mail)
    assert letter.to == "hello@example.com"
    for secret in ("Ava", "Moreno", "eyelid", "rinkle", "filler", "ava@example.com"):
        assert secret not in f"{letter.subject} {letter.text}"
    assert f"/staff/patients/{clinic.ava.id}/check-ins" in letter.text
    assert "Ava" not in letters.envelope(letter, mail).as_string()


def test_a_clinic_without_an_address_still_has_it_on_its_desk(clinic, task):
    Clinic.update(email="").execute()
    give(task, "worried")
    assert mails() == []
    assert len(check_ins.unseen()) == 1


def test_the_desk_sees_worried_ones_first_and_never_those_as_expected(clinic, task, queries):
    for feeling in ("not_sure", "as_expected", "worried"):
        give(task, feeling)
    with queries() as one:
        assert [line.row.feeling for line in check_ins.unseen()] == ["worried", "not_sure"]
    for number in range(4):
        give(task, "worried", f"{number}")
    with queries() as many:
        lines = check_ins.unseen()
        assert {(line.patient.name, line.service_name) for line in lines} == {("Ava Moreno", "Wrinkle relaxing")}
    assert one() == many() == 1


def test_whoever_looked_is_written_down_once_and_the_mail_is_not_needed_any_more(clinic, task):
    first, second = give(task, "worried"), give(task, "worried", "Still")
    assert check_ins.see(check_ins.of_patient(clinic.ava)[1].row, nurse(clinic)) is True
    assert check_ins.see(check_ins.of_patient(clinic.ava)[1].row, nurse(clinic)) is False
    row = CheckIn.get_by_id(first.id)
    assert (row.seen_by, row.seen_at) == ("Nia Nurse", now())
    assert [mail.status for mail in mails()] == ["skipped", "waiting"]
    assert [line.row.id for line in check_ins.unseen()] == [second.id]
    assert TrailEntry.select().where(TrailEntry.action == "check-in seen").count() == 1


def test_a_mail_that_is_about_to_go_looks_once_more_whether_somebody_saw_it(clinic, task):
    row = give(task, "worried")
    CheckIn.update(seen_at=now(), seen_by="Nia Nurse").where(CheckIn.id == row.id).execute()
    with pytest.raises(letters.NotNow, match="seen it already"):
        letters.compose(mails()[0])


def test_the_emergency_words_stay_until_seen_and_two_days_at_least(clinic, task, time_machine):
    assert not check_ins.is_loud(None)
    assert not check_ins.is_loud(give(task, "not_sure"))
    row = give(task, "worried")
    time_machine.shift(timedelta(days=9))
    assert check_ins.is_loud(row)
    check_ins.see(CheckIn.get_by_id(row.id), nurse(clinic))
    assert not check_ins.is_loud(CheckIn.get_by_id(row.id))
    time_machine.move_to(DAY_3 + timedelta(hours=47), tick=False)
    assert check_ins.is_loud(CheckIn.get_by_id(row.id))


def test_what_a_visit_that_did_not_happen_asked_is_closed(clinic, time_machine):
    time_machine.move_to(NOON - timedelta(days=2), tick=False)
    appointment, tasks = begin(clinic, NOON)
    paperwork.not_needed(appointment, actor(clinic.ava))
    with pytest.raises(Refused, match="nothing to check in"):
        give(Task.get_by_id(tasks["post_treatment"].id))
