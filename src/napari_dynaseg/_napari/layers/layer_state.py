"""Between a label layer of napari and the state that a file holds. No Qt."""

import json
import math
import warnings
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap, label_colormap

from napari_dynaseg.files.label_state import Colour, ColourCycle, Column, LabelColours, LayerState

ARRAYS = ("scale", "translate", "rotate", "shear", "affine")
VALUES = ("name", "opacity", "blending", "visible")


def describe_layer(attributes: Mapping[str, Any], *, is_quiet: bool = False) -> LayerState:
    """Describe a label layer.

    Parameters
    ----------
    attributes
        Of the layer, as ``layer.as_layer_data_tuple()`` gives them, and as writers get them.
    is_quiet
        Whether to leave out without a warning what cannot be described.

    Warns
    -----
    UserWarning
        If some of the metadata are nothing that JSON can hold, and are left out.
    """
    return LayerState(
        **{name: attributes[name] for name in VALUES if name in attributes},
        **{
            name: np.asarray(attributes[name], float).tolist()
            for name in ARRAYS
            if name in attributes
        },
        units=tuple(map(str, attributes.get("units", ()))),
        axis_labels=tuple(attributes.get("axis_labels", ())),
        colours=_describe_colours(attributes.get("colormap")),
        features=_describe_features(attributes.get("features")),
        metadata=_keep_plain(attributes.get("metadata") or {}, is_quiet),
    )


def restore_layer(pixels: Any, state: LayerState) -> tuple[Any, dict[str, Any], str]:
    """Give a label layer back as napari takes it from readers."""
    known = {name: getattr(state, name) for name in (*VALUES, "units", "axis_labels", "metadata")}
    attributes = {name: value for name, value in known.items() if value not in (None, ())}
    placing = {name: np.array(getattr(state, name)) for name in ARRAYS}
    attributes |= {name: numbers for name, numbers in placing.items() if numbers.size}
    if state.colours is not None:
        attributes["colormap"] = _restore_colours(state.colours)
    if state.features:
        attributes["features"] = pd.DataFrame(
            {column.name: pd.Series(column.values, dtype=column.dtype) for column in state.features}
        )
    return pixels, attributes, "labels"


def _describe_colours(colormap: Any) -> LabelColours | ColourCycle | None:
    if isinstance(colormap, DirectLabelColormap):
        return LabelColours(
            labels=tuple(
                (label, _describe_colour(colour)) for label, colour in colormap.color_dict.items()
            ),
            background=colormap.background_value,
        )
    if isinstance(colormap, CyclicLabelColormap) and not _is_untouched(colormap):
        return ColourCycle(
            colours=tuple(map(_describe_colour, colormap.colors)),
            background=colormap.background_value,
        )
    return None


@cache
def _make_untouched() -> CyclicLabelColormap:
    """Make what a layer has whose colours were never touched; slow where nothing asked before."""
    return label_colormap(49, 0.5, background_value=0)


def _is_untouched(colormap: CyclicLabelColormap) -> bool:
    untouched = _make_untouched()
    return colormap.background_value == untouched.background_value and np.array_equal(
        colormap.colors, untouched.colors
    )


def _describe_colour(colour: Any) -> Colour:
    red, green, blue, alpha = map(float, colour)
    return red, green, blue, alpha


def _restore_colours(colours: LabelColours | ColourCycle) -> Any:
    if isinstance(colours, ColourCycle):
        return CyclicLabelColormap(
            colors=np.array(colours.colours, np.float32),
            background_value=colours.background,
        )
    pairs = {label: np.array(colour, np.float32) for label, colour in colours.labels}
    return DirectLabelColormap(
        # A plain dictionary would get a colour for all others that it did not have.
        color_dict=defaultdict(lambda: np.zeros(4, np.float32), pairs),
        background_value=colours.background,
    )


def _describe_features(features: pd.DataFrame | None) -> tuple[Column, ...]:
    if features is None:
        return ()
    return tuple(
        Column(
            name=str(name),
            dtype=str(column.dtype),
            values=tuple(map(_describe_cell, column.array, column.isna())),
        )
        for name, column in features.items()
    )


def _describe_cell(value: Any, is_missing: bool) -> Any:
    if is_missing:
        return None
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and math.isinf(plain):
        return str(plain)
    return plain if isinstance(plain, bool | int | float | str) else str(plain)


def _keep_plain(metadata: Mapping[str, Any], is_quiet: bool) -> dict[str, Any]:
    """Keep what JSON can hold, as it will come back."""
    kept = {}
    for name, value in metadata.items():
        try:
            kept[str(name)] = json.loads(json.dumps(value, allow_nan=False, default=_plain))
        except (TypeError, ValueError):
            if is_quiet:
                continue
            warnings.warn(
                f"{name!r} of the layer's metadata cannot be written to a file, and is left out",
                stacklevel=4,
            )
    return kept


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"JSON cannot hold {type(value)}")
