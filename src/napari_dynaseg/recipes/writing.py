"""Files and folders that are written whole or not at all."""

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from napari_dynaseg.errors import name_failure


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside the goal and move into place, so that no half a file is ever left there.

    Parameters
    ----------
    path
        The goal, a file or a folder; folders above it are made.
    write
        Writes it under another name.

    Raises
    ------
    FileError
        If it cannot be written; what was there before is as it was.
    """
    part = path.with_name(f".{path.name}.{uuid4().hex}.partial")
    with name_failure(path, "written"):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(part)
            _put_in_place(part, path)
        finally:
            _remove(part)


def _put_in_place(part: Path, path: Path) -> None:
    if not path.is_dir():
        part.replace(path)
        return
    # No folder takes the place of another at once.
    old = path.with_name(f".{path.name}.{uuid4().hex}.old")
    path.rename(old)
    try:
        part.rename(path)
    except OSError:
        old.rename(path)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
