"""The list of free times that booking and rescheduling share: its filters out of the address, and what it shows."""

from datetime import date
from urllib.parse import urlencode

from flask import abort, request

from clock import local, now
from rules import openings, searching

ENOUGH, MOST = 20, 200  # times on one page: whole days until there are enough


def places_of(offered):
    return sorted({place for _, where in offered for place in where}, key=lambda place: place.name)


def context(service, *, patient, here, go, preferred=(None, None), not_before=None, **also):
    """What _times.html needs. `go(key)` is the address of the next step; `also` goes to free_times.

    The address chooses by provider=, location= and from= (a day, or a moment); without any of them the
    `preferred` provider and location are chosen. No time is shown on a day before `not_before`.
    """
    offered = searching.who_and_where(service)
    providers, places = [someone for someone, _ in offered], places_of(offered)
    provider, location = _asked(providers, "provider", preferred[0]), _asked(places, "location", preferred[1])
    zone = (location or places[0]).time_zone if places else "UTC"
    since = openings.beginning(request.args.get("from"), zone)
    first = openings.beginning(not_before.isoformat(), zone) if not_before else None
    free = searching.free_times(
        service, provider=provider, location=location, since=max(filter(None, (since, first)), default=None),
        at_most=MOST, patient=patient, **also,
    )  # fmt: skip
    if not_before:  # elsewhere the day may begin later
        free = [one for one in free if local(one.starts_at, one.location.time_zone).date() >= not_before]
    chosen = {"provider": provider.id if provider else "", "location": location.id if location else ""}
    shown = openings.by_day(free, ENOUGH, MOST)
    return {
        "service": service,
        "providers": providers,
        "places": places,
        "provider": provider,
        "location": location,
        "shown": shown,
        "spoken": openings.spoken,
        "go": lambda opening: go(openings.key(opening)),
        "here": here,
        "first_href": f"{here}?{urlencode(chosen)}" if since else "",
        "later_href": f"{here}?{urlencode({**chosen, 'from': openings.written(shown.later)})}" if shown.later else "",
        "day": local(max(since or now(), first or now(), now()), zone).date(),
        "today": max(local(now(), zone).date(), not_before or date.min),
    }


def _asked(rows, name, preferred):
    """The row that the address asks for, out of those on offer; None means any."""
    if name not in request.args:
        return next((row for row in rows if preferred and row.id == preferred.id), None)
    asked = request.args.get(name, type=int)
    return next((row for row in rows if row.id == asked), None)


def asked_slot(service, text):
    """The provider, place and moment that a form or an address names; 404 when this is not on offer at all."""
    slot = openings.slot(text or _in_parts()) or abort(404)
    for provider, places in searching.who_and_where(service):
        for location in places:
            if (provider.id, location.id) == (slot.provider, slot.location):
                return provider, location, slot.starts_at
    return abort(404)


def _in_parts():
    """?provider=3&location=1&at=… is another way to write ?slot=…"""
    at = openings.instant(request.args.get("at"))
    return at and f"{request.args.get('provider')}-{request.args.get('location')}-{openings.written(at)}"
