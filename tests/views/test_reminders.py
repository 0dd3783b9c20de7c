"""The owner's rule for reminders, on the page of the clinic."""

import pytest

from models import Clinic, TrailEntry


def test_the_owner_says_when_open_paperwork_is_reminded_of(clinic, as_owner):
    assert "3 days and 1 day before" in as_owner.see("/staff/clinic")
    assert 'value="72, 24"' in as_owner.see("/staff/clinic/reminders")
    assert as_owner.submit("/staff/clinic/reminders", remind_hours="2 48").status_code == 303
    assert Clinic.get().remind_hours == [48, 2]
    assert "2 days and 2 hours before" in as_owner.see("/staff/clinic")
    said = TrailEntry.get(TrailEntry.action == "clinic changed")
    assert said.details["changes"] == {"remind_hours": [[72, 24], [48, 2]]}


def test_no_hours_mean_no_reminders(clinic, as_owner):
    assert as_owner.submit("/staff/clinic/reminders", remind_hours=" ").status_code == 303
    assert Clinic.get().remind_hours == []
    assert ">None<" in as_owner.see("/staff/clinic")


@pytest.mark.parametrize("typed", ["a day before", "721", "9,8,7,6,5,4"])
def test_other_hours_come_back_with_a_sentence_beside_the_field(clinic, as_owner, typed):
    answer = as_owner.submit("/staff/clinic/reminders", remind_hours=typed)
    assert answer.status_code == 422
    assert "Write up to 5 whole numbers from 1 to 720" in answer.text
    assert f'value="{typed}"' in answer.text
    assert Clinic.get().remind_hours == [72, 24]


def test_the_rule_is_the_owners(clinic, as_desk):
    assert as_desk.submit("/staff/clinic/reminders", remind_hours="1").status_code == 403
