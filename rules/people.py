"""Who works here: passwords, one-time links, roles, and leaving."""

import secrets
import unicodedata
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

import settings
from clock import now
from database import write_tx
from models import Clinic, Invitation, Staff
from rules import limits, trail
from rules.actor import FOYER, Actor
from rules.codes import tidy_email
from rules.refused import Refused
from rules.sessions import digest_of, end_sessions_of

ROLES = {"owner": "Owner", "provider": "Provider", "desk": "Front desk"}
SHORTEST, LONGEST = 12, 200
FIRST_LINK, LINK = timedelta(hours=24), timedelta(hours=72)
QUARTER = timedelta(minutes=15)
# Long enough to pass, and tried first by whoever guesses.
GUESSED = {
    "password", "passwort", "motdepasse", "contrasena", "letmein", "welcome", "iloveyou", "qwerty", "qwertyuiop",
    "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "administrator", "admin", "changeme", "trustno", "sunshine",
    "princess", "football", "baseball", "superman", "batman", "starwars", "monkey", "dragon", "master", "shadow",
    "whatever", "nothing", "secret", "clinic", "botox", "filler", "skincare", "beauty", "aesthetics", "medspa",
    "foyer", "portal", "correcthorsebatterystaple", "abcdefghijkl", "january", "february", "summer", "winter",
    "spring", "autumn", "monday", "friday",
}  # fmt: skip

# OWASP's argon2id: 19 MiB, two passes, one lane.
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobodys = hasher.hash(secrets.token_urlsafe(24))


def hash_of(password: str) -> str:
    return hasher.hash(unicodedata.normalize("NFC", password))


def check_password(email: str, password: str, ip: str = "", agent: str = "") -> Staff:
    """The member of staff whose e-mail and password these are; Refused, with one sentence for every reason.

    This is the first factor. A second one stands between this and the opening of a session.
    """
    try:
        email = tidy_email(email)
    except Refused:
        email = "no address"
    limits.spend("password of", email, 10, QUARTER)
    limits.spend("password from", limits.network(ip), 40, QUARTER)
    staff = Staff.get_or_none(Staff.email == email)
    known = staff is not None and staff.archived_at is None and staff.password_hash != ""
    right = _verify(staff.password_hash if known else _nobodys, password)
    if not (known and right):
        if known:
            with write_tx():
                by = Actor("staff", None, "not signed in", ip, agent)
                trail.record(by, "password refused", f"staff {staff.id}")
        raise Refused("That e-mail address and password do not belong together. Please try again.")
    limits.forgive("password of", email)
    limits.forgive("password from", limits.network(ip), 1)
    if hasher.check_needs_rehash(staff.password_hash):
        with write_tx():
            Staff.update(password_hash=hash_of(password)).where(Staff.id == staff.id).execute()
    return staff


def check_strength(password: str, email: str = "") -> str:
    """The password itself when it will do; Refused with what to do instead. No rules about kinds of letters."""
    if len(password) < SHORTEST:
        raise Refused(f"Choose at least {SHORTEST} characters. A few words in a row are easy to keep.", "password")
    if len(password) > LONGEST:
        raise Refused(f"Choose at most {LONGEST} characters.", "password")
    clinic = Clinic.get_or_none(Clinic.id == 1)
    plain = _bare(password)
    theirs = {_bare(email), _bare(email.partition("@")[0]), _bare(clinic.name if clinic else "")} - {""}
    row = password in "1234567890" * 21 or password in "0123456789" * 21
    if row or len(set(password)) < 5 or any(plain in (word, word * 2) for word in GUESSED | theirs):
        raise Refused("That password is one of the first that somebody would guess. Choose another.", "password")
    return password


def set_password(staff: Staff, password: str, by: Actor) -> None:
    """A new password; whoever is signed in as this person elsewhere is signed out."""
    check_strength(password, staff.email)
    hashed = hash_of(password)
    with write_tx():
        Staff.update(password_hash=hashed).where(Staff.id == staff.id).execute()
        end_sessions_of(staff, but=by.session_number)
        _end_invitations(staff.email)
        trail.record(by, "password changed", f"staff {staff.id}")


def change_password(staff: Staff, current: str, password: str, by: Actor) -> None:
    """A new password for oneself, with the one of now; wrong ones are counted as at the sign-in."""
    try:
        check_password(staff.email, current, by.ip, by.agent)
    except Refused as no:
        if no.facts.get("too_many"):
            raise
        raise Refused("That is not your password of now.", field="current") from None
    set_password(staff, password, by)


def first_owner_link() -> str | None:
    """The link with which the first owner makes their account; None as soon as anybody works here."""
    with write_tx():
        if Staff.select().exists():
            return None
        return _new_link("owner", FIRST_LINK, FOYER)[0]


def owner_link(email: str = "") -> str:
    """A line with a one-time link for an owner who cannot get in; for whoever may run commands on the machine.

    The first owner's link while nobody works here, else a new password for the owner: the only one, or of that address.
    """
    first = first_owner_link()
    if first:
        return f"Nobody has an account yet. The owner creates theirs here, once, within 24 hours:\n\n  {first}"
    owners = list(Staff.select().where(Staff.role == "owner", Staff.archived_at.is_null()).order_by(Staff.email))
    chosen = [owner for owner in owners if owner.email == tidy_email(email)] if email else owners
    if len(chosen) != 1:
        raise Refused(f"Which owner? Name one: {', '.join(owner.email for owner in owners)}")
    link, _ = new_password_link(chosen[0], FOYER)
    return f"{chosen[0].name} ({chosen[0].email}) sets a new password here, once, within three days:\n\n  {link}"


def invite(email: str, role: str, by: Actor) -> tuple[str, Invitation]:
    """A one-time link for a new colleague, to be handed over; only its digest is kept."""
    email = tidy_email(email)
    with write_tx():
        if Staff.select().where(Staff.email == email).exists():
            raise Refused("Somebody with this address is already on the list of people.", field="email")
        return _new_link(role, LINK, by, email=email)


def new_password_link(staff: Staff, by: Actor) -> tuple[str, Invitation]:
    """A one-time link with which a colleague who forgot their password sets a new one."""
    if staff.archived_at is not None:
        raise Refused("This person is archived. Restore them first.")
    with write_tx():
        return _new_link(staff.role, LINK, by, email=staff.email, name=staff.name, staff=staff)


def withdraw(invitation: Invitation, by: Actor) -> None:
    with write_tx():
        ended = Invitation.update(expires_at=now()).where(_open(), Invitation.id == invitation.id).execute()
        if ended:
            trail.record(by, "invitation withdrawn", f"invitation {invitation.id}")


def open_invitations() -> list[Invitation]:
    return list(Invitation.select().where(_open()).order_by(Invitation.created_at))


def invitation_of(token: str) -> Invitation | None:
    """The invitation of a link while it works."""
    invitation = Invitation.get_or_none(_open(), Invitation.token_digest == digest_of(token))
    if invitation is None or not _still_meant(invitation):
        return None
    return invitation


def accept(token: str, name: str, email: str, password: str, ip: str = "", agent: str = "") -> Staff | None:
    """Use a link up: makes the colleague, or sets their new password. None when it works no more.

    The address of an invitation counts, not the one that was typed; only the first owner names their own.
    """
    invitation = invitation_of(token)
    if invitation is None:
        return None
    email = invitation.email or tidy_email(email)
    check_strength(password, email)
    hashed = hash_of(password)
    with write_tx():
        used = Invitation.update(used_at=now()).where(_open(), Invitation.id == invitation.id).execute()
        if not used or not _still_meant(invitation):
            return None
        if invitation.staff_id:
            staff = invitation.staff
            end_sessions_of(staff)
            Staff.update(password_hash=hashed).where(Staff.id == staff.id).execute()
        else:
            staff = Staff.create(name=name, email=email, role=invitation.role, password_hash=hashed)
        by = Actor("staff", staff.id, staff.name, ip, agent)
        trail.record(by, "password set by link" if invitation.staff_id else "colleague joined", f"staff {staff.id}")
    return Staff.get_by_id(staff.id)


def change_role(staff: Staff, role: str, by: Actor) -> None:
    with write_tx():
        _not_oneself(staff, by, "Nobody can change their own role. Another owner can.")
        if role != "owner":
            _not_the_last_owner(staff)
        if Staff.update(role=role).where(Staff.id == staff.id, Staff.role != role).execute():
            trail.record(by, "role changed", f"staff {staff.id}", role=role)


def archive(staff: Staff, by: Actor) -> None:
    """Somebody leaves: they are signed out everywhere and cannot come back in; what they did stays."""
    with write_tx():
        _not_oneself(staff, by, "Nobody can archive themselves. Another owner can.")
        _not_the_last_owner(staff)
        if Staff.update(archived_at=now()).where(Staff.id == staff.id, Staff.archived_at.is_null()).execute():
            end_sessions_of(staff)
            _end_invitations(staff.email)
            trail.record(by, "colleague archived", f"staff {staff.id}")


def restore(staff: Staff, by: Actor) -> None:
    with write_tx():
        if Staff.update(archived_at=None).where(Staff.id == staff.id, Staff.archived_at.is_null(False)).execute():
            trail.record(by, "colleague restored", f"staff {staff.id}")


def _new_link(role, good_for, by, **about):
    token = secrets.token_urlsafe(32)
    _end_invitations(about.get("email", ""))
    invitation = Invitation.create(token_digest=digest_of(token), role=role, expires_at=now() + good_for, **about)
    what = "link for a new password made" if about.get("staff") else "colleague invited"
    trail.record(by, what, f"invitation {invitation.id}", role=role)
    return f"{settings.current().base_url}/staff/setup/{token}", invitation


def _open():
    return Invitation.used_at.is_null() & (Invitation.expires_at > now())


def _still_meant(invitation):
    """An invitation of the first owner counts while nobody works here; any other while its address is free."""
    if invitation.staff_id:
        return invitation.staff.archived_at is None
    if not invitation.email:
        return not Staff.select().exists()
    return not Staff.select().where(Staff.email == invitation.email).exists()


def _end_invitations(email):
    Invitation.update(expires_at=now()).where(_open(), Invitation.email == email).execute()


def _not_oneself(staff, by, words):
    if by.is_staff and by.number == staff.id:
        raise Refused(words)


def _not_the_last_owner(staff):
    others = Staff.select().where(Staff.role == "owner", Staff.archived_at.is_null(), Staff.id != staff.id)
    if staff.role == "owner" and not others.exists():
        raise Refused("This is the only owner. Make somebody else an owner first.")


def _verify(hashed, password):
    try:
        return hasher.verify(hashed, unicodedata.normalize("NFC", password[: LONGEST * 4]))
    except (VerificationError, InvalidHashError):
        return False


def _bare(text):
    return "".join(letter for letter in text.lower() if letter.isalpha())
