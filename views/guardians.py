"""Where a parent or guardian signs: on the minor's own device, or on theirs through a link that is shown here."""

import segno
from flask import request
from markupsafe import Markup
from wtforms import BooleanField, RadioField, StringField

from models import PaperworkVersion
from rules import consents, handover, markdown, notices, paperwork, signers
from rules.clinic import home_zone
from rules.consent_texts import CLAUSES_HEAD, PERMISSIONS_HEAD, PERMISSIONS_LEAD
from rules.refused import Refused
from views import respond
from views.doors import Door
from views.signature import SignatureForm

YES_OR_NO = [("yes", "Yes"), ("no", "No")]


class NamedForm(SignatureForm):
    """A signature of somebody other than the patient: their name stands above it, drawn or typed."""

    named = True  # partials/_signature.html leaves the name out

    def __init__(self, *args, agrees="", **kwargs):
        super().__init__(*args, **kwargs)
        self.agreed.label.text = agrees or self.agreed.label.text


class GuardianForm(NamedForm):
    on_screen = BooleanField("I agree to sign on a screen")
    relation = RadioField("You are the patient’s", choices=list(signers.RELATIONS.items()), validate_choice=False)
    relation_words = StringField("How are you related?", render_kw={"autocomplete": "off", "maxlength": 80})


def form_of(task, version: PaperworkVersion, **given) -> GuardianForm:
    """The guardian's form, with their word on each choice about photos, beside what the minor has chosen."""

    class Form(GuardianForm):
        pass

    minor = consents.signature_as(task, "patient")
    chosen = minor.details.get("permissions", {}) if minor else {}
    for place, kind in enumerate(consents.kinds_of(version)):
        said = {True: "yes", False: "no"}.get(chosen.get(kind), "no, by leaving it open")
        hint = f"{task.patient.called} said {said}." if minor else f"{task.patient.called} has not chosen yet."
        words, what = consents.PERMISSIONS[kind]
        field = RadioField(words, description=f"{what} {hint}", choices=YES_OR_NO, validate_choice=False)
        field.creation_counter = place - 500
        setattr(Form, consents.permission_field(kind), field)
    return Form(agrees=agrees(task), **given)


def ask(door: Door, form=None, version: PaperworkVersion | None = None):
    """The text and the guardian's form; what stands in its way instead, when the birth date is not known."""
    task = door.task
    if task.patient.birth_date is None:
        return respond.page("handover/birth_date.html", door=door, task=task)
    version = version or signers.text_version(task)
    needed, missing = signers.needed(task), signers.missing(task)
    if "guardian" not in needed or "guardian" not in missing:
        return respond.page("handover/nothing_to_sign.html", door=door, task=task, signed="guardian" in needed)
    if task.patient.paper_since:
        return respond.page("handover/on_paper.html", door=door, task=task)
    form = form if form is not None else form_of(task, version, formdata=None)
    current = notices.current()
    return respond.form_page(
        "handover/guardian.html",
        form,
        door=door,
        task=task,
        waits="patient" in missing,
        notice=current,
        notice_text=markdown.render(current.text, 3),
        choices=[consents.permission_field(kind) for kind in consents.kinds_of(version)],
        **text(task, version),
    )


def text(task, version: PaperworkVersion) -> dict:
    """What stands above every signature: the text of the consent, and the visit it is for."""
    return {
        "version": version,
        "body": markdown.render(version.body),
        "clauses": consents.clauses_of(version),
        "photos": [consents.PERMISSIONS[kind] for kind in consents.kinds_of(version)],
        "heads": {"clauses": CLAUSES_HEAD, "photos": PERMISSIONS_HEAD, "lead": PERMISSIONS_LEAD},
        "visit": task.appointment,
        "zone": task.appointment.location.time_zone,
    }


def agrees(task) -> str:
    return f"I have read this, I may decide for {task.patient.called}, and I agree"


def sign(door: Door):
    """The guardian signs what was on their screen."""
    task, version = door.task, None
    form = form_of(task, signers.text_version(task))
    try:
        version = consents.version_on_screen(task, request.form.get("version"))
        signers.sign_as_guardian(
            task, door.by, version, full_name=form.full_name.data, relation=form.relation.data,
            relation_words=form.relation_words.data, method=form.method.data, strokes=form.strokes.data,
            agreed=form.agreed.data, notice=request.form.get("notice") if form.on_screen.data else None,
            permissions=permissions_in(form, version),
        )  # fmt: skip
    except Refused as no:
        if no.facts.get("unknown_age"):
            return ask(door)
        if version is None:  # another text than the one that was read: its choices are asked anew
            version, filled = signers.text_version(task), form
            form = form_of(task, version, formdata=None)
            for kept in ("method", "full_name", "strokes", "relation", "relation_words"):
                form[kept].data = filled[kept].data
        respond.refuse(form, no)
        return ask(door, form, version)
    return respond.done(door.home if door.handed else door.base, "Thank you. Your signature is with the clinic.")


def permissions_in(form, version) -> dict:
    """What was said to each choice about photos that this version asks for; None for one that was left open."""
    said = {kind: form[consents.permission_field(kind)].data for kind in consents.kinds_of(version)}
    return {kind: {"yes": True, "no": False}.get(answer) for kind, answer in said.items()}


def beside(task) -> dict | None:
    """What a minor's own page says about the guardian; None for a grown-up, and for whatever is no consent."""
    needed = signers.needed(task)
    if "guardian" not in needed:
        return None
    return {
        "signed": "guardian" not in signers.missing(task),
        "links": [row for row in handover.open_links(task) if row.purpose == "guardian"],
    }


def qr(address: str) -> Markup:
    """The link as a QR code, drawn here: dark on white in any light, and without a style of its own."""
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None))  # noqa: S704


def link_page(template: str, task, purpose: str, by, minutes: int, **more):
    """Make a link and show it, this one time: nothing of it is kept, so the page itself is the answer."""
    address = handover.address_of(handover.open_link(task, purpose, by, minutes))
    return respond.page(
        template, task=task, purpose=purpose, address=address, code=qr(address),
        until=handover.open_links(task)[0].expires_at, zone=home_zone(), title=paperwork.version_of(task).title, **more,
    )  # fmt: skip
