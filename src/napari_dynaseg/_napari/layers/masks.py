"""Which pixels of a label layer, or of a run, a Shapes or another Labels layer covers. No Qt."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from napari.components import Dims
from napari.layers import Labels, Layer, Shapes

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.layers.transforms import Floats, Index, Sampler, find_placing, intersect
from napari_dynaseg.errors import EditError, ImageError
from napari_dynaseg.labels.numbering import Mask
from napari_dynaseg.method.region_of_interest import RegionOfInterest

# Gives what is covered of a part of the label layer; in any thread.
Cover = Callable[[Index], Mask]

FILLED_SHAPES = ("polygon", "rectangle", "ellipse")
CORNERS_OF_ELLIPSE = 90


def freeze_cover(covering: Layer, labels: Labels, dims: Dims) -> Cover:
    """Freeze what a layer covers of a label layer, as the two lie now.

    Parameters
    ----------
    covering
        A Shapes layer, whose shapes count on the planes on which they show; or a Labels layer,
        whose labels but 0 count.
    labels
        The label layer.
    dims
        The viewer's.

    Raises
    ------
    EditError
        If it is a Shapes layer without a shape that has an area.
    """
    shape = tuple(labels.data.shape)
    if isinstance(covering, Shapes):
        polygons = _list_polygons(covering, labels, dims)
        if not polygons:
            raise EditError(f"{covering.name!r} has no area; draw a polygon, a box or an ellipse")
        return partial(_cover_by_polygons, polygons, shape)
    sampler = Sampler(covering.data, find_placing(labels, covering, dims), shape)
    return partial(_cover_by_labels, sampler)


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
    blank = job.axes.wrap(np.zeros(job.axes.plane_shape, np.int32))
    labels = Labels(blank, **job.placement)
    index = job.axes.index_labels((0,) * blank.ndim)
    covered = job.axes.unwrap(freeze_cover(covering, labels, dims)(index))
    if np.count_nonzero(covered) < 2:
        raise ImageError(f"{covering.name!r} covers no part of the plane on view")
    return replace(job, within=RegionOfInterest.of(covered, job.axes.plane_shape))


def _cover_by_labels(sampler: Sampler, index: Index) -> Mask:
    whole = [axis for axis, at in enumerate(index) if isinstance(at, slice)]
    if len(whole) <= 2:
        values, inside = sampler.read(index)
        covered: Mask = (values != 0) & inside
        return covered
    entries = range(sampler.shape[whole[0]])
    parts = [(*index[: whole[0]], entry, *index[whole[0] + 1 :]) for entry in entries]
    return np.stack([_cover_by_labels(sampler, part) for part in parts])


@dataclass(frozen=True, eq=False)
class Polygon:
    """A polygon in the pixels of a label layer.

    Parameters
    ----------
    corners
        (n, 2).
    axes
        The two axes of the layer on which it lies.
    place
        Where it lies on the other axes; all of an axis that the Shapes layer does not have.
    """

    corners: Floats
    axes: tuple[int, int]
    place: Index


def _list_polygons(shapes: Shapes, labels: Labels, dims: Dims) -> list[Polygon]:
    placing = find_placing(shapes, labels, dims)
    free = max(labels.ndim - shapes.ndim, 0)
    pairs = zip(shapes.data, shapes.shape_type, strict=True)
    return [
        _place_polygon(placing.convert(_round_corners(corners, kind)), free)
        for corners, kind in pairs
        if kind in FILLED_SHAPES
    ]


def _round_corners(corners: Floats, kind: str) -> Floats:
    """Turn the box around an ellipse into a polygon; other shapes stay."""
    if kind != "ellipse":
        return np.asarray(corners)
    middle = np.mean(corners, axis=0)
    across, down = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    angles = np.linspace(0, 2 * np.pi, CORNERS_OF_ELLIPSE, endpoint=False)[:, None]
    rounded: Floats = middle + np.cos(angles) * across + np.sin(angles) * down
    return rounded


def _place_polygon(corners: Floats, free: int) -> Polygon:
    first, second = np.sort(np.argsort(-np.ptp(corners, axis=0), kind="stable")[:2]).tolist()
    at = np.rint(corners.mean(axis=0)).astype(int).tolist()
    place = tuple(
        slice(None) if axis < free or axis in (first, second) else entry
        for axis, entry in enumerate(at)
    )
    return Polygon(corners[:, [first, second]], (first, second), place)


def _cover_by_polygons(polygons: list[Polygon], shape: tuple[int, ...], index: Index) -> Mask:
    from skimage.draw import polygon2mask

    part_shape = [size for at, size in zip(index, shape, strict=True) if isinstance(at, slice)]
    covered = np.zeros(part_shape, bool)
    for polygon in polygons:
        where = intersect(polygon.place, index)
        if where is None or any(not isinstance(index[axis], slice) for axis in polygon.axes):
            continue
        sides = [shape[axis] for axis in polygon.axes]
        covered[where] |= polygon2mask(sides, polygon.corners)
    return covered
