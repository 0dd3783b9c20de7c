"""What a patient allows, on a page of its own: seen, and taken back at any time."""

from datetime import timedelta

import pytest

from clock import now
from models import Permission
from rules import consents, notices
from tests.rules.test_consents import sign, write
from tests.rules.test_paperwork import actor, begin


@pytest.fixture
def allowed(clinic):
    """Ava allows photos in her chart and on social media."""
    write(clinic)
    sign(begin(clinic, now() + timedelta(days=3))[1]["consent"], permissions={"chart": True, "social": True})
    return consents.permissions_of(clinic.ava)


def test_a_patient_sees_what_they_allow_and_takes_it_back(clinic, as_ava, as_desk, allowed):
    assert 'href="/permissions"' in as_ava.see("/profile")
    page = as_ava.see("/permissions")
    assert page.index("In my chart") < page.index("On social media")
    assert "On social media" in as_desk.see(f"/staff/patients/{clinic.ava.id}")
    answer = as_ava.submit(f"/permissions/{allowed[1].id}/revocation")
    assert (answer.status_code, answer.location) == (303, "/permissions")
    assert "you do not allow this any more: On social media." in as_ava.see("/permissions")
    page = as_ava.see("/permissions")
    assert "In my chart" in page
    assert "On social media" not in page
    assert "<strong>On social media</strong>" not in as_desk.see(f"/staff/patients/{clinic.ava.id}")
    revoked_at = Permission.get_by_id(allowed[1].id).revoked_at
    assert as_ava.submit(f"/permissions/{allowed[1].id}/revocation").status_code == 303
    assert Permission.get_by_id(allowed[1].id).revoked_at == revoked_at, "once"


def test_nobody_takes_back_what_another_allows(clinic, as_ben, as_desk, nobody, allowed):
    address = f"/permissions/{allowed[0].id}/revocation"
    assert as_ben.submit(address).status_code == 404
    assert as_desk.submit(address).status_code == 403
    assert nobody.submit(address).status_code == 303
    assert "In my chart" not in as_ben.see("/permissions")
    assert len(consents.permissions_of(clinic.ava)) == 2


def test_signing_on_a_screen_is_withdrawn_here(clinic, as_ava, as_desk):
    page = as_ava.see("/permissions")
    assert "You agreed on Wed 1 Jan 2025" in page
    assert "You may have paper." in page
    assert as_ava.submit("/permissions/notice/withdrawal").status_code == 303
    assert notices.agreed(clinic.ava) is None
    page = as_ava.see("/permissions")
    assert "You prefer paper since" in page
    assert "Prefers paper" in as_desk.see(f"/staff/patients/{clinic.ava.id}")
    assert notices.agreed(clinic.ben) is not None


def test_who_was_never_asked_reads_when_they_will_be(clinic, as_ava):
    notices.NoticeConsent.delete().execute()
    page = as_ava.see("/permissions")
    assert "We ask you before you sign something here for the first time." in page
    assert "You have not allowed us" in page
    notices.agree(clinic.ava, actor(clinic.ava), 1)
    assert "You agreed on" in as_ava.see("/permissions")


def test_the_page_costs_the_same_for_one_permission_and_for_two(as_ava, allowed, queries):
    as_ava.see("/permissions")
    with queries() as two:
        as_ava.see("/permissions")
    Permission.update(revoked_at=now()).where(Permission.id == allowed[0].id).execute()
    with queries() as one:
        as_ava.see("/permissions")
    assert one() == two()
