"""The boxes that choose scribbles and a guidance, and their pixels on the plane of a run."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from napari.components import Dims, ViewerModel
from napari.layers import Labels

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.layers.transforms import Sampler, find_coordinates, find_placing
from napari_dynaseg._napari.panel.inputs.layer_box import LayerBox
from napari_dynaseg.errors import ImageError
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.annotations import GUIDANCE, SCRIBBLES, AnnotationKind

NONE = "None"


class AnnotationInput:
    """What a run is given beside the image: two boxes of the viewer's Labels layers.

    Parameters
    ----------
    viewer
        Whose layers to offer.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._dims = viewer.dims
        self.scribbles = LayerBox(
            viewer,
            (Labels,),
            "Scribbles",
            "A Labels layer with a few strokes of the labels that you want, drawn before "
            "the run: they stay as they are, what is like them follows, and at least as many "
            "labels are left. Of a stack those on the plane on view count",
            NONE,
        )
        self.guidance = LayerBox(
            viewer,
            (Labels,),
            "Guidance",
            "A Labels layer with another segmentation, such as a threshold: it draws the result to "
            "its regions, as strongly as the guidance weight under Advanced says. Its numbers do "
            "not count, and 0 guides nothing. Of a stack the plane on view counts",
            NONE,
        )
        self.boxes = self.scribbles, self.guidance

    def add_to(self, job: Job) -> Job:
        """Give a job what the chosen layers have on its plane, as they are now.

        Raises
        ------
        ImageError
            If there is nothing, or a layer cannot be read.
        """
        return replace(
            job,
            scribbled=self._freeze(self.scribbles, job, SCRIBBLES),
            guidance=self._freeze(self.guidance, job, GUIDANCE),
        )

    def _freeze(self, box: LayerBox, job: Job, kind: AnnotationKind) -> LabelMap | None:
        if box.value is None:
            return None
        annotation = freeze_annotation(box.value, job, self._dims, kind)
        return job.within.keep(annotation) if job.within else annotation

    def list_paths(self) -> list[str | None]:
        """List the files that the chosen layers were opened from, where there are any."""
        return [box.value.source.path if box.value is not None else None for box in self.boxes]


def freeze_annotation(
    layer: Labels, job: Job, dims: Dims, kind: AnnotationKind = SCRIBBLES
) -> LabelMap:
    """Read what a layer has on the plane of a job, however the two lie in the world.

    Parameters
    ----------
    layer
        The annotation. Where it has fewer axes than the image, it counts on every plane.
    job
        What is segmented.
    dims
        The viewer's.
    kind
        What the layer gives.

    Returns
    -------
    numpy.ndarray
        int32, (H, W); 0 where there is nothing.

    Raises
    ------
    ImageError
        If there is nothing at all, a label is none that int32 holds, or the layer has
        several resolutions.
    """
    if layer.multiscale:
        raise ImageError(f"{layer.name!r} has several resolutions; expected a single one")
    # A layer of the job's labels, which the viewer never sees, tells where its pixels lie.
    blank = np.broadcast_to(np.int32(0), job.axes.label_sizes)
    own = Labels(blank, **job.stack_placement)
    sampler = Sampler(layer.data, find_placing(own, layer, dims), job.axes.label_sizes)
    index = job.axes.index_labels(job.position)
    drawn = np.zeros([job.axes.sizes[axis] for axis in sorted(job.axes.plane)], np.int64)
    for fixed in _list_entries(layer, job, dims):
        values, inside = sampler.read(index, fixed)
        drawn = np.where((drawn == 0) & inside, values.astype(np.int64), drawn)
    return _check(job.axes.turn(drawn), layer, kind)


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


def _check(annotation: npt.NDArray[np.int64], layer: Labels, kind: AnnotationKind) -> LabelMap:
    if not annotation.any():
        raise ImageError(
            f"{kind.nothing} on this plane in {layer.name!r}; draw some, or choose {NONE}"
        )
    kind.check_labels(annotation, repr(layer.name))
    return np.ascontiguousarray(annotation, np.int32)
