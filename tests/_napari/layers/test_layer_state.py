"""Between label layers and plain values: nothing is lost that JSON can hold."""

import numpy as np
import pandas as pd
import pytest
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_dynaseg._napari.layers.layer_state import describe_layer, restore_layer
from napari_dynaseg.files.label_state import LayerState

PIXELS = np.zeros((5, 4), np.int32)


def send(layer):
    """Send a layer through its plain values, and make it again."""
    state = describe_layer(layer.as_layer_data_tuple()[1])
    pixels, attributes, kind = restore_layer(layer.data, LayerState.from_plain(state.to_plain()))
    assert kind == "labels"
    return Labels(pixels, **attributes)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 3],
        [1.5, np.nan, -np.inf],
        np.array([0.1, 2, 3], np.float32),
        [True, False, True],
        ["nucleus", "", "nan"],
        ["nucleus", None, "membrane"],
        pd.Series(["a", "b", "a"], dtype="category"),
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series(["2026-01-01", None, "2026-01-03"], dtype="datetime64[ns]"),
    ],
)
def test_features_come_back_with_their_dtype(values):
    layer = Labels(PIXELS, features=pd.DataFrame({"index": [1, 2, 5], "value": values}))
    pd.testing.assert_frame_equal(send(layer).features, layer.features)


def test_colours_that_were_set_come_back():
    layer = Labels(PIXELS, colormap=DirectLabelColormap(color_dict={1: "red", None: "#12345678"}))
    back = send(layer).colormap
    assert back.color_dict.keys() == layer.colormap.color_dict.keys()
    np.testing.assert_array_equal(back.map([1, 2, 0]), layer.colormap.map([1, 2, 0]))


def test_shuffled_colours_come_back():
    layer = Labels(PIXELS)
    layer.new_colormap(3)
    np.testing.assert_array_equal(send(layer).colormap.colors, layer.colormap.colors)


def test_colours_that_were_never_touched_take_no_room():
    assert describe_layer(Labels(PIXELS).as_layer_data_tuple()[1]).colours is None


def test_what_json_cannot_hold_is_left_out_and_told_so():
    layer = Labels(PIXELS, metadata={"mine": print, "dynaseg_note": np.arange(2), "nan": np.nan})
    with pytest.warns(UserWarning, match="'(mine|nan)' of the layer's metadata cannot be written"):
        state = describe_layer(layer.as_layer_data_tuple()[1])
    assert state.metadata == {"dynaseg_note": [0, 1]}


def test_what_a_file_does_not_tell_is_left_to_napari():
    layer = Labels(restore_layer(PIXELS, LayerState(name="cells"))[0])
    assert restore_layer(PIXELS, LayerState(name="cells"))[1] == {"name": "cells", "metadata": {}}
    assert layer.opacity == 0.7
