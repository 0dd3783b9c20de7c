"""The first start of a real clinic: what is refused or warned of in one sentence, and how an owner gets back in."""

import re
from dataclasses import replace

import pytest
from peewee import OperationalError

import commands
import settings
from models import Staff
from rules import desk, people
from rules.refused import Refused
from tests.process import Process


def chosen(tmp_path, **environ):
    return settings.from_environment({"DATA_DIR": str(tmp_path), **environ})


@pytest.fixture
def mailing():
    """The portal's settings with a mail server, for as long as the test wants them."""
    kept = settings.current()
    settings.use(replace(kept, mail_url="smtp://mail.example.com"))
    yield
    settings.use(kept)


def test_a_clinic_without_a_mail_server_is_warned_at_the_start(tmp_path):
    (words,) = settings.warnings(chosen(tmp_path))
    assert "MAIL_URL" in words
    assert "cannot sign in" in words
    assert settings.warnings(chosen(tmp_path, MAIL_URL="smtp://mail.example.com")) == []
    (tmp_path / "demo").write_text("a demo")
    assert settings.warnings(chosen(tmp_path)) == []


def test_https_without_a_trusted_proxy_is_warned_of_at_the_start(tmp_path):
    mail = {"MAIL_URL": "smtp://mail.example.com", "BASE_URL": "https://portal.example.com"}
    (words,) = settings.warnings(chosen(tmp_path, **mail))
    assert "TRUSTED_PROXIES" in words
    assert settings.warnings(chosen(tmp_path, TRUSTED_PROXIES="1", **mail)) == []


def test_the_owner_reads_that_mail_goes_to_a_folder(clinic, as_owner, as_desk):
    assert "Mail goes to a folder" in as_owner.see("/staff")
    assert "Mail goes to a folder" in as_desk.see("/staff/messages")


def test_with_a_mail_server_nobody_reads_about_a_folder(clinic, as_owner, mailing):
    assert "Mail goes to a folder" not in as_owner.see("/staff/messages")
    assert all("folder" not in words for words, _, _ in desk.first_steps())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.20", "::"])
def test_listening_to_others_needs_the_address_that_they_will_type(tmp_path, host):
    with pytest.raises(settings.BadSetting, match="BASE_URL"):
        chosen(tmp_path, HOST=host)
    assert chosen(tmp_path, HOST=host, BASE_URL="http://192.168.1.20:8000").base_url == "http://192.168.1.20:8000"


def test_another_name_for_the_portal_says_which_one_is_right(clinic, nobody):
    answer = nobody.get("/sign-in", base_url="http://192.168.1.20:8000")
    assert answer.status_code == 400
    assert "BASE_URL" in answer.text
    assert settings.current().base_url in answer.text


def test_an_only_owner_who_forgot_the_password_gets_a_link(clinic):
    found = people.owner_link()
    token = re.search(r"/staff/setup/(\S+)", found).group(1)
    assert people.accept(token, "", "", "plenty of words in a row").id == clinic.owner.id
    assert Staff.get_by_id(clinic.owner.id).password_hash != ""


def test_of_several_owners_one_must_be_named(clinic):
    other = Staff.create(name="Otto Owner", email="otto@example.com", role="owner")
    with pytest.raises(Refused, match="Which owner"):
        people.owner_link()
    token = re.search(r"/staff/setup/(\S+)", people.owner_link("Otto@example.com")).group(1)
    assert people.invitation_of(token).staff_id == other.id
    with pytest.raises(Refused, match="owner"):
        people.owner_link(clinic.desk.email)


def test_the_command_prints_the_link(clinic):
    said = clinic.app.test_cli_runner().invoke(args=["owner-link"]).output
    assert "/staff/setup/" in said
    assert clinic.owner.name in said


def test_a_database_that_does_not_answer_is_one_sentence_without_the_password(app, monkeypatch):
    def away():
        raise OperationalError("connection refused\nmore lines")

    monkeypatch.setattr(commands, "migrate", away)
    kept = settings.current()
    settings.use(replace(kept, database_url="postgresql://foyer:s3cret@db.example.com:5432/foyer"))
    try:
        said = app.test_cli_runner().invoke(args=["migrate"])
    finally:
        settings.use(kept)
    assert said.exit_code == 1
    assert "db.example.com:5432/foyer does not answer: connection refused" in said.output
    assert "s3cret" not in said.output
    assert "Traceback" not in said.output


def test_what_the_portal_writes_is_for_its_user_alone(tmp_path):
    portal_of_its_own = Process(tmp_path)
    portal_of_its_own.command("migrate")
    assert (portal_of_its_own.folder / "foyer.db").stat().st_mode & 0o077 == 0
