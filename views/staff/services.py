"""Services, who performs them, and the paperwork assigned to them."""

from flask import Blueprint, url_for
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField

from models import KINDS, Assignment, Category, Paperwork, Provider, Service, ServiceProvider
from rules import assignments, checklist, services
from rules.paperwork import KIND_WORDS
from rules.refused import Refused
from views import guard, respond
from views.forms import AmountField, WholeNumber, row_number

area = Blueprint("services", __name__)
EDITORS = ("owner", "desk")
PAPERS = {kind: f"papers_{kind}" for kind in KINDS}


class ServiceForm(FlaskForm):
    name = StringField("Name", render_kw={"maxlength": 120})
    category = SelectField("Category", coerce=row_number, validate_choice=False)
    new_category = StringField("Or a new category", render_kw={"maxlength": 80})
    summary = TextAreaField("Summary")
    duration_minutes = WholeNumber("Duration in minutes", *services.DURATION, "minutes")
    buffer_minutes = WholeNumber("Pause after it in minutes", *services.BUFFER, "minutes", default=0)
    price = AmountField("Price", missing="Write the price; 0 means free of charge")
    providers = SelectMultipleField("Who performs it", coerce=row_number, validate_choice=False)
    papers_questionnaire = SelectMultipleField("Questionnaires", coerce=row_number, validate_choice=False)
    papers_consent = SelectMultipleField("Consents", coerce=row_number, validate_choice=False)
    papers_pre_treatment = SelectMultipleField("Pre-treatment instructions", coerce=row_number, validate_choice=False)
    papers_post_treatment = SelectMultipleField("Post-treatment instructions", coerce=row_number, validate_choice=False)

    def offer(self, service: Service | None):
        """The choices: what is in use, and what this service has even if it was archived."""
        self.category.choices = [(0, "Choose one")] + [
            (it.id, it.name) for it in Category.select().order_by(Category.position, Category.name)
        ]
        has = set() if service is None else {it.provider_id for it in service.performed_by}
        people = Provider.select().where(Provider.archived_at.is_null() | Provider.id.in_(list(has) or [0]))
        self.providers.choices = [(it.id, _called(it)) for it in people.order_by(Provider.name)]
        tied = set() if service is None else {it.paperwork_id for it in service.assignments}
        papers = Paperwork.select().where(Paperwork.archived_at.is_null() | Paperwork.id.in_(list(tied) or [0]))
        whole = {it.id for it in assignments.by_category(service.category_id)} - tied if service else set()
        papers = [it for it in papers.order_by(Paperwork.name) if it.id not in whole]
        for kind, field in PAPERS.items():
            self[field].choices = [(it.id, _called(it)) for it in papers if it.kind == kind]
        return self

    def facts(self) -> dict:
        return {
            "name": self.name.data,
            "summary": self.summary.data,
            "category_number": self.category.data,
            "new_category": self.new_category.data,
            "duration_minutes": self.duration_minutes.data,
            "buffer_minutes": self.buffer_minutes.data,
            "price_minor": self.price.data,
            "providers": self.providers.data,
            "papers": [number for field in PAPERS.values() for number in self[field].data],
        }


def _called(row):
    return row.name + (" (archived)" if row.archived_at else "")


@area.get("/staff/services")
@guard.audience("staff")
def overview():
    rows = services.listed()
    offered = [row for row in rows if not row.archived_at]
    return respond.page(
        "staff/services/list.html",
        rows=offered,
        lists=checklist.of(offered),
        needed=checklist.needed,
        archived=[row for row in rows if row.archived_at],
    )


@area.get("/staff/services/new")
@guard.audience("staff", *EDITORS)
def new():
    form = ServiceForm(formdata=None).offer(None)
    return show(None, form)


@area.post("/staff/services/new")
@guard.audience("staff", *EDITORS)
def add():
    return keep(None)


@area.get("/staff/services/<int:number>")
@guard.audience("staff")
def detail(number):
    service = guard.found(Service, number)
    tied = list(Paperwork.select(Paperwork.id, Paperwork.kind).join(Assignment).where(Assignment.service == service))
    data = {field: [it.id for it in tied if it.kind == kind] for kind, field in PAPERS.items()}
    form = ServiceForm(
        formdata=None, name=service.name, category=service.category_id, summary=service.summary,
        duration_minutes=service.duration_minutes, buffer_minutes=service.buffer_minutes, price=service.price_minor,
        providers=[it.provider_id for it in ServiceProvider.select().where(ServiceProvider.service == service)], **data,
    ).offer(service)  # fmt: skip
    return show(service, form)


@area.post("/staff/services/<int:number>")
@guard.audience("staff", *EDITORS)
def change(number):
    return keep(guard.found(Service, number))


def keep(service):
    form = ServiceForm().offer(service)
    if form.validate():
        try:
            saved = services.save(service, guard.by(), **form.facts())
            words = f"{saved.name} is saved."
            if not saved.archived_at:
                words += f" {checklist.bookable_words(saved)}"
            return respond.done(url_for("services.overview"), words)
        except Refused as no:
            respond.refuse(form, no)
    return show(service, form)


def show(service, form):
    papers = [form[field] for field in PAPERS.values()]
    return respond.form_page(
        "staff/services/service.html",
        form,
        service=service,
        papers=papers,
        whole=assignments.by_category(service.category_id) if service else [],
        checklist=checklist.of([service])[service.id] if service and not service.archived_at else [],
        needed=checklist.needed,
        may_edit=guard.me().role in EDITORS,
        kind_words=KIND_WORDS,
    )


@area.post("/staff/services/<int:number>/archival")
@guard.audience("staff", *EDITORS)
def archive(number):
    service = guard.found(Service, number)
    services.archive(service, guard.by())
    return respond.done(url_for("services.overview"), f"{service.name} can no longer be booked. Booked visits stand.")


@area.post("/staff/services/<int:number>/restoration")
@guard.audience("staff", *EDITORS)
def restore(number):
    service = guard.found(Service, number)
    services.restore(service, guard.by())
    return respond.done(url_for("services.overview"), f"{service.name} is back. {checklist.bookable_words(service)}")
