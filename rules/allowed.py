"""What a patient allows to be done with photos of them: given and refused with a consent, taken back at any time."""

from clock import now
from database import write_tx
from models import PaperworkVersion, Permission, Signature, Task
from rules import trail
from rules.consent_texts import PERMISSIONS, kinds_of


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


def end(signature: Signature, version: PaperworkVersion, by) -> None:
    """What this signature's text asked for and was not answered yes ends at once: so it says above the choices."""
    said = signature.details.get("permissions", {})
    asked = kinds_of(version)
    for row in permissions_of(signature.patient_id):
        if row.kind in asked and said.get(row.kind) is not True:
            revoke(row, by)


def give(task: Task, by) -> None:
    """A yes counts once all have signed, kept once under the signature that gave it; a minor's needs the guardian's.

    What was refused or taken back since the patient signed stays so.
    """
    by_role = {row.role: row for row in Signature.select().where(Signature.task == task)}
    signature, live = by_role["patient"], {row.kind for row in permissions_of(task.patient_id)}
    refused = _refused_since(signature)
    if "guardian" in by_role and "permissions" in by_role["guardian"].details:  # older ones were not asked
        told = by_role["guardian"].details["permissions"]
        refused |= {kind for kind in PERMISSIONS if told.get(kind) is not True}
    for kind, yes in signature.details.get("permissions", {}).items():
        if yes and kind not in live | refused:
            given = Permission.create(patient=signature.patient_id, kind=kind, signature=signature)
            subject = f"permission {given.id}"
            trail.record(by, "permission given", subject, patient=signature.patient_id, kind=kind)


def _refused_since(signature: Signature) -> set[str]:
    """The kinds that were taken back after this signature, or not allowed by a later one under another consent."""
    gone = Permission.select(Permission.kind).where(
        (Permission.patient == signature.patient_id) & (Permission.revoked_at > signature.signed_at)
    )
    refused = {row.kind for row in gone}
    later = (
        Signature.select(Signature, Task, PaperworkVersion)
        .join(Task)
        .join(PaperworkVersion)
        .where((Signature.patient == signature.patient_id) & (Signature.id > signature.id))
        .where((Signature.task != signature.task_id) & Signature.role.in_(["patient", "guardian"]))
    )
    for row in later:
        if row.role == "patient" or "permissions" in row.details:
            said = row.details.get("permissions", {})
            refused |= {kind for kind in kinds_of(row.task.version) if said.get(kind) is not True}
    return refused
