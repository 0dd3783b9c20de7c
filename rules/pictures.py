"""Pictures in the clinic's own texts: made anew as photos are, nothing about a patient, for whoever reads them."""

from hashlib import sha256
from pathlib import Path

import settings
from database import write_tx
from gateways import files, pictures
from models import Picture
from rules import trail
from rules.profile import tidy
from rules.refused import Refused

LONGEST = 200


def folder() -> Path:
    return settings.current().data_dir / "pictures"


def add(stream, shows: str, by) -> Picture:
    """Keep a picture; `shows` says in words what is to be seen. Refused with "shows" or "picture" as the field.

    Call it outside of any transaction: the file is read and written before the row is.
    """
    shows = tidy(shows)
    if not shows:
        raise Refused("Say what the picture shows, for those who cannot see it.", "shows")
    if len(shows) > LONGEST or any(sign in shows for sign in "[]"):
        raise Refused(f"Say it in {LONGEST} characters or fewer, without square brackets.", "shows")
    if stream is None:
        raise Refused("Choose a picture.", "picture")
    try:
        pixels = pictures.reencoded(stream)
    except pictures.NotAPicture as no:
        raise Refused(no.words, "picture") from no
    name = files.keep(folder(), pixels.content, "jpg")
    try:
        with write_tx():
            picture = Picture.create(
                file_name=name, shows=shows, digest=sha256(pixels.content).hexdigest(), width=pixels.width,
                height=pixels.height, created_by=by.name[:120],
            )  # fmt: skip
            trail.record(by, "picture added", f"picture {picture.id}")
            return picture
    except BaseException:
        files.drop(folder(), name)
        raise


def listed() -> list[Picture]:
    """The newest first."""
    return list(Picture.select().order_by(Picture.id.desc()))


def line_of(picture: Picture) -> str:
    """What is pasted into a text to show the picture there."""
    return f"![{picture.shows}](/pictures/{picture.file_name})"


def content_of(name: str) -> bytes | None:
    """The file under this name, or None."""
    try:
        return files.path(folder(), name).read_bytes()
    except (ValueError, FileNotFoundError):
        return None
