"""The home page: everything in its place, at a constant price."""

from datetime import timedelta

import pytest
import time_machine

from clock import now
from database import write_tx
from models import Appointment
from rules import memberships, paperwork, plans
from rules.actor import FOYER, Actor


def visit(clinic, starts_at, status="booked", minutes=30):
    """One visit with its paperwork, at any moment."""
    with write_tx():
        appointment = Appointment.create(
            patient=clinic.ava,
            service=clinic.botox,
            provider=clinic.dr_lin,
            location=clinic.soho,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=minutes),
            currency="USD",
            price_minor=40000,
            status=status,
            request_key=f"{starts_at:%s}{status}",
        )
        paperwork.begin_for(appointment, FOYER)
    return appointment


def part(page, heading):
    """What stands between a heading and the next section."""
    assert heading in page, heading
    return page.split(heading, 1)[1].split("</section>", 1)[0]


def test_a_new_patient_reads_what_will_come_and_what_to_do(clinic, as_ben):
    page = as_ben.see("/")
    assert "Hello, Ben" in page
    assert "Book an appointment" in page
    assert "Nothing to do" in part(page, ">Action Required<")


def test_paperwork_of_a_booked_service_stands_under_action_required_and_nothing_else_does(clinic, as_ava):
    visit(clinic, now() + timedelta(days=3))
    page = as_ava.see("/")
    required = part(page, ">Action Required<")
    for name in ("Medical history", "Consent to wrinkle relaxing", "Before wrinkle relaxing"):
        assert name in required
    assert "After wrinkle relaxing" not in page
    assert page.index("Post-treatment Instructions") < page.index(">Action Required<")


def test_post_treatment_instructions_appear_at_the_start_to_the_second(clinic, as_ava):
    start = now() + timedelta(minutes=10)
    visit(clinic, start)
    with time_machine.travel(start - timedelta(seconds=1), tick=False):
        assert "After wrinkle relaxing" not in as_ava.see("/")
    with time_machine.travel(start, tick=False):
        assert "After wrinkle relaxing" in part(as_ava.see("/"), ">Post-treatment Instructions<")


@pytest.mark.parametrize("status", ["cancelled", "missed"])
def test_a_cancelled_or_missed_visit_asks_for_nothing_and_brings_nothing(clinic, as_ava, status):
    visit(clinic, now() - timedelta(minutes=5), status)
    page = as_ava.see("/")
    assert "Medical history" not in page
    assert "After wrinkle relaxing" not in page


def test_upcoming_and_past_say_so_in_words(clinic, as_ava):
    visit(clinic, now() + timedelta(days=3))
    visit(clinic, now() - timedelta(days=3), "completed")
    page = as_ava.see("/")
    assert page.count("appointment is-upcoming") == 1
    assert page.count("appointment is-past") == 1
    for words in ("Wrinkle relaxing", "Dr Lin", "Soho", "Upcoming", "Past", "Completed"):
        assert words in page


def test_memberships_stand_there_only_where_the_clinic_offers_one(clinic, as_ben, as_ava):
    assert "offers memberships" in part(as_ben.see("/"), ">Membership</h2>")
    join(clinic)
    plans.archive(clinic.glow, FOYER)
    assert ">Membership</h2>" not in as_ben.see("/")
    assert "Glow" in part(as_ava.see("/"), ">Membership</h2>"), "who is a member reads it all the same"


def join(clinic):
    agreement = memberships.agreement_of(clinic.glow)
    memberships.join(
        clinic.ava, clinic.glow, agreement, Actor("patient", clinic.ava.id, clinic.ava.name), "key",
        price=memberships.price_words(clinic.glow), method="typed", signer_name="Ava Moreno",
    )  # fmt: skip


def test_another_patients_visits_are_not_there(clinic, as_ben):
    visit(clinic, now() + timedelta(days=3))
    assert "Wrinkle relaxing" not in as_ben.see("/")


def test_the_home_page_costs_the_same_for_1_and_for_40_appointments(clinic, as_ava, queries):
    visit(clinic, now() + timedelta(days=1))
    as_ava.see("/")
    with queries() as one:
        as_ava.see("/")
    for number in range(2, 41):
        visit(
            clinic, now() + timedelta(days=number if number % 2 else -number), "booked" if number % 2 else "completed"
        )
    with queries() as forty:
        as_ava.see("/")
    assert one() == forty() <= 10
