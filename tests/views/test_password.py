"""Staff change their own password; whoever is signed in as them elsewhere is signed out."""

import pytest

from models import LoginSession, Staff
from rules import accounts
from rules.actor import FOYER
from rules.refused import Refused

OLD, NEW = "lavender on a grey wall", "a kettle and two cups"


@pytest.fixture
def desk(clinic):
    accounts.set_password(clinic.desk, OLD, FOYER)
    return clinic.app.test_client().sign_in(clinic.desk)


def test_a_password_is_changed_with_the_old_one_and_other_browsers_are_signed_out(clinic, desk):
    accounts.open_session(staff=clinic.desk, how="test")
    assert "/staff/password" in desk.see("/staff")
    desk.see("/staff/password")
    assert desk.submit("/staff/password", current=OLD, password=NEW, again=NEW).status_code == 303
    assert accounts.check_password("desk@example.com", NEW) == clinic.desk
    assert LoginSession.select().where(LoginSession.staff == clinic.desk, LoginSession.ended_at.is_null()).count() == 1
    desk.see("/staff")


def test_without_the_old_one_or_with_a_guessed_one_nothing_changes(clinic, desk, as_ava):
    hashed = Staff.get_by_id(clinic.desk.id).password_hash
    for current, password, again in (("wrong", NEW, NEW), (OLD, "short", "short"), (OLD, NEW, "another one here")):
        assert desk.submit("/staff/password", current=current, password=password, again=again).status_code == 422
    assert Staff.get_by_id(clinic.desk.id).password_hash == hashed
    with pytest.raises(Refused):
        accounts.check_password("desk@example.com", NEW)
