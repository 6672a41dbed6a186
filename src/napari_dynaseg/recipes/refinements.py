"""How a network was trained on with what a user painted: as a recipe has it."""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from napari_dynaseg.image.axes import Position
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.labels.run_length import Runs, apply, describe, read_painted
from napari_dynaseg.record import Record
from napari_dynaseg.settings import Settings

Planes = Literal["this", "all"]


class RefinementRecord(Record):
    """A network trained on with what was painted by then.

    Parameters
    ----------
    position
        The plane whose paint taught.
    planes
        ``"this"``: only that plane changed; ``"all"``: what grew out of the paint went on from
        plane to plane.
    painted
        The painted pixels, all of them: where several planes may have changed, those of each.
    settings
        The knobs that count: scheme, μ, ``refine_iterations`` and ``scribble_weight``.
    """

    position: Position = ()
    planes: Planes = "this"
    painted: tuple[Runs, ...]
    settings: dict[str, Any]

    @classmethod
    def of(
        cls, position: Position, planes: Planes, painted: Iterable[Runs], settings: Settings
    ) -> "RefinementRecord":
        """Describe one by what was painted, and the settings of which some count."""
        from napari_dynaseg.method.refine import REFINING_KNOBS

        knobs = {name: getattr(settings, name) for name in REFINING_KNOBS}
        return cls(position=position, planes=planes, painted=tuple(painted), settings=knobs)

    def paint(self, labels: LabelMap, position: Position) -> "Paint":
        """Paint the labels of a plane, (H, W), as they were when it was refined."""
        shown = apply(labels, self.painted, position)
        return Paint(position, shown, read_painted(labels.shape, self.painted, position))


class Paint(NamedTuple):
    """The labels of a plane with what was painted on them.

    Parameters
    ----------
    position
        The plane.
    shown
        (H, W), the labels with the paint.
    painted
        (H, W), where it is.
    """

    position: Position
    shown: LabelMap
    painted: Mask

    def describe(self) -> tuple[Runs, ...]:
        """Describe the paint for a recipe."""
        return describe(self.shown, self.shown, self.position, self.painted)
