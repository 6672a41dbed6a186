"""Journals that a crash left are listed; those of processes that run, and all else, are not."""

import os
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from napari_dynaseg.errors import FileError
from napari_dynaseg.files import journal_folder
from napari_dynaseg.files.journal import HEAD
from napari_dynaseg.files.journal_folder import (
    Owner,
    clear_journal,
    find_owner,
    list_left,
    make_journal,
)
from napari_dynaseg.files.label_state import LayerState

HERE = find_owner().machine


def write(root, name, owner=None):
    """Write a journal, as the process of an owner does."""
    kept = make_journal(root)
    kept.write(np.array([[1, 2]]), LayerState(name=name))
    if owner is None:
        return kept.folder
    folder = root / owner.folder_name / kept.folder.name
    folder.parent.mkdir(exist_ok=True)
    return kept.folder.rename(folder)


def find_dead_process():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_journals_of_this_process_are_not_left(tmp_path):
    write(tmp_path, "mine")
    assert list_left(tmp_path) == []


def test_a_folder_that_is_not_there_has_none(tmp_path):
    assert list_left(tmp_path / "none") == []


def test_journals_of_dead_processes_are_left_the_newest_first(tmp_path):
    started = int(psutil.Process().create_time())
    for name, owner, written in [
        ("dead", Owner(find_dead_process(), started, HERE), "2026-01-02T10:00:00+00:00"),
        ("number came back", Owner(os.getpid(), started - 1000, HERE), "2026-01-03T10:00:00+00:00"),
    ]:
        head = write(tmp_path, name, owner) / HEAD
        start = head.read_text().index('"written":"') + len('"written":"')
        text = head.read_text()
        head.write_text(text[:start] + written + text[text.index('"', start) :])
    left = list_left(tmp_path)
    assert [each.name for each in left] == ["number came back", "dead"]
    assert left[1].written.timestamp() == 1767348000
    pixels, state = left[1].read()
    assert (pixels.tolist(), state.name) == ([[1, 2]], "dead")
    left[1].remove()
    assert [each.name for each in list_left(tmp_path)] == ["number came back"]
    assert len(list(tmp_path.iterdir())) == 2  # this process's, and that


def test_a_process_on_another_machine_may_run_until_it_was_silent_for_a_day(tmp_path):
    folder = write(tmp_path, "far", Owner(1, 1, "elsewhere"))
    assert list_left(tmp_path) == []
    yesterday = time.time() - 25 * 3600
    os.utime(folder / HEAD, (yesterday, yesterday))
    assert [each.name for each in list_left(tmp_path)] == ["far"]


def test_a_process_that_may_not_be_looked_at_runs(monkeypatch):
    def refuse(process):
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "Process", refuse)
    assert Owner(1, 1, HERE).is_running(0)


def test_what_cannot_be_read_is_listed_with_the_reason_and_stays(tmp_path):
    folder = write(tmp_path, "broken", Owner(find_dead_process(), 1, HERE))
    (folder / HEAD).write_text("{")
    (left,) = list_left(tmp_path)
    assert "Invalid JSON" in left.problem
    assert folder.exists()
    (folder / HEAD).unlink()
    (left,) = list_left(tmp_path)
    assert "No such file" in left.problem


def test_what_is_foreign_is_passed_over(tmp_path):
    folder = write(tmp_path, "left", Owner(find_dead_process(), 1, HERE))
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a").mkdir()
    (tmp_path / "file").touch()
    (folder.parent / "other").mkdir()
    (folder.parent / ("f" * 32)).touch()
    assert [each.name for each in list_left(tmp_path)] == ["left"]


def test_a_folder_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="file cannot be read"):
        list_left(tmp_path / "file")


def test_the_last_journal_takes_the_folder_of_its_process_along(tmp_path):
    first, second = write(tmp_path, "first"), write(tmp_path, "second")
    clear_journal(first)
    assert second.exists()
    clear_journal(second)
    assert list(tmp_path.iterdir()) == []


def test_an_owner_is_read_from_the_name_of_its_folder(monkeypatch):
    monkeypatch.setattr(journal_folder.platform, "node", lambda: "my machine-2.lan")
    owner = Owner(12, 345, journal_folder._name_machine())
    assert owner.folder_name == "12-345-my_machine_2_lan"
    assert Owner.parse(owner.folder_name) == owner
    assert Owner.parse("nothing") is None
