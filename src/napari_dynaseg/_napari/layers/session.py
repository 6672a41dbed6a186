"""What the layers of a panel have gone through: their runs, changes and steps of undo. No Qt."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from napari.layers import Labels
from psygnal import Signal

from napari_dynaseg._napari.layers.adopted_run import adopt, has_tree
from napari_dynaseg._napari.layers.classes import read_classes
from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import Target
from napari_dynaseg._napari.layers.history import History, make_rows, renumber_rows
from napari_dynaseg._napari.layers.kept_run import KeptRun, State
from napari_dynaseg._napari.layers.tools import Outcome
from napari_dynaseg._napari.layers.transforms import Index, intersect
from napari_dynaseg.errors import EditError, ImageError
from napari_dynaseg.image.axes import Position
from napari_dynaseg.labels.network_maps import RememberedMap
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.recipes.kept_tree import keep_tree
from napari_dynaseg.recipes.painted_recipe import keep_map
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe
from napari_dynaseg.recipes.snapshots import MOST_BYTES, Snapshot


class Before(NamedTuple):
    """Labels to compare with, of the shape of the part, and what they are, in words."""

    labels: LabelMap
    words: str


class LastChange(NamedTuple):
    """A change that was made, and what it was; unlike `Change` it does not keep the layer."""

    words: str
    data: Any
    indices: tuple[npt.NDArray[np.integer], ...]
    before: LabelMap
    after: LabelMap

    def take_back(self, layer: Labels, labels: LabelMap, index: Index) -> LabelMap:
        """Take it back in a part, but for pixels that were changed since."""
        if self.data is not layer.data:
            return labels
        pairs = list(zip(index, self.indices, strict=True))
        inside = np.ones(len(self.before), bool)
        for at, entries in pairs:
            if isinstance(at, int):
                inside &= entries == at
        where = tuple(entries[inside] for at, entries in pairs if isinstance(at, slice))
        found = labels[where]
        labels[where] = np.where(found == self.after[inside], self.before[inside], found)
        return labels


@dataclass(eq=False)
class Past:
    """What a layer has gone through; nothing of it keeps the layer alive."""

    history: History
    run: KeptRun | None = None
    last: LastChange | None = None
    is_refused: bool = False  # what is kept beside it was of no use


class Session:
    """Knows what has become of each layer since the panel was opened; on the main thread."""

    turned = Signal()  # undo or redo has led a layer elsewhere
    offered = Signal(object)  # a run that has a network, or another one than before

    def __init__(self) -> None:
        self._pasts: WeakKeyDictionary[Labels, Past] = WeakKeyDictionary()

    def forget(self, layer: object) -> None:
        """Forget a layer that the viewer has dropped, with all that belonged to it."""
        if isinstance(layer, Labels):
            self._pasts.pop(layer, None)

    def close(self) -> None:
        """Forget all layers."""
        self._pasts.clear()

    def _recall(self, layer: Labels) -> Past:
        if layer not in self._pasts:
            past = self._pasts[layer] = Past(History(layer))
            past.history.turned.connect(self.turned.emit)
        return self._pasts[layer]

    # -- runs -------------------------------------------------------------------------------

    def keep(self, layer: Labels, run: KeptRun) -> None:
        """Keep a run by its layer; the snapshots of all earlier ones share the memory of one."""
        runs = [past.run for past in self._pasts.values() if past.run and past.run.snapshots]
        for earlier in runs:
            earlier.snapshots.limit(MOST_BYTES // len(runs))
        self._recall(layer).run = run
        self._offer(run)

    def _offer(self, run: KeptRun) -> None:
        if run.keep_network is not None:
            self.offered.emit(run)

    def find(self, layer: object) -> KeptRun:
        """Find the run that made a layer.

        Raises
        ------
        ImageError
            If it is no layer of a run of this panel.
        """
        past = self._pasts.get(layer) if isinstance(layer, Labels) else None
        if past is None or past.run is None or not isinstance(layer, Labels):
            raise ImageError("select the labels of a run of this session")
        if layer.data.shape != past.run.shape:
            raise ImageError(
                f"the labels of {layer.name!r} were replaced by others of shape "
                f"{layer.data.shape}; expected {past.run.shape}, as its run made them"
            )
        return past.run

    def get(self, layer: object) -> KeptRun | None:
        """Give the run that made a layer, if there is one."""
        try:
            return self.find(layer)
        except ImageError:
            return None

    def adopt(self, layer: Labels) -> None:
        """Take labels with a tree beside them, as from a file, for those of a run.

        Raises
        ------
        FileError
            If what is beside them cannot be read; it is said once.
        """
        past = self._recall(layer)
        if past.run is None and not past.is_refused and has_tree(layer):
            past.is_refused = True
            past.run = adopt(layer)

    # -- steps ------------------------------------------------------------------------------

    def write_tool(self, outcome: Outcome) -> None:
        """Write what a tool came to as one step; rows and colours of its labels follow.

        Raises
        ------
        EditError
            If the layer cannot be changed so.
        """
        change = outcome.change
        layer, run = change.target.layer, self.get(change.target.layer)
        state = None
        if run is not None:
            state = run.describe_state(layer)._replace(tools=run.add_tool(layer, change))
        self._write(change, outcome.tool.title, state)
        history = self._recall(layer).history
        if outcome.renumbered:
            history.add(layer, renumber_rows(layer, outcome.renumbered))
        if outcome.origins and (outcome.tool.gathers or read_classes(layer)):
            history.add(layer, make_rows(layer, outcome.origins, outcome.tool.gathers))

    def write_state(self, change: Change, words: str, state: State) -> None:
        """Change the labels of a run as one step, and with them what belongs to them.

        Parameters
        ----------
        change
            Of the labels; maybe of none.
        words
            What makes it.
        state
            What belongs to the labels then.

        Raises
        ------
        EditError
            If the layer cannot be changed so.
        """
        self._write(change, words, state)
        self._offer(self.find(change.target.layer))

    def _write(self, change: Change, words: str, state: State | None) -> None:
        layer = change.target.layer
        change.write()
        past = self._recall(layer)
        past.last = LastChange(
            words, change.target.data, change.indices, change.before, change.after
        )
        if past.run is not None and state is not None:
            turn = past.run.enter(layer, state)
            if change.pixels:
                past.history.add(layer, turn)

    def keep_iteration(self, layer: Labels, snapshot: Snapshot) -> None:
        """Make an iteration the result of its run, as one step that Ctrl+Z takes back.

        What was painted stays. The recipe of the layer and the network of the run become those
        of the iteration; when undo leads back, so do they.

        Parameters
        ----------
        layer
            The layer of a run of one plane.
        snapshot
            The iteration; no sketch.

        Raises
        ------
        EditError
            If the layer cannot be changed.
        ImageError
            If it is no layer of a run.
        """
        run = self.find(layer)
        position, (labels, tree) = run.job.position, snapshot.label()
        merged, painted = run.merge_paint(layer, labels), run.find_painted(layer, position)
        target = Target(layer, layer.data, run.find_index(position))
        change = run.find_change(target, position, run.read_plane(layer.data, position), merged)
        before = run.describe_state(layer)
        state = before._replace(
            metadata={
                **snapshot.recipe.to_metadata(),
                **keep_map(labels, run.job.axes.is_turned),
                **keep_tree(tree),
            },
            keep_network=snapshot.keep_network,
            maps={**before.maps, position: RememberedMap.of(merged, painted)},
            tree=tree,
            details={position: snapshot.recipe.detail},
        )
        self.write_state(change, f"keeping iteration {snapshot.iteration}", state)

    # -- what was before --------------------------------------------------------------------

    def find_before(self, layer: Labels, index: Index) -> Before:
        """Find what a part of a layer was before its last change, or as its network gave it.

        Parameters
        ----------
        layer
            The layer.
        index
            The part.

        Raises
        ------
        EditError
            If nothing differs from what is there now.
        """
        now = np.asarray(layer.data[index]).astype(np.int32)
        last, run = self._recall(layer).last, self.get(layer)
        if last is not None:
            before = last.take_back(layer, now.copy(), index)
            if (before != now).any():
                return Before(before, f"before {last.words}")
        given = None if run is None else _read_given(run, index)
        if given is None or not (given.reshape(now.shape) != now).any():
            raise EditError(
                f"nothing has changed in this plane of {layer.name!r}: use a tool, paint, "
                "or keep another iteration, then compare"
            )
        return Before(given.reshape(now.shape), "as the network gave them")

    # -- paint ------------------------------------------------------------------------------

    def find_painted(self, layer: Labels, index: Index) -> Mask:
        """Find the painted pixels of a part of a layer.

        Parameters
        ----------
        layer
            The layer of a run.
        index
            The part.

        Returns
        -------
        numpy.ndarray
            bool, of the shape of the part.

        Raises
        ------
        EditError
            If no run of this session made the layer.
        """
        try:
            run = self.find(layer)
        except ImageError as error:
            raise EditError(f"what was painted in {layer.name!r} is not known: {error}") from None
        painted = np.zeros(layer.data.shape, bool)  # takes memory only where it is written
        for position in run.maps.list_positions():
            if intersect(run.find_index(position), index) is not None:
                run.write_plane(painted, position, run.find_painted(layer, position))
        return painted[index]

    def carry_paint(self, new: Labels, layers: list[Labels]) -> int:
        """Carry over what was painted by hand, or locked, in an earlier layer of the same planes.

        What tools made of the rest of it is left: it would lie about among new numbers.

        Parameters
        ----------
        new
            The layer of a run that has ended.
        layers
            Those of the viewer; of the earlier ones the last counts.

        Returns
        -------
        int
            How many pixels were carried over.
        """
        run = self.get(new)
        runs = [(old, self.get(old)) for old in layers if old is not new]
        earlier = [(old, before) for old, before in runs if before and run and before.is_alike(run)]
        if run is None or not earlier:
            return 0
        pixels = sum(_carry(*earlier[-1], new, run, at) for at in run.maps.list_positions())
        if pixels:
            new.refresh()
        return pixels


def read_iteration(layer: Labels | None) -> int | None:
    """Read from its recipe of which iteration a layer is; `None` if it has no recipe."""
    if layer is None or METADATA_KEY not in layer.metadata:
        return None
    return Recipe.from_metadata(layer.metadata).last_iteration


def _read_given(run: KeptRun, index: Index) -> LabelMap | None:
    position = run.job.position
    if run.is_stack:
        position = tuple(None if isinstance(at, slice) else at for at in index)
    given = run.maps.read_labels(position)
    return None if given is None else run.job.axes.wrap(given)


def _carry(old: Labels, before: KeptRun, new: Labels, run: KeptRun, position: Position) -> int:
    if position not in before.maps.list_positions():
        return 0
    shown = before.read_plane(old.data, position)
    painted = before.find_fixed(old, position, before.find_painted_by_hand(old, position))
    for job in (before.job, run.job):  # an earlier scribble is no paint, a later one stays
        if job.scribbled is not None and job.position == position:
            is_same = shown == job.scribbled if job is before.job else True
            painted &= ~((job.scribbled != 0) & is_same)
    if not painted.any():
        return 0
    labels = run.read_plane(new.data, position)
    labels[painted] = shown[painted]
    # Where the network gave the very label that was painted, nothing else would tell.
    run.maps.mark_painted(position, painted)
    run.write_plane(new.data, position, labels)
    return int(painted.sum())
