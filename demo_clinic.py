"""The demo clinic: believable and fictional, built and its past played through the real rules. Texts are in demo/."""

import json
import sys
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import settings
from clock import now, standing_at
from database import write_tx
from demo_story import Story
from models import Clinic, Delivery, Patient, Staff
from rules import (
    clinic,
    exceptions,
    families,
    hours,
    locations,
    people,
    plans,
    policy,
    prerequisites,
    providers,
    reminders,
    resources,
    services,
    templates,
)
from rules.actor import FOYER, Actor
from rules.exceptions import Days
from rules.prerequisites import Wish

HERE = Path(__file__).resolve().parent / "demo"
PASSWORD = "demo-clinic"  # noqa: S105 - told to everybody who opens the demo
MINUTES = {"hour": 60, "hours": 60, "day": 1440, "days": 1440}
KEPT = "This was due before the demo clinic opened."


def fill() -> bool:
    """Fill an empty database; False when the demo clinic is there already. Never touches a real clinic."""
    marker = settings.current().data_dir / "demo"
    if Clinic.select().exists():
        if not (marker.is_file() and Staff.select().where(Staff.email == "owner@example.com").exists()):
            sys.exit("This database holds a clinic that is not the demo. Give the demo a DATA_DIR of its own.")
        return False
    marker.touch(mode=0o600)
    with write_tx():
        opens_at = now()
        with standing_at(opens_at - timedelta(days=300)):
            house = build(json.loads((HERE / "clinic.json").read_text()))
        story = Story(house, opens_at)
        story.tell()
        with standing_at(opens_at):
            set_up_ahead(house)
            reminders.put_due(opens_at)  # the past ends with them, or the first minute would mail to everybody
        keep_back(opens_at, story.still_to_mail)
        one_bounced(opens_at, house.patients["Theo"])
    return True


def build(told: dict) -> SimpleNamespace:
    """Everything but the visits; returns it by the names that the story uses."""
    house = SimpleNamespace()
    clinic.change(FOYER, **told["clinic"])
    house.places = [locations.add(FOYER, **facts) for facts in told["locations"]]
    house.staff = {
        facts["role"]: Staff.create(**facts, password_hash=people.hash_of(PASSWORD)) for facts in told["staff"]
    }
    house.providers = [build_provider(house, facts) for facts in told["providers"]]
    kinds = build_rooms(house, told["rooms"])
    asked = json.loads((HERE / "questions.json").read_text())
    special = json.loads((HERE / "details.json").read_text())
    texts = sorted((HERE / "paperwork").glob("*.md"))
    handed_out = {path.stem: build_paperwork(path, asked, special) for path in texts}
    house.services = {}
    for facts in told["services"]:
        house.services[facts["name"]] = services.save(
            None, FOYER, name=facts["name"], summary=facts["summary"], category_number=None,
            new_category=facts["category"], duration_minutes=facts["minutes"], buffer_minutes=facts["buffer"],
            price_minor=facts["price"], providers=[house.providers[number].id for number in facts["by"]],
            papers=[handed_out[name].id for name in facts["papers"]],
            kinds=[kinds[kind] for kind in told["needs"].get(facts["name"], ())],
        )  # fmt: skip
    house.policy = policy.write(FOYER, **told["policy"])
    house.plans = [
        plans.add(
            FOYER, name=facts["name"], summary=facts["summary"], benefits=facts["benefits"],
            price_minor=facts["price"], period=facts["period"],
            agreement=(HERE / "agreements" / f"{facts['name'].lower().replace(' ', '-')}.md").read_text(),
        )
        for facts in told["plans"]
    ]  # fmt: skip
    house.patients = {}
    for facts in told["patients"]:
        born = birth_date_of(facts)
        verified = now() if facts.get("email") else None
        patient = Patient.create(**facts, birth_date=born, email_verified_at=verified)
        house.patients[facts.get("preferred_name") or facts["first_name"]] = patient
    return house


def build_rooms(house, told) -> dict[str, int]:
    """Rooms and devices; returns the numbers of their kinds by name."""
    kinds = {}
    for facts in told:
        made = resources.save(
            None, FOYER, name=facts["name"], location=house.places[facts["location"]], new_kind=facts["kind"],
            room=facts["room"], cleanup_minutes=facts["cleanup"],
        )  # fmt: skip
        kinds[facts["kind"]] = made.kind_id
        if "opens" in facts:
            resources.set_week(made, FOYER, dict.fromkeys(range(7), (facts["opens"], facts["closes"])))
    return kinds


def set_up_ahead(house) -> None:
    """What lies ahead, once the past is told: a holiday, a vacation, a patch test, a child and her mother."""
    soho, marylebone = house.places
    today = now().date()
    holiday, short = today + timedelta(days=31), today + timedelta(days=30)
    exceptions.add(FOYER, locations=[soho, marylebone], days=Days(holiday, holiday, reason="Public holiday"))
    exceptions.add(FOYER, locations=[soho], days=Days(short, short, 9 * 60, 14 * 60, "The day before the holiday"))
    dr_lin = house.providers[0]
    away = Days(today + timedelta(days=45), today + timedelta(days=54), reason="Vacation")
    exceptions.add(FOYER, locations=[soho], provider=dr_lin, days=away)
    providers.change(
        dr_lin, FOYER, name=dr_lin.name, title=dr_lin.title, staff=dr_lin.staff,
        buffer_before_minutes=5, buffer_after_minutes=10,
    )  # fmt: skip
    why = "A few test pulses come first, so that we know how your skin answers to the laser."
    test = house.services["Laser patch test"]
    prerequisites.save(house.services["Fractional resurfacing"], FOYER, [Wish(test.id, 48, 180, why)])
    desk = Actor("staff", house.staff["desk"].id, house.staff["desk"].name)
    families.note(house.patients["Ava"], house.patients["Mia"], "mother", desk)


def birth_date_of(facts) -> date:
    """As it is told; or for whoever stays as old as they are, whenever the demo is opened."""
    if years := facts.pop("years", None):
        return now().date() - timedelta(days=round((years + 0.5) * 365.25 - 300))  # the clinic is built 300 days ago
    return date.fromisoformat(facts.pop("birth_date"))


def build_provider(house, facts):
    account = next((one for one in house.staff.values() if one.email == facts.get("staff")), None)
    provider = providers.add(FOYER, name=facts["name"], title=facts["title"], staff=account)
    opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in (facts["opens"], facts["closes"]))
    for weekday in facts["weekdays"]:
        hours.add(
            provider, FOYER, weekday=weekday, location=house.places[facts["location"]],
            opens_minute=opens, closes_minute=closes,
        )  # fmt: skip
    return provider


def build_paperwork(path: Path, asked: dict, special: dict):
    """One file of demo/paperwork: lines like "kind: consent", an empty line, then the Markdown.

    What else it has is a line "details: {…}", or stands in demo/details.json; the texts of steps are demo/steps/.
    """
    head, body = path.read_text().split("\n\n", 1)
    facts = dict(line.split(": ", 1) for line in head.splitlines())
    validity, _, days = facts.get("validity", "every_visit").partition(" ")
    number, _, unit = facts.get("delay", "0").partition(" ")
    details = special.get(path.stem) or json.loads(facts.get("details", "null")) or {}
    for step in details.get("steps", []):
        step["body"] = (HERE / "steps" / f"{step.pop('text')}.md").read_text()
    return templates.create(
        facts["kind"], facts["name"], FOYER, body=body, questions=asked.get(path.stem, ()),
        validity=validity, validity_days=int(days) if days else None,
        delay_minutes=int(number) * MINUTES.get(unit, 1), details=details,
    )  # fmt: skip


def keep_back(opens_at, still_to_mail) -> None:
    """The mailbox begins empty: what the played past would have sent is not sent, but for these appointments."""
    past = (Delivery.status == "waiting") & (Delivery.due_at <= opens_at)
    told = Delivery.appointment.is_null() | Delivery.appointment.not_in(still_to_mail)
    Delivery.update(status="skipped", outcome=KEPT, settled_at=opens_at).where(past & told).execute()


def one_bounced(opens_at, patient) -> None:
    """Desks have to see what that looks like."""
    first = Delivery.select().where(Delivery.patient == patient).order_by(Delivery.id).get()
    Delivery.update(
        status="failed",
        attempts=1,
        settled_at=opens_at,
        outcome="The mailbox of this address does not exist (550 5.1.1).",
    ).where(Delivery.id == first.id).execute()
