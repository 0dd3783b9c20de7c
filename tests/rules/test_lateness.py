"""Running late: when it can be told, and that the answer is what comes after allows."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from models import HoursException, Occupancy, Resource, ResourceKind, RunningLate, TimeOff
from rules import lateness, scheduling
from rules.actor import Actor
from rules.refused import Refused

FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)  # 10:00 in New York
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def early(time_machine):
    time_machine.move_to(FRIDAY - 72 * HOUR, tick=False)


def book(clinic, patient, starts_at=FRIDAY, service=None):
    by = Actor("patient", patient.id, patient.name)
    return scheduling.book(
        patient, service or clinic.peel, provider=clinic.dr_lin, location=clinic.soho, starts_at=starts_at, by=by,
        request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip


def tell(a, minutes):
    return lateness.tell(a, minutes, Actor("patient", a.patient_id, a.patient.name))


@pytest.mark.parametrize(
    ("moment", "choices"),
    [(-120 * MINUTE - timedelta(seconds=1), []), (-120 * MINUTE, [10, 20]), (10 * MINUTE, [10, 20]),
     (11 * MINUTE, [20]), (20 * MINUTE, [20]), (21 * MINUTE, [])],
)  # fmt: skip
def test_from_two_hours_before_until_it_helps_no_more(clinic, moment, choices):
    a = book(clinic, clinic.ava)
    assert lateness.choices(a, FRIDAY + moment) == choices


def test_with_nobody_after_it_the_whole_visit_is_left(clinic, time_machine):
    a = book(clinic, clinic.ava)
    time_machine.move_to(FRIDAY, tick=False)
    told = tell(a, 20)
    assert told.left_minutes == 60
    assert "by 10:20 EST, you still have your whole visit" in told.answer
    assert lateness.badge(told) == "20 min late, 60 min left"
    assert tell(a, 20).id == told.id, "twice is the same as once"
    assert lateness.latest_of([a.id])[a.id].minutes == 20


def test_the_next_patient_with_their_buffer_shortens_it(clinic, time_machine):
    a = book(clinic, clinic.ava)
    b = book(clinic, clinic.ben, FRIDAY + 75 * MINUTE, clinic.botox)
    Occupancy.update(before_minutes=5).where(Occupancy.appointment == b.id).execute()
    time_machine.move_to(FRIDAY, tick=False)
    assert lateness.left_of(a, 10) == lateness.Left(60, 60)
    told = tell(a, 20)
    assert told.left_minutes == 50
    assert "50 minutes for you instead of 60" in told.answer


def test_too_little_is_said_to_be_no_treatment_and_what_to_do(clinic, time_machine):
    a = book(clinic, clinic.ava, service=clinic.botox)  # 30 minutes
    TimeOff.create(provider=clinic.dr_lin, starts_at=FRIDAY + 30 * MINUTE, ends_at=FRIDAY + HOUR)
    time_machine.move_to(FRIDAY, tick=False)
    told = tell(a, 20)
    assert told.left_minutes == 0
    assert "too little time is left" in told.answer
    assert "212-555-0100" in told.answer
    assert lateness.badge(told) == "20 min late, too late to treat"
    assert lateness.left_of(a, 10).kind == "short"


def test_closing_time_and_a_short_day_end_it(clinic):
    last = book(clinic, clinic.ava, FRIDAY + 6 * HOUR)  # 16:00 to 17:00, closing time
    assert lateness.left_of(last, 20).minutes == 40
    early = book(clinic, clinic.ben, FRIDAY)
    HoursException.create(
        location=clinic.soho, first_on=date(2026, 3, 6), last_on=date(2026, 3, 6), opens_minute=540, closes_minute=670
    )
    assert lateness.left_of(early, 20).minutes == 50


def test_the_room_that_is_used_next_ends_it_with_its_clean_up(clinic):
    a = book(clinic, clinic.ava)
    kind = ResourceKind.create(name="Laser")
    laser = Resource.create(kind=kind, location=clinic.soho, name="Laser 1", cleanup_minutes=5)
    b = scheduling.book(
        clinic.ben, clinic.botox, provider=clinic.other_provider, location=clinic.bath, starts_at=FRIDAY - 2 * HOUR,
        by=Actor("patient", clinic.ben.id, "Ben"), request_key=uuid4().hex, policy=clinic.policy,
    )  # fmt: skip
    use = {"resource": laser, "service": clinic.peel}
    Occupancy.create(appointment=a, starts_at=a.starts_at, ends_at=a.ends_at + 5 * MINUTE, **use)
    Occupancy.create(appointment=b, starts_at=a.ends_at + 15 * MINUTE, ends_at=a.ends_at + HOUR, **use)
    assert lateness.left_of(a, 10).minutes == 60
    assert lateness.left_of(a, 20).minutes == 50


def test_what_was_said_for_another_start_does_not_stand(clinic, time_machine):
    a = book(clinic, clinic.ava)
    time_machine.move_to(FRIDAY - HOUR, tick=False)
    tell(a, 10)
    scheduling.move(
        a, starts_at=FRIDAY + 24 * HOUR, provider=clinic.dr_lin, location=clinic.soho, by=Actor("staff", 2, "Dana")
    )
    assert lateness.latest_of([a.id]) == {}


def test_too_early_or_by_another_number_is_refused(clinic, time_machine):
    a = book(clinic, clinic.ava)
    for minutes in (10, 15):
        with pytest.raises(Refused):
            tell(a, minutes)
    assert not RunningLate.select().exists()


def test_it_is_not_told_to_and_fro_for_ever(clinic, time_machine):
    a = book(clinic, clinic.ava)
    time_machine.move_to(FRIDAY - HOUR, tick=False)
    for minutes in (10, 20) * 3:
        tell(a, minutes)
    with pytest.raises(Refused, match="several times already"):
        tell(a, 10)
    assert tell(a, 20).minutes == 20, "the last word stands"
    assert a.running_late.count() == 6
