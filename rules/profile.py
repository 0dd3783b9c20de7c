"""A patient's own details: what they may change, how it is spelled, and how an address changes hands."""

import re
from datetime import date

import phonenumbers

from clock import now
from database import write_tx
from models import Clinic, LoginCode, Patient
from rules import codes, outbox, trail
from rules.actor import Actor
from rules.refused import Refused
from rules.sessions import end_sessions_of

SECTIONS = {
    "names": ("first_name", "last_name", "preferred_name", "pronouns", "birth_date"),
    "contact": ("phone",),
    "address": ("street", "city", "region", "postal_code", "country"),
    "emergency": ("emergency_name", "emergency_relation", "emergency_phone"),
    "health": ("allergies", "medical_notes"),
    "messages": ("care_by_email", "marketing_by_email"),
}
OLDEST_YEARS = 125


def tidy(text: str | None) -> str:
    """One line without blanks around it, doubled ones or signs that nobody sees."""
    seen = "".join(letter if letter.isprintable() else " " for letter in text or "")
    return re.sub(r"\s+", " ", seen).strip()


def tidy_text(text: str | None) -> str:
    """Several lines, without signs that nobody sees."""
    lines = (text or "").replace("\r\n", "\n").split("\n")
    return "\n".join("".join(sign if sign.isprintable() else " " for sign in line).rstrip() for line in lines).strip()


def tidy_phone(text: str | None) -> str:
    """A number in the international form, E.164; one without + is read as of the clinic's country."""
    if not tidy(text):
        return ""
    try:
        number = phonenumbers.parse(text, _region())
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise Refused("Enter a phone number like 212 555 0100, or +44 7700 900123 from abroad", field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_words(number: str) -> str:
    """+12125550101 as people write it."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def tidy_birth_date(day: date | None) -> date:
    if day is None:
        raise Refused("Enter your birth date", field="birth_date")
    today = now().date()
    if day > today:
        raise Refused("Your birth date must be in the past", field="birth_date")
    if today.year - day.year > OLDEST_YEARS:
        raise Refused("Check the year of your birth date", field="birth_date")
    return day


def save(patient: Patient, section: str, values: dict, by: Actor) -> list[str]:
    """Write one section of the profile; returns the names of the fields that changed.

    The trail keeps those names, never what stands in the fields.
    """
    allowed = SECTIONS[section]
    with write_tx():
        stored = Patient.get_by_id(patient.id)
        changed = {name: values[name] for name in allowed if name in values and values[name] != getattr(stored, name)}
        if changed:
            Patient.update(changed).where(Patient.id == patient.id).execute()
            trail.record(by, "profile changed", f"patient {patient.id}", patient=patient, fields=sorted(changed))
    return sorted(changed)


def ask_email(patient: Patient, email: str, asked_by: str, by: Actor) -> LoginCode:
    """A code to the new address; nothing is sent to one that belongs to somebody, and the answer is the same."""
    if email == patient.email:
        raise Refused("This is your address already.", field="email")
    return codes.ask_code(email, "email", asked_by, patient=patient, ip=by.ip)


def change_email(patient: Patient, number: int, asked_by: str, given: str, by: Actor) -> Patient:
    """Right digits make the new address the patient's; the old one is told, other browsers are signed out."""
    with write_tx():
        code, no = codes.try_code(number, ("email",), asked_by, given)
        if no is None and code.patient_id != patient.id:
            no = Refused(codes.OVER, field="code")
        if no is None:
            _hand_over(patient, code, by)
    if no:
        raise no
    codes.forgive(code)
    return Patient.get_by_id(patient.id)


def _hand_over(patient, code, by):
    old = Patient.get_by_id(patient.id).email
    Patient.update(email=code.email, email_verified_at=now()).where(Patient.id == patient.id).execute()
    codes.end_codes_of(code.email)
    if old:
        codes.end_codes_of(old)
        because = "the address of their account was changed"
        outbox.put("email_changed", because, dedupe=f"email changed {code.id}", patient=patient, address=old)
    end_sessions_of(patient, but=by.session_number)
    trail.record(by, "e-mail changed", f"patient {patient.id}", patient=patient)


def _region():
    """The country that the clinic's own number names; the United States where it names none."""
    clinic = Clinic.get_or_none(Clinic.id == 1)
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(clinic.phone if clinic else "", "US")) or "US"
    except phonenumbers.NumberParseException:
        return "US"
