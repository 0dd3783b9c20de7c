"""The owner's pages about people and faults."""

import re

import pytest

from models import Fault, Invitation, Provider, Staff
from rules import accounts, people
from rules.actor import FOYER

SECRET = "three grey herons at dawn"


def link_on(page):
    return re.search(r"http://localhost(/staff/setup/[^\"]+)", page).group(1)


def test_the_owner_sees_who_works_here(as_owner):
    page = as_owner.see("/staff/people")
    for words in ("Olive Owner", "Dana Desk", "provider@example.com", "Front desk", "Provider"):
        assert words in page


@pytest.mark.parametrize("address", ["/staff/people", "/staff/people/1", "/staff/faults"])
def test_only_the_owner_does(as_desk, as_nurse, as_ava, nobody, address):
    for browser in (as_desk, as_nurse, as_ava):
        assert browser.get(address).status_code == 403
    assert nobody.get(address).status_code == 303


def test_the_desk_cannot_make_itself_the_owner(as_desk, clinic):
    for address in ("", "/archive", "/link"):
        assert as_desk.submit(f"/staff/people/{clinic.desk.id}{address}", role="owner").status_code == 403
    assert as_desk.submit("/staff/people", email="new@example.com", role="owner").status_code == 403
    assert Staff.get_by_id(clinic.desk.id).role == "desk"
    assert Invitation.select().count() == 0


def test_an_invited_colleague_comes_in_by_the_link_that_is_shown_once(as_owner, nobody, clinic):
    answer = as_owner.submit("/staff/people", email="New@example.com", role="desk")
    assert answer.status_code == 200
    address = link_on(answer.text)
    assert "/staff/setup/" not in as_owner.see("/staff/people")
    assert "new@example.com" in as_owner.see("/staff/people")
    page = nobody.see(address)
    assert "new@example.com" in page
    assert 'name="email"' not in page
    done = nobody.submit(address, name="Noor New", email="eve@example.com", password=SECRET, again=SECRET)
    assert done.location == "/staff"
    assert Staff.get(Staff.name == "Noor New").email == "new@example.com"
    assert nobody.get("/staff/people").status_code == 403
    assert nobody.get(address).status_code == 404


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"email": "new", "role": "desk"}, "Enter an e-mail address like"),
        ({"email": "new@example.com"}, "Choose a role"),
        ({"email": "new@example.com", "role": "king"}, "Choose a role"),
        ({"email": "DESK@example.com", "role": "desk"}, "already on the list"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_with_words(as_owner, form, words):
    answer = as_owner.submit("/staff/people", **form)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{form["email"].lower()}"' in answer.text


def test_an_invitation_can_be_withdrawn(as_owner, nobody):
    address = link_on(as_owner.submit("/staff/people", email="new@example.com", role="desk").text)
    number = Invitation.get().id
    assert as_owner.submit(f"/staff/people/invitations/{number}/withdrawal").status_code == 303
    assert nobody.get(address).status_code == 404


def test_a_colleague_is_archived_and_restored(as_owner, as_desk, nobody, clinic):
    accounts.set_password(clinic.desk, SECRET, FOYER)
    browser = as_desk
    browser.sign_in(clinic.desk)
    assert as_owner.submit(f"/staff/people/{clinic.desk.id}/archive").status_code == 303
    assert browser.get("/staff").status_code == 303
    assert nobody.submit("/staff/sign-in", email="desk@example.com", password=SECRET).status_code == 422
    assert "Archived" in as_owner.see("/staff/people")
    assert as_owner.submit(f"/staff/people/{clinic.desk.id}/restoration").status_code == 303
    assert nobody.submit("/staff/sign-in", email="desk@example.com", password=SECRET).status_code == 303


def test_a_role_changes_at_once(as_owner, as_desk, clinic):
    assert as_desk.get("/staff/people").status_code == 403
    assert as_owner.submit(f"/staff/people/{clinic.desk.id}", role="owner").status_code == 303
    as_desk.see("/staff/people")


def test_the_owner_reads_why_they_cannot_leave(as_owner, clinic):
    assert "This is you" in as_owner.see(f"/staff/people/{clinic.owner.id}")
    for address, form in (("/archive", {}), ("", {"role": "desk"})):
        answer = as_owner.submit(f"/staff/people/{clinic.owner.id}{address}", **form)
        assert answer.status_code == 422
        assert "Nobody can" in answer.text
    assert Staff.get_by_id(clinic.owner.id).role == "owner"


def test_a_forgotten_password_is_set_anew_by_link(as_owner, nobody, clinic):
    address = link_on(as_owner.submit(f"/staff/people/{clinic.nurse.id}/link").text)
    assert "Choose a new password" in nobody.see(address)
    assert nobody.submit(address, password=SECRET, again=SECRET).location == "/staff"
    assert accounts.check_password("provider@example.com", SECRET) == clinic.nurse


def test_no_link_is_made_for_an_archived_person(as_owner, clinic):
    people.archive(clinic.desk, FOYER)
    assert as_owner.submit(f"/staff/people/{clinic.desk.id}/link").status_code == 409
    assert Invitation.select().count() == 0


def test_a_provider_is_linked_with_what_they_perform(as_owner, clinic):
    page = as_owner.see(f"/staff/people/{clinic.nurse.id}")
    assert f"/staff/providers/{clinic.other_provider.id}" in page
    Provider.update(staff=None).execute()
    assert "Not linked" in as_owner.see(f"/staff/people/{clinic.nurse.id}")


def test_a_reference_number_is_looked_up(as_owner):
    assert "Nothing has broken" in as_owner.see("/staff/faults")
    for reference in ("AB2C-D3EF", "ZZZZ-9999"):
        Fault.create(reference=reference, route="booking.book", error="KeyError", place="views/x.py:7")
    for typed in ("ab2c-d3ef", "AB2CD3EF", " ab2c d3ef "):
        page = as_owner.get("/staff/faults", query_string={"q": typed}).text
        assert "AB2C-D3EF" in page
        assert "ZZZZ" not in page
    assert "No fault has that number" in as_owner.see("/staff/faults?q=QQQQ")
    assert "ZZZZ-9999" in as_owner.see("/staff/faults?q=%25")
