"""Ask before a change is written whose undo would take much memory."""

from collections.abc import Callable

from psygnal import Signal

from napari_dynaseg._napari.layers.edit_step import Change

# A step whose undo takes more than this is asked about.
MOST_UNDO_BYTES = 200e6


class Confirmation:
    """Holds one change back until the user confirms it; lives on the main thread."""

    asked = Signal(str)  # what the undo of a change that waits would take; empty if none waits

    def __init__(self) -> None:
        self._waiting: tuple[Change, Callable[[], object]] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a change waits."""
        return self._waiting is not None

    def submit(self, change: Change, write: Callable[[], object]) -> bool:
        """Write a change, or ask first, and tell whether it is written."""
        is_small = change.undo_bytes <= MOST_UNDO_BYTES
        if is_small:
            write()
        else:
            self._waiting = change, write
            self.asked.emit(f"Really? Its undo would take {write_bytes(change.undo_bytes)}")
        return is_small

    def confirm(self) -> None:
        """Write the change that waits."""
        waiting = self._waiting
        self.drop()
        if waiting is not None:
            waiting[1]()

    def drop(self) -> None:
        """Let no change wait any longer."""
        self._waiting = None
        self.asked.emit("")

    def forget_layer(self, layer: object) -> None:
        """Drop a change of a layer that the viewer has dropped."""
        if self._waiting is not None and self._waiting[0].target.layer is layer:
            self.drop()


def write_bytes(count: float) -> str:
    """Write an amount of memory, such as 1.2e9, as ``1.2 GB``."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
