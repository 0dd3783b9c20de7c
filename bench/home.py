"""The home page against a bare Flask page on the same server, and what the first view weighs.

Run it from the project's folder: .venv/bin/python -m bench.home
Prints, from one run: throughput of both as a ratio (rounds alternate, the median round counts), statements
per page for 1 and for 40 appointments, and the bytes and requests of a first view.
"""

import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

ROUNDS, SECONDS, CLIENTS = 5, 3, 8
HOUSE = Path(__file__).resolve().parents[1]


def main():
    with tempfile.TemporaryDirectory() as folder:
        cookie, patient, counts = prepare(Path(folder))
        environment = {
            **os.environ,
            "DATA_DIR": folder,
            "BENCH_FILE": f"{folder}/foyer.db",
            "BENCH_PATIENT": str(patient),
        }
        ports = {"portal:wsgi()": free_port(), "bench.bare:app": free_port()}
        plain = Path(folder) / "plain.py"
        plain.write_text('workers, worker_class, threads = 1, "gthread", 8')
        servers = [serve(app, port, environment, plain) for app, port in ports.items()]
        try:
            for port in ports.values():
                wait_for(port)
            foyer, bare = ports.values()
            rounds = [(requests_a_second(foyer, cookie), requests_a_second(bare, "")) for _ in range(ROUNDS)]
            ratio = statistics.median(ours / theirs for ours, theirs in rounds)
            print("requests a second, home : bare, per round:", ", ".join(f"{o:.0f} : {t:.0f}" for o, t in rounds))
            print(f"throughput ratio, median of {ROUNDS} rounds: {ratio:.2f}")
            print(f"statements for one home page with 1 appointment: {counts[0]}, with 40: {counts[1]}")
            first_view(foyer, cookie)
        finally:
            for server in servers:
                server.terminate()
                server.wait(20)


def prepare(folder):
    """A clinic with one patient and 40 appointments; returns a signed-in cookie, the patient and query counts."""
    import portal
    import settings
    from database import db
    from rules import accounts
    from tests.clinic import Cast, build_cast

    os.environ["DATA_DIR"] = str(folder)
    app = portal.create_app(settings.from_environment())
    portal.migrate()
    db.connect(reuse_if_open=True)
    build_cast()
    ava = Cast(app).ava
    token = accounts.open_session(patient=ava, how="bench", ip="127.0.0.1", agent="bench")
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    counts = []
    for number in (1, 39):
        db.connect(reuse_if_open=True)
        fill(Cast(app), number)
        counts.append(statements(browser, db))
    cookie = browser.get_cookie("foyer").value
    return f"foyer={cookie}", ava.id, counts


def fill(clinic, number):
    """So many more appointments with their paperwork: three to come, the others one a month before now."""
    from clock import now
    from database import write_tx
    from models import Appointment
    from rules import paperwork
    from rules.actor import FOYER

    before = Appointment.select().count()
    for i in range(before, before + number):
        coming = i < 3
        starts_at = now() + timedelta(days=7 * (i + 1) if coming else -30 * i)
        with write_tx():
            visit = Appointment.create(
                patient=clinic.ava,
                service=clinic.botox,
                provider=clinic.dr_lin,
                location=clinic.soho,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=30),
                currency="USD",
                status="booked" if coming else "completed",
                request_key=f"bench-{i}",
            )
            paperwork.begin_for(visit, FOYER)


def statements(browser, db):
    seen, plain = [], type(db.obj).execute_sql

    def counted(self, sql, *args, **kwargs):
        seen.append(sql)
        return plain(self, sql, *args, **kwargs)

    type(db.obj).execute_sql = counted
    try:
        assert browser.get("/").status_code == 200
    finally:
        type(db.obj).execute_sql = plain
    return len(seen)


def serve(app, port, environment, plain):
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        str(plain),
        "--log-level",
        "error",
        "-b",
        f"127.0.0.1:{port}",
        app,
    ]
    return subprocess.Popen(command, cwd=HOUSE, env=environment)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


def requests_a_second(port, cookie):
    """CLIENTS connections ask for / again and again for SECONDS."""
    done, stop = [0] * CLIENTS, time.perf_counter() + SECONDS

    def ask(which):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while time.perf_counter() < stop:
            connection.request("GET", "/", headers={"Cookie": cookie} if cookie else {})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            done[which] += 1
        connection.close()

    began = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(i,)) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - began)


def first_view(port, cookie):
    """The page and what it links, each asked for once, compressed as a browser would accept it."""
    page = fetch(port, "/", cookie)
    links = re.findall(r'(?:src|href)="(/static/[^"]+|/clinic\.css[^"]*)"', page.decode())
    sizes = {"/": len(page)} | {link: len(fetch(port, link, cookie)) for link in dict.fromkeys(links)}
    for address, size in sizes.items():
        print(f"  {size:>7,} bytes  {address}")
    print(f"first view: {sum(sizes.values()):,} bytes over the wire in {len(sizes)} requests")


def fetch(port, address, cookie):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Cookie": cookie, "Accept-Encoding": "br, gzip" if address != "/" else "identity"}
    connection.request("GET", address, headers=headers)
    return connection.getresponse().read()


if __name__ == "__main__":
    main()
