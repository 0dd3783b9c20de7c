"""Membership plans: what the clinic offers, the frozen texts of their agreements, and who is a member."""

from hashlib import sha256

from peewee import fn

from clock import now
from database import folded, folding, write_tx
from models import AgreementVersion, Membership, Patient, Plan
from rules import trail
from rules.clinic import the_clinic
from rules.refused import Refused


def all_of_them() -> list[Plan]:
    """Every plan with `members`, how many it has now; the archived ones last."""
    from_now = (Membership.plan == Plan.id) & (Membership.status == "active")
    members = Membership.select(fn.COUNT(Membership.id)).where(from_now).alias("members")
    plans = Plan.select(Plan, members).order_by(Plan.price_minor, Plan.name)
    return sorted(plans, key=lambda plan: plan.archived_at is not None)


def members_of(plan) -> list[Membership]:
    """The active memberships of a plan with their patients, the next charge first."""
    return list(
        Membership.select(Membership, Patient)
        .join(Patient)
        .where((Membership.plan == plan) & (Membership.status == "active"))
        .order_by(Membership.next_charge_on, Membership.id)
    )


def add(by, *, name, summary, benefits, price_minor, period, agreement) -> Plan:
    """A new plan with the first version of its agreement."""
    with write_tx():
        _check(name, None)
        plan = Plan.create(
            name=name,
            summary=summary,
            benefits=benefits,
            price_minor=price_minor,
            currency=the_clinic().currency,
            period=period,
        )
        trail.record(by, "plan added", f"plan {plan.id}", name=name, price_minor=price_minor, period=period)
        write_agreement(plan, by, agreement)
        return plan


def change(plan, by, **details) -> Plan:
    """Change what is offered from now on; whoever is a member keeps the price and the agreement they signed."""
    with write_tx():
        plan = Plan.get_by_id(plan.id)
        _check(details["name"], plan)
        details["currency"] = the_clinic().currency
        before = {name: getattr(plan, name) for name in details}
        changed = {name: [before[name], value] for name, value in details.items() if before[name] != value}
        if changed:
            Plan.update(**details).where(Plan.id == plan.id).execute()
            trail.record(by, "plan changed", f"plan {plan.id}", changes=changed)
        return Plan.get_by_id(plan.id)


def write_agreement(plan, by, text: str) -> AgreementVersion:
    """A new version of the agreement, for whoever joins from now on; the same text again makes none."""
    text = text.strip()
    with write_tx():
        last = plan.agreements.order_by(AgreementVersion.number.desc()).first()
        if last and last.text == text:
            return last
        version = AgreementVersion.create(
            plan=plan,
            number=last.number + 1 if last else 1,
            text=text,
            digest=sha256(text.encode()).hexdigest(),
            created_by=by.name,
        )
        trail.record(by, "agreement written", f"plan {plan.id}", version=version.number, digest=version.digest)
        return version


def archive(plan, by) -> None:
    """Can no longer be joined; its members stay members."""
    with write_tx():
        if Plan.update(archived_at=now()).where((Plan.id == plan.id) & Plan.archived_at.is_null()).execute():
            trail.record(by, "plan archived", f"plan {plan.id}")


def restore(plan, by) -> None:
    with write_tx():
        if Plan.update(archived_at=None).where((Plan.id == plan.id) & Plan.archived_at.is_null(False)).execute():
            trail.record(by, "plan restored", f"plan {plan.id}")


def _check(name: str, plan) -> None:
    for other in Plan.select().where(folding(Plan.name) == folded(name)):
        if plan is None or other.id != plan.id:
            raise Refused(f"There is already a plan called {other.name}", field="name")
