"""One piece of a patient's paperwork as staff see it: what was answered, signed or read, and what proves it."""

from flask import Blueprint

from rules import (
    connections,
    differences,
    evidence,
    handover,
    instructions,
    markdown,
    paperwork,
    sealing,
    signers,
    signing,
    trail,
)
from views import doors, guard, respond
from views.editors import instruction

area = Blueprint("staff_tasks", __name__)


@area.get("/staff/tasks/<int:number>")
@guard.audience("staff")
def detail(number):
    """Beside the words of the version that stood before the patient. Looking is in the trail."""
    task = guard.found(doors.whole(), number)
    trail.looked(guard.by(), task.patient, "paperwork")
    version, kind = paperwork.version_of(task), task.paperwork.kind
    proofs = evidence.of(task) if kind == "consent" else []
    return respond.page(
        "staff/patients/task.html",
        task=task,
        a=task.appointment,
        version=version,
        text=markdown.render(version.body) if version.body else "",
        answered=differences.of(task, version) if kind == "questionnaire" else None,
        answers_stand=evidence.answers_stand(task) if kind == "questionnaire" else None,
        proofs=[(proof, signing.svg(proof.signature.strokes) if proof.signature.strokes else None) for proof in proofs],
        kind_words=paperwork.KIND_WORDS,
        standing=signers.standing(task),
        links=handover.open_links(task),
        profile_changes=connections.changes_of(task=task) if kind == "questionnaire" else [],
        field_words=connections.FIELD_WORDS,
        record=sealing.record_of(task),
        instruction=instruction.shown(version) if kind.endswith("treatment") else None,
        tries=instructions.tries_at(task) if kind.endswith("treatment") else [],
        base=f"/staff/tasks/{task.id}",
    )
