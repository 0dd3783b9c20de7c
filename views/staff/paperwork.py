"""Editing questionnaires, consents and instructions; an edit makes a new version."""

from flask import Blueprint, abort, request, url_for

from models import KINDS, Paperwork, PaperworkVersion
from rules import assignments, markdown, templates
from rules.clinic import home_zone
from rules.paperwork import KIND_WORDS
from rules.refused import Refused
from rules.words import count
from views import editors, guard, questionnaire, respond
from views.editors import consent, instruction
from views.editors.questionnaire import previewed
from views.forms import carried

area = Blueprint("staff_paperwork", __name__)
EDITORS = ("owner", "desk")


@area.get("/staff/paperwork")
@guard.audience("staff")
def overview():
    rows = templates.listed()
    return respond.page(
        "staff/paperwork/list.html",
        shelves=[(kind, KIND_WORDS[kind], [r for r in rows if r.kind == kind and not r.archived_at]) for kind in KINDS],
        archived=[row for row in rows if row.archived_at],
        kind_words=KIND_WORDS,
        zone=home_zone(),
        validity_words=templates.validity_words,
    )


@area.get("/staff/paperwork/new")
@guard.audience("staff", *EDITORS)
def new():
    kind = request.args.get("kind")
    if kind not in KINDS:
        abort(404)
    return show(editors.fresh(kind), kind)


@area.post("/staff/paperwork/new")
@guard.audience("staff", *EDITORS)
def add():
    kind = request.args.get("kind")
    if kind not in KINDS:
        abort(404)
    form = editors.sent(kind)
    if request.form.get("do") != "save":
        return rearrange(form, kind)
    try:
        made = templates.create(kind, by=guard.by(), **form.facts(), **form.texts())
    except Refused as no:
        form.told(no)
        return show(form, kind)
    return respond.done(
        url_for("staff_paperwork.detail", number=made.id), f"{made.name} is written. Assign it to a service next."
    )


@area.get("/staff/paperwork/<int:number>")
@guard.audience("staff")
def detail(number):
    paperwork = guard.found(Paperwork, number)
    return show(editors.filled(paperwork, templates.current_version(paperwork)), paperwork.kind, paperwork)


@area.post("/staff/paperwork/<int:number>")
@guard.audience("staff", *EDITORS)
def change(number):
    paperwork = guard.found(Paperwork, number)
    form = editors.sent(paperwork.kind)
    if request.form.get("do") != "save":
        return rearrange(form, paperwork.kind, paperwork)
    before = templates.current_version(paperwork).number
    onto = carried(form.base.data) or 0
    try:
        version = templates.revise(paperwork, guard.by(), onto=onto, **form.facts(), **form.texts())
    except Refused as no:
        if "version" in no.facts:
            form.base.data = no.facts["version"]
        form.told(no)
        return show(form, paperwork.kind, guard.found(Paperwork, number))
    words = "Saved."
    if version.number != before:
        words = f"Saved as version {version.number}. {asked_again(version)}"
    return respond.done(url_for("staff_paperwork.detail", number=number), words)


def asked_again(version):
    """What a new version means for those who were asked before."""
    if not version.must_renew:
        return "What patients have begun or done keeps the text they saw."
    if not version.asked_again:
        return "Nobody with a visit to come has done it yet, so nobody is asked again."
    people = count(version.asked_again, "patient")
    does = "is" if version.asked_again == 1 else "are"
    return f"{people} with a visit to come {does} asked again. What they answered or signed before stays in the record."


def rearrange(form, kind, paperwork=None):
    """The form after one of its buttons, such as a question more, or only a fresh preview; nothing is saved yet."""
    form, selector = form.rearranged(request.form.get("do") or "preview")
    answer = show(form, kind, paperwork, unsaved=True, place=selector.removeprefix("#"))
    return respond.focus(answer, selector) if selector else answer


def show(form, kind, paperwork=None, unsaved=False, place=""):
    part = "preview" if request.htmx and request.htmx.target_id == "preview" else "editor"
    texts = form.texts()
    texts["questions"] = previewed(texts["questions"])
    shown = PaperworkVersion(**{**texts, "title": texts["title"] or form.name.data})
    return respond.form_page(
        "staff/paperwork/edit.html",
        form,
        part,
        kind=kind,
        kind_words=KIND_WORDS[kind],
        paperwork=paperwork,
        unsaved=unsaved,
        place=None if request.htmx else place,  # without scripts the page itself puts the focus there
        zone=home_zone(),
        renews=kind in ("questionnaire", "consent"),
        may_edit=guard.me().role in EDITORS,
        body=markdown.render(form.body.data or ""),
        consent=consent.shown(shown),
        instruction=instruction.shown(shown),
        shown=shown,
        sample=questionnaire.form_of(shown, None, {}),
        versions=versions_of(paperwork),
        services=templates.services_of(paperwork) if paperwork else [],
        shelves=assignments.shelves(paperwork) if paperwork else [],
    )


def versions_of(paperwork):
    if paperwork is None:
        return []
    fields = (PaperworkVersion.number, PaperworkVersion.created_at, PaperworkVersion.created_by)
    query = PaperworkVersion.select(*fields).where(PaperworkVersion.paperwork == paperwork)
    return list(query.order_by(PaperworkVersion.number.desc()))


@area.get("/staff/paperwork/<int:number>/versions/<int:version>")
@guard.audience("staff")
def version(number, version):
    """One version as patients read it."""
    paperwork = guard.found(Paperwork, number)
    row = PaperworkVersion.get_or_none(paperwork=paperwork, number=version) or abort(404)
    row.questions = previewed(row.questions)  # for this page; the row itself is frozen
    return respond.page(
        "staff/paperwork/version.html",
        paperwork=paperwork,
        shown=row,
        body=markdown.render(row.body),
        consent=consent.shown(row),
        instruction=instruction.shown(row),
        sample=questionnaire.form_of(row, None, {}),
        zone=home_zone(),
        newest=templates.current_version(paperwork).number,
    )


@area.post("/staff/paperwork/<int:number>/archival")
@guard.audience("staff", *EDITORS)
def archive(number):
    paperwork = guard.found(Paperwork, number)
    templates.archive(paperwork, guard.by())
    return respond.done(
        url_for("staff_paperwork.overview"), f"New bookings no longer bring {paperwork.name}. What is due stays due."
    )


@area.post("/staff/paperwork/<int:number>/restoration")
@guard.audience("staff", *EDITORS)
def restore(number):
    paperwork = guard.found(Paperwork, number)
    templates.restore(paperwork, guard.by())
    return respond.done(url_for("staff_paperwork.overview"), f"New bookings bring {paperwork.name} again.")
