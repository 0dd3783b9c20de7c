"""Every table, as first released."""

from models import MODELS


def up(migrator, db):
    db.create_tables(MODELS)


def down(migrator, db):
    db.drop_tables(MODELS)
