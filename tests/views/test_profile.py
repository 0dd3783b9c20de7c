"""A patient reads and changes their own details."""

from models import LoginCode, LoginSession, Patient, TrailEntry
from rules import codes


def test_the_profile_shows_every_section_with_a_way_to_change_it(as_ava):
    page = as_ava.see("/profile")
    for words in ("Ava Moreno", "17 May 1990", "ava@example.com", "+1 212-555-0101", "Allergies", "News and offers"):
        assert words in page
    for section in ("names", "contact", "address", "emergency", "health", "messages", "email"):
        assert f"/profile/{section}" in page
        as_ava.see(f"/profile/{section}")
    assert as_ava.get("/profile/elsewhere").status_code == 404
