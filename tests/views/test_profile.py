"""A patient reads and changes their own details."""

import re
from datetime import date

import pytest

from database import db
from models import Delivery, LoginCode, LoginSession, Patient, TrailEntry
from rules import accounts, outbox
from rules.refused import Refused

FILLED = {
    "names": {
        "first_name": "Ava", "last_name": "Moreno-Diaz", "preferred_name": " Avi ", "pronouns": "she/her",
        "birth_date": "1990-05-18",
    },
    "contact": {"phone": "212 555 0177"},
    "address": {
        "street": "3 Elm Street", "city": "New York", "region": "NY", "postal_code": "10012", "country": "USA",
    },
    "emergency": {"emergency_name": "Leo", "emergency_relation": "Brother", "emergency_phone": "+44 7700 900123"},
    "health": {"allergies": "Latex\r\nPenicillin", "medical_notes": "Asthma"},
    "messages": {"marketing_by_email": "y"},
}  # fmt: skip


def ava(clinic):
    return Patient.get_by_id(clinic.ava.id)


def digits():
    return accounts.digits_of(newest())


def newest():
    return LoginCode.select().order_by(LoginCode.id.desc()).get()


def carry(browser, **what):
    """Put something into the browser's signed cookie, as no browser could."""
    with browser.session_transaction() as jar:
        jar.update(what)
    db.connect(reuse_if_open=True)


def bare(page, email):
    return re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", page).replace(email, "")


def test_the_profile_shows_every_section_with_a_way_to_change_it(as_ava):
    page = as_ava.see("/profile")
    for words in ("Ava Moreno", "17 May 1990", "ava@example.com", "+1 212-555-0101", "Allergies", "News and offers"):
        assert words in page
    for section in ("names", "contact", "address", "emergency", "health", "messages", "email"):
        assert f"/profile/{section}" in page
        as_ava.see(f"/profile/{section}")
    assert as_ava.get("/profile/elsewhere").status_code == 404
    assert as_ava.submit("/profile/elsewhere").status_code == 404


@pytest.mark.parametrize("section", FILLED)
def test_each_section_is_saved_and_shown(as_ava, clinic, section):
    answer = as_ava.submit(f"/profile/{section}", **FILLED[section])
    assert (answer.status_code, answer.location) == (303, "/profile")
    stored = ava(clinic)
    tidied = {
        "preferred_name": "Avi", "birth_date": date(1990, 5, 18), "phone": "+12125550177",
        "emergency_phone": "+447700900123", "allergies": "Latex\nPenicillin", "marketing_by_email": True,
    }  # fmt: skip
    for name, value in FILLED[section].items():
        assert getattr(stored, name) == tidied.get(name, value)
    as_ava.see("/profile")


def test_the_trail_names_the_fields_and_never_what_stands_in_them(as_ava, clinic):
    as_ava.submit("/profile/health", allergies="Latex", medical_notes="")
    as_ava.submit("/profile/health", allergies="Latex", medical_notes="")
    (line,) = TrailEntry.select().where(TrailEntry.action == "profile changed")
    assert (line.actor_name, line.patient, line.details) == ("Ava Moreno", clinic.ava, {"fields": ["allergies"]})


@pytest.mark.parametrize(
    ("section", "field", "typed", "words"),
    [
        ("names", "first_name", "", "Enter your first name"),
        ("names", "birth_date", "2999-01-01", "Your birth date must be in the past"),
        ("names", "birth_date", "soon", "Enter your birth date"),
        ("contact", "phone", "12", "Enter a phone number like"),
        ("address", "street", "x" * 201, "Use at most 200 letters"),
        ("emergency", "emergency_phone", "call me", "Enter a phone number like"),
        ("health", "allergies", "x" * 4001, "Use at most 4,000 letters"),
    ],
)
def test_a_mistake_is_told_beside_the_field_and_nothing_is_lost(as_ava, clinic, section, field, typed, words):
    before = ava(clinic).__data__
    answer = as_ava.submit(f"/profile/{section}", **{**FILLED[section], field: typed})
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert f'id="{field}-error"' in answer.text
    assert words in answer.text
    for name, value in FILLED[section].items():
        if name != field and name != "phone":
            assert value.strip().partition("\r")[0] in answer.text or name == "emergency_phone"
    assert ava(clinic).__data__ == before


def test_with_htmx_a_mistake_swaps_only_the_form_and_success_leads_on(as_ava):
    wrong = as_ava.submit("/profile/contact", htmx=True, phone="12")
    assert wrong.status_code == 422
    assert wrong.text.lstrip().startswith('<form id="profile_form"')
    assert "<html" not in wrong.text
    assert as_ava.submit("/profile/contact", htmx=True, phone="212 555 0177").headers["HX-Redirect"] == "/profile"


def test_only_the_fields_of_the_section_are_taken(as_ava, as_ben, clinic):
    as_ava.submit(
        "/profile/contact", phone="212 555 0177", email="owner@example.com", id="2", archived_at="", first_name="Eve"
    )
    stored = ava(clinic)
    assert (stored.email, stored.first_name, stored.id) == ("ava@example.com", "Ava", clinic.ava.id)
    assert Patient.get_by_id(clinic.ben.id).phone == ""


def test_signs_that_nobody_sees_are_dropped(as_ava, clinic):
    as_ava.submit("/profile/health", allergies="La\x07tex\u202e", medical_notes="")
    assert ava(clinic).allergies == "La tex"
    as_ava.submit("/profile/address", street=" 3 \x07 Elm ", city="", region="", postal_code="", country="")
    assert ava(clinic).street == "3 Elm"


def test_what_a_patient_writes_is_shown_as_written(as_ava):
    as_ava.submit("/profile/health", allergies="<script>alert(1)</script>", medical_notes="{{ 7*7 }}")
    page = as_ava.see("/profile")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7*7 }}" in page


def test_browsers_can_fill_the_forms_in(as_ava):
    for section, expected in {
        "names": ("given-name", "family-name", "nickname", "bday"),
        "contact": ("tel",),
        "address": ("street-address", "address-level2", "address-level1", "postal-code", "country-name"),
        "email": ("email",),
    }.items():
        page = as_ava.see(f"/profile/{section}")
        assert set(expected) <= set(re.findall(r'autocomplete="([^"]+)"', page))


# --- a new address


def test_a_new_address_is_proved_first_and_the_old_one_is_told(as_ava, clinic):
    elsewhere = accounts.open_session(patient=clinic.ava, how="test")
    assert as_ava.submit("/profile/email", email="Ava.New@example.com").location == "/profile/email/code"
    letter = Delivery.get()
    assert (letter.kind, letter.address) == ("code_email", "ava.new@example.com")
    assert ava(clinic).email == "ava@example.com"
    as_ava.see("/profile/email/code")
    answer = as_ava.submit("/profile/email/code", code=digits())
    assert (answer.status_code, answer.location) == (303, "/profile")
    assert ava(clinic).email == "ava.new@example.com"
    told = Delivery.get(Delivery.kind == "email_changed")
    assert told.address == "ava@example.com"
    assert "ava.new" not in str(told.details) + told.because
    assert "ava.new@example.com" in as_ava.see("/profile")
    assert accounts.session_of(elsewhere) is None
    line = TrailEntry.get(TrailEntry.action == "e-mail changed")
    assert line.details == {}


@pytest.mark.parametrize("ask", [accounts.sign_in_code, accounts.register])
def test_codes_of_the_old_address_end_with_it(as_ava, clinic, ask):
    old = ask("ava@example.com", "a browser")
    as_ava.submit("/profile/email", email="ava.new@example.com")
    as_ava.submit("/profile/email/code", code=digits())
    with pytest.raises(Refused):
        accounts.prove(old.id, "a browser", accounts.digits_of(old))


def test_somebody_elses_address_gets_the_same_words_and_never_succeeds(as_ava, as_ben, clinic):
    pages = []
    for email in ("ben@example.com", "new@example.com"):
        asked = as_ava.submit("/profile/email", email=email)
        shown = as_ava.see("/profile/email/code")
        tried = as_ava.submit("/profile/email/code", code="000000" if digits() != "000000" else "000001")
        pages.append((asked.status_code, asked.location, bare(shown, email), bare(tried.text, email)))
    assert pages[0] == pages[1]
    assert [d.address for d in Delivery.select().where(Delivery.kind != outbox.TO_NOBODY)] == ["new@example.com"]
    as_ava.submit("/profile/email", email="BEN@example.com")
    assert as_ava.submit("/profile/email/code", code=digits()).status_code == 422
    assert ava(clinic).email == "ava@example.com"


def test_an_address_that_somebody_took_meanwhile_never_succeeds(as_ava, clinic):
    as_ava.submit("/profile/email", email="new@example.com")
    Patient.update(email="new@example.com").where(Patient.id == clinic.ben.id).execute()
    assert as_ava.submit("/profile/email/code", code=digits()).status_code == 422
    assert ava(clinic).email == "ava@example.com"


def test_a_code_for_an_address_works_for_its_patient_and_its_purpose_only(as_ava, as_ben, clinic):
    as_ava.submit("/profile/email", email="new@example.com")
    code = newest()
    carry(as_ben, asked_email=code.id)
    assert as_ben.submit("/profile/email/code", code=accounts.digits_of(code)).location == "/profile/email"
    carry(as_ava, asked_email=accounts.sign_in_code("ava@example.com", code.asked_by).id)
    assert as_ava.submit("/profile/email/code", code=digits()).status_code == 422
    assert ava(clinic).email == "ava@example.com"


def test_a_code_for_a_new_address_signs_nobody_in(as_ava, clinic):
    as_ava.submit("/profile/email", email="new@example.com")
    code = newest()
    carry(as_ava, asked=code.id)
    sessions = LoginSession.select().count()
    as_ava.submit("/sign-in/code", code=accounts.digits_of(code))
    assert LoginSession.select().count() == sessions
    assert ava(clinic).email == "ava@example.com"


def test_the_address_that_one_has_is_refused_with_words(as_ava):
    answer = as_ava.submit("/profile/email", email="AVA@example.com")
    assert answer.status_code == 422
    assert "your address already" in answer.text


def test_a_new_code_for_a_new_address(as_ava, clinic):
    as_ava.submit("/profile/email", email="new@example.com")
    assert as_ava.submit("/profile/email/code/renewal").location == "/profile/email/code"
    as_ava.submit("/profile/email/code", code=digits())
    assert ava(clinic).email == "new@example.com"


def test_without_having_asked_there_is_no_code_page(as_ava):
    assert as_ava.get("/profile/email/code").location == "/profile/email"
