"""Many actors book, hold, move, cancel and undo as they come: nothing ever overlaps, and every history adds up."""

from datetime import timedelta
from itertools import combinations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import database
from database import db
from models import LIVE, Appointment, Hold, HoldPart, Occupancy, Offer, Patient
from rules import families, history, holds, offering, scheduling, waitlist
from rules.refused import Refused
from rules.searching import Part
from tests.rules.scheduled import DESK, FRIDAY, MINUTE, MONDAY, actor, another_provider, class_of, room

FIRST = FRIDAY - timedelta(hours=1)  # nine in New York
SLOTS = st.integers(0, 23).map(lambda n: FIRST + timedelta(minutes=15 * n))  # six hours of one crowded day
PATIENTS, SERVICES, PROVIDERS = st.integers(0, 3), st.integers(0, 2), st.integers(0, 1)
ANY, BY_DESK = st.integers(0, 40), st.booleans()
STEPS, RUNS = 40, 4


class Portal(RuleBasedStateMachine):
    """The rules against a book of what they said yes to; each run in a transaction that is rolled back at its end."""

    clinic = clock = None  # set by the test
    yes = {}  # how often which rule went through: a test of nothing but refusals would show nothing

    def __init__(self):
        super().__init__()
        database._waiting.after = []
        self.clock.move_to(MONDAY, tick=False)
        self.at = MONDAY
        self.transaction = db.transaction()
        self.transaction.__enter__()
        clinic = self.clinic
        child = Patient.create(first_name="Mia", last_name="Moreno")
        self.patients = [clinic.ava, clinic.ben, child, Patient.create(first_name="Cy", last_name="Cole")]
        families.note(clinic.ava, child, "Mother", DESK)
        lesson = class_of(clinic, parallel=2, minutes=45)
        self.services = [clinic.peel, clinic.botox, lesson]
        self.providers = [clinic.dr_lin, another_provider(clinic, *self.services)]
        room(clinic, clinic.peel, "Laser", cleanup=15)
        room(clinic, lesson, "Hall", "Studio", cleanup=5)
        self.booked, self.held, self.restored, self.expected = {}, [], set(), {}

    def teardown(self):
        self.transaction.__exit__(RuntimeError, RuntimeError("the run is over"), None)

    # --- who does what --------------------------------------------------------------------------

    def who(self, patient, by_desk):
        if by_desk:
            return DESK
        return actor(self.clinic.ava if patient == self.patients[2] else patient)  # a mother acts for her child

    def part(self, slot, service, provider):
        return Part(self.services[service], self.providers[provider], self.clinic.soho, slot)

    def two(self, slot, service, provider):
        first = self.part(slot, service, provider)
        follows = slot + timedelta(minutes=first.service.duration_minutes)
        return [first, self.part(follows, (service + 1) % 3, (provider + service) % 2)]

    def some(self, n):
        return Appointment.get_by_id(sorted(self.expected)[n % len(self.expected)])

    def visit(self, a):
        if not a.visit_key:
            return [a]
        return list(Appointment.select().where(Appointment.visit_key == a.visit_key).order_by(Appointment.id))

    def does(self, call, *args, **kwargs):
        try:
            done = call(*args, **kwargs)
        except Refused:
            return None
        self.yes[call.__name__] = self.yes.get(call.__name__, 0) + 1
        return True if done is None else done

    def stands(self, appointments, status="booked"):
        for a in appointments:
            self.expected[a.id] = (status, a.starts_at, a.provider_id)

    def ask(self, patient, parts, by, key, hold=None):
        policy = None if by is DESK else self.clinic.policy
        found = self.does(scheduling.book_all, patient, parts, by=by, request_key=key, policy=policy, hold=hold)
        self.stands(found or [])
        return found

    @rule(who=PATIENTS, slot=SLOTS, service=SERVICES, provider=PROVIDERS, by_desk=BY_DESK, several=st.booleans())
    def book(self, who, slot, service, provider, by_desk, several):
        patient, key = self.patients[who], f"key {len(self.booked)}"
        parts = self.two(slot, service, provider) if several else [self.part(slot, service, provider)]
        by = self.who(patient, by_desk)
        found = self.ask(patient, parts, by, key)
        if found:
            self.booked[key] = (patient, parts, by, [a.id for a in found])
            assert [a.starts_at for a in found] == [part.starts_at for part in parts]
            assert [a.id for a in scheduling.book_all(
                patient, parts, by=by, request_key=key, policy=self.clinic.policy
            )] == [a.id for a in found], "the same submit again is the same booking"  # fmt: skip

    @rule(who=PATIENTS, slot=SLOTS, service=SERVICES, provider=PROVIDERS, several=st.booleans())
    def hold(self, who, slot, service, provider, several):
        patient, by = self.patients[who], self.who(self.patients[who], False)
        parts = self.two(slot, service, provider) if several else [self.part(slot, service, provider)]
        whose = Patient.get_by_id(by.number)
        held = self.does(holds.place, parts, patient=patient, by=by, held_by=whose, key=f"hold {len(self.held)}")
        if held:
            self.held.append(held)

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 3), then=st.sampled_from(["book", "book", "extend", "extend", "release"]))
    def go_on(self, which, then):
        held = Hold.get_by_id(self.held[-1 - which % len(self.held)].id)
        by, live = self.who(held.patient, False), holds.live(held, self.at)
        if then == "book":
            found = self.ask(held.patient, holds.parts_of(held), by, f"held {held.id}", hold=held)
            assert live <= bool(found), "whoever holds a time gets it"
            assert not found or live or Hold.get_by_id(held.id).ended == "booked", "nobody books out of what lapsed"
        elif then == "extend":
            fresh = live and held.extended_at is None
            assert bool(self.does(holds.extend, held, by)) == fresh
        else:
            holds.release(held, by)
            assert not holds.live(Hold.get_by_id(held.id), self.at)

    @rule(minutes=st.sampled_from([1, 2, 5, 11]))
    def wait(self, minutes):
        self.wait_so_long(minutes)

    @initialize(on_the_day=st.booleans())
    def begin(self, on_the_day):
        """Every run has been through these, and goes on from there: chance alone comes by them too rarely."""
        self.book(1, FIRST, 2, 0, False, False)
        self.book(0, FIRST, 2, 0, False, False)
        self.undo(1)
        self.move(0, FIRST + timedelta(hours=3), 1, True, False)
        self.hold(0, FIRST, 2, 0, True)
        self.go_on(0, "extend")
        self.wait_so_long(11)
        self.go_on(0, "book")
        self.cancel(0, True, False)
        self.wait_in_line(1, 0)
        self.offer(0, 1)
        if on_the_day:
            self.wait_so_long((FIRST - self.at) / MINUTE + 10)
            self.come(0, "miss")
            self.come(0, "undo_miss")

    @precondition(lambda self: self.at > MONDAY + timedelta(days=1))
    @rule()
    def wait_for_an_hour(self):
        self.wait_so_long(60)

    @precondition(lambda self: self.expected)
    @rule(n=ANY, slot=SLOTS, provider=PROVIDERS, by_desk=BY_DESK, whole=st.booleans())
    def move(self, n, slot, provider, by_desk, whole):
        a = self.some(n)
        visit = self.visit(a) if whole else [a]
        parts, at = [], slot
        for each in visit:
            parts.append(Part(each.service, self.providers[provider], self.clinic.soho, at))
            at += timedelta(minutes=each.service.duration_minutes)
        by = self.who(a.patient, by_desk)
        if self.does(scheduling.move_visit, visit, parts, by=by, why="It suits better") is not None:
            assert [a.starts_at for a in visit] == [part.starts_at for part in parts]
            for each in visit:  # asked for where it stands already, nothing changes, not even that it has arrived
                self.stands([each], each.status)

    @precondition(lambda self: self.expected)
    @rule(n=ANY, by_desk=BY_DESK, whole=st.booleans())
    def cancel(self, n, by_desk, whole):
        a = self.some(n)
        visit = self.visit(a) if whole else [a]
        if self.does(scheduling.cancel_all, visit, by=self.who(a.patient, by_desk), why="Ill") is not None:
            self.stands(visit, "cancelled")

    @precondition(lambda self: self.expected)
    @rule(back=st.integers(1, 2))
    def undo(self, back):
        a = self.some(-back)
        can = all(scheduling.undoable(each, self.at) for each in self.visit(a) if each.status != "cancelled")
        found = self.does(scheduling.undo, a, self.who(a.patient, False))
        if found:
            assert can or all(each.undone_at for each in found)
            self.stands(found, "cancelled")

    @precondition(lambda self: any(start <= self.at for _, start, _ in self.expected.values()))
    @rule(n=ANY, step=st.sampled_from(["arrive", "complete", "miss", "miss", "undo_miss", "undo_miss"]))
    def come(self, n, step):
        begun = [number for number, (_, start, _) in sorted(self.expected.items()) if start <= self.at]
        wanted = [number for number in begun if (self.expected[number][0] == "missed") == (step == "undo_miss")]
        a = Appointment.get_by_id((wanted or begun)[n % len(wanted or begun)])
        if self.does(getattr(scheduling, step), a, DESK):
            if step == "undo_miss":
                self.restored.add(a.id)
            self.stands([a], {"arrive": "arrived", "complete": "completed", "miss": "missed"}.get(step, "booked"))

    @rule(who=PATIENTS, service=SERVICES)
    def wait_in_line(self, who, service):
        patient, day = self.patients[who], FIRST.date()
        by = self.who(patient, False)
        self.does(waitlist.join, patient, self.services[service], by=by, first_on=day, last_on=day, late_too=True)

    @rule(which=st.integers(0, 5), minutes=st.sampled_from([0, 1, 16]))
    def offer(self, which, minutes):
        """Free times are offered to who waits, and one of them says yes, in time or too late."""
        self.does(offering.offer_due, self.at)
        self.wait_so_long(minutes)
        offers = list(Offer.select().order_by(Offer.id.desc()).limit(6))
        if not offers:
            return
        offer = offers[which % len(offers)]
        in_time = offer.status == "accepted" or (offer.status == "open" and offer.expires_at > self.at)
        a = self.does(offering.accept, offer, self.who(offer.entry.patient, False))
        if a:
            assert in_time
            assert Offer.select().where(Offer.batch == offer.batch, Offer.status == "accepted").count() == 1
            if a.id not in self.expected:
                self.stands([a])

    def wait_so_long(self, minutes):
        self.at += minutes * MINUTE
        self.clock.move_to(self.at, tick=False)

    # --- what must hold after every step --------------------------------------------------------

    @invariant()
    def nothing_overlaps(self):
        live = list(Appointment.select().where(Appointment.status.in_(LIVE)))
        parts = HoldPart.select(HoldPart, Hold).join(Hold).where(Hold.ended_at.is_null(), Hold.expires_at > self.at)
        spans = [(a.provider_id, a.patient_id, a.service_id, a.starts_at, a.ends_at) for a in live]
        spans += [(p.provider_id, p.hold.patient_id, p.service_id, p.starts_at, p.ends_at) for p in parts]
        for one, other in combinations(spans, 2):
            if one[3] < other[4] and other[3] < one[4]:
                assert one[1] != other[1], "a patient in two places"
                assert one[0] != other[0] or one[2] == other[2] == self.services[2].id, "a provider in two places"
        for span in spans:
            at_once = [s for s in spans if s[0] == span[0] and s[3] <= span[3] < s[4] and s[2] == self.services[2].id]
            assert len(at_once) <= self.services[2].parallel, "more in the class than there are places"
        for one, other in combinations(live, 2):
            if one.provider_id != other.provider_id or {one.id, other.id} & self.restored:
                continue
            first, then = sorted((one, other), key=lambda a: a.starts_at)
            together = first.visit_key and first.visit_key == then.visit_key and first.ends_at == then.starts_at
            if first.ends_at <= then.starts_at and not together:
                gap = max(first.buffer_minutes, then.buffer_before_minutes)
                assert then.starts_at - first.ends_at >= timedelta(minutes=gap), "no time to breathe between two"

    @invariant()
    def rooms_are_taken_once(self):
        rows = Occupancy.select(Occupancy, Hold).left_outer_join(Hold).where(Occupancy.resource.is_null(False))
        rows = [row for row in rows if row.hold_id is None or row.hold.expires_at > self.at]
        for one, other in combinations(rows, 2):
            if one.resource_id == other.resource_id:
                assert one.ends_at <= other.starts_at or other.ends_at <= one.starts_at, "a room taken twice"

    @invariant()
    def every_history_adds_up(self):
        there = {a.id: a for a in Appointment.select()}
        assert set(there) == set(self.expected), "an appointment that nobody was told of"
        for number, a in there.items():
            assert (a.status, a.starts_at, a.provider_id) == self.expected[number]
            assert history.faults(a) == []

    @invariant()
    def an_ended_hold_takes_nothing(self):
        ended = Occupancy.select().join(Hold).where(Hold.ended_at.is_null(False))
        assert ended.count() == 0


def test_whatever_many_actors_do_nothing_overlaps_and_every_history_adds_up(clinic, time_machine):
    machine = type("Portal", (Portal,), {"clinic": clinic, "clock": time_machine, "yes": {}})
    by_hand = machine()
    by_hand.begin(True)
    for look in (by_hand.nothing_overlaps, by_hand.every_history_adds_up):
        look()
    by_hand.teardown()
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=RUNS, stateful_step_count=STEPS, derandomize=True, database=None, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    went = {"book_all", "place", "extend", "move_visit", "cancel_all", "undo", "miss", "undo_miss", "join", "accept"}
    assert went <= set(machine.yes), "these never went through, so nothing was shown of them"
