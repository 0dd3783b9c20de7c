"""What the checklist asks of rooms and devices: what a service needs, and whether their hours ever leave the time."""

from models import Resource, ResourceHours, ResourceKind, ServiceNeed


def needs(services) -> dict:
    """{service: [(kind, [(location, own hours or None)])]} of these services; three queries."""
    own, there, needed = {}, {}, {}
    for row in ResourceHours.select():
        own.setdefault(row.resource_id, []).append((row.weekday, row.opens_minute, row.closes_minute))
    rows = Resource.select(Resource.id, Resource.kind, Resource.location).where(Resource.archived_at.is_null())
    for number, kind, place in rows.tuples():
        there.setdefault(kind, []).append((place, own.get(number)))
    asked = ServiceNeed.select(ServiceNeed.service, ResourceKind.id, ResourceKind.name).join(ResourceKind)
    for service, kind, name in asked.where(ServiceNeed.service.in_(services)).order_by(ResourceKind.name).tuples():
        needed.setdefault(service, []).append((name, there.get(kind, [])))
    return needed


def meet(stretches, things, length) -> bool:
    """Whether weekly stretches of providers and the hours of rooms or devices have so many minutes in common."""
    for place, weekday, opens, closes in stretches:
        for stands, own in things:
            hours = [(opens, closes)] if own is None else [(since, to) for day, since, to in own if day == weekday]
            if place == stands and any(min(closes, to) - max(opens, since) >= length for since, to in hours):
                return True
    return False
