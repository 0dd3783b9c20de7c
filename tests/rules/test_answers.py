"""Answers are saved in any order, from two devices, and sent once: nothing is lost, and nothing is taken twice."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from clock import now
from models import Answer, Photo, Task, TrailEntry
from rules import answers, conditions, earlier, paperwork, templates
from rules.answering_day import answering_day
from rules.refused import Refused
from tests.rules.test_paperwork import GOOD, actor, begin, fresh

TEXTS = ("", "one", "two", "three")
QUESTIONS = [
    {"key": "a", "label": "A?", "type": "text"},
    {"key": "b", "label": "B?", "type": "yes_no"},
    {"key": "c", "label": "C?", "type": "multiple", "choices": ["one", "two", "three"]},
    {"key": "d", "label": "D?", "type": "text", "required": True,
     "show_if": {"join": "all", "conditions": [{"question": "b", "is": "is", "value": "yes"}]}},
    {"key": "e", "label": "E?", "type": "medication_list", "ask": "confirm"},
]  # fmt: skip
TYPED = {
    "a": some.sampled_from(TEXTS),
    "b": some.sampled_from(["", "yes", "no"]),
    "c": some.lists(some.sampled_from(TEXTS[1:]), unique=True),
    "d": some.sampled_from(TEXTS),
    "e": some.sampled_from(["none", [], [{"name": "one", "note": ""}], [{"name": "one", "note": "two"}]]),
}
PAGES = some.lists(
    some.tuples(
        some.integers(0, 1),  # which of two devices
        some.booleans(),  # whether it loads the page anew before
        some.fixed_dictionaries({}, optional=TYPED),  # what is typed into it
    ),
    max_size=8,
)
FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@pytest.fixture
def version(clinic):
    return templates.write_version(clinic.history, actor(clinic.ava), "History", "", QUESTIONS)


def order_of(version, value, key):
    """As the rules store it, or None."""
    from rules import questions

    return questions.check(next(it for it in version.questions if it["key"] == key), value)


@FEW
@given(steps=PAGES)
def test_two_devices_in_any_order_lose_nothing(clinic, version, steps):
    """Against a plain model: of what a page changed the last one counts, of what it did not change it says nothing."""
    task = Task.create(patient=clinic.ava, appointment=visit_of(clinic), paperwork=clinic.history)
    model = {}
    pages = [{}, {}]  # what each device shows
    for device, anew, typed in steps:
        if anew:
            pages[device] = dict(model)
        shown = pages[device]
        form = {key: shown.get(key) for key in TYPED} | {k: order_of(version, v, k) for k, v in typed.items()}
        seen = {key: answers.digest(shown.get(key)) for key in TYPED}
        saved = answers.save(task, form, actor(clinic.ava), version, seen)
        both = {
            key for key in TYPED
            if form[key] != shown.get(key) and model.get(key) != shown.get(key) and form[key] != model.get(key)
        }  # fmt: skip
        theirs = {key for key in TYPED if form[key] == shown.get(key) != model.get(key)}
        for key in TYPED:
            if form[key] != shown.get(key):
                model[key] = form[key]
        model = {key: value for key, value in model.items() if value is not None}
        assert answers.of(task) == saved.stored.values == model
        assert {it[0]["key"] for it in saved.both} == both, "the reader is told of each that both gave, and no other"
        assert {it["key"] for it in saved.theirs} == theirs
        pages[device] = dict(model)
    send(clinic, task, version, model)


def send(clinic, task, version, model):
    """What is sent is what is stored of the questions that are asked; or it is refused and nothing changes."""
    on = answering_day(task)
    lacking = conditions.missing(version.questions, model, on)
    if lacking:
        with pytest.raises(Refused) as no:
            answers.submit(task, {}, actor(clinic.ava), version)
        assert set(no.value.facts["problems"]) == {it["key"] for it in lacking}
    else:
        assert answers.submit(task, {}, actor(clinic.ava), version)
        model = conditions.kept(version.questions, model, on)
        assert fresh(task).answers_digest == answers.digest_of(version, model)
        assert Answer.select().where(Answer.task == task).count() == len(model)
    assert answers.of(task) == model


def visit_of(clinic):
    """A visit without tasks, each time another one."""
    from models import Appointment
    from tests.rules.test_paperwork import visit

    return visit(clinic, now() + timedelta(days=3 + Appointment.select().count()))


def test_it_is_sent_once_and_closes_everything_at_once(clinic):
    _, tasks = begin(clinic, now() + timedelta(days=3))
    task, by = tasks["questionnaire"], actor(clinic.ava)
    version = paperwork.version_of(task)
    assert answers.submit(task, GOOD, by, version)
    assert not answers.submit(task, {**GOOD, "reason": "Other"}, by, version)
    assert answers.of(task) == GOOD
    assert TrailEntry.select().where(TrailEntry.action == "questionnaire answered").count() == 1
    with pytest.raises(Refused, match="sent already"):
        answers.save(task, {"reason": "Other"}, by, version)


def test_two_clicks_at_the_same_moment_send_once_and_neither_is_an_error(clinic, monkeypatch):
    task = begin(clinic, now() + timedelta(days=3))[1]["questionnaire"]
    by, shown, save = actor(clinic.ava), paperwork.version_of(task), answers.save_answers
    save(task, GOOD, by, shown)

    def the_other_click_is_faster(*what):
        monkeypatch.setattr(answers, "save_answers", save)
        assert answers.submit(fresh(task), {}, by, shown) is True
        return save(*what)

    monkeypatch.setattr(answers, "save_answers", the_other_click_is_faster)
    assert answers.submit(fresh(task), {}, by, shown) is False


def test_a_fault_in_what_follows_leaves_it_unsent(clinic, monkeypatch):
    from rules import connections

    _, tasks = begin(clinic, now() + timedelta(days=3))
    task = tasks["questionnaire"]

    def fail(*_):
        raise RuntimeError("the light went out")

    monkeypatch.setattr(connections, "apply", fail)
    with pytest.raises(RuntimeError):
        answers.submit(task, GOOD, actor(clinic.ava), paperwork.version_of(task))
    assert (fresh(task).status, fresh(task).answers_digest) == ("in_progress", "")
    assert answers.of(task) == GOOD, "what was saved stays"


def test_the_digest_tells_questions_and_answers_apart(clinic, version):
    one = answers.digest_of(version, {"a": "one"})
    assert one == answers.digest_of(version, {"a": "one"})
    assert one != answers.digest_of(version, {"a": "two"})
    assert answers.digest(None) == answers.digest("") == answers.digest([]) != answers.digest("none")


@pytest.mark.parametrize(
    ("question", "way"),
    [
        ({"type": "text"}, "prefill"),
        ({"type": "text", "ask": "confirm"}, "confirm"),
        ({"type": "text", "ask": "anew"}, "anew"),
        ({"type": "text", "ask": "confirm", "safety": True}, "anew"),
        ({"type": "photo", "ask": "prefill"}, "anew"),
        ({"type": "note"}, "anew"),
    ],
)
def test_how_an_earlier_answer_is_used(question, way):
    assert earlier.way_of(question) == way


def test_the_newest_earlier_answer_counts_and_only_what_was_sent(clinic, time_machine, queries):
    start = now()
    for days, reason in ((0, "First"), (40, "Second")):
        time_machine.move_to(start + timedelta(days=days), tick=False)
        _, tasks = begin(clinic, now() + timedelta(days=1))
        answers.submit(tasks["questionnaire"], {**GOOD, "reason": reason}, actor(clinic.ava),
                       paperwork.version_of(tasks["questionnaire"]))  # fmt: skip
    time_machine.move_to(start + timedelta(days=80), tick=False)
    _, unsent = begin(clinic, now() + timedelta(days=1))
    answers.save_answers(unsent["questionnaire"], {"reason": "Third"}, actor(clinic.ava),
                         paperwork.version_of(unsent["questionnaire"]))  # fmt: skip
    _, tasks = begin(clinic, now() + timedelta(days=9))
    task = tasks["questionnaire"]
    with queries() as count:
        found = earlier.offered(task, paperwork.version_of(task).questions)
    assert found["reason"].value == "Second"
    assert found["reason"].words.startswith("your last visit, ")
    assert count() <= 2
    _, bens = begin(clinic, now() + timedelta(days=5), patient=clinic.ben, provider=clinic.other_provider)
    assert earlier.offered(bens["questionnaire"], paperwork.version_of(task).questions) == {}


# --- photos -------------------------------------------------------------------------------------


@pytest.fixture
def shown(clinic):
    """A begun task with a photo that its answers do not name yet."""
    version = templates.write_version(
        clinic.history, actor(clinic.ava), "History", "", [{"key": "skin", "label": "Your skin?", "type": "photo"}]
    )
    task = Task.create(patient=clinic.ava, appointment=visit_of(clinic), paperwork=clinic.history, version=version,
                       status="in_progress", begun_at=now())  # fmt: skip
    return fresh(task), version, photo_of(task)


def photo_of(task, question="skin"):
    facts = {"digest": "0" * 64, "size_bytes": 1, "width": 1, "height": 1}
    name = f"{Photo.select().count():032}.jpg"
    return Photo.create(patient=task.patient_id, task=task, question=question, file_name=name, **facts)


def before_the_lock(monkeypatch, call):
    """Somebody else is there first, once."""
    plain, waiting = answers.write_tx, [call]

    @contextmanager
    def locked():
        if waiting:
            waiting.pop()()
        with plain():
            yield

    monkeypatch.setattr(answers, "write_tx", locked)


def test_two_pages_that_are_opened_at_once_note_photos_once(shown, monkeypatch):
    task, version, photo = shown
    before_the_lock(monkeypatch, lambda: answers.note_photos(task, version))
    assert answers.note_photos(task, version).values == {"skin": [photo.id]}
    assert answers.of(task) == {"skin": [photo.id]}


def test_what_was_sent_meanwhile_is_not_written_by_a_page_that_was_opened_before(shown, monkeypatch):
    task, version, _ = shown
    before_the_lock(monkeypatch, lambda: Task.update(status="done", done_at=now()).execute())
    assert answers.note_photos(task, version).values == {}
    assert answers.of(task) == {}


def test_a_page_that_is_only_looked_at_waits_for_no_writer(shown, monkeypatch):
    task, version, photo = shown
    answers.note_photos(task, version)
    before_the_lock(monkeypatch, lambda: pytest.fail("it asks for the lock"))
    assert answers.note_photos(task, version).values == {"skin": [photo.id]}
