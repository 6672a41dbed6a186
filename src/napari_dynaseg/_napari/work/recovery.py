"""Keeps a journal of every label layer that is painted on, until its window is closed."""

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import show_warning
from qtpy.QtCore import QObject, QStandardPaths, QTimer
from superqt.utils import ensure_main_thread

from napari_dynaseg._napari.layers.followed_layer import FollowedLayer, saved
from napari_dynaseg._napari.work.panel_watcher import WindowWatcher
from napari_dynaseg.errors import FileError
from napari_dynaseg.files.journal_folder import LeftJournal, clear_journal, list_left

# Names the folder of all journals, where it shall be another than the user's own.
FOLDER_VARIABLE = "NAPARI_DYNASEG_RECOVERY"
# A change is on the disk so long after it was made.
PAUSE_MS = 2000
# What could not be written is tried again after so long.
RETRY_MS = 20_000
# And large layers, which take long to read, are read but a small part of the time.
PAUSE_RATIO = 20


def find_folder() -> Path:
    """Find the folder in which the journals of all viewers lie."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen)
    data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return Path(data, "napari-dynaseg", "recovery")


class Recovery(QObject):
    """Keeps the journals of a viewer; lives on the main thread, as a child of the window.

    A layer has a journal from the first stroke, tool or name on. On the main thread only its
    table and metadata are copied; its pixels are read by the thread that writes, block by block,
    while they may be painted on, and once more after the last change. Labels that a Zarr array
    on disk has are there already: of these all but the pixels is kept. The journal of a layer
    goes when the layer is saved by this plugin or removed, and all go when the window closes; a
    panel that is closed leaves them.

    Parameters
    ----------
    viewer
        Whose layers are followed.
    window
        Its main window.
    """

    def __init__(self, viewer: ViewerModel, window: Any) -> None:
        super().__init__(window)
        self._viewer, self.folder = viewer, find_folder()
        self._followed: dict[Labels, FollowedLayer] = {}
        self._writer = ThreadPoolExecutor(1, "journals of napari-dynaseg")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.write_changed)
        self._is_closed = self.has_problem = False
        for layer in viewer.layers:
            self._follow(layer)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        saved.connect(self._on_saved)
        WindowWatcher.of(window).closed.connect(self.close)
        window.destroyed.connect(self.close)  # of a window that was never shown

    @classmethod
    def of(cls, viewer: ViewerModel, window: Any) -> "Recovery":
        """Give the one of a window, which outlives the panels in it."""
        found: Recovery = window.findChild(cls) or cls(viewer, window)
        return found

    # -- layers -----------------------------------------------------------------------------

    def _follow(self, layer: Any) -> None:
        if isinstance(layer, Labels) and layer not in self._followed:
            self._followed[layer] = FollowedLayer(layer, self._plan_writing)

    def _on_inserted(self, event: Any) -> None:
        self._follow(event.value)

    def _on_removed(self, event: Any) -> None:
        followed = self._followed.pop(event.value, None)
        if followed is not None:
            followed.forget()
            self._remove(followed)

    def _on_saved(self, pixels: object) -> None:
        for followed in self._followed.values():
            if followed.layer.data is pixels:
                self._remove(followed)

    def protect(self, layer: Labels, then: Callable[[], None] | None = None) -> None:
        """Keep a journal of a layer from now on, as if it were painted on.

        Parameters
        ----------
        layer
            One of the viewer's.
        then
            Called in another thread once the layer is in its journal; a `FileError` of it is
            dropped.
        """
        followed = self._followed[layer]
        followed.begin()
        self._write(followed, then)

    # -- writing ----------------------------------------------------------------------------

    def _plan_writing(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def write_changed(self) -> None:
        """Write the journals of all layers that have changed, off the main thread."""
        for followed in self._followed.values():
            if followed.has_changed:
                self._write(followed)

    def wait(self) -> None:
        """Wait until all that was asked for is on the disk."""
        self._writer.submit(int).result()

    def _write(self, followed: FollowedLayer, then: Callable[[], None] | None = None) -> None:
        work = followed.plan_write(self.folder)
        if work is not None:
            future = self._writer.submit(work)
            future.add_done_callback(lambda done: self._tell(followed, done, then))

    def _tell(
        self, followed: FollowedLayer, done: "Future[float]", then: Callable[[], None] | None
    ) -> None:
        """Tell the main thread what became of a journal."""
        if self._is_closed:
            return
        error = done.exception()
        if error is None and then is not None:
            with contextlib.suppress(FileError):
                then()
        self._on_written(followed, 0 if error else done.result(), str(error or ""))

    @ensure_main_thread
    def _on_written(self, followed: FollowedLayer, seconds: float, problem: str) -> None:
        if self._is_closed:
            return
        self._timer.setInterval(max(PAUSE_MS, round(1000 * PAUSE_RATIO * seconds)))
        if not problem:
            self.has_problem = False
            return
        followed.has_changed = True
        self._timer.start(RETRY_MS)
        if not self.has_problem:
            self.has_problem = True
            show_warning(f"{followed.layer.name!r} is not safe from a crash: {problem}")

    def _remove(self, followed: FollowedLayer) -> None:
        if (journal := followed.end()) is not None:
            # An interpreter that exits with the window open takes no work, and may have failed.
            with contextlib.suppress(RuntimeError):
                self._writer.submit(clear_journal, journal.folder)

    # -- the window -------------------------------------------------------------------------

    def close(self) -> None:
        """Remove all journals: whoever closes a window wants no more of its layers."""
        if self._is_closed:
            return
        self._is_closed = True
        self._timer.stop()
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        saved.disconnect(self._on_saved)
        for followed in self._followed.values():
            followed.forget()
            self._remove(followed)
        self._followed.clear()
        self._writer.shutdown(wait=False)

    def list_left(self) -> list[LeftJournal]:
        """List what crashes left, the newest first."""
        try:
            return list_left(self.folder)
        except FileError as error:
            show_warning(str(error))
            return []
