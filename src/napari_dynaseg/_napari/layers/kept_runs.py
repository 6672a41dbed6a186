"""What is kept of a run beside its layer: where it came from, its network, what was painted."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from napari.layers import Labels

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import Target, read_locked
from napari_dynaseg._napari.layers.history import LayerStates, State, ToolStep
from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import Position
from napari_dynaseg.labels.network_maps import NetworkMaps
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.labels.scope import find_locked
from napari_dynaseg.recipes.painted_recipe import MAP_KEY
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe
from napari_dynaseg.recipes.snapshots import MOST_BYTES, Snapshots

if TYPE_CHECKING:
    from napari_dynaseg.recipes.trained_network import TrainedNetwork


NO_LABEL = np.iinfo(np.int64).min


@dataclass(eq=False)
class KeptRun:
    """A run whose layer may be painted on, refined and run again.

    Parameters
    ----------
    job
        What was segmented.
    is_stack
        Whether the layer has all planes of the stack, or the job's alone.
    keep_network
        Gives the network, `None` if the run had none yet.
    maps
        What the network gave, plane by plane.
    snapshots
        Its iterations, of a run of one plane.
    tools
        What tools have changed in its layer.
    states
        The recipes, networks and maps that undo leads back to.
    """

    job: Job
    is_stack: bool
    keep_network: "Callable[[], TrainedNetwork] | None" = None
    maps: NetworkMaps = field(default_factory=NetworkMaps)
    snapshots: Snapshots = field(default_factory=Snapshots)
    tools: tuple[ToolStep, ...] = ()
    states: LayerStates | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its layer's data."""
        axes = self.job.axes
        whole = self.job.stack_shape
        plane = [size if axis in axes.plane else 1 for axis, size in enumerate(whole)]
        return whole if self.is_stack else tuple(plane)

    def find_index(self, position: Position) -> Any:
        """Say where in its layer a plane lies."""
        return self.job.wrap_index(position) if self.is_stack else ...

    def find_position(self, layer: Labels, point: Sequence[float]) -> Position:
        """Find the plane of its layer that is on view.

        Raises
        ------
        ImageError
            If the view is beside it.
        """
        axes = self.job.axes
        if not self.is_stack:
            return self.job.position
        coordinates = layer.world_to_data(point)[-layer.ndim :]
        indices = [round(float(coordinates[axis])) for axis in axes.stack]
        for axis, index in zip(axes.stack, indices, strict=True):
            if not 0 <= index < axes.sizes[axis]:
                raise ImageError(f"the view is beside {layer.name!r} on axis {axes.names[axis]}")
        return axes.place(indices)

    def read_plane(self, layer: Labels, position: Position) -> LabelMap:
        """Read a plane of its layer as a label map of its own, (H, W)."""
        return self.read_array(layer.data, position)

    def read_array(self, array: Any, position: Position) -> LabelMap:
        """Read a plane of its layer's array likewise; in any thread."""
        return self.job.unwrap_labels(array[self.find_index(position)]).copy()

    def find_painted(self, layer: Labels, position: Position) -> Mask:
        """Find what the user has painted in a plane of its layer, (H, W)."""
        return self.maps.find_painted(position, self.read_plane(layer, position))

    def find_painted_by_hand(self, layer: Labels, position: Position) -> Mask:
        """Find what the user has painted there, but for what a tool has done with other pixels."""
        shown = self.read_plane(layer, position)
        by_tool: Mask = shown == self._read_tools(position)
        return self.maps.find_painted(position, shown) & ~by_tool

    def _read_tools(self, position: Position) -> npt.NDArray[np.int64]:
        """Read what tools have made of the pixels that no hand had painted; `NO_LABEL` elsewhere.

        A pixel that was painted stays painted, whatever a tool makes of it.
        """
        row, column = self.job.axes.plane
        made = np.full(self.job.plane_shape, NO_LABEL)
        for maps, indices, before, after in self.tools:
            if position not in maps:
                continue
            inside = self._find_entries(indices, position)
            where = indices[row][inside], indices[column][inside]
            then = np.zeros(made.shape, np.int32)
            then[where] = before[inside]
            painted = maps[position].find_painted(then)[where] & (then[where] != made[where])
            made[where] = np.where(painted, NO_LABEL, after[inside])
        return made

    def _find_entries(
        self, indices: tuple[npt.NDArray[np.integer], ...], position: Position
    ) -> npt.NDArray[np.intp]:
        """Find which pixels of its layer lie in a plane."""
        if not self.is_stack:
            return np.arange(len(indices[0]))
        start, stop = 0, len(indices[0])
        if position[0] is not None:  # they are sorted by their first axis, and may be many
            start, stop = np.searchsorted(indices[0], [position[0], position[0] + 1])
        inside = np.ones(stop - start, bool)
        for axis, at in enumerate(position):
            inside &= True if at is None else indices[axis][start:stop] == at
        return start + np.flatnonzero(inside)

    def write_plane(self, layer: Labels, position: Position, labels: LabelMap) -> Change:
        """Change a plane of its layer, as one step that Ctrl+Z takes back; gives what changed."""
        index = self.find_index(position)
        wrapped = self.job.wrap_labels(labels)
        shown = np.asarray(layer.data[index]).reshape(wrapped.shape)
        where = np.nonzero(shown != wrapped)
        before, after = shown[where].astype(np.int32), wrapped[where]
        if self.is_stack:
            starts = [part.start or 0 for part in index]
            where = tuple(part + start for part, start in zip(where, starts, strict=True))
        if len(after):
            with layer.block_history():
                layer.data_setitem(where, after)
        return Change(Target(layer, layer.data, (slice(None),) * layer.ndim), where, before, after)

    def describe_state(self, layer: Labels) -> State:
        """Describe the recipe and the network that belong to its layer now."""
        keys = METADATA_KEY, MAP_KEY
        kept = {key: layer.metadata[key] for key in keys if key in layer.metadata}
        return State(kept, self.keep_network, self.maps.list_current(), self.tools)

    def return_to(self, layer: Labels, state: State) -> None:
        """Take over the recipe, the network, the maps and the tools of a state."""
        layer.metadata = {**layer.metadata, **state.metadata}
        self.keep_network = state.keep_network
        self.maps.return_to(state.maps)
        self.tools = state.tools

    def note_tool(self, layer: Labels, change: Change) -> None:
        """Note what a tool has changed in its layer just now: no hand has painted that."""
        before = self.describe_state(layer)
        step = ToolStep(before.maps, change.indices, change.before, change.after)
        self.tools = (*self.tools, step)
        self.follow_step(layer, before)

    def follow_step(self, layer: Labels, before: State) -> None:
        """Lead all that belongs to its layer back when a step, written just now, is undone."""
        if self.states is None:
            self.states = LayerStates(layer)
            self.states.turned.connect(self.return_to)
        self.states.add(layer, before, self.describe_state(layer))


def read_iteration(layer: Labels | None) -> int | None:
    """Read from its recipe of which iteration a layer is; `None` if it has no recipe."""
    if layer is None or METADATA_KEY not in layer.metadata:
        return None
    return Recipe.from_metadata(layer.metadata).last_iteration


class KeptRuns:
    """The runs of a panel, by their layers; those of layers that are gone are forgotten."""

    def __init__(self) -> None:
        self._runs: WeakKeyDictionary[Labels, KeptRun] = WeakKeyDictionary()

    def keep(self, layer: Labels, run: KeptRun) -> None:
        """Keep a run by its layer; the snapshots of all earlier ones share the memory of one."""
        earlier = [each for each in self._runs.values() if each.snapshots]
        for each in earlier:
            each.snapshots.limit(MOST_BYTES // len(earlier))
        self._runs[layer] = run

    def find(self, layer: object) -> KeptRun:
        """Find the run that made a layer.

        Raises
        ------
        ImageError
            If it is no layer of a run of this panel.
        """
        run = self._runs.get(layer) if isinstance(layer, Labels) else None
        if run is None or not isinstance(layer, Labels):
            raise ImageError("select the labels of a run of this session")
        if layer.data.shape != run.shape:
            raise ImageError(
                f"the labels of {layer.name!r} were replaced by others of shape "
                f"{layer.data.shape}; expected {run.shape}, as its run made them"
            )
        return run

    def note_tool(self, change: Change) -> None:
        """Note what a tool has changed, if a run made the layer."""
        with suppress(ImageError):
            layer = change.target.layer
            self.find(layer).note_tool(layer, change)

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
        with suppress(ImageError):
            run = self.find(new)
            earlier = [old for old in layers if old is not new and self._fits(old, run)]
            positions = run.maps.list_positions() if earlier else []
            pixels = sum(self._carry(earlier[-1], new, position) for position in positions)
            if pixels:
                new.refresh()
            return pixels
        return 0

    def _fits(self, layer: Labels, run: KeptRun) -> bool:
        """Tell whether the paint of a layer can be carried over into that of a run."""
        with suppress(ImageError):
            return _is_alike(self.find(layer).job, run.job)
        return False

    def _carry(self, old: Labels, new: Labels, position: Position) -> int:
        before, run = self._runs[old], self._runs[new]
        if position not in before.maps.list_positions():
            return 0
        shown = before.read_plane(old, position)
        painted = before.find_painted_by_hand(old, position)
        painted |= find_locked(shown, read_locked(old))
        for job in (before.job, run.job):  # an earlier scribble is no paint, a later one stays
            if job.scribbled is not None and job.position == position:
                is_same = shown == job.scribbled if job is before.job else True
                painted &= ~((job.scribbled != 0) & is_same)
        if not painted.any():
            return 0
        labels = run.read_plane(new, position)
        labels[painted] = shown[painted]
        # Where the network gave the very label that was painted, nothing else would tell.
        run.maps.mark_painted(position, painted)
        index = run.find_index(position)
        new.data[index] = run.job.wrap_labels(labels).reshape(np.shape(new.data[index]))
        return int(painted.sum())


def _is_alike(one: Job, other: Job) -> bool:
    """Tell whether two jobs are of the same planes of the same image."""
    arrays = zip(one.stack.arrays, other.stack.arrays, strict=False)
    return (
        one.axes == other.axes
        and len(one.stack.arrays) == len(other.stack.arrays)
        and all(mine is theirs for mine, theirs in arrays)
    )
