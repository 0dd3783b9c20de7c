"""When something breaks: kind words and a number, nothing half-done, and no person's words in a log or a page."""

import logging
import re
import runpy
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from gunicorn.config import Config
from peewee import OperationalError
from playhouse.pool import MaxConnectionsExceeded

import database
from database import db, is_sqlite
from models import Appointment, Charge, Delivery, Fault, LoginSession, Staff
from rules import faults, instructions, letters, people
from rules.refused import Refused
from tests.conftest import SECRET
from tests.house import world as w

PERSONAL = "ava@example.com said: I take warfarin"
REFERENCE = re.compile(r'class="reference">([2-9A-Z]{4}-[2-9A-Z]{4})<')


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(w.MONDAY, tick=False)


@pytest.fixture
def world(clinic, monday):
    return w.build(clinic)


@pytest.fixture
def log():
    """What the portal's own log would hold, line by line."""
    lines, root = [], logging.getLogger()

    class Kept(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    kept = Kept()
    kept.setFormatter(faults.Discreet("%(levelname)s %(name)s %(message)s"))
    root.addHandler(kept)
    yield lines
    root.removeHandler(kept)


def breaks(*_args, **_kwargs):
    raise RuntimeError(PERSONAL)


def test_a_fault_in_a_rule_leaves_a_number_and_nothing_half_done(clinic, world, as_ava, as_owner, monkeypatch, log):
    before = w.digest()
    monkeypatch.setattr(instructions, "withdraw", breaks)  # the last step but one of cancelling
    answer = as_ava.submit(f"/appointments/{world.visit.id}/cancellation", shown="0")
    assert answer.status_code == 500
    assert w.digest() == before
    assert Appointment.get_by_id(world.visit.id).status == "booked"
    [reference] = REFERENCE.findall(answer.text)
    for leaked in (PERSONAL, "warfarin", "Traceback", "RuntimeError", "rules/", ".py"):
        assert leaked not in answer.text
    fault = Fault.get(Fault.reference == reference)
    assert (fault.route, fault.error) == ("appointments.cancel", "RuntimeError")
    assert "rules/cancelling.py:" in fault.place
    assert PERSONAL not in repr(fault.__data__)
    page = as_owner.see(f"/staff/faults?q={reference.lower().replace('-', '')}")
    assert reference in page
    assert "warfarin" not in page
    assert reference in "\n".join(log)
    assert "warfarin" not in "\n".join(log)
    monkeypatch.undo()
    assert as_ava.submit(f"/appointments/{world.visit.id}/cancellation", shown="0").status_code == 303


def test_a_fault_that_cannot_be_stored_tells_the_log_no_more(clinic, as_ava, monkeypatch, log):
    """The second exception has the first one behind it, with its text."""
    monkeypatch.setattr("rules.visits.upcoming", breaks)
    monkeypatch.setattr(Fault, "create", breaks)
    answer = as_ava.get("/")
    assert answer.status_code == 500
    assert "warfarin" not in answer.text + "\n".join(log)
    assert "could not be stored" in "\n".join(log)


def test_a_fault_outside_of_a_page_tells_no_more(clinic, as_ava, monkeypatch, log):
    """After the page, where Flask would write the exception into the log by itself."""
    monkeypatch.setattr("portal.HEADERS", {"X": None})
    monkeypatch.setattr("werkzeug.datastructures.Headers.setdefault", breaks)
    answer = as_ava.get("/")
    assert answer.status_code == 500
    assert "warfarin" not in answer.text + "\n".join(log)
    assert Fault.select().count() == 1


def test_without_a_database_there_is_still_a_plain_page(clinic, as_ava, monkeypatch, log):
    def away(*_args, **_kwargs):
        raise OperationalError(f"connection to server failed: {PERSONAL}")

    with monkeypatch.context() as broken:
        broken.setattr(type(db.obj), "execute_sql", away)
        answers = [as_ava.get("/"), as_ava.get("/nowhere"), as_ava.post("/sign-in", data={"email": "x"})]
        healthy = as_ava.get("/healthz")
    assert [answer.status_code for answer in answers] == [500, 404, 400]
    for answer in answers:
        assert answer.text.count("<h1>") == 1
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert healthy.status_code == 200
    assert "warfarin" not in "\n".join(log) + "".join(answer.text for answer in answers)


def hold_the_database(url):
    """Another process that writes and does not come to an end."""
    if is_sqlite():
        other = database.sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        return other
    other = psycopg.connect(url)
    other.execute("SELECT pg_advisory_xact_lock(%s)", (database.ONE_WRITER,))
    return other


def test_a_held_database_answers_busy_and_changes_nothing(clinic, world, as_ava, database_url, monkeypatch):
    address, before, token = f"/appointments/{world.visit.id}/cancellation", w.digest(), as_ava.token()
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.05)
    if is_sqlite():
        db.execute_sql("PRAGMA busy_timeout = 50")
    other = hold_the_database(database_url)
    try:
        answer = as_ava.post(address, data={"csrf_token": token, "shown": "0"})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert "very busy" in answer.text
        for page in ("/", "/appointments", f"/appointments/{world.visit.id}", "/booking"):
            assert as_ava.get(page).status_code == 200, "reading needs no turn"
    finally:
        other.close()
    assert w.digest() == before
    assert Fault.select().count() == 0
    assert as_ava.post(address, data={"csrf_token": token, "shown": "0"}).status_code == 303


def test_more_readers_than_connections_are_asked_to_come_again(clinic, as_ava, monkeypatch):
    def full(*_args, **_kwargs):
        raise MaxConnectionsExceeded("Max connections exceeded, timed out attempting to connect.")

    monkeypatch.setattr("rules.visits.upcoming", full)
    answer = as_ava.get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_no_that_no_page_expected_is_a_409_in_its_own_words(clinic, world, as_owner, monkeypatch):
    def no(*_args, **_kwargs):
        raise Refused("The moon is full.")

    monkeypatch.setattr("rules.outbox.try_again", no)
    answer = as_owner.submit(f"/staff/messages/{world.failed.id}/again")
    assert answer.status_code == 409
    assert "The moon is full." in answer.text
    assert Fault.select().count() == 0


def test_a_charge_is_not_lost_with_a_fault_after_it(clinic, world, as_ava, monkeypatch):
    """Cancelling late: the charge and the cancellation stand or fall together."""
    late = w.booked(clinic, clinic.peel, w.TUESDAY.replace(hour=18))
    charges = Charge.select().count()
    monkeypatch.setattr("rules.outbox.put", breaks)
    assert as_ava.submit(f"/appointments/{late.id}/cancellation", shown="5000").status_code == 500
    assert (Appointment.get_by_id(late.id).status, Charge.select().count()) == ("booked", charges)


# --- secrets ---


def test_no_page_and_no_log_line_tells_a_secret(clinic, world, as_ava, as_owner, as_nurse, nobody, log):
    ben = clinic.ben.email
    Staff.update(password_hash=people.hash_of("a long enough password")).execute()
    tokens = [browser.get_cookie("foyer").value for browser in (as_ava, as_owner, as_nurse)]
    digests = [row.token_digest for row in LoginSession.select()] + [world.invitation.token_digest]
    never = [SECRET, "$argon2", world.membership.request_key, world.visit.request_key, *tokens, *digests]
    pages = 0
    browsers = ((as_ava, "patient"), (as_owner, "staff"), (as_nurse, "staff"), (nobody, "everyone"))
    for browser, kind in browsers:
        for address, answer in w.every_page(browser, world, kind):
            told = answer.text.replace(answer.headers.get("Set-Cookie", "-"), "")
            here = [secret for secret in never if secret in told]
            assert here == [], address
            if kind != "staff":
                assert not re.search(rf"{ben}|owner@|desk@|provider@|Okafor|Olive|Dana Desk", told), address
            pages += 1
    assert pages > 80
    lines = "\n".join(log)
    assert not re.search(r"ava@|Moreno|Lines|csrf|\?", lines)
    assert [secret for secret in never if secret in lines] == []


def test_no_address_and_no_subject_names_a_treatment(clinic, world, as_ava):
    health = re.compile(r"wrinkle|peel|botox|history|consent|pregnan|allerg|ava|moreno|@", re.I)
    for address, answer in w.every_page(as_ava, world, "patient"):
        links = re.findall(r'(?:href|action|hx-get|hx-post)="([^"]*)"', answer.text)
        links = [link for link in links if not link.startswith(("#", "mailto:", "tel:", "/static/"))]
        assert [link for link in links if health.search(link)] == [], address
    told = 0
    for delivery in Delivery.select():
        try:
            subject = letters.compose(delivery).subject
        except letters.NotNow:
            continue
        assert not health.search(subject), subject
        told += 1
    assert told > 4


def test_the_access_log_has_no_query_and_no_one_time_link(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    conf = runpy.run_path(str(Path(database.__file__).parent / "gunicorn.conf.py"))
    logger, lines = conf["DiscreetLogger"](Config()), []
    monkeypatch.setattr(logger.access_log, "info", lambda line, *args: lines.append(line % args))
    monkeypatch.setattr(logger.error_log, "warning", lambda line, *args, **_: lines.append(line % args))
    monkeypatch.setattr(logger.error_log, "error", lambda line, *args, **_: lines.append(line % args))
    environ = {
        "PATH_INFO": "/staff/setup/the-one-time-link", "QUERY_STRING": "q=Ava", "REQUEST_METHOD": "GET",
        "HTTP_REFERER": "http://localhost/?q=Ava", "REMOTE_ADDR": "203.0.113.9", "HTTP_USER_AGENT": "A browser",
        "RAW_URI": "/staff/setup/the-one-time-link?q=Ava",
    }  # fmt: skip
    logger.access(SimpleNamespace(status="200 OK"), None, environ, timedelta(milliseconds=4))
    logger.access(SimpleNamespace(status="303 SEE OTHER"), None, {**environ, "PATH_INFO": "/h/a-secret"}, timedelta(0))
    assert lines.pop() == "GET /h/... 303 0 ms"
    try:
        breaks()
    except RuntimeError:
        logger.exception("Error handling request %s", "/staff/patients?q=Ava")
    logger.warning("Invalid HTTP request line: 'GET /\xff?q=ava@example.com HTTP/1.1'")
    assert lines[0] == "GET /staff/setup/... 200 4 ms"
    assert lines[1].startswith("Error handling request: RuntimeError at tests/house/test_faults.py:")
    assert lines[2] == "Invalid HTTP request line: 'GET /\xff?... HTTP/1.1'"
    assert len(lines) == 3
