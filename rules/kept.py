"""What a patient typed when their session had run out, kept for the same browser and the same patient for an hour."""

from datetime import timedelta

from clock import now
from database import write_tx
from models import KeptForm, Patient
from rules.sessions import patient_behind

FOR = timedelta(hours=1)
MOST = 64 * 1024


def keep(kept_by: str, token: str | None, path: str, fields: list) -> KeptForm | None:
    """Keep the fields, [[name, value], …], for the patient whose session this token was; None when that is nobody.

    `kept_by` is the digest of the browser's own secret. A browser keeps one form, its newest.
    """
    patient = patient_behind(token)
    if patient is None or not fields or sum(len(name) + len(value) for name, value in fields) > MOST:
        return None
    with write_tx():
        KeptForm.delete().where(KeptForm.kept_by == kept_by).execute()
        return KeptForm.create(kept_by=kept_by, patient=patient, path=path, fields=fields, expires_at=now() + FOR)


def claim(kept_by: str, patient: Patient) -> int | None:
    """The number of what this browser kept for the patient who came back; what it kept for anybody else is gone."""
    with write_tx():
        KeptForm.delete().where(KeptForm.kept_by == kept_by, KeptForm.patient != patient).execute()
        found = KeptForm.get_or_none(KeptForm.kept_by == kept_by, KeptForm.expires_at > now())
        return found.id if found else None


def of(number: int | None, patient: Patient) -> KeptForm | None:
    return KeptForm.get_or_none(KeptForm.id == number, KeptForm.patient == patient, KeptForm.expires_at > now())


def drop(number: int, patient: Patient) -> None:
    with write_tx():
        KeptForm.delete().where(KeptForm.id == number, KeptForm.patient == patient).execute()
