"""Which times are offered: the clinic's rules over real rows. The pure function: test_minute_grid.py."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from models import Appointment, Clinic, Provider, Service, ServiceProvider, TimeOff, WorkingHours
from rules import openings, searching

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)  # 07:00 in New York


@pytest.fixture
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


def local_times(found, zone="America/New_York"):
    return [f"{o.starts_at.astimezone(ZoneInfo(zone)):%a %H:%M}" for o in found]


def visit(clinic, starts_at, service=None, patient=None, **differs):
    service = service or clinic.peel
    facts = {
        "patient": patient or clinic.ben, "service": service, "provider": clinic.dr_lin, "location": clinic.soho,
        "starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=service.duration_minutes),
        "buffer_minutes": service.buffer_minutes, "buffer_before_minutes": service.buffer_before_minutes,
        "currency": "USD", "request_key": uuid4().hex,
    }  # fmt: skip
    return Appointment.create(**{**facts, **differs})


def today(clinic, service, **also):
    also.setdefault("provider", clinic.dr_lin)
    return searching.free_times(service, until=datetime(2026, 3, 2, 23, tzinfo=UTC), **also)


def test_times_lie_inside_working_hours_on_the_grid(clinic, monday):
    times = local_times(today(clinic, clinic.peel))
    assert times[0] == "Mon 09:00"
    assert times[1] == "Mon 09:15"
    assert times[-1] == "Mon 16:00"


def test_the_larger_of_two_buffers_lies_between_neighbours_never_the_sum(clinic, monday):
    both = {"buffer_minutes": 30, "buffer_before_minutes": 30}
    Service.update(both).where(Service.id == clinic.peel.id).execute()
    visit(clinic, datetime(2026, 3, 2, 17, tzinfo=UTC), service=Service.get_by_id(clinic.peel.id))  # 12:00 to 13:00
    times = local_times(today(clinic, clinic.botox))  # 30 minutes, with a buffer of 15
    assert "Mon 11:00" in times
    assert "Mon 11:15" not in times
    assert "Mon 13:15" not in times
    assert "Mon 13:30" in times


def test_time_off_needs_no_buffer_and_is_not_offered(clinic, monday):
    start = datetime(2026, 3, 2, 17, tzinfo=UTC)
    TimeOff.create(provider=clinic.dr_lin, starts_at=start, ends_at=start + timedelta(hours=1))
    times = local_times(today(clinic, clinic.botox))
    assert "Mon 11:30" in times
    assert "Mon 11:45" not in times
    assert "Mon 12:45" not in times
    assert "Mon 13:00" in times


def test_the_lead_time_holds_for_patients_and_not_for_staff(clinic, time_machine):
    time_machine.move_to(datetime(2026, 3, 2, 15, 1, tzinfo=UTC), tick=False)  # 10:01, with a lead of an hour
    assert local_times(today(clinic, clinic.peel))[0] == "Mon 11:15"
    assert local_times(today(clinic, clinic.peel, lead=False))[0] == "Mon 10:15"


def test_nothing_is_offered_beyond_the_horizon(clinic, monday):
    Clinic.update(horizon_days=3).execute()
    times = searching.free_times(clinic.peel, provider=clinic.dr_lin)
    assert times[-1].starts_at < MONDAY + 3 * DAY
    assert searching.free_times(clinic.peel, since=MONDAY + 4 * DAY) == []


def test_the_patients_own_appointments_block_and_one_that_moves_does_not(clinic, monday):
    own = visit(
        clinic, datetime(2026, 3, 2, 17, tzinfo=UTC), service=clinic.botox, patient=clinic.ava,
        provider=clinic.other_provider, location=clinic.bath,
    )  # fmt: skip
    assert "Mon 12:00" in local_times(today(clinic, clinic.peel))
    assert "Mon 12:00" not in local_times(today(clinic, clinic.peel, patient=clinic.ava))
    assert "Mon 12:00" in local_times(today(clinic, clinic.peel, patient=clinic.ava, ignoring=own))


def test_cancelled_appointments_are_free_at_once(clinic, monday):
    a = visit(clinic, datetime(2026, 3, 2, 17, tzinfo=UTC))
    assert "Mon 12:00" not in local_times(today(clinic, clinic.peel))
    Appointment.update(status="cancelled").where(Appointment.id == a.id).execute()
    assert "Mon 12:00" in local_times(today(clinic, clinic.peel))


def colleague(clinic, name="Dr Abe"):
    someone = Provider.create(name=name)
    ServiceProvider.create(provider=someone, service=clinic.peel)
    for weekday in range(7):
        WorkingHours.create(
            provider=someone, location=clinic.soho, weekday=weekday, opens_minute=9 * 60, closes_minute=17 * 60
        )
    return someone


def test_first_available_offers_each_moment_once_with_whoever_is_least_booked_that_day(clinic, monday):
    someone = colleague(clinic)
    found = today(clinic, clinic.peel, provider=None)
    assert len(found) == len({(o.starts_at, o.location.id) for o in found})
    assert {o.provider for o in found} == {clinic.dr_lin}  # nobody is booked: the lower number
    visit(clinic, datetime(2026, 3, 2, 19, tzinfo=UTC))
    found = {o.starts_at.hour: o.provider for o in today(clinic, clinic.peel, provider=None)}
    assert found[15] == someone
    assert found[19] == someone


def test_archived_people_and_people_who_do_not_perform_it_are_not_offered(clinic, monday):
    assert today(clinic, clinic.peel, provider=clinic.other_provider) == []
    Provider.update(archived_at=MONDAY).where(Provider.id == clinic.dr_lin.id).execute()
    assert today(clinic, clinic.peel, provider=None) == []


def test_a_wall_time_that_is_skipped_or_doubled_is_never_offered(clinic, time_machine):
    Clinic.update(lead_minutes=0).execute()
    WorkingHours.update(opens_minute=0, closes_minute=300).execute()
    for day, gone in ((datetime(2027, 3, 14), ("02:00", "02:30")), (datetime(2027, 11, 7), ("01:00", "01:30"))):
        start = day.replace(tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
        time_machine.move_to(start - MINUTE, tick=False)
        found = searching.free_times(clinic.botox, provider=clinic.dr_lin, until=start + timedelta(hours=8))
        walls = [f"{o.starts_at.astimezone(ZoneInfo('America/New_York')):%H:%M}" for o in found]
        assert not set(gone) & set(walls)
        assert {"00:00", "03:00"} <= set(walls)
        assert len(walls) == len(set(walls))


def test_it_costs_the_same_queries_however_much_is_booked(clinic, monday, queries):
    def cost():
        with queries() as count:
            searching.free_times(clinic.peel, patient=clinic.ava, at_most=20)
        return count()

    one = cost()
    colleague(clinic)
    for hour in (15, 17, 19):
        visit(clinic, datetime(2026, 3, 2, hour, tzinfo=UTC))
    assert cost() == one <= 9


def test_a_page_shows_whole_days_and_says_where_the_next_begins(clinic, monday):
    free = searching.free_times(clinic.peel, provider=clinic.dr_lin, at_most=200)
    shown = openings.by_day(free, at_least=20, at_most=200)
    assert [day.day for day, _ in shown.days] == [2]
    assert shown.later.astimezone(ZoneInfo("America/New_York")).strftime("%a %H:%M") == "Tue 09:00"
    few = openings.by_day(free[:5], at_least=20, at_most=200)
    assert few.later is None
    assert openings.slot(openings.key(free[0])) == (clinic.dr_lin.id, clinic.soho.id, free[0].starts_at)


@pytest.mark.parametrize(
    "text", ["", "1", "1-2", "1-2-x", "1-2-20260303T193000", "a-2-20260303T193000Z", "٣-1-20260303T193000Z"]
)
def test_what_is_no_slot_is_none(text):
    assert openings.slot(text) is None
