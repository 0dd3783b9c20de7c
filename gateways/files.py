"""Files that belong to rows: under random names, readable for Foyer alone, and on the disk before their row is."""

import os
import re
import secrets
from pathlib import Path

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
    return [entry.name for entry in os.scandir(folder) if entry.stat().st_mtime < at.timestamp()]


def sweep(folder: Path, names) -> int:
    """Take away files that nothing points to any more, by the names that `older_than` gave."""
    for name in names:
        path(folder, name.removeprefix(".")).with_name(name).unlink(missing_ok=True)
    return len(names)


def _settle(folder: Path) -> None:
    """A new name is durable only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
