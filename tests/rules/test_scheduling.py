"""Booking, moving, cancelling and what became of a visit: one transaction each, once each, one winner."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from database import db
from models import (
    Appointment,
    AppointmentMove,
    Charge,
    Delivery,
    Patient,
    PolicyAcceptance,
    Provider,
    Service,
    Task,
    TimeOff,
    TrailEntry,
)
from rules import gone, instructions, policy, scheduling, searching
from rules.actor import Actor
from rules.refused import Refused

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)  # 10:00 in New York
DESK = Actor("staff", 2, "Dana Desk")
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def monday(request):
    if "rush" not in request.node.name:  # real threads keep real time
        request.getfixturevalue("time_machine").move_to(MONDAY, tick=False)


def actor(patient):
    return Actor("patient", patient.id, patient.name, ip="203.0.113.7", agent="A browser")


def book(clinic, starts_at=FRIDAY, **differs):
    patient = differs.pop("patient", clinic.ava)
    facts = {
        "provider": clinic.dr_lin, "location": clinic.soho, "starts_at": starts_at,
        "by": actor(patient), "request_key": uuid4().hex, "policy": clinic.policy,
    }  # fmt: skip
    service = differs.pop("service", clinic.botox)
    return scheduling.book(patient, service, **{**facts, **differs})


def move(clinic, a, starts_at, by=None, **differs):
    where = {"provider": clinic.dr_lin, "location": clinic.soho, **differs}
    return scheduling.move(a, starts_at=starts_at, by=by or actor(a.patient), **where)


def refused(call, *args, **kwargs):
    with pytest.raises(Refused) as no:
        call(*args, **kwargs)
    return no.value


def deliveries(**where):
    return {d.kind: d.status for d in Delivery.select().filter(**where).order_by(Delivery.id)}


# --- booking ------------------------------------------------------------------------------------


def test_a_booking_brings_its_paperwork_its_messages_and_the_accepted_policy(clinic):
    a = book(clinic)
    assert (a.ends_at, a.price_minor, a.buffer_minutes) == (FRIDAY + timedelta(minutes=30), 40000, 15)
    assert Task.select().where(Task.appointment == a).count() == 4
    assert deliveries(appointment=a) == {
        "booking_confirmed": "waiting", "pre_treatment": "waiting", "post_treatment": "waiting"
    }  # fmt: skip
    accepted = PolicyAcceptance.get()
    assert (accepted.shown_minor, accepted.shown_no_show_minor) == (5000, 40000)
    assert (accepted.ip, accepted.agent, accepted.accepted_by) == ("203.0.113.7", "A browser", "patient")
    assert accepted.policy_digest == clinic.policy.digest
    assert TrailEntry.select().where(TrailEntry.action == "appointment booked").count() == 1


def test_one_submit_is_one_booking_and_only_for_the_same_patient(clinic):
    key = uuid4().hex
    first = book(clinic, request_key=key)
    assert book(clinic, request_key=key).id == first.id
    no = refused(book, clinic, FRIDAY + 3 * HOUR, request_key=key, patient=clinic.ben)
    assert "was used already" in no.words
    assert Appointment.select().count() == 1


def test_a_patient_cannot_book_without_accepting_the_current_policy(clinic):
    no = refused(book, clinic, policy=None)
    assert no.field == "policy"
    newer = policy.write(
        DESK, notice_hours=24, fee_kind="fixed", fee_value=100, no_show_kind="fixed", no_show_value=0
    )  # fmt: skip
    no = refused(book, clinic)
    assert (no.field, "changed while you were reading" in no.words) == ("policy", True)
    book(clinic, policy=newer)
    assert PolicyAcceptance.get().policy == newer


def test_staff_book_without_the_policy_unless_the_patient_accepted_it_with_them(clinic):
    book(clinic, by=DESK, policy=None)
    assert PolicyAcceptance.select().count() == 0
    book(clinic, FRIDAY + HOUR, by=DESK)
    assert PolicyAcceptance.get().accepted_by == "staff"


def test_a_price_that_changed_while_reading_is_shown_again(clinic):
    assert "price changed" in refused(book, clinic, shown_price_minor=30000).words
    book(clinic, shown_price_minor=40000)


def test_a_taken_time_is_refused_with_the_nearest_free_ones(clinic):
    book(clinic, patient=clinic.ben)
    no = refused(book, clinic)
    assert no.words.startswith("Somebody was faster")
    near = no.facts["nearest"]
    assert len(near) == 5
    assert all(abs(o.starts_at - FRIDAY) <= 2 * HOUR for o in near)
    taken = book(clinic, near[0].starts_at, provider=near[0].provider, location=near[0].location)
    assert taken.starts_at == near[0].starts_at


@pytest.mark.parametrize(
    ("differs", "words"),
    [
        ({"starts_at": FRIDAY + timedelta(minutes=1)}, "not free any more"),  # not on the grid
        ({"starts_at": FRIDAY + 12 * HOUR}, "not free any more"),  # nobody works then
        ({"starts_at": MONDAY - HOUR}, "has passed"),
        ({"starts_at": MONDAY + timedelta(minutes=30)}, "too soon"),
    ],
)
def test_a_time_that_was_never_offered_cannot_be_booked(clinic, differs, words):
    assert words in refused(book, clinic, **differs).words
    assert Appointment.select().count() == 0


def test_a_patient_cannot_be_in_two_places(clinic):
    book(clinic)
    no = refused(
        book, clinic, FRIDAY - timedelta(minutes=15), provider=clinic.other_provider, location=clinic.bath
    )  # fmt: skip
    assert no.words == "You already have an appointment at that time."


def test_only_those_who_perform_it_and_work_there_can_be_booked(clinic):
    assert "does not offer" in refused(book, clinic, service=clinic.peel, provider=clinic.other_provider).words
    refused(book, clinic, location=clinic.bath)
    TimeOff.create(provider=clinic.dr_lin, starts_at=FRIDAY, ends_at=FRIDAY + HOUR)
    refused(book, clinic)
    Service.update(archived_at=MONDAY).execute()
    assert "no longer" in refused(book, clinic, FRIDAY + 2 * HOUR, service=Service.get_by_id(clinic.botox.id)).words
    Service.update(archived_at=None).execute()
    Provider.update(archived_at=MONDAY).execute()
    refused(book, clinic, FRIDAY + 2 * HOUR, provider=Provider.get_by_id(clinic.dr_lin.id))


def test_a_booking_that_fails_half_way_leaves_nothing(clinic, monkeypatch):
    monkeypatch.setattr(instructions, "announce", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        book(clinic)
    for table in (Appointment, Task, Delivery, PolicyAcceptance, TrailEntry):
        assert table.select().count() == 0, table


def rush(many, act):
    """Run act(n) in so many threads at once, each with a connection of its own; returns what each got."""
    start, got = threading.Barrier(many, timeout=30), [None] * many

    def one(n):
        with db.connection_context():
            start.wait()
            try:
                got[n] = act(n)
            except Refused as no:
                got[n] = no

    db.close()  # the pool has as many connections as there are threads
    threads = [threading.Thread(target=one, args=(n,)) for n in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.connect()
    return got


@pytest.mark.parametrize("careful", [True, False], ids=["careful", "only-the-database"])
def test_in_a_rush_of_forty_for_one_time_exactly_one_gets_it(clinic, monkeypatch, careful):
    opening = searching.free_times(clinic.peel, since=datetime.now(UTC) + timedelta(days=3), at_most=1)[0]
    people = [Patient.create(first_name="P", last_name=str(n), email=f"p{n}@example.com") for n in range(40)]
    if not careful:  # the rules' own looks are switched off: the constraint alone has to hold
        monkeypatch.setattr(searching, "exact", lambda *_, **__: searching.Arrangement((opening,)))
        monkeypatch.setattr(gone, "_taken", lambda *_: False)

    def act(n):
        return book(
            clinic, opening.starts_at, patient=people[n], service=clinic.peel,
            provider=opening.provider, location=opening.location,
        )  # fmt: skip

    got = rush(40, act)
    assert sum(isinstance(one, Appointment) for one in got) == 1
    assert [no.words[:19] for no in got if isinstance(no, Refused)] == ["Somebody was faster"] * 39
    assert all(len(no.facts["nearest"]) == 5 for no in got if isinstance(no, Refused))
    assert Appointment.select().count() == 1


def test_in_a_rush_of_one_submit_sent_eight_times_there_is_one_booking(clinic):
    opening = searching.free_times(clinic.peel, since=datetime.now(UTC) + timedelta(days=3), at_most=1)[0]
    key = uuid4().hex
    got = rush(8, lambda _: book(clinic, opening.starts_at, service=clinic.peel, request_key=key).id)
    assert len(set(got)) == 1


# --- cancelling ---------------------------------------------------------------------------------


def test_cancelling_late_charges_the_shown_fee_once_however_often_it_is_pressed(clinic, time_machine):
    a = book(clinic)
    time_machine.move_to(FRIDAY - HOUR, tick=False)
    first = scheduling.cancel(a, by=actor(clinic.ava), why="Ill", shown_minor=5000)
    assert (first.amount_minor, first.reason, first.because[:22]) == (
        5000,
        "cancellation_fee",
        "You cancelled less tha",
    )
    assert (a.status, a.closed_by, a.closed_why) == ("cancelled", clinic.ava.name, "Ill")
    again = scheduling.cancel(Appointment.get_by_id(a.id), by=actor(clinic.ava), shown_minor=5000)
    assert again.id == first.id
    assert Charge.select().count() == 1
    assert TrailEntry.select().where(TrailEntry.action == "appointment cancelled").count() == 1
    assert set(t.status for t in Task.select().where(Task.appointment == a)) == {"not_needed"}
    assert deliveries(appointment=a) == {
        "booking_confirmed": "skipped", "pre_treatment": "skipped", "post_treatment": "skipped",
        "charge_receipt": "waiting", "appointment_cancelled": "waiting",
    }  # fmt: skip


def test_in_a_rush_of_cancellations_there_is_one_charge(clinic):
    start = datetime.now(UTC) + timedelta(hours=26)
    opening = searching.free_times(clinic.botox, provider=clinic.dr_lin, since=start, at_most=1)[0]
    a = book(clinic, opening.starts_at)
    Appointment.update(booked_at=start - timedelta(days=9)).execute()
    got = rush(8, lambda _: scheduling.cancel(Appointment.get_by_id(a.id), by=actor(clinic.ava), shown_minor=5000).id)
    assert len(set(got)) == 1
    assert Charge.select().count() == 1


def test_a_fee_above_what_was_shown_changes_nothing_and_asks_again(clinic, time_machine):
    a = book(clinic)
    time_machine.move_to(FRIDAY - 48 * HOUR + SECOND, tick=False)
    no = refused(scheduling.cancel, a, by=actor(clinic.ava), shown_minor=0)
    assert "This now costs $50.00" in no.words
    assert no.facts["fee"].amount_minor == 5000
    assert Appointment.get_by_id(a.id).status == "booked"
    assert Charge.select().count() == 0


def test_cancelling_at_the_last_free_second_is_free(clinic, time_machine):
    a = book(clinic)
    time_machine.move_to(FRIDAY - 48 * HOUR, tick=False)
    assert scheduling.cancel(a, by=actor(clinic.ava), shown_minor=0) is None


def test_a_visit_that_has_begun_can_be_cancelled_by_the_clinic_only_and_never_costs(clinic, time_machine):
    a = book(clinic)
    time_machine.move_to(FRIDAY, tick=False)
    assert "cannot be cancelled here" in refused(scheduling.cancel, a, by=actor(clinic.ava), shown_minor=5000).words
    assert scheduling.cancel(a, by=DESK, why="The provider is ill") is None
    assert Charge.select().count() == 0


def test_a_cancelled_time_is_free_at_once(clinic):
    a = book(clinic)
    scheduling.cancel(a, by=actor(clinic.ava), shown_minor=0)
    assert book(clinic, patient=clinic.ben).starts_at == a.starts_at


# --- moving -------------------------------------------------------------------------------------


def test_a_move_keeps_the_appointment_its_policy_its_price_and_its_done_paperwork(clinic):
    a = book(clinic)
    done = Task.get(Task.appointment == a, Task.paperwork == clinic.consent)
    Task.update(status="done", done_at=MONDAY).where(Task.id == done.id).execute()
    Service.update(price_minor=99900).execute()
    later = FRIDAY + timedelta(days=3)
    assert move(clinic, a, later) is None
    stands = Appointment.get_by_id(a.id)
    assert (stands.starts_at, stands.moves, stands.price_minor) == (later, 1, 40000)
    assert Task.get_by_id(done.id).status == "done"
    assert PolicyAcceptance.get().appointment == stands
    moved = AppointmentMove.get()
    assert (moved.from_starts_at, moved.to_starts_at, moved.moved_by) == (FRIDAY, later, clinic.ava.name)
    after = Delivery.get(Delivery.kind == "post_treatment")
    assert after.due_at == stands.ends_at + timedelta(minutes=120)
    assert "appointment_moved" in deliveries(appointment=a)


def test_a_move_pressed_twice_is_one_move(clinic):
    a = book(clinic)
    move(clinic, a, FRIDAY + HOUR)
    move(clinic, Appointment.get_by_id(a.id), FRIDAY + HOUR)
    assert AppointmentMove.select().count() == 1


def test_a_move_to_a_taken_time_changes_nothing_and_offers_others(clinic):
    a, other = book(clinic), book(clinic, FRIDAY + 3 * HOUR, patient=clinic.ben)
    no = refused(move, clinic, a, other.starts_at)
    assert no.words.startswith("Somebody was faster")
    assert len(no.facts["nearest"]) == 5
    assert Appointment.get_by_id(a.id).starts_at == FRIDAY
    assert AppointmentMove.select().count() == 0


def test_a_move_may_overlap_the_time_it_leaves(clinic):
    a = book(clinic)
    move(clinic, a, FRIDAY + timedelta(minutes=15))
    assert a.starts_at == FRIDAY + timedelta(minutes=15)


def test_a_late_move_costs_only_where_the_policy_says_so_and_once(clinic, time_machine):
    costly = policy.write(
        DESK, notice_hours=48, fee_kind="fixed", fee_value=5000, no_show_kind="fixed", no_show_value=0,
        late_move_costs=True,
    )  # fmt: skip
    a = book(clinic, policy=costly)
    time_machine.move_to(FRIDAY - HOUR * 5, tick=False)
    assert "This now costs $50.00" in refused(
        scheduling.move, a, starts_at=FRIDAY + HOUR, provider=clinic.dr_lin, location=clinic.soho,
        by=actor(clinic.ava), shown_minor=0,
    ).words  # fmt: skip
    assert move(clinic, a, FRIDAY + HOUR).reason == "late_move_fee"
    assert move(clinic, a, FRIDAY + 2 * HOUR) is None
    assert Charge.select().count() == 1
    assert policy.fee_for(a).amount_minor == 5000


def test_past_and_cancelled_visits_cannot_be_moved(clinic, time_machine):
    a, b = book(clinic), book(clinic, FRIDAY + 2 * HOUR)
    scheduling.cancel(b, by=DESK)
    assert "already cancelled" in refused(move, clinic, b, FRIDAY + 4 * HOUR).words
    time_machine.move_to(FRIDAY, tick=False)
    assert "started on" in refused(move, clinic, a, FRIDAY + 4 * HOUR).words


# --- what became of it --------------------------------------------------------------------------


def test_only_staff_say_what_became_of_a_visit(clinic):
    a = book(clinic)
    for verb in (scheduling.arrive, scheduling.complete):
        refused(verb, a, actor(clinic.ava))


def test_a_visit_arrives_and_is_completed_once(clinic, time_machine):
    a = book(clinic)
    time_machine.move_to(FRIDAY, tick=False)
    scheduling.arrive(a, DESK)
    scheduling.complete(a, DESK)
    assert (a.status, a.arrived_at, a.closed_at) == ("completed", FRIDAY, FRIDAY)
    assert refused(scheduling.arrive, a, DESK).words == "This appointment is already completed."


def test_a_missed_visit_costs_and_brings_no_instructions_until_the_miss_is_undone(clinic, time_machine):
    a = book(clinic)
    assert "not started" in refused(scheduling.miss, a, DESK).words
    time_machine.move_to(FRIDAY + HOUR, tick=False)
    charge = scheduling.miss(a, DESK)
    assert (charge.reason, charge.amount_minor) == ("no_show_fee", 40000)
    assert deliveries(appointment=a)["post_treatment"] == "skipped"
    scheduling.undo_miss(a, DESK)
    assert Appointment.get_by_id(a.id).status == "booked"
    assert Charge.get().status == "waived"
    assert deliveries(appointment=a)["post_treatment"] == "waiting"
    assert "not_needed" not in {t.status for t in Task.select().where(Task.appointment == a)}


def test_staff_may_let_the_no_show_fee_go(clinic, time_machine):
    a = book(clinic)
    time_machine.move_to(FRIDAY + HOUR, tick=False)
    assert scheduling.miss(a, DESK, charge=False) is None
    assert Charge.select().count() == 0


def test_an_absence_cannot_be_undone_onto_somebody_else(clinic, time_machine):
    a = book(clinic)
    time_machine.move_to(FRIDAY + timedelta(minutes=5), tick=False)
    scheduling.miss(a, DESK)
    Appointment.create(
        patient=clinic.ben, service=clinic.botox, provider=clinic.dr_lin, location=clinic.soho, currency="USD",
        starts_at=FRIDAY, ends_at=FRIDAY + HOUR, request_key="another",
    )  # fmt: skip
    assert "absence stands" in refused(scheduling.undo_miss, a, DESK).words
    assert Charge.get().status == "owed"


def test_nobody_checks_in_or_is_done_days_before_the_visit(clinic, time_machine):
    a = book(clinic)
    assert refused(scheduling.arrive, a, DESK).words.startswith("This visit is not today")
    time_machine.move_to(FRIDAY - HOUR)
    scheduling.arrive(a, DESK)
    assert refused(scheduling.complete, a, DESK).words == "This visit has not started yet."
    time_machine.move_to(FRIDAY)
    scheduling.miss(a, DESK, charge=False)
    assert Appointment.get_by_id(a.id).status == "missed", "who checked in by mistake can be marked as absent"


def test_a_used_page_books_nothing_again_and_a_page_without_its_key_is_refused(clinic):
    key = uuid4().hex
    a = book(clinic, request_key=key)
    scheduling.cancel(a, by=actor(clinic.ava))
    assert refused(book, clinic, request_key=key).words == "This page was used already. Please load it again."
    assert refused(book, clinic, request_key="").words == "This page is not whole. Please load it again."
    assert refused(book, clinic, request_key="x" * 65).words == "This page is not whole. Please load it again."


def test_a_cancelled_visit_does_not_move_to_where_it_stood(clinic):
    a = book(clinic)
    scheduling.cancel(a, by=actor(clinic.ava))
    refused(move, clinic, a, FRIDAY)


def test_the_nearest_reason_is_given_first(clinic):
    """Status, then the patient's own visits, then that somebody was faster."""
    a, own = book(clinic, FRIDAY + 2 * HOUR), book(clinic, provider=clinic.other_provider, location=clinic.bath)
    book(clinic, own.starts_at, patient=clinic.ben)
    assert refused(book, clinic, own.starts_at).words == "You already have an appointment at that time."
    assert refused(move, clinic, a, own.starts_at).words == "You already have an appointment at that time."
    scheduling.cancel(a, by=actor(clinic.ava), shown_minor=0)
    no = refused(move, clinic, a, own.starts_at)
    assert no.words == "This appointment is already cancelled and cannot be moved."
    assert "nearest" not in no.facts


def test_a_patient_cannot_fill_the_calendar(clinic, monkeypatch):
    monkeypatch.setattr("rules.booking.MOST_AHEAD", 2)
    first, second = book(clinic), book(clinic, starts_at=FRIDAY + HOUR)
    with pytest.raises(Refused, match="More than 2 visits ahead"):
        book(clinic, starts_at=FRIDAY + 3 * HOUR)
    book(clinic, starts_at=FRIDAY + 3 * HOUR, by=DESK)
    for a in (first, second):
        scheduling.cancel(a, by=actor(clinic.ava))
    book(clinic, starts_at=FRIDAY)
