"""The row of the panel that keeps a trained network in a file, and applies one from there."""

from pathlib import Path

from napari.utils.notifications import show_info
from psygnal import Signal
from qtpy.QtWidgets import QFileDialog

from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg._napari.panel.parts.rows import Row, make_button
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.task import Task, call_once


class NetworkRow(Row):
    """Buttons to save the network of the last run, and to apply a saved one."""

    loaded = Signal(object)

    def __init__(self) -> None:
        self.run: KeptRun | None = None
        self.save_button = make_button(
            "Save …",
            "Save the network of the last run, to apply it to other images",
            self._ask_where,
        )
        self.apply_button = make_button(
            "Apply …", "Label the chosen planes with a saved network", self._ask_which
        )
        super().__init__(self.save_button, self.apply_button, label="Network")
        self.save_button.enabled = False

    def offer(self, run: KeptRun) -> None:
        """Offer to save the network that a run has when it is saved."""
        self.run = run
        self.save_button.enabled = True

    def _ask_where(self) -> None:
        from napari_dynaseg.recipes.trained_network import NETWORK_ENDING

        chosen, _ = QFileDialog.getSaveFileName(
            self.native,
            "Save the network",
            f"network{NETWORK_ENDING}",
            f"Networks (*{NETWORK_ENDING})",
        )
        if chosen:
            self.save(Path(chosen))

    def save(self, path: Path) -> None:
        """Save the network of the last run, off the main thread."""
        keep = self.run.find_network(self.run.job.position) if self.run else None
        if keep is None:
            return
        Task(
            call_once(lambda: keep().save(path)),
            on_result=lambda _nothing: show_info(f"the network is saved in {path}"),
        ).start()

    def _ask_which(self) -> None:
        from napari_dynaseg.recipes.trained_network import NETWORK_ENDING

        chosen, _ = QFileDialog.getOpenFileName(
            self.native, "Apply a network", "", f"Networks (*{NETWORK_ENDING})"
        )
        if chosen:
            self.load(Path(chosen))

    def load(self, path: Path) -> None:
        """Read a network from a file and pass it on."""
        from napari_dynaseg.recipes.trained_network import TrainedNetwork

        with show_errors():
            self.loaded.emit(TrainedNetwork.load(path))
