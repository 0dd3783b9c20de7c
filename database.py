"""One door to SQLite or Postgres: opening, write transactions, and times that mean the same on both."""

import json
import logging
import threading
import unicodedata
from contextlib import contextmanager
from datetime import UTC, datetime

from peewee import (
    SQL,
    CharField,
    Check,
    DatabaseProxy,
    DateTimeField,
    NodeList,
    PostgresqlDatabase,
    SqliteDatabase,
    Value,
    fn,
    sqlite3,
)
from playhouse.db_url import connect

db = DatabaseProxy()
log = logging.getLogger("foyer.database")

# SQLite below this can corrupt a WAL file when two connections meet (fixed upstream in 3.51.3).
SOUND_SQLITE = (3, 51, 3)
ONE_WRITER = 0x466F7965  # any fixed number: the advisory lock that makes Postgres write one at a time
WAIT_SECONDS = 5

_waiting = threading.local()


def open_database(url: str):
    """A database object for a sqlite:/// or postgresql:// address; nothing is connected yet.

    Raises ValueError, in words for the person who set the address, when it cannot be used.
    """
    if url.startswith("sqlite:///"):
        if sqlite3.sqlite_version_info < SOUND_SQLITE:
            raise ValueError(
                f"SQLite {sqlite3.sqlite_version} can damage its file; Foyer needs 3.51.3 or newer "
                "(it comes with the pysqlite3 package)."
            )
        # A page that says "signed" or "booked" must survive a power cut: synchronous stays full.
        pragmas = {
            "journal_mode": "wal",
            "foreign_keys": 1,
            "busy_timeout": WAIT_SECONDS * 1000,
            "synchronous": "full",
            "cache_size": -16000,
        }
        # Kept open between requests: a new connection reads the whole schema before its first answer.
        database = connect(
            "sqlite+pool" + url.removeprefix("sqlite"),
            autoconnect=False,
            pragmas=pragmas,
            check_same_thread=False,  # a connection serves one thread at a time, but not the same one for ever
            max_connections=40,
            stale_timeout=300,
            timeout=WAIT_SECONDS,
        )
        database.register_function(folded, "folded", 1, deterministic=True)
        return database
    if url.startswith(("postgresql://", "postgres://")):
        return connect(
            "postgresql+pool://" + url.split("://", 1)[1],
            unquote_user=True,
            unquote_password=True,
            autoconnect=False,
            prefer_psycopg3=True,
            max_connections=40,
            stale_timeout=300,
            timeout=WAIT_SECONDS,
        )
    raise ValueError(f"DATABASE_URL must start with sqlite:/// or postgresql://, not with {url.split(':', 1)[0]!r}.")


def folded(text: str | None) -> str | None:
    """A text as it is compared: small letters without their accents, so that Özil, ÖZIL and ozil are one."""
    if text is None or text.isascii():
        return text and text.lower()
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()


def folding(column):
    """`folded` inside a query. SQLite's own LOWER knows ASCII alone, and Postgres's depends on how it was set up."""
    if is_sqlite():
        return fn.folded(column)
    letters = fn.NORMALIZE(column, SQL("NFKD"))
    return fn.LOWER(fn.REGEXP_REPLACE(letters, "[\u0300-\u036f]", "", "g"))


def is_sqlite() -> bool:
    return isinstance(db.obj, SqliteDatabase)


def is_postgres() -> bool:
    return isinstance(db.obj, PostgresqlDatabase)


@contextmanager
def write_tx():
    """The transaction for every change: one writer at a time, on both databases.

    SQLite begins IMMEDIATE (a deferred one fails with "locked" whatever the timeout); Postgres
    takes one advisory lock, so that a rule which reads and then writes is right on both without
    a second proof, and the chain of the trail has one end. A clinic writes a few times a second.
    Waits WAIT_SECONDS, then peewee.OperationalError. Nested use joins as a savepoint.
    """
    outermost = not db.in_transaction()
    if outermost:
        _waiting.after = []
    with db.atomic("IMMEDIATE") if is_sqlite() and outermost else db.atomic():
        if outermost and is_postgres():
            db.execute_sql(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
            db.execute_sql("SELECT pg_advisory_xact_lock(%s)", (ONE_WRITER,))
        yield
    if outermost:
        for call in _waiting.after:
            try:
                call()
            except Exception:  # the change is already durable; a lost wake-up is found by the sweep
                log.exception("after_commit call failed")


def after_commit(call):
    """Run `call` once the outermost write transaction is durable; never if it rolls back."""
    if call not in _waiting.after:
        _waiting.after.append(call)


class UTCDateTime(DateTimeField):
    """An aware moment; timestamptz on Postgres, fixed-width text on SQLite (text order is time order)."""

    field_type = "TIMESTAMPTZ"

    def db_value(self, value):
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time for {self.name}")
        value = value.astimezone(UTC)
        return value.strftime("%Y-%m-%d %H:%M:%S.%f+00:00") if is_sqlite() else value

    def python_value(self, value):
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Choice(CharField):
    """One short word out of a fixed list, which the database enforces too."""

    def __init__(self, *words, **kwargs):
        super().__init__(max_length=24, **kwargs)
        self.words = words

    def bind(self, model, name, set_attribute=True):
        super().bind(model, name, set_attribute)
        listed = ", ".join(f"'{word}'" for word in self.words)
        self.constraints = [Check(f'"{self.column_name}" IN ({listed})')]


class Written:
    """A select whose SQL is written once for each kind of database: for pages that are asked for all the time.

    peewee writes the text of a query anew at every call, which takes longer than the database takes to
    answer it. `build` gets one stand-in per name and returns the query; calling the result with values for
    the names gives its rows. Values are numbers, texts, moments, and lists of numbers (see `among`); not None.
    """

    def __init__(self, build):
        self.build, self.known = build, {}

    def __call__(self, **values) -> list:
        query, cursor = self._ask(values)
        return list(query._get_cursor_wrapper(cursor))

    def plain(self, **values) -> list[tuple]:
        """The rows just as the database gives them: numbers and texts need nothing else."""
        return self._ask(values)[1].fetchall()

    def _ask(self, values):
        database = db.obj
        query, sql, slots = self.known.get(type(database)) or self._write(type(database))
        given = [_as_stored(values[slot.name]) if isinstance(slot, Slot) else slot for slot in slots]
        return query, database.execute_sql(sql, given)

    def _write(self, kind):
        names = self.build.__code__.co_varnames[: self.build.__code__.co_argcount]
        query = self.build(*[Value(Slot(name), converter=_untouched, unpack=False) for name in names])
        self.known[kind] = (query, *query.sql())
        return self.known[kind]


class Slot:
    """Where a value will stand in the parameters of a written select."""

    def __init__(self, name):
        self.name = name


def among(column, numbers):
    """The column is one of the numbers that a written select will be given as one value, a list."""
    if is_sqlite():
        return column.in_(NodeList((SQL("(SELECT value FROM json_each("), numbers, SQL("))")), glue=""))
    return column == fn.ANY(numbers)


def _untouched(value):
    return value


def _as_stored(value):
    if isinstance(value, list):
        return json.dumps(value) if is_sqlite() else value
    return UTCDateTime().db_value(value) if isinstance(value, datetime) else value
