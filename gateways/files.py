"""Files that belong to rows: under random names, readable for Foyer alone, and on the disk before their row is."""

import logging
import os
import re
import secrets
from pathlib import Path

log = logging.getLogger("foyer.files")

LOST = "lost"  # the folder, beside what is kept, of the files that no row names
NAME = re.compile(r"[A-Za-z0-9_-]{32}\.[a-z]{3,4}")


def keep(folder: Path, content: bytes, ending: str) -> str:
    """Write `content` as a new file of the folder, durable once this returns; its name is random."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{secrets.token_urlsafe(24)}.{ending}"
    draft = folder / f".{name}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(folder / name)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _settle(folder)
    return name


def path(folder: Path, name: str) -> Path:
    """Where a kept file lies. A ValueError for a name that `keep` never gave, so that none leads elsewhere."""
    if not NAME.fullmatch(name):
        raise ValueError("not the name of a kept file")
    return folder / name


def drop(folder: Path, name: str) -> None:
    """Take the file away; one that is gone already stays gone."""
    path(folder, name).unlink(missing_ok=True)


def older_than(folder: Path, at) -> list[str]:
    """The names of the files that were written before that moment, half-written ones too."""
    if not folder.is_dir():
        return []
    files = (entry for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False))
    return [entry.name for entry in files if entry.stat().st_mtime < at.timestamp()]


def sweep(folder: Path, names) -> int:
    """Clear away what nothing points to, by the names that `older_than` gave: half-written files are deleted.

    A whole file is only moved into `lost`: the database that does not name it may be an older or another one.
    """
    lost = 0
    for name in names:
        file = path(folder, name.removeprefix(".")).with_name(name)
        if name.startswith("."):
            file.unlink(missing_ok=True)
        else:
            lost += _set_aside(file)
    if lost:
        log.warning("%s: %s files that this database does not name were moved to %s", folder.name, lost, LOST)
        _settle(folder / LOST)
        _settle(folder)
    return len(names)


def _set_aside(file: Path) -> bool:
    aside = file.parent / LOST
    aside.mkdir(exist_ok=True, mode=0o700)
    try:
        file.rename(aside / file.name)
    except FileNotFoundError:  # its own row took it away meanwhile
        return False
    return True


def _settle(folder: Path) -> None:
    """A new name is durable only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
