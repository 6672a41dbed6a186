"""Recipes replayed on image files: on one plane, or through a whole stack."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dynaseg.errors import FileError, ImageError, SegmentationError
from napari_dynaseg.files.formats import write_label_map
from napari_dynaseg.files.ome_labels import ZARR_ENDING
from napari_dynaseg.files.recipe_files import FoundRecipe
from napari_dynaseg.files.sinks import NETWORK
from napari_dynaseg.image.axes import Axes, Position, list_indices
from napari_dynaseg.image.reader import TIFF_ENDINGS, open_image
from napari_dynaseg.image.selection import Box, find_box, find_nearest, find_plane, list_box
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.run import Result, run
from napari_dynaseg.method.step import Step
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.recipes.replay import decode_annotation, is_source, iter_replay, prepare_replay
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.recipes.training_planes import TrainingPlanes
from napari_dynaseg.settings import Settings
from napari_dynaseg.stacks.plan import StackPlan, StackRun
from napari_dynaseg.stacks.replay_by_hand import paint_planes, replay_refinements

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True, eq=False)
class ReplayPlan:
    """How labels are made again on an image.

    Parameters
    ----------
    found
        How they were made.
    stack
        The image.
    start
        The plane that is trained on, and labelled where it is the only one.
    companions
        The planes that are trained on with it.
    output
        Where the labels go.
    """

    found: FoundRecipe
    stack: StackImage
    start: Position
    companions: tuple[Position, ...]
    output: Path

    @property
    def recipe(self) -> Recipe:
        """The recipe, of as many planes as are trained on."""
        source = self.found.recipe.source
        if len(source.companions) == len(self.companions):
            return self.found.recipe
        fewer = source.model_copy(update={"companions": self.companions})
        return self.found.recipe.model_copy(update={"source": fewer})

    def read_training(self) -> TrainingPlanes:
        """Read the planes to train on."""
        return TrainingPlanes.read(self.stack, (self.start, *self.companions))

    def describe(self, training: TrainingPlanes, result: Result, **more: Any) -> Recipe:
        """Write the recipe of what is made again; on another image without what was painted."""
        recipe, names = self.recipe, ("refinements", "corrections")
        if training.source.sha256 == recipe.source.sha256:
            more |= {name: getattr(recipe, name) for name in names}
        iteration = result.step.iteration
        return training.describe(result.given, iteration, changes=recipe.changes, **more)

    def read_annotations(self) -> dict[str, Any]:
        """Read what was scribbled and what guided the run, where this is the image of that."""
        recipe = self.recipe
        if self.found.network or not (recipe.scribbles or recipe.guidance):
            return {}
        plane = self.read_training().planes[0]
        scribbled = decode_annotation(plane, recipe, "scribbles")
        guidance = decode_annotation(plane, recipe, "guidance")
        return {
            name: recipe.within.keep(labels) if recipe.within else labels
            for name, labels in (("scribbled", scribbled), ("guidance", guidance))
            if labels is not None
        }


def plan_replay(
    found: FoundRecipe,
    image: str,
    output: Path,
    *,
    axes: str | None = None,
    level: int | None = None,
    plane: str | None = None,
) -> ReplayPlan:
    """Settle how an image is read, and which of its planes the recipe is replayed on.

    Parameters
    ----------
    found
        How the labels were made.
    image
        A file or an address.
    output
        A ``.tif`` for the labels of one plane, a ``.zarr`` for those of a stack.
    axes, level
        As for `napari_dynaseg.image.reader.open_image`; by default as the image of the recipe
        was read, if this one can be.
    plane
        The plane to train on, such as ``T=3,Z=10``; by default the recipe's, or the nearest
        that there is. A recipe of a single plane takes the middle one of a stack.

    Raises
    ------
    FileError
        If the image cannot be read, or the output is the image or ends otherwise.
    ImageError
        If the axes do not fit, or the labels of one plane of a stack are wanted and it is not
        said which.
    SettingsError
        If there is no such plane.
    """
    _check_output(output, image)
    source = found.recipe.source
    stack = _open_like(image, axes, level, found.recipe)
    start = place_like(stack.axes, source.position) if plane is None else None
    if start is None:
        if plane is None and output.suffix != ZARR_ENDING:
            raise ImageError(
                f"{image} is a stack ({stack.axes.sentence}); say which plane, "
                "or give an output that ends in .ome.zarr for all"
            )
        return ReplayPlan(found, stack, find_plane(stack.axes, plane), (), output)
    companions = [place_like(stack.axes, position) for position in source.companions]
    return ReplayPlan(found, stack, start, tuple(filter(None, companions)), output)


def place_like(axes: Axes, position: Position) -> Position | None:
    """Find the plane at a position of another image, or the nearest; `None` if none is like it."""
    indices = list_indices(position)
    if len(indices) == len(axes.stack):
        return find_nearest(axes, find_box(axes), axes.place(indices))
    return axes.first if max(axes.stack_sizes, default=1) == 1 else None


def _check_output(output: Path, image: str) -> None:
    endings = (*TIFF_ENDINGS, ZARR_ENDING)
    if output.suffix.lower() not in endings:
        raise FileError(f"labels go into a file that ends in {', '.join(endings)}; got {output}")
    if output.resolve() == Path(image).resolve():
        raise FileError(f"{output} is the image itself; choose another output")


def _open_like(image: str, axes: str | None, level: int | None, recipe: Recipe) -> StackImage:
    """Open an image as that of the recipe was; another one may have other axes and levels."""
    if axes is None and level is None:
        with suppress(SegmentationError):
            return open_image(image, recipe.source.axes or None, recipe.source.level)
    return open_image(image, axes, level)


def replay_plane(plan: ReplayPlan) -> Generator[Step, Settings | None, LabelMap]:
    """Make the labels of one plane and write them, yielding each iteration.

    Parameters
    ----------
    plan
        Its output ends in ``.tif``; one that ends in ``.dynaseg.ome.tif`` takes the size of a
        pixel as well.

    Returns
    -------
    numpy.ndarray
        (H, W), the labels that were written.

    Raises
    ------
    SegmentationError
        If a plane cannot be read or segmented, or the output cannot be written.

    Warns
    -----
    ImageWarning
        If something was scribbled or painted, or guided it, and this is another image, where that
        is left out.
    """
    network = plan.found.network
    if network:
        labels: LabelMap = network.label(plan.stack.read_channels(plan.start))
        write_label_map(plan.output, labels, network.recipe, plan.stack)
        return labels
    training, recipe = plan.read_training(), plan.recipe
    first, *companions = training.planes
    labels, result = yield from iter_replay(first, recipe, companions)
    made = plan.describe(training, result, is_sketch=recipe.is_sketch)
    write_label_map(plan.output, labels, made, plan.stack)
    return labels


@dataclass(frozen=True, eq=False)
class StackReplay(StackRun):
    """A run through a stack that trains by a recipe, and paints what was painted.

    Parameters
    ----------
    plan, store
        As in `StackRun`.
    replay
        What is replayed.
    """

    replay: ReplayPlan

    @classmethod
    def prepare(cls, replay: ReplayPlan, overwrite: bool = False) -> "StackReplay":
        """Begin a run, or go on with one that was stopped; the parameters are those of `begin`."""
        network, axes = replay.found.network, replay.stack.axes
        if network:
            network.check_channels(replay.stack.channels, replay.stack.name)
        box = _find_box(axes, replay.recipe)
        near = replace(replay, start=find_nearest(axes, box, replay.start))
        settings = network.settings if network else replay.recipe.read_settings()
        positions = tuple(list_box(axes, box))
        within = None if network else replay.recipe.within
        plan = StackPlan(
            near.stack,
            near.output,
            settings,
            positions,
            near.start,
            network,
            within=within,
            **near.read_annotations(),
            replayed=replay.recipe,
        )
        return cls(plan, StackRun.begin(plan, overwrite).store, near)

    def train(self) -> Generator[Step, Settings | None, None]:
        """Train the network as the recipe says, yielding each step, and keep it."""
        training, recipe = self.replay.read_training(), self.replay.recipe
        given = replace(prepare_replay(training.planes, recipe), is_sketch=False)
        result = yield from run(given)
        made = self.replay.describe(training, result)
        network = TrainedNetwork.from_step(result.step, made, training.scaling, result.table)
        self.store.write_note(NETWORK, network.to_bytes())

    def segment(self, client: "Client | None" = None) -> Iterator[Position]:
        """Segment the planes that are not finished, yielding each; then refine and paint them.

        Warns
        -----
        ImageWarning
            If something was scribbled or painted, or guided it, and this is another image, where
            that is left out.
        """
        yield from super().segment(client)
        recipe = self.replay.recipe
        by_hand = any(recipe.list_hand_work().values())
        if not (by_hand and is_source(self.replay.read_training().planes[0], recipe)):
            return
        if recipe.refinements:
            plan, network = self.plan, self.read_network()
            replay_refinements(plan.stack, self.store, plan.positions, network, recipe.refinements)
        places = {
            at.position: place_like(self.store.axes, at.position) or self.plan.start
            for at in recipe.corrections
        }
        paint_planes(self.store, recipe, places)


def _find_box(axes: Axes, recipe: Recipe) -> Box:
    """Find the planes that a recipe went through; all, if this image has none of them."""
    whole = find_box(axes)
    first, last = map(list_indices, recipe.planes or ((), ()))
    if len(first) != len(whole):
        return whole
    ends = zip(first, last, whole, strict=True)
    box = tuple(range(low, min(high + 1, part.stop)) for low, high, part in ends)
    return box if all(box) else whole
