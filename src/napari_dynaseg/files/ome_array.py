"""An OME-Zarr of labels before any are written: one chunk a plane."""

from pathlib import Path
from typing import Any

import zarr
from zarr.codecs import ZstdCodec
from zarr.storage import LocalStore

from napari_dynaseg.files.ome_labels import ARRAY
from napari_dynaseg.image.axes import Axes

LARGEST_WHOLE_SIDE = 2048
CHUNK_SIDE = 1024


def write_empty(
    path: Path, axes: Axes, attributes: dict[str, Any], dtype: str = "int32"
) -> zarr.Array[Any]:
    """Write an OME-Zarr of labels that are all 0, one chunk a plane, and give its array.

    Parameters
    ----------
    path
        The folder, which does not exist yet.
    axes
        How the axes are read; that of the channels gets one entry.
    attributes
        Of the group; its ``ome`` is what `describe_labels` gives.
    dtype
        Of the labels.
    """
    group = zarr.create_group(LocalStore(path), zarr_format=3, attributes=attributes)
    array: zarr.Array[Any] = group.create_array(
        ARRAY,
        shape=axes.label_sizes,
        chunks=_choose_chunks(axes),
        dtype=dtype,
        fill_value=0,
        compressors=ZstdCodec(),
        dimension_names=[axis["name"] for axis in attributes["ome"]["multiscales"][0]["axes"]],
    )
    return array


def _choose_chunks(axes: Axes) -> tuple[int, ...]:
    """Make one chunk of a plane, and several of one that is too large to paint on swiftly."""
    is_large = max(axes.plane_shape) > LARGEST_WHOLE_SIDE
    return tuple(
        1 if axis not in axes.plane else min(size, CHUNK_SIDE) if is_large else size
        for axis, size in enumerate(axes.sizes)
    )
