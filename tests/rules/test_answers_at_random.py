"""Random questionnaires, answered in random steps on two devices and sent: what the database holds is what a plain
model says of it.

The questionnaires and the model are those of tests/rules/test_conditions_at_random.py.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from models import Answer, Appointment, Finding, Photo, Task
from rules import answers, templates
from rules.body_areas import AREAS
from rules.refused import Refused
from tests.rules.test_answers import photo_of
from tests.rules.test_conditions_at_random import ANSWERS, LAYOUT, ON, Model, questionnaires
from tests.rules.test_paperwork import actor, fresh, visit

NOON = datetime(ON.year, ON.month, ON.day, 17, tzinfo=UTC)  # in New York, on the day of the model
FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[*HealthCheck], derandomize=True, database=None
)  # fmt: skip


def asks(asked):
    return [it for it in asked if it["type"] not in LAYOUT]


@some.composite
def answerings(draw):
    """A questionnaire; the pages that are sent: (device, opened anew before, answers); what is given when it is asked
    for; and in how many days the visit is."""
    asked = draw(questionnaires())
    typed = some.fixed_dictionaries({}, optional={
        it["key"]: ANSWERS[it["type"]] | some.none() for it in asks(asked) if it["type"] != "photo"})  # fmt: skip
    pages = draw(some.lists(some.tuples(some.integers(0, 1), some.booleans(), typed), min_size=1, max_size=5))
    lacking = {it["key"]: draw(ANSWERS[it["type"]]) for it in asks(asked)}
    photos = draw(some.sets(some.sampled_from([it["key"] for it in asked])))
    return asked, pages, lacking, photos, draw(some.integers(1, 90))


def stored_form(asked, key, value):
    """As it is kept: chosen ones in the order of the choices, and nothing for what was emptied."""
    question = next(it for it in asked if it["key"] == key)
    if question["type"] in ("multiple", "body_area") and value:
        order = question.get("choices") or list(AREAS)
        return sorted(value, key=order.index)
    return value or (value if value == 0 else None)


@FEW
@given(case=answerings())
def test_what_is_sent_is_what_a_plain_model_says(clinic, time_machine, case):
    asked, pages, lacking, photos, days = case
    time_machine.move_to(NOON, tick=False)
    version = templates.write_version(clinic.history, actor(clinic.ava), "History", "", asked)
    assert version.questions == asked
    appointment = visit(clinic, NOON + timedelta(days=days, minutes=Appointment.select().count()))
    task = Task.create(patient=clinic.ava, appointment=appointment, paperwork=clinic.history)
    held = page_after_page(clinic, task, version, pages)
    for key in photos & {it["key"] for it in asked if it["type"] == "photo"}:
        held[key] = [photo_of(task, key).id]
    send_until_taken(clinic, task, version, held, lacking)
    Appointment.update(status="cancelled").where(Appointment.id == appointment.id).execute()


def page_after_page(clinic, task, version, pages):
    """Of what a page changed the last one counts, of what it did not change it says nothing."""
    held, shown = {}, [{}, {}]
    for device, anew, typed in pages:
        if anew:
            shown[device] = dict(held)
        before = shown[device]
        changed = {key: stored_form(version.questions, key, value) for key, value in typed.items()}
        form = {key: before.get(key) for key in typed} | changed
        seen = {key: answers.digest(before.get(key)) for key in typed}
        saved = answers.save(task, form, actor(clinic.ava), version, seen)
        assert not saved.problems
        held |= {key: value for key, value in changed.items() if value != before.get(key)}
        held = {key: value for key, value in held.items() if value is not None}
        shown[device] = dict(held)
    assert answers.of(task) == held
    return held


def send_until_taken(clinic, task, version, held, lacking):
    """It is refused with exactly what the model lacks; once that is given, it is taken and judged."""
    by, asked = actor(clinic.ava), version.questions
    while True:
        model = Model(asked, held)
        shown = [key for key in model.order if model.is_shown(key)]
        missing = {key for key in shown if model.items[key]["required"] and model.answer(key) is None} & set(lacking)
        if not missing:
            break
        with pytest.raises(Refused) as no:
            answers.submit(task, {}, by, version)
        assert set(no.value.facts["problems"]) == missing
        assert fresh(task).status == "in_progress"
        for key in missing:
            if model.items[key]["type"] == "photo":
                held[key] = [photo_of(task, key).id]
            else:
                value = stored_form(asked, key, lacking[key])
                held[key] = value if value is not None else some_answer(model.items[key])
                answers.save(task, {key: held[key]}, by, version)
    assert answers.submit(task, {}, by, version)
    kept = {key: held[key] for key in shown if model.answer(key) is not None}
    assert {row.question: row.value for row in Answer.select().where(Answer.task == task)} == kept
    assert fresh(task).answers_digest == answers.digest_of(version, kept)
    left = Photo.select().where((Photo.task == task) & Photo.removed_at.is_null())
    assert sorted(it.id for it in left) == sorted(
        number for key, ids in kept.items() if model.items[key]["type"] == "photo" for number in ids
    )
    said = [line for key in model.order for line in model.says(key)]
    day = (task.appointment.starts_at - timedelta(hours=5)).date()
    raised = [
        (key, rule, then, until) for key, rule, then, until in said
        if then == "flag" or (then == "block" and (until is None or day < until))
    ]  # fmt: skip
    found = Finding.select().where(Finding.task == task).order_by(Finding.id)
    assert [(it.question, it.rule, it.then, it.until_on) for it in found] == raised


def some_answer(question):
    """For a list of choices of which none was drawn."""
    return [question["choices"][0] if question["type"] == "multiple" else next(iter(AREAS))]
