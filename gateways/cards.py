"""Where money is taken: one small class for each way. A charge's request_key is what a provider sees, for ever."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What became of a charge or a refund: its status (owed, paid, refunded) and the provider's reference."""

    status: str
    reference: str = ""


class AtTheClinic:
    """Nothing leaves the house: the amount is owed until the desk takes it, and given back at the desk."""

    name = "at_the_clinic"
    way = "payable at the clinic"

    def charge(self, *, request_key: str, amount_minor: int, currency: str, because: str) -> Outcome:
        return Outcome("owed", f"desk-{request_key[:12]}")

    def refund(self, *, request_key: str, amount_minor: int, currency: str, because: str) -> Outcome:
        return Outcome("refunded", f"desk-{request_key[:12]}")


def chosen() -> AtTheClinic:
    """The way in which this clinic takes money."""
    return AtTheClinic()
