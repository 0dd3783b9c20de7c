"""Scheduling: rooms and devices, exceptions, holds, the waitlist, and one table of what is occupied when."""

from pathlib import Path

from peewee import PostgresqlDatabase

HERE = Path(__file__).with_suffix("")
LIVE = "('booked', 'arrived', 'completed')"
MOMENT = "TIMESTAMPTZ"
MINUTES = "INTEGER NOT NULL DEFAULT 0"
ANSWERS = "'none', 'open', 'accepted', 'moved', 'cancelled'"
FLAG = {True: ("BOOLEAN", "TRUE", "FALSE"), False: ("INTEGER", "1", "0")}
WHOSE = ("provider", "patient", "resource")
COPIED = "provider_id, patient_id, service_id, lane, starts_at, ends_at"
BUFFERS = "buffer_before_minutes, buffer_minutes"
WATCHED = [*COPIED.split(", "), *BUFFERS.split(", ")]
OTHER_LANE = "(o.lane = 0 OR NEW.lane = 0 OR o.lane = NEW.lane OR o.service_id <> NEW.service_id)"


def columns(postgres):
    """What is added to tables that were there before: table, column, and its declaration."""
    kind, yes, no = FLAG[postgres]
    return [
        ("clinic", "close_gaps", f"{kind} NOT NULL DEFAULT {no}"),
        ("clinic", "hold_minutes", "INTEGER NOT NULL DEFAULT 10"),
        ("service", "buffer_before_minutes", f"{MINUTES} CHECK (buffer_before_minutes BETWEEN 0 AND 240)"),
        ("service", "parallel", "INTEGER NOT NULL DEFAULT 1 CHECK (parallel BETWEEN 1 AND 20)"),
        ("service", "lead_minutes", "INTEGER CHECK (lead_minutes >= 0)"),
        ("service", "horizon_days", "INTEGER CHECK (horizon_days >= 1)"),
        ("service", "slot_minutes", "INTEGER CHECK (slot_minutes BETWEEN 5 AND 240)"),
        (
            "service",
            "patients",
            "VARCHAR(24) NOT NULL DEFAULT 'everybody' CHECK (patients IN ('everybody', 'new', 'existing'))",
        ),
        ("service", "online", f"{kind} NOT NULL DEFAULT {yes}"),
        ("service", "self_cancel", f"{kind} NOT NULL DEFAULT {yes}"),
        ("service", "self_move", f"{kind} NOT NULL DEFAULT {yes}"),
        ("provider", "buffer_before_minutes", f"{MINUTES} CHECK (buffer_before_minutes BETWEEN 0 AND 240)"),
        ("provider", "buffer_after_minutes", f"{MINUTES} CHECK (buffer_after_minutes BETWEEN 0 AND 240)"),
        ("appointment", "buffer_before_minutes", MINUTES),
        ("appointment", "lane", MINUTES),
        ("appointment", "visit_key", "VARCHAR(64) NOT NULL DEFAULT ''"),
        ("appointment", "undone_at", MOMENT),
        ("appointment_move", "moved_by_kind", "VARCHAR(24) NOT NULL DEFAULT ''"),
        ("appointment_move", "why", "TEXT NOT NULL DEFAULT ''"),
        ("appointment_move", "answer", f"VARCHAR(24) NOT NULL DEFAULT 'none' CHECK (answer IN ({ANSWERS}))"),
        ("appointment_move", "answered_at", MOMENT),
    ]


def up(migrator, db):
    postgres = isinstance(db, PostgresqlDatabase)
    for statement in old_constraints(postgres, drop=True):
        db.execute_sql(statement)
    for table, column, declared in columns(postgres):
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {declared}')
    # Until now one buffer lay on both sides of a visit; so it stays where it was set.
    db.execute_sql("UPDATE service SET buffer_before_minutes = buffer_minutes")
    db.execute_sql("UPDATE appointment SET buffer_before_minutes = buffer_minutes")
    db.execute_sql('DROP INDEX "time_off_provider_id_starts_at"')
    db.execute_sql('CREATE INDEX "time_off_provider_id_ends_at" ON "time_off" ("provider_id", "ends_at")')
    db.execute_sql("""CREATE INDEX "appointment_visit_key" ON "appointment" ("visit_key") WHERE visit_key <> ''""")
    for statement in (HERE / f"{'postgres' if postgres else 'sqlite'}.sql").read_text().split(";\n"):
        if statement.strip():
            db.execute_sql(statement)
    for statement in refusals(postgres):
        db.execute_sql(statement)
    db.execute_sql(f"""INSERT INTO occupancy (appointment_id, {COPIED}, before_minutes, after_minutes)
        SELECT id, {COPIED}, {BUFFERS} FROM appointment WHERE status IN {LIVE}""")
    for statement in [*keeping_in_step(postgres), *frozen("running_late", postgres)]:
        db.execute_sql(statement)


def refusals(postgres):
    """No two rows overlap for a provider (in one lane), a patient, or a room or device; none is longer than a day."""
    if postgres:
        lanes = "int4range(CASE lane WHEN 0 THEN 1 ELSE lane END, CASE lane WHEN 0 THEN 1000 ELSE lane END, '[]')"
        for who in WHOSE:
            lane = f"{lanes} WITH &&," if who == "provider" else ""
            yield f"""ALTER TABLE occupancy ADD CONSTRAINT {who}_no_overlap EXCLUDE USING gist (
                int8range({who}_id, {who}_id, '[]') WITH &&, {lane} tstzrange(starts_at, ends_at) WITH &&
            ) WHERE ({who}_id IS NOT NULL)"""
        yield """ALTER TABLE occupancy ADD CONSTRAINT occupancy_a_day_at_most
            CHECK (ends_at - starts_at <= interval '24 hours')"""
        # Lanes are shared within one service only; the ranges above cannot say so.
        yield """CREATE FUNCTION foyer_one_service() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN
                IF EXISTS (SELECT 1 FROM occupancy o WHERE o.provider_id = NEW.provider_id AND o.id <> NEW.id
                           AND o.service_id <> NEW.service_id AND o.starts_at < NEW.ends_at
                           AND o.ends_at > NEW.starts_at AND o.starts_at > NEW.starts_at - interval '24 hours') THEN
                    RAISE EXCEPTION 'provider_no_overlap' USING ERRCODE = 'exclusion_violation';
                END IF;
                RETURN NEW;
            END $$"""
        yield """CREATE TRIGGER occupancy_one_service BEFORE INSERT OR UPDATE ON occupancy
            FOR EACH ROW WHEN (NEW.provider_id IS NOT NULL AND NEW.lane <> 0) EXECUTE FUNCTION foyer_one_service()"""
        return
    for event in ("INSERT", "UPDATE"):
        for who in WHOSE:
            lane = f"AND {OTHER_LANE}" if who == "provider" else ""
            # Nothing lasts longer than a day, so only what began within one can overlap: the index is enough.
            yield f"""CREATE TRIGGER {who}_no_overlap_{event.lower()} BEFORE {event} ON occupancy
                WHEN NEW.{who}_id IS NOT NULL AND EXISTS (
                    SELECT 1 FROM occupancy o
                    WHERE o.{who}_id = NEW.{who}_id AND o.id IS NOT NEW.id
                      AND o.starts_at > strftime('%Y-%m-%d %H:%M:%S', NEW.starts_at, '-24 hours')
                      AND o.starts_at < NEW.ends_at AND NEW.starts_at < o.ends_at {lane})
                BEGIN SELECT RAISE(ABORT, '{who}_no_overlap'); END"""
        yield f"""CREATE TRIGGER occupancy_a_day_at_most_{event.lower()} BEFORE {event} ON occupancy
            WHEN julianday(NEW.ends_at) - julianday(NEW.starts_at) > 1.000001
            BEGIN SELECT RAISE(ABORT, 'occupancy_a_day_at_most'); END"""


def keeping_in_step(postgres):
    """A live appointment occupies its provider and its patient; one that is not live occupies nothing, no room."""
    new = ", ".join(f"NEW.{column}" for column in [*COPIED.split(", "), *BUFFERS.split(", ")])
    occupy = f"""INSERT INTO occupancy (appointment_id, {COPIED}, before_minutes, after_minutes)
        VALUES (NEW.id, {new})"""
    free = "DELETE FROM occupancy WHERE appointment_id = NEW.id"
    was, stays = f"OLD.status IN {LIVE}", f"NEW.status IN {LIVE}"
    differs = "IS DISTINCT FROM" if postgres else "IS NOT"
    changed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in WATCHED)
    if not postgres:
        yield f"CREATE TRIGGER appointment_occupies AFTER INSERT ON appointment WHEN {stays} BEGIN {occupy}; END"
        yield f"""CREATE TRIGGER appointment_frees AFTER UPDATE ON appointment WHEN {was} AND NOT ({stays})
            BEGIN {free}; END"""
        yield f"""CREATE TRIGGER appointment_occupies_anew AFTER UPDATE ON appointment
            WHEN {stays} AND (NOT ({was}) OR {changed}) BEGIN {free}; {occupy}; END"""
        return
    yield f"""CREATE FUNCTION foyer_occupies() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF {stays} AND {was} AND NOT ({changed}) THEN RETURN NULL; END IF;
                {free};
            END IF;
            IF {stays} THEN {occupy}; END IF;
            RETURN NULL;
        END $$"""
    yield """CREATE TRIGGER appointment_occupies AFTER INSERT OR UPDATE ON appointment
        FOR EACH ROW EXECUTE FUNCTION foyer_occupies()"""


def frozen(table, postgres):
    if postgres:
        yield f"""CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION foyer_frozen()"""
        return
    for event in ("UPDATE", "DELETE"):
        yield f"""CREATE TRIGGER {table}_frozen_{event.lower()} BEFORE {event} ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"""


def old_constraints(postgres, *, drop):
    """The overlaps as the appointments' own table refused them before."""
    for who in ("provider", "patient"):
        if postgres and drop:
            yield f"ALTER TABLE appointment DROP CONSTRAINT {who}_no_overlap"
        elif postgres:
            yield f"""ALTER TABLE appointment ADD CONSTRAINT {who}_no_overlap EXCLUDE USING gist (
                int8range({who}_id, {who}_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&
            ) WHERE (status IN {LIVE})"""
        for event in () if postgres else ("INSERT", "UPDATE"):
            if drop:
                yield f"DROP TRIGGER {who}_no_overlap_{event.lower()}"
            else:
                yield f"""CREATE TRIGGER {who}_no_overlap_{event.lower()} BEFORE {event} ON appointment
                    WHEN NEW.status IN {LIVE} AND EXISTS (
                        SELECT 1 FROM appointment a
                        WHERE a.{who}_id = NEW.{who}_id AND a.status IN {LIVE} AND a.id IS NOT NEW.id
                          AND a.starts_at < NEW.ends_at AND NEW.starts_at < a.ends_at)
                    BEGIN SELECT RAISE(ABORT, '{who}_no_overlap'); END"""


def down(migrator, db):
    postgres = isinstance(db, PostgresqlDatabase)
    if postgres:
        db.execute_sql("DROP TRIGGER appointment_occupies ON appointment")
        db.execute_sql("DROP FUNCTION foyer_occupies")
    else:
        for name in ("appointment_occupies", "appointment_frees", "appointment_occupies_anew"):
            db.execute_sql(f"DROP TRIGGER {name}")
    for statement in reversed((HERE / "sqlite.sql").read_text().split(";\n")):
        if statement.strip().startswith("CREATE TABLE"):
            db.execute_sql(f"DROP TABLE {statement.split()[2]}")
    if postgres:
        db.execute_sql("DROP FUNCTION foyer_one_service")
    db.execute_sql('DROP INDEX "appointment_visit_key"')
    db.execute_sql('DROP INDEX "time_off_provider_id_ends_at"')
    db.execute_sql('CREATE INDEX "time_off_provider_id_starts_at" ON "time_off" ("provider_id", "starts_at")')
    for table, column, _ in reversed(columns(postgres)):
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
    for statement in old_constraints(postgres, drop=False):
        db.execute_sql(statement)
