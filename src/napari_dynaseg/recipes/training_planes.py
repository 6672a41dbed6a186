"""What the network of a stack is trained on: some planes, scaled alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.pixels import Plane, Scaling
from napari_dynaseg.image.stack_image import Channels, StackImage
from napari_dynaseg.method.region_of_interest import Within
from napari_dynaseg.recipes.recipe import Source


@dataclass(frozen=True, eq=False)
class TrainingPlanes:
    """Planes of one stack, ready to be trained on together.

    Parameters
    ----------
    planes
        Each float32, (C, H, W); the one on view first.
    scaling
        How all of them were scaled, for the other planes of the stack.
    source
        Where they come from, and what the first is as a whole.
    """

    planes: tuple[Plane, ...]
    scaling: Scaling
    source: Source

    @classmethod
    def read(
        cls, stack: StackImage, positions: Sequence[Position], pinned: Channels | None = None
    ) -> "TrainingPlanes":
        """Read the planes at some positions, and scale them by their common intensities.

        Parameters
        ----------
        stack
            The image.
        positions
            Where the planes lie; the first is the one on view.
        pinned
            The first plane, (C, H, W), if it was read before.

        Raises
        ------
        FileError
            If a plane cannot be read.
        ImageError
            If the planes are none that can be segmented.
        """
        first = stack.read_channels(positions[0]) if pinned is None else pinned
        stored = [first, *map(stack.read_channels, positions[1:])]
        scaling = Scaling.measure(stored)
        planes = tuple(map(scaling.apply, stored))
        source = Source.of(
            planes[0],
            stack.name,
            path=stack.path,
            axes=stack.axes.letters,
            level=stack.level,
            position=positions[0],
            companions=tuple(positions[1:]),
        )
        return cls(planes, scaling, source)

    def limit(self, within: Within | None) -> "TrainingPlanes":
        """Limit them to a part of a plane; `None` leaves them whole.

        Raises
        ------
        ImageError
            If the part is of a plane of another shape.
        """
        if within is None:
            return self
        return replace(self, planes=tuple(map(within.crop, self.planes)))
