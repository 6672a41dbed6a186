"""The buttons that begin and end a run: Segment, Refine, Stop."""

from typing import Any

from magicgui.widgets import Container, PushButton


class RunButtons(Container[Any]):
    """The buttons that begin and end a run, side by side."""

    def __init__(self) -> None:
        self.segment = PushButton(
            text="Segment", tooltip="Segment the plane on view into a new Labels layer"
        )
        self.stop = PushButton(
            text="Stop", tooltip="End the run and keep the labels as they are now"
        )
        self.refine = PushButton(
            text="Refine",
            tooltip="Train on with what you have painted on the selected labels; your paint stays "
            "as it is, and what is like it and touches it follows",
        )
        super().__init__(
            widgets=[self.segment, self.refine, self.stop], layout="horizontal", labels=False
        )
        self.margins = (0, 0, 0, 0)

    def ask(self, question: str) -> None:
        """Ask on the button that refines whether to go on; an empty question is none."""
        self.refine.text = question or "Refine"

    def show_running(self, is_running: bool) -> None:
        """Offer to end a run while there is one, else to begin one.

        Parameters
        ----------
        is_running
            Whether a run is going on.
        """
        self.segment.enabled = self.refine.enabled = not is_running
        self.stop.enabled = is_running
