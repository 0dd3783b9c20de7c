"""What a patient allows to be done with photos of them: given and refused with a consent, taken back at any time."""

from clock import now
from database import write_tx
from models import Permission, Signature
from rules import trail
from rules.consent_texts import PERMISSIONS


def permissions_of(patient) -> list[Permission]:
    """What this patient allows now, in the order in which it is asked."""
    rows = Permission.select(Permission, Signature).join(Signature)
    live = rows.where((Permission.patient == patient) & Permission.revoked_at.is_null())
    return sorted(live, key=lambda row: list(PERMISSIONS).index(row.kind))


def revoke(permission: Permission, by) -> bool:
    """Take a permission back, from now on. False when it was taken back before."""
    with write_tx():
        gone = (
            Permission.update(revoked_at=now())
            .where((Permission.id == permission.id) & Permission.revoked_at.is_null())
            .execute()
        )
        if gone:
            trail.record(
                by, "permission revoked", f"permission {permission.id}", patient=permission.patient_id,
                kind=permission.kind,
            )  # fmt: skip
        return bool(gone)


def end(signature: Signature, chosen: dict, by) -> None:
    """A no ends at once what was allowed before."""
    for row in permissions_of(signature.patient_id):
        if chosen.get(row.kind) is False:
            revoke(row, by)


def give(signature: Signature, by) -> None:
    """A yes counts once all have signed, a minor's guardian too; it is kept once, under the signature that gave it."""
    live = {row.kind for row in permissions_of(signature.patient_id)}
    for kind, yes in signature.details.get("permissions", {}).items():
        if yes and kind not in live:
            given = Permission.create(patient=signature.patient_id, kind=kind, signature=signature)
            subject = f"permission {given.id}"
            trail.record(by, "permission given", subject, patient=signature.patient_id, kind=kind)
