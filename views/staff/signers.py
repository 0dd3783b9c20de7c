"""On the staff's own screen: a witness and a provider sign a consent, and a patient goes on at their own phone."""

from flask import Blueprint, request, url_for

from rules import consents, handover, signers, trail
from rules.refused import Refused
from views import doors, guard, guardians, respond

area = Blueprint("signers", __name__)
AGREES = {
    "witness": "I saw that this was signed by whoever is named above",
    "provider": "I have talked with the patient about this, and I counter-sign it",
}


@area.route("/staff/tasks/<int:number>/signatures/witness", methods=["GET", "POST"])
@guard.audience("staff")
def witness(number):
    return sign_as("witness", number)


@area.route("/staff/tasks/<int:number>/signatures/provider", methods=["GET", "POST"])
@guard.audience("staff", "owner", "provider")
def provider(number):
    return sign_as("provider", number)


def sign_as(role: str, number: int):
    """The text, who has signed it, and the place to sign below them."""
    task = doors.found(number, "consent")
    form, version = guardians.NamedForm(agrees=AGREES[role]), signers.text_version(task)
    if request.method == "POST":
        try:
            version = consents.version_on_screen(signers.source_of(task), request.form.get("version"))
            facts = {"method": form.method.data, "strokes": form.strokes.data, "agreed": form.agreed.data}
            if role == "witness":
                fresh = signers.sign_as_witness(task, guard.by(), version, full_name=form.full_name.data, **facts)
            else:
                fresh = signers.sign_as_provider(task, guard.by(), version, **facts)
            words = "Signed." if fresh else "That was signed before."
            return respond.done(f"{url_for('staff_tasks.detail', number=number)}#signers", words)
        except Refused as no:
            respond.refuse(form, no)
    else:
        trail.looked(guard.by(), task.patient, "paperwork")
    standing = signers.standing(task)
    return respond.form_page(
        "staff/patients/signature.html",
        form,
        task=task,
        role=role,
        signed_so_far=[(row.words, row.signature.signer_name) for row in standing if row.signature],
        place=next((row for row in standing if row.role == role), None),
        **guardians.text(task, version),
    )


@area.post("/staff/tasks/<int:number>/signatures/paper")
@guard.audience("staff")
def paper(number):
    """The signed paper is at the clinic: the task is done without a signature here."""
    task = doors.found(number, "consent")
    fresh = signers.signed_on_paper(task, guard.by(), request.form.get("note", ""))
    words = "Noted: signed on paper." if fresh else "That was noted before."
    return respond.done(f"{url_for('staff_tasks.detail', number=number)}#signers", words)


@area.post("/staff/tasks/<int:number>/hand-over")
@guard.audience("staff")
def hand_over(number):
    """A link to go on with this on the patient's own phone, or for the guardian to sign on theirs."""
    task = doors.found(number)
    purpose = "guardian" if request.form.get("purpose") == "guardian" else "patient"
    return guardians.link_page("staff/patients/hand_over.html", task, purpose, guard.by(), handover.AT_THE_DESK)


@area.post("/staff/tasks/<int:number>/hand-over/end")
@guard.audience("staff")
def end(number):
    task = doors.found(number)
    for row in handover.open_links(task):
        handover.end(row, guard.by(), "closed by staff")
    return respond.done(f"{url_for('staff_tasks.detail', number=number)}#signers", "The link is closed.")
