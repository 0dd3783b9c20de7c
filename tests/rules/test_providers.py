"""Providers, their weekly hours and their time off."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from clock import now
from models import Appointment, Location, Provider, TimeOff, TrailEntry, WorkingHours
from rules import hours, providers
from rules.actor import Actor
from rules.refused import Refused

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def desk(clinic):
    return Actor("staff", clinic.desk.id, clinic.desk.name)


@pytest.fixture
def mara(clinic, desk):
    return providers.add(desk, name="Mara Voss", title="Aesthetician")


def visit(clinic, starts_at, provider=None, location=None, status="booked", key="visit"):
    return Appointment.create(
        patient=clinic.ava,
        service=clinic.peel,
        provider=provider or clinic.dr_lin,
        location=location or clinic.soho,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        currency="USD",
        status=status,
        request_key=key,
    )


def next_weekday(weekday, hour):
    day = datetime.now(NEW_YORK) + timedelta(days=7)
    day += timedelta(days=(weekday - day.weekday()) % 7)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def add(provider, desk, location, opens, closes, weekday=0):
    return hours.add(
        provider, desk, weekday=weekday, location=location, opens_minute=opens * 60, closes_minute=closes * 60
    )


def test_an_account_belongs_to_one_provider(clinic, desk, mara):
    with pytest.raises(Refused, match="belongs to another provider") as no:
        providers.change(mara, desk, name="Mara Voss", title="", staff=clinic.nurse)
    assert no.value.field == "staff"
    assert clinic.nurse not in providers.accounts_for(mara)
    assert clinic.nurse in providers.accounts_for(clinic.other_provider)


def test_a_change_is_told_with_what_stood_there(clinic, desk, mara):
    providers.change(mara, desk, name="Mara Voss", title="Nurse", staff=clinic.desk)
    entry = TrailEntry.get(TrailEntry.action == "provider changed")
    assert entry.details == {"changes": {"title": ["Aesthetician", "Nurse"], "staff_id": [None, clinic.desk.id]}}
    providers.change(mara, desk, name="Mara Voss", title="Nurse", staff=clinic.desk)
    assert TrailEntry.select().where(TrailEntry.action == "provider changed").count() == 1


def test_a_provider_with_visits_ahead_cannot_be_archived(clinic, desk):
    visit(clinic, now() + timedelta(days=1))
    with pytest.raises(Refused, match="1 visit is still ahead with Dr Lin"):
        providers.archive(clinic.dr_lin, desk)
    Appointment.update(status="cancelled").execute()
    providers.archive(clinic.dr_lin, desk)
    assert providers.all_of_them()[-1] == clinic.dr_lin
    providers.restore(clinic.dr_lin, desk)
    assert Provider.get_by_id(clinic.dr_lin.id).archived_at is None


def test_stretches_may_touch_but_not_overlap(clinic, desk, mara):
    add(mara, desk, clinic.soho, 9, 12)
    add(mara, desk, clinic.soho, 12, 15)
    for opens, closes in ((8, 10), (11, 13), (10, 11), (8, 16)):
        with pytest.raises(Refused, match="Mara Voss already works at Soho on Mondays from 09:00 to 12:00") as no:
            add(mara, desk, clinic.soho, opens, closes)
        assert no.value.field == "opens"
    add(mara, desk, clinic.soho, 9, 12, weekday=1)
    assert len(hours.of(mara)) == 3


def test_nobody_works_at_two_places_at_once(clinic, desk, mara):
    other = Location.create(name="Tribeca", time_zone="America/New_York")
    add(mara, desk, clinic.soho, 9, 12)
    with pytest.raises(Refused, match="at Soho"):
        add(mara, desk, other, 11, 14)
    add(mara, desk, other, 12, 14)


def test_two_places_in_two_time_zones_are_compared_by_the_moment(clinic, desk, mara):
    add(mara, desk, clinic.soho, 9, 12)  # 14:00 to 17:00 in Bath, and for some weeks 13:00 to 16:00
    add(mara, desk, clinic.bath, 9, 13)
    with pytest.raises(Refused, match="at Soho"):
        add(mara, desk, clinic.bath, 16, 18)
    with pytest.raises(Refused, match="at Soho"):
        add(mara, desk, clinic.bath, 13, 14)  # only in the weeks between the two clock changes
    add(mara, desk, clinic.bath, 17, 19)


def test_a_stretch_over_midnight_meets_the_next_day_elsewhere(clinic, desk, mara):
    tokyo = Location.create(name="Ginza", time_zone="Asia/Tokyo")
    add(mara, desk, clinic.soho, 19, 22)  # Tuesday morning in Tokyo
    with pytest.raises(Refused):
        add(mara, desk, tokyo, 9, 10, weekday=1)


def test_the_same_stretch_twice_is_one(clinic, desk, mara):
    assert add(mara, desk, clinic.soho, 9, 12).id == add(mara, desk, clinic.soho, 9, 12).id
    assert TrailEntry.select().where(TrailEntry.action == "hours added").count() == 1


def test_a_stretch_ends_after_it_begins(clinic, desk, mara):
    with pytest.raises(Refused) as no:
        add(mara, desk, clinic.soho, 12, 12)
    assert no.value.field == "closes"


def test_removing_hours_leaves_visits_and_says_how_many_stand_in_them(clinic, desk):
    visit(clinic, next_weekday(2, 10))
    visit(clinic, next_weekday(2, 15), status="cancelled", key="gone")
    visit(clinic, next_weekday(3, 10), key="other day")
    wednesday = next(stretch for stretch in hours.of(clinic.dr_lin) if stretch.weekday == 2)
    with pytest.raises(Refused, match="1 visit would stand outside") as no:
        hours.remove(wednesday, desk)
    assert [it.request_key for it in no.value.facts["visits"]] == ["visit"]
    assert hours.remove(wednesday, desk, sure=True) == 1
    assert Appointment.select().where(Appointment.status == "booked").count() == 2
    assert WorkingHours.select().where(WorkingHours.id == wednesday.id).count() == 0
    entry = TrailEntry.get(TrailEntry.action == "hours removed")
    assert entry.details["opens_minute"] == 540


def test_a_week_is_said_in_short_lines_and_in_one_query(clinic, desk, mara, queries):
    for weekday in (0, 1, 2, 4):
        add(mara, desk, clinic.soho, 9, 12, weekday)
    add(mara, desk, clinic.bath, 18, 24, 5)
    with queries() as count:
        week = hours.weeks(providers.all_of_them())
    assert count() == 2
    assert week[mara.id] == ["Mon to Wed, Fri 09:00 to 12:00, Soho", "Sat 18:00 to 24:00, Bath"]
    assert week[clinic.dr_lin.id] == ["Mon to Sun 09:00 to 17:00, Soho"]


@time_machine.travel(datetime(2026, 10, 1, 12, tzinfo=NEW_YORK), tick=False)
def test_time_off_is_said_on_the_wall_clock_of_a_place(clinic, desk):
    off = hours.add_time_off(
        clinic.dr_lin, desk, starts=datetime(2026, 10, 5, 9), ends=datetime(2026, 10, 5, 17), zone="America/New_York"
    )
    assert off.starts_at == datetime(2026, 10, 5, 9, tzinfo=NEW_YORK)
    assert hours.time_off_of(clinic.dr_lin) == [off]


@time_machine.travel(datetime(2026, 10, 1, 12, tzinfo=NEW_YORK), tick=False)
def test_an_hour_that_comes_twice_is_off_both_times(clinic, desk):
    off = hours.add_time_off(
        clinic.dr_lin, desk, starts=datetime(2026, 11, 1, 1), ends=datetime(2026, 11, 1, 1, 30), zone="America/New_York"
    )
    assert off.ends_at - off.starts_at == timedelta(minutes=90)


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [
        (datetime(2026, 10, 5, 9), datetime(2026, 10, 5, 9), "ends"),
        (datetime(2026, 10, 5, 9), datetime(2026, 10, 4, 9), "ends"),
        (datetime(2026, 9, 1, 9), datetime(2026, 9, 2, 9), "ends"),
        (datetime(1, 1, 1), datetime(2026, 10, 5), "starts"),
        (datetime(2026, 10, 5), datetime(9999, 12, 31, 23, 59), "ends"),
    ],
)
@time_machine.travel(datetime(2026, 10, 1, 12, tzinfo=NEW_YORK), tick=False)
def test_impossible_time_off_is_refused_beside_its_field(clinic, desk, starts, ends, field):
    with pytest.raises(Refused) as no:
        hours.add_time_off(clinic.dr_lin, desk, starts=starts, ends=ends, zone="America/New_York")
    assert no.value.field == field
    assert TimeOff.select().count() == 0


def test_visits_inside_time_off_are_named_and_stay(clinic, desk):
    at = next_weekday(2, 10)
    visit(clinic, at)
    visit(clinic, at, provider=clinic.other_provider, status="cancelled", key="elsewhere")
    told = {
        "starts": at.replace(tzinfo=None) - timedelta(hours=1),
        "ends": at.replace(tzinfo=None) + timedelta(minutes=1),
        "zone": "America/New_York",
    }
    with pytest.raises(Refused, match="1 visit stands inside this time: Ava Moreno") as no:
        hours.add_time_off(clinic.dr_lin, desk, **told)
    assert no.value.field == "sure"
    assert TimeOff.select().count() == 0
    off = hours.add_time_off(clinic.dr_lin, desk, sure=True, **told)
    assert hours.add_time_off(clinic.dr_lin, desk, **told) == off
    assert Appointment.get(Appointment.request_key == "visit").status == "booked"
    hours.remove_time_off(off, desk)
    assert hours.time_off_of(clinic.dr_lin) == []


def test_a_visit_that_only_touches_time_off_does_not_stand_in_it(clinic, desk):
    at = next_weekday(2, 10)
    visit(clinic, at)
    hours.add_time_off(
        clinic.dr_lin,
        desk,
        starts=at.replace(tzinfo=None) + timedelta(hours=1),
        ends=at.replace(tzinfo=None) + timedelta(hours=2),
        zone="America/New_York",
    )
    assert TimeOff.select().count() == 1
