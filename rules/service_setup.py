"""How a service is scheduled: buffers, notice, horizon, grid, how many at once, and who may do what online."""

from rules.clinic import the_clinic
from rules.refused import Refused
from rules.words import span

BUFFER, PARALLEL, LEAD, HORIZON, SLOT = (0, 240), (1, 20), (0, 129_600), (1, 730), (5, 240)
PATIENTS = {
    "everybody": "Everybody",
    "new": "Only patients who have not been here yet",
    "existing": "Only patients who have been here before",
}
SWITCHES = ("online", "self_cancel", "self_move")
BOUNDS = {
    "buffer_before_minutes": (BUFFER, False, "Write the pause before it, from {} to {} minutes."),
    "parallel": (PARALLEL, False, "Write how many patients at once, from {} to {}."),
    "lead_minutes": (LEAD, True, "Write the least notice, from {} to {} minutes, or leave it empty."),
    "horizon_days": (HORIZON, True, "Write how far ahead, from {} to {} days, or leave it empty."),
    "slot_minutes": (SLOT, True, "Write every how many minutes, from {} to {}, or leave it empty."),
}


def checked(service, setup: dict) -> dict:
    """The same facts when they can be; None for notice, horizon and grid: as the clinic has it."""
    for name, (bounds, may_be_empty, words) in BOUNDS.items():
        if name in setup and not (setup[name] is None and may_be_empty):
            least, most = bounds
            if setup[name] is None or not least <= setup[name] <= most:
                raise Refused(words.format(f"{least:,}", f"{most:,}"), name)
    if setup.get("patients", "everybody") not in PATIENTS:
        raise Refused("Choose who may book it", "patients")
    clinic = the_clinic()
    lead, horizon = (_as_it_is(service, setup, name, clinic) for name in ("lead_minutes", "horizon_days"))
    if setup and lead >= horizon * 1440:
        raise Refused(
            f"With {span(lead)} of notice and {span(horizon * 1440)} ahead no time could ever be booked online.",
            "lead_minutes",
        )
    return setup


def _as_it_is(service, setup, name, clinic):
    given = setup[name] if name in setup else getattr(service, name, None)
    return getattr(clinic, name) if given is None else given


def clinics_words(clinic) -> dict[str, str]:
    """What an empty field means: {field: as the clinic has it}."""
    return {
        "lead_minutes": f"Empty: as the clinic has it, {span(clinic.lead_minutes)}.",
        "horizon_days": f"Empty: as the clinic has it, {span(clinic.horizon_days * 1440)}.",
        "slot_minutes": f"Empty: as the clinic has it, every {span(clinic.slot_minutes)}.",
    }
