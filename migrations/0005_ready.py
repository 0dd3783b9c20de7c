"""Visits by status and start: each minute looks for those that come soon, and so does the ready board."""


def up(migrator, db):
    db.execute_sql('CREATE INDEX "appointment_status_starts_at" ON "appointment" ("status", "starts_at")')


def down(migrator, db):
    db.execute_sql('DROP INDEX "appointment_status_starts_at"')
