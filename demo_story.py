"""The past of the demo clinic: booked, answered, signed, met, missed and paid, each at its own moment."""

import heapq
from datetime import timedelta
from itertools import count
from uuid import uuid4

from clock import local, now, standing_at
from models import Appointment, Paperwork, PolicyAcceptance, Task, WorkingHours
from rules import (
    answers,
    charging,
    check_ins,
    consents,
    instruction_texts,
    instructions,
    memberships,
    notices,
    paperwork,
    policy,
    scheduling,
    searching,
    signers,
    trail,
)
from rules.actor import Actor
from rules.desk import midnight

BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/605.1 (demo)"
STROKES = [
    {"points": [{"x": 30 + 6 * i, "y": 90 - 55 * (i % 9 > 4) + 4 * (i % 5), "time": 20 * i} for i in range(24)]},
    {"points": [{"x": 60 + 9 * i, "y": 110 + (i * i) % 17, "time": 600 + 20 * i} for i in range(20)]},
]
SAID = {
    "reason": "Softer lines, but still my own face", "health": [], "pregnant": "no", "allergic": "no",
    "medicines": "none", "isotretinoin": "no", "before": ["Chemical peel"], "last_treatment": "2025-03-14",
    "smoking": "No, never", "alcohol": "2", "weight": "64",
    "type": "Burns sometimes, tans slowly", "sun": "no", "products": ["Sunscreen every day"],
    "light_medicines": "no", "dark_marks": "no", "goal": "Less redness on the cheeks.",
}  # fmt: skip
BUT = {  # who says something else: an answer that asks for an OK, and what somebody of sixteen says
    "Paloma": {"reason": "Pores and small scars", "health": ["Bleeding that is hard to stop"]},
    "Wren": {"reason": "Marks that spots have left on my cheeks", "before": [], "alcohol": "0", "weight": "56"},
}
# Who comes on which day from today on: location, hour on its wall clock, service, how much of the paperwork is done.
DAYS = {
    0: [
        ("Clara", 0, 9.5, "Radiance peel", "all"), ("Dominic", 0, 10, "Neuromodulator, upper face", "all"),
        ("Grace", 0, 11, "Lip filler", "all"), ("Jonah", 0, 12, "Microneedling, face", "late"),
        ("Keiko", 0, 13.5, "Skin consultation", "all"), ("Oscar", 0, 14.5, "Laser hair reduction, small area", "some"),
        ("Paloma", 0, 16, "LED light session", "none"),
        ("Eleanor", 1, 9.5, "Pigment and redness laser", "all"), ("Farah", 1, 10.5, "Skin consultation", "some"),
        ("Henrik", 1, 11.5, "Neuromodulator, touch-up", "all"), ("Immy", 1, 13, "Lip filler", "some"),
        ("Leila", 1, 14.5, "Radiance peel", "some"), ("Niamh", 1, 16, "Microneedling, face", "all"),
    ],
    1: [
        ("Rosalind", 1, 10, "Skin consultation", "some"), ("Theo", 1, 12, "Laser hair reduction, small area", "none"),
        ("Marcus", 0, 10, "Skin consultation", "all"), ("Paloma", 0, 15, "Microneedling, face", "some"),
        ("Wren", 0, 13, "Radiance peel", "all"),  # a guardian has to sign beside her
    ],
    2: [("Clara", 0, 11, "LED light session", "none"), ("Farah", 1, 14, "Radiance peel", "none")],
    3: [("Dominic", 0, 10, "Pigment and redness laser", "none"), ("Leila", 1, 11, "Microneedling, face", "none")],
    5: [("Grace", 0, 15, "Skin consultation", "none"), ("Eleanor", 1, 10, "LED light session", "none")],
    14: [("Dominic", 0, 10.5, "Neuromodulator, touch-up", "none"), ("Henrik", 1, 12, "Skin consultation", "none")],
}  # fmt: skip
PAST = [
    ("Clara", 0, 63, 11, "Microneedling, face"), ("Grace", 0, 120, 14, "Skin consultation"),
    ("Eleanor", 1, 45, 10, "Pigment and redness laser"), ("Henrik", 1, 21, 12, "Neuromodulator, upper face"),
    ("Niamh", 1, 33, 15, "Microneedling, face"), ("Keiko", 0, 70, 13, "Radiance peel"),
]  # fmt: skip


HEALING = [  # who came how many days ago for what, and said how many hours ago how it goes; Ava's next check-in is due
    ("Ava", 0, 8, "Microneedling, face", 150, "as_expected", "A little tight in the morning, and less red already."),
    ("Keiko", 0, 4, "Medium-depth peel", 9, "not_sure", "A corner of my mouth has cracked. Is more ointment enough?"),
    ("Eleanor", 1, 4, "Fractional resurfacing", 2, "worried", "Small blisters on the left cheek since this morning."),
]


class Story:
    """Plays events in order of time, each with the clock standing at its moment."""

    def __init__(self, house, opens_at):
        self.house, self.opens_at = house, opens_at
        self.events, self.order = [], count()
        self.still_to_mail = []
        self.desk = Actor("staff", house.staff["desk"].id, house.staff["desk"].name, "192.0.2.4", "Demo desk")

    def at(self, moment, call, *given):
        """`call` happens then; what lies after the opening of the demo has not happened."""
        if moment <= self.opens_at:
            heapq.heappush(self.events, (moment, next(self.order), call, given))

    def tell(self):
        for name, place, ago, hour, service in PAST:
            self.plan(name, place, -ago, hour, service, "all")
        for ahead, visits in DAYS.items():
            for name, place, hour, service, done in visits:
                self.plan(name, place, ahead, hour, service, done, notice=5 + 3 * (len(name) % 2))
        self.plan("Marcus", 0, -6, 10, "Neuromodulator, upper face", "some", ending=self.miss)
        self.plan("Rosalind", 1, -9, 12, "Skin consultation", "some", ending=self.miss)
        self.plan("Oscar", 0, -2, 12, "Radiance peel", "none", notice=6, cancelled=26)
        self.tell_ava()
        for name, place, ago, service, after, feeling, words in HEALING:
            self.plan(name, place, self.worked_on(-ago, place, service), 10, service, "all")
            self.at(self.opens_at - timedelta(hours=after), self.check_in, name, feeling, words)
        self.at(self.opens_at - timedelta(days=40), self.join, "Clara")
        while self.events:
            moment, _, call, given = heapq.heappop(self.events)
            with standing_at(moment):
                call(*given)

    def tell_ava(self):
        """The patient that everybody signs in as first. Her medical history was good until four days ago."""
        self.plan("Ava", 0, -175, 10, "Neuromodulator, upper face", "all", drawn=True)
        self.plan("Ava", 1, -95, 11, "Skin consultation", "all")
        self.plan("Ava", 0, -40, 15, "Laser hair reduction, small area", "none", cancelled=24 * 6)
        begun, soon = (five_minutes(self.opens_at + timedelta(minutes=shift)) for shift in (-10, 26 * 60))
        booked = self.opens_at - timedelta(days=12)
        self.at(booked, self.insert, "Ava", "Radiance peel", begun, "signed")
        self.at(booked + timedelta(minutes=8), self.insert, "Ava", "Neuromodulator, upper face", soon, "none")
        self.plan("Ava", 0, 9, 11, "Pigment and redness laser", "none", notice=14)

    def worked_on(self, day, place, service):
        """That day counted from today, or the last one before it on which somebody performs the service there."""
        place, performers = self.house.places[place], self.house.services[service].performed_by
        at_work = WorkingHours.select(WorkingHours.weekday).where(
            WorkingHours.location == place, WorkingHours.provider.in_([link.provider_id for link in performers])
        )
        weekdays = {hours.weekday for hours in at_work}
        while (local(self.opens_at, place.time_zone).date() + timedelta(days=day)).weekday() not in weekdays:
            day -= 1
        return day

    def plan(self, name, place, day, hour, service, done, *, notice=9, ending=None, cancelled=0, drawn=False):
        """A visit on a day counted from today, as near to that hour as is free; booked `notice` days before."""
        zone = self.house.places[place].time_zone
        on = local(self.opens_at, zone).date() + timedelta(days=day)
        wish = midnight(zone, on) + timedelta(hours=hour)
        moment = min(wish, self.opens_at) - timedelta(days=notice)
        self.at(moment, self.book, name, place, service, wish, done, ending, cancelled, drawn)

    def by(self, patient):
        return Actor("patient", patient.id, patient.name, "192.0.2.17", BROWSER, signed_in_how="email code")

    def book(self, name, place, service, wish, done, ending, cancelled, drawn):
        patient, service, place = self.house.patients[name], self.house.services[service], self.house.places[place]
        free = searching.free_times(
            service, location=place, since=wish, until=wish + timedelta(days=1), at_most=1, patient=patient
        )
        if not free:
            return
        opening = free[0]
        visit = scheduling.book(
            patient, service, provider=opening.provider, location=place, starts_at=opening.starts_at,
            by=self.by(patient), request_key=uuid4().hex, policy=self.house.policy,
        )  # fmt: skip
        self.follow(visit, done, ending, cancelled, drawn)
        if name == "Ava" and visit.starts_at > self.opens_at:
            self.still_to_mail.append(visit.id)

    def follow(self, visit, done, ending=None, cancelled=0, drawn=False):
        """What comes after a booking: paperwork, then the visit itself, or its cancellation."""
        if visit.starts_at <= self.opens_at and ending is None and done == "some":
            done = "all"  # nobody is treated without it
        if cancelled:
            moment = visit.starts_at - timedelta(hours=cancelled)
            self.at(moment, lambda: scheduling.cancel(visit, by=self.by(visit.patient), why="I have to travel."))
            return
        self.at(now() + timedelta(hours=5), self.do_paperwork, visit, done, drawn)
        if ending:
            self.at(visit.ends_at, ending, visit)
            return
        if done == "late":
            return  # still not here, and the desk has something to decide
        self.at(visit.starts_at - timedelta(minutes=4), scheduling.arrive, visit, self.desk)
        self.at(visit.starts_at - timedelta(minutes=1), self.countersign, visit)
        self.at(visit.ends_at, scheduling.complete, visit, self.desk)

    def do_paperwork(self, visit, done, drawn):
        """all: everything; some: what is answered; signed: consents and instructions; none: nothing."""
        kinds = {"all": ("questionnaire", "consent", "pre_treatment"), "some": ("questionnaire",)}
        kinds["signed"] = ("consent", "pre_treatment")
        by = self.by(visit.patient)
        said = SAID | BUT.get(visit.patient.called, {})
        for task in Task.select().where((Task.appointment == visit) & (Task.status == "open")).order_by(Task.id):
            kind = task.paperwork.kind
            if kind not in kinds.get(done, ()):
                continue
            version = paperwork.current_version(task.paperwork)
            if kind == "questionnaire":
                answers.submit(task, said, by, version)
            elif kind == "consent":
                how = {"method": "drawn", "strokes": STROKES} if drawn else {"method": "typed"}
                full_name = f"{visit.patient.first_name} {visit.patient.last_name}"
                if notices.to_be_read(visit.patient):
                    notices.agree(visit.patient, by, notices.current().number)
                consents.note_shown(task, version, by)
                letters = full_name[0] + visit.patient.last_name[0]
                consents.sign_as_patient(
                    task, by, version, full_name=full_name, agreed=True, permissions={"chart": True, "social": False},
                    initials={clause["key"]: letters for clause in consents.clauses_of(version)}, **how,
                )  # fmt: skip
            else:
                instructions.read(task, by)
                if check := instruction_texts.check_of(version):
                    instructions.answer_check(task, check["right"], by)

    def check_in(self, name, feeling, words):
        """How it goes, at the newest step that has begun and asks for it."""
        patient = self.house.patients[name]
        mine = Task.select().join(Paperwork).where((Task.patient == patient) & (Paperwork.kind == "post_treatment"))
        for task in mine.order_by(Task.id.desc()):
            version, ends_at = paperwork.version_of(task), task.appointment.ends_at
            asking = [step for step in instruction_texts.steps_of(version) if step.get("check_in")]
            begun = [step for step in asking if instruction_texts.step_due_at(step, ends_at) <= now()]
            if begun:
                instructions.read(task, self.by(patient))
                check_ins.give(task, begun[-1]["key"], feeling, words, self.by(patient))
                return

    def countersign(self, visit):
        """The provider signs what the patient has signed, where the consent asks for it."""
        nurse = self.house.staff["provider"]
        by = Actor("staff", nurse.id, nurse.name, "192.0.2.5", "Demo room", signed_in_how="password")
        for task in Task.select().where(Task.appointment == visit):
            if signers.missing(task) == ["provider"]:
                signers.sign_as_provider(task, by, signers.text_version(task), method="typed", agreed=True)

    def miss(self, visit):
        """A no-show; the first one's fee is still owed, the other's was paid later."""
        charge = scheduling.miss(visit, self.desk)
        if visit.location_id == self.house.places[1].id:
            self.at(now() + timedelta(days=2), charging.mark_paid, charge, self.desk, "Card, at the desk")

    def join(self, name):
        """A member, for the second month now."""
        patient, plan = self.house.patients[name], self.house.plans[0]
        membership = memberships.join(
            patient, plan, memberships.agreement_of(plan), self.by(patient), uuid4().hex,
            price=memberships.price_words(plan), method="typed",
            signer_name=f"{patient.first_name} {patient.last_name}",
        )  # fmt: skip
        self.at(now() + timedelta(hours=2), self.pay, membership)
        self.at(now() + timedelta(days=33), memberships.renew_due)
        self.at(now() + timedelta(days=34), self.pay, membership)

    def pay(self, membership):
        for charge in membership.charges.where(membership.charges.model.status == "owed"):
            charging.mark_paid(charge, self.desk, "Card, at the desk")

    def insert(self, name, service, starts_at, done):
        """A visit at any moment whatever the grid and the hours say, with all that a booking brings."""
        patient, service = self.house.patients[name], self.house.services[service]
        place, provider = self.whoever_is_in(service, starts_at)
        visit = Appointment.create(
            patient=patient, service=service, provider=provider, location=place, starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=service.duration_minutes), buffer_minutes=service.buffer_minutes,
            price_minor=service.price_minor, currency="USD", request_key=uuid4().hex, booked_at=now(),
        )  # fmt: skip
        by, accepted = self.by(patient), self.house.policy
        PolicyAcceptance.create(
            appointment=visit, policy=accepted, policy_digest=accepted.digest, currency="USD", accepted_at=now(),
            shown_minor=policy.shown_fee(accepted, service.price_minor), accepted_by="patient", ip=by.ip,
            shown_no_show_minor=policy.shown_no_show(accepted, service.price_minor), agent=by.agent,
        )  # fmt: skip
        trail.record(by, "appointment booked", f"appointment {visit.id}", patient=patient, service=service.id)
        paperwork.begin_for(visit, by)
        instructions.announce(visit, by)
        self.follow(visit, done)
        if starts_at > self.opens_at:
            self.still_to_mail.append(visit.id)

    def whoever_is_in(self, service, starts_at):
        """The location where it is nearest to early afternoon, and somebody there who performs the service, at work."""

        def strangeness(hours):
            there = local(starts_at, hours.location.time_zone)
            minute = there.hour * 60 + there.minute
            away = there.weekday() != hours.weekday or not hours.opens_minute <= minute < hours.closes_minute
            return abs(minute - 13 * 60) // 240, away, hours.id

        everybody = WorkingHours.select().where(
            WorkingHours.provider.in_([link.provider_id for link in service.performed_by])
        )
        likeliest = min(everybody, key=strangeness)
        return likeliest.location, likeliest.provider


def five_minutes(moment):
    return moment.replace(minute=moment.minute - moment.minute % 5, second=0, microsecond=0)
