"""Measure labels into the table of their layer off the main thread, and save that as CSV."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from napari.layers import Labels
from napari.utils.notifications import show_error, show_info
from psygnal import Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_dynaseg._napari.layers.classes import INDEX, read_table
from napari_dynaseg._napari.layers.kinds import KIND
from napari_dynaseg._napari.layers.measuring import (
    MEASURED_KEY,
    MeasureInput,
    measure,
    write_measurements,
)
from napari_dynaseg._napari.work.task import Task, call_once
from napari_dynaseg.counting import write_count


class LabelTable:
    """Measures and saves; lives on the main thread."""

    told = Signal(str)  # what became of it, in a sentence

    def measure(
        self,
        layer: Labels,
        wanted: MeasureInput,
        kinds: Mapping[int, int],
        chosen: Sequence[int] | None = None,
    ) -> None:
        """Measure a layer, and put the measurements into its table when they are there.

        Parameters
        ----------
        layer, wanted
            The layer, and what is measured of it.
        kinds
            The kinds of labels, as far as they are known.
        chosen
            The labels that count; by default all.
        """
        self.told.emit("Measuring …")
        Task(
            call_once(measure, wanted),
            "not enough memory to measure these planes",
            on_result=lambda measured: self._on_measured(layer, measured, kinds, chosen),
            on_failure=lambda: self.told.emit(""),
        ).start()

    def _on_measured(
        self,
        layer: Labels,
        measured: pd.DataFrame,
        kinds: Mapping[int, int],
        chosen: Sequence[int] | None,
    ) -> None:
        if chosen is not None:
            measured = measured.loc[measured.index.isin(chosen)]
        if kinds:
            measured = measured.assign(**{KIND: measured.index.map(kinds)})
        write_measurements(layer, measured)
        count = write_count(len(measured), "label")
        self.told.emit(f"{count} measured; Window ▸ Features table widget shows them")

    def close(self) -> None:
        """Tell nobody any longer."""
        self.told.disconnect()

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
