"""Who acts: every rule that changes something takes one of these as `by`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A patient, a member of staff or Foyer itself, with where the request came from."""

    kind: str  # patient, staff, system
    number: int | None
    name: str
    ip: str = ""
    agent: str = ""
    session_number: int | None = None
    signed_in_how: str = ""

    @property
    def is_staff(self):
        return self.kind == "staff"

    @property
    def is_patient(self):
        return self.kind == "patient"


FOYER = Actor("system", None, "Foyer")
