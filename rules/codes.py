"""Six-digit codes: asked for by one browser, sent to one address, good for ten minutes, five tries and one use."""

import hmac
import secrets
import unicodedata
from datetime import timedelta

from email_validator import EmailNotValidError, validate_email

import settings
from clock import now
from database import write_tx
from models import LoginCode, Patient
from rules import limits, outbox, words
from rules.refused import Refused

GOOD_FOR = timedelta(minutes=10)
SKEW = timedelta(minutes=1)  # a clock that is set right meanwhile
TRIES = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OVER = "That code does not work any more. Please ask for a new one."
BECAUSE = {
    "signin": "somebody asked to sign in with this address",
    "register": "somebody asked to register with this address",
    "email": "a patient wants this to be their new address",
}


def tidy_email(text: str) -> str:
    """One spelling for each address: no blanks, no dot at the end, lower case. Refused when it cannot be one."""
    bare = unicodedata.normalize("NFKC", text or "").strip().strip(".").strip()
    if not bare:
        raise Refused("Enter your e-mail address", field="email")
    try:
        return validate_email(bare, check_deliverability=False, allow_smtputf8=False).normalized.lower()
    except EmailNotValidError:
        raise Refused("Enter an e-mail address like name@example.com", field="email") from None


def digits_of(code: LoginCode) -> str:
    """The six digits, derived from the row and the secret key: a stolen database tells no code."""
    told = f"code:{code.purpose}:{code.email}:{code.nonce}"
    number = int.from_bytes(hmac.digest(settings.current().secret_key.encode(), told.encode(), "sha256"), "big")
    return f"{number % 1_000_000:06d}"


def ask_code(
    email: str, purpose: str, asked_by: str, *, patient: Patient | None = None, details=None, ip=""
) -> LoginCode:
    """A new code for this address and browser; it ends the older ones of the same address, purpose and browser.

    `patient` is whose account it is about; for "email", the one who wants the new address. Where the code could
    never succeed (an unknown address at sign-in, somebody else's address) the answer and the work are the same,
    with a message that the sender drops.
    """
    limits.spend("code from", limits.network(ip), 30, HOUR)
    limits.spend("code to", email, 5, HOUR)
    limits.spend("code to, a day", email, 20, DAY)
    with write_tx():
        moment = now()
        LoginCode.update(expires_at=moment).where(
            LoginCode.email == email,
            LoginCode.purpose == purpose,
            LoginCode.asked_by == asked_by,  # a stranger must not end the code that somebody is typing
            LoginCode.used_at.is_null(),
            LoginCode.expires_at > moment,
        ).execute()
        code = LoginCode.create(
            purpose=purpose,
            email=email,
            patient=patient,
            asked_by=asked_by,
            nonce=secrets.token_hex(16),
            details=details or {},
            created_at=moment,
            expires_at=moment + GOOD_FOR,
        )
        kind = "code_signin" if purpose == "register" and patient else f"code_{purpose}"
        if not may_succeed(code):
            kind, patient = outbox.TO_NOBODY, None
        outbox.put(kind, BECAUSE[purpose], dedupe=f"code {code.id}", patient=patient, address=email, code=code)
    return code


def may_succeed(code: LoginCode) -> bool:
    """Whether right digits would lead anywhere; nobody outside is told."""
    holder = Patient.get_or_none(Patient.email == code.email)
    if code.purpose == "email":
        return holder is None and code.patient.archived_at is None
    if holder is None:
        return code.purpose == "register"
    return holder.archived_at is None


def try_code(number: int, purposes: tuple, asked_by: str, given: str):
    """(code, None) when it is used up now, (code or None, the "no") otherwise.

    Raises nothing, so that a wrong try is counted in the caller's transaction even though it fails.
    """
    code = LoginCode.get_or_none(
        LoginCode.id == number, LoginCode.purpose.in_(purposes), LoginCode.asked_by == asked_by
    )
    moment = now()
    if code is None or code.used_at or not code.created_at - SKEW <= moment < code.expires_at or code.tries >= TRIES:
        return code, Refused(OVER, field="code")
    digits = "".join(letter for letter in unicodedata.normalize("NFKC", given or "") if not letter.isspace())
    if len(digits) != 6 or not digits.isdecimal():
        return code, Refused("Enter the six digits from the e-mail", field="code")
    right = hmac.compare_digest(digits.encode(), digits_of(code).encode()) and may_succeed(code)
    change = {"used_at": moment} if right else {"tries": LoginCode.tries + 1}
    LoginCode.update(change).where(LoginCode.id == code.id).execute()
    if right:
        return code, None
    left = TRIES - code.tries - 1
    if left:
        said = f"That is not the code we sent. You have {words.count(left, 'try', 'tries')} left."
    else:
        said = "That is not the code we sent, and it does not work any more. Please ask for a new one."
    return code, Refused(said, field="code")


def forgive(code: LoginCode) -> None:
    """Somebody proved the address: their earlier askings count no more."""
    limits.forgive("code to", code.email)
    limits.forgive("code to, a day", code.email)


def end_codes_of(email: str) -> None:
    """What was sent to this address before works no more."""
    LoginCode.update(expires_at=now()).where(
        LoginCode.email == email, LoginCode.used_at.is_null(), LoginCode.expires_at > now()
    ).execute()
