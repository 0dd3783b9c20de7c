"""A portal that can be killed, and a mail server on loopback that takes what it sends."""

import pytest

from tests.mailserver import MailServer
from tests.process import Process


@pytest.fixture
def server():
    server = MailServer().start()
    yield server
    server.stop()


@pytest.fixture
def portal(database_url, tmp_path, server):
    """A migrated portal with the cast, not started yet, which mails over the wire."""
    process = Process(tmp_path, database_url=database_url, MAIL_URL=server.url())
    yield process
    process.stop()
