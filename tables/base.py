"""What every table is made from, and the words that several of them share.

Money is integer minor units with a currency; times end in _at and are UTC; statuses are adjectives.
"""

from peewee import ForeignKeyField, Model

from database import db

LIVE = ("booked", "arrived", "completed")  # an appointment in one of these occupies its provider
TO_COME = ("booked", "arrived")  # of the live ones: not over yet, so it can still be moved, cancelled or missed
OPEN_TASK = ("open", "in_progress")
KINDS = ("questionnaire", "consent", "pre_treatment", "post_treatment")


class Base(Model):
    class Meta:
        database = db
        only_save_dirty = True
        legacy_table_names = False


def link(model, backref, **kwargs):
    """A foreign key that never deletes what it points to: what happened stays."""
    return ForeignKeyField(model, backref=backref, on_delete="RESTRICT", **kwargs)
