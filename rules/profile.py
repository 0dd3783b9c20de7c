"""A patient's own details: what they may change, how it is spelled, and how an address changes hands."""

import re
import secrets
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
    "health": ("allergies", "medication", "medical_notes"),
    "messages": ("care_by_email", "marketing_by_email"),
}
OLDEST_YEARS = 125
LONGEST_HEALTH = 4_000  # of each field of health, whoever writes it: the profile's form, or connected answers


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


def correct(patient: Patient, values: dict, by: Actor) -> list[str]:
    """Staff correct names, birth date, e-mail or phone; returns the names of the fields that changed.

    A changed address is not proved: the old one is told, and whoever is signed in is signed out. What was held
    for want of an address goes. An address that is known already is Refused with facts["patient"], whose it is.
    """
    if values["birth_date"] and values["birth_date"] > now().date():
        raise Refused("The birth date must be in the past", field="birth_date")
    values = {**values, "email": values["email"] or None, "phone": values["phone"] or ""}
    if not values["email"] and not values["phone"]:
        raise Refused("Enter an e-mail address or a phone number", field="email")
    with write_tx():
        stored = Patient.get_by_id(patient.id)
        known = Patient.get_or_none(Patient.email == values["email"], Patient.id != patient.id)
        if values["email"] and known:
            raise Refused("This e-mail address belongs to a patient already.", field="email", patient=known)
        changed = {name: value for name, value in values.items() if value != getattr(stored, name)}
        if changed:
            Patient.update(changed).where(Patient.id == patient.id).execute()
            trail.record(by, "profile corrected", f"patient {patient.id}", patient=patient, fields=sorted(changed))
        if "email" in changed:
            Patient.update(email_verified_at=None).where(Patient.id == patient.id).execute()
            _leave_address(patient, stored.email, f"email corrected {secrets.token_hex(8)}")
            end_sessions_of(patient)
            if values["email"]:
                codes.end_codes_of(values["email"])
                outbox.release(patient)
    return sorted(changed)


def twin_of(patient: Patient) -> Patient | None:
    """The first patient whose phone and birth date are this one's too: perhaps the same person, known already."""
    if not patient.phone or not patient.birth_date:
        return None
    same = (Patient.phone == patient.phone) & (Patient.birth_date == patient.birth_date) & (Patient.id != patient.id)
    return Patient.select().where(same, Patient.archived_at.is_null()).order_by(Patient.id).first()


def note_twin(patient: Patient) -> None:
    """For the desk, which asks the person; whoever registers is not told whom the clinic knows."""
    Patient.update(maybe_same=twin_of(patient)).where(Patient.id == patient.id).execute()


def keep_both(patient: Patient, by: Actor) -> None:
    """The desk looked into it: these are two people, or both records are to stay."""
    with write_tx():
        same = Patient.maybe_same.is_null(False)
        if Patient.update(maybe_same=None).where(Patient.id == patient.id, same).execute():
            trail.record(by, "told apart from another patient", f"patient {patient.id}", patient=patient)


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
    _leave_address(patient, old, f"email changed {code.id}")
    end_sessions_of(patient, but=by.session_number)
    trail.record(by, "e-mail changed", f"patient {patient.id}", patient=patient)


def _leave_address(patient, old, key):
    if old:
        codes.end_codes_of(old)
        because = "the address of their account was changed"
        outbox.put("email_changed", because, dedupe=key, patient=patient, address=old)


def _region():
    """The country that the clinic's own number names; the United States where it names none."""
    clinic = Clinic.get_or_none(Clinic.id == 1)
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(clinic.phone if clinic else "", "US")) or "US"
    except phonenumbers.NumberParseException:
        return "US"
