"""Small stacks to read, how they are written, and networks trained on them."""

import numpy as np
import zarr

from napari_dynaseg.stacks import strategies
from napari_dynaseg.stacks.plan import StackPlan, StackRun
from napari_dynaseg.stacks.seen_planes import SeenPlanes


def draw(*shape, dtype=np.uint16):
    return np.random.default_rng(0).integers(0, 255, shape).astype(dtype)


def read_all(image):
    """Read every plane, as one array (planes, C, H, W)."""
    return np.stack([image.read_channels(position) for position in image.axes.list_positions()])


def write_ome_zarr(path, pixels, zarr_format=2, levels=1, chunks=None, axes="tczyx"):
    """Write OME-Zarr 0.4 (zarr_format 2) or 0.5 (3), each level half as fine as the one before."""
    kinds = {"t": "time", "c": "channel"}
    units = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
    described = [
        {"name": name, "type": kinds.get(name, "space")}
        | ({"unit": units[name]} if name in units else {})
        for name in axes
    ]
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format)
    datasets = []
    for level in range(levels):
        size = 2**level
        reduced = pixels[..., ::size, ::size]
        separator = {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
        array = group.create_array(
            str(level),
            shape=reduced.shape,
            chunks=chunks or (*[1] * (pixels.ndim - 2), *reduced.shape[-2:]),
            dtype=pixels.dtype,
            **(separator if zarr_format == 2 else {}),
        )
        array[:] = reduced
        scale = [1.0] * (pixels.ndim - 2) + [0.5 * size] * 2
        transformations = [{"type": "scale", "scale": scale}]
        datasets.append({"path": str(level), "coordinateTransformations": transformations})
    multiscales = [{"axes": described, "datasets": datasets}]
    group.attrs.update(
        {"multiscales": [{"version": "0.4", **multiscales[0]}]}
        if zarr_format == 2
        else {"ome": {"version": "0.5", "multiscales": multiscales}}
    )


def train_network(stack, settings, positions, **given):
    """Train the network of a stack on the planes at some positions."""
    planes = tuple(stack.axes.list_positions())
    run = StackRun.open(StackPlan(stack, None, settings, planes, tuple(positions), **given))
    list(run.train())
    return run.read_network()


def segment_planes(stack, network, positions, results, start=None):
    """Segment planes outwards from the one that the network was trained on, or another."""
    planes = SeenPlanes(stack, results, start or network.recipe.source.position)
    return strategies.segment_planes(planes, network, positions)
