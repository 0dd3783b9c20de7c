"""What must come before a service, who may book it online, and what staff can wave through."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine

from models import Appointment, Prerequisite, Service, TrailEntry
from rules import eligibility, prerequisites
from rules.actor import FOYER, Actor
from rules.prerequisites import Wish
from rules.refused import Refused

START = datetime(2026, 3, 20, 15, tzinfo=UTC)
AVA = Actor("patient", 1, "Ava")
DESK = Actor("staff", 2, "Dana")


@pytest.fixture
def asked(clinic):
    """The peel asks for wrinkle relaxing, 24 hours to 30 days before."""
    return Prerequisite.create(
        service=clinic.peel, needs=clinic.botox, at_least_hours=24, within_days=30, why="We test your skin first."
    )


def had(clinic, ends_before, status="completed", service=None, patient=None):
    """A visit that ended so long before START."""
    ends_at = START - ends_before
    return Appointment.create(
        patient=patient or clinic.ava, service=service or clinic.botox, provider=clinic.dr_lin, location=clinic.soho,
        starts_at=ends_at - timedelta(minutes=30), ends_at=ends_at, currency="USD", status=status,
        request_key=f"{ends_at}{status}{patient}",
    )  # fmt: skip


def missing(clinic, **also):
    return prerequisites.missing(clinic.ava, clinic.peel, START, **also)


def test_without_a_visit_it_is_missing_with_its_window_and_the_clinics_words(clinic, asked):
    [lacking] = missing(clinic)
    assert lacking.prerequisite == asked
    assert (lacking.since, lacking.until) == (START - timedelta(days=30), START - timedelta(hours=24))
    assert lacking.words == (
        "We test your skin first. “Wrinkle relaxing” has to come first, at least 1 day and at most 30 days before."
    )


@pytest.mark.parametrize(
    ("before", "status", "there"),
    [
        (timedelta(hours=24), "completed", True),
        (timedelta(hours=23, minutes=59), "completed", False),
        (timedelta(hours=24), "booked", True),
        (timedelta(hours=24), "cancelled", False),
        (timedelta(hours=24), "missed", False),
        (timedelta(days=30) - timedelta(minutes=30), "completed", True),  # begins 30 days before, to the minute
        (timedelta(days=30) - timedelta(minutes=29), "completed", False),
        (-timedelta(days=2), "booked", False),
    ],
)
def test_the_distance_is_kept_to_the_minute(clinic, asked, before, status, there):
    had(clinic, before, status)
    assert (missing(clinic) == []) is there


def test_another_patients_visit_and_another_service_do_not_count(clinic, asked):
    had(clinic, timedelta(days=2), patient=clinic.ben)
    had(clinic, timedelta(days=3), service=clinic.peel)
    assert missing(clinic)


def test_what_is_booked_in_the_same_go_counts_at_its_distance(clinic, asked):
    def part(before):
        return SimpleNamespace(service=clinic.botox, starts_at=START - before)

    assert missing(clinic, also=[part(timedelta(hours=24, minutes=30))]) == []
    assert missing(clinic, also=[part(timedelta(hours=24, minutes=29))])


def test_a_service_without_prerequisites_costs_one_query(clinic, queries):
    with queries() as asked_for:
        assert prerequisites.missing(clinic.ava, clinic.botox, START) == []
    assert asked_for() == 1


def test_a_patient_is_refused_and_staff_may_be_sure(clinic, asked):
    with pytest.raises(Refused, match="We test your skin first") as no:
        eligibility.check(clinic.ava, clinic.peel, START, AVA)
    assert [each.prerequisite for each in no.value.facts["missing"]] == [asked]
    with pytest.raises(Refused, match="Ava Moreno lacks what comes before") as no:
        eligibility.check(clinic.ava, clinic.peel, START, DESK)
    assert no.value.field == "sure"
    eligibility.check(clinic.ava, clinic.peel, START, DESK, sure=True)
    eligibility.check(clinic.ava, clinic.peel, START, FOYER)
    with pytest.raises(Refused):
        eligibility.check(clinic.ava, clinic.peel, START, AVA, sure=True)


def test_the_switches_bind_patients_who_book_and_nobody_else(clinic):
    def change(**facts):
        Service.update(**facts).where(Service.id == clinic.peel.id).execute()
        return Service.get_by_id(clinic.peel.id)

    offline = change(online=False)
    with pytest.raises(Refused, match=r"in person\. Please call us: 212-555-0100"):
        eligibility.check(clinic.ava, offline, START, AVA)
    eligibility.check(clinic.ava, offline, START, AVA, moving=True)
    eligibility.check(clinic.ava, offline, START, DESK)
    existing = change(online=True, patients="existing")
    with pytest.raises(Refused, match="who have been here before"):
        eligibility.check(clinic.ava, existing, START, AVA)
    had(clinic, timedelta(days=40), "booked")
    assert eligibility.barred(clinic.ava, existing)
    had(clinic, timedelta(days=41))
    eligibility.check(clinic.ava, existing, START, AVA)
    new = change(patients="new")
    with pytest.raises(Refused, match="for a first visit"):
        eligibility.check(clinic.ava, new, START, AVA)
    eligibility.check(clinic.ben, new, START, AVA)
    assert eligibility.barring(clinic.ava, [new, clinic.botox])[clinic.botox.id] == ""


def test_moving_the_test_away_names_the_visit_that_leans_on_it(clinic, asked):
    test, treatment = had(clinic, timedelta(days=2), "booked"), None
    with time_machine.travel(START - timedelta(days=5)):
        treatment = Appointment.create(
            patient=clinic.ava, service=clinic.peel, provider=clinic.dr_lin, location=clinic.soho, starts_at=START,
            ends_at=START + timedelta(hours=1), currency="USD", request_key="treatment",
        )  # fmt: skip
        assert prerequisites.leaning_on(test) == [treatment]
        assert prerequisites.leaning_on(test, START - timedelta(days=3)) == []
        assert prerequisites.leaning_on(test, START - timedelta(hours=5)) == [treatment]
        had(clinic, timedelta(days=4))
        assert prerequisites.leaning_on(test) == []


def test_prerequisites_are_tied_changed_and_taken_away(clinic):
    def tied():
        return [(it.needs_id, it.at_least_hours, it.within_days, it.why) for it in prerequisites.of(clinic.peel)]

    wish = Wish(clinic.botox.id, 24, 180, " A test. ")
    prerequisites.save(clinic.peel, DESK, [wish])
    prerequisites.save(clinic.peel, DESK, [wish])
    assert tied() == [(clinic.botox.id, 24, 180, "A test.")]
    entry = TrailEntry.get(TrailEntry.action == "prerequisites changed")
    assert "test" not in str(entry.details)
    prerequisites.save(clinic.peel, DESK, [wish._replace(at_least_hours=48)])
    assert tied()[0][1] == 48
    prerequisites.save(clinic.peel, DESK, [])
    assert tied() == []
    assert TrailEntry.select().where(TrailEntry.action == "prerequisites changed").count() == 3


def test_what_could_never_be_is_refused(clinic):
    def refused(service, *wishes):
        with pytest.raises(Refused) as no:
            prerequisites.save(service, DESK, wishes)
        assert no.value.field == "prerequisites"
        return no.value.words

    number = clinic.botox.id
    assert "before itself" in refused(clinic.botox, Wish(number, 0, 1))
    assert "once" in refused(clinic.peel, Wish(number, 0, 1), Wish(number, 1, 2))
    assert "from 0 to 2,160" in refused(clinic.peel, Wish(number, 2161, 100))
    assert "from 1 to 3,650" in refused(clinic.peel, Wish(number, 1, 0))
    assert "over before it counts" in refused(clinic.peel, Wish(number, 24, 1))
    assert "comes first" in refused(clinic.peel, Wish(9999, 24, 2))
    prerequisites.save(clinic.peel, DESK, [Wish(number, 0, 1)])
    assert "neither could ever be first" in refused(clinic.botox, Wish(clinic.peel.id, 0, 1))


def test_who_changes_the_test_reads_which_visit_would_be_without_it(clinic, asked, queries):
    test = had(clinic, timedelta(days=2), "booked")
    treatments = [
        Appointment.create(
            patient=clinic.ava, service=clinic.peel, provider=clinic.dr_lin, location=clinic.soho,
            starts_at=START + timedelta(hours=2 * n), ends_at=START + timedelta(hours=2 * n + 1), currency="USD",
            request_key=f"treatment {n}",
        )
        for n in range(3)
    ]  # fmt: skip
    with time_machine.travel(START - timedelta(days=5)):
        with queries() as asked_for:
            said = prerequisites.leaning_words([test], whose="Ava’s")
        assert asked_for() == 3, "however many lean on it"
        assert len(said) == 3
        assert said[0] == (
            "Ava’s “Light peel” on Fri 20 Mar 2026, 11:00 EDT needs “Wrinkle relaxing” at the right distance before "
            "it, and would be without it."
        )
        assert len(prerequisites.leaning_words([test, treatments[0]])) == 2, "what goes with it leans on nothing"
