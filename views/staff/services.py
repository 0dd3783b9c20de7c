"""Services, who performs them, and the paperwork assigned to them."""

from flask import Blueprint, request, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField

from models import KINDS, Assignment, Category, Paperwork, Provider, ResourceKind, Service, ServiceNeed, ServiceProvider
from rules import assignments, checklist, prerequisites, services
from rules import service_setup as scheduling
from rules.clinic import the_clinic
from rules.paperwork import KIND_WORDS
from rules.refused import Refused
from views import guard, respond
from views.forms import AmountField, WholeNumber, carried, row_number

area = Blueprint("services", __name__)
EDITORS = ("owner", "desk")
OWN = (*scheduling.BOUNDS, "patients", *scheduling.SWITCHES)
PAPERS = {kind: f"papers_{kind}" for kind in KINDS}


class PrerequisitesField(Field):
    """Rows of another service, hours, days and words; its data is a list of wishes, a row without a service is none."""

    def process_formdata(self, valuelist):
        self.typed, self.data, wrong = [], [], False
        sides = (request.form.getlist(f"{self.name}_{side}") for side in ("hours", "days", "why"))
        for row in zip(valuelist, *sides, strict=False):
            needs, hours, days, why = row
            if not carried(needs) or needs == "0":
                continue
            self.typed.append({"needs": int(needs), "hours": hours, "days": days, "why": why})
            at_least, within = carried(hours.strip() or "0"), carried(days.strip())
            wrong = wrong or at_least is None or within is None
            if not wrong:
                self.data.append(prerequisites.Wish(int(needs), at_least, within, why))
        if wrong:
            raise ValueError("Enter whole numbers: how many hours before at least, and for how many days it is good")

    def rows(self):
        """What stands there, and one empty row for another."""
        told = getattr(self, "typed", None)
        if told is None:
            told = [
                {"needs": it.needs, "hours": it.at_least_hours, "days": it.within_days, "why": it.why}
                for it in self.data or []
            ]
        return [*told, {"needs": 0, "hours": "", "days": "", "why": ""}]


class ServiceForm(FlaskForm):
    name = StringField("Name", render_kw={"maxlength": 120})
    category = SelectField("Category", coerce=row_number, validate_choice=False)
    new_category = StringField("Or a new category", render_kw={"maxlength": 80})
    summary = TextAreaField("Summary")
    duration_minutes = WholeNumber("Duration in minutes", *services.DURATION, "minutes")
    buffer_minutes = WholeNumber("Pause after it in minutes", *services.BUFFER, "minutes", default=0)
    buffer_before_minutes = WholeNumber("Pause before it in minutes", *scheduling.BUFFER, "minutes", default=0)
    lead_minutes = WholeNumber("Least notice in minutes", *scheduling.LEAD, "minutes", may_be_empty=True)
    horizon_days = WholeNumber("How far ahead in days", *scheduling.HORIZON, "days", may_be_empty=True)
    slot_minutes = WholeNumber("A time every … minutes", *scheduling.SLOT, "minutes", may_be_empty=True)
    parallel = WholeNumber("Patients at once", *scheduling.PARALLEL, "patients", default=1)
    patients = RadioField("Who may book it online", choices=list(scheduling.PATIENTS.items()), default="everybody")
    online = BooleanField("Patients can book it online", default=True)
    self_cancel = BooleanField("Patients can cancel it themselves", default=True)
    self_move = BooleanField("Patients can move it themselves", default=True)
    kinds = SelectMultipleField("Needs one of each", coerce=row_number, validate_choice=False)
    prerequisites = PrerequisitesField("What comes first")
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
        self.kinds.choices = [(it.id, it.name) for it in ResourceKind.select().order_by(ResourceKind.name)]
        asked = set() if service is None else {it.needs_id for it in service.prerequisites}
        others = Service.select().where(Service.archived_at.is_null() | Service.id.in_(list(asked) or [0]))
        others = others.where(Service.id != (service.id if service else 0)).order_by(Service.name)
        self.prerequisites.choices = [(0, "Nothing"), *((it.id, _called(it)) for it in others)]
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
            "setup": {name: self[name].data for name in OWN},
            "kinds": self.kinds.data,
            "prerequisites": self.prerequisites.data or [],
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
        kinds=[it.kind_id for it in ServiceNeed.select().where(ServiceNeed.service == service)],
        prerequisites=prerequisites.wishes_of(service),
        **{name: getattr(service, name) for name in OWN},
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
        clinics=scheduling.clinics_words(the_clinic()),
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
