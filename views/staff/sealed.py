"""The sealed PDFs as staff see them: a patient's copy for the chart, and those that could not be made."""

from flask import Blueprint, abort, request, url_for

from models import SealedFile
from rules import sealing, trail
from rules.clinic import home_zone
from views import doors, guard, respond

area = Blueprint("sealed", __name__)


@area.get("/staff/tasks/<int:number>/record")
@guard.audience("staff")
def detail(number):
    task, record = found(number)
    base = f"/staff/tasks/{task.id}"
    if not request.htmx.partial:  # the page asks again by itself while the file is made: that is the same look
        trail.looked(guard.by(), task.patient, "sealed consent")
    return respond.page("staff/patients/record_file.html", "record", task=task, record=record, base=base)


@area.get("/staff/tasks/<int:number>/record.pdf")
@guard.audience("staff")
def download(number):
    task, record = found(number)
    if record.ready is None:
        return detail(number)
    file = sealing.bytes_of(record.ready)
    trail.looked(guard.by(), task.patient, "sealed consent")
    return respond.pdf(file, f"consent-{task.id}.pdf")


@area.get("/staff/sealed-files")
@guard.audience("staff")
def listing():
    rows = sealing.listed()
    for patient in {row.signature.task.patient_id: row.signature.task.patient for row in rows}.values():
        trail.looked(guard.by(), patient, "sealed consents that could not be made")
    return respond.page("staff/sealed/listing.html", rows=rows, zone=home_zone())


@area.post("/staff/sealed-files/<int:number>/again")
@guard.audience("staff", "owner", "desk")
def again(number):
    row = guard.found(SealedFile, number)
    sealing.try_again(row, guard.by())
    return respond.done(url_for(".detail", number=row.signature.task_id), "It is tried again now.")


def found(number):
    """A signed consent and its sealed files; 404 for what was never signed."""
    task = guard.found(doors.whole(), number)
    record = sealing.record_of(task)
    return (task, record) if record.newest is not None else abort(404)
