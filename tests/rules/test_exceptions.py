"""Holidays, vacations, short days, rooms and devices: what is kept, and which visits a change would leave outside."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from models import (
    Appointment,
    HoursException,
    Location,
    Occupancy,
    Resource,
    ResourceHours,
    ResourceOff,
    TrailEntry,
    WorkingHours,
)
from rules import displaced, exceptions, hours, resources
from rules.actor import Actor
from rules.exceptions import Days
from rules.refused import Refused

FRIDAY = date(2026, 3, 20)
DESK = Actor("staff", 2, "Dana")


@pytest.fixture(autouse=True)
def monday():
    with time_machine.travel(datetime(2026, 3, 16, 12, tzinfo=UTC)):
        yield


def visit(clinic, hour, minutes=60, provider=None, location=None, on=FRIDAY, status="booked"):
    """On Friday at this UTC hour; Soho is four hours behind."""
    starts_at = datetime(on.year, on.month, on.day, hour, tzinfo=UTC)
    return Appointment.create(
        patient=clinic.ava if provider is None else clinic.ben, service=clinic.peel,
        provider=provider or clinic.dr_lin, location=location or clinic.soho, starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes), currency="USD", status=status,
        request_key=f"{starts_at}{provider}{status}",
    )  # fmt: skip


def refused(call, *given, **told):
    with pytest.raises(Refused) as no:
        call(*given, **told)
    return no.value


def test_a_closed_day_names_what_stands_on_it_and_needs_to_be_sure(clinic):
    stands = visit(clinic, 14)
    visit(clinic, 18, status="cancelled")
    visit(clinic, 15, on=FRIDAY + timedelta(days=1))
    visit(clinic, 14, provider=clinic.other_provider, location=clinic.bath)
    told = {"locations": [clinic.soho], "days": Days(FRIDAY, FRIDAY, reason=" Holiday ")}
    no = refused(exceptions.add, DESK, **told)
    assert (no.field, no.facts["visits"]) == ("sure", [stands])
    assert HoursException.select().count() == 0
    [made] = exceptions.add(DESK, **told, sure=True)
    assert (made.reason, made.opens_minute) == ("Holiday", None)
    assert exceptions.add(DESK, **told) == []
    assert exceptions.coming() == [made]
    assert TrailEntry.select().where(TrailEntry.action == "exception added").count() == 1
    assert Appointment.get_by_id(stands.id).status == "booked"


def test_a_days_edges_are_those_of_the_locations_own_clock(clinic):
    last = visit(clinic, 3, on=FRIDAY + timedelta(days=1))  # 23:00 on Friday in Soho
    visit(clinic, 3, on=FRIDAY)  # 23:00 on Thursday
    assert displaced.by_days(clinic.soho, None, FRIDAY, FRIDAY, None, None) == [last]


@pytest.mark.parametrize(("hour", "outside"), [(13, False), (12, True), (17, False), (18, True)])
def test_a_short_day_displaces_what_begins_before_or_ends_after_it(clinic, hour, outside):
    visit(clinic, hour)
    found = displaced.by_days(clinic.soho, None, FRIDAY, FRIDAY, 9 * 60, 14 * 60)
    assert bool(found) is outside


def test_a_vacation_is_one_providers_alone_and_at_each_place_in_one_go(clinic):
    stands = visit(clinic, 14)
    visit(clinic, 14, provider=clinic.other_provider)
    both = [clinic.soho, clinic.bath]
    no = refused(exceptions.add, DESK, locations=both, provider=clinic.dr_lin, days=Days(FRIDAY, FRIDAY))
    assert no.facts["visits"] == [stands]
    exceptions.add(DESK, locations=both, provider=clinic.dr_lin, days=Days(FRIDAY, FRIDAY), sure=True)
    assert [row.location for row in exceptions.coming(clinic.dr_lin)] == [clinic.bath, clinic.soho]
    assert exceptions.coming(clinic.other_provider) == []


def test_two_that_contradict_are_refused_and_a_day_with_a_break_is_not(clinic):
    def add(opens, closes, provider=clinic.dr_lin):
        return exceptions.add(
            DESK, locations=[clinic.soho], provider=provider, days=Days(FRIDAY, FRIDAY, opens, closes)
        )

    add(540, 720)
    assert "already" in refused(add, 700, 800).words
    assert add(780, 900)
    assert add(540, 720, provider=None)
    assert "already" in refused(add, 780, 900, provider=None).words


@pytest.mark.parametrize(
    ("days", "field"),
    [
        (Days(FRIDAY, FRIDAY - timedelta(days=1)), "last_on"),
        (Days(date(2026, 3, 1), date(2026, 3, 2)), "last_on"),
        (Days(FRIDAY, FRIDAY + timedelta(days=366)), "last_on"),
        (Days(FRIDAY, FRIDAY, 600, 600), "closes"),
        (Days(FRIDAY, FRIDAY, 600, None), "opens"),
        (Days(date(2035, 1, 1), date(2035, 1, 1)), "last_on"),
    ],
)
def test_impossible_days_are_refused_beside_their_field(clinic, days, field):
    assert refused(exceptions.add, DESK, locations=[clinic.soho], days=days).field == field


def test_shorter_weekly_hours_name_what_would_stand_outside(clinic):
    late = visit(clinic, 20)  # 16:00 to 17:00
    visit(clinic, 14)
    friday = WorkingHours.get(
        (WorkingHours.provider == clinic.dr_lin) & (WorkingHours.location == clinic.soho) & (WorkingHours.weekday == 4)
    )
    told = {"opens_minute": 540, "closes_minute": 1019}
    assert refused(hours.change, friday, DESK, **told).facts["visits"] == [late]
    exceptions.add(
        DESK, locations=[clinic.soho], provider=clinic.dr_lin, days=Days(FRIDAY, FRIDAY, 540, 1020)
    )  # this Friday follows its own hours
    hours.change(friday, DESK, **told)
    assert WorkingHours.get_by_id(friday.id).closes_minute == 1019
    assert TrailEntry.get(TrailEntry.action == "hours changed").details["before"]["closes_minute"] == 1020


# --- rooms and devices ---


@pytest.fixture
def laser(clinic):
    return resources.save(
        None, DESK, name="Laser 1", location=clinic.soho, new_kind="Laser", room=False, cleanup_minutes=10
    )


def uses(visit, resource):
    Occupancy.create(
        appointment=visit, resource=resource, service=visit.service_id, starts_at=visit.starts_at,
        ends_at=visit.ends_at + timedelta(minutes=resource.cleanup_minutes),
    )  # fmt: skip
    return visit


def test_a_room_put_out_of_use_names_the_visits_in_it(clinic, laser):
    stands = uses(visit(clinic, 14), laser)
    visit(clinic, 14, provider=clinic.other_provider)
    told = {"starts": datetime(2026, 3, 20, 8), "ends": datetime(2026, 3, 20, 12), "reason": "Service"}
    no = refused(resources.add_off, laser, DESK, **told)
    assert (no.field, no.facts["visits"]) == ("sure", [stands])
    off = resources.add_off(laser, DESK, **told, sure=True)
    assert off.starts_at == datetime(2026, 3, 20, 12, tzinfo=UTC)
    assert resources.add_off(laser, DESK, **told) == off
    resources.remove_off(off, DESK)
    assert ResourceOff.select().count() == 0
    assert resources.add_off(laser, DESK, starts=datetime(2026, 3, 20, 12), ends=datetime(2026, 3, 20, 13))


def test_own_hours_that_leave_a_visit_outside_need_to_be_sure(clinic, laser):
    stands = uses(visit(clinic, 14), laser)  # 10:00 to 11:00 on Friday
    assert refused(resources.set_week, laser, DESK, {3: (540, 1020)}).facts["visits"] == [stands]
    resources.set_week(laser, DESK, {4: (600, 660)})
    resources.set_week(laser, DESK, {4: (600, 660)})
    assert resources.weeks()[laser.id] == {4: [(600, 660)]}
    assert resources.week_words(resources.weeks()[laser.id]) == ["Fri 10:00 to 11:00"]
    resources.set_week(laser, DESK, {})
    assert ResourceHours.select().count() == 0
    assert TrailEntry.select().where(TrailEntry.action == "resource hours changed").count() == 2


def test_a_room_in_use_is_neither_archived_nor_moved_to_another_place(clinic, laser):
    stands = uses(visit(clinic, 14), laser)
    facts = {"name": "Laser 1", "location": clinic.bath, "kind": laser.kind_id, "cleanup_minutes": 10}
    assert refused(resources.archive, laser, DESK).facts["visits"] == [stands]
    assert refused(resources.save, laser, DESK, **facts).field == "location"
    Appointment.update(status="cancelled").where(Appointment.id == stands.id).execute()
    assert resources.save(laser, DESK, **facts).location == clinic.bath
    resources.archive(laser, DESK)
    assert Resource.get_by_id(laser.id).archived_at
    resources.restore(laser, DESK)
    assert Resource.get_by_id(laser.id).archived_at is None


def test_a_name_is_used_once_at_a_place_and_a_kind_is_found_again(clinic, laser):
    facts = {"new_kind": "LASER", "room": True, "cleanup_minutes": 0}
    assert refused(resources.save, None, DESK, name="laser 1", location=clinic.soho, **facts).field == "name"
    other = resources.save(None, DESK, name="Laser 1", location=clinic.bath, **facts)
    assert other.kind == laser.kind
    [kind] = resources.kinds()
    assert (kind.name, bool(kind.room), kind.there, kind.needed) == ("Laser", False, 2, 0)
    bad = {"location": clinic.soho, "cleanup_minutes": 0}
    assert refused(resources.save, None, DESK, name=" ", new_kind="Room", **bad).field == "name"
    assert refused(resources.save, None, DESK, name="Room", kind=0, **bad).field == "kind"
    assert Location.select().count() == 2
