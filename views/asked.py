"""Which visit a patient is booking, as the address says it: the services in their order, and for whom."""

from dataclasses import dataclass, field

from flask import abort, request, url_for

from clock import local, now
from models import Patient, Service
from rules import coming_first, eligibility, findings
from rules.clinic import home_zone
from rules.services import offered
from views import guard, times
from views.forms import carried

MOST = 4  # services in one visit


@dataclass
class Asked:
    """What the visit is to be. `before` is what must come first, on another day, booked in the same go."""

    service: Service
    others: list
    before: Service | None
    patient: Patient
    persons: list
    chosen: list = field(default_factory=list)  # the Part of what comes first, once it has a time

    @property
    def visit(self):
        return [self.service, *self.others]

    @property
    def services(self):
        return [self.before, *self.visit] if self.before else self.visit

    @property
    def for_other(self):
        return self.patient.id != self.persons[0].id

    @property
    def carry(self):
        """[(name, value)] that each address and form of this booking takes along."""
        said = [("also", one.id) for one in self.others]
        if "for" in request.values:
            said.append(("for", self.patient.id))
        if self.before:
            said.append(("before", self.before.id))
        return said

    def href(self, step, **more):
        said = {"also": [one.id for one in self.others], "before": self.before.id if self.before else None}
        said["for"] = self.patient.id if "for" in request.values else None
        return url_for(f"booking.{step}", number=self.service.id, **{**said, **more})

    def block(self):
        """What the patient answered keeps them from this visit for now: the block, or None."""
        today = local(now(), home_zone()).date()
        found = [block for service in self.services if (block := findings.block_of(self.patient, service, today))]
        for_good = [block for block in found if not block.until_on]
        return (for_good or sorted(found, key=lambda it: it.until_on, reverse=True) or [None])[0]

    def barred(self):
        """Why it cannot be booked here at all; "" when it can."""
        return next(filter(None, (eligibility.barred(self.patient, service) for service in self.services)), "")

    def room(self):
        return coming_first.room_for(self.patient, self.visit, now(), self.chosen)


def asked(number) -> Asked:
    """The visit behind /booking/<number>?also=…&for=…&before=…; 404 for what is not on offer, or for a stranger."""
    said = request.form if request.method == "POST" else request.args
    numbers = [int(text) for text in said.getlist("also") if text.isascii() and text.isdigit() and len(text) < 10]
    before = carried(said.get("before"))
    wanted = list(dict.fromkeys(it for it in numbers if it != number))[: MOST - 1]
    rows = {row.id: row for row in offered().where(Service.id.in_([number, *wanted, *([before] if before else [])]))}
    if number not in rows or (before and (before not in rows or before == number)):
        abort(404)
    persons = guard.persons()
    patient = guard.person(said["for"]) if said.get("for") else persons[0]
    visit = Asked(rows[number], [rows[it] for it in wanted if it in rows], rows.get(before), patient, persons)
    if visit.before and said.get("first"):
        visit.chosen = times.asked_parts([visit.before], said["first"])
    return visit
