"""Whose journals lie in a folder: those of processes that still run, or those that a crash left."""

import contextlib
import os
import platform
import re
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from napari_dynaseg.errors import FileError, name_failure
from napari_dynaseg.files.journal import HEAD, Journal, read_head, read_journal
from napari_dynaseg.files.label_state import LayerState

# A clock that is set makes the start of a process seem another; numbers come back later than so.
CLOCK_SECONDS = 60
# Of a process on another machine, which may share the folder, only silence tells.
SILENT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Owner:
    """The process that keeps some journals.

    Parameters
    ----------
    process
        Its number.
    started
        When it started, in seconds since 1970.
    machine
        The name of its machine, of letters, digits and underscores.
    """

    process: int
    started: int
    machine: str

    @property
    def folder_name(self) -> str:
        """What the folder of its journals is called."""
        return f"{self.process}-{self.started}-{self.machine}"

    @classmethod
    def parse(cls, folder_name: str) -> "Owner | None":
        """Read an owner from the name of a folder; `None` from one that is none of ours."""
        found = re.fullmatch(r"(\d{1,9})-(\d{1,12})-(\w+)", folder_name, re.ASCII)
        return cls(int(found[1]), int(found[2]), found[3]) if found else None

    def is_running(self, last_sign: float) -> bool:
        """Tell whether the process still runs.

        Parameters
        ----------
        last_sign
            When it last wrote something, in seconds since 1970.
        """
        import psutil

        if self.machine != _name_machine():
            return time.time() - last_sign < SILENT_SECONDS
        try:
            started = psutil.Process(self.process).create_time()
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True
        return bool(abs(started - self.started) < CLOCK_SECONDS)


@cache
def find_owner() -> Owner:
    """Find the owner that this process is."""
    import psutil

    started = int(psutil.Process().create_time())
    return Owner(os.getpid(), started, _name_machine())


def make_journal(root: Path) -> Journal:
    """Make a journal of this process, not yet written, in the folder that holds all of them."""
    return Journal(root / find_owner().folder_name / uuid4().hex)


def clear_journal(folder: Path) -> None:
    """Remove a journal, and the folder of its owner if it was the last.

    Its head goes last, so that what is left of a failure is known for one.

    Raises
    ------
    FileError
        If it cannot be removed.
    """
    with name_failure(folder, "removed"), contextlib.suppress(FileNotFoundError):
        for file in folder.glob("*"):
            if file.name != HEAD:
                file.unlink()
        shutil.rmtree(folder)
    with contextlib.suppress(OSError):  # others may be left there
        folder.parent.rmdir()


@dataclass(frozen=True)
class LeftJournal:
    """A journal that a crash left.

    Parameters
    ----------
    folder
        Where it lies.
    name
        Of its layer, empty if it cannot be read.
    written
        When it was last brought up to date.
    problem
        Why it cannot be restored, if that is known already.
    """

    folder: Path
    name: str
    written: datetime
    problem: str = ""

    def read(self) -> tuple[Any, LayerState]:
        """Read the layer: its pixels and all else of it.

        Raises
        ------
        FileError
            If it cannot be read.
        """
        return read_journal(self.folder)

    def remove(self) -> None:
        """Remove it, for good.

        Raises
        ------
        FileError
            If it cannot be removed.
        """
        clear_journal(self.folder)


def list_left(root: Path) -> list[LeftJournal]:
    """List the journals that crashes left in a folder, the newest first.

    What is none of ours is passed over, and what cannot be read is listed with the reason.

    Raises
    ------
    FileError
        If the folder cannot be read.
    """
    left: list[LeftJournal] = []
    with name_failure(root), contextlib.suppress(FileNotFoundError):
        for folder in filter(Path.is_dir, root.iterdir()):
            left += [_describe(each) for each in folder.iterdir() if _is_left(folder.name, each)]
    return sorted(left, key=lambda each: each.written, reverse=True)


def _is_left(owner_name: str, journal: Path) -> bool:
    owner = Owner.parse(owner_name)
    is_ours = owner is not None and re.fullmatch("[0-9a-f]{32}", journal.name) and journal.is_dir()
    return bool(is_ours and owner and not owner.is_running(_find_last_sign(journal)))


def _find_last_sign(journal: Path) -> float:
    head = journal / HEAD
    return (head if head.exists() else journal).stat().st_mtime


def _describe(journal: Path) -> LeftJournal:
    last_sign = datetime.fromtimestamp(_find_last_sign(journal)).astimezone()
    try:
        head = read_head(journal)
    except FileError as error:
        return LeftJournal(journal, "", last_sign, str(error))
    name = str(head.layer.get("name", ""))
    with contextlib.suppress(ValueError):
        last_sign = datetime.fromisoformat(head.written).astimezone()
    return LeftJournal(journal, name, last_sign)


def _name_machine() -> str:
    return re.sub(r"\W", "_", platform.node(), flags=re.ASCII) or "unknown"
