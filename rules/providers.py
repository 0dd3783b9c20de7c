"""Who performs services, and which staff account is theirs."""

from clock import now
from database import write_tx
from models import TO_COME, Appointment, Location, Provider, Service, ServiceProvider, Staff
from rules import trail
from rules.refused import Refused
from rules.words import count


def all_of_them() -> list[Provider]:
    """Every provider, the archived ones last."""
    return sorted(Provider.select().order_by(Provider.name), key=lambda provider: provider.archived_at is not None)


def services_of(provider) -> list[Service]:
    """What this provider performs, as the service pages say it."""
    return list(
        Service.select()
        .join(ServiceProvider)
        .where((ServiceProvider.provider == provider) & Service.archived_at.is_null())
        .order_by(Service.name)
    )


def accounts_for(provider=None) -> list[Staff]:
    """Staff accounts that can be tied to this provider: not archived, and not another provider's."""
    taken = Provider.select(Provider.staff).where(Provider.staff.is_null(False))
    if provider is not None:
        taken = taken.where(Provider.id != provider.id)
    return list(Staff.select().where(Staff.archived_at.is_null() & Staff.id.not_in(taken)).order_by(Staff.name))


def add(by, *, name: str, title: str = "", staff=None, buffer_before_minutes=0, buffer_after_minutes=0) -> Provider:
    buffers = _buffers(buffer_before_minutes, buffer_after_minutes)
    with write_tx():
        _check_account(staff, None)
        provider = Provider.create(name=name, title=title, staff=staff, **buffers)
        trail.record(by, "provider added", f"provider {provider.id}", name=name)
        return provider


def change(
    provider, by, *, name: str, title: str, staff=None, buffer_before_minutes=None, buffer_after_minutes=None
) -> Provider:
    """Change who they are, and the least pause around each of their visits (None: as it is)."""
    buffers = _buffers(
        provider.buffer_before_minutes if buffer_before_minutes is None else buffer_before_minutes,
        provider.buffer_after_minutes if buffer_after_minutes is None else buffer_after_minutes,
    )
    with write_tx():
        provider = Provider.get_by_id(provider.id)
        _check_account(staff, provider)
        given = {"name": name, "title": title, "staff_id": staff.id if staff else None, **buffers}
        before = {field: getattr(provider, field) for field in given}
        changed = {field: [before[field], value] for field, value in given.items() if before[field] != value}
        if changed:
            Provider.update(name=name, title=title, staff=staff, **buffers).where(Provider.id == provider.id).execute()
            trail.record(by, "provider changed", f"provider {provider.id}", changes=changed)
        return Provider.get_by_id(provider.id)


def _buffers(before, after) -> dict:
    for minutes, field in ((before, "buffer_before_minutes"), (after, "buffer_after_minutes")):
        if not 0 <= minutes <= 240:
            raise Refused("Write a pause from 0 to 240 minutes.", field=field)
    return {"buffer_before_minutes": before, "buffer_after_minutes": after}


def _check_account(staff, provider) -> None:
    if staff is not None and staff.id not in {account.id for account in accounts_for(provider)}:
        raise Refused(f"The account of {staff.name} belongs to another provider", field="staff")


def upcoming(provider) -> list[Appointment]:
    """Visits with this provider that have not begun, soonest first."""
    return list(
        Appointment.select(Appointment, Location)
        .join(Location)
        .where((Appointment.provider == provider) & Appointment.status.in_(TO_COME) & (Appointment.starts_at > now()))
        .order_by(Appointment.starts_at)
    )


def archive(provider, by) -> None:
    """No longer offered; refused while visits are ahead, for nobody else would keep them."""
    with write_tx():
        ahead = len(upcoming(provider))
        if ahead:
            raise Refused(
                f"{count(ahead, 'visit is', 'visits are')} still ahead with {provider.name}. Move or cancel them first."
            )
        here = (Provider.id == provider.id) & Provider.archived_at.is_null()
        if Provider.update(archived_at=now()).where(here).execute():
            trail.record(by, "provider archived", f"provider {provider.id}")


def restore(provider, by) -> None:
    with write_tx():
        gone = (Provider.id == provider.id) & Provider.archived_at.is_null(False)
        if Provider.update(archived_at=None).where(gone).execute():
            trail.record(by, "provider restored", f"provider {provider.id}")
