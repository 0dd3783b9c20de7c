"""How the web server runs Foyer: one process with eight threads, and the sender of messages beside them."""

import os
import re
import sys
from urllib.parse import quote

from gunicorn.glogging import Logger

import settings
import tasks
from rules import faults

try:
    _chosen = settings.from_environment()
except settings.BadSetting as bad:
    sys.exit(f"Foyer cannot start: {bad}")

os.umask(0o077)  # what the portal writes, letters and the database's own files, is for its user alone
wsgi_app = "portal:wsgi()"
bind = f"[{_chosen.host}]:{_chosen.port}" if ":" in _chosen.host else f"{_chosen.host}:{_chosen.port}"
workers, worker_class, threads = 1, "gthread", 8
timeout, graceful_timeout = 60, 25
forwarded_allow_ips = ""  # what a proxy says counts only through TRUSTED_PROXIES, in portal.py
control_socket_disable = True
accesslog = "-"


class DiscreetLogger(Logger):
    """One line a request, without what may be personal or secret: no query, reader, referrer or one-time link."""

    def access(self, resp, req, environ, request_time):
        path = re.sub(r"^(/*(?:staff/+setup|h|calendar|offers)/).+", r"\1...", environ.get("PATH_INFO", ""))
        method, status = environ.get("REQUEST_METHOD", "-"), str(resp.status).split(" ")[0]
        self.access_log.info("%s %s %s %.0f ms", method, quote(path), status, request_time.total_seconds() * 1000)

    def warning(self, msg, *args, **kwargs):
        """A request that cannot be read is quoted in its warning, one-time link, query and all."""
        said = re.sub(r"(/(?:staff/+setup|h|calendar|offers)/)[^\s'?]+", r"\1...", str(msg))
        super().warning(re.sub(r"\?[^\s']*", "?...", said), *args, **kwargs)

    def exception(self, msg, *args, **kwargs):
        """What broke while serving, without an address or the exception's text; in full only what stops the start."""
        broken = sys.exc_info()[1]
        if broken is None or msg == "Exception in worker process":
            super().exception(msg, *args, **kwargs)
        else:
            said = str(msg).partition(" %")[0]
            self.error("%s: %s at %s", said, type(broken).__name__, faults.place_of(broken))


logger_class = DiscreetLogger


def on_starting(server):
    for words in settings.warnings(_chosen):
        print(f"Warning: {words}", file=sys.stderr, flush=True)


def post_worker_init(worker):
    worker.sender = tasks.start_consumer()


def worker_exit(server, worker):
    if hasattr(worker, "sender"):
        worker.sender.stop()
