"""A file that is written whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from napari_dynaseg.errors import FileError


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside the goal and move into place, so that no half a file is ever left there.

    Parameters
    ----------
    path
        The goal; folders above it are made.
    write
        Writes the file under another name.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    handle = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(suffix=path.suffix, prefix=".part-", dir=path.parent)
        os.close(handle)
        try:
            write(Path(part))
            Path(part).chmod(0o666 & ~_read_umask())
            Path(part).replace(path)
        finally:
            Path(part).unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise FileError(f"{path} cannot be written: {error}") from error


def _read_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
