"""Photos of patients: shown to the patient they belong to and to staff, and to nobody else."""

from flask import Blueprint, abort, make_response, url_for

from models import Patient, Photo
from rules import photos, trail
from views import guard, respond

area = Blueprint("photos", __name__)


@area.get("/photos/<int:number>")
@guard.audience("patient")
def detail(number):
    return shown(guard.mine(Photo, number))


@area.get("/staff/photos/<int:number>")
@guard.audience("staff")
def for_staff(number):
    photo = guard.found(Photo.select(Photo, Patient).join(Patient), number)
    answer = shown(photo)
    trail.looked(guard.by(), photo.patient, "photo")
    return answer


@area.post("/photos/<int:number>/removal")
@guard.audience("patient")
def remove(number):
    photo = guard.mine(Photo, number)
    photos.remove(photo, guard.by())
    task = url_for("paperwork.detail", number=photo.task_id)
    before = guard.page_before() or ""
    return respond.done(before if before.startswith(f"{task}/") else task, "The photo is removed.")


def shown(photo: Photo):
    """The picture itself, for this answer alone; 404 when it was removed."""
    if photo.removed_at is not None:
        abort(404)
    try:
        content = photos.path_of(photo).read_bytes()
    except FileNotFoundError:
        abort(404)
    answer = make_response(content)
    answer.headers["Content-Type"] = "image/jpeg"
    answer.headers["Content-Disposition"] = f'inline; filename="photo-{photo.id}.jpg"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
