"""The labels of a whole stack as a lazy array: a plane is segmented when it is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.utils import SerializableLock

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.files.sinks import PlanesInMemory
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.axes import Axes, guess_axes, parse_axes
from napari_dynaseg.image.selection import check_plane
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.settings import Settings
from napari_dynaseg.stacks.plan import StackPlan, StackRun, plan_stack
from napari_dynaseg.stacks.strategies import check_independent

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
    if network and settings:
        raise SettingsError(
            f"a trained network has settings of its own; got {', '.join(settings)} as well"
        )
    checked = Settings(**settings)
    check_independent(checked, "a lazy stack is labelled by one network,")
    read = guess_axes(array.shape) if axes is None else parse_axes(axes, array.shape)
    stack = StackImage((array,), read, NAME)
    start = None if plane is None else check_plane(stack.axes, plane)
    plan = plan_stack(stack, None, checked, plane=start, network=network)
    trained = dask.delayed(NetworkOnDemand(plan), pure=False)()
    kept = *stack.axes.stack, *stack.axes.plane
    return _cut_into_planes(array, stack.axes).map_blocks(
        _label_block,
        trained,
        stack.axes,
        drop_axis=[axis for axis in range(len(array.shape)) if axis not in kept],
        dtype=np.int32,
        meta=np.empty((0,) * len(kept), np.int32),
    )


class NetworkOnDemand:
    """Gives the network of a stack; it is trained when it is first asked for, and kept.

    Parameters
    ----------
    plan
        Of the stack.
    """

    def __init__(self, plan: StackPlan) -> None:
        # No labels are kept: each plane is labelled when it is asked for.
        self._run = StackRun.open(plan, PlanesInMemory(np.empty(0, np.int32), plan.stack.axes))
        self._lock = SerializableLock()

    def __call__(self) -> TrainedNetwork:
        """Give the network."""
        with self._lock:
            if not self._run.is_trained:
                run_through(self._run.train())
        return self._run.read_network()


def _cut_into_planes(array: Any, axes: Axes) -> da.Array:
    chunks = tuple(1 if axis in axes.stack else size for axis, size in enumerate(array.shape))
    if isinstance(array, da.Array):
        return array.rechunk(chunks)
    # Without a name of its own an array would be hashed whole, without meta a piece be read.
    return da.from_array(array, chunks, name=False, meta=np.empty((0,) * len(chunks), array.dtype))


def _label_block(block: npt.NDArray[Any], network: TrainedNetwork, axes: Axes) -> LabelMap:
    """Label the plane that a chunk holds; the axes are those of the stack."""
    here = replace(axes, sizes=block.shape[: len(axes.sizes)])
    (position,) = here.list_positions()
    labels = network.label(StackImage((block,), here, NAME).read_channels(position))
    planes = PlanesInMemory(np.empty(here.label_sizes, np.int32), here)
    planes.write_plane(position, labels)
    return planes.array if axes.channel is None else planes.array.squeeze(axes.channel)
