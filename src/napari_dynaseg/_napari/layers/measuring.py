"""Measurements of a label layer, in physical units where it has them, into its table. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from napari.components import Dims
from napari.layers import Image, Labels

from napari_dynaseg._napari.layers.classes import CLASS, read_table, write_table
from napari_dynaseg._napari.layers.edit_targets import Planes, find_plane
from napari_dynaseg._napari.layers.reading import list_levels, read_layer_axes
from napari_dynaseg._napari.layers.transforms import Floats, Index, Placing, Sampler, find_placing
from napari_dynaseg.errors import EditError, ImageError
from napari_dynaseg.image.axes import Axes, read_axes
from napari_dynaseg.labels.measurements import Measurements, join_planes, measure_plane

# Under this key a layer's metadata hold which columns of its table were measured.
MEASURED_KEY = "dynaseg_measured"
RGB = ("red", "green", "blue")


@dataclass(frozen=True, eq=False)
class Channel:
    """One channel of an image, as it is read at the pixels of a label layer.

    Parameters
    ----------
    name
        What its column is called.
    sampler
        Reads the image.
    fixed
        Entries on axes of the image that make the channel.
    """

    name: str
    sampler: Sampler
    fixed: dict[int, int]

    def read(self, index: Index) -> Floats:
        """Read a plane; NaN where the image is not."""
        values, inside = self.sampler.read(index, self.fixed)
        return np.where(inside, values, np.nan)


@dataclass(frozen=True, eq=False)
class MeasureInput:
    """What is measured, as it was when the user asked for it.

    Parameters
    ----------
    data
        The array of labels; read in a worker thread.
    planes
        The parts of it to measure.
    axes
        Its axes, one name and size each.
    world
        Where its pixels lie in the world.
    units
        Of the world on each axis; empty where the layer has none but pixels.
    channels
        Of the image.
    """

    data: Any
    planes: tuple[Index, ...]
    axes: Axes
    world: Placing
    units: tuple[str, ...]
    channels: tuple[Channel, ...]


def freeze_input(
    layer: Labels, dims: Dims, planes: Planes, images: Sequence[Image]
) -> MeasureInput:
    """Freeze what is measured.

    Parameters
    ----------
    layer
        The label layer.
    dims
        The viewer's.
    planes
        The plane on view, or all.
    images
        The layers whose channels are averaged.

    Raises
    ------
    EditError
        If no plane of the layer is on view, or the layer has several resolutions.
    """
    if layer.multiscale:
        raise EditError(f"{layer.name!r} has several resolutions; expected a single one")
    index = find_plane(layer, dims)
    chosen = [index]
    if planes == "All planes":
        sizes = zip(index, layer.data.shape, strict=True)
        chosen = list(product(*([at] if isinstance(at, slice) else range(n) for at, n in sizes)))
    shown = [axis for axis, at in enumerate(index) if isinstance(at, slice)]
    axes = read_axes(layer.data.shape, layer.axis_labels, shown, channel=None)
    units = tuple(f"{unit:~P}" for unit in layer.units)
    has_units = any(str(unit) != "pixel" for unit in layer.units)
    return MeasureInput(
        data=layer.data,
        planes=tuple(chosen),
        axes=axes,
        world=Placing.of(layer.data_to_world, layer.ndim),
        units=units if has_units else (),
        channels=tuple(part for image in images for part in _list_channels(image, layer, dims)),
    )


def _list_channels(image: Image, layer: Labels, dims: Dims) -> list[Channel]:
    try:
        axes = read_layer_axes(image, dims)
    except ImageError:
        return []
    array = list_levels(image)[0]
    sampler = Sampler(array, find_placing(layer, image, dims), tuple(layer.data.shape))
    name = f"mean {image.name}"
    if image.rgb:
        return [Channel(f"{name} {RGB[at]}", sampler, {image.ndim: at}) for at in range(3)]
    axis = axes.channel
    if axis is None or _has_planes_along(layer, axis - image.ndim):
        return [Channel(name, sampler, {})]
    return [
        Channel(f"{name} {axes.names[axis]}={at}", sampler, {axis: at})
        for at in range(array.shape[axis])
    ]


def _has_planes_along(layer: Labels, axis: int) -> bool:
    """Tell whether labels differ along an axis, counted from the last; then it is no channels'."""
    return bool(layer.ndim >= -axis and layer.data.shape[axis] > 1)


def measure(wanted: MeasureInput) -> pd.DataFrame:
    """Measure, in any thread.

    Returns
    -------
    pandas.DataFrame
        One row a label, by its number; one column a measurement, its unit in the name.
    """
    measured = join_planes(_measure_plane(wanted, index) for index in wanted.planes)
    size, centroid = _name_columns(wanted)
    spans = _find_spans(wanted)
    columns: dict[str, Any] = {size: measured.pixels * _find_size(wanted, spans)}
    middles = wanted.world.convert(measured.centroids) if wanted.units else measured.centroids
    columns |= dict(zip(centroid, middles.T, strict=True))
    step = _find_step(wanted)
    if len(spans) == 2 and step is not None:
        unit = wanted.units[spans[0]] if wanted.units else "px"
        columns[f"perimeter [{unit}]"] = measured.perimeters * step
    names = [channel.name for channel in wanted.channels]
    columns |= dict(zip(names, measured.means.T, strict=True))
    return pd.DataFrame(columns, index=measured.labels)


def _measure_plane(wanted: MeasureInput, index: Index) -> Measurements:
    labels = np.asarray(wanted.data[index]).astype(np.int32)
    channels = [channel.read(index) for channel in wanted.channels]
    measured = measure_plane(labels, np.stack(channels) if channels else None)
    for axis, at in enumerate(index):
        if not isinstance(at, slice):
            measured = measured.insert_axis(axis, at)
    return measured


def _find_spans(wanted: MeasureInput) -> list[int]:
    """Find the axes on which the labels measured have an extent."""
    is_plane = len(wanted.planes) == 1
    return [
        axis
        for axis, size in enumerate(wanted.axes.sizes)
        if axis in wanted.axes.plane or (size > 1 and not is_plane)
    ]


def _find_size(wanted: MeasureInput, spans: list[int]) -> float:
    """Find the area or volume of a pixel."""
    if not wanted.units:
        return 1
    sides = wanted.world.matrix[:, spans]
    return float(np.sqrt(np.linalg.det(sides.T @ sides)))


def _find_step(wanted: MeasureInput) -> float | None:
    """Find the side of a pixel of the plane; `None` where it is no square."""
    if not wanted.units:
        return 1
    sides = wanted.world.matrix[:, list(wanted.axes.plane)]
    products = sides.T @ sides
    is_square = np.allclose(products, products[0, 0] * np.eye(2), rtol=1e-6)
    units = {wanted.units[axis] for axis in wanted.axes.plane}
    return float(np.sqrt(products[0, 0])) if is_square and len(units) == 1 else None


def _name_columns(wanted: MeasureInput) -> tuple[str, list[str]]:
    spans = _find_spans(wanted)
    kind = "area" if len(spans) == 2 else "volume" if len(spans) == 3 else "size"
    if not wanted.units:
        return f"{kind} [px]", [f"centroid {name} [px]" for name in wanted.axes.names]
    units = [wanted.units[axis] for axis in spans]
    powers = {unit: units.count(unit) for unit in units}
    written = "·".join(unit + {2: "²", 3: "³"}.get(power, "") for unit, power in powers.items())
    pairs = zip(wanted.axes.names, wanted.units, strict=True)
    return f"{kind} [{written}]", [f"centroid {name} [{unit}]" for name, unit in pairs]


def write_measurements(layer: Labels, measured: pd.DataFrame) -> None:
    """Put measurements into the table of a layer.

    Columns of the user and of classes stay, and so do rows with something in them; earlier
    measurements go.
    """
    table = read_table(layer)
    earlier = {*layer.metadata.get(MEASURED_KEY, ()), *measured.columns}
    table = table.drop(columns=[name for name in table.columns if name in earlier])
    filled = table.replace("", np.nan).notna().any(axis=1)
    rows = measured.index.union(table.index[filled])
    table = table.reindex(rows).join(measured)
    if CLASS in table:
        table[CLASS] = table[CLASS].fillna("")
    write_table(layer, table)
    layer.metadata = {**layer.metadata, MEASURED_KEY: list(measured.columns)}
