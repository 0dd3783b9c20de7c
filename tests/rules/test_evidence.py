"""What staff are shown as proof: recomputed from the rows as they are now, and loud when a row was changed."""

from datetime import timedelta

import pytest

from clock import now
from database import db, is_sqlite
from models import Answer, PaperworkVersion, Signature, Task
from rules import answers, evidence, paperwork, templates
from tests.rules.test_consents import begun, sign, write
from tests.rules.test_paperwork import GOOD, actor, begin


def unlock(table, event="update"):
    db.execute_sql(f"DROP TRIGGER {table}_frozen" + (f"_{event}" if is_sqlite() else f" ON {table}"))


def standing(task):
    (proof,) = evidence.of(Task.get_by_id(task.id))
    return [check.stands for check in proof.checks]


def test_all_of_it_stands_when_nothing_was_touched(clinic):
    write(clinic)
    task = begun(clinic)
    sign(task, permissions={"chart": True})
    assert standing(task) == [True] * 5


@pytest.mark.parametrize(
    ("change", "stands"),
    [
        ({"shown_text": "I agree to all."}, [False, False, True, True, False]),
        ({"version_digest": "0" * 64}, [True, True, False, True, False]),
        ({"signer_name": "Somebody Else"}, [True, True, True, True, False]),
        ({"details": {"initials": {}, "answers_digest": "0"}}, [True, True, True, False, False]),
    ],
)
def test_each_check_finds_what_it_is_for(clinic, change, stands):
    write(clinic)
    task = begun(clinic)
    sign(task)
    unlock("signature")
    Signature.update(**change).execute()
    assert standing(task) == stands


def test_a_version_that_was_changed_behind_its_signature_is_found(clinic):
    version = write(clinic)
    task = begun(clinic)
    sign(task)
    unlock("paperwork_version")
    PaperworkVersion.update(body="You owe us a million.").where(PaperworkVersion.id == version.id).execute()
    assert standing(task) == [True, False, False, True, True]


def test_a_questionnaire_edited_while_it_was_open_keeps_the_questions_that_were_answered(clinic):
    task = begin(clinic, now() + timedelta(days=3))[1]["questionnaire"]
    shown = paperwork.version_of(task)
    other = [{"label": "Do you smoke?", "type": "yes_no", "required": True}]
    templates.write_version(clinic.history, actor(clinic.ava), "Other", "Other words.", other)
    answers.submit(task, GOOD, actor(clinic.ava), paperwork.shown_version(task, shown.number))
    stored = Task.get_by_id(task.id)
    assert stored.version_id == shown.id
    assert answers.digest_of(shown, answers.of(stored)) == stored.answers_digest != ""
    assert evidence.answers_stand(stored) is True
    unlock("answer")
    Answer.update(value="yes").where(Answer.question == "pregnant").execute()
    assert evidence.answers_stand(stored) is False


def test_where_no_hash_was_kept_nothing_is_claimed(clinic):
    task = begin(clinic, now() + timedelta(days=3))[1]["questionnaire"]
    assert evidence.answers_stand(task) is None
