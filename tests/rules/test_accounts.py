"""Who somebody is: sessions, codes, registering, passwords and links."""

from datetime import timedelta

import pytest
import time_machine
from peewee import OperationalError

from clock import now
from models import Attempt, Clinic, Delivery, Invitation, LoginCode, LoginSession, Patient, Provider, Staff, TrailEntry
from rules import accounts, codes, limits, people, sending, sessions
from rules.actor import FOYER, Actor
from rules.refused import Refused

HERE = "digest of this browser"
ELSEWHERE = "digest of another browser"
SECRET = "three grey herons at dawn"


def wrong(code):
    return f"{(int(accounts.digits_of(code)) + 1) % 1_000_000:06d}"


# --- sessions


def test_a_session_is_found_with_its_person_in_one_query(clinic, queries):
    for person in ({"patient": clinic.ava}, {"staff": clinic.owner}):
        token = accounts.open_session(**person, how="test")
        with queries() as count:
            session = accounts.session_of(token)
            assert (session.patient or session.staff).name in ("Ava Moreno", "Olive Owner")
            assert (session.patient is None) == ("staff" in person)
            assert session.clinic.name == "The Test Clinic"
            assert count() == 1


def test_the_database_keeps_no_token(clinic):
    token = accounts.open_session(patient=clinic.ava, how="test")
    assert len(token) >= 43
    assert token not in str(list(LoginSession.select().tuples()))


@pytest.mark.parametrize(("who", "minutes"), [("patient", 15), ("staff", 30)])
def test_a_session_idles_out_and_no_clock_brings_it_back(clinic, who, minutes):
    person = {who: clinic.ava if who == "patient" else clinic.desk}
    with time_machine.travel(now(), tick=False) as clock:
        token = accounts.open_session(**person, how="test")
        clock.shift(timedelta(minutes=minutes, seconds=-1))
        assert accounts.session_of(token)
        clock.shift(timedelta(minutes=minutes, seconds=-1))
        assert accounts.session_of(token), "being used keeps it alive"
        clock.shift(timedelta(minutes=minutes))
        assert accounts.session_of(token) is None
        assert f"after {minutes} minutes" in accounts.why_signed_out(token)
        clock.shift(timedelta(minutes=-10))
        assert accounts.session_of(token) is None


def test_the_clinic_sets_how_long_a_session_may_rest(clinic):
    Clinic.update(patient_idle_minutes=5).execute()
    with time_machine.travel(now(), tick=False) as clock:
        token = accounts.open_session(patient=clinic.ava, how="test")
        clock.shift(timedelta(minutes=5))
        assert accounts.session_of(token) is None
        assert "after 5 minutes" in accounts.why_signed_out(token)


def test_a_session_ends_after_twelve_hours_however_busy(clinic):
    with time_machine.travel(now(), tick=False) as clock:
        token = accounts.open_session(patient=clinic.ava, how="test")
        for _ in range(71):
            clock.shift(timedelta(minutes=10))
            assert accounts.session_of(token)
        clock.shift(timedelta(minutes=10))
        assert accounts.session_of(token) is None
        assert "12 hours" in accounts.why_signed_out(token)


def test_a_session_is_touched_at_most_once_a_minute(clinic, queries):
    with time_machine.travel(now(), tick=False) as clock:
        token = accounts.open_session(patient=clinic.ava, how="test")
        clock.shift(timedelta(seconds=59))
        with queries() as count:
            accounts.session_of(token)
            assert count() == 1
        clock.shift(timedelta(seconds=1))
        accounts.session_of(token)
        assert LoginSession.get().seen_at == now()


def test_a_busy_database_does_not_cost_the_request(clinic, monkeypatch):
    def busy():
        raise OperationalError("database is locked")

    with time_machine.travel(now(), tick=False) as clock:
        token = accounts.open_session(patient=clinic.ava, how="test")
        clock.shift(timedelta(minutes=2))
        monkeypatch.setattr(sessions, "write_tx", busy)
        assert accounts.session_of(token)


def test_signing_out_ends_the_session_on_the_server_and_is_in_the_trail(clinic):
    token = accounts.open_session(patient=clinic.ava, how="email code")
    session = accounts.session_of(token)
    accounts.end_session(token, sessions.actor_of(session))
    assert accounts.session_of(token) is None
    assert accounts.why_signed_out(token) == ""
    assert [e.action for e in TrailEntry.select().order_by(TrailEntry.id)] == ["signed in", "signed out"]


def test_an_archived_person_is_signed_out(clinic):
    for person, table in (({"patient": clinic.ava}, Patient), ({"staff": clinic.desk}, Staff)):
        token = accounts.open_session(**person, how="test")
        table.update(archived_at=now()).execute()
        assert accounts.session_of(token) is None


def test_ending_a_persons_sessions_leaves_those_of_others(clinic):
    mine, other = (accounts.open_session(patient=clinic.ava, how="test") for _ in range(2))
    bens = accounts.open_session(patient=clinic.ben, how="test")
    desks = accounts.open_session(staff=clinic.desk, how="test")
    assert accounts.end_sessions_of(clinic.ava, but=accounts.session_of(mine).id) == 1
    assert accounts.session_of(other) is None
    assert all(accounts.session_of(token) for token in (mine, bens, desks))


# --- codes


def test_a_code_signs_in_once(clinic):
    code = accounts.sign_in_code("ava@example.com", HERE)
    assert accounts.prove(code.id, HERE, accounts.digits_of(code)) == clinic.ava
    with pytest.raises(Refused, match="does not work any more"):
        accounts.prove(code.id, HERE, accounts.digits_of(code))


def test_the_digits_are_not_stored_and_depend_on_the_secret_key(clinic, monkeypatch):
    code = accounts.sign_in_code("ava@example.com", HERE)
    digits = accounts.digits_of(code)
    assert len(digits) == 6
    stored = [str(row) for table in (LoginCode, Delivery) for row in table.select().tuples()]
    assert not [row for row in stored if digits in row.replace(code.nonce, "")]
    other = type("Settings", (), {"secret_key": "another key"})
    monkeypatch.setattr(codes.settings, "current", lambda: other)
    assert accounts.digits_of(code) != digits


def test_each_code_has_digits_of_its_own(clinic):
    asked = [accounts.sign_in_code(f"somebody{number}@example.com", HERE) for number in range(20)]
    assert len({accounts.digits_of(code) for code in asked}) > 15


@pytest.mark.parametrize("typed", ["{}", " {} ", "{0:.3} {0:.3}"])
def test_blanks_in_a_code_are_ignored(clinic, typed):
    code = accounts.sign_in_code("ava@example.com", HERE)
    digits = accounts.digits_of(code)
    typed = f"{digits[:3]} {digits[3:]}" if "." in typed else typed.format(digits)
    assert accounts.prove(code.id, HERE, typed) == clinic.ava


def test_a_code_dies_after_five_wrong_tries(clinic):
    code = accounts.sign_in_code("ava@example.com", HERE)
    for left in (4, 3, 2, 1):
        with pytest.raises(Refused, match=f"{left} tr"):
            accounts.prove(code.id, HERE, wrong(code))
    with pytest.raises(Refused, match="ask for a new one"):
        accounts.prove(code.id, HERE, wrong(code))
    with pytest.raises(Refused, match="does not work any more"):
        accounts.prove(code.id, HERE, accounts.digits_of(code))


def test_a_refused_try_is_counted_all_the_same(clinic):
    """The words are raised after the count is durable, never through it."""
    code = accounts.sign_in_code("ava@example.com", HERE)
    with pytest.raises(Refused):
        accounts.prove(code.id, HERE, wrong(code))
    assert LoginCode.get_by_id(code.id).tries == 1


def test_something_that_is_no_code_costs_no_try(clinic):
    code = accounts.sign_in_code("ava@example.com", HERE)
    for typed in ("", "12345", "1234567", "abcdef", "１２３", None):
        with pytest.raises(Refused, match="six digits"):
            accounts.prove(code.id, HERE, typed)
    assert LoginCode.get_by_id(code.id).tries == 0


def test_a_code_works_for_ten_minutes(clinic):
    with time_machine.travel(now(), tick=False) as clock:
        code = accounts.sign_in_code("ava@example.com", HERE)
        clock.shift(timedelta(minutes=10))
        with pytest.raises(Refused):
            accounts.prove(code.id, HERE, accounts.digits_of(code))
        clock.shift(timedelta(seconds=-1))
        assert accounts.prove(code.id, HERE, accounts.digits_of(code))


def test_a_code_works_only_in_the_browser_that_asked(clinic):
    code = accounts.sign_in_code("ava@example.com", HERE)
    with pytest.raises(Refused):
        accounts.prove(code.id, ELSEWHERE, accounts.digits_of(code))
    assert accounts.prove(code.id, HERE, accounts.digits_of(code))


def test_a_new_code_ends_the_older_ones(clinic):
    old = accounts.sign_in_code("ava@example.com", HERE)
    bens = accounts.sign_in_code("ben@example.com", HERE)
    new = accounts.sign_in_code("ava@example.com", HERE)
    with pytest.raises(Refused):
        accounts.prove(old.id, HERE, accounts.digits_of(old))
    assert accounts.prove(new.id, HERE, accounts.digits_of(new)) == clinic.ava
    assert accounts.prove(bens.id, HERE, accounts.digits_of(bens)) == clinic.ben


def test_an_unknown_address_gets_a_code_row_but_no_mail_and_no_way_in(clinic):
    code = accounts.sign_in_code("nobody@example.com", HERE)
    assert sending.send_due() == 0
    with pytest.raises(Refused, match="4 tries"):
        accounts.prove(code.id, HERE, accounts.digits_of(code))


def test_an_archived_patient_gets_no_code_and_cannot_register_again(clinic):
    Patient.update(archived_at=now()).where(Patient.id == clinic.ava.id).execute()
    for ask in (accounts.sign_in_code, accounts.register):
        code = ask("ava@example.com", HERE)
        assert sending.send_due() == 0
        with pytest.raises(Refused):
            accounts.prove(code.id, HERE, accounts.digits_of(code))


def test_one_who_is_archived_after_asking_stays_out(clinic):
    code = accounts.sign_in_code("ava@example.com", HERE)
    Patient.update(archived_at=now()).where(Patient.id == clinic.ava.id).execute()
    with pytest.raises(Refused):
        accounts.prove(code.id, HERE, accounts.digits_of(code))


def test_an_address_is_sent_five_codes_an_hour_whoever_asks(clinic):
    with time_machine.travel(now(), tick=False) as clock:
        for number in range(5):
            accounts.sign_in_code("ava@example.com", f"browser {number}", f"10.0.0.{number}")
        with pytest.raises(Refused, match="too many tries"):
            accounts.sign_in_code("ava@example.com", "a fresh browser", "10.0.0.99")
        accounts.sign_in_code("ben@example.com", HERE, "10.0.0.1")
        clock.shift(timedelta(minutes=60))
        accounts.sign_in_code("ava@example.com", "a fresh browser", "10.0.0.99")


def test_an_unknown_address_has_the_same_limit(clinic):
    for number in range(5):
        accounts.sign_in_code("nobody@example.com", f"browser {number}")
    with pytest.raises(Refused, match="too many tries"):
        accounts.sign_in_code("nobody@example.com", HERE)


def test_one_network_asks_thirty_codes_an_hour(clinic):
    for number in range(30):
        accounts.sign_in_code(f"somebody{number}@example.com", HERE, f"2001:db8:0:1::{number}")
    with pytest.raises(Refused, match="too many tries"):
        accounts.sign_in_code("one.more@example.com", HERE, "2001:db8:0:1:ffff::1")
    accounts.sign_in_code("one.more@example.com", HERE, "2001:db8:0:2::1")


def test_who_proves_the_address_may_ask_again(clinic):
    for _ in range(8):
        code = accounts.sign_in_code("ava@example.com", HERE, "10.0.0.1")
        accounts.prove(code.id, HERE, accounts.digits_of(code), "10.0.0.1")


def test_limits_keep_no_address_and_old_tries_are_forgotten(clinic):
    with time_machine.travel(now(), tick=False) as clock:
        limits.spend("code to", "ava@example.com", 5, timedelta(hours=1))
        assert "ava" not in Attempt.get().bucket
        clock.shift(timedelta(days=3))
        limits.spend("code to", "ava@example.com", 5, timedelta(hours=1))
        assert Attempt.select().count() == 1


# --- registering

DETAILS = {"first_name": "Cleo", "last_name": "Park", "birth_date": "1999-12-31", "phone": "+12125550199"}


def test_registering_makes_a_patient_only_when_the_address_is_proved(clinic):
    before = Patient.select().count()
    code = accounts.register("cleo@example.com", HERE, marketing_by_email=True, **DETAILS)
    assert Patient.select().count() == before
    assert Delivery.get().kind == "code_register"
    cleo = accounts.prove(code.id, HERE, accounts.digits_of(code))
    assert (cleo.name, cleo.birth_date.isoformat(), cleo.phone) == ("Cleo Park", "1999-12-31", "+12125550199")
    assert cleo.marketing_by_email
    assert cleo.email_verified_at
    assert LoginCode.get_by_id(code.id).details == {}


def test_a_known_address_is_never_duplicated_and_keeps_its_details(clinic):
    before = Patient.select().count()
    for typed in ("ava@example.com", "AVA@Example.com", " ava@example.com ", "ava@example.com.", "ａva@example.com"):
        code = accounts.register(accounts.tidy_email(typed), HERE, marketing_by_email=False, **DETAILS)
        assert accounts.prove(code.id, HERE, accounts.digits_of(code)) == clinic.ava
    assert Patient.select().count() == before
    assert Patient.get_by_id(clinic.ava.id).first_name == "Ava"
    assert {row.kind for row in Delivery.select()} == {"code_signin"}


def test_two_who_register_one_address_at_once_become_one_patient(clinic):
    first = accounts.register("cleo@example.com", HERE, **DETAILS)
    proved = accounts.prove(first.id, HERE, accounts.digits_of(first))
    second = LoginCode.create(
        purpose="register", email="cleo@example.com", asked_by=HERE, nonce="n", details=DETAILS,
        expires_at=now() + timedelta(minutes=9),
    )  # fmt: skip
    assert accounts.prove(second.id, HERE, accounts.digits_of(second)) == proved


@pytest.mark.parametrize(
    "typed", ["", "ava", "ava@", "@example.com", "ava@@example.com", "аva@example.com", "a\x00@b.co"]
)
def test_what_is_no_address_is_refused_with_words(typed):
    with pytest.raises(Refused, match="Enter"):
        accounts.tidy_email(typed)


# --- staff


def test_staff_sign_in_with_their_password(clinic):
    accounts.set_password(clinic.desk, SECRET, FOYER)
    assert accounts.check_password("Desk@Example.com ", SECRET) == clinic.desk
    assert Staff.get_by_id(clinic.desk.id).password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("desk@example.com", "three grey herons at dusk"),
        ("desk@example.com", ""),
        ("nobody@example.com", SECRET),
        ("owner@example.com", ""),
        ("", ""),
        ("desk@example.com", "x" * 1_000_000),
    ],
)
def test_every_wrong_pair_gets_the_same_words(clinic, email, password):
    accounts.set_password(clinic.desk, SECRET, FOYER)
    with pytest.raises(Refused, match="do not belong together"):
        accounts.check_password(email, password)


def test_an_unknown_address_costs_a_hash_too(clinic, monkeypatch):
    seen = []
    verify = people._verify
    monkeypatch.setattr(people, "_verify", lambda hashed, password: seen.append(hashed) or verify(hashed, password))
    with pytest.raises(Refused):
        accounts.check_password("nobody@example.com", SECRET)
    assert seen[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_archived_staff_cannot_sign_in(clinic):
    accounts.set_password(clinic.desk, SECRET, FOYER)
    people.archive(clinic.desk, FOYER)
    with pytest.raises(Refused, match="do not belong together"):
        accounts.check_password("desk@example.com", SECRET)


def test_guessing_a_password_is_stopped_even_with_the_right_one(clinic):
    accounts.set_password(clinic.desk, SECRET, FOYER)
    with time_machine.travel(now(), tick=False) as clock:
        for number in range(10):
            with pytest.raises(Refused, match="do not belong together"):
                accounts.check_password("desk@example.com", "wrong", ip=f"10.0.0.{number}")
        with pytest.raises(Refused, match="too many tries"):
            accounts.check_password("desk@example.com", SECRET, ip="10.0.0.99")
        clock.shift(timedelta(minutes=15))
        assert accounts.check_password("desk@example.com", SECRET)
    assert TrailEntry.select().where(TrailEntry.action == "password refused").count() == 10


@pytest.mark.parametrize(
    "password",
    ["short", "x" * 201, "aaaaaaaaaaaaaa", "123456789012", "Password1234", "desk@example.com", "TheTestClinic2026"],
)
def test_a_password_that_anybody_would_guess_is_refused(clinic, password):
    with pytest.raises(Refused) as no:
        people.check_strength(password, "desk@example.com")
    assert no.value.field == "password"


@pytest.mark.parametrize(
    "password", ["a" * 11 + " bcdefg", "drei graue Reiher", "482957103368", "日本語のながいことばですよね"]
)
def test_there_are_no_rules_about_kinds_of_letters(clinic, password):
    assert people.check_strength(password, "desk@example.com") == password


def test_a_new_password_ends_the_other_sessions(clinic):
    here, there = (accounts.open_session(staff=clinic.desk, how="password") for _ in range(2))
    accounts.set_password(clinic.desk, SECRET, sessions.actor_of(accounts.session_of(here)))
    assert accounts.session_of(here)
    assert accounts.session_of(there) is None


def nobody_works_here():
    for table in (Invitation, LoginSession):
        table.delete().execute()
    Provider.update(staff=None).execute()
    Staff.delete().execute()


def token_of(link):
    return link.rpartition("/")[2]


def test_the_first_owner_comes_in_by_a_link_that_works_once(clinic):
    assert accounts.first_owner_link() is None
    nobody_works_here()
    ended, link = accounts.first_owner_link(), accounts.first_owner_link()
    assert link.startswith("http://localhost/staff/setup/")
    assert people.invitation_of(token_of(ended)) is None
    assert token_of(link) not in str(list(Invitation.select().tuples()))
    assert people.accept(token_of(ended), "Eve", "eve@example.com", SECRET) is None
    owner = people.accept(token_of(link), "Olga", "olga@example.com", SECRET)
    assert (owner.role, owner.name, owner.email) == ("owner", "Olga", "olga@example.com")
    assert people.accept(token_of(link), "Eve", "eve@example.com", SECRET) is None
    assert accounts.first_owner_link() is None
    assert Staff.select().count() == 1


def test_the_first_link_works_for_a_day(clinic):
    nobody_works_here()
    with time_machine.travel(now(), tick=False) as clock:
        link = accounts.first_owner_link()
        clock.shift(timedelta(hours=24))
        assert people.accept(token_of(link), "Olga", "olga@example.com", SECRET) is None


def owner_of(clinic):
    return Actor("staff", clinic.owner.id, clinic.owner.name)


def test_an_invitation_makes_a_colleague_with_the_invited_address_and_role(clinic):
    link, _ = people.invite(" New@Example.com", "desk", owner_of(clinic))
    new = people.accept(token_of(link), "Noor", "desk@example.com", SECRET)
    assert (new.email, new.role) == ("new@example.com", "desk")
    assert accounts.check_password("new@example.com", SECRET) == new
    assert people.accept(token_of(link), "Noor", "", SECRET) is None


def test_nobody_is_overwritten_by_an_invitation(clinic):
    with pytest.raises(Refused, match="already"):
        people.invite("Desk@example.com", "owner", owner_of(clinic))
    link, _ = people.invite("new@example.com", "owner", owner_of(clinic))
    Staff.create(name="First", email="new@example.com", role="desk", password_hash="kept")
    assert people.accept(token_of(link), "Eve", "", SECRET) is None
    assert Staff.get(Staff.email == "new@example.com").password_hash == "kept"


def test_a_newer_invitation_and_a_withdrawal_end_the_link(clinic):
    old, _ = people.invite("new@example.com", "desk", owner_of(clinic))
    link, invitation = people.invite("new@example.com", "desk", owner_of(clinic))
    assert people.invitation_of(token_of(old)) is None
    people.withdraw(invitation, owner_of(clinic))
    assert people.invitation_of(token_of(link)) is None
    assert people.open_invitations() == []


def test_two_who_use_one_link_at_once_do_not_both_succeed(clinic, monkeypatch):
    for link, invitation in (
        people.new_password_link(clinic.desk, owner_of(clinic)),
        people.invite("new@example.com", "desk", owner_of(clinic)),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(people, "invitation_of", lambda token, invitation=invitation: invitation)  # read before
            assert people.accept(token_of(link), "First", "", SECRET)
            assert people.accept(token_of(link), "Second", "", SECRET + "!") is None
    assert accounts.check_password("desk@example.com", SECRET)
    assert accounts.check_password("new@example.com", SECRET).name == "First"


def test_a_link_for_a_new_password_signs_the_old_browsers_out(clinic):
    there = accounts.open_session(staff=clinic.desk, how="password")
    link, _ = people.new_password_link(clinic.desk, owner_of(clinic))
    assert people.accept(token_of(link), "Eve", "eve@example.com", SECRET) == clinic.desk
    assert Staff.get_by_id(clinic.desk.id).name == "Dana Desk"
    assert accounts.session_of(there) is None
    assert accounts.check_password("desk@example.com", SECRET)


def test_an_archived_colleague_is_out_and_their_links_are_dead(clinic):
    there = accounts.open_session(staff=clinic.desk, how="password")
    link, _ = people.new_password_link(clinic.desk, owner_of(clinic))
    people.archive(clinic.desk, owner_of(clinic))
    assert accounts.session_of(there) is None
    assert people.accept(token_of(link), "", "", SECRET) is None
    people.restore(clinic.desk, owner_of(clinic))
    assert people.invitation_of(token_of(link)) is None
    assert accounts.session_of(there) is None


def test_the_last_owner_stays_and_nobody_archives_or_promotes_themselves(clinic):
    by_owner, by_desk = owner_of(clinic), Actor("staff", clinic.desk.id, "Dana Desk")
    for rule in (
        lambda: people.archive(clinic.owner, by_desk),
        lambda: people.change_role(clinic.owner, "desk", by_desk),
    ):
        with pytest.raises(Refused, match="only owner"):
            rule()
    for rule in (
        lambda: people.archive(clinic.owner, by_owner),
        lambda: people.change_role(clinic.owner, "desk", by_owner),
    ):
        with pytest.raises(Refused, match="Nobody can"):
            rule()
    people.change_role(clinic.nurse, "owner", by_owner)
    people.archive(clinic.owner, Actor("staff", clinic.nurse.id, "Nia Nurse"))
    assert Staff.get_by_id(clinic.owner.id).archived_at
