"""The one place that says what time it is; everything stored is UTC."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This moment, aware, in UTC. Nothing else in Foyer asks a clock, so tests can travel."""
    return datetime.now(UTC)


def local(moment: datetime, time_zone: str) -> datetime:
    """The same moment on the wall clock of a location."""
    return moment.astimezone(ZoneInfo(time_zone))
