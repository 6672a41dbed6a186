"""The row of the panel that scrubs through a run's iterations, keeps one, and flips back."""

from magicgui.widgets import Slider

from napari_dynaseg._napari.panel.parts.rows import Row, make_button


class CompareRow(Row):
    """A slider of iterations, a button that keeps one, and one that flips to before and back."""

    def __init__(self) -> None:
        self.slider = Slider(
            min=0,
            max=1,
            readout=False,
            tooltip="Look back through the iterations of the run; what you painted stays. "
            "A click elsewhere, or Esc, returns to the labels as they are",
        )
        self.keep_button = make_button(
            "Keep",
            "Make the iteration on view the result, as one step that Ctrl+Z takes back",
        )
        self.flip_button = make_button(
            "Before / after",
            "Flip to the labels before the last tool, Refine or kept iteration and back; "
            "before any, to those that the network gave (Shift+F)",
        )
        super().__init__(self.slider, self.keep_button, self.flip_button)
        self.flip_button.native.setCheckable(True)
        self.show_count(0, 0)

    def show_count(self, count: int, index: int) -> None:
        """Offer so many iterations, one of which is chosen; fewer than two are no choice."""
        with self.slider.changed.blocked():
            self.slider.max = max(count - 1, 1)
            self.slider.value = index if count > 1 else self.slider.max
        self.slider.enabled = count > 1
        self.keep_button.enabled = False

    def show_scrubbed(self, index: int) -> None:
        """Show that an iteration is on view, which may be kept."""
        with self.slider.changed.blocked():
            self.slider.value = index
        self.keep_button.enabled = True
        self.show_flipped(False)

    def show_flipped(self, is_flipped: bool) -> None:
        """Show the button down while what was before is on view."""
        self.flip_button.native.setChecked(is_flipped)
