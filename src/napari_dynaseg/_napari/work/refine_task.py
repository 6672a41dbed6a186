"""What Refine works out off the main thread: new labels of a plane or of all, and how. No Qt."""

from collections.abc import Callable, Generator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import Target
from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg._napari.work.worker import PlaneDone
from napari_dynaseg.generators import Loop
from napari_dynaseg.image.axes import Position
from napari_dynaseg.labels.network_maps import CurrentMaps, RememberedMap
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.run_length import Runs
from napari_dynaseg.recipes.refinements import Paint, Planes, RefinementRecord
from napari_dynaseg.settings import Settings

if TYPE_CHECKING:
    from napari_dynaseg.recipes.trained_network import TrainedNetwork


class RefinedLayer(NamedTuple):
    """What a refinement makes of a layer.

    Parameters
    ----------
    change
        Which pixels change, and to what; those of the plane that taught first.
    maps
        The new maps of all planes that were looked at, and what was painted there.
    labels
        (H, W), those of the plane that taught.
    network
        As it was trained on.
    refinement
        How, for the recipe.
    """

    change: Change
    maps: CurrentMaps
    labels: LabelMap
    network: "TrainedNetwork"
    refinement: RefinementRecord


def refine_layer(
    target: Target,
    run: KeptRun,
    keep_network: "Callable[[], TrainedNetwork]",
    paint: Paint,
    settings: Settings,
    positions: Sequence[Position],
) -> Generator[int | PlaneDone, None, RefinedLayer]:
    """Train a network on, then go through the planes, as work for a task.

    Parameters
    ----------
    target
        The layer and its array.
    run
        The run that made it.
    keep_network
        Gives the network.
    paint
        The labels of the plane that teaches, and what was painted there.
    settings
        The knobs.
    positions
        The planes that may change, that one first.

    Yields
    ------
    int or PlaneDone
        The iteration; then each plane but the first.
    """
    from napari_dynaseg.stacks.refined_stack import spread_over_planes

    def read_paint(position: Position) -> Paint:
        shown = run.read_plane(target.data, position)
        return Paint(position, shown, run.maps.find_painted(position, shown))

    job = run.job
    pinned = job.pinned if paint.position == job.position else None
    channels = job.stack.read_channels(paint.position) if pinned is None else pinned
    steps = Loop(keep_network().refine(channels, paint.shown, paint.painted, settings))
    for step in steps:
        yield step.iteration
    refined, network = steps.returned
    start = paint.position, refined.spread
    others = spread_over_planes(job.stack, network, positions, start, read_paint, job.within)
    changes: list[Change] = []
    maps: CurrentMaps = {}
    painted: list[Runs] = []
    for done, (other, labels) in enumerate(chain([(paint, refined.labels)], others), 1):
        made = other.shown if labels is None else labels
        changes.append(run.find_change(target, other.position, other.shown, made))
        maps[other.position] = RememberedMap.of(made, other.painted)
        painted += other.describe()
        if done > 1:
            yield PlaneDone(done, len(positions))
    planes: Planes = "all" if len(positions) > 1 else "this"
    refinement = RefinementRecord.of(paint.position, planes, painted, settings)
    return RefinedLayer(Change.join(changes), maps, refined.labels, network, refinement)
