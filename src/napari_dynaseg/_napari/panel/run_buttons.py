"""The buttons that begin and end a run: Segment, Refine, Stop."""

from napari_dynaseg._napari.panel.parts.rows import Row, make_button


class RunButtons(Row):
    """The buttons that begin and end a run, side by side."""

    def __init__(self) -> None:
        self.segment = make_button("Segment", "Segment the plane on view into a new Labels layer")
        self.stop = make_button("Stop", "End the run and keep the labels as they are now")
        self.refine = make_button(
            "Refine",
            "Train on with what you have painted on the selected labels; your paint stays "
            "as it is, and what is like it and touches it follows",
        )
        super().__init__(self.segment, self.refine, self.stop)

    def ask(self, question: str) -> None:
        """Ask on the button that refines whether to go on; an empty question is none."""
        self.refine.text = question or "Refine"

    def show_running(self, is_running: bool) -> None:
        """Offer to end a run while there is one, else to begin one."""
        self.segment.enabled = self.refine.enabled = not is_running
        self.stop.enabled = is_running
