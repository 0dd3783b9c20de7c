"""Letters over a real wire, and into a folder: what went, and which failures are for ever."""

import os
import socket
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

import settings
from gateways import mail
from tests.mailserver import MailServer

TO = "ava@example.com"


@pytest.fixture
def letter():
    letter = EmailMessage(policy=policy.SMTP)
    letter["From"], letter["To"], letter["Subject"] = "The Clinic <hello@example.com>", TO, "Grüße"
    letter["Message-ID"] = "<one@localhost>"
    letter.set_content("Zwölf Wörter.\n.\nA dot on a line of its own ends nothing.\n")
    return letter


@pytest.fixture
def server():
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def at(app, server):
    """`at()` points MAIL_URL at the server, once it runs; `at("user:password@")` with a password."""
    kept = settings.current()

    def use(who="", url=None):
        if url is None:
            server.start()
        settings.use(replace(kept, mail_url=url or server.url(who)))

    yield use
    settings.use(kept)


def test_a_letter_arrives_whole(at, server, letter):
    at()
    mail.send(letter, TO)
    [arrived] = server.taken
    assert arrived["Subject"] == "Grüße"
    assert arrived["Message-ID"] == "<one@localhost>"
    assert "Zwölf Wörter.\n.\nA dot" in arrived.get_content().replace("\r\n", "\n")
    assert server.asked == [(TO, False)]


@pytest.mark.parametrize("answer", ["550 5.1.1 no such person", "553 not here"])
def test_a_refused_address_is_refused_for_good_with_the_reason(at, server, letter, answer):
    server.rcpt = answer
    at()
    with pytest.raises(mail.NeverDeliverable) as no:
        mail.send(letter, TO)
    assert no.value.reason == answer


def test_a_busy_mailbox_is_tried_later(at, server, letter):
    server.rcpt = "451 4.2.1 greylisted"
    at()
    with pytest.raises(mail.TryLater) as no:
        mail.send(letter, TO)
    assert type(no.value) is mail.TryLater
    assert no.value.reason == "451 4.2.1 greylisted"


@pytest.mark.parametrize(
    ("answer", "kind"), [("554 looks like spam", mail.NeverDeliverable), ("452 disk full", mail.TryLater)]
)
def test_a_refused_text_is_judged_by_its_number(at, server, letter, answer, kind):
    server.data = answer
    at()
    with pytest.raises(kind) as no:
        mail.send(letter, TO)
    assert type(no.value) is kind
    assert no.value.reason == answer


def test_a_server_that_hangs_up_after_the_text_may_have_it_so_it_is_tried_later(at, server, letter):
    server.hang_up_after_data = True
    at()
    with pytest.raises(mail.TryLater) as no:
        mail.send(letter, TO)
    assert type(no.value) is mail.TryLater, "one letter's trouble must not hold up the others"
    assert len(server.taken) == 1


def test_a_server_that_is_down_is_away(at, letter):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        at(url=f"smtp://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(mail.ServerAway) as no:
            mail.send(letter, TO)
    assert "cannot be reached" in no.value.reason


def test_a_server_that_never_answers_is_away(at, letter, monkeypatch):
    monkeypatch.setattr(mail, "SECONDS", 0.2)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        at(url=f"smtp://127.0.0.1:{mute.getsockname()[1]}")
        with pytest.raises(mail.ServerAway) as no:
            mail.send(letter, TO)
    assert "no answer within" in no.value.reason


def test_a_server_that_refuses_our_own_address_is_away_for_all(at, server, letter):
    server.mail = "550 we do not relay for you"
    at()
    with pytest.raises(mail.ServerAway):
        mail.send(letter, TO)


def test_a_letter_that_is_too_large_is_refused_for_good(at, server, letter):
    server.mail = "552 too large"
    at()
    with pytest.raises(mail.NeverDeliverable):
        mail.send(letter, TO)


def test_encryption_is_used_where_it_is_offered(at, server, letter):
    server.encrypts = True
    at()
    mail.send(letter, TO)
    assert server.asked == [(TO, True)]


def test_a_password_goes_only_over_an_encrypted_line(at, server, letter):
    server.encrypts, server.user, server.password = True, "clinic@example.com", "p@ss/word"
    at("clinic%40example.com:p%40ss%2Fword@")
    mail.send(letter, TO)
    assert server.asked == [(TO, True)]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_password_is_not_sent_to_a_server_without_encryption(at, server, letter):
    server.user, server.password = "clinic", "secret"
    at("clinic:secret@")
    with pytest.raises(mail.ServerAway) as no:
        mail.send(letter, TO)
    assert "no encryption" in no.value.reason
    assert not server.asked


def test_a_wrong_password_is_the_settings_fault_not_the_letters(at, server, letter):
    server.encrypts, server.user, server.password = True, "clinic", "secret"
    at("clinic:wrong@")
    with pytest.raises(mail.ServerAway) as no:
        mail.send(letter, TO)
    assert "secret" not in no.value.reason
    assert "wrong" not in no.value.reason.split("535")[-1]


def test_another_machines_certificate_is_checked():
    assert mail._trust("mail.example.com").check_hostname
    assert not mail._trust("127.0.0.1").check_hostname


def test_without_a_server_each_letter_is_a_file(app, letter, tmp_path):
    for number in range(3):
        letter.replace_header("Message-ID", f"<{number}@localhost>")
        mail.to_folder(tmp_path, letter)
    files = sorted(tmp_path.iterdir())
    assert [message_from_bytes(f.read_bytes())["Message-ID"] for f in files] == [f"<{n}@localhost>" for n in range(3)]
    assert all(f.suffix == ".eml" and "ava" not in f.name for f in files)
    assert all(f.stat().st_mode & 0o077 == 0 for f in files), "only the clinic's own user may read them"


def test_a_folder_that_is_full_holds_no_half_letter(app, letter, tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(mail.ServerAway) as no:
        mail.to_folder(tmp_path, letter)
    assert "No space left" in no.value.reason
    assert not list(tmp_path.iterdir())
