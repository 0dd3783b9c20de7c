"""The waitlist: who is offered what, the first yes has it, and nobody is asked for the same time twice."""

import threading
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from database import db
from models import ActingFor, Appointment, Delivery, Hold, Offer, Patient, TimeOff, WaitlistEntry, WorkingHours
from rules import holds, letters, scheduling, searching, waitlist
from rules.actor import Actor
from rules.refused import Refused

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)  # 10:00 in New York
QUARTER, SECOND, HOUR = timedelta(minutes=15), timedelta(seconds=1), timedelta(hours=1)
DESK = Actor("staff", 2, "Dana Desk")


@pytest.fixture(autouse=True)
def monday(request):
    if "rush" not in request.node.name:  # real threads keep real time
        request.getfixturevalue("time_machine").move_to(MONDAY, tick=False)


def actor(patient):
    return Actor("patient", patient.id, patient.name)


def wait(clinic, patient=None, by=None, **differs):
    patient = patient or clinic.ava
    wish = {"first_on": date(2026, 3, 6), "last_on": date(2026, 3, 6), "provider": clinic.dr_lin,
            "from_minute": 600, "to_minute": 615, **differs}  # fmt: skip
    return waitlist.join(patient, wish.pop("service", clinic.peel), by=by or actor(patient), **wish)


def five(clinic):
    """Ava, Ben and three others."""
    others = [
        Patient.create(first_name=name, last_name="Waits", email=f"{name.lower()}@example.com", birth_date="1980-01-01")
        for name in ("Cleo", "Dora", "Emil")
    ]
    return [clinic.ava, clinic.ben, *others]


def statuses():
    return [offer.status for offer in Offer.select().order_by(Offer.id)]


def test_three_are_asked_and_the_next_when_nobody_answers(clinic, time_machine):
    people = five(clinic)
    for patient in people:
        wait(clinic, patient)
        time_machine.shift(1)
    assert waitlist.offer_due() == 3
    first = list(Offer.select().order_by(Offer.id))
    assert [offer.entry.patient_id for offer in first] == [patient.id for patient in people[:3]]
    assert {offer.starts_at for offer in first} == {FRIDAY}
    assert len({offer.batch for offer in first}) == 1
    assert waitlist.offer_due() == 0, "the time is on offer already"
    time_machine.shift(QUARTER - SECOND)
    assert waitlist.offer_due() == 0, "the fifteen minutes are not over"
    time_machine.shift(SECOND)
    assert waitlist.offer_due() == 2
    assert statuses() == ["expired"] * 3 + ["open"] * 2
    assert [offer.entry.patient_id for offer in Offer.select().where(Offer.status == "open").order_by(Offer.id)] == [
        patient.id for patient in people[3:]
    ]
    time_machine.shift(QUARTER)
    assert waitlist.offer_due() == 0, "everybody had this time"


def test_the_first_yes_books_and_ends_the_others(clinic):
    entries = [wait(clinic, patient) for patient in (clinic.ava, clinic.ben)]
    waitlist.offer_due()
    mine, late = Offer.select().order_by(Offer.id)
    a = waitlist.accept(mine, actor(clinic.ava))
    assert (a.patient_id, a.starts_at, a.service_id) == (clinic.ava.id, FRIDAY, clinic.peel.id)
    assert a.acceptances.get().policy_id == clinic.policy.id
    assert statuses() == ["accepted", "gone"]
    assert WaitlistEntry.get_by_id(entries[0].id).status == "booked"
    with pytest.raises(Refused, match="Somebody was faster"):
        waitlist.accept(late, actor(clinic.ben))
    assert WaitlistEntry.get_by_id(entries[1].id).status == "waiting"
    assert waitlist.accept(mine, actor(clinic.ava)).id == a.id, "twice is the same as once"
    assert Appointment.select().count() == 1
    scheduling.cancel(a, by=DESK)
    assert waitlist.offer_due() == 1, "who was too late is asked again when it comes free again"


def test_a_time_that_was_declined_is_not_offered_again(clinic):
    wait(clinic, to_minute=640)
    waitlist.offer_due()
    first = Offer.get()
    assert waitlist.decline(first, actor(clinic.ava))
    assert not waitlist.decline(first, actor(clinic.ava))
    assert waitlist.offer_due() == 1
    assert Offer.select().order_by(Offer.id.desc()).get().starts_at == FRIDAY + QUARTER
    with pytest.raises(Refused, match="said no"):
        waitlist.accept(first, actor(clinic.ava))


def test_an_offer_that_ran_out_cannot_be_accepted(clinic, time_machine):
    wait(clinic)
    waitlist.offer_due()
    time_machine.shift(QUARTER)
    with pytest.raises(Refused, match="ran out"):
        waitlist.accept(Offer.get(), actor(clinic.ava))
    assert not Appointment.select().exists()


def test_a_time_that_somebody_booked_meanwhile_is_gone_for_all(clinic):
    wait(clinic)
    wait(clinic, clinic.ben)
    waitlist.offer_due()
    other = Patient.create(first_name="Fay", last_name="First", email="fay@example.com", birth_date="1980-01-01")
    scheduling.book(other, clinic.peel, provider=clinic.dr_lin, location=clinic.soho, starts_at=FRIDAY,
                    by=actor(other), request_key=uuid4().hex, policy=clinic.policy)  # fmt: skip
    with pytest.raises(Refused, match="Somebody was faster"):
        waitlist.accept(Offer.select().order_by(Offer.id).first(), actor(clinic.ava))
    assert statuses() == ["gone", "gone"]
    assert WaitlistEntry.select().where(WaitlistEntry.status == "waiting").count() == 2


def test_short_notice_times_only_for_those_who_want_them(clinic):
    tuesday = date(2026, 3, 3)
    wait(clinic, first_on=tuesday, last_on=tuesday)
    assert waitlist.offer_due() == 0, "it could no longer be cancelled free of charge"
    wait(clinic, clinic.ben, first_on=tuesday, last_on=tuesday, late_too=True)
    assert waitlist.offer_due() == 1
    assert Offer.get().entry.patient_id == clinic.ben.id


def test_the_window_is_that_of_the_last_moment_of_the_offer(clinic, time_machine):
    wait(clinic)
    time_machine.move_to(FRIDAY - 48 * HOUR - QUARTER + SECOND, tick=False)
    assert waitlist.offer_due() == 0
    time_machine.move_to(FRIDAY - 48 * HOUR - QUARTER, tick=False)
    assert waitlist.offer_due() == 1


@pytest.mark.parametrize("wish", [
    {"weekdays": [0, 1, 2, 3]}, {"from_minute": 601}, {"last_on": date(2026, 3, 5), "first_on": date(2026, 3, 5)},
])  # fmt: skip
def test_only_what_fits_is_offered(clinic, wish):
    wait(clinic, **wish)
    TimeOff.create(provider=clinic.dr_lin, starts_at=MONDAY, ends_at=datetime(2026, 3, 6, 5, tzinfo=UTC))
    assert waitlist.offer_due() == 0
    wait(clinic, clinic.ben, weekdays=[4])
    assert waitlist.offer_due() == 1


def test_whoever_has_something_else_then_is_passed_over(clinic):
    scheduling.book(clinic.ava, clinic.botox, provider=clinic.other_provider, location=clinic.bath, starts_at=FRIDAY,
                    by=actor(clinic.ava), request_key=uuid4().hex, policy=clinic.policy)  # fmt: skip
    wait(clinic)
    wait(clinic, clinic.ben)
    assert waitlist.offer_due() == 1
    assert Offer.get().entry.patient_id == clinic.ben.id


def test_overlapping_times_of_one_provider_are_offered_one_after_another(clinic):
    wait(clinic)
    wait(clinic, clinic.ben, from_minute=615, to_minute=630)
    assert waitlist.offer_due() == 1


def test_nobody_is_asked_all_day_long(clinic, time_machine):
    wait(clinic, from_minute=0, to_minute=1440)
    for _ in range(3):
        assert waitlist.offer_due() == 1
        time_machine.shift(QUARTER)
    assert waitlist.offer_due() == 0
    time_machine.shift(24 * HOUR)
    assert waitlist.offer_due() == 1


def test_the_mail_names_time_and_place_but_no_treatment(clinic, time_machine):
    wait(clinic)
    waitlist.offer_due()
    letter = letters.compose(Delivery.get(Delivery.kind == "waitlist_offer"))
    assert "Fri 6 Mar 2026, 10:00 EST" in letter.text
    assert "Soho" in letter.text
    assert waitlist.link(Offer.get()) in letter.text
    assert "peel" not in (letter.text + letter.subject).lower()
    time_machine.shift(QUARTER)
    with pytest.raises(letters.NotNow):
        letters.compose(Delivery.get(Delivery.kind == "waitlist_offer"))


def test_the_link_opens_only_its_own_offer(clinic):
    wait(clinic)
    wait(clinic, clinic.ben)
    waitlist.offer_due()
    one, other = Offer.select().order_by(Offer.id)
    token = waitlist.link(one).rsplit("/", 1)[1]
    assert waitlist.named(one.id, token).id == one.id
    assert waitlist.named(other.id, token) is None
    assert waitlist.named(one.id, "é") is None
    assert one.nonce not in token


def test_a_mother_waits_for_her_child_until_she_may_not(clinic):
    mia = Patient.create(first_name="Mia", last_name="Moreno", birth_date="2015-01-01")
    with pytest.raises(Refused, match="act for"):
        wait(clinic, mia, by=actor(clinic.ava))
    acting = ActingFor.create(patient=clinic.ava, other=mia, relation="mother", noted_by="Dana", since=MONDAY)
    entry = wait(clinic, mia, by=actor(clinic.ava))
    assert (entry.patient_id, entry.asked_by_id) == (mia.id, clinic.ava.id)
    waitlist.offer_due()
    assert Delivery.get(Delivery.kind == "waitlist_offer").address == "ava@example.com"
    assert waitlist.actor_of(Offer.get().entry).number == clinic.ava.id
    ActingFor.update(ended_at=MONDAY).where(ActingFor.id == acting.id).execute()
    assert waitlist.actor_of(Offer.get().entry).number == mia.id


def test_leaving_ends_the_entry_and_its_offer(clinic):
    entry = wait(clinic)
    waitlist.offer_due()
    assert waitlist.leave(entry, actor(clinic.ava))
    assert not waitlist.leave(entry, DESK)
    assert WaitlistEntry.get().status == "left"
    assert statuses() == ["declined"]
    assert waitlist.offer_due() == 0


def test_an_entry_is_over_with_its_last_day(clinic, time_machine):
    wait(clinic)
    time_machine.move_to(datetime(2026, 3, 8, 12, 1, tzinfo=UTC), tick=False)
    waitlist.offer_due()
    assert WaitlistEntry.get().status == "over"


@pytest.mark.parametrize(("wish", "field"), [
    ({"last_on": date(2026, 3, 5)}, "last_on"),
    ({"first_on": date(2026, 3, 1), "last_on": date(2026, 3, 1)}, "last_on"),
    ({"last_on": date(2027, 3, 5)}, "last_on"), ({"from_minute": 615}, "until"),
])  # fmt: skip
def test_what_cannot_be_is_refused(clinic, wish, field):
    with pytest.raises(Refused) as no:
        wait(clinic, **wish)
    assert no.value.field == field


def test_once_for_a_service(clinic):
    wait(clinic)
    with pytest.raises(Refused, match="already"):
        wait(clinic)


def test_a_rush_of_two_who_accept_has_one_winner(clinic):
    soon = datetime.now(UTC).date() + timedelta(days=10)
    WorkingHours.update(opens_minute=0, closes_minute=1440).execute()
    for patient in (clinic.ava, clinic.ben):
        wait(clinic, patient, first_on=soon, last_on=soon)
    assert waitlist.offer_due() == 2
    offers, start, ends = list(Offer.select().order_by(Offer.id)), threading.Barrier(2), []

    def yes(offer, patient):
        with db.connection_context():
            start.wait(10)
            try:
                ends.append(waitlist.accept(offer, actor(patient)).id)
            except Refused as no:
                ends.append(no.words)

    threads = [threading.Thread(target=yes, args=pair) for pair in zip(offers, (clinic.ava, clinic.ben), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(map(type, ends), key=str) == [int, str]
    assert "faster" in next(it for it in ends if isinstance(it, str))
    assert Appointment.select().count() == 1
    assert sorted(statuses()) == ["accepted", "gone"]


def test_whoever_holds_the_offered_time_can_say_yes_to_it(clinic):
    """They followed the mail, looked at the same time on the site, and came back to the mail."""
    wait(clinic)
    waitlist.offer_due()
    part = searching.Part(clinic.peel, clinic.dr_lin, clinic.soho, FRIDAY)
    holds.place([part], patient=clinic.ava, by=actor(clinic.ava), held_by=clinic.ava, key="one")
    assert waitlist.accept(Offer.get(), actor(clinic.ava)).starts_at == FRIDAY
    assert (statuses(), Hold.get().ended) == (["accepted"], "released")
