"""The list of free times that booking and rescheduling share: its filters out of the address, and what it shows."""

from datetime import date, timedelta
from urllib.parse import urlencode

from flask import abort, request

from clock import local, now
from rules import openings, searching
from rules.searching import Only, Part, Wanted

ENOUGH, MOST, MOST_A_WEEK = 100, 300, 900  # times on one page: whole days until there are enough
DAY_PARTS = {"morning": "Morning", "afternoon": "Afternoon", "after_work": "After 17:00"}
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
WEEK = timedelta(days=7)


def places_of(offered):
    return sorted({place for _, where in offered for place in where}, key=lambda place: place.name)


def context(
    service, *, patient, here, go=None, preferred=(None, None), not_before=None, others=(), carry=(), room=(None, None),
    choose=None, **also,
):  # fmt: skip
    """What _times.html needs. A time is a link to `go(key)`, or with `choose` a button of a form that is sent there.

    The address chooses by provider=, location=, from= (a day, or a moment), part=, weekday= and view=week; without
    provider and location the `preferred` ones are chosen (for several services: a list of providers, one for each).
    `others` are services that follow back to back, each with its own provider-<number>=; `carry` [(name, value)] goes
    along. No time is shown on a day before `not_before`, nor outside `room` (since, until), nor the one at which
    `ignoring` stands. What else is given goes to the search.
    """
    offered = [searching.who_and_where(one) for one in (service, *others)]
    places = places_of(offered[0])
    for more in offered[1:]:
        places = [place for place in places if place in places_of(more)]
    whom, selects = [], []
    wished = preferred[0] if isinstance(preferred[0], list) else [preferred[0]] * len(offered)
    for one, people, wish in zip((service, *others), offered, wished, strict=True):
        name = "provider" if one is service else f"provider-{one.id}"
        someone = _asked([person for person, _ in people], name, wish)
        whom.append(Wanted(one, someone))
        selects.append((name, f"With, for {one.name}" if others else "With", [who for who, _ in people], someone))
    location = _asked(places, "location", preferred[1])
    only, week = _only(), request.args.get("view") == "week"
    zone = (location or places[0]).time_zone if places else "UTC"
    asked = openings.beginning(request.args.get("from"), zone)
    first = openings.beginning(not_before.isoformat(), zone) if not_before else None
    since = max(filter(None, (asked, first, room[0])), default=None)
    further_on = asked is not None and asked == since and asked > now()
    until = room[1]
    if week:
        ends = (since or now()) + WEEK
        until = min(filter(None, (until, ends)))
    free = _free(whom, location, since, until, MOST_A_WEEK if week else MOST, patient, only, also) if places else []
    if not_before:  # elsewhere the day may begin later
        free = [one for one in free if local(one.starts_at, one.location.time_zone).date() >= not_before]
    free = _elsewhere(free, also.get("ignoring"))
    shown = openings.by_day(free, MOST_A_WEEK if week else ENOUGH, MOST_A_WEEK if week else MOST)
    kept = [*carry, *((name, who.id if who else "") for name, _, _, who in selects)]
    kept += [("location", location.id if location else ""), *(("part", it) for it in sorted(only.day_parts))]
    kept += [("weekday", it) for it in sorted(only.weekdays)]

    def address(**more):
        return f"{here}?{urlencode([*kept, *more.items()])}"

    begins = max(since or now(), now())
    day = local(begins, zone).date()
    later = shown.later and address(**{"from": openings.written(shown.later)})
    if week:
        later = address(view="week", **{"from": (day + WEEK).isoformat()})
    return {
        "service": service,
        "others": others,
        "providers": selects[0][2],
        "places": places,
        "selects": selects,
        "location": location,
        "only": only,
        "day_parts": DAY_PARTS,
        "weekdays": WEEKDAYS,
        "narrowed": _narrowed(selects, location, only),
        "filtering": "filters" in request.args,
        "week": week,
        "shown": shown,
        "earliest": None if further_on else min(free, key=lambda one: one.starts_at, default=None),
        "sentences": openings.sentences,
        "whom": openings.whom,
        "key": openings.key,
        "spoken": openings.spoken,
        "carry": carry,
        "choose": choose,
        "go": (lambda opening: go(openings.key(opening))) if go else None,
        "here": here,
        "all_href": f"{here}?{urlencode([*carry, *((name, '') for name, *_ in selects), ('location', '')])}",
        "list_href": address(**({"from": day.isoformat()} if asked else {})),
        "week_href": address(view="week", **({"from": day.isoformat()} if asked else {})),
        "first_href": address(**({"view": "week"} if week else {})) if asked else "",
        "later_href": later,
        "day": day,
        "today": max(local(now(), zone).date(), not_before or date.min),
    }


def _free(whom, location, since, until, at_most, patient, only, also):
    if len(whom) == 1:
        return searching.free_times(
            whom[0].service, provider=whom[0].provider, location=location, since=since, until=until, at_most=at_most,
            patient=patient, only=only, **also,
        )  # fmt: skip
    return searching.arrangements(
        whom, location=location, since=since, until=until, at_most=at_most, patient=patient, only=only, **also
    )


def _elsewhere(free, moving):
    """Without the time at which the moving appointments stand: it is no other one."""
    moving = moving if isinstance(moving, tuple) else (moving,) if moving else ()
    stands = [(a.provider_id, a.location_id, a.starts_at) for a in moving]
    return [one for one in free if [openings.slot(openings.key(part)) for part in openings.parts_of(one)] != stands]


def _narrowed(selects, location, only):
    """What is filtered for, as the folded filters say it."""
    said = list(dict.fromkeys(someone.name for *_, someone in selects if someone))
    said += [location.name] if location else []
    said += [DAY_PARTS[name] for name in DAY_PARTS if name in only.day_parts]
    return [*said, *(WEEKDAYS[number] for number in sorted(only.weekdays))]


def _only():
    """The parts of the day and the weekdays that the address asks for."""
    days = {int(text) for text in request.args.getlist("weekday") if text in set("0123456")}
    return Only(frozenset(set(request.args.getlist("part")) & set(DAY_PARTS)), frozenset(days))


def _asked(rows, name, preferred):
    """The row that the address asks for, out of those on offer; None means any."""
    if name not in request.args:
        return next((row for row in rows if preferred and row.id == preferred.id), None)
    asked = request.args.get(name, type=int)
    return next((row for row in rows if row.id == asked), None)


def asked_slot(service, text):
    """The provider, place and moment that a form or an address names; 404 when this is not on offer at all."""
    return asked_parts([service], text or in_parts())[0][1:]


def asked_parts(services, text) -> list[Part]:
    """The same for a visit of several services, as Parts in their order."""
    slots = openings.slots(text, len(services)) or abort(404)
    found = []
    for service, slot in zip(services, slots, strict=True):
        offered = [(who, place) for who, places in searching.who_and_where(service) for place in places]
        there = next(((w, p) for w, p in offered if (w.id, p.id) == (slot.provider, slot.location)), None)
        who, place = there or abort(404)
        found.append(Part(service, who, place, slot.starts_at))
    return found


def in_parts():
    """?provider=3&location=1&at=… is another way to write ?slot=…"""
    at = openings.instant(request.args.get("at"))
    return at and f"{request.args.get('provider')}-{request.args.get('location')}-{openings.written(at)}"
