"""Measure labels into the table of their layer off the main thread, and save that as CSV."""

from pathlib import Path
from typing import Any

from napari.layers import Labels
from napari.qt.threading import create_worker
from napari.utils.notifications import show_error, show_info
from psygnal import Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_dynaseg._napari.layers.classes import INDEX, read_table
from napari_dynaseg._napari.layers.measuring import MEASURED_KEY, Task, measure, write_measurements
from napari_dynaseg._napari.work.worker import Failure
from napari_dynaseg.counting import write_count
from napari_dynaseg.errors import SegmentationError


class LabelTable:
    """Measures and saves; lives on the main thread."""

    told = Signal(str)  # what became of it, in a sentence

    def measure(self, layer: Labels, task: Task) -> None:
        """Measure a layer, and put the measurements into its table when they are there."""
        self.told.emit("Measuring …")
        worker: Any = create_worker(_measure, task, _start_thread=False)
        worker.returned.connect(lambda result: self._on_measured(layer, result))
        worker.start()

    def _on_measured(self, layer: Labels, result: Any) -> None:
        if isinstance(result, Failure):
            self.told.emit("")
            show_error(result.sentence)
            return
        write_measurements(layer, result)
        count = write_count(len(result), "label")
        self.told.emit(f"{count} measured; Window ▸ Features table widget shows them")

    def ask_where(self, layer: Labels, parent: QWidget) -> None:
        """Ask where to save the table of a layer, and save it."""
        chosen, _ = QFileDialog.getSaveFileName(
            parent, "Save the table", f"{layer.name}.csv", "Tables (*.csv)"
        )
        if chosen:
            self.save(layer, Path(chosen))

    @staticmethod
    def save(layer: Labels, path: Path) -> None:
        """Save the table of a layer as CSV, one row a label; if any was measured, those alone."""
        table = read_table(layer)
        measured = [name for name in layer.metadata.get(MEASURED_KEY, ()) if name in table]
        if measured:
            table = table.dropna(subset=measured, how="all")
        try:
            table.rename_axis(INDEX).to_csv(path)
        except OSError as error:
            show_error(f"{path} cannot be written: {error}")
            return
        show_info(f"the table is saved in {path}")


def _measure(task: Task) -> Any:
    try:
        return measure(task)
    except SegmentationError as error:
        return Failure(str(error))
    except MemoryError:
        return Failure("not enough memory to measure these planes")
