"""The rows of the panel that say which planes of a stack are segmented, and how."""

from pathlib import Path
from typing import Any

from magicgui.types import FileDialogMode
from magicgui.widgets import ComboBox, Container, FileEdit, RangeSlider

from napari_dynaseg._napari.panel.parts.number_box import guard_readouts
from napari_dynaseg.files.ome_labels import ZARR_ENDING
from napari_dynaseg.image.axes import Axes
from napari_dynaseg.settings import STRATEGIES, Strategy, describe_range

THIS_PLANE, ALL_PLANES, A_RANGE = "This plane", "All planes", "A range"


class StackControls:
    """Choice of planes, strategy for them and place of their labels; hidden for a single plane.

    Parameters
    ----------
    strategy
        The box of the strategy.
    """

    def __init__(self, strategy: Any) -> None:
        self._stack: list[tuple[str, int]] = []
        self.planes = ComboBox(
            label="Planes",
            choices=[THIS_PLANE, ALL_PLANES, A_RANGE],
            tooltip="Segment the plane on view alone, or the stack from there outwards",
        )
        self.ranges: Container[Any] = Container(label="Range")
        self.ranges.margins = (0, 0, 0, 0)
        self.strategy = strategy
        strategy.label = "Strategy"
        self.folder = FileEdit(
            label="Keep in",
            mode=FileDialogMode.OPTIONAL_FILE,
            nullable=True,
            value=None,
            filter=f"OME-Zarr (*{ZARR_ENDING})",
            tooltip=f"A folder that ends in {ZARR_ENDING}: labels are kept there, and a run that "
            "was stopped goes on. If empty, labels are in memory, or where they do not fit, beside "
            "the image",
        )
        self.refine = ComboBox(
            label="Refine",
            choices=[THIS_PLANE, ALL_PLANES],
            tooltip="Refine learns from the paint on the plane on view, and changes that plane "
            "alone, or all planes of the labels: there regions go on from plane to plane. Paint "
            "on any plane stays as it is",
        )
        self.rows = [self.planes, self.ranges, self.strategy, self.folder, self.refine]
        self.planes.changed.connect(self.show)
        self.strategy.changed.connect(self._explain_strategy)
        self._explain_strategy(self.strategy.value)

    def show_axes(self, axes: Axes | None) -> None:
        """Offer the planes of an image, or of none."""
        stack = [(axes.names[axis], axes.sizes[axis]) for axis in axes.stack] if axes else []
        if stack != self._stack:
            self._stack = stack
            self.ranges.clear()
            self.ranges.extend([_make_range(name, size) for name, size in stack if size > 1])
        self.show()

    def show(self) -> None:
        """Show the rows that matter to what is chosen."""
        self.planes.visible = self.refine.visible = self._is_stack
        is_chosen = self._is_stack and self.planes.value != THIS_PLANE
        self.strategy.visible = self.folder.visible = is_chosen
        self.ranges.visible = is_chosen and self.planes.value == A_RANGE

    @property
    def _is_stack(self) -> bool:
        return any(size > 1 for _, size in self._stack)

    def _explain_strategy(self, strategy: Strategy) -> None:
        sentence = STRATEGIES[strategy]
        self.strategy.tooltip = (
            f"{sentence[0].upper()}{sentence[1:]}. The network is two-dimensional. "
            f"Takes {describe_range('strategy')}."
        )

    def read_ranges(self) -> list[range] | None:
        """Give the planes to segment on each stack axis; `None` for the plane on view alone."""
        if not self._is_stack or self.planes.value == THIS_PLANE:
            return None
        if self.planes.value == ALL_PLANES:
            return [range(size) for _, size in self._stack]
        chosen = {slider.name: slider.value for slider in self.ranges}
        ends = [chosen.get(name, (0, size - 1)) for name, size in self._stack]
        return [range(first, last + 1) for first, last in ends]

    def read_folder(self) -> Path | None:
        """Give the folder that the labels shall lie in, if one was chosen."""
        folder = self.folder.value
        return folder if isinstance(folder, Path) and folder != Path() else None


def _make_range(name: str, size: int) -> RangeSlider:
    slider = RangeSlider(
        name=name,
        label=name,
        max=size - 1,
        value=(0, size - 1),
        tooltip=f"First and last plane on axis {name}",
    )
    guard_readouts(slider.native)
    return slider
