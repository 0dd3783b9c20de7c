"""Consents: point by point, a "no" in peace, permissions apart from the treatment, the text that was on the screen."""

import json
from datetime import timedelta
from hashlib import sha256
from threading import Barrier, Thread

import pytest

from clock import now
from database import db, is_sqlite
from models import Appointment, NoticeConsent, Paperwork, Patient, Permission, RecordNotice, Signature, Task, TrailEntry
from rules import consent_texts, consents, evidence, notices, paperwork, signers, signing, templates
from rules.refused import Refused
from tests.rules.test_paperwork import NOON, actor, begin, fresh

CLAUSES = [
    {"key": "risks", "text": "I know the risks.", "initials": True},
    {"key": "stop", "text": "I may stop at any moment.", "initials": False},
    {"key": "enzyme", "text": "I agree to the enzyme.", "initials": True},
]
DETAILS = {"clauses": CLAUSES, "permissions": ["social", "chart"]}
LETTERS = {"risks": "AM", "enzyme": "am"}


def write(clinic, details=DETAILS, body="I understand the **risks**.", title="Consent to wrinkle relaxing"):
    return templates.write_version(clinic.consent, actor(clinic.ava), title, body, [], details=details)


def begun(clinic, starts_at=None, **facts):
    return begin(clinic, starts_at or now() + timedelta(days=3), **facts)[1]["consent"]


def sign(task, version=None, **facts):
    facts = {"method": "typed", "full_name": "Ava Moreno", "agreed": True, "initials": LETTERS, **facts}
    return consents.sign_as_patient(task, actor(task.patient), version or paperwork.version_of(task), **facts)


def signature(task):
    return consents.signature_as(task, "patient")


# --- what is signed -----------------------------------------------------------------------------


def test_the_text_is_title_body_clauses_and_permissions_and_always_the_same(clinic):
    version = write(clinic)
    assert consents.text_of(version) == (
        "Consent to wrinkle relaxing\n\nI understand the **risks**.\n\nPoint by point\n\n"
        "1. I know the risks. (initials)\n\n2. I may stop at any moment.\n\n3. I agree to the enzyme. (initials)\n\n"
        "Photos of you\n\nEach choice stands on its own, and a no changes nothing about your treatment. What you leave "
        "open counts as a no. You can take back a yes at any time.\n\n"
        "In my chart: The clinic may take photos of the treated area and keep them in my chart. Yes or no.\n\n"
        "On social media: The clinic may show my photos, without my name, on its social media pages. Yes or no."
    )
    assert consents.text_of(type(version).get_by_id(version.id)) == consents.text_of(version)


def test_the_words_of_the_permissions_never_change():
    """What was signed is compared with them. New words need a new kind, or old consents would look tampered with."""
    told = json.dumps([consent_texts.PERMISSIONS, consent_texts.PERMISSIONS_HEAD, consent_texts.PERMISSIONS_LEAD,
                       consent_texts.CLAUSES_HEAD])  # fmt: skip
    assert sha256(told.encode()).hexdigest()[:12] == "e6332118dad8"


def test_initials_permissions_and_all_around_them_are_kept_as_evidence(clinic, time_machine):
    version, task = write(clinic), begun(clinic, NOON + timedelta(days=1))
    time_machine.move_to(NOON, tick=False)
    consents.note_shown(task, version, actor(clinic.ava))
    time_machine.move_to(NOON + timedelta(minutes=5), tick=False)
    consents.note_shown(task, version, actor(clinic.ava))
    assert TrailEntry.select().where(TrailEntry.action == "consent opened").count() == 1
    assert sign(task, permissions={"chart": True, "social": False, "website": True, "cake": True})
    row = signature(task)
    assert row.details == {
        "initials": {"risks": "AM", "enzyme": "am"},
        "permissions": {"chart": True, "social": False},
        "answers_digest": consents.answers_digest(row.details["initials"], row.details["permissions"]),
        "notice": 1,
        "first_shown_at": "2026-03-03T17:00:00+00:00",
        **signers.moment(task),
    }
    assert row.shown_text == consents.text_of(version)
    assert signing.verify(row)
    done = fresh(task)
    assert (done.status, done.version_id, done.done_at) == ("done", version.id, now())


def test_each_version_has_a_first_look_of_its_own(clinic, time_machine):
    first, task = write(clinic), begun(clinic, NOON + timedelta(days=1))
    time_machine.move_to(NOON, tick=False)
    consents.note_shown(task, first, actor(clinic.ava))
    second = write(clinic, body="Other words.")
    time_machine.move_to(NOON + timedelta(minutes=5), tick=False)
    assert consents.first_shown_at(task, second) is None
    consents.note_shown(task, second, actor(clinic.ava))
    assert sign(task)
    assert signature(task).details["first_shown_at"] == "2026-03-03T17:05:00+00:00"


def test_another_letter_as_initials_is_another_hash():
    one = consents.answers_digest({"risks": "AM"}, {"chart": True})
    assert one != consents.answers_digest({"risks": "AN"}, {"chart": True})
    assert one != consents.answers_digest({"risks": "AM"}, {"chart": False})
    assert one == consents.answers_digest({"risks": "AM"}, {"chart": True})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Write your initials beside point 1."),
        ({"risks": "  ", "enzyme": "AM"}, "Write your initials beside point 1."),
        ({"risks": "A1", "enzyme": "AM"}, "Write 1 to 5 letters as your initials beside point 1."),
        ({"risks": "ABCDEF", "enzyme": "AM"}, "Write 1 to 5 letters as your initials beside point 1."),
        ({"risks": "<b>", "enzyme": "AM"}, "Write 1 to 5 letters as your initials beside point 1."),
        ({"risks": "AM"}, "Write your initials beside point 3."),
    ],
)
def test_initials_are_one_to_five_letters_at_each_point_that_asks(clinic, given, words):
    write(clinic)
    task = begun(clinic)
    with pytest.raises(Refused) as no:
        sign(task, initials=given)
    assert no.value.words == words
    assert no.value.field in no.value.facts["problems"]
    assert fresh(task).status == "open"
    assert not Signature.select().exists()


def test_all_that_is_missing_is_said_at_once(clinic):
    write(clinic)
    with pytest.raises(Refused) as no:
        sign(begun(clinic), initials={}, agreed=False)
    assert list(no.value.facts["problems"]) == ["initials_risks", "initials_enzyme", "agreed"]


def test_initials_may_be_written_with_dots_and_in_any_alphabet(clinic):
    write(clinic)
    task = begun(clinic)
    sign(task, initials={"risks": "Á. M.", "enzyme": "Жü", "stop": "no", "other": "XX"})
    assert signature(task).details["initials"] == {"risks": "ÁM", "enzyme": "Жü"}


# --- the text that was on the screen ------------------------------------------------------------


def test_a_text_that_was_replaced_while_it_was_read_is_signed_as_it_was_read(clinic):
    first = write(clinic)
    task = begun(clinic)
    shown = consents.version_on_screen(task, first.number)
    write(clinic, {"clauses": [{"text": "Other clauses.", "initials": True}]}, "Other words.")
    sign(task, consents.version_on_screen(task, first.number))
    row = signature(task)
    stored = type(shown).get_by_id(fresh(task).version_id)
    assert stored.id == first.id
    assert "Other" not in row.shown_text
    assert sha256(consents.text_of(stored).encode()).hexdigest() == row.shown_digest
    assert templates.digest_of(stored.title, stored.body, stored.questions, stored.details) == row.version_digest
    assert all(proof.stands for proof in evidence.of(fresh(task)))


def test_whoever_signs_second_signs_the_same_text(clinic):
    first = write(clinic)
    task = begun(clinic)
    second = write(clinic, body="Other words.")
    Task.update(status="in_progress", version=second).where(Task.id == task.id).execute()  # a guardian was faster
    task = fresh(task)
    with pytest.raises(Refused) as no:
        consents.version_on_screen(task, first.number)
    assert "read it once more" in no.value.words
    assert consents.version_on_screen(task, second.number) == second


def test_a_double_click_signs_once(clinic):
    write(clinic)
    task = begun(clinic)
    assert sign(task, permissions={"chart": True})
    assert not sign(task, permissions={"chart": False})
    assert Signature.select().count() == 1
    assert [row.kind for row in consents.permissions_of(clinic.ava)] == ["chart"]


def test_two_clicks_at_the_same_moment_sign_once(clinic):
    write(clinic)
    task, said, ready = begun(clinic), [], Barrier(2)

    def click():
        with db.connection_context():
            ready.wait()
            said.append(sign(Task.get_by_id(task.id), permissions={"chart": True}))

    clicks = [Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert sorted(said) == [False, True]
    assert Signature.select().count() == 1
    assert len(consents.permissions_of(clinic.ava)) == 1


# --- a minor ------------------------------------------------------------------------------------


def test_a_minors_consent_waits_for_the_guardian(clinic):
    Patient.update(birth_date=now().date() - timedelta(days=16 * 366)).where(Patient.id == clinic.ava.id).execute()
    write(clinic)
    task = fresh(begun(clinic))
    assert sign(task)
    task = fresh(task)
    assert (task.status, task.done_at) == ("in_progress", None)
    assert not signers.close_if_complete(task, actor(clinic.ava))
    assert not sign(task), "the patient has signed already"
    signing.sign(
        patient=task.patient, by=actor(clinic.ava), text="x", version_digest="x", method="typed", role="guardian",
        signer_name="Mo Moreno", task=task, time_zone="UTC",
    )  # fmt: skip
    assert signers.close_if_complete(task, actor(clinic.ava))
    assert fresh(task).status == "done"
    assert not signers.close_if_complete(task, actor(clinic.ava)), "once"


def test_nothing_is_signed_while_nobody_knows_the_age(clinic):
    Patient.update(birth_date=None).where(Patient.id == clinic.ava.id).execute()
    task = begun(clinic)
    with pytest.raises(Refused) as no:
        sign(task)
    assert no.value.facts["unknown_age"]
    assert not Signature.select().exists()


def test_one_that_counts_elsewhere_keeps_its_signatures_in_one_place(clinic):
    Paperwork.update(validity="once").where(Paperwork.id == clinic.consent.id).execute()
    write(clinic)
    task = begun(clinic)
    later = begun(clinic, now() + timedelta(days=20))
    sign(task)
    later = fresh(later)
    assert (later.status, later.counted_from_id) == ("done", task.id)
    assert consents.signatures_of(later) == consents.signatures_of(task) != []
    assert [proof.stands for proof in evidence.of(later)] == [True]


# --- "I do not want to sign this" ---------------------------------------------------------------


def test_who_declines_is_heard_and_may_change_their_mind(clinic):
    write(clinic)
    task = begun(clinic)
    consents.decline(task, actor(clinic.ava), "  I am afraid of needles.  ")
    declined = fresh(task)
    assert (declined.status, declined.declined_why) == ("not_needed", "I am afraid of needles.")
    assert declined.declined_at is not None
    line = TrailEntry.get(TrailEntry.action == "consent declined")
    assert "needles" not in json.dumps(line.details)
    consents.decline(declined, actor(clinic.ava), "Twice")
    assert fresh(task).declined_why == "I am afraid of needles."
    assert sign(declined)
    signed = fresh(task)
    assert (signed.status, signed.declined_at) == ("done", None)


def test_what_is_signed_is_not_declined(clinic):
    task = begun(clinic)
    sign(task)
    with pytest.raises(Refused):
        consents.decline(task, actor(clinic.ava))
    assert fresh(task).declined_at is None


def test_a_no_stays_a_no_when_the_visit_is_over_or_comes_back(clinic):
    task = begun(clinic)
    consents.decline(task, actor(clinic.ava))
    paperwork.needed_again(task.appointment, actor(clinic.ava))
    assert fresh(task).status == "not_needed"
    Appointment.update(status="cancelled").execute()
    with pytest.raises(Refused) as no:
        sign(fresh(task))
    assert "not needed" in no.value.words
    assert not Signature.select().exists()


def test_what_lapsed_is_neither_signed_nor_declined(clinic):
    task = begun(clinic)
    Task.update(lapsed_at=now()).where(Task.id == task.id).execute()
    for act in (lambda: sign(task), lambda: consents.decline(task, actor(clinic.ava))):
        with pytest.raises(Refused) as no:
            act()
        assert "Your visit has moved" in no.value.words


# --- permissions --------------------------------------------------------------------------------


def test_a_yes_is_kept_a_no_hinders_nothing_and_what_is_left_open_is_no_yes(clinic):
    write(clinic, {"permissions": list(consent_texts.PERMISSIONS)})
    task = begun(clinic)
    sign(task, permissions={"chart": True, "share": True, "website": False, "social": None})
    assert [row.kind for row in consents.permissions_of(clinic.ava)] == ["chart", "share"]
    assert signature(task).details["permissions"] == {"chart": True, "share": True, "website": False}
    assert consents.permissions_of(clinic.ben) == []


def test_a_later_no_ends_what_was_allowed_and_a_second_yes_is_not_counted_twice(clinic):
    write(clinic)
    sign(begun(clinic), permissions={"chart": True, "social": True})
    first = {row.kind: row.id for row in consents.permissions_of(clinic.ava)}
    sign(begun(clinic, now() + timedelta(days=9)), permissions={"chart": True, "social": False})
    left = consents.permissions_of(clinic.ava)
    assert [(row.kind, row.id) for row in left] == [("chart", first["chart"])]
    sign(begun(clinic, now() + timedelta(days=12)))
    assert [row.kind for row in consents.permissions_of(clinic.ava)] == [], "what is left open counts as a no"


def test_a_permission_is_taken_back_once_and_the_trail_says_so(clinic):
    write(clinic)
    sign(begun(clinic), permissions={"chart": True})
    given = Permission.get()
    assert consents.revoke(given, actor(clinic.ava))
    assert not consents.revoke(given, actor(clinic.ava))
    assert consents.permissions_of(clinic.ava) == []
    assert TrailEntry.select().where(TrailEntry.action == "permission revoked").count() == 1
    sign(begun(clinic, now() + timedelta(days=9)), permissions={"chart": True})
    assert [row.kind for row in consents.permissions_of(clinic.ava)] == ["chart"], "and may be given again"


# --- the notice ---------------------------------------------------------------------------------


def test_nothing_is_signed_before_the_notice_is_agreed_to(clinic):
    NoticeConsent.delete().execute()
    task = begun(clinic)
    with pytest.raises(Refused) as no:
        sign(task)
    assert no.value.facts["notice"]
    assert fresh(task).status == "open"
    notices.agree(clinic.ava, actor(clinic.ava), 1)
    assert sign(task)


def test_the_first_notice_is_there_without_anybody_writing_it(clinic):
    NoticeConsent.delete().execute()
    db.execute_sql("DROP TRIGGER record_notice_frozen" + ("_delete" if is_sqlite() else " ON record_notice"))
    RecordNotice.delete().execute()
    assert (notices.current().number, notices.current().created_by) == (1, "Foyer")
    for promise in ("right to paper", "withdraw this agreement at any time", "What you need"):
        assert promise in notices.current().text
    assert notices.begin() == notices.current()
    assert RecordNotice.select().count() == 1


def test_agreeing_says_who_when_from_where_and_how(clinic, time_machine):
    NoticeConsent.delete().execute()
    time_machine.move_to(NOON, tick=False)
    notices.agree(clinic.ava, actor(clinic.ava), 1)
    notices.agree(clinic.ava, actor(clinic.ava), 1)
    row = NoticeConsent.get()
    assert (row.given_by, row.given_at, row.ip, row.agent) == ("Ava Moreno", NOON, "203.0.113.9", "A browser")
    assert (row.session_number, row.signed_in_how, row.notice.number) == (1, "email code", 1)


def test_a_new_notice_is_read_before_the_next_signature(clinic):
    assert not notices.to_be_read(clinic.ava)
    notices.write("Paper is yours to choose.", actor(clinic.ava), onto=1)
    assert notices.to_be_read(clinic.ava)
    with pytest.raises(Refused):
        notices.agree(clinic.ava, actor(clinic.ava), 1)
    assert notices.agree(clinic.ava, actor(clinic.ava), "2").notice.number == 2
    assert not notices.to_be_read(clinic.ava)
    with pytest.raises(Refused) as no:
        notices.write("Mine.", actor(clinic.ben), onto=1)
    assert no.value.facts["version"] == 2
    assert notices.write("Paper is yours to choose.", actor(clinic.ben)).number == 2, "the same text is no new version"


def test_who_prefers_paper_signs_nothing_here_until_they_agree_again(clinic):
    task = begun(clinic)
    notices.prefer_paper(clinic.ava, actor(clinic.ava), task)
    notices.prefer_paper(clinic.ava, actor(clinic.ava), task)
    assert Patient.get_by_id(clinic.ava.id).paper_since is not None
    assert TrailEntry.select().where(TrailEntry.action == "paper preferred").count() == 1
    assert fresh(task).status == "open"
    with pytest.raises(Refused):
        sign(task)
    notices.agree(clinic.ava, actor(clinic.ava), 1)
    assert Patient.get_by_id(clinic.ava.id).paper_since is None
    assert sign(task)


# --- what staff write ---------------------------------------------------------------------------


def test_details_are_tidied_and_keep_the_keys_they_had():
    told = consent_texts.tidy_details(
        {
            "clauses": [
                {"key": "clause_1", "text": "  One\n two "}, {"key": "", "text": "New", "initials": 1},
                {"key": "clause_1", "text": "The same key"}, {"key": "NO !", "text": "A wrong one"},
            ],
            "permissions": ["social", "chart", "cake"], "witness": "y", "cake": True,
        }
    )  # fmt: skip
    assert told == {
        "clauses": [
            {"key": "clause_1", "text": "One two", "initials": False},
            {"key": "clause_2", "text": "New", "initials": True},
            {"key": "clause_3", "text": "The same key", "initials": False},
            {"key": "clause_4", "text": "A wrong one", "initials": False},
        ],
        "permissions": ["chart", "social"], "witness": True, "provider": False,
    }  # fmt: skip
    assert consent_texts.tidy_details(told) == told
    assert consent_texts.tidy_details(None) == consent_texts.tidy_details({"clauses": []}) == {}


@pytest.mark.parametrize(
    ("clauses", "field", "number"),
    [
        ([{"text": "One"}, {"text": " "}], "text", 1),
        ([{"text": "x" * 1_001}], "text", 0),
        ([{"text": "x"}] * 21, "clauses", None),
    ],
)
def test_clauses_that_cannot_be_are_refused(clauses, field, number):
    with pytest.raises(Refused) as no:
        consent_texts.tidy_details({"clauses": clauses})
    assert (no.value.field, no.value.facts.get("number")) == (field, number)


def test_new_clauses_are_a_new_version_and_no_clauses_keep_the_old_hash(clinic):
    first = paperwork.version_of(begun(clinic))
    assert write(clinic, {}).id == first.id
    changed = write(clinic)
    assert changed.number == first.number + 1
    assert changed.digest != first.digest
    assert write(clinic, {**DETAILS, "provider": True}).number == first.number + 2
