"""Every table, as first released: frozen here, whatever models.py becomes."""

from pathlib import Path

from peewee import PostgresqlDatabase

HERE = Path(__file__).with_suffix("")


def up(migrator, db):
    name = "postgres" if isinstance(db, PostgresqlDatabase) else "sqlite"
    for statement in (HERE / f"{name}.sql").read_text().split(";\n"):
        if statement.strip():
            db.execute_sql(statement)


def down(migrator, db):
    for statement in reversed((HERE / "sqlite.sql").read_text().split(";\n")):
        if statement.strip().startswith("CREATE TABLE"):
            db.execute_sql(f"DROP TABLE {statement.split()[2]}")
