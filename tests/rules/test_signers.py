"""Who signs a consent, in which order, and that everybody signs the same text."""

from datetime import UTC, date, datetime, timedelta

import pytest

from models import Clinic, Paperwork, PaperworkVersion, Patient, Signature, Task, TrailEntry
from rules import consents, notices, paperwork, signers, signing, templates
from rules.actor import Actor
from rules.refused import Refused
from tests.clinic import LONG_AGO
from tests.rules.test_paperwork import begin, visit

TODAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOON = datetime(2026, 3, 5, 17, tzinfo=UTC)
TYPED = {"method": "typed", "agreed": True}


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(TODAY, tick=False)


def minor(born=date(2009, 6, 1)):
    return Patient.create(
        first_name="Mia", last_name="Hart", email="mia@example.com", birth_date=born, email_verified_at=LONG_AGO
    )


def by_patient(patient):
    return Actor("patient", patient.id, patient.name, "203.0.113.9", "A browser", 1, "email code")


def by_staff(person):
    return Actor("staff", person.id, person.name, "203.0.113.8", "The desk", 2, "password")


def asks_for(clinic, **details):
    """The clinic's consent as a new version that asks for these."""
    version = templates.current_version(clinic.consent)
    return PaperworkVersion.create(
        paperwork=clinic.consent, number=version.number + 1, title=version.title, body=version.body,
        digest=templates.digest_of(version.title, version.body, [], details), details=details,
    )  # fmt: skip


def consent_of(clinic, patient, at=NOON) -> Task:
    return begin(clinic, at, patient=patient)[1]["consent"]


def fresh(task):
    return Task.get_by_id(task.id)


def patient_signs(task, **facts):
    task = fresh(task)
    if notices.to_be_read(task.patient_id):
        notices.agree(task.patient, by_patient(task.patient), notices.current().number)
    facts = {"full_name": "Mia Hart", **TYPED, **facts}
    return consents.sign_as_patient(task, by_patient(task.patient), paperwork.version_of(task), **facts)


def guardian_signs(task, **facts):
    task = fresh(task)
    facts = {"full_name": "Gina Hart", "relation": "parent", "notice": notices.current().number, **TYPED, **facts}
    return signers.sign_as_guardian(task, by_patient(task.patient), signers.text_version(task), **facts)


def witness_signs(clinic, task, **facts):
    facts = {"full_name": "Dana Desk", **TYPED, **facts}
    return signers.sign_as_witness(task, by_staff(clinic.desk), signers.text_version(fresh(task)), **facts)


def provider_signs(task, person, **facts):
    return signers.sign_as_provider(task, by_staff(person), signers.text_version(fresh(task)), **{**TYPED, **facts})


def told(relation, task):
    """What stands beside a guardian's signature when nothing is asked about photos."""
    return {"relation": relation, "notice": 1, **signers.moment(task)}


def roles(task):
    return [row.role for row in Signature.select().where(Signature.task == task).order_by(Signature.id)]


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(2008, 3, 2), date(2026, 3, 1), 17),
        (date(2008, 3, 2), date(2026, 3, 2), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_an_age_is_whole_years(born, on, age):
    assert signers.age_on(born, on) == age


def test_the_clinic_says_who_is_of_age(clinic):
    patient = Patient(birth_date=date(2008, 3, 2))
    on = date(2026, 3, 2)
    assert signers.is_minor(patient, on, Clinic(adult_age=18)) is False
    assert signers.is_minor(patient, on, Clinic(adult_age=19)) is True
    assert signers.is_minor(patient, date(2026, 3, 1), Clinic(adult_age=18)) is True
    assert signers.is_minor(Patient(), on, Clinic(adult_age=18)) is None


def test_a_grown_up_signs_alone(clinic):
    task = consent_of(clinic, clinic.ava)
    assert signers.needed(task) == ["patient"]
    patient_signs(task, full_name="Ava Moreno")
    assert fresh(task).status == "done"
    assert signers.missing(fresh(task)) == []
    with pytest.raises(Refused, match="signs alone"):
        guardian_signs(task)


@pytest.mark.parametrize("first", ["patient", "guardian"])
def test_a_minor_and_a_guardian_sign_in_either_order(clinic, first):
    task = consent_of(clinic, minor())
    assert signers.missing(task) == ["patient", "guardian"]
    (patient_signs if first == "patient" else guardian_signs)(task)
    assert fresh(task).status == "in_progress"
    assert len(signers.missing_before_visit(fresh(task))) == 1
    (guardian_signs if first == "patient" else patient_signs)(task)
    assert fresh(task).status == "done"
    assert signers.missing(fresh(task)) == []
    guardian = Signature.get(Signature.task == task, Signature.role == "guardian")
    assert (guardian.signer_name, guardian.details) == ("Gina Hart", told("parent", fresh(task)))
    assert guardian.shown_text == Signature.get(Signature.task == task, Signature.role == "patient").shown_text
    assert signing.verify(guardian)
    guardian.details = {"relation": "legal guardian"}
    assert not signing.verify(guardian)


def test_a_guardian_signs_once(clinic):
    task = consent_of(clinic, minor())
    assert guardian_signs(task) is True
    assert guardian_signs(task, full_name="Somebody Else") is False
    assert roles(task) == ["guardian"]
    assert TrailEntry.select().where(TrailEntry.action == "signed").count() == 1


def test_a_guardian_says_how_they_are_related(clinic):
    task = consent_of(clinic, minor())
    for facts, field in (
        ({"relation": None}, "relation"),
        ({"relation": "cousin"}, "relation"),
        ({"relation": "other"}, "relation_words"),
        ({"relation": "other", "relation_words": "x" * 81}, "relation_words"),
        ({"full_name": " "}, "full_name"),
        ({"agreed": False}, "agreed"),
        ({"method": "drawn", "strokes": "[]"}, "strokes"),
    ):
        with pytest.raises(Refused) as no:
            guardian_signs(task, **facts)
        assert no.value.field == field
    assert roles(task) == []
    assert fresh(task).status == "open", "a refused signature begins nothing"
    guardian_signs(task, relation="other", relation_words="  grandmother  with custody ")
    assert Signature.get().details == told("grandmother with custody", fresh(task))


def test_whoever_signs_second_signs_the_text_of_the_first(clinic):
    task = consent_of(clinic, minor())
    first = templates.current_version(clinic.consent)
    guardian_signs(task)
    newer = asks_for(clinic, witness=True)
    assert signers.text_version(fresh(task)) == first
    with pytest.raises(Refused, match="read it once more"):
        consents.version_on_screen(fresh(task), newer.number)
    patient_signs(task)
    assert {row.version_digest for row in Signature.select()} == {first.digest}
    assert signers.needed(fresh(task)) == ["patient", "guardian"], (
        "the newer text asks for a witness, this one does not"
    )
    other = consent_of(clinic, Patient.get(Patient.first_name == "Mia"), NOON + timedelta(days=1))
    patient_signs(other)
    with pytest.raises(Refused, match="read it once more"):
        signers.sign_as_guardian(
            other, by_patient(other.patient), first, full_name="Gina Hart", relation="parent", notice=1, **TYPED
        )


def test_the_age_at_signing_counts_also_after_the_birthday(clinic, time_machine):
    task = consent_of(clinic, minor(born=date(2008, 3, 4)))
    patient_signs(task)
    time_machine.move_to(TODAY + timedelta(days=5), tick=False)
    assert signers.missing_before_visit(fresh(task)) == ["guardian"], "who signed as a minor did"
    other = consent_of(clinic, Patient.get(Patient.first_name == "Mia"), NOON + timedelta(days=9))
    assert signers.needed(other) == ["patient"]


def test_a_birthday_is_a_day_at_the_clinic(clinic, time_machine):
    task = consent_of(clinic, minor(born=date(2008, 3, 3)))
    time_machine.move_to(datetime(2026, 3, 3, 3, tzinfo=UTC), tick=False)  # still the 2nd in New York
    assert "guardian" in signers.needed(task)
    time_machine.move_to(datetime(2026, 3, 3, 6, tzinfo=UTC), tick=False)
    assert "guardian" not in signers.needed(task)


def test_without_a_birth_date_nobody_signs(clinic):
    task = consent_of(clinic, minor(born=None))
    assert signers.needed(task) == ["patient"]
    for signs in (patient_signs, guardian_signs):
        with pytest.raises(Refused, match="birth date") as no:
            signs(task)
        assert no.value.facts["unknown_age"]
    assert roles(task) == []


def test_witness_and_provider_sign_after_the_others(clinic):
    asks_for(clinic, witness=True, provider=True)
    task = consent_of(clinic, minor())
    assert signers.needed(task) == ["patient", "guardian", "witness", "provider"]
    with pytest.raises(Refused, match=r"The patient and the guardian must sign first\."):
        witness_signs(clinic, task)
    patient_signs(task)
    for signs in (lambda: witness_signs(clinic, task), lambda: provider_signs(task, clinic.nurse)):
        with pytest.raises(Refused, match=r"^The guardian must sign first\."):
            signs()
    guardian_signs(task)
    assert fresh(task).status == "done", "witness and provider are gates of the visit"
    assert signers.missing(fresh(task)) == ["witness", "provider"]
    assert signers.missing_before_visit(fresh(task)) == []
    assert witness_signs(clinic, task) is True
    assert witness_signs(clinic, task) is False
    assert provider_signs(task, clinic.nurse) is True
    assert provider_signs(task, clinic.owner) is False
    assert signers.missing(fresh(task)) == []
    assert roles(task) == ["patient", "guardian", "witness", "provider"]
    provider = Signature.get(Signature.role == "provider")
    assert (provider.signer_name, provider.signed_in_how) == ("Nia Nurse", "password")
    entry = TrailEntry.select().where(TrailEntry.action == "signed").order_by(TrailEntry.id.desc()).get()
    assert (entry.actor_kind, entry.actor_name, entry.details["role"]) == ("staff", "Nia Nurse", "provider")
    assert all(signing.verify(row) for row in Signature.select())


def test_only_a_provider_or_the_owner_counter_signs(clinic):
    asks_for(clinic, provider=True)
    task = consent_of(clinic, clinic.ava)
    patient_signs(task, full_name="Ava Moreno")
    for by in (by_staff(clinic.desk), by_patient(clinic.ava)):
        with pytest.raises(Refused, match="Only a provider"):
            signers.sign_as_provider(task, by, signers.text_version(fresh(task)), **TYPED)
    with pytest.raises(Refused, match="asks for no witness"):
        witness_signs(clinic, task)
    assert provider_signs(task, clinic.owner)


def test_a_witness_is_somebody_else(clinic):
    asks_for(clinic, witness=True)
    task = consent_of(clinic, clinic.ava)
    patient_signs(task, full_name="Ava Moreno")
    with pytest.raises(Refused, match="somebody else") as no:
        witness_signs(clinic, task, full_name="ava  MORENO")
    assert no.value.field == "full_name"


def test_nobody_is_witness_and_provider_in_one(clinic):
    asks_for(clinic, witness=True, provider=True)
    task = consent_of(clinic, clinic.ava)
    patient_signs(task, full_name="Ava Moreno")
    assert witness_signs(clinic, task, full_name="NIA  nurse")
    with pytest.raises(Refused, match="as the witness"):
        provider_signs(task, clinic.nurse)
    assert provider_signs(task, clinic.owner)


def test_what_a_minor_allows_counts_once_the_guardian_has_signed(clinic):
    asks_for(clinic, permissions=["chart", "social"])
    patient = minor()
    task = consent_of(clinic, patient)
    patient_signs(task, permissions={"chart": True, "social": False})
    assert consents.permissions_of(patient) == []
    guardian_signs(task)
    assert [row.kind for row in consents.permissions_of(patient)] == ["chart"]


def test_a_minors_yes_about_photos_needs_the_guardians(clinic):
    asks_for(clinic, permissions=["chart", "share", "social"])
    patient = minor()
    task = consent_of(clinic, patient)
    patient_signs(task, permissions={"chart": True, "share": True, "social": True})
    guardian_signs(task, permissions={"chart": True, "share": False, "website": True})
    assert [row.kind for row in consents.permissions_of(patient)] == ["chart"], "a no wins, and so does an open choice"
    assert consents.signature_as(task, "guardian").details["permissions"] == {"chart": True, "share": False}
    other = consent_of(clinic, patient, NOON + timedelta(days=1))
    guardian_signs(other, permissions={"chart": False})
    assert consents.permissions_of(patient) == [], "and ends what was allowed before"


@pytest.mark.parametrize("how", ["revoked", "refused"])
def test_what_was_refused_meanwhile_does_not_come_alive_with_the_guardians_signature(clinic, time_machine, how):
    asks_for(clinic, permissions=["chart", "social"])
    patient = minor()
    before, task, other = (consent_of(clinic, patient, NOON + timedelta(days=day)) for day in range(3))
    both = {"chart": True, "social": True}
    patient_signs(before, permissions=both)
    guardian_signs(before, permissions=both)
    time_machine.move_to(TODAY + timedelta(minutes=1), tick=False)
    patient_signs(task, permissions=both)
    time_machine.move_to(TODAY + timedelta(minutes=2), tick=False)
    if how == "revoked":
        consents.revoke(consents.permissions_of(patient)[1], by_patient(patient))
    else:
        patient_signs(other, permissions={"chart": True})
    guardian_signs(task, permissions=both)
    assert [row.kind for row in consents.permissions_of(patient)] == ["chart"]


@pytest.mark.parametrize("name", ["mia  HART", "Mimi Hart"])
def test_nobody_is_their_own_guardian(clinic, name):
    patient = minor()
    Patient.update(preferred_name="Mimi").where(Patient.id == patient.id).execute()
    task = consent_of(clinic, patient)
    with pytest.raises(Refused, match="somebody else than the patient") as no:
        guardian_signs(task, full_name=name)
    assert no.value.field == "full_name"
    patient_signs(task, full_name="M. Hart")
    with pytest.raises(Refused, match="somebody else than the patient"):
        guardian_signs(task, full_name="M. Hart")
    assert roles(task) == ["patient"]


def test_a_minor_does_not_sign_in_the_guardians_name(clinic):
    task = consent_of(clinic, minor())
    guardian_signs(task)
    with pytest.raises(Refused, match="name of the guardian"):
        patient_signs(task, full_name="gina hart")
    assert roles(task) == ["guardian"]


def test_a_guardian_agrees_to_the_notice_and_not_while_paper_was_chosen(clinic):
    task = consent_of(clinic, minor())
    for notice, words in ((None, "agree to sign on a screen"), (7, "has changed")):
        with pytest.raises(Refused, match=words) as no:
            guardian_signs(task, notice=notice)
        assert no.value.field == "on_screen"
    notices.prefer_paper(task.patient, by_patient(task.patient))
    with pytest.raises(Refused, match="on paper"):
        guardian_signs(task)
    assert roles(task) == []


def test_a_later_age_of_adults_changes_nothing_about_what_is_signed(clinic):
    grown, young = consent_of(clinic, clinic.ava), consent_of(clinic, minor(), NOON + timedelta(days=1))
    patient_signs(grown, full_name="Ava Moreno")
    patient_signs(young)
    guardian_signs(young)
    Clinic.update(adult_age=99).execute()
    assert (signers.needed(fresh(grown)), signers.missing(fresh(grown))) == (["patient"], [])
    Clinic.update(adult_age=1).execute()
    assert signers.needed(fresh(young)) == ["patient", "guardian"]


def test_a_signature_keeps_whose_and_for_which_visit_it_was(clinic):
    task = consent_of(clinic, clinic.ava)
    patient_signs(task, full_name="Ava Moreno")
    kept = signers.moment(fresh(task))
    Patient.update(last_name="Other", birth_date=date(1990, 1, 1)).where(Patient.id == clinic.ava.id).execute()
    details = consents.signature_as(task, "patient").details
    assert kept.items() <= details.items()
    assert signers.moment(fresh(task)) != kept


def test_a_minor_never_signs_another_text_than_the_guardian_did(clinic):
    task = consent_of(clinic, minor())
    shown = paperwork.version_of(task)
    guardian_signs(task)
    asks_for(clinic, witness=True)
    newer, by = templates.current_version(clinic.consent), by_patient(task.patient)
    notices.agree(task.patient, by, notices.current().number)
    with pytest.raises(Refused, match="read it once more"):
        consents.sign_as_patient(fresh(task), by, newer, full_name="Mia Hart", **TYPED)
    assert roles(task) == ["guardian"]
    assert fresh(task).version_id == shown.id


def test_staff_say_once_that_a_consent_was_signed_on_paper(clinic):
    Paperwork.update(validity="once").where(Paperwork.id == clinic.consent.id).execute()
    asks_for(clinic, witness=True)
    task, desk = consent_of(clinic, minor()), by_staff(clinic.desk)
    later = consent_of(clinic, task.patient, NOON + timedelta(days=1))
    with pytest.raises(Refused, match="Only the clinic"):
        signers.signed_on_paper(task, by_patient(task.patient))
    with pytest.raises(Refused):
        signers.signed_on_paper(task, desk, "x" * 501)
    assert signers.signed_on_paper(task, desk, " In the  red folder ")
    assert not signers.signed_on_paper(task, desk, "again")
    done = fresh(task)
    assert (done.status, done.signed_on_paper_by, done.signed_on_paper_note, done.version.number) == (
        "done", "Dana Desk", "In the  red folder", 2,
    )  # fmt: skip
    assert TrailEntry.select().where(TrailEntry.action == "consent signed on paper").count() == 1
    assert fresh(later).counted_from_id == task.id
    for one in (done, fresh(later)):
        assert (signers.needed(one), signers.missing(one), signers.standing(one)) == ([], [], [])
    assert Signature.select().count() == 0
    with pytest.raises(Refused):
        guardian_signs(task)


def test_nobody_signs_what_is_not_needed_or_has_lapsed(clinic):
    asks_for(clinic, witness=True, provider=True)
    patient = minor()
    gone, moved = consent_of(clinic, patient), consent_of(clinic, patient, NOON + timedelta(days=1))
    Task.update(status="not_needed").where(Task.id == gone.id).execute()
    Task.update(lapsed_at=TODAY).where(Task.id == moved.id).execute()
    assert signers.needed(fresh(gone)) == []
    for task in (gone, moved):
        for signs in (
            lambda task=task: guardian_signs(task),
            lambda task=task: witness_signs(clinic, task),
            lambda task=task: provider_signs(task, clinic.nurse),
        ):
            with pytest.raises(Refused, match=r"not needed any more|must sign first"):
                signs()
    assert Signature.select().count() == 0


def test_signatures_of_earlier_work_count_with_it(clinic):
    Paperwork.update(validity="once").where(Paperwork.id == clinic.consent.id).execute()
    asks_for(clinic, witness=True)
    patient = minor()
    first = consent_of(clinic, patient)
    patient_signs(first)
    guardian_signs(first)
    later = consent_of(clinic, patient, NOON + timedelta(days=1))
    assert later.counted_from_id == first.id
    assert signers.needed(later) == ["patient", "guardian", "witness"]
    assert signers.missing(later) == ["witness"]
    assert witness_signs(clinic, later)
    assert signers.missing(later) == signers.missing(fresh(first)) == []
    assert Signature.get(Signature.role == "witness").task_id == first.id
    assert guardian_signs(later) is False
    assert Signature.select().where(Signature.task == later).count() == 0


def test_many_tasks_cost_as_many_queries_as_one(clinic, queries):
    asks_for(clinic, witness=True)
    patient = minor()
    for day in range(4):
        for _, task in begin(clinic, NOON + timedelta(days=day), patient=patient)[1].items():
            if task.paperwork.kind == "consent" and day % 2:
                patient_signs(task)

    def counted(limit):
        from views.doors import whole

        tasks = list(whole().order_by(Task.id).limit(limit))
        with queries() as count:
            found = signers.missing_of(tasks)
        return count(), found

    few, _ = counted(8)
    many, found = counted(16)
    assert many == few <= 4
    by_kind = {task.id: task.paperwork.kind for task in Task.select()}
    assert {(by_kind[number] == "consent") == bool(needed) for number, (needed, _) in found.items()} == {True}
    assert sorted(len(missing) for number, (_, missing) in found.items() if by_kind[number] == "consent") == [
        2,
        2,
        3,
        3,
    ]


def test_an_instruction_is_signed_by_nobody(clinic):
    appointment = visit(clinic, NOON)
    tasks = paperwork.begin_for(appointment, by_patient(clinic.ava))
    assert [signers.needed(task) for task in tasks if task.paperwork.kind != "consent"] == [[], [], []]
