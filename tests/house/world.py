"""Ava's world: one row of everything that can be hers or the clinic's, and the address of each route for it."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from io import BytesIO
from types import SimpleNamespace
from uuid import uuid4

from PIL import Image

import clock
from database import write_tx
from models import (
    MODELS,
    Attempt,
    Charge,
    CheckIn,
    Delivery,
    Fault,
    Finding,
    HoursException,
    LoginSession,
    Offer,
    Patient,
    Permission,
    Resource,
    ResourceKind,
    ResourceOff,
    RunningLate,
    SealedFile,
    Task,
    TimeOff,
    TrailEnd,
    TrailEntry,
    WorkingHours,
)
from rules import (
    answers,
    consents,
    families,
    holds,
    instructions,
    memberships,
    outbox,
    paperwork,
    people,
    photos,
    pictures,
    scheduling,
    waitlist,
)
from rules.actor import Actor
from rules.searching import Part

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TUESDAY = datetime(2026, 3, 3, 15, tzinfo=UTC)
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)
OURS_TO_WRITE = {LoginSession, Attempt, TrailEntry, TrailEnd, Fault}  # a refusal may leave a line there
SECRETS = (
    "Wrinkle relaxing",
    "Light peel",
    "Medical history",
    "Consent to",
    "Ava",
    "Moreno",
    "Glow",
    "Dr Lin",
    "Lines",
)


def actor(person, kind="patient"):
    return Actor(kind, person.id, person.name, "203.0.113.9", "A browser", 1, "email code")


def booked(clinic, service, starts_at, patient=None):
    patient = patient or clinic.ava
    return scheduling.book(
        patient, service, provider=clinic.dr_lin, location=clinic.soho, starts_at=starts_at, by=actor(patient),
        request_key=uuid4().hex, policy=clinic.policy, shown_price_minor=service.price_minor,
    )  # fmt: skip


def booked_together(clinic, starts_at):
    """Two parts of one visit, booked in one go."""
    hour = timedelta(minutes=clinic.peel.duration_minutes)
    parts = [Part(clinic.peel, clinic.dr_lin, clinic.soho, at) for at in (starts_at, starts_at + hour)]
    return scheduling.book_all(
        clinic.ava, parts, by=actor(clinic.ava), request_key=uuid4().hex, policy=clinic.policy,
        shown_price_minor=2 * clinic.peel.price_minor,
    )  # fmt: skip


def moved_by_staff(clinic, starts_at, to):
    """A visit that the clinic moved, and that waits for Ava's answer."""
    visit = booked(clinic, clinic.peel, starts_at)
    owner = actor(clinic.owner, "staff")
    scheduling.move(
        visit, starts_at=to, provider=clinic.dr_lin, location=clinic.soho, by=owner, why="The laser is out of order"
    )
    return visit


def offered(clinic, entry, starts_at):
    """What somebody who waits was offered, as the mail tells of it: the offer and the token of its link."""
    offer = Offer.create(
        entry=entry, nonce=uuid4().hex, batch="a batch", service=entry.service, provider=clinic.dr_lin,
        location=clinic.soho, starts_at=starts_at, expires_at=clock.now() + timedelta(minutes=15),
    )  # fmt: skip
    return offer, waitlist.link(offer).rsplit("/", 1)[1]


def picture():
    """A small one, as a file that somebody sends."""
    kept = BytesIO()
    Image.new("RGB", (8, 8), "white").save(kept, "JPEG")
    return BytesIO(kept.getvalue())


def build(clinic, name="Ava Moreno", reason="Lines"):
    """Ava has a visit on Friday whose paperwork is begun, signed and read, a late cancellation with its charge, a
    membership, messages that went and did not; the clinic has all the rest. It is Monday."""
    ava, owner = actor(clinic.ava), actor(clinic.owner, "staff")
    with clock.standing_at(MONDAY - timedelta(days=5)):
        late = booked(clinic, clinic.peel, TUESDAY)
    scheduling.cancel(late, by=ava, shown_minor=5000)
    visit = booked(clinic, clinic.botox, FRIDAY)
    tasks = {it.paperwork.kind: it for it in Task.select().where(Task.appointment == visit)}
    answers.save_answers(tasks["questionnaire"], {"reason": reason}, ava, paperwork.version_of(tasks["questionnaire"]))
    consents.sign_as_patient(
        tasks["consent"], ava, paperwork.version_of(tasks["consent"]),
        method="typed", full_name=name, agreed=True,
    )  # fmt: skip
    signature = consents.signature_as(tasks["consent"], "patient")
    allowed = Permission.create(patient=clinic.ava, kind="chart", signature=signature)
    photo = photos.add(tasks["questionnaire"], "reason", picture(), ava)
    Finding.create(
        appointment=visit, patient=visit.patient_id, service=visit.service_id, task=tasks["questionnaire"],
        question="reason", rule=0, then="flag", words="Look at this",
    )  # fmt: skip
    instructions.read(tasks["pre_treatment"], ava)
    check_in = CheckIn.create(task=tasks["post_treatment"], step="later", feeling="worried", words=reason)
    membership = memberships.join(
        clinic.ava, clinic.glow, memberships.agreement_of(clinic.glow), ava, "a-key-of-ava",
        price=memberships.price_words(clinic.glow), method="typed", signer_name=name,
    )  # fmt: skip
    with write_tx():
        outbox.put("booking_confirmed", "a test", dedupe="one that failed", patient=clinic.ava, appointment=visit)
    failed = Delivery.get(Delivery.dedupe_key == "one that failed")
    Delivery.update(status="failed").where(Delivery.id == failed.id).execute()
    off = TimeOff.create(
        provider=clinic.dr_lin, starts_at=FRIDAY + timedelta(days=20), ends_at=FRIDAY + timedelta(days=21)
    )
    aunt = Patient.create(first_name="Zoe", last_name="Moreno", email="zoe@example.com")
    acting = families.note(aunt, clinic.ava, "aunt", owner)
    closed = HoursException.create(
        location=clinic.soho, first_on=FRIDAY + timedelta(days=30), last_on=FRIDAY + timedelta(days=31)
    )
    room = Resource.create(kind=ResourceKind.create(name="Laser"), location=clinic.soho, name="Laser 1")
    resource_off = ResourceOff.create(resource=room, starts_at=FRIDAY, ends_at=FRIDAY + timedelta(days=1))
    entry = waitlist.join(
        clinic.ava, clinic.peel, by=ava, first_on=FRIDAY.date(), last_on=FRIDAY.date(), location=clinic.soho
    )
    offer, offer_token = offered(clinic, entry, FRIDAY + timedelta(hours=2))
    RunningLate.create(appointment=visit, minutes=5, for_start=FRIDAY, left_minutes=25, answer=reason)
    link, invitation = people.invite("new@example.com", "desk", owner)
    return SimpleNamespace(
        clinic=clinic, visit=visit, late=late, tasks=tasks, membership=membership, failed=failed, off=off,
        charge=Charge.get(Charge.appointment == late), invitation=invitation, setup=link.rsplit("/", 1)[1],
        hours=WorkingHours.get(WorkingHours.provider == clinic.dr_lin), photo=photo, check_in=check_in,
        allowed=allowed, acting=acting, aunt=aunt, hold=held(clinic, ava),
        picture=pictures.add(picture(), "A face", owner),
        closed=closed, room=room, resource_off=resource_off, entry=entry, offer=offer, offer_token=offer_token,
        together=booked_together(clinic, FRIDAY + timedelta(days=8)),
        moved=moved_by_staff(clinic, FRIDAY + timedelta(days=9), FRIDAY + timedelta(days=10)),
    )  # fmt: skip


def held(clinic, ava):
    """Ava is in the middle of another booking."""
    part = Part(clinic.peel, clinic.dr_lin, clinic.soho, FRIDAY + timedelta(days=7))
    return holds.place([part], patient=clinic.ava, by=ava, held_by=clinic.ava, key="a choice of ava")


CONSENTS_ONLY = ("guardian", "notice", "record", "record.pdf", "refusal", "signatures")
QUESTIONNAIRES_ONLY = ("check", "sections")


def papers(rule, world):
    """The tasks that this route is for: those of one kind, or all."""
    part = rule.rule.partition(">/")[2].split("/")[0]
    kind = "consent" if part in CONSENTS_ONLY else "questionnaire" if part in QUESTIONNAIRES_ONLY else None
    return [task.id for task in world.tasks.values() if kind in (None, task.paperwork.kind)]


def visits(rule, world):
    """The visits that this route is for: one of several parts, one that the clinic moved, or one as most are."""
    part = rule.rule.partition(">/")[2]
    if part.startswith("visit/"):
        return [world.together[0].id]
    return [world.moved.id] if part == "answer" else [world.visit.id, world.late.id]


def addresses(rule, world):
    """The addresses of this route for what is in Ava's world. A KeyError: a new kind of route, to be thought about."""
    head = rule.rule.split("<")[0]
    if not rule.arguments:
        return [rule.rule]
    numbers = {
        "/appointments/": visits(rule, world),
        "/tasks/": papers(rule, world),
        "/photos/": [world.photo.id],
        "/permissions/": [world.allowed.id],
        "/staff/photos/": [world.photo.id],
        "/staff/check-ins/": [world.check_in.id],
        "/pictures/": [world.picture.file_name],
        "/account/receipts/": [world.charge.id],
        "/membership/": [world.membership.id],
        "/membership/plans/": [world.clinic.glow.id],
        "/booking/": [world.clinic.botox.id],
        "/holds/": [world.hold.id],
        "/profile/": ["names", "contact", "address", "emergency", "health", "messages"],
        "/demo/mailbox/": ["20260302T120000.000000Z-00000000.eml"],
        "/waitlist/new/": [world.clinic.botox.id],
        "/waitlist/": [world.entry.id],
        "/staff/waitlist/": [world.entry.id],
        "/offers/": [world.offer.id],
        "/staff/setup/": [world.setup],
        "/h/": ["a" * 43],
        "/calendar/": ["a" * 43],
        "/staff/appointments/": visits(rule, world)[:1],
        "/staff/calendar/moves/": [world.visit.id],
        "/staff/charges/": [world.charge.id],
        "/staff/findings/": [1],
        "/handed/sections/": [1],
        "/staff/messages/": [world.failed.id],
        "/staff/paperwork/": [world.clinic.history.id, world.clinic.consent.id],
        "/staff/patients/": [world.clinic.ava.id],
        "/staff/plans/": [world.clinic.glow.id],
        "/staff/providers/": [world.clinic.dr_lin.id],
        "/staff/services/": [world.clinic.botox.id],
        "/staff/tasks/": papers(rule, world),
        "/staff/sealed-files/": [row.id for row in SealedFile.select()],
        "/staff/clinic/": ["names", "notes", "look", "links", "booking", "reminders", "signing", "portal"],
        "/staff/exceptions/": [world.closed.id],
        "/staff/rooms/": [world.room.id],
        "/staff/locations/": [world.clinic.soho.id],
        "/staff/people/": [world.clinic.desk.id],
        "/staff/people/invitations/": [world.invitation.id],
    }[head]
    inner = {"step": "arrival", "service": world.clinic.botox.id, "version": 1}
    inner |= {"acting": world.acting.id} | ({"token": world.offer_token} if head == "/offers/" else {})
    inner |= {"stretch": world.hours.id, "off": (world.resource_off if "rooms" in head else world.off).id}
    return [
        re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda it: str(inner.get(it[1], number)), rule.rule)  # noqa: B023
        for number in numbers
    ]


def with_slot(address, world):
    """Pages that are about one free time answer 404 without it."""
    peel, there = world.clinic.peel.id, f"{world.clinic.dr_lin.id}-{world.clinic.soho.id}"
    at, then = f"{there}-20260309T150000Z", f"{there}-20260309T160000Z"
    if address.endswith("/visit/time/confirmation"):
        return f"{address}?slot={at}&slot={then}"
    if address.endswith("/visit/confirmation"):
        return f"{address}?service={peel}&service={world.clinic.botox.id}&slot={at}_{then}"
    if address.endswith("/booking/visit"):
        return f"{address}?service={peel}"
    if address.endswith("/confirmation") or address.startswith(("/staff/calendar/moves/", "/staff/calendar/gap")):
        return f"{address}?slot={at}"
    more = {"/staff/paperwork/new": "kind=consent", "/staff/calendar/why": f"service={peel}"}
    return f"{address}?{more[address]}" if address in more else address


def audience_of(app, rule):
    return getattr(app.view_functions[rule.endpoint], "audience", ("nobody", ()))


def routes(app, *kinds):
    return [rule for rule in app.url_map.iter_rules() if audience_of(app, rule)[0] in kinds]


def methods(rule):
    return sorted(rule.methods & {"GET", "POST"})


def digest():
    """What all tables hold, except the lines that a refusal may leave."""
    told = hashlib.sha256()
    for model in MODELS:
        if model not in OURS_TO_WRITE:
            rows = model.select().order_by(model._meta.primary_key).tuples()
            told.update(repr((model.__name__, list(rows))).encode())
    return told.hexdigest()


def contents():
    """The same as `digest`, to be read: {table: {number: row}}."""
    return {
        model.__name__: {row["id"]: row for row in model.select().dicts()}
        for model in MODELS
        if model not in OURS_TO_WRITE
    }


def changes(before):
    """[(table, field or "new"/"gone")] of what differs from the earlier `contents`."""
    found = set()
    for table, rows in contents().items():
        for number in rows.keys() | before[table].keys():
            was, is_now = before[table].get(number), rows.get(number)
            if was is None or is_now is None:
                found.add((table, "new" if was is None else "gone"))
            else:
                found |= {(table, field) for field in is_now if is_now[field] != was[field]}
    return found


class Forms(HTMLParser):
    """The forms of a page that are sent by POST: [(address, {field: value})]."""

    def __init__(self, html):
        super().__init__()
        self.found, self.open = [], None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.open = (attrs.get("action"), {}) if attrs.get("method", "").lower() == "post" else None
            if self.open:
                self.found.append(self.open)
        elif self.open and tag in ("input", "select", "textarea", "button") and attrs.get("name"):
            self.open[1].setdefault(attrs["name"], attrs.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "form":
            self.open = None


def every_page(browser, world, *kinds):
    """(address, answer) of each page that this browser is shown; a photo has no words to look at."""
    for rule in routes(world.clinic.app, *kinds):
        if "GET" in rule.methods:
            for plain in addresses(rule, world):
                answer = browser.get(with_slot(plain, world))
                if answer.status_code == 200 and not answer.mimetype.startswith("image/"):
                    yield with_slot(plain, world), answer


def every_form(browser, world, *kinds):
    """{address: fields} of each form on those pages, and each address that takes a POST without one."""
    forms = {}
    for address, answer in every_page(browser, world, *kinds):
        for action, fields in Forms(answer.text if answer.mimetype == "text/html" else "").found:
            forms.setdefault(action or address, {}).update(fields)
    for rule in routes(world.clinic.app, *kinds):
        if "POST" in rule.methods:
            for plain in addresses(rule, world):
                if not any(known.partition("?")[0] == plain for known in forms):
                    forms[with_slot(plain, world)] = {}
    return {address: fields for address, fields in forms.items() if "sign-out" not in address}
