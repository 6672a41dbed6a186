"""The rows of the panel that offer back what a crash left, or throw it away."""

from typing import Any

from magicgui.widgets import Container
from napari.components import ViewerModel
from napari.layers import Layer
from napari.utils.notifications import show_info

from napari_dynaseg._napari.layers.layer_state import restore_layer
from napari_dynaseg._napari.panel.parts.rows import Row, make_button, make_line
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.recovery import Recovery
from napari_dynaseg._napari.work.task import Task, call_once
from napari_dynaseg.errors import name_failure
from napari_dynaseg.files.journal_folder import LeftJournal

# More would push the panel's own rows out of sight; the next follow as these are dealt with.
MOST_ROWS = 3


class RecoveryRow(Container[Any]):
    """One layer that a crash left, and what to do with it.

    Parameters
    ----------
    left
        Its journal.
    """

    def __init__(self, left: LeftJournal) -> None:
        self.left = left
        self.restore_button = make_button("Restore", "Add these labels as they were")
        self.discard_button = make_button("Discard", "Throw these labels away")
        buttons = [self.restore_button, self.discard_button][bool(left.problem) :]
        super().__init__(widgets=[Row(*buttons)], labels=False)
        self.margins = (0, 0, 0, 0)
        self.line = make_line()
        self.line.setText(describe_left(left))
        self.line.setToolTip(left.problem or str(left.folder))
        self.native.layout().insertWidget(0, self.line)


class RecoveryRows(Container[Any]):
    """All that crashes left; hidden where there is nothing.

    Parameters
    ----------
    viewer
        Where layers are restored.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(labels=False)
        self.margins = (0, 0, 0, 0)
        self.native.hide()
        self._viewer = viewer
        self.keeper: Recovery | None = None
        self._left: list[LeftJournal] = []

    def begin(self, window: Any) -> None:
        """Keep journals from now on, and offer those that crashes left.

        Parameters
        ----------
        window
            The viewer's main window.
        """
        self.keeper = Recovery.of(self._viewer, window)
        self._left = self.keeper.list_left()
        self._show()

    def protect(self, layer: Any) -> None:
        """Keep a journal of a layer, as if it were painted on."""
        if self.keeper is not None:
            self.keeper.protect(layer)

    def forget_viewer(self) -> None:
        """Let go of the viewer; what is being read is not added to it, and stays offered."""
        self.keeper = None

    def _show(self) -> None:
        self.clear()
        for left in self._left[:MOST_ROWS]:
            row = RecoveryRow(left)
            row.restore_button.changed.connect(lambda _pressed, row=row: self.restore(row))
            row.discard_button.changed.connect(lambda _pressed, left=left: self.discard(left))
            self.append(row)
        self.native.setHidden(not self._left)

    def _drop(self, left: LeftJournal) -> None:
        self._left.remove(left)
        self._show()

    @show_errors()
    def discard(self, left: LeftJournal) -> None:
        """Throw away what a crash left."""
        left.remove()
        self._drop(left)

    def restore(self, row: RecoveryRow) -> None:
        """Read a layer that a crash left, off the main thread, and add it."""
        row.enabled = False
        Task(
            call_once(_read, row.left),
            on_result=lambda made: self._add(row, made),
            on_failure=lambda: self._offer_again(row),
        ).start()

    def _offer_again(self, row: RecoveryRow) -> None:
        if self.keeper is not None:
            row.enabled = True

    def _add(self, row: RecoveryRow, made: Layer) -> None:
        if self.keeper is None:
            return
        layer = self._viewer.add_layer(made)
        # A journal that cannot be removed leaves two of them.
        self.keeper.protect(layer, then=row.left.remove)
        self._drop(row.left)
        show_info(f"{layer.name!r} is restored; save it to keep it")


def describe_left(left: LeftJournal) -> str:
    """Say in a sentence what a crash left."""
    when = f"{left.written.day} {left.written:%b %H:%M}".replace(" ", "\N{NO-BREAK SPACE}")
    if left.problem:
        return f"Labels that were not saved on {when} cannot be restored."
    return f"A viewer ended without saving {left.name!r}, last changed {when}."


def _read(left: LeftJournal) -> Layer:
    content = left.read()
    with name_failure(repr(left.name), "restored"):
        return Layer.create(*restore_layer(*content))
