"""Refine: the network of a layer trained on, in a worker, with what was painted there."""

from collections.abc import Generator
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.qt.threading import create_worker
from napari.utils.notifications import show_error
from psygnal import Signal

from napari_dynaseg._napari.kept_runs import KeptRun
from napari_dynaseg._napari.worker import Failure, translate_errors
from napari_dynaseg.axes import Position
from napari_dynaseg.errors import ImageError
from napari_dynaseg.labels import LabelMap
from napari_dynaseg.network_maps import Mask
from napari_dynaseg.settings import Settings


class Refinement:
    """One refinement; lives on the main thread.

    Parameters
    ----------
    layer
        What was painted on, and will be changed, as one step that Ctrl+Z takes back.
    run
        The run that made it.
    position
        The plane.
    settings
        The knobs.

    Raises
    ------
    ImageError
        If nothing was painted on the plane, or the layer has no network yet.
    """

    progressed = Signal(int)
    ended = Signal()

    def __init__(self, layer: Labels, run: KeptRun, position: Position, settings: Settings) -> None:
        self._layer, self._run, self._position = layer, run, position
        if run.keep_network is None:
            raise ImageError("these labels have no network to train on; press Segment first")
        shown = run.read_plane(layer, position)
        painted = run.maps.find_painted(position, shown)
        if not painted.any():
            raise ImageError("nothing is painted on this plane; paint what is wrong, then refine")
        self._is_over, self.outcome = False, ""
        self._worker: Any = create_worker(
            refine_plane, run, position, shown, painted, settings, _start_thread=False
        )
        # Lambdas keep this alive until its worker is done.
        self._worker.yielded.connect(lambda iteration: self.progressed.emit(iteration))
        self._worker.returned.connect(lambda result: self._on_returned(result))
        self._worker.finished.connect(lambda: self._end())

    def start(self) -> None:
        """Start the training."""
        self._worker.start()

    def list_signals(self) -> list[Any]:
        """List the signals that a panel may follow."""
        return [self.progressed, self.ended]

    def stop(self) -> None:
        """End now; the labels stay as they are."""
        self._worker.quit()
        self._end()

    def _on_returned(self, result: Any) -> None:
        if self._is_over:
            return
        if isinstance(result, Failure):
            show_error(result.sentence)
            return
        labels, network = result
        now = self._run.read_plane(self._layer, self._position)
        painted = self._run.maps.find_painted(self._position, now)  # also what came meanwhile
        labels = np.where(painted, now, labels)
        self._run.write_plane(self._layer, self._position, labels)
        self._run.maps.remember(self._position, labels, painted)
        self._run.keep_network = lambda: network
        self.outcome = "Refined; Ctrl+Z takes it back."

    def _end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self.ended.emit()


def refine_plane(
    run: KeptRun, position: Position, shown: LabelMap, painted: Mask, settings: Settings
) -> Generator[int, None, Any]:
    """Train a network on in a worker thread; see `napari_dynaseg.scribbles.refine`.

    Yields
    ------
    int
        The iteration.

    Returns
    -------
    tuple or Failure
        The new labels and the network, or why there are none.
    """
    return (yield from translate_errors(run.job, _refine(run, position, shown, painted, settings)))


def _refine(
    run: KeptRun, position: Position, shown: LabelMap, painted: Mask, settings: Settings
) -> Generator[int, None, Any]:
    from napari_dynaseg.scribbles import refine

    if run.keep_network is None:
        raise ImageError("these labels have no network to train on; press Segment first")
    job = run.job
    pinned = job.pinned if position == job.position else None
    channels = job.stack.read_channels(position) if pinned is None else pinned
    steps = refine(run.keep_network(), channels, shown, painted, settings)
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            return end.value
        yield step.iteration
