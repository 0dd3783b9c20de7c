"""Signing in and registering: how a patient proves who they are, and is never made twice."""

from datetime import date

from clock import now
from database import write_tx
from models import LoginCode, Patient
from rules import limits, profile, trail
from rules.actor import Actor
from rules.codes import ask_code, digits_of, forgive, tidy_email, try_code
from rules.people import check_password, first_owner_link, hash_of, invite, set_password
from rules.profile import change_email
from rules.sessions import end_session, end_sessions_of, open_session, session_of, why_signed_out

__all__ = [
    "ask_again", "ask_code", "change_email", "check_password", "digits_of", "end_session",
    "end_sessions_of", "first_owner_link", "hash_of", "invite", "open_session", "prove", "register", "session_of",
    "set_password", "sign_in_code", "tidy_email", "why_signed_out",
]  # fmt: skip


def sign_in_code(email: str, asked_by: str, ip: str = "") -> LoginCode:
    """Ask for a code to sign in; the same answer whether or not somebody here has this address."""
    return ask_code(email, "signin", asked_by, patient=_holder(email), ip=ip)


def register(email: str, asked_by: str, ip: str = "", **details) -> LoginCode:
    """Keep who somebody says they are until their address is proved; a known one will simply sign in.

    Details: first_name, last_name, birth_date (ISO), phone, marketing_by_email.
    """
    return ask_code(email, "register", asked_by, patient=_holder(email), details=details, ip=ip)


def ask_again(code: LoginCode, ip: str = "") -> LoginCode:
    """A new code for the same address, purpose and browser."""
    return ask_code(
        code.email, code.purpose, code.asked_by,
        patient=code.patient, details=code.details, ip=ip,
    )  # fmt: skip


def prove(number: int, asked_by: str, given: str, ip: str = "", agent: str = "") -> Patient:
    """The patient whom right digits prove; a new one when an unknown address registered."""
    with write_tx():
        code, no = try_code(number, ("signin", "register"), asked_by, given)
        patient = None if no else _proved(code, ip, agent)
    if no:
        raise no
    forgive(code)
    limits.forgive("code from", limits.network(ip), 1)
    return patient


def _proved(code, ip, agent):
    patient = _holder(code.email)
    if patient is None:
        said = dict(code.details)
        said["birth_date"] = date.fromisoformat(said["birth_date"]) if said.get("birth_date") else None
        patient = Patient.create(email=code.email, email_verified_at=now(), **said)
        profile.note_twin(patient)
        by = Actor("patient", patient.id, patient.name, ip, agent)
        trail.record(by, "registered", f"patient {patient.id}", patient=patient)
    elif patient.email_verified_at is None:
        Patient.update(email_verified_at=now()).where(Patient.id == patient.id).execute()
    LoginCode.update(details={}).where(LoginCode.id == code.id).execute()
    return patient


def _holder(email):
    return Patient.get_or_none(Patient.email == email)
