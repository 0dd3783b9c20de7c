"""What can be booked: a service, who performs it, and the paperwork that is assigned to it."""

from peewee import JOIN, fn

from clock import now
from database import folded, folding, write_tx
from models import (
    Assignment,
    Category,
    CategoryAssignment,
    Paperwork,
    Provider,
    ResourceKind,
    Service,
    ServiceNeed,
    ServiceProvider,
)
from rules import prerequisites as what_comes_first
from rules import service_setup, trail
from rules.profile import tidy, tidy_text
from rules.refused import Refused

DURATION = (5, 720)
BUFFER = (0, 240)
HIGHEST_PRICE = 10_000_000


def listed() -> list:
    """Every service with its shelf, and how many people and papers it has; one query."""
    tied = Assignment.select(Assignment.paperwork).where(Assignment.service == Service.id)
    whole = CategoryAssignment.select(CategoryAssignment.paperwork).where(
        CategoryAssignment.category == Service.category
    )
    papers = Paperwork.select(fn.COUNT(Paperwork.id)).where(
        Paperwork.archived_at.is_null() & (Paperwork.id.in_(tied) | Paperwork.id.in_(whole))
    )
    people = (
        ServiceProvider.select(ServiceProvider.service, fn.COUNT(ServiceProvider.id).alias("people"))
        .join(Provider)
        .where(Provider.archived_at.is_null())
        .group_by(ServiceProvider.service)
        .alias("people_of")
    )
    return list(
        Service.select(
            Service.id, Service.name, Service.duration_minutes, Service.buffer_minutes, Service.price_minor,
            Service.online, Service.archived_at, Service.category.alias("category_id"), Category.name.alias("category"),
            papers.alias("papers"), fn.COALESCE(people.c.people, 0).alias("people"),
        )
        .join_from(Service, Category)
        .join_from(Service, people, JOIN.LEFT_OUTER, on=(people.c.service_id == Service.id))
        .order_by(Category.position, Category.name, Service.name)
        .namedtuples()
    )  # fmt: skip


def offered():
    """The query of what somebody performs and can be booked, by its shelves, each service with its category."""
    performed = ServiceProvider.select(ServiceProvider.service).join(Provider).where(Provider.archived_at.is_null())
    return (
        Service.select(Service, Category)
        .join(Category)
        .where(Service.archived_at.is_null() & Service.id.in_(performed))
        .order_by(Category.position, Category.name, Service.name)
    )


def on_shelves() -> dict[str, list[Service]]:
    """What can be booked, by the names of its shelves; one query."""
    shelves = {}
    for service in offered():
        shelves.setdefault(service.category.name, []).append(service)
    return shelves


def category(by, number: int | None, new_name: str) -> Category:
    """The shelf that was chosen, or a new one when a name is given; a name that exists is that shelf."""
    new_name = tidy(new_name)
    if new_name:
        if len(new_name) > 80:
            raise Refused("Keep the category to 80 characters or fewer.", "new_category")
        found = Category.get_or_none(folding(Category.name) == folded(new_name))
        if found is None:
            last = Category.select(fn.COALESCE(fn.MAX(Category.position), 0)).scalar()
            found = Category.create(name=new_name, position=last + 1)
            trail.record(by, "category added", f"category {found.id}")
        return found
    found = Category.get_or_none(Category.id == number) if number else None
    if found is None:
        raise Refused("Choose a category, or write a new one.", "category")
    return found


def save(service: Service | None, by, *, name, summary, category_number, new_category="", duration_minutes,
         buffer_minutes, price_minor, providers, papers, setup=None, kinds=None,
         prerequisites=None) -> Service:  # fmt: skip
    """A new service (None) or a changed one, with its people and paperwork, in one transaction.

    `setup` says how it is scheduled (see service_setup), `kinds` which rooms and devices it needs, `prerequisites`
    what comes first; None leaves each as it is. What is booked already keeps its time, price and paperwork.
    """
    facts = _facts(name, summary, duration_minutes, buffer_minutes, price_minor)
    facts |= service_setup.checked(service, setup or {})
    with write_tx():
        twin = Service.get_or_none(folding(Service.name) == folded(facts["name"]))
        if twin is not None and (service is None or twin.id != service.id):
            raise Refused("Another service has this name already.", "name")
        facts["category"] = category(by, category_number, new_category).id
        if service is None:
            service = Service.create(**facts)
            trail.record(by, "service added", f"service {service.id}")
        else:
            changed = [field for field, value in facts.items() if service.__data__[field] != value]
            if changed:
                Service.update(**facts).where(Service.id == service.id).execute()
                trail.record(by, "service changed", f"service {service.id}", changed=changed)
        _tie(by, service, ServiceProvider, Provider, "provider", providers, "providers changed")
        _tie(by, service, Assignment, Paperwork, "paperwork", papers, "assignments changed")
        if kinds is not None:
            _tie(by, service, ServiceNeed, ResourceKind, "kind", kinds, "needs changed")
        if prerequisites is not None:
            what_comes_first.tie(service, by, prerequisites)
        return Service.get_by_id(service.id)


def _facts(name, summary, duration_minutes, buffer_minutes, price_minor) -> dict:
    name = tidy(name)
    if not name:
        raise Refused("Write what the service is called.", "name")
    if len(name) > 120:
        raise Refused("Keep the name to 120 characters or fewer.", "name")
    if len(summary or "") > 2000:
        raise Refused("Keep the summary to 2,000 characters or fewer.", "summary")
    if duration_minutes is None or not DURATION[0] <= duration_minutes <= DURATION[1]:
        raise Refused(f"Write how long it takes, from {DURATION[0]} to {DURATION[1]} minutes.", "duration_minutes")
    if buffer_minutes is None or not BUFFER[0] <= buffer_minutes <= BUFFER[1]:
        raise Refused(f"Write the pause after it, from {BUFFER[0]} to {BUFFER[1]} minutes.", "buffer_minutes")
    if price_minor is None or not 0 <= price_minor <= HIGHEST_PRICE:
        raise Refused("Write the price; 0 means free of charge.", "price")
    return {
        "name": name, "summary": tidy_text(summary), "duration_minutes": duration_minutes,
        "buffer_minutes": buffer_minutes, "price_minor": price_minor,
    }  # fmt: skip


def _tie(by, service, link, model, side, wanted, action) -> None:
    """Make the links of the service exactly the wanted ones, of rows that exist."""
    column = getattr(link, side)
    before = {getattr(row, f"{side}_id") for row in link.select().where(link.service == service.id)}
    wanted = {row.id for row in model.select(model.id).where(model.id.in_(list(wanted)))} if wanted else set()
    gone, new = before - wanted, wanted - before
    if gone:
        link.delete().where((link.service == service.id) & column.in_(list(gone))).execute()
    for number in sorted(new):
        link.create(service=service.id, **{side: number})
    if gone or new:
        trail.record(by, action, f"service {service.id}", added=sorted(new), removed=sorted(gone))


def archive(service: Service, by) -> None:
    """It can no longer be booked; booked visits stand."""
    _shelve(service, by, now(), Service.archived_at.is_null(), "service archived")


def restore(service: Service, by) -> None:
    _shelve(service, by, None, Service.archived_at.is_null(False), "service restored")


def _shelve(service, by, at, when, action):
    with write_tx():
        if Service.update(archived_at=at).where((Service.id == service.id) & when).execute():
            trail.record(by, action, f"service {service.id}")
