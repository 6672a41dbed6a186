"""A file that takes one line of JSON for each run, so that a stopped measurement goes on."""

import json
from pathlib import Path
from typing import Any

from napari_dynaseg.errors import FileError


class ResultLines:
    """The lines of a results file, those before and those to come.

    A line that was being written when the measurement was killed is dropped.

    Parameters
    ----------
    path
        The file; it need not be there yet. `None` keeps the lines in memory.

    Raises
    ------
    FileError
        If the file holds something else, or cannot be read.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.lines: list[dict[str, Any]] = []
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            content = path.read_bytes()
            whole, _, rest = content.rpartition(b"\n")
            self.lines = [json.loads(line) for line in whole.splitlines()]
        except (OSError, ValueError) as error:
            raise FileError(f"{path} is no file of this comparison: {error}") from None
        if rest and not rest.startswith(b"{"):
            raise FileError(f"{path} is no file of this comparison: it ends in {rest[:40]!r}")
        if rest:
            with path.open("r+b") as file:
                file.truncate(len(content) - len(rest))

    def append(self, line: dict[str, Any]) -> None:
        """Write a line, at once.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        self.lines.append(line)
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise FileError(f"{self._path} cannot be written: {error}") from error
