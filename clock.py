"""The one place that says what time it is; everything stored is UTC."""

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_past = ContextVar("past", default=None)


def now() -> datetime:
    """This moment, aware, in UTC. Nothing else in Foyer asks a clock, so tests can travel."""
    return _past.get() or datetime.now(UTC)


@contextmanager
def standing_at(moment: datetime):
    """Inside this block it is `moment`: the demo clinic plays its past through the real rules, and nobody else may."""
    here = _past.set(moment)
    try:
        yield
    finally:
        _past.reset(here)


def local(moment: datetime, time_zone: str) -> datetime:
    """The same moment on the wall clock of a location."""
    return moment.astimezone(ZoneInfo(time_zone))
