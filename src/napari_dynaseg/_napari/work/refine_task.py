"""What Refine works out off the main thread: new labels of a plane or of all, and how. No Qt."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import Target
from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg._napari.work.worker import PlaneDone
from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import Position
from napari_dynaseg.labels.network_maps import RememberedMap
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.run_length import Correction
from napari_dynaseg.recipes.refinements import Paint, Planes, Refinement
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
    maps: dict[Position, RememberedMap]
    labels: LabelMap
    network: "TrainedNetwork"
    refinement: Refinement


@dataclass(frozen=True, eq=False)
class RefineTask:
    """What is refined, as it was when the user asked for it.

    Parameters
    ----------
    target
        The layer and its array.
    run
        The run that made it.
    paint
        The labels of the plane that teaches, and what was painted there.
    settings
        The knobs.
    positions
        The planes that may change, that one among them.
    """

    target: Target
    run: KeptRun
    paint: Paint
    settings: Settings
    positions: tuple[Position, ...]

    @property
    def planes(self) -> Planes:
        """Whether all planes may change, or that one alone."""
        return "all" if len(self.positions) > 1 else "this"

    def read_paint(self, position: Position) -> Paint:
        """Read a plane, and what was painted there."""
        shown = self.run.read_array(self.target.data, position)
        return Paint(position, shown, self.run.maps.find_painted(position, shown))

    def work(self) -> Generator[int | PlaneDone, None, RefinedLayer]:
        """Train the network on, then go through the planes.

        Yields
        ------
        int or PlaneDone
            The iteration; then each plane.
        """
        from napari_dynaseg.stacks.refined_stack import spread_over_planes

        run, paint = self.run, self.paint
        if run.keep_network is None:
            raise ImageError("these labels have no network to train on; press Segment first")
        stack, job = run.job.stack, run.job
        pinned = job.pinned if paint.position == job.position else None
        channels = stack.read_channels(paint.position) if pinned is None else pinned
        steps = run.keep_network().refine(channels, paint.shown, paint.painted, self.settings)
        while True:
            try:
                yield next(steps).iteration
            except StopIteration as end:
                refined, network = end.value
                break
        found = _Found(run, self.target)
        found.add(paint, refined.labels)
        start = paint.position, refined.spread
        planes = spread_over_planes(
            stack, network, self.positions, start, self.read_paint, job.within
        )
        for done, (other, labels) in enumerate(planes, 2):
            found.add(other, other.shown if labels is None else labels)
            yield PlaneDone(other.position, done, len(self.positions))
        return RefinedLayer(
            Change.join(found.changes),
            found.maps,
            refined.labels,
            network,
            Refinement.of(paint.position, self.planes, found.painted, self.settings),
        )


class _Found:
    """What changes, gathered plane by plane in few bytes."""

    def __init__(self, run: KeptRun, target: Target) -> None:
        self._run, self._target = run, target
        self.changes: list[Change] = []
        self.maps: dict[Position, RememberedMap] = {}
        self.painted: list[Correction] = []

    def add(self, paint: Paint, labels: LabelMap) -> None:
        """Add a plane with its new labels."""
        self.painted += paint.describe()
        self.maps[paint.position] = RememberedMap.of(labels, paint.painted)
        self.changes.append(
            self._run.find_change(self._target, paint.position, paint.shown, labels)
        )


def list_planes(run: KeptRun, position: Position, is_for_all: bool) -> tuple[Position, ...]:
    """List the planes of a run that may change: that one, or all that it has labelled."""
    others: Iterable[Position] = run.maps.list_positions() if is_for_all and run.is_stack else ()
    return (position, *(other for other in others if other != position))
