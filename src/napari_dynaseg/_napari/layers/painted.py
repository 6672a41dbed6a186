"""What was painted in a part of a label layer, as the runs that are kept tell it. No Qt."""

import numpy as np
from napari.layers import Labels

from napari_dynaseg._napari.layers.kept_runs import KeptRuns
from napari_dynaseg._napari.layers.transforms import Index
from napari_dynaseg.errors import EditError, ImageError
from napari_dynaseg.labels.numbering import Mask


def find_painted(kept: KeptRuns, layer: Labels, index: Index) -> Mask:
    """Find the painted pixels of a part of a layer.

    Parameters
    ----------
    kept
        The runs of the panel.
    layer
        The layer of one of them.
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
        run = kept.find(layer)
    except ImageError as error:
        raise EditError(f"what was painted in {layer.name!r} is not known: {error}") from None
    painted = np.zeros(layer.data.shape, bool)[index]
    for position in run.maps.list_positions():
        starts = position if run.is_stack else (None,) * layer.ndim
        if any(
            start is not None and isinstance(at, int) and at != start
            for start, at in zip(starts, index, strict=True)
        ):
            continue
        inner = tuple(
            0 if start is not None and isinstance(at, int) else at
            for start, at in zip(starts, index, strict=True)
        )
        outer = tuple(
            slice(None) if start is None else slice(start, start + 1)
            for start, at in zip(starts, index, strict=True)
            if isinstance(at, slice)
        )
        plane = run.find_painted(layer, position).astype(np.int32)
        painted[outer] = run.job.wrap_labels(plane)[inner] != 0
    return painted
