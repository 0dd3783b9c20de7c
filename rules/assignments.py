"""Which services hand out a piece of paperwork: tied one by one, or through a category, also for its later ones."""

from typing import NamedTuple

from database import write_tx
from models import Assignment, Category, CategoryAssignment, Paperwork, Service
from rules import trail


class Shelf(NamedTuple):
    """A category with its services that can be booked: whether all are tied through it, and which on their own."""

    id: int
    name: str
    whole: bool
    services: list[tuple[Service, bool]]


def shelves(paperwork: Paperwork) -> list[Shelf]:
    """All categories, for the form on the paperwork's page; a constant number of queries."""
    whole = _tied(CategoryAssignment, "category", paperwork)
    tied = _tied(Assignment, "service", paperwork)
    on_shelf = {}
    for service in Service.select().where(Service.archived_at.is_null()).order_by(Service.name):
        on_shelf.setdefault(service.category_id, []).append((service, service.id in tied))
    categories = Category.select().order_by(Category.position, Category.name)
    return [Shelf(it.id, it.name, it.id in whole, on_shelf.get(it.id, [])) for it in categories]


def handing_out(paperwork):
    """The query of services that hand it out, in whichever way; takes a row, its id or a column of an outer query."""
    tied = Assignment.select(Assignment.service).where(Assignment.paperwork == paperwork)
    whole = CategoryAssignment.select(CategoryAssignment.category).where(CategoryAssignment.paperwork == paperwork)
    return Service.select().where(Service.archived_at.is_null() & (Service.id.in_(tied) | Service.category.in_(whole)))


def by_category(category) -> list[Paperwork]:
    """What every service of this category brings; takes a row or its id."""
    return list(
        Paperwork.select()
        .join(CategoryAssignment)
        .where((CategoryAssignment.category == category) & Paperwork.archived_at.is_null())
        .order_by(Paperwork.name)
    )


def assign(paperwork: Paperwork, by, *, services, categories) -> bool:
    """Tie it to exactly these services and categories, of those that exist; False when nothing changed.

    A service that is archived keeps what it has. What is booked already keeps its paperwork.
    """
    with write_tx():
        offered = {row.id for row in Service.select(Service.id).where(Service.archived_at.is_null())}
        known = {row.id for row in Category.select(Category.id)}
        changed = _tie(paperwork, Assignment, "service", set(services), offered)
        changed |= _tie(paperwork, CategoryAssignment, "category", set(categories), known)
        if changed:
            trail.record(by, "assignments changed", f"paperwork {paperwork.id}", **changed)
        return bool(changed)


def _tied(link, side, paperwork) -> set[int]:
    return {getattr(row, f"{side}_id") for row in link.select().where(link.paperwork == paperwork)}


def _tie(paperwork, link, side, wanted, possible) -> dict:
    """Make the links exactly the wanted ones among the possible; what changed, for the trail."""
    before = _tied(link, side, paperwork) & possible
    new, gone = (wanted & possible) - before, before - wanted
    if gone:
        link.delete().where((link.paperwork == paperwork) & getattr(link, side).in_(list(gone))).execute()
    for number in sorted(new):
        link.create(paperwork=paperwork, **{side: number})
    told = {f"{side}_added": sorted(new), f"{side}_removed": sorted(gone)}
    return {name: numbers for name, numbers in told.items() if numbers}
