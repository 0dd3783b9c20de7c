"""Paperwork grows: conditions and rules of questions, photos, findings, more signers, sealed PDFs, check-ins."""

from pathlib import Path

from peewee import PostgresqlDatabase

HERE = Path(__file__).with_suffix("")
FROZEN = ["profile_change", "check_answer", "record_notice"]
ROLES = "'patient', 'guardian', 'witness', 'provider'"
FLAG = {True: "BOOLEAN NOT NULL DEFAULT FALSE", False: "INTEGER NOT NULL DEFAULT 0"}
JSON = {True: "JSONB", False: "JSON"}
MOMENT = "TIMESTAMPTZ"


def columns(postgres):
    """What is added to tables that were there before: table, column, and its declaration."""
    flag, json = FLAG[postgres], JSON[postgres]
    return [
        ("clinic", "adult_age", "INTEGER NOT NULL DEFAULT 18"),
        ("clinic", "remind_hours", f"{json} NOT NULL DEFAULT '[72, 24]'"),
        ("patient", "medication", "TEXT NOT NULL DEFAULT ''"),
        ("paperwork_version", "details", f"{json} NOT NULL DEFAULT '{{}}'"),
        ("paperwork_version", "must_renew", flag),
        ("task", "sections_done", "INTEGER NOT NULL DEFAULT 0"),
        ("task", "answers_digest", "VARCHAR(64) NOT NULL DEFAULT ''"),
        ("task", "declined_at", MOMENT),
        ("task", "declined_why", "TEXT NOT NULL DEFAULT ''"),
        ("answer", "confirmed", flag),
        ("signature", "role", f"VARCHAR(24) NOT NULL DEFAULT 'patient' CHECK (role IN ({ROLES}))"),
        ("signature", "details", f"{json} NOT NULL DEFAULT '{{}}'"),
    ]


def up(migrator, db):
    postgres = isinstance(db, PostgresqlDatabase)
    for table, column, declared in columns(postgres):
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {declared}')
    db.execute_sql('DROP INDEX "signature_task_id"')
    db.execute_sql('CREATE INDEX "signature_task_id" ON "signature" ("task_id")')
    db.execute_sql('CREATE UNIQUE INDEX "signature_task_id_role" ON "signature" ("task_id", "role")')
    for statement in (HERE / f"{'postgres' if postgres else 'sqlite'}.sql").read_text().split(";\n"):
        if statement.strip():
            db.execute_sql(statement)
    for table in FROZEN:
        for statement in frozen(table, postgres):
            db.execute_sql(statement)


def frozen(table, postgres):
    if postgres:
        yield f"""CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION foyer_frozen()"""
        return
    for event in ("UPDATE", "DELETE"):
        yield f"""CREATE TRIGGER {table}_frozen_{event.lower()} BEFORE {event} ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"""


def down(migrator, db):
    postgres = isinstance(db, PostgresqlDatabase)
    for statement in reversed((HERE / "sqlite.sql").read_text().split(";\n")):
        if statement.strip().startswith("CREATE TABLE"):
            db.execute_sql(f"DROP TABLE {statement.split()[2]}")
    db.execute_sql('DROP INDEX "signature_task_id_role"')
    db.execute_sql('DROP INDEX "signature_task_id"')
    db.execute_sql('CREATE UNIQUE INDEX "signature_task_id" ON "signature" ("task_id")')
    for table, column, _ in reversed(columns(postgres)):
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
