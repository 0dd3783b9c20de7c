"""The trail's end is kept elsewhere, too: newest lines that went missing show, and the owner can look."""

from database import write_tx
from models import TrailEntry
from rules import trail
from rules.actor import FOYER
from tests.house.test_schema import tamper


def written(number):
    for count in range(number):
        with write_tx():
            trail.record(FOYER, f"line {count}", "test 1")


def test_a_whole_trail_says_how_long_it_is(clinic):
    assert trail.check() == trail.Check(0, None, 0)
    written(3)
    assert trail.check() == trail.Check(3, None, 0)


def test_newest_lines_that_are_gone_show_at_once_and_for_ever(clinic):
    written(3)
    tamper("DELETE FROM trail_entry WHERE action IN ('line 1', 'line 2')")
    assert trail.check().missing == 2
    written(1)
    assert trail.check().broken.action == "line 0"


def test_the_owner_reads_whether_the_trail_is_whole(clinic, as_owner, as_desk):
    written(2)
    page = as_owner.submit("/staff/faults/trail").text
    assert f"The trail is whole: {TrailEntry.select().count()} lines" in page
    assert as_desk.submit("/staff/faults/trail").status_code == 403
    newest = TrailEntry.select().order_by(TrailEntry.id.desc()).get()
    tamper(f"DELETE FROM trail_entry WHERE id = {newest.id}")
    assert "newest line of the trail is missing" in as_owner.submit("/staff/faults/trail").text
