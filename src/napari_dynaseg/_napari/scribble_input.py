"""The box that chooses a layer of scribbles, and its pixels on the plane that is segmented."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from napari.components import Dims, ViewerModel
from napari.layers import Labels

from napari_dynaseg._napari.layers import Job
from napari_dynaseg._napari.whereabouts import Index, Sampler, find_coordinates, find_placing
from napari_dynaseg._napari.within_choice import WithinChoice
from napari_dynaseg.errors import ImageError
from napari_dynaseg.labels import LabelMap

NONE = "None"


class ScribbleChoice(WithinChoice):
    """A box of the viewer's Labels layers; the chosen one is held by identity.

    Parameters
    ----------
    viewer
        Whose layers to offer.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(
            viewer,
            label="Scribbles",
            nothing=NONE,
            kinds=(Labels,),
            tooltip="A Labels layer with a few strokes of the labels that you want, drawn before "
            "the run: they stay as they are, what is like them follows, and at least as many "
            "labels are left. Of a stack those on the plane on view count",
        )
        self._dims = viewer.dims

    def add_to(self, job: Job) -> Job:
        """Give a job the scribbles on its plane, as they are now; none if no layer is chosen.

        Raises
        ------
        ImageError
            If nothing is scribbled there, or the layer cannot be read.
        """
        if self.value is None:
            return job
        drawn = freeze_scribbles(self.value, job, self._dims)
        return replace(job, scribbled=job.within.keep(drawn) if job.within else drawn)


def freeze_scribbles(layer: Labels, job: Job, dims: Dims) -> LabelMap:
    """Read what a layer has on the plane of a job, however the two lie in the world.

    Parameters
    ----------
    layer
        The scribbles. Where it has fewer axes than the image, they count on every plane.
    job
        What is segmented.
    dims
        The viewer's.

    Returns
    -------
    numpy.ndarray
        int32, (H, W); 0 where nothing was scribbled.

    Raises
    ------
    ImageError
        If nothing is scribbled there, a label is none that int32 holds, or the layer has
        several resolutions.
    """
    if layer.multiscale:
        raise ImageError(f"{layer.name!r} has several resolutions; expected a single one")
    # A layer of the job's labels, which the viewer never sees, tells where its pixels lie.
    blank = np.broadcast_to(np.int32(0), job.stack_shape)
    own = Labels(blank, **job.stack_placement)
    sampler = Sampler(layer.data, find_placing(own, layer, dims), job.stack_shape)
    index: Index = tuple(
        slice(None) if axis in job.axes.plane else (at or 0) for axis, at in enumerate(job.position)
    )
    drawn = np.zeros([job.axes.sizes[axis] for axis in sorted(job.axes.plane)], np.int64)
    for fixed in _list_entries(layer, job, dims):
        values, inside = sampler.read(index, fixed)
        drawn = np.where((drawn == 0) & inside, values.astype(np.int64), drawn)
    return _check(drawn if job.axes.plane[0] < job.axes.plane[1] else drawn.T, layer)


def _list_entries(layer: Labels, job: Job, dims: Dims) -> list[dict[int, int]]:
    """List the entries of the layer on an axis of channels, the one on view first.

    A plane has all channels, and so counts what was scribbled whichever of them was on view.
    """
    offset = len(job.axes.sizes) - layer.ndim
    channel = -1 if job.axes.channel is None else job.axes.channel - offset
    if not 0 <= channel < layer.ndim:
        return [{}]
    on_view = round(float(find_coordinates(layer, dims.point, dims)[channel]))
    entries = sorted(range(layer.data.shape[channel]), key=lambda entry: entry != on_view)
    return [{channel: entry} for entry in entries]


def _check(drawn: npt.NDArray[np.int64], layer: Labels) -> LabelMap:
    if not drawn.any():
        raise ImageError(
            f"nothing is scribbled on this plane in {layer.name!r}; scribble, or choose {NONE}"
        )
    if drawn.min() < 0 or drawn.max() > np.iinfo(np.int32).max:
        raise ImageError(
            f"scribbles must be labels from 1 on that int32 holds; {layer.name!r} has "
            f"{drawn.min()} to {drawn.max()}"
        )
    return np.ascontiguousarray(drawn, np.int32)
