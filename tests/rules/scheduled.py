"""What the tests of booking share: who acts, rooms, a service for several at once, and looks at what is occupied."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models import Occupancy, Provider, Resource, ResourceKind, Service, ServiceNeed, ServiceProvider
from rules import holds, scheduling
from rules.actor import Actor
from rules.refused import Refused
from rules.searching import Part

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)  # 10:00 in New York
DESK = Actor("staff", 2, "Dana Desk")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def actor(patient):
    return Actor("patient", patient.id, patient.name, ip="203.0.113.7", agent="A browser")


def part(clinic, starts_at=FRIDAY, service=None, **differs):
    facts = {"provider": clinic.dr_lin, "location": clinic.soho, **differs}
    return Part(service or clinic.peel, facts["provider"], facts["location"], starts_at)


def book(clinic, *parts, patient=None, **differs):
    """Book these parts in one go, as the patient unless somebody else does; the appointments."""
    patient = patient or clinic.ava
    facts = {"by": actor(patient), "request_key": uuid4().hex, "policy": clinic.policy, **differs}
    return scheduling.book_all(patient, parts or [part(clinic)], **facts)


def place(clinic, *parts, patient=None, key=None):
    patient = patient or clinic.ava
    parts = parts or [part(clinic)]
    return holds.place(parts, patient=patient, by=actor(patient), held_by=patient, key=key or uuid4().hex)


def refused(call, *args, **kwargs):
    with pytest.raises(Refused) as no:
        call(*args, **kwargs)
    return no.value


def room(clinic, service, *names, cleanup=0, location=None):
    """The service needs one of these rooms, which are of one kind."""
    kind = ResourceKind.create(name=names[0], room=True)
    ServiceNeed.create(service=service, kind=kind)
    facts = {"kind": kind, "location": location or clinic.soho, "cleanup_minutes": cleanup}
    return [Resource.create(name=name, **facts) for name in names]


def another_provider(clinic, *services, name="Dr Roe"):
    """Somebody else who works in Soho, from nine to five."""
    someone = Provider.create(name=name)
    for service in services:
        ServiceProvider.create(provider=someone, service=service)
    for row in clinic.dr_lin.hours:
        type(row).create(
            provider=someone, location=row.location, weekday=row.weekday,
            opens_minute=row.opens_minute, closes_minute=row.closes_minute,
        )  # fmt: skip
    return someone


def class_of(clinic, parallel=2, minutes=60):
    """A service for several patients at once, by Dr Lin."""
    service = Service.create(
        category=clinic.peel.category, name="Light class", duration_minutes=minutes, parallel=parallel
    )
    ServiceProvider.create(service=service, provider=clinic.dr_lin)
    return service


def taken(**where):
    """(room or None, start, end) of what is occupied, in order."""
    rows = Occupancy.select().filter(**where).order_by(Occupancy.starts_at, Occupancy.id)
    return [(row.resource_id, row.starts_at, row.ends_at) for row in rows]
