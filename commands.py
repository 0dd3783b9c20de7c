"""What ./portal.sh asks of the portal besides pages: migrate, let an owner in, verify a file, fill the demo."""

import fcntl
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click
from peewee import OperationalError, PeeweeException
from playhouse import migrations

import settings
from database import db, is_postgres
from rules import clinic, notices, people, sealing
from rules.refused import Refused

HERE = Path(__file__).resolve().parent
LARGEST = 100 * 1024 * 1024  # of a file to be verified


@contextmanager
def one_at_a_time():
    """Two processes that start together must not migrate together."""
    with open(settings.current().data_dir / "migrate.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def migrate() -> list[str]:
    """Bring the database to the newest step; returns the names of the steps taken."""
    os.umask(0o077)  # the file that this may make is for the portal's user alone
    with one_at_a_time(), db.connection_context():
        if is_postgres():
            db.execute_sql("SELECT pg_advisory_lock(%s)", (0x4D696772,))
        try:
            return migrations.run(db.obj, str(HERE / "migrations"))
        finally:
            if is_postgres():
                db.execute_sql("SELECT pg_advisory_unlock(%s)", (0x4D696772,))


def database_words() -> str:
    """Which database it is, without its user and password."""
    url = settings.current().database_url
    parts = urlsplit(url)
    return url.removeprefix("sqlite:///") if url.startswith("sqlite") else parts.netloc.rpartition("@")[2] + parts.path


def add_commands(app) -> None:
    """What ./portal.sh calls; each is safe to run twice."""

    @app.cli.command("migrate")
    def migrate_command():
        """Bring the database up to date."""
        try:
            taken = migrate()
        except OperationalError as fault:
            sys.exit(f"The database at {database_words()} does not answer: {str(fault).strip().partition(chr(10))[0]}")
        for name in taken:
            click.echo(f"migrated {name}")

    @app.cli.command("first-link")
    def first_link():
        """Print the one-time link with which the owner creates their account, while there is none."""
        with db.connection_context():
            clinic.begin()
            notices.begin()
            link = people.first_owner_link()
        if link:
            click.echo(f"\nNobody has an account yet. The owner creates theirs here, once:\n\n  {link}\n")

    @app.cli.command("owner-link")
    @click.argument("email", default="")
    def owner_link(email):
        """Print a one-time link for an owner: the first one, or one who forgot the password."""
        with db.connection_context():
            clinic.begin()
            try:
                click.echo(f"\n{people.owner_link(email)}\n")
            except Refused as no:
                sys.exit(no.words)

    @app.cli.command("verify")
    @click.argument("file")
    def verify(file):
        """Say whether FILE is what this clinic sealed: 0 it is, 1 it is not, 2 it cannot be read."""
        try:
            content = Path(file).read_bytes() if Path(file).stat().st_size <= LARGEST else b""
            with db.connection_context():
                verdict = sealing.verdict(content)
        except (OSError, ValueError) as fault:
            click.echo(f"{file} cannot be read: {getattr(fault, 'strerror', None) or 'that is no file name'}.")
            sys.exit(2)
        except PeeweeException:
            click.echo(f"The clinic's database at {database_words()} cannot be read.")
            sys.exit(2)
        click.echo(verdict.words)
        sys.exit(0 if verdict.genuine else 1)

    @app.cli.command("demo")
    def demo_command():
        """Fill the demo clinic."""
        import demo_clinic

        with db.connection_context():
            demo_clinic.fill()
