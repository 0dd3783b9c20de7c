"""Photos that patients send with a task: made anew, kept outside of web folders, removed while the task is open."""

from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import settings
from clock import now
from database import after_commit, write_tx
from gateways import files, pictures
from models import OPEN_TASK, Photo, Task
from rules import limits, trail
from rules.question_types import MOST_PHOTOS
from rules.refused import Refused

MOST_OF_A_STEP = 24  # a timeline's step may be answered again and again
PER_HOUR = 60
KEPT_UNNAMED = timedelta(hours=1)  # a file that no row names is swept after this; a row follows its file in moments


def folder() -> Path:
    return settings.current().data_dir / "photos"


def add(task: Task, question: str, stream, by, most: int = MOST_PHOTOS) -> Photo:
    """Keep the picture in `stream` for this question of the task (a key), or this step of a timeline.

    Refused, with the question's key as the field, for a file that is no picture, for one too many, and when the task
    is closed. Call it outside of any transaction: the file is read and written before the row is.
    """
    with adding(task, question, stream, by, most) as photo:
        return photo


@contextmanager
def adding(task: Task, question: str, stream, by, most: int = MOST_PHOTOS):
    """The same for a photo that is part of something: a block in its transaction, with it kept or not at all."""
    limits.spend("photo", f"patient:{task.patient_id}", PER_HOUR, timedelta(hours=1))
    _check(task, question, most)
    try:
        pixels = pictures.reencoded(stream)
    except pictures.NotAPicture as no:
        raise Refused(no.words, question) from no
    name = files.keep(folder(), pixels.content, "jpg")
    try:
        with write_tx():
            _check(task, question, most)
            photo = Photo.create(
                patient=task.patient_id,
                task=task,
                question=question,
                file_name=name,
                digest=sha256(pixels.content).hexdigest(),
                size_bytes=len(pixels.content),
                width=pixels.width,
                height=pixels.height,
            )
            trail.record(by, "photo added", f"task {task.id}", patient=task.patient_id, photo=photo.id)
            yield photo
    except BaseException:
        files.drop(folder(), name)
        raise


def _check(task: Task, question: str, most: int) -> None:
    fresh = Task.get_by_id(task.id)
    if fresh.paperwork.kind == "post_treatment":
        most = MOST_OF_A_STEP
        if fresh.status == "not_needed":
            raise Refused("This is not needed any more, so no photo can be added.", question)
    elif fresh.status not in OPEN_TASK or fresh.lapsed_at:
        raise Refused("This was sent already, so no photo can be added to it.", question)
    there = Photo.select().where(Photo.task == task, Photo.question == question, Photo.removed_at.is_null()).count()
    if there >= most:
        photos = "photo" if most == 1 else "photos"
        raise Refused(f"There can be {most} {photos} here. Remove one to add another.", question)


def remove(photo: Photo, by) -> bool:
    """Take a photo back; False when it was taken back before. What was sent stays: Refused once the task is closed."""
    with write_tx():
        open_tasks = Task.select(Task.id).where(Task.status.in_(OPEN_TASK), Task.lapsed_at.is_null())
        mine = Photo.update(removed_at=now()).where(Photo.id == photo.id, Photo.removed_at.is_null())
        if not mine.where(Photo.task.in_(open_tasks)).execute():
            if Photo.get_by_id(photo.id).removed_at:
                return False
            raise Refused("This photo was sent already. Please tell the clinic if it should not be there.")
        trail.record(by, "photo removed", f"task {photo.task_id}", patient=photo.patient_id, photo=photo.id)
        after_commit(partial(files.drop, folder(), photo.file_name))
        return True


def of(task: Task) -> dict[str, list[Photo]]:
    """The photos of a task by question, the oldest first; work that counts from an earlier visit is that visit's."""
    found: dict[str, list[Photo]] = {}
    kept = Photo.select().where(Photo.task == (task.counted_from_id or task.id), Photo.removed_at.is_null())
    for photo in kept.order_by(Photo.id):
        found.setdefault(photo.question, []).append(photo)
    return found


def path_of(photo: Photo) -> Path:
    """Where the file lies; it may be gone when the photo was removed."""
    return files.path(folder(), photo.file_name)


def sweep(at) -> int:
    """Delete what patients removed and a crash left; move aside what no row names. Returns how many."""
    removed = dict(Photo.select(Photo.file_name, Photo.removed_at).tuples())
    swept = [name for name in files.older_than(folder(), at - KEPT_UNNAMED) if removed.get(name, at) is not None]
    for name in removed.keys() & set(swept):
        files.drop(folder(), name)
    files.sweep(folder(), [name for name in swept if name not in removed])
    return len(swept)
