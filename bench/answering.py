"""What saving one section of a questionnaire of 120 questions costs the server, and one answer of it.

Run it from the project's folder: .venv/bin/python -m bench.answering
Prints the median and the 95th percentile of the time from the request to the answer over the test client, on SQLite
in a file: on the clock, and of the processor, which a busy machine does not lengthen. A section has 20 questions; each
round changes half of the answers.
"""

import os
import re
import statistics
import tempfile
import time

ROUNDS, QUESTIONS, EACH = 120, 120, 20
TARGET_MS = 30


def main():
    with tempfile.TemporaryDirectory() as folder:
        browser, task = prepare(folder)
        sections = [save_section(browser, task, turn) for turn in range(ROUNDS)]
        answers = [save_one(browser, task, turn) for turn in range(ROUNDS)]
        pages = [timed(lambda: browser.get(f"/tasks/{task}/sections/3"), 200) for _ in range(ROUNDS)]
        say(f"saving a section of {EACH} of {QUESTIONS} questions", sections)
        say("saving one answer", answers)
        say("showing a section", pages)
        print(f"target for a section: under {TARGET_MS} ms")


def say(what, times):
    """Of each kind of time the median and what one in twenty exceeds."""
    for kind, found in zip(("on the clock", "of the processor"), zip(*times, strict=True), strict=True):
        slow = sorted(found)[int(len(found) * 0.95)]
        print(f"{what}, {kind}: median {statistics.median(found):.1f} ms, p95 {slow:.1f} ms")


def prepare(folder):
    """A signed-in browser and the number of a task whose patient answered the same half a year ago."""
    from datetime import timedelta

    import portal
    import settings
    from clock import now, standing_at
    from database import db
    from rules import accounts, answers, paperwork, templates
    from rules.actor import FOYER
    from tests.clinic import Cast, build_cast
    from tests.rules.test_paperwork import begin

    os.environ["DATA_DIR"] = folder
    app = portal.create_app(settings.from_environment())
    portal.migrate()
    db.connect(reuse_if_open=True)
    build_cast()
    clinic = Cast(app)
    version = templates.write_version(clinic.history, FOYER, "Medical history", "", questions())
    with standing_at(now() - timedelta(days=180)):
        task = begin(clinic, now() + timedelta(days=2))[1]["questionnaire"]
        given = {it["key"]: "no" if it["type"] == "yes_no" else "As ever" for it in version.questions}
        answers.submit(task, given, FOYER, paperwork.version_of(task))
    task = begin(clinic, now() + timedelta(days=3))[1]["questionnaire"]
    token = accounts.open_session(patient=clinic.ava, how="bench", ip="127.0.0.1", agent="bench")
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    return browser, task.id


def questions():
    """Text and yes or no in turn; every tenth looks at the one before it, and every seventh has a rule."""
    asked = []
    for number in range(QUESTIONS):
        if number % EACH == 0:
            asked.append({"key": f"s{number}", "label": f"Section {number // EACH + 1}", "type": "section"})
        question = {"key": f"k{number}", "label": f"Question {number}?", "type": ("text", "yes_no")[number % 2]}
        if number % 10 == 2:
            shown = [{"question": f"k{number - 1}", "is": "given"}]
            question["show_if"] = {"join": "all", "conditions": shown}
        if number % 7 == 1 and number % 2:
            question["rules"] = [{"is": "is", "value": "yes", "then": "flag", "words": "Look at this."}]
        asked.append(question)
    return asked


def form_of(browser, task, turn):
    """What the page's form sends, with every second answer changed."""
    page = browser.get(f"/tasks/{task}/sections/3").text
    fields = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page):
        fields.setdefault(name, []).append(value)
    for number in range(2 * EACH, 3 * EACH):
        said = turn % 2 if number % 4 < 2 else 0
        fields[f"q_k{number}"] = ("yes", "no")[said] if number % 2 else f"As ever {said}"
    return fields


def save_section(browser, task, turn):
    fields = {**form_of(browser, task, turn), "do": "next"}
    return timed(lambda: browser.post(f"/tasks/{task}/sections/3", data=fields), 303)


def save_one(browser, task, turn):
    fields = {**form_of(browser, task, turn), "only": "k41", "q_k41": ("yes", "no")[turn % 2]}
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    return timed(lambda: browser.post(f"/tasks/{task}/answers", data=fields, headers=headers), 200)


def timed(ask, status):
    began = time.perf_counter(), time.process_time()
    answer = ask()
    took = [
        (ended - start) * 1000 for start, ended in zip(began, (time.perf_counter(), time.process_time()), strict=True)
    ]
    assert answer.status_code == status, (answer.status_code, answer.text[:400])
    return took


if __name__ == "__main__":
    main()
