"""Photos of patients: sent through a form that says so, shown to their owner and to staff, and nowhere else."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from flask import request
from PIL import Image

from clock import now
from database import write_tx
from gateways import files
from models import LoginSession, Photo, Task, TrailEntry
from rules import handover, paperwork, photos
from rules.refused import Refused
from tests.gateways.test_pictures import scene, written
from tests.rules.test_paperwork import actor, visit
from tests.rules.test_signers import by_staff
from views import guard

MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def monday(time_machine):
    time_machine.move_to(MONDAY, tick=False)


@pytest.fixture
def task(clinic):
    tasks = paperwork.begin_for(visit(clinic, MONDAY + timedelta(days=3)), actor(clinic.ava))
    return next(task for task in tasks if task.paperwork_id == clinic.history.id)


def jpeg(size=(320, 240)):
    return BytesIO(written(scene(size), "JPEG"))


def add(task, question="face", **facts):
    return photos.add(task, question, facts.pop("stream", None) or jpeg(), actor(task.patient), **facts)


def sent(task):
    Task.update(status="done", done_at=now()).where(Task.id == task.id).execute()


def test_a_photo_is_kept_as_a_row_and_a_file(clinic, task):
    photo = add(task)
    assert (photo.patient_id, photo.task_id, photo.question) == (clinic.ava.id, task.id, "face")
    path = photos.path_of(photo)
    assert path.stat().st_size == photo.size_bytes
    assert path.stat().st_mode & 0o777 == 0o600
    assert Image.open(path).size == (photo.width, photo.height) == (320, 240)
    other = add(task, "back")
    assert {key: [row.id for row in rows] for key, rows in photos.of(task).items()} == {
        "face": [photo.id],
        "back": [other.id],
    }
    line = TrailEntry.get(TrailEntry.action == "photo added")
    assert (line.subject, line.patient_id) == (f"task {task.id}", clinic.ava.id)


def test_what_is_no_picture_is_refused_beside_its_question(clinic, task):
    with pytest.raises(Refused, match="This file is a PDF") as no:
        add(task, stream=BytesIO(b"%PDF-1.7"))
    assert no.value.field == "face"
    assert Photo.select().count() == 0


def test_a_question_has_six_photos_at_most(clinic, task):
    first = add(task)
    for _ in range(5):
        add(task)
    with pytest.raises(Refused, match="6 photos"):
        add(task)
    add(task, "back")
    photos.remove(first, actor(clinic.ava))
    add(task)
    with pytest.raises(Refused, match="1 photo here"):
        add(task, "back", most=1)


def test_uploads_are_limited_by_the_hour(clinic, task, time_machine, monkeypatch):
    monkeypatch.setattr(photos, "PER_HOUR", 2)
    add(task)
    with pytest.raises(Refused, match="PDF"):
        add(task, stream=BytesIO(b"%PDF-1.7"))
    with pytest.raises(Refused, match="too many tries"):
        add(task)
    time_machine.shift(3601)
    add(task)


def test_a_closed_task_takes_none_and_gives_none_back(clinic, task):
    photo = add(task)
    sent(task)
    with pytest.raises(Refused, match="sent already"):
        add(task)
    with pytest.raises(Refused, match="sent already"):
        photos.remove(photo, actor(clinic.ava))
    assert photos.path_of(photo).exists()


def test_a_removed_photo_leaves_its_row_and_no_file(clinic, task):
    photo = add(task)

    def removed_in_vain():
        with write_tx():
            photos.remove(photo, actor(clinic.ava))
            raise RuntimeError("the transaction does not end well")

    with pytest.raises(RuntimeError):
        removed_in_vain()
    assert photos.path_of(photo).exists(), "the file goes only with the row"
    assert photos.remove(photo, actor(clinic.ava)) is True
    assert not photos.path_of(photo).exists()
    assert Photo.get_by_id(photo.id).removed_at == MONDAY
    assert photos.remove(photo, actor(clinic.ava)) is False
    assert photos.of(task) == {}


def test_a_photo_whose_row_cannot_be_written_leaves_no_file(clinic, task, monkeypatch):
    before = set(photos.folder().glob("*"))

    def breaks(*_args, **_kwargs):
        raise RuntimeError("broken")

    monkeypatch.setattr("rules.trail.record", breaks)
    with pytest.raises(RuntimeError):
        add(task)
    assert set(photos.folder().glob("*")) == before
    assert Photo.select().count() == 0


def test_files_without_a_row_are_swept_after_an_hour(clinic, task):
    kept, gone = add(task), add(task)
    written_at = datetime.fromtimestamp(photos.path_of(gone).stat().st_mtime, UTC)  # by the machine's own clock
    Photo.update(removed_at=now()).where(Photo.id == gone.id).execute()
    photos.sweep(written_at + timedelta(minutes=30))
    assert photos.path_of(gone).exists(), "it may be on its way to its row"
    photos.sweep(written_at + timedelta(minutes=61))
    assert photos.path_of(kept).exists()
    assert not photos.path_of(gone).exists()
    assert not (photos.folder() / files.LOST / gone.file_name).exists(), "what a patient took back is deleted"


def test_photos_that_another_database_names_are_moved_aside(clinic, task):
    photo = add(task)
    there, name = photos.path_of(photo).read_bytes(), photo.file_name
    written_at = datetime.fromtimestamp(photos.path_of(photo).stat().st_mtime, UTC)
    Photo.delete().execute()
    photos.sweep(written_at + timedelta(minutes=61))
    assert (photos.folder() / files.LOST / name).read_bytes() == there


# --- pages --------------------------------------------------------------------------------------


def test_a_photo_is_shown_to_its_patient_and_to_nobody_else(clinic, task, as_ava, as_ben, nobody, as_desk):
    photo = add(task)
    answer = as_ava.get(f"/photos/{photo.id}")
    assert answer.status_code == 200
    assert answer.data == photos.path_of(photo).read_bytes()
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f'inline; filename="photo-{photo.id}.jpg"'
    assert photo.file_name not in str(answer.headers)
    assert as_ben.get(f"/photos/{photo.id}").status_code == 404
    assert as_ben.submit(f"/photos/{photo.id}/removal").status_code == 404
    assert as_desk.get(f"/photos/{photo.id}").status_code == 403
    for address in (f"/photos/{photo.id}", f"/staff/photos/{photo.id}"):
        assert nobody.get(address).status_code == 303
    assert as_ava.get("/photos/999999").status_code == 404


def test_staff_see_it_and_the_look_is_in_the_trail(clinic, task, as_ava, as_desk, as_nurse):
    photo = add(task)
    assert as_ava.get(f"/staff/photos/{photo.id}").status_code == 403
    looks = TrailEntry.select().where(TrailEntry.action == "photo looked at", TrailEntry.patient == clinic.ava)
    for number, browser in enumerate((as_desk, as_nurse), 1):
        answer = browser.get(f"/staff/photos/{photo.id}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        assert looks.count() == number
    photos.remove(photo, actor(clinic.ava))
    assert as_desk.get(f"/staff/photos/{photo.id}").status_code == 404
    assert looks.count() == 2, "what is gone was not looked at"


def test_a_patient_takes_a_photo_back(clinic, task, as_ava):
    photo = add(task)
    answer = as_ava.submit(f"/photos/{photo.id}/removal")
    assert (answer.status_code, answer.location) == (303, f"/tasks/{task.id}")
    assert as_ava.get(f"/photos/{photo.id}").status_code == 404
    other = add(task)
    section = f"/tasks/{task.id}/sections/2"
    for came_from, to in (
        (f"http://localhost{section}", section),
        ("http://localhost//evil.example", f"/tasks/{task.id}"),
        ("http://evil.example/tasks", f"/tasks/{task.id}"),
    ):
        headers = {"Referer": came_from}
        answer = as_ava.post(f"/photos/{other.id}/removal", data={"csrf_token": as_ava.token()}, headers=headers)
        assert (answer.status_code, answer.location) == (303, to)
    sent(task)
    last = Photo.create(
        patient=clinic.ava, task=task, question="face", file_name="x", digest="", size_bytes=1, width=1, height=1
    )
    assert as_ava.submit(f"/photos/{last.id}/removal").status_code == 409


# --- files in forms ----------------------------------------------------------------------------


@pytest.fixture
def room(clinic, monkeypatch):
    """A page of ours whose form may carry files; it tells what came."""

    def view():
        stream = request.files["p_face"].stream if "p_face" in request.files else BytesIO()
        return f"{len(stream.read())} bytes and {request.form['words']}"

    kept = clinic.app.view_functions["photos.remove"]
    view.audience = kept.audience
    monkeypatch.setitem(clinic.app.view_functions, "photos.remove", guard.takes_files(20)(lambda number: view()))
    clinic.app.view_functions["photos.remove"].audience = kept.audience
    return "/photos/1/removal"


def send(browser, address, size, name="p_face"):
    form = {"csrf_token": browser.token(), "words": "hello", name: (BytesIO(b"x" * size), "a.jpg")}
    return browser.post(address, data=form, content_type="multipart/form-data")


def test_a_form_that_takes_files_may_be_larger_than_others(clinic, as_ava, room):
    size = 6 * 1024 * 1024
    assert send(as_ava, room, size).text == f"{size} bytes and hello"
    assert send(as_ava, "/profile/address", 10).status_code == 400, "no other form takes a file"
    assert send(as_ava, "/profile/address", size).status_code == 413


def test_too_large_is_answered_in_kind_words(clinic, as_ava, room):
    answer = send(as_ava, room, 21 * 1024 * 1024)
    assert answer.status_code == 413
    assert "up to 15 MB" in answer.text
    assert answer.text.count("<h1") == 1


def test_a_stranger_cannot_send_much(clinic, nobody, room):
    nobody.token_page = "/sign-in"
    assert send(nobody, room, 6 * 1024 * 1024).status_code == 413
    assert send(nobody, room, 10).status_code == 303


def test_a_session_that_ended_makes_no_room(clinic, as_ava, room):
    LoginSession.update(ended_at=now()).execute()
    as_ava.token_page = "/sign-in"
    assert send(as_ava, room, 6 * 1024 * 1024).status_code == 413


def test_a_link_makes_room_once_its_birth_date_is_proven(clinic, task, nobody, room):
    token = handover.open_link(task, "patient", by_staff(clinic.desk), 30)
    nobody.token_page = "/handed/door"
    nobody.get(f"/h/{token}")
    assert send(nobody, room, 6 * 1024 * 1024).status_code == 413
    born = clinic.ava.birth_date
    nobody.submit("/handed/door", day=born.day, month=born.month, year=born.year)
    assert send(nobody, room, 6 * 1024 * 1024).status_code == 303, "it was read, and then the page is not for links"
