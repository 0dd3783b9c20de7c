"""Every query of the search and of one provider's day uses indexes only, on both databases."""

import re
from datetime import timedelta

import pytest

from clock import now
from database import db, is_sqlite
from models import Resource, ResourceHours, ResourceKind, ServiceNeed
from rules import day_view, searching, why_not

GROWING = ("appointment", "occupancy", "time_off", "hold", "hold_part", "appointment_move")


@pytest.fixture
def asked(monkeypatch):
    """The statements that went to the database, with their values."""
    seen, plain = [], type(db.obj).execute_sql

    def noted(self, sql, params=None, *args, **kwargs):
        seen.append((sql, params))
        return plain(self, sql, params, *args, **kwargs)

    monkeypatch.setattr(type(db.obj), "execute_sql", noted)
    return seen


def scanned(sql, params):
    """The growing tables that the plan reads from one end to the other."""
    if is_sqlite():
        plan = [row[3] for row in db.execute_sql(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()]
        named = dict(re.findall(r'"(\w+)" AS "(t\d+)"', sql))
        tables = {alias: table for table, alias in named.items()} | {table: table for table in named}
        found = [tables.get(name, name) for line in plan for name in re.findall(r"^SCAN (\w+)", line)]
    else:
        plan = [row[0] for row in db.execute_sql(f"EXPLAIN {sql}", params).fetchall()]
        found = [name for line in plan for name in re.findall(r"Seq Scan on (\w+)", line)]
    return [name for name in found if name in GROWING]


def no_scans(asked):
    statements = [(sql, params) for sql, params in asked if sql.startswith(("SELECT", "(SELECT", "WITH"))]
    assert any("occupancy" in sql or '"appointment"' in sql for sql, _ in statements)
    if not is_sqlite():
        db.execute_sql("SET enable_seqscan = off")
    assert [(sql, there) for sql, params in statements if (there := scanned(sql, params))] == []


def with_room(clinic):
    kind = ResourceKind.create(name="Laser")
    room = Resource.create(kind=kind, location=clinic.soho, name="Laser 1", cleanup_minutes=10)
    for weekday in range(7):
        ResourceHours.create(resource=room, weekday=weekday, opens_minute=600, closes_minute=900)
    ServiceNeed.create(service=clinic.peel, kind=kind)


def test_the_search_uses_indexes_only(clinic, asked):
    with_room(clinic)
    wanted = [searching.Wanted(clinic.peel), searching.Wanted(clinic.botox)]
    assert searching.arrangements(wanted, patient=clinic.ava, at_most=5)
    opening = searching.free_times(clinic.peel, at_most=1)[0]
    part = searching.Part(clinic.peel, opening.provider, opening.location, opening.starts_at)
    assert searching.exact([part], patient=clinic.ava).parts[0].resources
    assert searching.who_and_where(clinic.peel)
    no_scans(asked)


def test_a_providers_day_and_its_reasons_use_indexes_only(clinic, asked):
    on = (now() + timedelta(days=2)).date()
    assert day_view.day(clinic.soho, on, clinic.dr_lin)
    assert why_not.day(clinic.botox, clinic.dr_lin, clinic.soho, on)
    no_scans(asked)


def test_a_scan_would_be_seen(clinic):
    if not is_sqlite():
        db.execute_sql("SET enable_indexscan = off")
        db.execute_sql("SET enable_bitmapscan = off")
        db.execute_sql("SET enable_indexonlyscan = off")
    assert scanned('SELECT "t1"."id" FROM "occupancy" AS "t1" WHERE ("t1"."lane" = 7)', None) == ["occupancy"]
