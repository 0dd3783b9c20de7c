"""Several services in one go, rooms and places of a class: all or nothing, moved and let go of together."""

from datetime import timedelta
from uuid import uuid4

import pytest

from models import (
    Appointment,
    AppointmentMove,
    Charge,
    Delivery,
    Occupancy,
    Patient,
    PolicyAcceptance,
    Prerequisite,
    Provider,
    Service,
    ServiceNeed,
)
from rules import families, history, occupying, policy, scheduling
from rules.searching import Part
from tests.rules.scheduled import (
    DESK,
    FRIDAY,
    HOUR,
    MINUTE,
    MONDAY,
    actor,
    another_provider,
    book,
    class_of,
    part,
    refused,
    room,
    taken,
)


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(MONDAY, tick=False)
    return time_machine


def both(clinic, starts_at=FRIDAY):
    return part(clinic, starts_at), part(clinic, starts_at + HOUR, clinic.botox)


def late(clinic):
    """Charged once it is late: the cast's policy wants two days."""
    policy.write(
        DESK, notice_hours=48, fee_kind="fixed", fee_value=5000, no_show_kind="fixed", no_show_value=0,
        late_move_costs=True,
    )  # fmt: skip
    clinic.policy = policy.current()


# --- booking ------------------------------------------------------------------------------------


def test_parts_are_booked_back_to_back_as_one_visit_without_a_gap(clinic):
    first, then = book(clinic, *both(clinic), shown_price_minor=55000)
    assert (first.ends_at, then.starts_at) == (FRIDAY + HOUR, FRIDAY + HOUR)
    assert first.visit_key == then.visit_key == Appointment.get_by_id(then.id).visit_key != ""
    assert PolicyAcceptance.select().count() == 2
    assert history.faults(first) == history.faults(then) == []


def test_one_alone_belongs_to_no_visit(clinic):
    assert book(clinic)[0].visit_key == ""


def test_when_one_part_is_gone_nothing_is_booked(clinic):
    book(clinic, part(clinic, FRIDAY + HOUR), patient=clinic.ben)
    no = refused(book, clinic, *both(clinic))
    assert (no.field, no.words.startswith("Somebody was faster")) == ("at", True)
    assert Appointment.select().where(Appointment.patient == clinic.ava).count() == 0
    found = no.facts["arrangements"]
    assert len(found) == 5
    again = [part(clinic, o.starts_at, o.service) for o in found[0].parts]
    assert len(book(clinic, *again)) == 2


def test_a_submit_of_several_parts_sent_twice_is_one_visit(clinic):
    key = uuid4().hex
    first = book(clinic, *both(clinic), request_key=key)
    assert [a.id for a in book(clinic, *both(clinic), request_key=key)] == [a.id for a in first]
    assert "used already" in refused(book, clinic, *both(clinic, FRIDAY + 3 * HOUR), request_key=key).words
    assert "used already" in refused(book, clinic, part(clinic), request_key=key).words
    assert Appointment.select().count() == 2


def test_the_total_that_was_shown_is_what_is_asked(clinic):
    assert "price changed" in refused(book, clinic, *both(clinic), shown_price_minor=40000).words
    assert Appointment.select().count() == 0


def test_two_providers_may_share_a_visit(clinic):
    roe = another_provider(clinic, clinic.botox)
    booked = book(clinic, part(clinic), part(clinic, FRIDAY + HOUR, clinic.botox, provider=roe))
    assert [a.provider for a in booked] == [clinic.dr_lin, roe]


def test_between_two_places_there_is_a_way_to_go(clinic):
    there = Part(clinic.botox, clinic.other_provider, clinic.bath, FRIDAY)
    ends = FRIDAY + 30 * MINUTE
    refused(book, clinic, there, part(clinic, ends))
    assert len(book(clinic, there, part(clinic, ends + 15 * MINUTE))) == 2


def test_a_patient_cannot_be_in_two_parts_at_once(clinic):
    roe = another_provider(clinic, clinic.botox)
    refused(book, clinic, part(clinic), part(clinic, FRIDAY + 30 * MINUTE, clinic.botox, provider=roe))
    assert Appointment.select().count() == 0


def test_buffers_are_the_larger_of_the_services_and_the_providers(clinic):
    Provider.update(buffer_before_minutes=20, buffer_after_minutes=5).execute()
    Service.update(buffer_before_minutes=10).execute()
    lin, botox = Provider.get_by_id(clinic.dr_lin.id), Service.get_by_id(clinic.botox.id)
    (a,) = book(clinic, part(clinic, service=botox, provider=lin))
    row = Occupancy.get()
    assert (a.buffer_before_minutes, a.buffer_minutes) == (row.before_minutes, row.after_minutes) == (20, 15)


def test_what_must_come_before_is_booked_in_the_same_go_or_not_at_all(clinic):
    Prerequisite.create(service=clinic.botox, needs=clinic.peel, at_least_hours=24, within_days=30)
    later = part(clinic, FRIDAY + timedelta(days=2), clinic.botox)
    assert refused(book, clinic, later).field == "prerequisite"
    assert len(book(clinic, part(clinic), later)) == 2


def test_staff_book_past_a_prerequisite_only_when_they_are_sure(clinic):
    Prerequisite.create(service=clinic.botox, needs=clinic.peel, at_least_hours=24, within_days=30)
    later = part(clinic, FRIDAY, clinic.botox)
    assert refused(book, clinic, later, by=DESK).field == "sure"
    assert len(book(clinic, later, by=DESK, sure=True)) == 1


def test_a_prerequisite_cannot_be_moved_behind_what_needs_it(clinic):
    Prerequisite.create(service=clinic.botox, needs=clinic.peel, at_least_hours=24, within_days=30)
    test, _ = book(clinic, part(clinic), part(clinic, FRIDAY + timedelta(days=2), clinic.botox))
    where = {"provider": clinic.dr_lin, "location": clinic.soho, "starts_at": FRIDAY + timedelta(days=1, hours=5)}
    assert refused(scheduling.move, test, by=actor(clinic.ava), **where).field == "prerequisite"
    scheduling.move(test, by=DESK, **where)


@pytest.mark.parametrize("days", [3, 4])
def test_nor_by_moving_the_two_together(clinic, days):
    """Where the first one stood before does not count for the second, whether that one moves or stays."""
    Prerequisite.create(service=clinic.botox, needs=clinic.peel, at_least_hours=24, within_days=30)
    visit = book(clinic, part(clinic), part(clinic, FRIDAY + timedelta(days=3), clinic.botox))
    to = [part(clinic, FRIDAY + timedelta(days=5)), part(clinic, FRIDAY + timedelta(days=days), clinic.botox)]
    assert refused(scheduling.move_visit, visit, to, by=actor(clinic.ava)).field == "prerequisite"
    assert [a.starts_at for a in Appointment.select().order_by(Appointment.id)] == [FRIDAY, FRIDAY + timedelta(days=3)]
    to = [part(clinic, FRIDAY + timedelta(days=1)), part(clinic, FRIDAY + timedelta(days=5), clinic.botox)]
    scheduling.move_visit(visit, to, by=actor(clinic.ava))
    assert [a.moves for a in visit] == [1, 1]


# --- rooms and places ---------------------------------------------------------------------------


def test_a_booking_takes_the_first_free_room_and_its_clean_up(clinic):
    small, large = room(clinic, clinic.peel, "Small room", "Large room", cleanup=15)
    roe = another_provider(clinic, clinic.peel)
    (a,) = book(clinic)
    (b,) = book(clinic, part(clinic, provider=roe), patient=clinic.ben)
    assert taken(appointment=a)[1] == (small.id, FRIDAY, FRIDAY + HOUR + 15 * MINUTE)
    assert taken(appointment=b)[1][0] == large.id


def test_where_the_only_room_is_taken_nobody_is_booked(clinic):
    roe = another_provider(clinic, clinic.peel)
    room(clinic, clinic.peel, "Small room", cleanup=15)
    book(clinic)
    assert refused(book, clinic, part(clinic, FRIDAY + HOUR, provider=roe), patient=clinic.ben).field == "at"
    book(clinic, part(clinic, FRIDAY + HOUR + 15 * MINUTE, provider=roe), patient=clinic.ben)


def test_a_move_takes_the_room_along_and_frees_it_where_it_was(clinic):
    (small,) = room(clinic, clinic.peel, "Small room")
    (a,) = book(clinic)
    scheduling.move(
        a, starts_at=FRIDAY + 30 * MINUTE, provider=clinic.dr_lin, location=clinic.soho, by=actor(clinic.ava)
    )
    assert taken() == [
        (None, FRIDAY + 30 * MINUTE, FRIDAY + 90 * MINUTE), (small.id, FRIDAY + 30 * MINUTE, FRIDAY + 90 * MINUTE)
    ]  # fmt: skip
    scheduling.cancel(a, by=actor(clinic.ava))
    assert taken() == []


def test_a_visit_that_goes_on_in_its_room_cleans_up_once_and_again_where_its_second_part_goes(clinic):
    (small,) = room(clinic, clinic.peel, "Small room", cleanup=15)
    second = Service.create(category=clinic.peel.category, name="Second peel", duration_minutes=60)
    type(clinic.peel.needs_kinds.get()).create(service=second, kind=small.kind)
    roe = another_provider(clinic, second)
    _, then = book(clinic, part(clinic), part(clinic, FRIDAY + HOUR, second, provider=roe))
    assert [row for row in taken() if row[0]] == [
        (small.id, FRIDAY, FRIDAY + HOUR), (small.id, FRIDAY + HOUR, FRIDAY + 2 * HOUR + 15 * MINUTE)
    ]  # fmt: skip
    scheduling.cancel(then, by=actor(clinic.ava))
    assert [row for row in taken() if row[0]] == [(small.id, FRIDAY, FRIDAY + HOUR + 15 * MINUTE)]


def test_a_class_has_as_many_places_as_it_says(clinic):
    lesson = class_of(clinic, parallel=2)
    cy = Patient.create(first_name="Cy", last_name="Cole")
    (a,) = book(clinic, part(clinic, service=lesson))
    (b,) = book(clinic, part(clinic, service=lesson), patient=clinic.ben)
    assert (a.lane, b.lane) == (1, 2)
    assert refused(book, clinic, part(clinic, service=lesson), patient=cy).words.startswith("Somebody was faster")
    scheduling.cancel(a, by=actor(clinic.ava))
    (c,) = book(clinic, part(clinic, service=lesson), patient=cy)
    assert c.lane == 1
    assert refused(book, clinic, patient=clinic.ava).field == "at", "the provider is not free for anything else"


def test_an_absence_is_undone_into_another_place_and_room_but_not_onto_others(clinic, clock):
    lesson = class_of(clinic, parallel=2)
    small, large = room(clinic, lesson, "Small room", "Large room")
    cy = Patient.create(first_name="Cy", last_name="Cole")
    (a,) = book(clinic, part(clinic, service=lesson))
    clock.move_to(FRIDAY, tick=False)
    scheduling.miss(a, DESK, charge=False)
    (b,) = book(clinic, part(clinic, service=lesson), patient=clinic.ben, by=DESK)
    assert (b.lane, taken(appointment=b)[1][0]) == (1, small.id)
    scheduling.undo_miss(a, DESK)
    assert (Appointment.get_by_id(a.id).lane, taken(appointment=a)[1][0]) == (2, large.id)
    assert history.faults(Appointment.get_by_id(a.id)) == []
    scheduling.miss(a, DESK, charge=False)
    book(clinic, part(clinic, service=lesson), patient=cy, by=DESK)
    assert "absence stands" in refused(scheduling.undo_miss, a, DESK).words
    assert Appointment.get_by_id(a.id).status == "missed"


# --- moving and cancelling together -------------------------------------------------------------


def test_a_visit_moves_as_one_also_onto_its_own_old_time(clinic):
    booked = book(clinic, *both(clinic))
    charges = scheduling.move_visit(booked, both(clinic, FRIDAY + 30 * MINUTE), by=actor(clinic.ava), shown_minor=0)
    assert charges == []
    assert [a.starts_at for a in booked] == [FRIDAY + 30 * MINUTE, FRIDAY + 90 * MINUTE]
    assert [a.moves for a in booked] == [1, 1]
    assert [history.faults(a) for a in booked] == [[], []]
    assert scheduling.move_visit(booked, both(clinic, FRIDAY + 30 * MINUTE), by=actor(clinic.ava)) == []
    assert AppointmentMove.select().count() == 2, "asked again for where it stands, it does nothing"


def test_two_parts_change_places(clinic):
    first, then = book(clinic, *both(clinic))
    swapped = [part(clinic, FRIDAY + 30 * MINUTE), part(clinic, FRIDAY, clinic.botox)]
    scheduling.move_visit([first, then], swapped, by=actor(clinic.ava))
    assert (first.starts_at, then.starts_at) == (FRIDAY + 30 * MINUTE, FRIDAY)


def test_when_one_part_cannot_move_none_does(clinic):
    booked = book(clinic, *both(clinic))
    book(clinic, part(clinic, FRIDAY + 4 * HOUR), patient=clinic.ben)
    no = refused(scheduling.move_visit, booked, both(clinic, FRIDAY + 3 * HOUR), by=actor(clinic.ava))
    assert (no.field, len(no.facts["arrangements"])) == ("at", 5)
    assert [Appointment.get_by_id(a.id).starts_at for a in booked] == [FRIDAY, FRIDAY + HOUR]
    assert AppointmentMove.select().count() == 0


def test_moving_late_costs_the_sum_and_never_more_than_was_shown(clinic, clock):
    late(clinic)
    booked = book(clinic, *both(clinic))
    clock.move_to(FRIDAY - 24 * HOUR, tick=False)
    to, by = both(clinic, FRIDAY + 2 * HOUR), actor(clinic.ava)
    assert "now costs $100.00" in refused(scheduling.move_visit, booked, to, by=by, shown_minor=5000).words
    assert Charge.select().count() == 0
    assert [c.amount_minor for c in scheduling.move_visit(booked, to, by=by, shown_minor=10000)] == [5000, 5000]


def test_cancelling_late_together_costs_the_sum_and_never_more_than_was_shown(clinic, clock):
    booked = book(clinic, *both(clinic))
    clock.move_to(FRIDAY - 24 * HOUR, tick=False)
    by = actor(clinic.ava)
    assert "now costs $100.00" in refused(scheduling.cancel_all, booked, by=by, shown_minor=5000).words
    assert {a.status for a in Appointment.select()} == {"booked"}
    assert len(scheduling.cancel_all(booked, by=by, shown_minor=10000)) == 2
    assert len(scheduling.cancel_all(booked, by=by, shown_minor=0)) == 2, "twice is the same as once"
    assert (Charge.select().count(), taken()) == (2, [])


def test_when_one_cannot_be_cancelled_none_is(clinic, clock):
    booked = book(clinic, *both(clinic))
    clock.move_to(FRIDAY + MINUTE, tick=False)
    refused(scheduling.cancel_all, booked, by=actor(clinic.ava))
    assert {a.status for a in Appointment.select()} == {"booked"}


def test_what_is_closed_to_patients_is_open_to_staff(clinic):
    (a,) = book(clinic)
    Service.update(self_cancel=False, self_move=False).execute()
    to = {"starts_at": FRIDAY + HOUR, "provider": clinic.dr_lin, "location": clinic.soho}
    a = Appointment.get()
    assert "talk with you" in refused(scheduling.cancel, a, by=actor(clinic.ava)).words
    assert "talk with you" in refused(scheduling.move, a, by=actor(clinic.ava), **to).words
    scheduling.move(a, by=DESK, why="Dr Lin is at a conference", **to)
    step = history.steps(Appointment.get())[-1]
    assert (step.what, step.by, step.by_kind, step.why) == ("moved", "Dana Desk", "staff", "Dr Lin is at a conference")
    assert (step.before.starts_at, step.after.starts_at, step.answer) == (FRIDAY, FRIDAY + HOUR, "open")
    scheduling.cancel(a, by=DESK)


# --- undoing ------------------------------------------------------------------------------------


def test_a_booking_is_undone_as_a_whole_within_the_grace_period(clinic, clock):
    booked = book(clinic, *both(clinic))
    clock.move_to(MONDAY + 3 * MINUTE, tick=False)
    undone = scheduling.undo(booked[1], actor(clinic.ava))
    assert [(a.status, a.undone_at) for a in undone] == [("cancelled", MONDAY + 3 * MINUTE)] * 2
    assert (taken(), Charge.select().count()) == ([], 0)
    assert [history.faults(a) for a in undone] == [[], []]
    assert history.steps(undone[0])[-1].what == "undone"
    unsent = Delivery.select().where(Delivery.kind == "booking_confirmed")
    assert {d.status for d in unsent} == {"skipped"}, "what was undone is not confirmed any more"
    assert len(scheduling.undo(booked[0], actor(clinic.ava))) == 2, "twice is the same as once"


def test_a_second_after_the_grace_period_it_stands(clinic, clock):
    (a,) = book(clinic)
    assert scheduling.undo_until(a) == MONDAY + 3 * MINUTE
    clock.move_to(MONDAY + 3 * MINUTE + timedelta(seconds=1), tick=False)
    assert "is over" in refused(scheduling.undo, a, actor(clinic.ava)).words
    assert Appointment.get().status == "booked"


def test_undoing_is_free_even_when_cancelling_is_late_already(clinic, clock):
    clock.move_to(FRIDAY - 3 * HOUR, tick=False)
    (a,) = book(clinic)
    scheduling.undo(a, actor(clinic.ava))
    assert Charge.select().count() == 0


def test_only_the_patients_own_untouched_booking_is_undone(clinic):
    (a,) = book(clinic, by=DESK)
    refused(scheduling.undo, a, actor(clinic.ava))
    refused(scheduling.undo, a, DESK)
    (b,) = book(clinic, part(clinic, FRIDAY + 3 * HOUR))
    to = {"starts_at": FRIDAY + 5 * HOUR, "provider": clinic.dr_lin, "location": clinic.soho}
    scheduling.move(b, by=actor(clinic.ava), **to)
    refused(scheduling.undo, b, actor(clinic.ava))
    assert {row.status for row in Appointment.select()} == {"booked"}


def test_a_mother_undoes_what_she_booked_for_her_child(clinic):
    families.note(clinic.ava, clinic.ben, "Mother", DESK)
    (a,) = book(clinic, patient=clinic.ben, by=actor(clinic.ava))
    (undone,) = scheduling.undo(a, actor(clinic.ava))
    assert (undone.status, undone.closed_by, a.status) == ("cancelled", clinic.ava.name, "cancelled")


def test_a_time_that_came_free_wakes_whoever_offers_it(clinic, monkeypatch):
    woken = []
    monkeypatch.setattr(occupying, "on_free", lambda: woken.append(1))
    (a,) = book(clinic)
    assert woken == []
    scheduling.cancel(a, by=DESK)
    assert woken == [1]


# --- what does not add up is found --------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"moves": 2}, "moves counted"),
        ({"starts_at": FRIDAY + 2 * HOUR, "ends_at": FRIDAY + 3 * HOUR}, "does not begin where"),
        ({"status": "cancelled"}, "closed without a moment"),
        ({"undone_at": MONDAY}, "undone, but it stands"),
        ({"booked_at": FRIDAY}, "not in the order of time"),
    ],
)
def test_a_history_that_does_not_add_up_is_found(clinic, change, found):
    (a,) = book(clinic)
    to = {"starts_at": FRIDAY + HOUR, "provider": clinic.dr_lin, "location": clinic.soho}
    scheduling.move(a, by=DESK, **to)
    assert history.faults(Appointment.get()) == []
    Appointment.update(**change).execute()
    assert any(found in words for words in history.faults(Appointment.get()))


def test_a_part_that_was_missed_by_mistake_gets_its_own_room_back(clinic, time_machine):
    (laser,) = room(clinic, clinic.peel, "Laser", cleanup=15)
    ServiceNeed.create(service=clinic.botox, kind=laser.kind)
    _, second = book(clinic, *both(clinic))
    as_booked = taken(resource=laser)
    time_machine.move_to(FRIDAY + 2 * HOUR, tick=False)
    scheduling.miss(second, DESK)
    assert taken(resource=laser) == [(laser.id, FRIDAY, FRIDAY + 75 * MINUTE)]
    scheduling.undo_miss(second, DESK)
    assert taken(resource=laser) == as_booked
