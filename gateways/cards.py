"""Where money is taken: one small class for each way. A charge's request_key is what a provider sees, for ever."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What a provider answered: taken (or given back), or declined; and its reference."""

    done: bool
    reference: str = ""


class AtTheClinic:
    """Nothing leaves the house: the amount is owed until the desk takes it, and given back at the desk.

    A way that takes by itself has `charge` and `refund` (request_key, amount_minor, currency, because) -> Outcome.
    Both may be asked again with the same request_key, and then answer what became of it the first time.
    """

    name = "at_the_clinic"
    takes_by_itself = False


WAYS = {way.name: way for way in (AtTheClinic(),)}


def chosen():
    """The way in which this clinic takes money."""
    return WAYS["at_the_clinic"]


def named(name: str):
    """The way in which a charge was made; it stays the charge's own when the clinic chooses another."""
    return WAYS[name]
