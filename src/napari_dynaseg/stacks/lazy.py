"""The labels of a whole stack as a lazy array: a plane is segmented when it is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.utils import SerializableLock

from napari_dynaseg.errors import ImageError, SettingsError
from napari_dynaseg.image.axes import Axes, Position, parse_axes, read_axes
from napari_dynaseg.image.order import spread_positions
from napari_dynaseg.image.selection import check_plane, find_plane
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.run import run_through
from napari_dynaseg.recipes.saved_network import check_channels
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.settings import Settings
from napari_dynaseg.stacks.strategies import check_independent, train_network

NAME = "the stack"


def segment_stack(
    array: Any,
    axes: str | None = None,
    *,
    plane: Sequence[int] | None = None,
    network: TrainedNetwork | None = None,
    **settings: Any,
) -> da.Array:
    """Segment a whole stack by one network, lazily.

    Nothing is read or computed before labels are asked for. Then the network is trained, once,
    and only the planes that are asked for are read and labelled.

    Parameters
    ----------
    array
        numpy, dask or zarr, or anything else with a shape and a dtype that is indexed like them.
    axes
        One letter an axis, such as ``TZCYX``, as in `napari_dynaseg.image.axes.parse_axes`. By
        default the last two axes are segmented, after a last one of length 3 or 4 is taken for
        colours; the shortest of the others holds the channels if it has 2 to 4 entries.
    plane
        The plane to train on: an index for each stack axis, in the order of the data. By default
        the middle one.
    network
        A network trained before, to label by instead of training one.
    **settings
        The knobs of `napari_dynaseg.settings.Settings`, where no network is given; ``strategy``
        must be ``"one"``.

    Returns
    -------
    dask.array.Array
        int32, the axes of the stack and the plane in the order of the data, without the axis of
        the channels; a chunk is a plane. A label means the same on every plane.

    Raises
    ------
    ImageError
        If the axes do not fit the shape, or the network was trained on another number of
        channels.
    SettingsError
        If a knob does not exist or is out of range, there is no such plane, or settings come
        with a network.

    Examples
    --------
    >>> labels = segment_stack(np.zeros((5, 2, 64, 48), np.uint8), "TCYX")
    >>> labels.shape, labels.chunksize
    ((5, 64, 48), (1, 64, 48))
    """
    checked = _check_settings(settings, network)
    stack = StackImage((array,), _read_axes(array, axes), NAME)
    start = find_plane(stack.axes) if plane is None else check_plane(stack.axes, plane)
    if network:
        check_channels(network, stack.channels, NAME)
    trained = dask.delayed(TrainingOnDemand(stack, checked, start, network), pure=False)()
    return _cut_into_planes(array, stack.axes).map_blocks(
        _label_block,
        trained,
        stack.axes,
        drop_axis=_list_channel_axes(stack.axes),
        dtype=np.int32,
        meta=np.empty((0,) * len((*stack.axes.stack, *stack.axes.plane)), np.int32),
    )


class TrainingOnDemand:
    """Gives the network of a stack; it is trained when it is first asked for, and kept.

    Parameters
    ----------
    stack, settings
        As in `napari_dynaseg.stacks.strategies.train_network`.
    start
        The plane to train on.
    network
        The network, if it is trained already.
    """

    def __init__(
        self,
        stack: StackImage,
        settings: Settings,
        start: Position,
        network: TrainedNetwork | None,
    ) -> None:
        self._stack, self._settings, self._start = stack, settings, start
        self._network = network
        self._lock = SerializableLock()

    def __call__(self) -> TrainedNetwork:
        """Give the network."""
        with self._lock:
            if self._network is None:
                self._network = self._train()
        return self._network

    def _train(self) -> TrainedNetwork:
        positions = list(self._stack.axes.list_positions())
        training = spread_positions(positions, self._start, self._settings.training_planes)
        return run_through(train_network(self._stack, self._settings, training))


def _check_settings(settings: dict[str, Any], network: TrainedNetwork | None) -> Settings:
    if network and settings:
        raise SettingsError(
            f"a trained network has settings of its own; got {', '.join(settings)} as well"
        )
    checked = Settings(**settings)
    check_independent(checked, "a lazy stack is labelled by one network,")
    return checked


def _read_axes(array: Any, letters: str | None) -> Axes:
    shape = tuple(array.shape)
    if letters is not None:
        return parse_axes(letters, shape)
    samples = shape[-1] if len(shape) > 2 and shape[-1] in (3, 4) else 0
    sizes = shape[:-1] if samples else shape
    count = len(sizes)
    if count < 2:
        raise ImageError(f"a stack must have two axes at least; got shape {shape}")
    return read_axes(sizes, [""] * count, (count - 2, count - 1), samples)


def _cut_into_planes(array: Any, axes: Axes) -> da.Array:
    sizes = (*axes.sizes, *([axes.samples] if axes.samples else []))
    chunks = tuple(1 if axis in axes.stack else size for axis, size in enumerate(sizes))
    if isinstance(array, da.Array):
        return array.rechunk(chunks)
    # Without a name of its own an array would be hashed whole, without meta a piece be read.
    return da.from_array(array, chunks, name=False, meta=np.empty((0,) * len(sizes), array.dtype))


def _list_channel_axes(axes: Axes) -> list[int]:
    """List the axes that labels do not have."""
    channel = [] if axes.channel is None else [axes.channel]
    return [*channel, *([len(axes.sizes)] if axes.samples else [])]


def _label_block(block: npt.NDArray[Any], network: TrainedNetwork, axes: Axes) -> LabelMap:
    """Label the plane that a chunk holds; the axes are those of the stack."""
    sizes = block.shape[: len(axes.sizes)]
    image = StackImage((block,), replace(axes, sizes=sizes), NAME)
    labels = network.label(image.read_channels(image.axes.place([0] * len(axes.stack))))
    row, column = axes.plane
    kept = [size for axis, size in enumerate(sizes) if axis != axes.channel]
    return (labels if row < column else labels.T).reshape(kept)
