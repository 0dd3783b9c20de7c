"""The service checklist: what is missing before a service is fit to be booked, and what would make it better."""

from typing import NamedTuple

from peewee import fn

from models import (
    Assignment,
    CategoryAssignment,
    Location,
    Paperwork,
    PaperworkVersion,
    Prerequisite,
    Provider,
    Service,
    ServiceProvider,
    Staff,
    WorkingHours,
)
from rules import checklist_hours, policy
from rules.clinic import the_clinic
from rules.signers import COUNTER_SIGN
from rules.words import span

LEVELS = ("bookable", "fit", "advice")  # without it no time is offered; it is not fit; it could be better


class Line(NamedTuple):
    """One point of the list: its words when it is there, and when it is missing; where to see to it."""

    level: str
    there: bool
    words: str
    short: str  # the same as a part of a sentence, when it is missing
    href: str


class Paper(NamedTuple):
    """A piece of paperwork that a booking brings, with what its current version asks for."""

    id: int
    kind: str
    name: str
    details: dict
    safety: bool


def of(services: list[Service]) -> dict[int, list[Line]]:
    """The list of each service by its number; as many queries for one service as for a hundred."""
    known = _Known(services)
    return {service.id: _lines(service, known) for service in services}


def missing(lines: list[Line], *levels: str) -> list[Line]:
    """What is missing on these levels (all unless told)."""
    return [line for line in lines if not line.there and line.level in (levels or LEVELS)]


def needed(lines: list[Line]) -> list[Line]:
    """What must be seen to before it is fit to be booked."""
    return missing(lines, "bookable", "fit")


def unfit() -> list[tuple[int, str, str]]:
    """The services that are not fit to be booked: number, name, and what is missing in words."""
    services = list(Service.select().where(Service.archived_at.is_null()).order_by(Service.name))
    lists = of(services)
    return [
        (service.id, service.name, ", ".join(line.short for line in lacking))
        for service in services
        if (lacking := needed(lists[service.id]))
    ]


def bookable_words(service: Service) -> str:
    """Whether patients find times for it; if not, what is missing."""
    lacking = missing(of([service])[service.id], "bookable")
    return f"It cannot be booked yet: {lacking[0].short}." if lacking else "It can be booked."


class _Known:
    """All that the lists of some services look at, in a constant number of queries."""

    def __init__(self, services):
        own = [service.id for service in services] or [0]
        self.first = {}  # service -> the services that come first
        asked = Prerequisite.select(Prerequisite, Service).join(Service, on=Prerequisite.needs)
        for row in asked.where(Prerequisite.service.in_(own)):
            self.first.setdefault(row.service_id, []).append(row.needs)
        numbers = own + [other.id for others in self.first.values() for other in others]
        self.performers = {}  # service -> [(provider, may counter-sign)]
        rows = (
            ServiceProvider.select(ServiceProvider.service, Provider.id, Staff.role, Staff.archived_at)
            .join(Provider)
            .left_outer_join(Staff)
            .where(ServiceProvider.service.in_(numbers) & Provider.archived_at.is_null())
        )
        for service, provider, role, gone in rows.tuples():
            self.performers.setdefault(service, []).append((provider, role in COUNTER_SIGN and gone is None))
        hours = WorkingHours.select(
            WorkingHours.provider, WorkingHours.location, WorkingHours.weekday, WorkingHours.opens_minute,
            WorkingHours.closes_minute, Location.archived_at,
        ).join(Location)  # fmt: skip
        self.at_work, self.at_open_place, self.stretches = set(), set(), {}
        for provider, place, weekday, opens, closes, closed in hours.tuples():
            self.at_work.add(provider)
            if closed is None:
                self.at_open_place.add(provider)
                self.stretches.setdefault(provider, []).append((place, weekday, opens, closes))
        self.needs = checklist_hours.needs(numbers)
        self.papers = _papers(own, {service.category_id for service in services})
        self.clinic = the_clinic()
        self.policy = policy.current()


def _papers(services, categories):
    """A function: the papers of a service."""
    direct, by_category = {}, {}
    for service, number in (
        Assignment.select(Assignment.service, Assignment.paperwork).where(Assignment.service.in_(services)).tuples()
    ):
        direct.setdefault(service, set()).add(number)
    for category, number in (
        CategoryAssignment.select(CategoryAssignment.category, CategoryAssignment.paperwork)
        .where(CategoryAssignment.category.in_(list(categories) or [0]))
        .tuples()
    ):
        by_category.setdefault(category, set()).add(number)
    tied = set().union(*direct.values(), *by_category.values())
    newest = PaperworkVersion.alias()
    current = newest.select(fn.MAX(newest.number)).where(newest.paperwork == Paperwork.id)
    rows = (
        PaperworkVersion.select(
            Paperwork.id, Paperwork.kind, Paperwork.name, PaperworkVersion.details, PaperworkVersion.questions
        )
        .join(Paperwork)
        .where(
            Paperwork.id.in_(list(tied) or [0]) & Paperwork.archived_at.is_null() & (PaperworkVersion.number == current)
        )
        .order_by(Paperwork.name)
    )
    known = {
        number: Paper(number, kind, name, details or {}, any(item.get("safety") for item in questions or []))
        for number, kind, name, details, questions in rows.tuples()
    }

    def of_service(service):
        mine = direct.get(service.id, set()) | by_category.get(service.category_id, set())
        return [paper for number, paper in known.items() if number in mine]

    return of_service


def _lines(service, known) -> list[Line]:
    people = known.performers.get(service.id, [])
    papers = known.papers(service)
    here = f"/staff/services/{service.id}"
    by_kind = {}
    for paper in papers:
        by_kind.setdefault(paper.kind, []).append(paper)
    return [
        *_bookable(people, known, here),
        *_scheduled(service, people, known),
        *_first(service, known, here),
        *_paperwork(by_kind, here),
        *_consents(by_kind.get("consent", []), people),
        *_aftercare(by_kind, known.clinic),
        *_advice(service, by_kind, known.policy, here),
    ]


def _bookable(people, known, here):
    at_work = [provider for provider, _ in people if provider in known.at_work]
    open_place = any(provider in known.at_open_place for provider in at_work)
    yield _line("bookable", people, "Somebody performs it", "Nobody performs it", "nobody performs it", here)
    if people:
        short = "nobody who performs it has weekly hours"
        yield _line(
            "bookable", at_work, "Who performs it has weekly hours", "Nobody who performs it has weekly hours", short,
            "/staff/providers",
        )  # fmt: skip
    if at_work:
        yield _line(
            "bookable", open_place, "A location is open for it", "The location of those hours is closed",
            "the location of those hours is closed", "/staff/locations",
        )  # fmt: skip


def _scheduled(service, people, known):
    """Whether the hours of who performs it, and of what it needs, leave room for it."""
    stretches = [stretch for provider, _ in people for stretch in known.stretches.get(provider, [])]
    length = service.duration_minutes
    if not stretches:
        return
    long_enough = [stretch for stretch in stretches if stretch[3] - stretch[2] >= length]
    yield _line(
        "bookable", long_enough, "Somebody works long enough for it",
        f"It takes {span(length)}, and nobody who performs it works so long at a time",
        "nobody works long enough for it", "/staff/providers",
    )  # fmt: skip
    for name, there in known.needs.get(service.id, []) if long_enough else []:
        near = any(place == stretch[0] for place, _ in there for stretch in long_enough)
        yield _line(
            "bookable", near, f"A “{name}” stands where somebody performs it",
            f"It needs a “{name}”, and no location where somebody performs it has one",
            f"no “{name}” where somebody performs it", "/staff/rooms",
        )  # fmt: skip
        if near:
            yield _line(
                "bookable", checklist_hours.meet(long_enough, there, length),
                f"The hours of a “{name}” are long enough",
                f"The hours of no “{name}” leave {span(length)} while somebody who performs it works",
                f"a “{name}” never long enough", "/staff/rooms",
            )  # fmt: skip


def _first(service, known, here):
    """Whether what has to come first can be booked itself."""
    for other in known.first.get(service.id, []):
        people = known.performers.get(other.id, [])
        lines = [*_bookable(people, known, here), *_scheduled(other, people, known)]
        can = other.archived_at is None and not missing(lines, "bookable")
        there = f"/staff/services/{other.id}"
        yield _line(
            "bookable", can, f"“{other.name}”, which comes first, can be booked",
            f"“{other.name}” has to come first, and cannot be booked itself", f"“{other.name}” cannot be booked", there,
        )  # fmt: skip
        if can and service.online:
            yield _line(
                "advice", other.online, f"Patients can book “{other.name}” online, too",
                f"Patients can book this online, but not “{other.name}”, which has to come first",
                f"“{other.name}” not online", there,
            )  # fmt: skip


def _paperwork(by_kind, here):
    yield _line(
        "fit", by_kind.get("questionnaire"), "A questionnaire is assigned", "No questionnaire is assigned",
        "no questionnaire", here,
    )  # fmt: skip
    yield _line("fit", by_kind.get("consent"), "A consent is assigned", "No consent is assigned", "no consent", here)


def _consents(consents, people):
    asks = [paper for paper in consents if paper.details.get("provider")]
    if asks and people:
        can = any(signs for _, signs in people)
        yield _line(
            "fit", can, "Who performs it can counter-sign",
            f"“{asks[0].name}” asks for a counter-signature, and nobody who performs it signs in as staff",
            "nobody who performs it can counter-sign", "/staff/providers",
        )  # fmt: skip


def _aftercare(by_kind, clinic):
    if by_kind.get("post_treatment"):
        yield _line(
            "fit", clinic.phone or clinic.emergency_words, "A worried patient reads whom to call",
            "Nobody reads whom to call when worried: the clinic has no phone and no words for it",
            "nowhere to call when worried", "/staff/clinic",
        )  # fmt: skip
    steps = [step for paper in by_kind.get("post_treatment", []) for step in paper.details.get("steps") or []]
    if any(step.get("check_in") for step in steps):
        yield _line(
            "fit", clinic.email, "A worried check-in reaches somebody by e-mail",
            "A worried check-in reaches nobody by e-mail: the clinic has no address",
            "no e-mail for worried check-ins", "/staff/clinic/names",
        )  # fmt: skip


def _advice(service, by_kind, active_policy, here):
    for kind, words in (("pre_treatment", "Pre-treatment"), ("post_treatment", "Post-treatment")):
        yield _line(
            "advice", by_kind.get(kind), f"{words} instructions are assigned",
            f"No {words.lower()} instructions are assigned", f"no {words.lower()} instructions", here,
        )  # fmt: skip
    yield _line("advice", service.price_minor, "It has a price", "It is free of charge", "no price", here)
    yield _line(
        "advice", active_policy, "A cancellation policy is active", "No cancellation policy is active", "no policy",
        "/staff/policy",
    )  # fmt: skip
    asked = by_kind.get("questionnaire", [])
    if asked:
        yield _line(
            "advice", any(paper.safety for paper in asked), "A safety question is always asked anew",
            "No question is marked as a safety question, so old answers may be taken over", "no safety question",
            f"/staff/paperwork/{asked[0].id}",
        )  # fmt: skip


def _line(level, there, yes, no, short, href) -> Line:
    return Line(level, bool(there), yes if there else no, short, href)
