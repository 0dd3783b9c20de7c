"""The portal as a process of its own, started as ./portal.sh starts it, for tests that must not pretend."""

import html
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from email.message import Message
from http.cookiejar import CookieJar
from pathlib import Path
from types import SimpleNamespace

HOUSE = Path(__file__).resolve().parents[1]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """One data folder, one port; may be started, stopped, killed and started again."""

    def __init__(self, folder, database_url="", demo=False, prepared=False, **settings):
        self.prepared = prepared  # migrated and filled already
        self.folder, self.demo, self.port = Path(folder) / "var", demo, free_port()
        self.url = f"http://localhost:{self.port}"
        self.environment = {
            **os.environ,
            "DATA_DIR": str(self.folder),
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "BASE_URL": self.url,
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a-secret-key-that-only-the-tests-know-0123456789",
            **settings,
        }
        self.running = None
        self.folder.mkdir(parents=True, exist_ok=True)
        if demo:
            (self.folder / "demo").touch()

    def command(self, *words):
        """Run a command of the portal, such as migrate or demo, to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "portal", *words],
            cwd=HOUSE,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def prepare(self):
        """Migrate, and fill the demo if it is one."""
        self.command("migrate")
        if self.demo:
            self.command("demo")

    def start(self):
        """Prepare what is not prepared, serve, and wait until it answers."""
        if not self.prepared:
            self.prepare()
        self.log = open(self.folder / "server.log", "a")  # noqa: SIM115 - open as long as the process
        self.running = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "portal:wsgi()"],
            cwd=HOUSE,
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        return self
            except OSError:
                if self.running.poll() is not None:
                    break
                time.sleep(0.1)
        raise AssertionError((self.folder / "server.log").read_text()[-3000:])

    def kill(self):
        """kill -9 for the server and its worker at once, as a power cut would."""
        os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait(10)

    def stop(self):
        if self.running and self.running.poll() is None:
            self.running.terminate()
            self.running.wait(40)


def asked(process, code):
    """Run Python in a process with the portal's settings; returns what it prints."""
    opening = (
        "import portal; portal.create_app(); from database import db, write_tx; from rules import outbox; db.connect()"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{opening}\n{code}"],
        cwd=HOUSE, env=process.environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def until(happened, seconds=30):
    """Wait until `happened()` is true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


class Reader:
    """A browser's bare bones: cookies, forms, redirects followed."""

    def __init__(self, url, session=""):
        self.url, jar = url, CookieJar()
        if session:
            answer = Message()
            answer["Set-Cookie"] = f"foyer={session}; Path=/"
            jar.extract_cookies(SimpleNamespace(info=lambda: answer), urllib.request.Request(url))
        self.door = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def get(self, address):
        with self.door.open(self.url + address, timeout=20) as answer:
            return answer.read().decode()

    def submit(self, address, page, **given):
        """Send the page's hidden fields and what is given."""
        hidden = re.findall(r'<input[^>]*type="hidden"[^>]*>', page[page.index(f'action="{address}') :])
        fields = {}
        for tag in hidden:
            name = re.search(r'name="([^"]+)"', tag)[1]
            value = re.search(r'value="([^"]*)"', tag)
            fields.setdefault(name, html.unescape(value[1]) if value else "")
        body = urllib.parse.urlencode({**fields, **given}).encode()
        with self.door.open(self.url + address, body, timeout=20) as answer:
            return answer.read().decode()
