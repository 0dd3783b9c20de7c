"""The patient's own copy of what they signed: the sealed PDF, or a page that waits for it."""

from flask import Blueprint, abort

from rules import sealing
from views import doors, guard, respond

area = Blueprint("records", __name__)


@area.get("/tasks/<int:number>/record")
@guard.audience("patient")
def detail(number):
    """Whether the copy is ready; while it is being made, the page asks again by itself."""
    task = doors.own(number, "consent")
    record = sealing.record_of(task)
    if record.newest is None:
        abort(404)
    base = f"/tasks/{task.id}"
    return respond.page("patient/paperwork/record.html", "record", task=task, record=record, base=base)


@area.get("/tasks/<int:number>/record.pdf")
@guard.audience("patient")
def download(number):
    task = doors.own(number, "consent")
    record = sealing.record_of(task)
    if record.newest is None:
        abort(404)
    if record.ready is None:
        return detail(number)
    return respond.pdf(sealing.bytes_of(record.ready), f"consent-{task.id}.pdf")
