"""Two hundred clients want twenty free times of the real process at once.

Run it from the project's folder: .venv/bin/python -m bench.storm [sqlite] [postgres]
Each client chooses a time, ten clients the same one (the times leave room for each other, buffer included); who gets
it confirms the booking. Prints how many booked, how
many read that somebody was faster, anything else that was answered, and how long the requests took, on the clock of
the clients, which run on the same machine.
"""

import http.client
import json
import re
import statistics
import sys
import tempfile
import time
import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

CLIENTS, SLOTS, LONGEST_SECONDS = 200, 20, 2
PREPARED = """
import json
from models import Patient
from rules import accounts
from datetime import timedelta
from rules import openings, searching
from tests.clinic import Cast, build_cast
from flask.sessions import SecureCookieSessionInterface
portal.migrate()
db.connect(reuse_if_open=True)
build_cast()
signer = SecureCookieSessionInterface().get_signing_serializer(portal.create_app())
db.connect(reuse_if_open=True)
cookies = []
for number in range(%d):
    patient = Patient.create(first_name="Client", last_name=str(number), email=f"client{number}@example.com")
    token = accounts.open_session(patient=patient, how="bench")
    cookies.append(signer.dumps({"_user_id": token, "_fresh": True}))
cast, slots, after = Cast(None), [], None
for one in searching.free_times(cast.botox, provider=cast.dr_lin, location=cast.soho):
    if len(slots) < %d and (after is None or one.starts_at >= after):
        slots.append(openings.key(one))
        after = one.ends_at + timedelta(minutes=cast.botox.buffer_minutes)
print(json.dumps([cookies, cast.botox.id, slots]))
"""
BOOKED = "from models import Appointment\nprint(Appointment.select().where(Appointment.status == 'booked').count())"


def main():
    asked = sys.argv[1:] or ["sqlite", "postgres"]
    for kind in asked:
        with ExitStack() as end:
            storm(kind, end)
    print(f"targets: {SLOTS} booked, the others read the sentence, no request over {LONGEST_SECONDS} s")


def storm(kind, end):
    from bench.growth import postgres
    from tests.process import Process
    from tests.process import asked as ask_portal

    folder = end.enter_context(tempfile.TemporaryDirectory(prefix="foyer-storm-"))
    url = postgres(folder, end) if kind == "postgres" else ""
    process = Process(Path(folder), database_url=url)
    cookies, service, slots = json.loads(ask_portal(process, PREPARED % (CLIENTS, SLOTS)))
    process.start()
    end.callback(process.stop)
    clients = [Client(process.port, cookie) for cookie in cookies]
    for client in clients:
        client.token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/profile"))[1]
    together = Barrier(CLIENTS)

    def book(turn):
        client = clients[turn]
        together.wait(60)
        status, text = client.post(f"/booking/{service}/hold", slot=slots[turn % SLOTS], request_key=f"bench-{turn}")
        if status == 303:
            fields = hidden(client.get(text))
            status, text = client.post(f"/booking/{service}/confirmation", **{**fields, "accepted": "y"})
        return "booked" if status == 303 else "faster" if "Somebody was faster" in text else f"{status}"

    with ThreadPoolExecutor(CLIENTS) as crowd:
        answers = Counter(crowd.map(book, range(CLIENTS)))
    times = sorted(took for client in clients for took in client.times)
    slow = times[int(len(times) * 0.95)]
    said = f"median {statistics.median(times):.2f} s, p95 {slow:.2f} s, longest {times[-1]:.2f} s"
    there = ask_portal(process, BOOKED).strip()
    print(f"{kind}: {dict(answers)}, {there} in the database; {len(times)} requests, {said}", flush=True)


def hidden(page):
    """The hidden fields of the form that books."""
    form = page[page.index("/confirmation") :]
    fields = {}
    for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', form):
        value = re.search(r'value="([^"]*)"', tag)
        fields.setdefault(re.search(r'name="([^"]+)"', tag)[1], value[1] if value else "")
    return fields


class Client:
    """A signed-in browser's bare bones; remembers how long each POST took."""

    def __init__(self, port, cookie):
        self.port, self.headers, self.token, self.times = port, {"Cookie": f"foyer={cookie}"}, "", []

    def get(self, address):
        return self.ask("GET", address)[1]

    def post(self, address, **fields):
        body = urllib.parse.urlencode({"csrf_token": self.token, **fields})
        began = time.perf_counter()
        answer = self.ask("POST", address, body, {"Content-Type": "application/x-www-form-urlencoded"})
        self.times.append(time.perf_counter() - began)
        return answer

    def ask(self, method, address, body=None, headers=None):
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        connection.request(method, address, body, {**self.headers, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        cookie = answer.getheader("Set-Cookie")
        if cookie:
            self.headers["Cookie"] = cookie.partition(";")[0]
        connection.close()
        return answer.status, answer.getheader("Location") or text


if __name__ == "__main__":
    main()
