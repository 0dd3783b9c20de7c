"""What must never happen, refused by the database itself: overlapping visits, and changes to what is frozen."""

from peewee import PostgresqlDatabase

LIVE = "('booked', 'arrived', 'completed')"
FROZEN = ["trail_entry", "paperwork_version", "policy", "agreement_version", "policy_acceptance", "signature"]
WHOSE = ["provider", "patient"]


def up(migrator, db):
    for statement in postgres_up() if isinstance(db, PostgresqlDatabase) else sqlite_up():
        db.execute_sql(statement)


def down(migrator, db):
    for statement in postgres_down() if isinstance(db, PostgresqlDatabase) else sqlite_down():
        db.execute_sql(statement)


def postgres_up():
    for who in WHOSE:
        yield f"""ALTER TABLE appointment ADD CONSTRAINT {who}_no_overlap EXCLUDE USING gist (
            int8range({who}_id, {who}_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&
        ) WHERE (status IN {LIVE})"""
    yield """CREATE FUNCTION foyer_frozen() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
            RAISE EXCEPTION '%% is frozen', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
        END $$"""
    for table in FROZEN:
        yield f"""CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION foyer_frozen()"""
    yield """CREATE FUNCTION foyer_answered() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
            IF EXISTS (SELECT 1 FROM task WHERE status = 'done' AND id = COALESCE(NEW.task_id, OLD.task_id)) THEN
                RAISE EXCEPTION 'answers are frozen' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN COALESCE(NEW, OLD);
        END $$"""
    yield """CREATE TRIGGER answer_frozen BEFORE INSERT OR UPDATE OR DELETE ON answer
        FOR EACH ROW EXECUTE FUNCTION foyer_answered()"""


def postgres_down():
    yield "DROP TRIGGER answer_frozen ON answer"
    yield "DROP FUNCTION foyer_answered"
    for table in FROZEN:
        yield f"DROP TRIGGER {table}_frozen ON {table}"
    yield "DROP FUNCTION foyer_frozen"
    for who in WHOSE:
        yield f"ALTER TABLE appointment DROP CONSTRAINT {who}_no_overlap"


def sqlite_up():
    for who in WHOSE:
        for event in ("INSERT", "UPDATE"):
            yield f"""CREATE TRIGGER {who}_no_overlap_{event.lower()} BEFORE {event} ON appointment
                WHEN NEW.status IN {LIVE} AND EXISTS (
                    SELECT 1 FROM appointment a
                    WHERE a.{who}_id = NEW.{who}_id AND a.status IN {LIVE} AND a.id IS NOT NEW.id
                      AND a.starts_at < NEW.ends_at AND NEW.starts_at < a.ends_at)
                BEGIN SELECT RAISE(ABORT, '{who}_no_overlap'); END"""
    for table in FROZEN:
        for event in ("UPDATE", "DELETE"):
            yield f"""CREATE TRIGGER {table}_frozen_{event.lower()} BEFORE {event} ON {table}
                BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"""
    for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        yield f"""CREATE TRIGGER answer_frozen_{event.lower()} BEFORE {event} ON answer
            WHEN EXISTS (SELECT 1 FROM task WHERE status = 'done' AND id = {row}.task_id)
            BEGIN SELECT RAISE(ABORT, 'answers are frozen'); END"""


def sqlite_down():
    for event in ("insert", "update", "delete"):
        yield f"DROP TRIGGER answer_frozen_{event}"
    for table in FROZEN:
        yield f"DROP TRIGGER {table}_frozen_update"
        yield f"DROP TRIGGER {table}_frozen_delete"
    for who in WHOSE:
        yield f"DROP TRIGGER {who}_no_overlap_insert"
        yield f"DROP TRIGGER {who}_no_overlap_update"
