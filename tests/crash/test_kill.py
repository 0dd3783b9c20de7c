"""kill -9 of the real process, in the middle of sending and right after a booking: no message is lost."""

import json
import re

import pytest

from tests.process import Process, Reader, asked, until

pytestmark = pytest.mark.crash
DUE = """
from models import Patient
ava = Patient.get(Patient.email == "ava@example.com")
for number in range(12):
    with write_tx():
        outbox.put("email_changed", "a test", dedupe=str(number), patient=ava)
"""
ROWS = """
import json
from models import Delivery
print(json.dumps(list(Delivery.select(Delivery.kind, Delivery.message_id, Delivery.status).dicts())))
"""


def deliveries(process, code=""):
    """Every message of the portal as kind, message_id and status; `code` is run first."""
    return json.loads(asked(process, code + ROWS))


def ids(rows):
    return {row["message_id"] for row in rows}


def test_killed_in_the_middle_of_sending_every_message_arrives_under_its_own_id(portal, server):
    expected = ids(deliveries(portal, DUE))
    server.seconds = 0.3  # the letter is over there, and our side does not know it yet
    for goal in (3, 7):
        portal.start()
        until(lambda goal=goal: len(server.taken) >= goal)
        portal.kill()
    server.seconds = 0
    portal.start()
    until(lambda: set(server.ids()) == expected)
    portal.stop()
    assert set(server.ids()) == expected
    assert len(server.taken) - len(expected) <= 2 * 2, "only what was on the wire at a kill may come twice"
    assert {row["status"] for row in deliveries(portal)} == {"sent"}


def test_killed_right_after_a_booking_its_messages_arrive(portal, server):
    portal.start()
    reader = Reader(portal.url)
    reader.submit("/sign-in", reader.get("/sign-in"), email="ava@example.com")
    until(lambda: server.taken)
    digits = re.search(r"^(\d{6})$", server.taken[0].get_content().replace("\r", ""), re.M)[1]
    reader.submit("/sign-in/code", reader.get("/sign-in/code"), code=digits)
    service = re.search(r"/booking/(\d+)", reader.get("/booking"))[1]
    times = reader.get(f"/booking/{service}/times")
    slot = re.search(r'name="slot" value="([^"]+)"', times)[1]
    page = reader.submit(f"/booking/{service}/hold", times, slot=slot)
    assert "You are booked" in reader.submit(f"/booking/{service}/confirmation", page, accepted="y")
    portal.kill()
    expected = {row["kind"]: row["message_id"] for row in deliveries(portal)}
    assert {"booking_confirmed", "pre_treatment", "post_treatment"} <= set(expected)
    portal.start()
    until(lambda: {expected["booking_confirmed"], expected["pre_treatment"]} <= set(server.ids()))
    portal.stop()
    assert expected["post_treatment"] not in server.ids(), "its time has not come"
    assert {row["kind"]: row["status"] for row in deliveries(portal)} == {
        "code_signin": "sent", "booking_confirmed": "sent", "pre_treatment": "sent", "post_treatment": "waiting",
    }  # fmt: skip


@pytest.mark.parametrize("portal", ["sqlite"], indirect=True)
def test_told_to_stop_it_finishes_the_letter_on_the_wire_and_sends_nothing_twice(portal, server):
    asked(portal, DUE)
    server.seconds = 0.3
    portal.start()
    until(lambda: len(server.taken) >= 3)
    portal.stop()
    assert len(server.taken) < 12, "it was stopped in the middle"
    rows = deliveries(portal)
    assert {row["status"] for row in rows} == {"sent", "waiting"}
    server.seconds = 0
    portal.start()
    until(lambda: len(server.taken) >= 12)
    portal.stop()
    assert sorted(server.ids()) == sorted(ids(rows))


@pytest.mark.parametrize("portal", ["sqlite"], indirect=True)
def test_of_two_processes_on_one_folder_one_sends_and_the_other_takes_over_when_it_dies(portal, server, tmp_path):
    other = Process(tmp_path, database_url=portal.environment["DATABASE_URL"], MAIL_URL=server.url())
    try:
        portal.start()
        other.start()
        server.seconds = 1
        expected = ids(deliveries(portal, DUE))
        until(lambda: len(server.taken) >= 3, seconds=70)  # the sweep finds them, should the wake-up be lost
        assert len(server.taken) == len(set(server.ids()))
        portal.kill()
        server.seconds = 0
        until(lambda: {row["status"] for row in deliveries(portal)} == {"sent"})  # what the dead one held, too
        assert set(server.ids()) == expected
        assert 1 <= len(server.taken) - len(expected) <= 2, "the dead one was the one that sent"
    finally:
        other.stop()
