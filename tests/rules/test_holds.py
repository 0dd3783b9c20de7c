"""A chosen time is held while somebody finishes: for them alone, for a while, and then free by itself."""

from datetime import timedelta
from uuid import uuid4

import pytest

from models import Appointment, Clinic, Hold, Occupancy, Service, TimeOff
from rules import families, holds, scheduling, searching
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
    place,
    refused,
    room,
    taken,
)


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(MONDAY, tick=False)
    return time_machine


def free_at(clinic, moment, patient=None):
    return searching.opening_at(
        clinic.peel, moment, provider=clinic.dr_lin, location=clinic.soho, patient=patient or clinic.ben
    )


def test_a_held_time_is_nobody_elses(clinic):
    held = place(clinic)
    assert (held.expires_at - MONDAY, held.ended) == (timedelta(minutes=10), "")
    assert free_at(clinic, FRIDAY) is None
    no = refused(book, clinic, patient=clinic.ben)
    assert (no.field, no.words.startswith("Somebody was faster")) == ("at", True)
    assert no.facts["nearest"]
    assert FRIDAY not in [o.starts_at for o in no.facts["nearest"]]
    assert refused(place, clinic, patient=clinic.ben).field == "at"


def test_the_database_itself_keeps_a_held_time(clinic, monkeypatch):
    opening = free_at(clinic, FRIDAY)
    place(clinic)
    monkeypatch.setattr(searching, "exact", lambda *_, **__: searching.Arrangement((opening,)))
    monkeypatch.setattr("rules.gone._taken", lambda *_: False)
    assert refused(book, clinic, patient=clinic.ben).words.startswith("Somebody was faster")
    assert Appointment.select().count() == 0


def test_it_lapses_by_itself_at_the_very_moment(clinic, clock):
    held = place(clinic)
    clock.move_to(held.expires_at - timedelta(seconds=1), tick=False)
    assert holds.live(held, held.expires_at - timedelta(seconds=1))
    assert free_at(clinic, FRIDAY) is None
    clock.move_to(held.expires_at, tick=False)
    assert not holds.live(held, held.expires_at)
    assert holds.left(held, held.expires_at) == timedelta()
    assert free_at(clinic, FRIDAY) is not None, "expired is free, though nobody has noted it"
    assert Hold.get().ended == ""
    (booked,) = book(clinic, patient=clinic.ben)
    assert (Hold.get().ended, taken()) == ("lapsed", [(None, FRIDAY, booked.ends_at)])


def test_it_is_extended_once(clinic, clock):
    held = place(clinic)
    clock.move_to(MONDAY + 9 * MINUTE, tick=False)
    holds.extend(held, actor(clinic.ava))
    assert held.expires_at == Hold.get().expires_at == MONDAY + 20 * MINUTE, "on top of what was left"
    assert "already held a little longer" in refused(holds.extend, held, actor(clinic.ava)).words
    assert Hold.get().expires_at == MONDAY + 20 * MINUTE
    clock.move_to(MONDAY + 20 * MINUTE, tick=False)
    assert "not held for you any more" in refused(holds.extend, held, actor(clinic.ava)).words


def test_what_has_lapsed_cannot_be_extended(clinic, clock):
    held = place(clinic)
    clock.move_to(held.expires_at, tick=False)
    assert refused(holds.extend, held, actor(clinic.ava)).words == holds.OVER
    assert Hold.get().extended_at is None


def test_it_can_be_let_go_of_and_twice_is_once(clinic):
    held = place(clinic)
    holds.release(held, actor(clinic.ava))
    assert (Hold.get().ended, taken()) == ("released", [])
    holds.release(Hold.get(), actor(clinic.ava))
    book(clinic, patient=clinic.ben)


def test_whoever_books_holds_one_choice_at_a_time(clinic):
    first = place(clinic)
    second = place(clinic, part(clinic, FRIDAY + 2 * HOUR))
    assert (Hold.get_by_id(first.id).ended, Hold.get_by_id(second.id).ended) == ("released", "")
    third = place(clinic, part(clinic, FRIDAY + 2 * HOUR))
    assert third.id != second.id, "their own hold does not stand in their way"
    assert [row.hold_id for row in Occupancy.select()] == [third.id]


def test_a_refused_choice_leaves_the_one_before(clinic):
    book(clinic, part(clinic, FRIDAY + 2 * HOUR), patient=clinic.ben)
    first = place(clinic)
    refused(place, clinic, part(clinic, FRIDAY + 2 * HOUR))
    assert holds.live(Hold.get_by_id(first.id), MONDAY)
    assert len(taken(hold=first)) == 1


def test_one_choice_sent_twice_is_one_hold(clinic, clock):
    first = place(clinic, key="k" * 32)
    assert place(clinic, key="k" * 32).id == first.id
    assert refused(place, clinic, key="k" * 32, patient=clinic.ben).words
    assert refused(place, clinic, part(clinic, FRIDAY + 2 * HOUR), key="k" * 32).words == holds.USED
    clock.move_to(first.expires_at, tick=False)
    assert refused(place, clinic, key="k" * 32).words == holds.OVER
    assert Hold.select().count() == 1


def test_booking_out_of_a_hold_turns_its_rows_into_the_appointments(clinic):
    (small,) = room(clinic, clinic.peel, "Small room", cleanup=15)
    held = place(clinic)
    assert taken(hold=held) == [(None, FRIDAY, FRIDAY + HOUR), (small.id, FRIDAY, FRIDAY + HOUR + 15 * MINUTE)]
    (a,) = book(clinic, hold=held)
    assert (Hold.get().ended, taken(hold=held)) == ("booked", [])
    assert taken(appointment=a) == [(None, FRIDAY, FRIDAY + HOUR), (small.id, FRIDAY, FRIDAY + HOUR + 15 * MINUTE)]


def test_a_hold_keeps_its_promise_when_the_lead_time_passes_meanwhile(clinic, clock):
    soon = MONDAY + 3 * HOUR  # ten in New York; the clinic wants an hour
    clock.move_to(soon - HOUR, tick=False)
    held = place(clinic, part(clinic, soon))
    clock.move_to(soon - HOUR + 5 * MINUTE, tick=False)
    assert "too soon" in refused(place, clinic, part(clinic, soon), patient=clinic.ben).words
    (a,) = book(clinic, part(clinic, soon), hold=held)
    assert a.starts_at == soon


def test_a_lapsed_hold_books_nothing_and_offers_the_nearest(clinic, clock):
    held = place(clinic)
    clock.move_to(held.expires_at, tick=False)
    no = refused(book, clinic, hold=held)
    assert (no.field, no.words, len(no.facts["nearest"])) == ("at", holds.OVER, 5)
    assert Appointment.select().count() == 0


def test_a_hold_is_good_for_exactly_what_was_held(clinic):
    held = place(clinic)
    assert refused(book, clinic, part(clinic, FRIDAY + HOUR), hold=held).words == holds.USED
    assert refused(book, clinic, hold=held, patient=clinic.ben).words
    assert (Hold.get().ended, Appointment.select().count()) == ("", 0)


def test_time_off_that_came_meanwhile_wins_over_a_hold(clinic):
    held = place(clinic)
    TimeOff.create(provider=clinic.dr_lin, starts_at=FRIDAY, ends_at=FRIDAY + HOUR)
    assert refused(book, clinic, hold=held).field == "at"
    assert (Hold.get().ended, len(taken(hold=held))) == ("", 1), "nothing was changed"


def test_the_parts_of_a_visit_are_held_together(clinic):
    parts = [part(clinic), part(clinic, FRIDAY + HOUR, clinic.botox)]
    held = place(clinic, *parts)
    assert holds.parts_of(held) == parts
    assert [start for _, start, _ in taken(hold=held)] == [FRIDAY, FRIDAY + HOUR]
    booked = book(clinic, *parts, hold=held)
    assert [(a.starts_at, a.service) for a in booked] == [(FRIDAY, clinic.peel), (FRIDAY + HOUR, clinic.botox)]


def test_when_one_part_is_gone_nothing_is_held(clinic):
    book(clinic, part(clinic, FRIDAY + HOUR), patient=clinic.ben)
    no = refused(place, clinic, part(clinic), part(clinic, FRIDAY + HOUR, clinic.botox))
    assert (no.field, Hold.select().count()) == ("at", 0)
    found = no.facts["arrangements"]
    assert found
    assert all(len(it.parts) == 2 and it.parts[0].ends_at == it.parts[1].starts_at for it in found)


def test_a_hold_takes_a_lane_of_a_class_and_no_more(clinic):
    lesson = class_of(clinic, parallel=2)
    place(clinic, part(clinic, service=lesson))
    (b,) = book(clinic, part(clinic, service=lesson), patient=clinic.ben)
    lanes = sorted(row.lane for row in Occupancy.select())
    assert (lanes, b.lane) == ([1, 2], 2)
    assert refused(book, clinic, patient=clinic.ben).field == "at"


def test_the_room_is_held_too(clinic):
    roe = another_provider(clinic, clinic.peel)
    room(clinic, clinic.peel, "Small room")
    place(clinic)
    no = refused(book, clinic, part(clinic, provider=roe), patient=clinic.ben)
    assert no.field == "at"


def test_a_mother_holds_and_books_for_her_child(clinic):
    families.note(clinic.ava, clinic.ben, "Mother", DESK)
    ava = actor(clinic.ava)
    held = holds.place([part(clinic)], patient=clinic.ben, by=ava, held_by=clinic.ava, key=uuid4().hex)
    assert (held.patient, held.held_by) == (clinic.ben, clinic.ava)
    (a,) = book(clinic, patient=clinic.ben, by=ava, hold=held)
    assert (a.patient, scheduling.undoable(a, MONDAY)) == (clinic.ben, True)


def test_what_cannot_be_booked_cannot_be_held(clinic):
    Service.update(online=False).where(Service.id == clinic.peel.id).execute()
    clinic.peel.online = False
    assert refused(place, clinic).field == "service"
    assert Hold.select().count() == 0


def test_how_long_is_the_clinics_choice(clinic):
    Clinic.update(hold_minutes=4).execute()
    assert holds.left(place(clinic), MONDAY) == 4 * MINUTE


@pytest.mark.parametrize("key", ["", "x" * 65])
def test_a_page_without_its_key_holds_nothing(clinic, key):
    no = refused(holds.place, [part(clinic)], patient=clinic.ava, by=actor(clinic.ava), held_by=clinic.ava, key=key)
    assert no.words == holds.NOT_WHOLE


def test_nobody_keeps_one_time_all_day_bit_by_bit(clinic, clock):
    for _ in range(5):  # letting go at once costs nothing: people go to and fro
        holds.release(place(clinic), actor(clinic.ava))
    for _ in range(4):
        place(clinic)
        clock.shift(600)
    no = refused(place, clinic)
    assert (no.field, "again and again" in no.words) == ("at", True)
    assert refused(place, clinic, part(clinic, FRIDAY + 30 * MINUTE)).words == no.words, "nor by half of it"
    assert FRIDAY in [o.starts_at for o in searching.free_times(clinic.peel, patient=clinic.ben)]
    place(clinic, part(clinic, FRIDAY + HOUR))
    clock.shift(86400)
    place(clinic)
