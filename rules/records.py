"""A patient's record as the clinic itself begins it, at the desk or on the telephone."""

from clock import now
from database import write_tx
from models import Patient
from rules import profile, trail
from rules.refused import Refused


def add_patient(by, *, first_name, last_name, birth_date=None, email=None, phone="") -> Patient:
    """A new patient; an address that is known already is Refused with facts["patient"], whose it is."""
    facts = {"first_name": profile.tidy(first_name), "last_name": profile.tidy(last_name)}
    if birth_date and birth_date > now().date():
        raise Refused("The birth date must be in the past", field="birth_date")
    if not email and not phone:
        raise Refused("Enter an e-mail address or a phone number", field="email")
    with write_tx():
        known = Patient.get_or_none(Patient.email == email) if email else None
        if known is not None:
            raise Refused("This e-mail address belongs to a patient already.", field="email", patient=known)
        patient = Patient.create(**facts, birth_date=birth_date, email=email or None, phone=phone)
        trail.record(by, "patient added", f"patient {patient.id}", patient=patient)
        return patient
