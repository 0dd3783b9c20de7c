"""A real browser in front of a real process: the demo clinic, filled as ./portal.sh demo fills it."""

import json
import os
import re
import shutil
from contextlib import ExitStack, contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.conftest import KINDS, copy_of, postgres_url
from tests.process import Process

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Axe().axe_script
looked_at = set()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM:
        words = "No Chromium on this machine: install Debian's chromium to run the browser walks."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(words)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def filled(request, tmp_path_factory):
    """A demo clinic by the kind of its database, filled once by the portal's own commands and never started itself."""
    made = {}

    def fill(kind):
        if kind not in made:
            url = ""
            if kind == "postgres":
                server = request.getfixturevalue("postgres_server")
                server.psql("CREATE DATABASE template_demo")
                url = postgres_url(server, "template_demo")
            made[kind] = Process(tmp_path_factory.mktemp(kind), database_url=url, demo=True)
            made[kind].prepare()
        return made[kind]

    return fill


@pytest.fixture(params=KINDS)
def demo(request, filled, tmp_path):
    """The demo clinic as a process of its own, on SQLite and on Postgres."""
    template = filled(request.param)
    shutil.copytree(template.folder, tmp_path / "var")
    with ExitStack() as end:
        url = ""
        if request.param == "postgres":
            url = end.enter_context(copy_of(request.getfixturevalue("postgres_server"), "template_demo"))
        process = Process(tmp_path, database_url=url, demo=True, prepared=True)
        process.start()
        yield process
        process.stop()


@pytest.fixture
def open_browser(chromium, demo):
    """`with open_browser(scripts=True, width=1280) as page:` a page that fails the test on any complaint."""

    @contextmanager
    def opened(scripts=True, width=1280):
        context = chromium.new_context(
            base_url=demo.url, java_script_enabled=scripts, viewport={"width": width, "height": 900}
        )
        complaints = []
        page = context.new_page()
        page.set_default_timeout(15000)
        page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        context.close()
        assert not complaints, complaints

    return opened


def is_complaint(said):
    """Errors and CSP reports; 409, 410 and 422 are how a page says no, and Chromium logs them as failed loads."""
    return said.type in ("error", "warning") and not re.search("status of (409|410|422)", said.text)


def complaints_of_axe(page):
    """What axe finds on this page against WCAG 2.2 A and AA, as lines one can read.

    A page that looks the same but for its numbers, at the same width, is looked at once in a run.
    """
    seen = re.sub(r"\d+|value=\"[^\"]*\"", "", page.content()), page.viewport_size["width"]
    if seen in looked_at:
        return []
    page.evaluate(f"window.axe || eval({json.dumps(AXE)})")
    rules = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = page.evaluate(
        """rules => axe.run(rules).then(all => all.violations.map(
            v => [v.id, v.help, v.nodes[0].html.slice(0, 160), v.nodes.length]))""",
        rules,
    )
    if not found:
        looked_at.add(seen)
    return [f"{page.url}: {rule}: {help}: {html} ({count} places)" for rule, help, html, count in found]
