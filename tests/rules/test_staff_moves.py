"""A move by the clinic: free until the patient has answered, and each answer is written down."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models import Appointment, AppointmentMove, Charge, TrailEntry
from rules import policy, scheduling, self_service, staff_moves
from rules.actor import Actor
from rules.refused import Refused
from rules.searching import Part
from tests.rules.test_letters import letter

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)  # 10:00 in New York
NEXT = FRIDAY + timedelta(days=7)
HOUR = timedelta(hours=1)
DESK = Actor("staff", 2, "Dana Desk")


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


def ava(clinic):
    return Actor("patient", clinic.ava.id, clinic.ava.name)


def booked(clinic, starts_at=FRIDAY):
    return scheduling.book(
        clinic.ava, clinic.botox, provider=clinic.dr_lin, location=clinic.soho, starts_at=starts_at, by=ava(clinic),
        request_key=uuid4().hex, policy=policy.current(),
    )  # fmt: skip


def move(clinic, a, starts_at, by=DESK, **also):
    return scheduling.move(a, starts_at=starts_at, provider=clinic.dr_lin, location=clinic.soho, by=by, **also)


@pytest.mark.parametrize(
    ("answered", "before_new_start", "costs"),
    [(False, 72 * HOUR, 0), (False, 47 * HOUR, 0), (True, 72 * HOUR, 0), (True, 47 * HOUR, 5000)],
)
@pytest.mark.parametrize("doing", ["cancel", "move"])
def test_each_row_of_the_policy(clinic, time_machine, answered, before_new_start, costs, doing):
    policy.write(
        DESK, notice_hours=48, fee_kind="fixed", fee_value=5000, no_show_kind="fixed", no_show_value=0,
        late_move_costs=True,
    )  # fmt: skip
    a = booked(clinic)
    move(clinic, a, NEXT)
    if answered:
        staff_moves.accept(a, ava(clinic))
    time_machine.move_to(NEXT - before_new_start, tick=False)
    fee = policy.fee_for(a) if doing == "cancel" else policy.move_fee_for(a)
    assert fee.amount_minor == costs
    if not answered:
        assert fee.free_until == NEXT
        assert fee.why == policy.UNANSWERED
    if doing == "cancel":
        charge = scheduling.cancel(a, by=ava(clinic))
    else:
        charge = move(clinic, a, NEXT + timedelta(days=3), ava(clinic))
    assert (charge.amount_minor if charge else 0) == costs
    answer = AppointmentMove.select().order_by(AppointmentMove.id).first().answer
    assert answer == ("accepted" if answered else {"cancel": "cancelled", "move": "moved"}[doing])


def test_accepting_is_written_down_once(clinic):
    a = booked(clinic)
    move(clinic, a, NEXT, why="Dr Lin is at a congress")
    assert staff_moves.open_of([a.id])[a.id].why == "Dr Lin is at a congress"
    assert [len(staff_moves.accept(a, ava(clinic))) for _ in range(2)] == [1, 0]
    row = AppointmentMove.get()
    assert (row.answer, row.answered_at, row.moved_by_kind) == ("accepted", MONDAY, "staff")
    assert staff_moves.open_of([a.id]) == {}
    assert TrailEntry.select().where(TrailEntry.action == "new time accepted").count() == 1


def test_a_later_move_than_the_one_on_the_page_is_not_accepted(clinic):
    a = booked(clinic)
    move(clinic, a, NEXT)
    shown = staff_moves.open_of([a.id])[a.id].id
    move(clinic, a, NEXT + HOUR)
    with pytest.raises(Refused, match="once more"):
        staff_moves.accept(a, ava(clinic), shown=shown)
    assert staff_moves.open_of([a.id])[a.id].to_starts_at == NEXT + HOUR


def visit_of_parts(clinic):
    parts = [
        Part(clinic.botox, clinic.dr_lin, clinic.soho, FRIDAY),
        Part(clinic.peel, clinic.dr_lin, clinic.soho, FRIDAY + HOUR / 2),
    ]
    return scheduling.book_all(clinic.ava, parts, by=ava(clinic), request_key=uuid4().hex, policy=policy.current())


def test_accepting_one_part_of_a_visit_that_was_moved_in_one_go_accepts_all_of_it(clinic):
    one, two = visit_of_parts(clinic)
    to = [Part(a.service, clinic.dr_lin, clinic.soho, a.starts_at + timedelta(days=7)) for a in (one, two)]
    scheduling.move_visit([one, two], to, by=DESK)
    first = staff_moves.open_of([one.id])[one.id]
    assert len(staff_moves.accept(one, ava(clinic), shown=first.id)) == 2
    assert {row.answer for row in AppointmentMove.select()} == {"accepted"}
    assert TrailEntry.select().where(TrailEntry.action == "new time accepted").count() == 2


def test_another_part_that_was_moved_later_waits_until_it_stood_on_the_page(clinic, time_machine):
    one, two = visit_of_parts(clinic)
    other = booked(clinic, FRIDAY + 5 * HOUR)
    move(clinic, other, NEXT + 5 * HOUR)
    move(clinic, one, NEXT)
    shown = staff_moves.open_of([one.id])[one.id].id
    time_machine.move_to(MONDAY + HOUR, tick=False)
    move(clinic, two, NEXT + HOUR)
    newest = staff_moves.open_of([two.id])[two.id].id
    assert [row.appointment_id for row in staff_moves.accept(one, ava(clinic), shown=shown)] == [one.id]
    assert set(staff_moves.open_of([one.id, two.id])) == {two.id}
    AppointmentMove.update(answer="open", answered_at=None).execute()
    assert {row.appointment_id for row in staff_moves.accept(one, ava(clinic), shown=newest)} == {one.id, two.id}
    assert set(staff_moves.open_of([other.id])) == {other.id}, "it is no part of that visit"


def test_what_the_clinic_moves_or_cancels_again_is_no_answer_of_the_patient(clinic):
    a = booked(clinic)
    for starts_at in (NEXT, NEXT + HOUR):
        move(clinic, a, starts_at)
    scheduling.cancel(a, by=DESK)
    assert {row.answer for row in AppointmentMove.select()} == {"open"}
    assert staff_moves.open_of([a.id]) == {}


def test_nothing_is_accepted_once_it_began_or_is_cancelled(clinic, time_machine):
    a, other = booked(clinic), booked(clinic, FRIDAY + 2 * HOUR)
    move(clinic, a, NEXT)
    scheduling.cancel(other, by=DESK)
    time_machine.move_to(NEXT, tick=False)
    for each in (a, other):
        with pytest.raises(Refused, match="begun"):
            staff_moves.accept(each, ava(clinic))


def test_a_patients_own_move_waits_for_nobody(clinic):
    a = booked(clinic)
    move(clinic, a, NEXT, ava(clinic))
    row = AppointmentMove.get()
    assert (row.answer, row.moved_by_kind) == ("none", "patient")


def test_not_coming_costs_nothing_while_the_clinics_move_is_unanswered(clinic):
    a = booked(clinic)
    assert policy.no_show_fee_for(a).amount_minor == 40000
    move(clinic, a, NEXT)
    assert policy.no_show_fee_for(a).amount_minor == 0
    staff_moves.accept(a, ava(clinic))
    assert policy.no_show_fee_for(a).amount_minor == 40000


@pytest.mark.parametrize("switch", ["self_cancel", "self_move"])
def test_the_switches_bind_patients_but_not_staff_and_not_after_a_move_by_the_clinic(clinic, switch):
    type(clinic.botox).update(**{switch: False}).execute()
    a = booked(clinic)

    def change(by, to):
        return scheduling.cancel(a, by=by) if switch == "self_cancel" else move(clinic, a, to, by)

    with pytest.raises(Refused, match="call us: 212-555-0100"):
        change(ava(clinic), NEXT)
    assert Appointment.get_by_id(a.id).starts_at == FRIDAY
    move(clinic, a, NEXT)
    assert not self_service.closed([Appointment.get_by_id(a.id)], switch)
    change(ava(clinic), NEXT + HOUR)
    assert Charge.select().count() == 0


def test_the_letter_of_a_move_says_old_and_new_and_leads_to_the_answers(clinic):
    a = booked(clinic)
    move(clinic, a, NEXT, why="Botox is out of stock")
    text = letter("appointment_moved").text
    for words in ("Fri 6 Mar 2026, 10:00 EST", "Fri 13 Mar 2026, 11:00 EDT", f"/appointments/{a.id}/answer", "sorry"):
        assert words in text
    assert "out of stock" not in text
    move(clinic, a, FRIDAY, ava(clinic))
    assert "/answer" not in letter("appointment_moved").text


def test_the_letter_of_a_cancellation_by_the_clinic_apologizes_and_leads_to_booking(clinic):
    a = booked(clinic)
    scheduling.cancel(a, by=DESK, why="Botox is out of stock")
    text = letter("appointment_cancelled").text
    assert "We are sorry" in text
    assert "/booking" in text
    assert "out of stock" not in text
