"""Signatures that stand up: real drawings only, complete evidence, and a change that shows."""

import json
import re

import pytest
from peewee import IntegrityError

from clock import now
from database import db, is_sqlite, write_tx
from models import Signature, Task, TrailEntry
from rules import consents, signing
from rules.refused import Refused
from tests.rules.test_paperwork import NOON, actor, begin, fresh, sign


def line(*points):
    return {
        "points": [{"x": x, "y": y, "time": 1_700_000_000_000 + n, "pressure": 0.5} for n, (x, y) in enumerate(points)]
    }


DRAWN = [line((10, 40), (40.123456, 12), (80, 44), (120, 20)), line((60, 30))]


def test_a_drawn_signature_is_kept_with_all_its_evidence(clinic):
    _, tasks = begin(clinic, NOON)
    sign(tasks["consent"], method="drawn", full_name="Somebody Else", strokes=json.dumps(DRAWN))
    row = consents.signature_as(tasks["consent"], "patient")
    assert (row.method, row.signer_name) == ("drawn", "Ava Moreno"), "a drawing is the signed-in patient's own"
    assert row.shown_text == "Consent to wrinkle relaxing\n\nI understand the **risks**."
    assert (row.ip, row.agent, row.session_number) == ("203.0.113.9", "A browser", 1)
    assert (row.signed_in_how, row.time_zone) == ("email code", "America/New_York")
    assert row.version_digest == fresh(tasks["consent"]).version.digest
    assert row.strokes[0]["points"][1] == {"x": 40.12, "y": 12.0, "time": 1_700_000_000_001, "pressure": 0.5}
    assert signing.verify(row)
    entry = TrailEntry.get(TrailEntry.action == "signed")
    assert entry.details["evidence"] == row.evidence_digest
    assert "risks" not in json.dumps(entry.details)


def test_a_typed_name_counts_the_same(clinic):
    _, tasks = begin(clinic, NOON)
    sign(tasks["consent"], full_name="  Ava   Moreno ", strokes=json.dumps(DRAWN))
    row = consents.signature_as(tasks["consent"], "patient")
    assert (row.method, row.signer_name, row.strokes) == ("typed", "Ava Moreno", None)
    assert signing.verify(row)


@pytest.mark.parametrize(
    ("strokes", "words"),
    [
        ("", "Sign with your finger"),
        (None, "Sign with your finger"),
        ("[]", "Sign with your finger"),
        ([{"points": []}], "Sign with your finger"),
        ([line((50, 50))], "only a dot"),
        ([line((50, 50)), line((90, 90)), line((10, 10))], "only a dot"),
        ([line((50, 50), (55, 55), (60, 52))], "only a dot"),
        ([line((-9e9, 50), (-8e9, 50))], "only a dot"),
        ("not json", "did not arrive whole"),
        ("[" * 100_000, "did not arrive whole"),
        ("{}", "Sign with your finger"),
        ('{"points": 1}', "did not arrive whole"),
        ("7", "did not arrive whole"),
        ("[[1, 2]]", "did not arrive whole"),
        ('[{"points": [{"x": NaN, "y": 1}, {"x": 90, "y": 90}]}]', "did not arrive whole"),
        ('[{"points": [{"x": Infinity, "y": 1}, {"x": 90, "y": 90}]}]', "did not arrive whole"),
        ('[{"points": [{"x": "1", "y": 1}, {"x": 90, "y": 90}]}]', "did not arrive whole"),
        ('[{"points": [{"x": true, "y": 1}, {"x": 90, "y": 90}]}]', "did not arrive whole"),
        ('[{"points": [{"x": 1%s, "y": 1}]}]' % ("0" * 400), "did not arrive whole"),
        ('[{"points": [{"y": 1}, {"x": 90, "y": 90}]}]', "did not arrive whole"),
        ([line(*[(n % 300, 9) for n in range(20_001)])], "too long"),
    ],
)  # fmt: skip
def test_an_empty_a_one_dot_or_a_broken_drawing_is_refused(strokes, words):
    with pytest.raises(Refused) as no:
        signing.cleaned(strokes)
    assert words in no.value.words
    assert no.value.field == "strokes"


def test_a_refused_drawing_signs_nothing(clinic):
    _, tasks = begin(clinic, NOON)
    for facts, field in (
        ({"method": "drawn", "strokes": [line((5, 5))]}, "strokes"),
        ({"full_name": " - "}, "full_name"),
        ({"full_name": ""}, "full_name"),
        ({"full_name": "x" * 161}, "full_name"),
        ({"method": "stamped"}, "method"),
        ({"agreed": False}, "agreed"),
    ):
        with pytest.raises(Refused) as no:
            sign(tasks["consent"], **facts)
        assert no.value.field == field
    assert fresh(tasks["consent"]).status == "open"
    assert not Signature.select().exists()


def test_a_task_is_signed_once(clinic):
    _, tasks = begin(clinic, NOON)
    assert sign(tasks["consent"])
    assert not sign(tasks["consent"], full_name="Somebody Else")
    assert Signature.select().count() == 1
    with pytest.raises(IntegrityError), write_tx():
        signing.sign(
            patient=clinic.ava, by=actor(clinic.ava), text="x", version_digest="x", method="typed",
            signer_name="Ava Moreno", task=Task.get_by_id(tasks["consent"].id), time_zone="UTC",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("signer_name", "Ben Okafor"),
        ("shown_text", "I agree to everything."),
        ("ip", "198.51.100.1"),
        ("time_zone", "Europe/London"),
        ("signed_at", "2020-01-01 00:00:00.000000+00:00"),
        ("strokes", '[{"points": [{"x": 1.0, "y": 1.0, "time": 0, "pressure": 0.5}]}]'),
        ("patient_id", 2),
    ],
)
def test_any_change_to_what_was_signed_is_found(clinic, column, value):
    _, tasks = begin(clinic, NOON)
    sign(tasks["consent"], method="drawn", strokes=DRAWN)
    with pytest.raises(IntegrityError), write_tx():
        Signature.update(signer_name="x").execute()
    assert signing.verify(Signature.get())
    for trigger in ("signature_frozen_update",) if is_sqlite() else ("signature_frozen",):
        db.execute_sql(f"DROP TRIGGER {trigger}" + ("" if is_sqlite() else " ON signature"))
    db.execute_sql(f"UPDATE signature SET {column} = {'?' if is_sqlite() else '%s'}", (value,))
    assert not signing.verify(Signature.get())


def test_a_changed_text_shows_even_when_its_own_digest_was_changed_too(clinic):
    _, tasks = begin(clinic, NOON)
    sign(tasks["consent"])
    row = consents.signature_as(tasks["consent"], "patient")
    row.shown_text = "Other words"
    row.shown_digest = signing.sha256(row.shown_text.encode()).hexdigest()
    assert not signing.verify(row)


def test_the_drawing_is_made_of_numbers_only():
    shown = signing.svg(signing.cleaned(DRAWN))
    assert shown.startswith("<svg ")
    assert re.fullmatch(r'[\w\s<>/="\-.,]*', shown)
    assert "NaN" not in shown
    assert shown.count("<path") == 1
    assert shown.count("<circle") == 1


def test_the_moment_of_signing_is_now(clinic, time_machine):
    _, tasks = begin(clinic, NOON)
    time_machine.move_to(NOON, tick=False)
    sign(tasks["consent"])
    assert consents.signature_as(tasks["consent"], "patient").signed_at == NOON == now()


def test_a_plain_signature_of_the_first_days_still_verifies(clinic):
    """Signed before roles and details existed: its evidence was computed without them."""
    _, tasks = begin(clinic, NOON)
    row = Signature(
        task=tasks["consent"], patient=clinic.ava, method="typed", signer_name="Ava Moreno", shown_text="I agree.",
        shown_digest=signing.sha256(b"I agree.").hexdigest(), version_digest="0" * 64, signed_at=NOON,
        time_zone="America/New_York", ip="203.0.113.9", agent="A browser", session_number=1,
        signed_in_how="email code",
    )  # fmt: skip
    told = [
        row.task_id, None, clinic.ava.id, "typed", "Ava Moreno", None, "I agree.", row.shown_digest, "0" * 64,
        "2026-03-03T17:00:00.000000+00:00", "America/New_York", "203.0.113.9", "A browser", 1, "email code",
    ]  # fmt: skip
    row.evidence_digest = signing.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()
    row.save(force_insert=True)
    assert signing.verify(Signature.get())


COLUMNS = {
    "membership_id": None, "patient_id": 2, "method": "drawn", "signer_name": "Ben Okafor",
    "strokes": '[{"points": [{"x": 1.0, "y": 1.0, "time": 0, "pressure": 0.5}]}]', "shown_text": "I agree to all.",
    "shown_digest": "0" * 64, "version_digest": "0" * 64, "signed_at": "2020-01-01 00:00:00.000000+00:00",
    "time_zone": "Europe/London", "ip": "198.51.100.1", "agent": "Another", "session_number": 7,
    "signed_in_how": "password", "evidence_digest": "0" * 64, "role": "guardian", "task_id": None,
    "details": '{"initials": {"risks": "XX"}}',
}  # fmt: skip


def test_every_column_is_part_of_the_evidence():
    assert {field.column_name for field in Signature._meta.sorted_fields} - {"id"} == set(COLUMNS)


@pytest.mark.parametrize("column", sorted(set(COLUMNS) - {"membership_id", "task_id"}))
def test_a_change_of_any_column_is_found(clinic, column):
    _, tasks = begin(clinic, NOON)
    sign(tasks["consent"])
    for trigger in ("signature_frozen_update",) if is_sqlite() else ("signature_frozen",):
        db.execute_sql(f"DROP TRIGGER {trigger}" + ("" if is_sqlite() else " ON signature"))
    db.execute_sql(f"UPDATE signature SET {column} = {'?' if is_sqlite() else '%s'}", (COLUMNS[column],))
    assert not signing.verify(Signature.get())


def test_a_signature_that_is_moved_to_another_task_is_found(clinic):
    _, tasks = begin(clinic, NOON)
    sign(tasks["consent"])
    for trigger in ("signature_frozen_update",) if is_sqlite() else ("signature_frozen",):
        db.execute_sql(f"DROP TRIGGER {trigger}" + ("" if is_sqlite() else " ON signature"))
    Signature.update(task=tasks["questionnaire"]).execute()
    assert not signing.verify(Signature.get())


def test_a_text_that_does_not_fit_its_own_hash_is_found_even_under_new_evidence(clinic):
    _, tasks = begin(clinic, NOON)
    sign(tasks["consent"])
    row = consents.signature_as(tasks["consent"], "patient")
    row.shown_text = "Other words"
    row.evidence_digest = signing.evidence_digest(row)
    assert not signing.verify(row)
