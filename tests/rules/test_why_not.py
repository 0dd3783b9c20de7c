"""Why a time is not offered: the reasons, and that there is none exactly when the search offers it."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from models import (
    Appointment,
    Clinic,
    Hold,
    HoursException,
    Occupancy,
    Resource,
    ResourceKind,
    Service,
    ServiceNeed,
    TimeOff,
    WorkingHours,
)
from rules import searching, why_not
from rules.searching import Part

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)  # Monday, 07:00 in New York
TUESDAY = date(2026, 3, 3)


def at(hour, minute=0, day=3):
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


@pytest.fixture
def monday(time_machine):
    time_machine.move_to(NOW, tick=False)


def visit(clinic, starts_at, service, **differs):
    facts = {
        "patient": clinic.ben, "service": service, "provider": clinic.dr_lin, "location": clinic.soho,
        "starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=service.duration_minutes),
        "buffer_minutes": service.buffer_minutes, "buffer_before_minutes": service.buffer_before_minutes,
        "currency": "USD", "request_key": uuid4().hex,
    }  # fmt: skip
    return Appointment.create(**{**facts, **differs})


def hold(clinic, starts_at, service, expires_at):
    held = Hold.create(patient=clinic.ben, held_by=clinic.ben, key=uuid4().hex, expires_at=expires_at)
    Occupancy.create(
        hold=held, provider=clinic.dr_lin, patient=clinic.ben, service=service,
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=service.duration_minutes),
    )  # fmt: skip
    return held


def kinds(clinic, starts_at, service=None, **also):
    found = why_not.why_not(service or clinic.peel, clinic.dr_lin, clinic.soho, starts_at, **also)
    return {reason.kind for reason in found}


def test_each_reason_is_told(clinic, monday):
    visit(clinic, at(10), clinic.botox)
    hold(clinic, at(14), clinic.botox, NOW + timedelta(minutes=5))
    TimeOff.create(provider=clinic.dr_lin, starts_at=at(16), ends_at=at(17))
    HoursException.create(location=clinic.soho, first_on=date(2026, 3, 4), last_on=date(2026, 3, 4))
    assert kinds(clinic, at(12)) == set()
    assert kinds(clinic, at(10)) == {"booked"}
    assert kinds(clinic, at(10, 30)) == {"buffer"}
    assert kinds(clinic, at(14)) == {"held"}
    assert kinds(clinic, at(16)) == {"off"}
    assert kinds(clinic, at(7)) == {"hours"}
    assert kinds(clinic, at(12, day=4)) == {"exception"}
    assert kinds(clinic, at(12, 7)) == {"grid"}
    assert kinds(clinic, NOW - timedelta(days=1, hours=-4)) == {"past"}
    assert kinds(clinic, NOW + timedelta(minutes=30), lead=True) >= {"lead"}
    assert kinds(clinic, at(12) + timedelta(days=120)) >= {"horizon"}
    assert kinds(clinic, at(10), patient=clinic.ben) == {"booked", "patient"}
    found = why_not.why_not(clinic.peel, clinic.other_provider, clinic.bath, at(12))
    assert "not_performed" in {reason.kind for reason in found}


def test_a_room_that_is_missing_is_told(clinic, monday):
    kind = ResourceKind.create(name="Laser")
    ServiceNeed.create(service=clinic.peel, kind=kind)
    assert kinds(clinic, at(12)) == {"room"}
    Resource.create(kind=kind, location=clinic.soho, name="Laser 1")
    assert kinds(clinic, at(12)) == set()


def test_a_time_that_comes_twice_is_told(clinic, time_machine):
    WorkingHours.update(opens_minute=0, closes_minute=300).execute()
    time_machine.move_to(datetime(2026, 10, 30, 12, tzinfo=UTC), tick=False)
    assert kinds(clinic, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)) == {"clock"}
    assert kinds(clinic, datetime(2026, 11, 1, 7, 0, tzinfo=UTC)) == set()


def test_an_expired_hold_is_free_and_ones_own_is_too(clinic, monday):
    hold(clinic, at(14), clinic.botox, NOW)
    assert kinds(clinic, at(14)) == set()
    own = hold(clinic, at(11), clinic.botox, NOW + timedelta(minutes=5))
    part = Part(clinic.botox, clinic.dr_lin, clinic.soho, at(11))
    assert searching.exact([part], patient=clinic.ben) is None
    assert searching.exact([part], patient=clinic.ben, hold=own) is not None


def test_there_is_no_reason_exactly_when_it_is_free(clinic, monday):
    visit(clinic, at(10), clinic.botox)
    hold(clinic, at(14), clinic.botox, NOW + timedelta(minutes=5))
    Service.update(buffer_before_minutes=30).where(Service.id == clinic.botox.id).execute()
    for service in (clinic.peel, Service.get_by_id(clinic.botox.id)):
        told = why_not.day(service, clinic.dr_lin, clinic.soho, TUESDAY)
        assert len(told) == 32
        free = searching.free_times(
            service, provider=clinic.dr_lin, location=clinic.soho, since=at(0), until=at(23), lead=False
        )
        assert [moment for moment, reasons in told if not reasons] == [o.starts_at for o in free]


def test_two_services_follow_each_other_without_a_gap(clinic, monday):
    wanted = [searching.Wanted(clinic.botox), searching.Wanted(clinic.peel)]
    there = searching.arrangements(wanted, location=clinic.soho, since=at(0), until=at(23))
    first, second = there[0].parts
    assert first.ends_at == second.starts_at
    assert {first.provider, second.provider} == {clinic.dr_lin}
    parts = [Part(p.service, p.provider, p.location, p.starts_at) for p in there[0].parts]
    assert searching.exact(parts, patient=clinic.ava) == there[0]
    assert there[-1].ends_at <= at(17)


def test_where_gaps_are_to_be_closed_the_times_that_leave_none_are_tight(clinic, monday):
    assert not any(o.tight for o in searching.free_times(clinic.peel, since=at(0), until=at(23)))
    Clinic.update(close_gaps=True).execute()  # the shortest service: 30 minutes, and 15 after it
    found = {o.starts_at: o.tight for o in searching.free_times(clinic.peel, since=at(0), until=at(23))}
    assert found[at(9)]
    assert found[at(16)]
    assert not found[at(9, 15)]
    assert not found[at(9, 30)]
    assert found[at(9, 45)]
