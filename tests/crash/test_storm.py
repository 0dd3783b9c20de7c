"""Forty clients want the same free time of the real process at once."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.error import HTTPError

import pytest

from tests.process import Reader, asked

pytestmark = pytest.mark.crash
CLIENTS = 40
SIGNED_IN = """
import json
from models import Patient
from rules import accounts
from flask.sessions import SecureCookieSessionInterface
signer = SecureCookieSessionInterface().get_signing_serializer(portal.create_app())
db.connect(reuse_if_open=True)
cookies = []
for number in range(%d):
    patient = Patient.create(first_name="Client", last_name=str(number), email=f"client{number}@example.com")
    token = accounts.open_session(patient=patient, how="test")
    cookies.append(signer.dumps({"_user_id": token, "_fresh": True}))
print(json.dumps(cookies))
"""
BOOKED = """
import json
from models import Appointment
print(json.dumps([Appointment.select().where(Appointment.status == "booked").count(),
                  Appointment.select(Appointment.patient).distinct().count()]))
"""


def test_forty_clients_book_one_time_and_one_gets_it(portal):
    cookies = json.loads(asked(portal, SIGNED_IN % CLIENTS))
    portal.start()
    first = Reader(portal.url, cookies[0])
    service = re.search(r"/booking/(\d+)", first.get("/booking"))[1]
    address = f"/booking/{service}/times"
    slot = re.search(r'name="slot" value="([^"]+)"', first.get(address))[1]
    together = Barrier(CLIENTS)

    def book(cookie):
        reader = Reader(portal.url, cookie)
        times = reader.get(address)
        together.wait(60)
        try:
            page = reader.submit(f"/booking/{service}/hold", times, slot=slot)
            return 200, reader.submit(f"/booking/{service}/confirmation", page, accepted="y")
        except HTTPError as refused:
            return refused.code, refused.read().decode()

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(book, cookies))
    portal.stop()
    won = [text for code, text in answers if code == 200]
    lost = [text for code, text in answers if code == 422]
    assert len(won) == 1, [code for code, _ in answers]
    assert "You are booked" in won[0]
    assert len(lost) == CLIENTS - 1, [code for code, _ in answers]
    for text in lost:
        assert "Somebody was faster" in text
        assert "Free times near it" in text
    assert json.loads(asked(portal, BOOKED)) == [1, 1]
