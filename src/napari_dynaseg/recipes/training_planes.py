"""What a network is trained on: some planes of an image, scaled alike, and what comes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.pixels import Plane, Scaling
from napari_dynaseg.image.stack_image import Channels, StackImage
from napari_dynaseg.labels.run_length import encode
from napari_dynaseg.method.run import Result
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.recipes.recipe import Recipe, SettingsChange, Source
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.settings import Settings


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
        return cls.scale(
            [first, *map(stack.read_channels, positions[1:])],
            stack.name,
            path=stack.path,
            axes=stack.axes.letters,
            level=stack.level,
            position=positions[0],
            companions=tuple(positions[1:]),
        )

    @classmethod
    def scale(cls, stored: Sequence[Channels], name: str, **where: Any) -> "TrainingPlanes":
        """Scale planes, (C, H, W) as stored; name and where are those of their `Source`."""
        scaling = Scaling.measure(stored)
        planes = tuple(map(scaling.apply, stored))
        return cls(planes, scaling, Source.of(planes[0], name, **where))

    def prepare(self, settings: Settings, **given: Any) -> RunInput:
        """Make the input of a run; what else is given are fields of `RunInput`."""
        return RunInput(self.planes, settings, **given)

    def describe(self, given: RunInput, last_iteration: int, **more: Any) -> Recipe:
        """Write the recipe of a run on these planes; more are fields of `Recipe`."""
        return Recipe.now(
            given.settings,
            last_iteration,
            self.source,
            numbering=given.numbering,
            numbered_at=given.numbered_at,
            within=given.within,
            scribbles=encode(given.scribbled),
            guidance=encode(given.guidance),
            **more,
        )

    def describe_result(self, result: Result, **more: Any) -> Recipe:
        """Write the recipe of what a run on these planes came to; more are fields of `Recipe`."""
        changes = tuple(
            SettingsChange(iteration=iteration, settings=settings.model_dump())
            for iteration, settings in result.changes.items()
        )
        recipe = self.describe(result.given, result.step.iteration, changes=changes, **more)
        return recipe.cut_at(recipe.detail)

    def keep_network(self, result: Result, **more: Any) -> TrainedNetwork:
        """Keep the network of a run on these planes; more are fields of its recipe."""
        recipe = self.describe_result(result, **more)
        return TrainedNetwork.from_step(result.step, recipe, self.scaling, result.table)
