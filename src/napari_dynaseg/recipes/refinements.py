"""How a network was trained on with what a user painted: in a recipe, and done again."""

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from napari_dynaseg.errors import ImageWarning
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.labels.run_length import Runs, apply, describe, read_painted
from napari_dynaseg.record import Record
from napari_dynaseg.settings import Settings

if TYPE_CHECKING:
    from napari_dynaseg.engine.weights import Weights
    from napari_dynaseg.method.region_of_interest import Within
    from napari_dynaseg.method.scribbles import Numbers

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


class Trained(NamedTuple):
    """A network and the labels that it gave for a plane.

    Parameters
    ----------
    weights, numbers
        One vector, and the label of each channel, (q + 1,); entry 0 is 0.
    labels
        (H, W).
    """

    weights: "Weights"
    numbers: "Numbers"
    labels: LabelMap


def refine_again(
    plane: Plane,
    position: Position,
    settings: Settings,
    trained: Trained,
    refinements: Iterable[RefinementRecord],
    within: "Within | None" = None,
) -> LabelMap:
    """Refine the labels of a plane again.

    Parameters
    ----------
    plane
        (C, H, W), scaled as when it was trained on.
    position
        Where it lies.
    settings, trained
        Of the network, and what it gave.
    refinements
        In the order in which they were made.
    within
        The part that the run was limited to.

    Warns
    -----
    ImageWarning
        If another plane of the stack taught some of it, which is not here.
    """
    from napari_dynaseg.method.refine import train_on

    weights, numbers, labels = trained
    for refinement in refinements:
        if refinement.position != position:
            warnings.warn(
                "what was refined by the paint of another plane is left out",
                ImageWarning,
                stacklevel=4,
            )
            continue
        _, shown, painted = refinement.paint(labels, position)
        knobs = settings.change(**refinement.settings)
        refined = run_through(train_on(plane, knobs, weights, numbers, shown, painted, within))
        labels, weights, numbers = refined.labels, refined.step.weights, refined.numbers
    return labels
