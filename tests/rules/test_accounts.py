"""Who somebody is: sessions, codes, registering."""

from rules import accounts


def test_a_session_is_found_with_its_person_in_one_query(clinic, queries):
    for person in ({"patient": clinic.ava}, {"staff": clinic.owner}):
        token = accounts.open_session(**person, how="test")
        with queries() as count:
            session = accounts.session_of(token)
            assert (session.patient or session.staff).name in ("Ava Moreno", "Olive Owner")
            assert (session.patient is None) == ("staff" in person)
            assert count() == 1
