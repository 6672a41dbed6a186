"""A whole stack, plane by plane: one network for all, one that follows, or one for each plane."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from functools import cached_property

from napari_dynaseg.counting import write_count
from napari_dynaseg.engine.weights import Weights, from_numpy
from napari_dynaseg.errors import FileError, ImageError, SettingsError
from napari_dynaseg.files.sinks import NETWORK, name_note
from napari_dynaseg.generators import Loop
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.order import find_parent, order_planes
from napari_dynaseg.labels.numbering import LabelMap, match_labels
from napari_dynaseg.method.run import Result, run
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.settings import Settings, Strategy
from napari_dynaseg.stacks.seen_planes import SeenPlanes


def check_independent(settings: Settings, roof: str) -> None:
    """Refuse settings by which planes depend on each other, where a roof needs others.

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
    if settings.result == "regions":
        raise SettingsError(
            f"{roof} result clusters; got regions, which are matched to those of the neighbour"
        )


def segment_planes(
    planes: SeenPlanes, network: TrainedNetwork, positions: Sequence[Position]
) -> Iterator[Position | None]:
    """Segment planes that are not finished yet, outwards from the start.

    Parameters
    ----------
    planes
        Gives the pixels and takes the labels. A run that was stopped goes on from these, and
        gives the same as one that was not.
    network
        Trained on the start, or elsewhere; its settings have the strategy.
    positions
        The planes, which make a box on the stack axes.

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
    if planes.start not in positions:
        raise ImageError(
            "the planes of a stack must have the one to start from among them; "
            f"got {write_count(len(positions), 'plane')} without {planes.start}"
        )
    order = order_planes(positions, planes.start)
    strategy = CLASSES[network.settings.strategy](planes, network, order)
    for position in order:
        if not planes.results.is_finished(position):
            for _ in strategy.segment(position):
                yield None
        yield position
    strategy.tidy_up()


class OneNetwork:
    """One network labels all planes.

    Parameters
    ----------
    planes, network
        As in `segment_planes`.
    order
        The planes, each after its parent.
    """

    def __init__(
        self, planes: SeenPlanes, network: TrainedNetwork, order: Sequence[Position]
    ) -> None:
        self._planes, self._network, self._order = planes, network, order

    def segment(self, position: Position) -> Iterator[None]:
        """Segment and write one plane, whose parent was written before."""
        parent = find_parent(position, self._planes.start)
        yield
        if parent is None:
            self._label(position)
        else:
            yield from self._go_on(position, parent)

    def _go_on(self, position: Position, parent: Position) -> Iterator[None]:
        self._label(position, parent)
        yield

    def _label(self, position: Position, parent: Position | None = None) -> None:
        labels = self._network.label(self._planes.read_channels(position))
        self._write(position, labels, parent)

    def _write(self, position: Position, labels: LabelMap, parent: Position | None) -> None:
        """Write labels; regions take the numbers of those that they overlap with on the parent."""
        if parent is not None and self._network.settings.result == "regions":
            labels = match_labels(labels, self._planes.read_labels(parent))
        self._planes.write_labels(position, labels)

    def _train(
        self, position: Position, settings: Settings, start: Weights | None = None
    ) -> Generator[None, None, Result]:
        plane = self._network.scaling.apply(self._planes.read_channels(position))
        steps = Loop(run(RunInput((plane,), settings, start=start)))
        for _ in steps:
            yield
        return steps.returned

    def tidy_up(self) -> None:
        """Remove what only served to go on after a stop."""


class Follow(OneNetwork):
    """Each plane trains its neighbour's network on.

    The network of a plane is kept in a note until all planes that start from it are finished.
    """

    def _go_on(self, position: Position, parent: Position) -> Iterator[None]:
        before, results = self._read_network(parent), self._planes.results
        settings = before.settings.change(iterations=before.settings.follow_iterations)
        start = from_numpy(before.weights)
        result = yield from self._train(position, settings, start)
        after = before.move_on(result.step)
        if self._children[position]:
            results.write_note(name_note(NETWORK, position), after.to_bytes())
        is_cut = settings.result == "regions"
        labels = result.labels if is_cut else after.numbers[result.step.labels]
        self._write(position, labels, parent)
        if all(map(results.is_finished, self._children[parent])):
            results.remove_note(name_note(NETWORK, parent))

    def _read_network(self, position: Position) -> TrainedNetwork:
        if position == self._planes.start:
            return self._network
        note = self._planes.results.read_note(name_note(NETWORK, position))
        if note is None:
            where = self._planes.stack.axes.describe_position(position)
            raise FileError(f"the network of {where} is gone, from which the next plane starts")
        return TrainedNetwork.from_bytes(note)

    @cached_property
    def _children(self) -> defaultdict[Position | None, list[Position]]:
        children: defaultdict[Position | None, list[Position]] = defaultdict(list)
        for position in self._order:
            children[find_parent(position, self._planes.start)].append(position)
        return children

    def tidy_up(self) -> None:
        """Remove the notes of networks that a killed run has left."""
        for position in self._order:
            self._planes.results.remove_note(name_note(NETWORK, position))


class EachAlone(OneNetwork):
    """Each plane has a network of its own; its labels are matched to those of its parent."""

    def _go_on(self, position: Position, parent: Position) -> Iterator[None]:
        result = yield from self._train(position, self._network.settings)
        neighbour = self._planes.read_labels(parent)
        self._planes.write_labels(position, match_labels(result.labels, neighbour))


CLASSES: dict[Strategy, type[OneNetwork]] = {"one": OneNetwork, "follow": Follow, "each": EachAlone}
