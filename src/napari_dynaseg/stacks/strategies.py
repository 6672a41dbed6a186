"""A whole stack, plane by plane: one network for all, one that follows, or one for each plane."""

from collections.abc import Generator, Iterator, Sequence
from functools import cached_property

from napari_dynaseg.counting import write_count
from napari_dynaseg.engine.backend import torch
from napari_dynaseg.errors import FileError, ImageError, SettingsError
from napari_dynaseg.files.sinks import NETWORK as NETWORK  # noqa: PLC0414 (others take it from here)
from napari_dynaseg.files.sinks import Results
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.order import find_parent, order_planes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import LabelMap, match_labels, number_by_size
from napari_dynaseg.method.region_of_interest import Within
from napari_dynaseg.method.run import run
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.method.step import Step
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.recipes.training_planes import TrainingPlanes
from napari_dynaseg.settings import Settings, Strategy
from napari_dynaseg.stacks.part import PlacedResults, StackPart


def train_network(
    stack: StackImage,
    settings: Settings,
    positions: Sequence[Position],
    within: Within | None = None,
    scribbled: LabelMap | None = None,
    guidance: LabelMap | None = None,
) -> Generator[Step, Settings | None, TrainedNetwork]:
    """Train the network of a stack; yields each step, and returns the network.

    Parameters
    ----------
    stack
        The image.
    settings
        The knobs.
    positions
        The planes to train on, as `spread_positions` gives them.
    within
        A part that every plane is limited to.
    scribbled
        (H, W), labels that the user has given to some pixels of the first of them, 0 elsewhere;
        by default none.
    guidance
        (H, W), another segmentation of the first of them, 0 where there is none.

    Raises
    ------
    FileError
        If a plane cannot be read.
    ImageError
        If a plane cannot be segmented, or scribbles or the guidance do not fit it.
    """
    training = TrainingPlanes.read(stack, positions)
    given = {"within": within, "scribbled": scribbled, "guidance": guidance}
    result = yield from run(training.prepare(settings, **given))
    return training.keep_network(result)


def check_independent(settings: Settings, roof: str) -> None:
    """Refuse a strategy by which planes depend on each other, where a roof needs another.

    Raises
    ------
    SettingsError
        If each plane needs its neighbour.
    """
    if settings.strategy != "one":
        raise SettingsError(
            f"{roof} strategy one; got strategy {settings.strategy}, where each plane needs its "
            "neighbour first"
        )


def segment_planes(
    stack: StackImage,
    network: TrainedNetwork,
    positions: Sequence[Position],
    results: Results,
    start: Position | None = None,
    within: Within | None = None,
) -> Iterator[Position | None]:
    """Segment planes that are not finished yet, outwards from the one trained on.

    Parameters
    ----------
    stack
        The image.
    network
        Trained on one of the planes; its settings say which way to go.
    positions
        The planes, which make a box on the stack axes.
    results
        Takes the label maps. A run that was stopped goes on from its results, and gives the
        same as one that was not.
    start
        Where to begin; by default the plane that the network was trained on.
    within
        A part that every plane is limited to, as the one that was trained on.

    Yields
    ------
    tuple or None
        The position of each plane that is finished now or was before; `None` in between, as
        often as the work can be stopped.

    Raises
    ------
    FileError
        If a plane cannot be read or written.
    ImageError
        If the start is not among the planes.
    """
    start = start or network.recipe.source.position
    if start not in positions:
        raise ImageError(
            "the planes of a stack must have the one to start from among them; "
            f"got {write_count(len(positions), 'plane')} without {start}"
        )
    order = order_planes(positions, start)
    if within:
        stack, results = StackPart.of(stack, within), PlacedResults(results, within)
    walk = WALKS[network.settings.strategy](stack, network, order, results)
    for position in order:
        if not results.is_finished(position):
            for _ in walk.segment(position):
                yield None
        yield position
    walk.tidy_up()


class OneNetwork:
    """One network labels all planes.

    Parameters
    ----------
    stack, network, results
        As in `segment_planes`.
    order
        The planes, each after its parent.
    """

    def __init__(
        self,
        stack: StackImage,
        network: TrainedNetwork,
        order: Sequence[Position],
        results: Results,
    ) -> None:
        self._stack, self._network, self._order, self._results = stack, network, order, results

    def segment(self, position: Position) -> Iterator[None]:
        """Segment and write one plane, whose parent was written before."""
        yield
        self._label(position)

    def _label(self, position: Position) -> None:
        labels = self._network.label(self._stack.read_channels(position))
        self._results.write_plane(position, labels)

    def _train(
        self, position: Position, settings: Settings, start: torch.Tensor | None = None
    ) -> Generator[None, None, Step]:
        plane = self._network.scaling.apply(self._stack.read_channels(position))
        for step in run(RunInput((plane,), settings, start=start)):
            last = step
            yield
        return last

    def _find_parent(self, position: Position) -> Position | None:
        return find_parent(position, self._order[0])

    def tidy_up(self) -> None:
        """Remove what only served to go on after a stop."""


class Follow(OneNetwork):
    """Each plane trains its neighbour's network on.

    The network of a plane is kept in a note until all planes that start from it are finished.
    """

    def segment(self, position: Position) -> Iterator[None]:
        """Segment and write one plane, whose parent was written before."""
        parent = self._find_parent(position)
        if parent is None:
            yield
            self._label(position)
            return
        before = self._read_network(parent)
        settings = before.settings.change(iterations=before.settings.follow_iterations)
        start = torch.from_numpy(before.weights)
        step = yield from self._train(position, settings, start)
        after = before.move_on(step)
        if self._find_children(position):
            self._results.write_note(_name_note(position), after.to_bytes())
        self._results.write_plane(position, after.numbers[step.labels])
        if all(map(self._results.is_finished, self._find_children(parent))):
            self._results.remove_note(_name_note(parent))

    def _read_network(self, position: Position) -> TrainedNetwork:
        if position == self._order[0]:
            return self._network
        note = self._results.read_note(_name_note(position))
        if note is None:
            where = self._stack.axes.describe_position(position)
            raise FileError(f"the network of {where} is gone, from which the next plane starts")
        return TrainedNetwork.from_bytes(note)

    def _find_children(self, position: Position) -> list[Position]:
        return self._children.get(position, [])

    @cached_property
    def _children(self) -> dict[Position | None, list[Position]]:
        children: dict[Position | None, list[Position]] = {}
        for position in self._order:
            children.setdefault(self._find_parent(position), []).append(position)
        return children

    def tidy_up(self) -> None:
        """Remove the notes of networks that a killed run has left."""
        for position in self._order:
            self._results.remove_note(_name_note(position))


class EachAlone(OneNetwork):
    """Each plane has a network of its own; its labels are matched to those of its parent."""

    def segment(self, position: Position) -> Iterator[None]:
        """Segment and write one plane, whose parent was written before."""
        parent = self._find_parent(position)
        if parent is None:
            yield
            self._label(position)
            return
        step = yield from self._train(position, self._network.settings)
        labels = number_by_size(step.labels)
        self._results.write_plane(position, match_labels(labels, self._results.read_plane(parent)))


WALKS: dict[Strategy, type[OneNetwork]] = {"one": OneNetwork, "follow": Follow, "each": EachAlone}


def _name_note(position: Position) -> str:
    return "-".join([NETWORK, *(str(at) for at in position if at is not None)])
