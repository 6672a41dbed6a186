"""The state of a layer: plain values that come back as they were, and what others are told."""

import json

import pytest

from napari_dynaseg.errors import FileError
from napari_dynaseg.files.label_state import Column, LabelColours, LayerState

RED, CLEAR = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 0.0)
STATE = LayerState(
    name="cells",
    scale=(2.0, 0.5, 0.25),
    translate=(1.0, 0.0, 0.1),
    units=("pixel", "micrometer", "micrometer"),
    axis_labels=("z", "y", "x"),
    opacity=0.3,
    visible=False,
    colours=LabelColours(labels=((1, RED), (None, CLEAR))),
    features=(
        Column(name="index", dtype="int64", values=(1, 2)),
        Column(name="class", dtype="str", values=("nucleus", None)),
    ),
    metadata={"dynaseg_note": [1, None, "µ"]},
)


def test_a_state_comes_back_from_json_as_it_was():
    assert LayerState.from_plain(json.loads(json.dumps(STATE.to_plain()))) == STATE


def test_what_is_not_known_is_not_written():
    assert LayerState(name="cells").to_plain() == {"format": 1, "name": "cells"}


def test_a_state_that_is_not_understood_names_the_entry_at_fault():
    with pytest.raises(FileError, match=r"the layer cannot be read: format: Input should be 1"):
        LayerState.from_plain({**STATE.to_plain(), "format": 2})


@pytest.mark.parametrize(
    ("labels", "plane"),
    [
        (("z", "y", "x"), (1, 2)),
        (("y", "x", "t"), (0, 1)),
        (("X", "Y", "t"), (1, 0)),
        (("-3", "-2", "-1"), (1, 2)),
        (("y", "y", "x"), (1, 2)),
        ((), (1, 2)),
    ],
)
def test_the_plane_is_where_the_labels_say_or_at_the_end(labels, plane):
    state = LayerState(name="cells", axis_labels=labels)
    axes = state.find_axes((3, 5, 4))
    assert (axes.plane, axes.channel) == (plane, None)


@pytest.mark.parametrize("shape", [(), (3,), (0, 4)])
def test_what_has_no_plane_is_refused(shape):
    with pytest.raises(FileError, match="must have a plane of pixels; got shape"):
        LayerState(name="cells").find_axes(shape)


def test_other_readers_are_told_the_place_the_colours_and_the_classes():
    ome = STATE.describe_ome(STATE.find_axes((3, 5, 4)))
    dataset = ome["multiscales"][0]["datasets"][0]
    assert dataset["coordinateTransformations"] == [
        {"type": "scale", "scale": [2.0, 0.5, 0.25]},
        {"type": "translation", "translation": [1.0, 0.0, 0.1]},
    ]
    assert ome["image-label"] == {
        "version": "0.5",
        "colors": [{"label-value": 1, "rgba": [255, 0, 0, 255]}],
        "properties": [
            {"label-value": 1, "class": "nucleus"},
            {"label-value": 2, "class": None},
        ],
    }


def test_a_table_that_names_no_labels_is_for_our_reader_alone():
    column = Column(name="class", dtype="str", values=("nucleus",))
    state = LayerState(name="cells", features=(column,))
    assert state.describe_ome(state.find_axes((5, 4)))["image-label"] == {"version": "0.5"}
