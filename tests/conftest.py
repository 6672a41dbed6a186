"""What every test gets: settings of its own, and coverage in Qt's threads."""

import gc
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# How long a call takes says how busy the machine is, not whether the code is right.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(autouse=True, scope="session")
def trace_qt_threads() -> Iterator[None]:
    """Install coverage's tracer in Qt's worker threads, which Python's threading never sees."""
    from superqt.utils import GeneratorWorker

    work = GeneratorWorker.work

    def traced_work(self: object) -> object:
        sys.settrace(threading.gettrace())
        return work(self)

    GeneratorWorker.work = traced_work
    yield
    GeneratorWorker.work = work


@pytest.fixture(autouse=True)
def leave_the_past_to_itself() -> Iterator[None]:
    """Take what is alive after a test out of garbage collection.

    napari's canvas collects garbage at each closing of a viewer, and of each viewer thousands of
    napari's own objects stay: without this, most of the suite's time goes into looking at them.
    """
    yield
    gc.freeze()


@pytest.fixture(autouse=True)
def settings_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a panel remembers out of the user's home, and out of the next test."""
    from qtpy.QtCore import QSettings

    monkeypatch.setenv("NAPARI_DYNASEG_RECOVERY", str(tmp_path / "recovery"))
    folder = str(tmp_path / "settings")
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)


@pytest.fixture
def run_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[object, str, str]]:
    """Call the command line in an empty folder: (exit status, output, error output)."""
    from napari_dynaseg.cli.app import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(list(arguments))
        return caught.value.code, *capsys.readouterr()

    return run
