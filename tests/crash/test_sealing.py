"""kill -9 of the real process, in the middle of sealing: each signed consent gets one sealed PDF, and only one."""

import json

import pytest

from tests.process import asked, until

pytestmark = pytest.mark.crash
MANY = 8
SIGNED = f"""
from datetime import timedelta
from clock import now
from models import Appointment, Location, Patient, Provider, Service, Task
from rules import consent_texts, paperwork, signing, templates
from rules.actor import Actor
ava, service = Patient.get(Patient.email == "ava@example.com"), Service.get(Service.name == "Wrinkle relaxing")
by = Actor("patient", ava.id, ava.name)
for number in range({MANY}):
    starts_at = now() + timedelta(days=number + 2)
    visit = Appointment.create(
        patient=ava, service=service, provider=Provider.get(Provider.name == "Dr Lin"),
        location=Location.get(Location.name == "Soho"), starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30),
        currency="USD", request_key=f"key {{number}}",
    )
    task = next(task for task in paperwork.begin_for(visit, by) if task.paperwork.kind == "consent")
    version = templates.version_of(task)
    with write_tx():
        Task.update(version=version, status="in_progress").where(Task.id == task.id).execute()
        signing.sign(
            patient=ava, by=by, text=consent_texts.text_of(version), version_digest=version.digest, method="typed",
            signer_name="Ava Moreno", task=task, time_zone="America/New_York",
        )
"""
FOUND = """
import json
from hashlib import sha256
from gateways import seal
from models import Delivery, SealedFile, TrailEntry
from rules import sealing, trail
rows = list(SealedFile.select().order_by(SealedFile.id))
good = [row for row in rows if row.status == "sealed"]
print(json.dumps({
    "waiting": sum(row.status == "waiting" for row in rows),
    "rows": [[row.id, row.status, row.file_name, row.digest] for row in good],
    "genuine": sum(seal.intact(sealing.bytes_of(row)) == seal.GENUINE for row in good),
    "signatures": len({row.signature_id for row in good}),
    "told": TrailEntry.select().where(TrailEntry.action == "consent sealed").count(),
    "mails": Delivery.select().where(Delivery.kind == "consent_signed").count(),
    "trail": trail.check().whole,
}))
"""


def found(portal):
    return json.loads(asked(portal, FOUND))


def files(portal):
    folder = portal.folder / "sealed"
    return [it for it in folder.iterdir() if it.is_file() and not it.name.startswith(".")] if folder.is_dir() else []


def test_killed_in_the_middle_of_sealing_each_is_sealed_once(portal):
    asked(portal, SIGNED)
    kept = []
    for goal in (1, 4):
        portal.start()
        until(lambda goal=goal: len(files(portal)) >= goal, 180)
        portal.kill()
        after = found(portal)["rows"]
        assert after[: len(kept)] == kept, "what was sealed before the kill is not made again"
        kept = after
    assert len(kept) < MANY, "it was not killed in the middle"
    portal.start()
    until(lambda: len(files(portal)) >= MANY, 180)
    until(lambda: not found(portal)["waiting"], 180)
    portal.stop()
    end = found(portal)
    assert end["rows"][: len(kept)] == kept
    assert (len(end["rows"]), end["genuine"], end["signatures"]) == (MANY, MANY, MANY)
    assert (end["told"], end["mails"]) == (MANY, MANY)
    assert end["trail"]
    assert len(files(portal)) - MANY <= 2, "at most one file a kill lies there without its row"
    swept = "import os, time\nfrom clock import now\nfrom rules import sealing\nfor it in sealing.folder().iterdir():\n"
    asked(portal, f"{swept}    os.utime(it, (0, 0))\nsealing.sweep(now())")
    assert sorted(it.name for it in files(portal)) == sorted(row[2] for row in end["rows"])
