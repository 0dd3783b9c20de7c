"""A hundred sealed PDFs in a row, as the job makes them: how long each takes, and how much memory they leave behind.

Run it from the project's folder: .venv/bin/python -m bench.sealing
Each consent has two pages, clauses, permissions, a drawn signature and a name that needs other fonts.
"""

import gc
import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

MANY = 100
MOST_SECONDS, MOST_GROWTH = 1.0, 50  # a PDF, MB
BODY = """I have read this and could ask all my questions.

## What can happen

- Small bruises, swelling and headache are **common**.
- A drooping eyelid is rare, and goes away with the effect.

| Area | Units |
| --- | --- |
| Forehead | 10 to 20 |

{words}
"""
DETAILS = {
    "clauses": [{"key": f"c{n}", "text": f"I understand point {n} of it.", "initials": True} for n in range(6)],
    "permissions": ["chart", "share", "training", "website", "social"],
}  # fmt: skip


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        import portal

        portal.create_app()
        portal.migrate()
        from database import db

        db.connect(reuse_if_open=True)
        sign_many()
        sys.exit(measure())


def sign_many():
    """As many visits, each with its consent signed."""
    from clock import now
    from database import write_tx
    from models import Appointment, Patient, Task
    from rules import consent_texts, outbox, paperwork, signing, templates
    from rules.actor import FOYER, Actor
    from tests.clinic import Cast, build_cast

    outbox.on_put = None
    build_cast()
    cast = Cast(None)
    body = BODY.format(words="What was explained to me is written here at some length. " * 30)
    version = templates.write_version(cast.consent, FOYER, "Consent to wrinkle relaxing", body, [], details=DETAILS)
    Patient.update(first_name="Zoë محمد").where(Patient.id == cast.ava.id).execute()
    ava = Patient.get_by_id(cast.ava.id)
    by = Actor("patient", ava.id, ava.name, "203.0.113.9", "A browser", 1, "email code")
    strokes = [{"points": [{"x": 3 * n, "y": 40 + n % 9 * 5, "time": n, "pressure": 0.5} for n in range(200)]}]
    given = {"initials": {f"c{n}": "AM" for n in range(6)}, "permissions": {"chart": True}, "notice": 1}
    for number in range(MANY):
        starts_at = now() + timedelta(days=number + 1)
        visit = Appointment.create(
            patient=ava, service=cast.botox, provider=cast.dr_lin, location=cast.soho, starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30), currency="USD", request_key=str(number),
        )  # fmt: skip
        task = next(task for task in paperwork.begin_for(visit, by) if task.paperwork.kind == "consent")
        with write_tx():
            Task.update(version=version, status="in_progress").where(Task.id == task.id).execute()
            signing.sign(
                patient=ava, by=by, text=consent_texts.text_of(version), version_digest=version.digest, method="drawn",
                signer_name="Ava Moreno", strokes=strokes, task=task, time_zone="America/New_York", details=given,
            )  # fmt: skip


def measure() -> int:
    from rules import sealing

    before, seconds, worked, memory = megabytes(), [], [], []
    while (row := sealing.claim()) is not None:
        begun, at_work = time.perf_counter(), time.process_time()
        outcome = sealing.attempt(row)
        assert sealing.settle(row, outcome)
        seconds.append(time.perf_counter() - begun)
        worked.append(time.process_time() - at_work)
        assert outcome["status"] == "sealed", outcome
        gc.collect()
        memory.append(megabytes())
    first, *rest = seconds
    growth = memory[-1] - memory[0]
    print(f"{len(seconds)} sealed PDFs of {outcome['size_bytes'] / 1024:.0f} kB")
    print(f"the first, with the import of what makes them: {first:.2f} s, memory {before:.0f} -> {memory[0]:.0f} MB")
    print(f"each of the others: median {statistics.median(rest):.3f} s, longest {max(rest):.3f} s")
    print(f"of that on the processor: median {statistics.median(worked[1:]):.3f} s, longest {max(worked[1:]):.3f} s")
    print(f"memory after the first {memory[0]:.0f} MB, after the last {memory[-1]:.0f} MB: {growth:+.1f} MB")
    return int(max(rest) > MOST_SECONDS or growth > MOST_GROWTH)


def megabytes() -> float:
    """What this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


if __name__ == "__main__":
    main()
