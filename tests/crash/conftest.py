"""A portal that can be killed, and a mail server on loopback that takes what it sends."""

import os

import pytest

from tests.conftest import KINDS, postgres_url
from tests.mailserver import MailServer
from tests.process import Process, asked

CAST = "portal.migrate()\ndb.connect(reuse_if_open=True)\nfrom tests.clinic import build_cast\nbuild_cast()"


@pytest.fixture
def server():
    server = MailServer().start()
    yield server
    server.stop()


@pytest.fixture(params=KINDS)
def portal(request, app, tmp_path, server):
    """A migrated portal with the cast, not started yet, which mails over the wire."""
    url = ""
    if request.param == "postgres":
        postgres, name = request.getfixturevalue("postgres_server"), f"k{os.urandom(6).hex()}"
        postgres.psql(f"CREATE DATABASE {name}")
        url = postgres_url(postgres, name)
    process = Process(tmp_path, database_url=url, MAIL_URL=server.url())
    asked(process, CAST)
    yield process
    process.stop()
    if url:
        postgres.psql(f"DROP DATABASE {name} WITH (FORCE)")
