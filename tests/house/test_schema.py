"""The migrations make exactly the tables that tables/ tells of, and the database refuses what must never happen."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from peewee import IntegrityError
from playhouse.migrations import Runner

from clock import now
from database import db, is_sqlite, write_tx
from models import MODELS, Appointment, Policy, TrailEntry
from rules import trail
from rules.actor import FOYER


def test_migrations_make_the_tables_of_the_models(clinic):
    for model in MODELS:
        table, meta = model._meta.table_name, model._meta
        told = {(field.column_name, field.null) for field in meta.sorted_fields}
        assert {(column.name, column.null) for column in db.get_columns(table)} == told, table
        there = {(tuple(index.columns), index.unique) for index in db.get_indexes(table)}
        for index in meta.fields_to_index():
            columns = tuple(field.column_name for field in index._expressions)
            assert (columns, bool(index._unique)) in there, f"{table} has no index over {columns}"


def test_the_first_migration_knows_nothing_of_the_models():
    """A field that is added later must come from its own migration, on a new machine too."""
    for step in (Path(__file__).resolve().parents[2] / "migrations").glob("0*.py"):
        assert "import models" not in step.read_text().replace("from models import", "import models"), step.name


def test_migrations_go_down_and_up_again(clinic):
    steps = Runner(db.obj, str(Path(__file__).resolve().parents[2] / "migrations"))
    steps.down("0001_first_light")
    assert [table for table in db.get_tables() if table != "schema_migration"] == []
    steps.up()
    assert TrailEntry.select().count() == 0


def visit(clinic, **differs):
    start = now() + timedelta(days=3)
    facts = {
        "patient": clinic.ava,
        "service": clinic.peel,
        "provider": clinic.dr_lin,
        "location": clinic.soho,
        "starts_at": start,
        "ends_at": start + timedelta(hours=1),
        "currency": "USD",
        "request_key": uuid4().hex,
    }
    return Appointment.create(**{**facts, **differs})


def test_two_live_appointments_of_a_provider_cannot_overlap(clinic):
    first = visit(clinic)
    late = timedelta(minutes=59)
    with pytest.raises(IntegrityError), write_tx():
        visit(clinic, patient=clinic.ben, starts_at=first.starts_at + late, ends_at=first.ends_at + late)
    visit(clinic, patient=clinic.ben, starts_at=first.ends_at, ends_at=first.ends_at + timedelta(hours=1))


def test_two_live_appointments_of_a_patient_cannot_overlap(clinic):
    visit(clinic)
    with pytest.raises(IntegrityError), write_tx():
        visit(clinic, provider=clinic.other_provider)


def test_a_cancelled_appointment_frees_its_time_and_cannot_come_back_onto_another(clinic):
    first = visit(clinic)
    Appointment.update(status="cancelled").where(Appointment.id == first.id).execute()
    visit(clinic, patient=clinic.ben)
    with pytest.raises(IntegrityError), write_tx():
        Appointment.update(status="booked").where(Appointment.id == first.id).execute()


def test_what_is_frozen_refuses_changes(clinic):
    with pytest.raises(IntegrityError), write_tx():
        Policy.update(text="Other words").execute()
    with pytest.raises(IntegrityError), write_tx():
        Policy.delete().execute()


def test_the_trail_is_append_only_and_a_removed_line_shows(clinic):
    for action in ("first", "second", "third"):
        with write_tx():
            trail.record(FOYER, action, "test 1")
    assert trail.first_break() is None
    with pytest.raises(IntegrityError), write_tx():
        TrailEntry.delete().where(TrailEntry.action == "second").execute()
    tamper("DELETE FROM trail_entry WHERE action = 'second'")
    assert trail.first_break().action == "third"


def tamper(statement):
    """What somebody with the database in their hands could do."""
    if is_sqlite():
        db.execute_sql("DROP TRIGGER trail_entry_frozen_delete")
    else:
        db.execute_sql("DROP TRIGGER trail_entry_frozen ON trail_entry")
    db.execute_sql(statement)
