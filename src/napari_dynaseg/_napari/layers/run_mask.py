"""The part of a plane that a Shapes layer, or a Labels layer, limits a run to. No Qt."""

from dataclasses import replace

import numpy as np
from napari.components import Dims
from napari.layers import Labels, Layer

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.layers.masks import freeze_cover
from napari_dynaseg.errors import ImageError
from napari_dynaseg.method.region_of_interest import Within


def limit_job(job: Job, covering: Layer, dims: Dims) -> Job:
    """Limit a job to what a layer covers of its plane, as it lies now.

    Parameters
    ----------
    job
        What is segmented.
    covering
        A Shapes layer, whose shapes count that show on the plane on view; or a Labels layer,
        whose labels but 0 count.
    dims
        The viewer's.

    Raises
    ------
    EditError
        If it is a Shapes layer without a shape that has an area.
    ImageError
        If it covers less than two pixels of the plane.
    """
    # The labels of the run as they will lie in the viewer.
    blank = job.wrap_labels(np.zeros(job.plane_shape, np.int32))
    labels = Labels(blank, **job.placement)
    index = job.axes.index_labels((0,) * blank.ndim)
    covered = job.unwrap_labels(freeze_cover(covering, labels, dims)(index))
    if np.count_nonzero(covered) < 2:
        raise ImageError(f"{covering.name!r} covers no part of the plane on view")
    return replace(job, within=Within.of(covered, job.plane_shape))
