"""A consent on the patient's screen: the notice before the first one, the text to read, the signature, or the "no".

The same pages for the signed-in patient and for a hand-over link; each takes the door through which it is seen.
"""

from flask import request
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField

from clock import now
from models import OPEN_TASK, PaperworkVersion
from rules import consents, markdown, notices, paperwork, sealing, signers, signing
from rules.consent_texts import CLAUSES_HEAD, PERMISSIONS, PERMISSIONS_HEAD, PERMISSIONS_LEAD
from rules.refused import Refused
from views import guard, guardians, respond
from views.doors import Door
from views.signature import SignatureForm

INITIALS = {"maxlength": 5, "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class RefusalForm(FlaskForm):
    why = TextAreaField("Would you like to tell us why?", render_kw={"maxlength": consents.LONGEST_WHY})


def form_of(version: PaperworkVersion, formdata) -> SignatureForm:
    """The signature, and a field for each of the initials and permissions of this version, in the order of the page."""

    class ConsentForm(SignatureForm):
        pass

    def add(name, field, place):
        field.creation_counter = place  # before those of the signature: the error summary follows the page
        setattr(ConsentForm, name, field)

    for place, clause in enumerate(consents.clauses_of(version), 1):
        if clause.get("initials"):
            words = f"Your initials beside point {place}"
            add(consents.initials_field(clause["key"]), StringField(words, render_kw=INITIALS), place - 1_000)
    for place, kind in enumerate(consents.kinds_of(version), 1):
        words, hint = PERMISSIONS[kind]
        field = RadioField(words, description=hint, choices=guardians.YES_OR_NO, validate_choice=False)
        add(consents.permission_field(kind), field, place - 500)
    return ConsentForm(formdata=formdata)


def frame(door: Door, version: PaperworkVersion) -> dict:
    """What every page of a consent shows: the text, and the visit it is for."""
    task, visit = door.task, door.task.appointment
    return {
        "door": door,
        "task": task,
        "guardian": guardians.beside(task),
        "version": version,
        "body": markdown.render(version.body),
        "clauses": [
            {**clause, "field": consents.initials_field(clause["key"])} for clause in consents.clauses_of(version)
        ],
        "permissions": [consents.permission_field(kind) for kind in consents.kinds_of(version)],
        "heads": {"clauses": CLAUSES_HEAD, "permissions": PERMISSIONS_HEAD, "lead": PERMISSIONS_LEAD},
        "visit": visit,
        "zone": visit.location.time_zone,
        "late": paperwork.is_late(task.paperwork.kind, task.status, visit.status, visit.starts_at, now()),
    }


def read_and_sign(door: Door, form=None, version: PaperworkVersion | None = None):
    """The text and the place to sign; the notice instead, as long as it is to be read first."""
    task = door.task
    if form is None and notices.to_be_read(task.patient_id):
        return notice(door)
    version = version or paperwork.version_of(task)
    if request.method == "GET" and not request.fetched_ahead:
        consents.note_shown(task, version, door.by)
    form = form if form is not None else form_of(version, None)
    return respond.form_page("patient/paperwork/consent.html", form, **frame(door, version))


def signed(door: Door):
    """What was signed, by whom, and who is still to sign."""
    task = door.task
    given = consents.signatures_of(task)
    filled = next((row.details for row in given if row.role == "patient"), {})
    shown = frame(door, task.version)
    for clause in shown["clauses"]:
        clause["letters"] = filled.get("initials", {}).get(clause["key"])
    return respond.page(
        "patient/paperwork/signed.html",
        signatures=[(row, signing.svg(row.strokes) if row.strokes else None) for row in given],
        chosen=consents.chosen_words(task.version, filled),
        role_words=signers.ROLE_WORDS,
        record=sealing.record_of(task),
        base=door.base,
        **shown,
    )


def sign(door: Door):
    """Sign the text that was on the screen; with a "no" the same page comes back, with all that was filled in."""
    task, form, version = door.task, SignatureForm(), None
    try:
        version = consents.version_on_screen(task, request.form.get("version"))
        form = form_of(version, request.form)
        fresh = consents.sign_as_patient(
            task, door.by, version, method=form.method.data, full_name=form.full_name.data, strokes=form.strokes.data,
            agreed=form.agreed.data, initials=initials_in(form, version),
            permissions=guardians.permissions_in(form, version),
        )  # fmt: skip
    except Refused as no:
        if no.facts.get("unknown_age") and not door.handed:
            return respond.done("/profile/names#birth_date", no.words)
        if task.status == "not_needed" and not consents.may_still_sign(task):
            raise
        if version is None:  # another text is shown than the one that was agreed to: all of that is asked anew
            version, filled = paperwork.version_of(task), form
            form = form_of(version, None)
            for kept in ("method", "full_name", "strokes"):
                form[kept].data = filled[kept].data
        tell(form, no)
        return read_and_sign(door, form, version)
    return go_on(door, "Thank you. Your signature is with the clinic." if fresh else "You have signed this already.")


def initials_in(form, version) -> dict:
    fields = {clause["key"]: consents.initials_field(clause["key"]) for clause in consents.clauses_of(version)}
    return {key: form[field].data for key, field in fields.items() if field in form}


def tell(form, no: Refused) -> None:
    """Each sentence beside its field."""
    for field, words in no.facts.get("problems", {}).items():
        form[field].errors = [*form[field].errors, words]
    if "problems" not in no.facts:
        respond.refuse(form, no)


def go_on(door: Door, words: str):
    """Home, with what to do next; a minor's page says there who signs beside them."""
    if door.handed:
        return respond.done(door.home, words)
    if signers.missing_before_visit(type(door.task).get_by_id(door.task.id)):
        return respond.done(door.base, words)
    open_ones = paperwork.action_required(guard.me(), now())
    then = f"Next: {open_ones[0].name}." if open_ones else "Nothing else is waiting for you."
    return respond.done(door.home, f"{words} {then}")


# --- the notice ---------------------------------------------------------------------------------


def notice(door: Door):
    """Before the first signature: what signing on a screen means, to agree to or to leave for paper."""
    form, patient = FlaskForm(), door.task.patient
    if request.method == "POST":
        try:
            if request.form.get("do") == "paper":
                notices.prefer_paper(patient, door.by, door.task)
            else:
                notices.agree(patient, door.by, request.form.get("notice"))
            return respond.done(door.base)
        except Refused as no:
            respond.refuse(form, no)
    elif not notices.to_be_read(patient):
        return respond.done(door.base)
    current = notices.current()
    return respond.form_page(
        "patient/paperwork/notice.html", form, door=door, current=current, text=markdown.render(current.text),
        on_paper=patient.paper_since,
    )  # fmt: skip


# --- "I do not want to sign this" ---------------------------------------------------------------


def decline(door: Door):
    """A "no" with a reason, or without one; the way back stays open while the visit is to come."""
    form = RefusalForm()
    if request.method == "POST":
        try:
            consents.decline(door.task, door.by, form.why.data or "")
            words = "We have told the clinic that you do not want to sign this."
            return respond.done(door.base, words)
        except Refused as no:
            respond.refuse(form, no)
    elif door.task.status not in OPEN_TASK:
        return respond.done(door.base)
    version = paperwork.version_of(door.task)
    return respond.form_page("patient/paperwork/refusal.html", form, door=door, task=door.task, version=version)
