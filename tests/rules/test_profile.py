"""How a patient's details are spelled, and how they change."""

from datetime import date

import pytest
import time_machine

from models import Clinic, Patient, TrailEntry
from rules import profile
from rules.actor import Actor
from rules.refused import Refused


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("212 555 0100", "+12125550100"),
        ("(212) 555-0100", "+12125550100"),
        ("+44 7700 900123", "+447700900123"),
        ("+1 (646) 555.0142", "+16465550142"),
        ("", ""),
        ("   ", ""),
        (None, ""),
    ],
)
def test_a_phone_number_has_one_spelling(clinic, typed, kept):
    assert profile.tidy_phone(typed) == kept


@pytest.mark.parametrize("typed", ["12", "call me", "+", "+999 1", "212 555 0100 212 555 0100", "１"])
def test_an_impossible_phone_number_is_refused(clinic, typed):
    with pytest.raises(Refused, match="Enter a phone number"):
        profile.tidy_phone(typed)


def test_a_number_without_its_country_is_one_of_the_clinics(clinic):
    Clinic.update(phone="+44 20 7946 0123").execute()
    assert profile.tidy_phone("07700 900123") == "+447700900123"
    Clinic.update(phone="").execute()
    assert profile.tidy_phone("212 555 0100") == "+12125550100"


def test_a_phone_number_reads_as_people_write_it():
    assert profile.phone_words("+12125550100") == "+1 212-555-0100"
    assert profile.phone_words("") == ""


@time_machine.travel("2026-03-01 12:00+00:00")
def test_a_birth_date_lies_in_the_past_and_within_a_life():
    assert profile.tidy_birth_date(date(2026, 3, 1)) == date(2026, 3, 1)
    assert profile.tidy_birth_date(date(1901, 1, 1)) == date(1901, 1, 1)
    for day in (date(2026, 3, 2), date(1900, 12, 31), None):
        with pytest.raises(Refused) as no:
            profile.tidy_birth_date(day)
        assert no.value.field == "birth_date"


def test_text_loses_what_nobody_sees():
    assert profile.tidy("  Ava \t\n\x00 Moreno\u200b ") == "Ava Moreno"
    assert profile.tidy(None) == ""
    assert profile.tidy_text(" one \r\n\x07two\r\n\r\n") == "one\n two"


def test_saving_changes_only_what_differs_and_says_so(clinic):
    by = Actor("patient", clinic.ava.id, "Ava Moreno")
    values = {"first_name": "Ava", "last_name": "Moreno", "preferred_name": "Avi", "email": "eve@example.com"}
    assert profile.save(clinic.ava, "names", values, by) == ["preferred_name"]
    assert profile.save(clinic.ava, "names", values, by) == []
    assert Patient.get_by_id(clinic.ava.id).email == "ava@example.com"
    (line,) = TrailEntry.select()
    assert (line.action, line.subject, line.details) == (
        "profile changed", f"patient {clinic.ava.id}", {"fields": ["preferred_name"]},
    )  # fmt: skip


def test_two_browsers_change_two_sections_and_both_stay(clinic):
    by = Actor("patient", clinic.ava.id, "Ava Moreno")
    first, second = (Patient.get_by_id(clinic.ava.id) for _ in range(2))
    profile.save(first, "health", {"allergies": "Latex", "medical_notes": ""}, by)
    profile.save(second, "contact", {"phone": "+12125550177"}, by)
    stored = Patient.get_by_id(clinic.ava.id)
    assert (stored.allergies, stored.phone) == ("Latex", "+12125550177")
