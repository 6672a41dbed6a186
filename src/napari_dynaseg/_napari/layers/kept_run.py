"""What is kept of a run beside its layer: where it came from, its network, what was painted."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from napari.components import Dims
from napari.layers import Labels

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import Target, read_locked
from napari_dynaseg._napari.layers.history import Turn
from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.layers.transforms import Index, find_coordinates
from napari_dynaseg.errors import ImageError
from napari_dynaseg.files.ome_labels import find_folder
from napari_dynaseg.image.axes import Position
from napari_dynaseg.labels.compressed_map import CompressedMap
from napari_dynaseg.labels.network_maps import CurrentMaps, NetworkMaps
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.labels.scope import find_locked
from napari_dynaseg.method.label_tree import LabelTree
from napari_dynaseg.recipes.kept_tree import TREE_KEY
from napari_dynaseg.recipes.painted_recipe import MAP_KEY
from napari_dynaseg.recipes.recipe import METADATA_KEY
from napari_dynaseg.recipes.snapshots import Snapshots
from napari_dynaseg.settings import Settings

if TYPE_CHECKING:
    from napari_dynaseg.recipes.trained_network import TrainedNetwork

NO_LABEL = np.iinfo(np.int32).min
# What the trees of the planes of a stack take at most, but for the last.
MOST_TREE_BYTES = 256_000_000


class State(NamedTuple):
    """What belongs to the labels of a run's layer, and is led back with them.

    Parameters
    ----------
    metadata
        The recipe, and the map that it makes.
    keep_network
        Gives the network, if there is one.
    maps
        What the network gave, which tells what was painted.
    tools
        What tools have made of pixels that no hand had painted; `NO_LABEL` elsewhere.
    tree
        What the labels of the job's plane are cut from, if they are.
    details
        Where the tree is cut, of planes that were cut elsewhere than by the settings.
    """

    metadata: dict[str, Any]
    keep_network: "Callable[[], TrainedNetwork] | None"
    maps: CurrentMaps
    tools: dict[Position, CompressedMap]
    tree: LabelTree | None
    details: dict[Position, float]


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
    settings
        By which its labels were made.
    tools, tree, details
        As in `State`.
    """

    job: Job
    is_stack: bool
    settings: Settings = field(default_factory=Settings)
    keep_network: "Callable[[], TrainedNetwork] | None" = None
    maps: NetworkMaps = field(default_factory=NetworkMaps)
    snapshots: Snapshots = field(default_factory=Snapshots)
    tools: dict[Position, CompressedMap] = field(default_factory=dict)
    tree: LabelTree | None = None
    details: dict[Position, float] = field(default_factory=dict)
    # The trees of other planes of a stack, those cut last at the end.
    _planted: dict[Position, LabelTree] = field(default_factory=dict, repr=False)

    def is_alike(self, other: "KeptRun") -> bool:
        """Tell whether another run is of the same planes of the same image."""
        mine, theirs = ([id(array) for array in run.job.stack.arrays] for run in (self, other))
        return self.job.axes == other.job.axes and mine == theirs

    # -- planes of its layer ----------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its layer's data."""
        axes = self.job.axes
        whole = self.job.axes.label_sizes
        plane = [size if axis in axes.plane else 1 for axis, size in enumerate(whole)]
        return whole if self.is_stack else tuple(plane)

    def find_index(self, position: Position) -> Index:
        """Say where in its layer a plane lies."""
        return tuple(slice(None) if at is None or not self.is_stack else at for at in position)

    def find_position(self, layer: Labels, dims: Dims) -> Position:
        """Find the plane of its layer that is on view.

        Raises
        ------
        ImageError
            If the view is beside it.
        """
        axes = self.job.axes
        if not self.is_stack:
            return self.job.position
        coordinates = find_coordinates(layer, dims.point, dims)
        indices = [round(float(coordinates[axis])) for axis in axes.stack]
        for axis, index in zip(axes.stack, indices, strict=True):
            if not 0 <= index < axes.sizes[axis]:
                raise ImageError(f"the view is beside {layer.name!r} on axis {axes.names[axis]}")
        return axes.place(indices)

    def read_plane(self, array: Any, position: Position) -> LabelMap:
        """Read a plane of its layer's array as a label map of its own, (H, W); in any thread."""
        return self.job.axes.unwrap(np.asarray(array[self.find_index(position)])).copy()

    def write_plane(self, array: Any, position: Position, labels: npt.NDArray[Any]) -> None:
        """Write a plane, (H, W), into an array of its layer's shape, of which no undo knows."""
        index = self.find_index(position)
        array[index] = self.job.axes.wrap(labels).reshape(np.shape(array[index]))

    def find_change(
        self, target: Target, position: Position, before: LabelMap, after: LabelMap
    ) -> Change:
        """Find what changes in its layer between two maps of a plane, (H, W)."""
        part = replace(target, index=self.find_index(position))
        wrapped = (self.job.axes.wrap(labels).reshape(part.shape) for labels in (before, after))
        return Change.between(part, *wrapped)

    # -- its trees --------------------------------------------------------------------------

    def find_tree(self, position: Position) -> LabelTree | None:
        """Find the tree of a plane, if it is there."""
        return self.tree if position == self.job.position else self._planted.get(position)

    def find_detail(self, position: Position) -> float:
        """Tell where the tree of a plane is cut."""
        return self.details.get(position, self.settings.detail)

    def explain_no_tree(self, position: Position) -> str:
        """Say why a plane can have no tree; nothing if it has one, or `plant` can give it one."""
        if self.find_tree(position) is not None:
            return ""
        if not self.settings.needs_tree:
            return "clusters as published have no tree to cut"
        if position not in self.maps.list_positions():
            return "this plane has no labels of this session's run to cut anew"
        if self.settings.strategy != "one":
            return "each plane had a network of its own, which is not kept; press Segment"
        return "" if self.keep_network else "no network is kept of these labels; press Segment"

    def plant(self, position: Position) -> LabelTree:
        """Build the tree of a plane of its stack, which takes a while; in any thread."""
        assert self.keep_network is not None
        within, channels = self.job.within, self.job.stack.read_channels(position)
        channels = within.crop(channels) if within else channels
        tree = self.keep_network().label_and_keep(channels).tree
        assert tree is not None
        return replace(tree, within=within)

    def find_network(self, position: Position) -> "Callable[[], TrainedNetwork] | None":
        """Find what gives the network as it labels a plane where that is cut now."""
        keep, detail = self.keep_network, self.find_detail(position)
        if keep is None or detail == self.settings.detail:
            return keep
        return lambda: keep().use({"detail": detail})

    def add_tree(self, position: Position, tree: LabelTree) -> None:
        """Keep the tree of a plane, in bounded memory: those that were not used longest go."""
        self._planted[position] = tree
        most = max(1, MOST_TREE_BYTES // tree.tree.superpixels.nbytes)
        for other in list(self._planted)[:-most]:
            del self._planted[other]

    # -- what was painted -------------------------------------------------------------------

    def find_painted(self, layer: Labels, position: Position) -> Mask:
        """Find what the user has painted in a plane of its layer, (H, W)."""
        return self.maps.find_painted(position, self.read_plane(layer.data, position))

    def find_painted_by_hand(self, layer: Labels, position: Position) -> Mask:
        """Find what the user has painted there, but for what a tool has done with other pixels.

        A pixel that was painted stays painted, whatever a tool makes of it.
        """
        shown = self.read_plane(layer.data, position)
        by_tool: Mask = shown == self._read_tools(position)
        return self.maps.find_painted(position, shown) & ~by_tool

    def find_fixed(self, layer: Labels, position: Position, painted: Mask) -> Mask:
        """Find what stays in a plane: what was painted, and the locked labels."""
        return painted | find_locked(self.read_plane(layer.data, position), read_locked(layer))

    def merge_paint(self, layer: Labels, labels: LabelMap) -> LabelMap:
        """Put what was painted in its layer, and locked labels, over others of the job's plane."""
        position = self.job.position
        fixed = self.find_fixed(layer, position, self.find_painted(layer, position))
        merged: LabelMap = np.where(fixed, self.read_plane(layer.data, position), labels)
        return merged

    def _read_tools(self, position: Position) -> LabelMap:
        if position in self.tools:
            return self.tools[position].read()
        return np.full(self.job.axes.plane_shape, NO_LABEL, np.int32)

    def add_tool(self, layer: Labels, change: Change) -> dict[Position, CompressedMap]:
        """Give what tools have made once a change of one more is written."""
        row, column = self.job.axes.plane
        tools = dict(self.tools)
        for position in self.maps.list_positions():
            inside = self._find_entries(change.indices, position)
            after = change.after[inside]
            if not len(after):
                continue
            by_hand, made = self.find_painted_by_hand(layer, position), self._read_tools(position)
            pixels = change.indices[row][inside], change.indices[column][inside]
            where = np.ravel_multi_index(pixels, made.shape)
            np.put(made, where, np.where(by_hand.take(where), NO_LABEL, after))
            tools[position] = CompressedMap.of(made)
        return tools

    def _find_entries(
        self, indices: tuple[npt.NDArray[np.integer], ...], position: Position
    ) -> slice | npt.NDArray[np.intp]:
        """Find which pixels of its layer lie in a plane."""
        first, *others = self.find_index(position)
        start, stop = 0, len(indices[0])
        if isinstance(first, int):  # they are sorted by their first axis, and may be many
            start, stop = np.searchsorted(indices[0], [first, first + 1])
        pairs = zip(others, indices[1:], strict=True)
        inside = [entries[start:stop] == at for at, entries in pairs if isinstance(at, int)]
        if not inside:
            return slice(start, stop)
        return start + np.flatnonzero(np.logical_and.reduce(inside))

    # -- its state --------------------------------------------------------------------------

    def describe_state(self, layer: Labels) -> State:
        """Describe what belongs to its layer now."""
        keys = METADATA_KEY, MAP_KEY, TREE_KEY
        kept = {key: layer.metadata[key] for key in keys if key in layer.metadata}
        maps = self.maps.list_current()
        return State(kept, self.keep_network, maps, self.tools, self.tree, self.details)

    def enter(self, layer: Labels, state: State) -> Turn:
        """Take over a state; gives what then exchanges it for the one before, and back."""
        other = self.describe_state(layer)
        self._take_over(layer, state)

        def turn(layer: Labels, _is_done: bool) -> None:
            nonlocal other
            now = self.describe_state(layer)
            self._take_over(layer, other)
            other = now

        return turn

    def _take_over(self, layer: Labels, state: State) -> None:
        layer.metadata = {**layer.metadata, **state.metadata}
        if not self.is_stack and find_folder(layer.data) is not None:
            # Its formats take a while to load, which the panel has no time for.
            from napari_dynaseg._napari.layers.label_files import save_beside_pixels

            save_beside_pixels(layer)
        self.keep_network, self.tools = state.keep_network, state.tools
        self.tree, self.details = state.tree, state.details
        self.maps.return_to(state.maps)
