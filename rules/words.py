"""Amounts and times as people read them, the same on a page, in a mail and in a calendar file."""

from datetime import timedelta

from clock import local

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "CA$", "AUD": "A$"}


def money(minor: int, currency: str) -> str:
    """4500, USD -> $45.00; every currency that Foyer offers has two decimals."""
    sign = "−" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 100)
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{whole:,}.{rest:02d}"


def day(moment, time_zone: str) -> str:
    """Tue 3 Mar 2026"""
    there = local(moment, time_zone)
    return f"{there:%a} {there.day} {there:%b %Y}"


def date_words(date) -> str:
    """3 March 2026: a day of the calendar that has no zone, such as a next charge"""
    return f"{date.day} {date:%B %Y}"


def time_of_day(moment, time_zone: str) -> str:
    """14:30 EST: with the zone's abbreviation, since the reader may sit elsewhere."""
    return f"{local(moment, time_zone):%H:%M %Z}"


def when(moment, time_zone: str) -> str:
    """Tue 3 Mar 2026, 14:30 EST"""
    return f"{day(moment, time_zone)}, {time_of_day(moment, time_zone)}"


def short_when(moment, time_zone: str) -> str:
    """Tue 3 Mar, 14:30"""
    there = local(moment, time_zone)
    return f"{there:%a} {there.day} {there:%b}, {there:%H:%M}"


def span(minutes: int) -> str:
    """90 -> 1 hour 30 minutes; 2880 -> 2 days"""
    if minutes == 0:
        return "0 minutes"
    parts = []
    for name, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(f"{count} {name}" + ("" if count == 1 else "s"))
    return " ".join(parts)


def minutes(delta: timedelta) -> int:
    return int(delta.total_seconds() // 60)


def count(number: int, one: str, many: str | None = None) -> str:
    """1, task -> 1 task; 3, task -> 3 tasks"""
    return f"{number} {one if number == 1 else many or one + 's'}"
