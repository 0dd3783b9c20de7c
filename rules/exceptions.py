"""Days that differ from the week: holidays of a location, vacations of a provider, short and extra days."""

from datetime import date, timedelta
from typing import NamedTuple

from peewee import JOIN

from clock import local, now
from database import write_tx
from models import HoursException, Location, Provider
from rules import displaced, trail
from rules.profile import tidy
from rules.refused import Refused
from rules.words import date_words

LONGEST = 366  # days
FARTHEST = 5 * 366


class Days(NamedTuple):
    """What somebody wants to note: which days, from when to when (None: closed), and why."""

    first_on: date
    last_on: date
    opens_minute: int | None = None
    closes_minute: int | None = None
    reason: str = ""


def coming(provider=None) -> list[HoursException]:
    """What is not over yet, soonest first, with location and provider: of all, or of one provider; one query."""
    query = (
        HoursException.select(HoursException, Location, Provider)
        .join_from(HoursException, Location)
        .join_from(HoursException, Provider, JOIN.LEFT_OUTER)
        .where(HoursException.last_on >= now().date() - timedelta(days=1))
        .order_by(HoursException.first_on, Location.name, HoursException.opens_minute)
    )
    if provider is not None:
        query = query.where(HoursException.provider == provider)
    return [row for row in query if row.last_on >= local(now(), row.location.time_zone).date()]


def add(by, *, locations, days: Days, provider=None, sure=False) -> list[HoursException]:
    """Note the days at each of these locations, in one go.

    Visits that would stand outside are in facts["visits"] of the "no", until somebody is sure; they stay booked.
    """
    days = days._replace(reason=tidy(days.reason))
    if not locations:
        raise Refused("Choose a location", field="locations")
    _check(days, locations)
    with write_tx():
        new = [place for place in locations if not _check_free(place, provider, days)]
        displaced.refuse(would_displace(new, provider, days), sure)
        made = []
        for place in new:
            row = HoursException.create(location=place, provider=provider, **days._asdict())
            trail.record(by, "exception added", f"location {place.id}", **_told(row))
            made.append(row)
        return made


def would_displace(locations, provider, days: Days) -> list:
    """The visits that these days would leave outside, soonest first."""
    visits = [
        visit
        for place in locations
        for visit in displaced.by_days(
            place, provider, days.first_on, days.last_on, days.opens_minute, days.closes_minute
        )
    ]
    return sorted(visits, key=lambda visit: visit.starts_at)


def remove(row, by) -> None:
    """The week counts again on these days."""
    with write_tx():
        if HoursException.delete().where(HoursException.id == row.id).execute():
            trail.record(by, "exception removed", f"location {row.location_id}", **_told(row))


def days_words(row) -> str:
    """24 December 2026, or 24 December 2026 to 2 January 2027"""
    first = date_words(row.first_on)
    return first if row.first_on == row.last_on else f"{first} to {date_words(row.last_on)}"


def _check(days, locations) -> None:
    today = min(local(now(), place.time_zone).date() for place in locations)
    if days.last_on < days.first_on:
        raise Refused("Enter a last day that is not before the first", field="last_on")
    if days.last_on < today:
        raise Refused("These days are already over", field="last_on")
    if (days.last_on - days.first_on).days >= LONGEST:
        raise Refused("Enter at most one year at a time", field="last_on")
    if (days.last_on - today).days > FARTHEST:
        raise Refused("Enter days within the next five years", field="last_on")
    if (days.opens_minute is None) != (days.closes_minute is None):
        raise Refused("Enter both times, or none", field="opens")
    if days.opens_minute is not None and days.opens_minute >= days.closes_minute:
        raise Refused("Enter an end that is later than the start", field="closes")
    if len(days.reason) > 120:
        raise Refused("Use at most 120 letters", field="reason")


def _check_free(place, provider, days) -> bool:
    """Whether exactly this stands there already. Two that contradict each other are refused."""
    same_for = HoursException.provider == provider if provider is not None else HoursException.provider.is_null()
    others = HoursException.select().where(
        (HoursException.location == place)
        & same_for
        & (HoursException.first_on <= days.last_on)
        & (HoursException.last_on >= days.first_on)
    )
    for row in others:
        if Days(row.first_on, row.last_on, row.opens_minute, row.closes_minute) == days._replace(reason=""):
            return True
        apart = (
            provider is not None
            and None not in (row.opens_minute, days.opens_minute)
            and (row.closes_minute <= days.opens_minute or days.closes_minute <= row.opens_minute)
        )  # a day with a break: two stretches of the same provider
        if not apart:
            who = provider.name if provider is not None else "everybody"
            raise Refused(
                f"There is one for {who} at {place.name} already: {days_words(row)}. Remove that one first.",
                field="first_on",
            )
    return False


def _told(row) -> dict:
    return {
        "provider": row.provider_id,
        "first_on": row.first_on.isoformat(),
        "last_on": row.last_on.isoformat(),
        "opens_minute": row.opens_minute,
        "closes_minute": row.closes_minute,
    }
