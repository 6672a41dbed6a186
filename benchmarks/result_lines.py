"""A file that takes one line of JSON for each run, so that a stopped measurement goes on."""

import json
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from napari_dynaseg.errors import FileError, name_failure

Line = dict[str, Any]
Name = TypeVar("Name", bound=Hashable)


def group_lines(lines: Iterable[Line], find_name: Callable[[Line], Name]) -> dict[Name, list[Line]]:
    """Group lines by what is found in each, in the order in which it comes first.

    Examples
    --------
    >>> group_lines([{"seed": 1}, {"seed": 0}, {"seed": 1}], lambda line: line["seed"])
    {1: [{'seed': 1}, {'seed': 1}], 0: [{'seed': 0}]}
    """
    groups: dict[Name, list[Line]] = {}
    for line in lines:
        groups.setdefault(find_name(line), []).append(line)
    return groups


class ResultLines:
    """The lines of a results file, those before and those to come; each has a ``key``.

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
        self.lines: list[Line] = []
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            content = path.read_bytes()
            whole, _, rest = content.rpartition(b"\n")
            self.lines = [json.loads(line) for line in whole.splitlines()]
            _ = [line["key"] for line in self.lines]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise FileError(f"{path} is no file of this comparison: {error}") from None
        if rest and not rest.startswith(b"{"):
            raise FileError(f"{path} is no file of this comparison: it ends in {rest[:40]!r}")
        if rest:
            with path.open("r+b") as file:
                file.truncate(len(content) - len(rest))

    def append(self, line: Line) -> None:
        """Write a line, at once.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        self.lines.append(line)
        if self._path is None:
            return
        with name_failure(self._path, "written"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(json.dumps(line) + "\n")
