"""Names are compared alike on every database, whatever letters they are written in."""

import pytest

from database import db, folded, folding
from models import Patient
from rules import plans, records
from rules.actor import FOYER
from rules.refused import Refused
from tests.conftest import opened, postgres_url

NAMES = ("Özil", "ÉCLAT", "Łódź", "straße", "İnci", "Ngô Thị", "plain")


@pytest.mark.parametrize("typed", ["Özil", "özil", "ÖZIL", "ozil", "zi"])
def test_a_patient_is_found_however_the_name_is_typed(clinic, typed):
    Patient.create(first_name="Meşut", last_name="Özil", email="m@example.com")
    assert [row.last_name for row in records.search(typed)[0]] == ["Özil"]


def test_a_percent_sign_is_only_a_percent_sign(clinic):
    Patient.create(first_name="Ann", last_name="Özil", email="m@example.com")
    assert records.search("%ö")[0] == []


def test_a_plan_cannot_be_there_twice(clinic):
    facts = {"summary": "", "benefits": "", "price_minor": 100, "period": "month", "agreement": "You pay."}
    plans.add(FOYER, name="Éclat", **facts)
    with pytest.raises(Refused, match="already a plan called Éclat"):
        plans.add(FOYER, name="éclat", **facts)


def test_the_database_folds_as_python_does(clinic):
    for name in NAMES:
        clinic.ben.last_name = name
        clinic.ben.save()
        found = Patient.select(folding(Patient.last_name)).where(Patient.id == clinic.ben.id).scalar()
        assert found == folded(name)


def test_a_postgres_that_knows_only_ascii_letters_folds_accents_all_the_same(app, postgres_server):
    postgres_server.psql("CREATE DATABASE plain_c TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    with opened(postgres_url(postgres_server, "plain_c")):
        db.create_tables([Patient])
        Patient.create(first_name="Éva", last_name="ÖZIL")
        assert db.execute_sql("SELECT lower('Ö')").fetchone() == ("Ö",), "this is the database that the test is about"
        assert Patient.select(folding(Patient.last_name)).scalar() == "ozil"
    postgres_server.psql("DROP DATABASE plain_c WITH (FORCE)")
