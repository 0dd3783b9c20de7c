"""The migrations make exactly the tables that tables/ tells of, and the database refuses what must never happen."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from peewee import IntegrityError
from playhouse.migrations import Runner

from clock import now
from database import db, is_sqlite, write_tx
from models import MODELS, Appointment, Hold, Occupancy, Patient, Policy, Resource, ResourceKind, TrailEntry
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


def takes(clinic, **differs):
    """A row of what is occupied, for a hold of its own unless it is said whose."""
    start = now() + timedelta(days=3)
    facts = {"service": clinic.peel, "starts_at": start, "ends_at": start + timedelta(hours=1), **differs}
    if "appointment" not in facts:
        expires = now() + timedelta(minutes=10)
        facts["hold"] = Hold.create(patient=clinic.ben, held_by=clinic.ben, key=uuid4().hex, expires_at=expires)
    return Occupancy.create(**facts)


def clashes(what, call, *args, **facts):
    with pytest.raises(IntegrityError) as no, write_tx():
        call(*args, **facts)
    assert what in str(no.value)


def a_room(clinic, name="Small room"):
    kind, _ = ResourceKind.get_or_create(name="Room", defaults={"room": True})
    return Resource.create(kind=kind, location=clinic.soho, name=name)


def somebody():
    return Patient.create(first_name="Some", last_name="Body")


def test_a_hold_and_an_appointment_cannot_overlap_for_a_provider_or_a_patient(clinic):
    visit(clinic)
    clashes("provider_no_overlap", takes, clinic, provider=clinic.dr_lin, patient=clinic.ben)
    clashes("patient_no_overlap", takes, clinic, provider=clinic.other_provider, patient=clinic.ava)
    held = takes(clinic, provider=clinic.other_provider, patient=clinic.ben)
    clashes("provider_no_overlap", visit, clinic, patient=somebody(), provider=clinic.other_provider)
    Occupancy.delete().where(Occupancy.id == held.id).execute()
    visit(clinic, patient=clinic.ben, provider=clinic.other_provider)


def test_a_room_is_taken_once(clinic):
    room, other = a_room(clinic), a_room(clinic, "Large room")
    first = takes(clinic, resource=room)
    clashes("resource_no_overlap", takes, clinic, resource=room)
    takes(clinic, resource=other)
    takes(clinic, resource=room, starts_at=first.ends_at, ends_at=first.ends_at + timedelta(minutes=5))
    later = first.ends_at + timedelta(hours=1)
    after = takes(clinic, resource=room, starts_at=later, ends_at=later + timedelta(hours=1))
    longer = Occupancy.update(starts_at=first.starts_at + timedelta(minutes=59)).where(Occupancy.id == after.id)
    clashes("resource_no_overlap", longer.execute)


def test_lanes_are_shared_within_one_service_only(clinic):
    start = now() + timedelta(days=3)
    here = {"starts_at": start, "ends_at": start + timedelta(hours=1)}

    def class_visit(lane, **differs):
        return visit(clinic, **{"patient": somebody(), "lane": lane, **here, **differs})

    first = class_visit(1)
    class_visit(2)
    clashes("provider_no_overlap", class_visit, 2)
    clashes("provider_no_overlap", class_visit, 0)
    clashes("provider_no_overlap", class_visit, 3, service=clinic.botox)
    after = {"starts_at": first.ends_at, "ends_at": first.ends_at + timedelta(hours=1)}
    class_visit(0, **after)
    clashes("provider_no_overlap", class_visit, 1, **after)


def test_an_appointment_takes_its_time_and_a_cancelled_one_none_and_no_room(clinic):
    first = visit(clinic, buffer_minutes=15, buffer_before_minutes=5)
    row = Occupancy.get(Occupancy.appointment == first)
    assert (row.provider, row.patient, row.before_minutes, row.after_minutes) == (clinic.dr_lin, clinic.ava, 5, 15)
    takes(clinic, appointment=first, resource=a_room(clinic))
    later = first.starts_at + timedelta(hours=5)
    Appointment.update(starts_at=later, ends_at=later + timedelta(hours=1)).where(Appointment.id == first.id).execute()
    assert [(r.starts_at, r.resource) for r in Occupancy.select()] == [(later, None)], "its room is to be taken anew"
    takes(clinic, appointment=first, resource=Resource.get(), starts_at=later, ends_at=later + timedelta(hours=1))
    Appointment.update(status="missed").where(Appointment.id == first.id).execute()
    assert Occupancy.select().count() == 0


def test_nothing_is_taken_for_longer_than_a_day(clinic):
    start, room = now() + timedelta(days=3), a_room(clinic)
    takes(clinic, resource=room, starts_at=start, ends_at=start + timedelta(hours=24))
    clashes("occupancy_a_day_at_most", takes, clinic, resource=a_room(clinic, "Attic"), starts_at=start,
            ends_at=start + timedelta(hours=24, minutes=1))  # fmt: skip
