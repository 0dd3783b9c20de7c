"""Staff read what became of every message; the demo's mailbox exists only in a demo."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

import settings
from clock import now
from database import write_tx
from models import Delivery, Location, TrailEntry
from rules import codes, outbox, sending
from rules.clinic import home_zone


def put(patient, key, **facts):
    with write_tx():
        outbox.put("email_changed", f"because of {key}", dedupe=key, patient=patient)
        Delivery.update(facts or {"attempts": 0}).where(Delivery.dedupe_key == key).execute()
    return Delivery.get(Delivery.dedupe_key == key)


def test_each_message_says_to_whom_why_and_what_became_of_it(clinic, as_desk):
    put(clinic.ava, "one", status="sent", settled_at=now())
    put(clinic.ben, "two", status="failed", outcome="550 no such person", settled_at=now())
    put(clinic.ben, "three", status="held", outcome="The patient has no e-mail address", settled_at=now())
    put(clinic.ben, "four", status="skipped", outcome="The appointment was cancelled", settled_at=now())
    put(clinic.ben, "five", lease_until=now() + timedelta(minutes=5), failures=3, outcome="451 busy")
    page = as_desk.see("/staff/messages")
    for words in (
        "E-mail address changed", "Ava Moreno", "ava@example.com", "Because of one", "Sent",
        "550 no such person", "Failed", "Held", "Not needed", "The appointment was cancelled",
        "Waiting", "451 busy", "Tried 3 times; the next try is at",
        "1 message could not be sent.",
    ):  # fmt: skip
        assert words in page


def test_the_list_can_be_narrowed_to_what_needs_somebody(clinic, as_desk):
    put(clinic.ava, "one", status="sent")
    put(clinic.ben, "two", status="failed", outcome="550 no")
    page = as_desk.see("/staff/messages?status=failed")
    assert "Because of two" in page
    assert "Because of one" not in page
    assert as_desk.get("/staff/messages?status=nonsense").status_code == 404
    assert as_desk.get("/staff/messages?page=0").status_code == 404
    assert as_desk.get(f"/staff/messages?page={10**30}").status_code == 404


def test_a_failed_message_is_tried_again_and_the_trail_says_by_whom(clinic, as_desk):
    failed = put(clinic.ava, "one", status="failed", outcome="550 no", failures=9, failing_since=now())
    assert as_desk.submit(f"/staff/messages/{failed.id}/again", status="failed").status_code == 303
    again = Delivery.get_by_id(failed.id)
    assert (again.status, again.failures, again.failing_since, again.outcome) == ("waiting", 0, None, "")
    assert TrailEntry.select().where(TrailEntry.action == "message tried again").get().actor_name == "Dana Desk"
    assert as_desk.submit(f"/staff/messages/{failed.id}/again").status_code == 409


def test_a_provider_reads_but_does_not_send(clinic, as_nurse):
    failed = put(clinic.ava, "one", status="failed", outcome="550 no")
    assert "Try again" not in as_nurse.see("/staff/messages")
    assert as_nurse.submit(f"/staff/messages/{failed.id}/again").status_code == 403


def test_the_list_costs_the_same_for_one_message_and_for_forty(clinic, as_desk, queries):
    put(clinic.ava, "first")
    with queries() as one:
        as_desk.see("/staff/messages")
    for number in range(39):
        put(clinic.ben if number % 2 else clinic.ava, str(number))
    with queries() as forty:
        as_desk.see("/staff/messages")
    assert one() == forty()


def test_long_lists_have_pages(clinic, as_desk, monkeypatch):
    monkeypatch.setattr(outbox, "PER_PAGE", 2)
    for number in range(5):
        put(clinic.ava, f"number {number}")
    first, last = as_desk.see("/staff/messages"), as_desk.see("/staff/messages?page=3")
    assert "Page 1 of 3" in first
    assert "Because of number 4" in first
    assert "Because of number 0" in last
    assert "Older" not in last


# --- the demo's mailbox ---------------------------------------------------------------------------


@pytest.fixture
def mailbox(app, tmp_path):
    """The mail folder of a demo clinic."""
    kept = settings.current()
    (tmp_path / "mail").mkdir()
    settings.use(replace(kept, data_dir=tmp_path, demo=True))
    yield tmp_path / "mail"
    settings.use(kept)


def test_a_real_clinic_has_no_mailbox_page(clinic, nobody):
    codes.ask_code("ava@example.com", "signin", "browser", patient=clinic.ava)
    sending.send_due()
    [*_, newest] = sorted((settings.current().data_dir / "mail").glob("*.eml"))
    assert nobody.get("/demo/mailbox").status_code == 404
    assert nobody.get(f"/demo/mailbox/{newest.name}").status_code == 404


def test_a_real_clinic_has_none_even_before_its_first_letter(clinic, mailbox, nobody):
    settings.use(replace(settings.current(), demo=False))
    assert nobody.get("/demo/mailbox").status_code == 404


def test_only_a_marked_folder_is_a_demo(tmp_path):
    environ = {"DATA_DIR": str(tmp_path)}
    (tmp_path / "demo").mkdir()
    assert not settings.from_environment(environ).demo, "./var/demo lies in ./var"
    (tmp_path / "demo").rmdir()
    (tmp_path / "demo").touch()
    assert settings.from_environment(environ).demo


def test_the_demo_shows_its_letters_newest_first(clinic, mailbox, nobody):
    code = codes.ask_code("ava@example.com", "signin", "browser", patient=clinic.ava)
    put(clinic.ben, "later", due_at=now())
    sending.send_due()
    page = nobody.see("/demo/mailbox")
    assert page.index("The e-mail address of your account was changed") < page.index("Your sign-in code")
    assert codes.digits_of(code) in page
    first = sorted(mailbox.iterdir())[0].name
    letter = nobody.see(f"/demo/mailbox/{first}")
    assert codes.digits_of(code) in letter
    assert "Ava Moreno &lt;ava@example.com&gt;" in letter


@pytest.mark.parametrize(
    "name", ["..%2fsecret_key", "secret_key", ".hidden.eml", "20260101T000000.000000Z-abcdef01.eml"]
)
def test_the_mailbox_opens_letters_and_nothing_else(clinic, mailbox, nobody, name):
    (mailbox / "secret_key").write_text("secret")
    assert nobody.get(f"/demo/mailbox/{name}").status_code == 404


def test_times_are_told_on_the_clock_of_the_first_place_that_is_open(clinic, as_desk):
    put(clinic.ben, "one")
    Location.update(archived_at=now()).where(Location.id == clinic.soho.id).execute()
    assert home_zone() == "Europe/London"
    page = as_desk.see("/staff/messages")
    assert not re.search(r"\bE[SD]T\b", page)
    assert re.search(r"\b(GMT|BST)\b", page)
