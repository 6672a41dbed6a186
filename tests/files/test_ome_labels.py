"""What other programs are told of label maps."""

import pytest

from napari_dynaseg.files.ome_labels import describe_labels
from napari_dynaseg.image.axes import Axes, parse_axes, read_axes


def list_axes(axes, **calibration):
    return describe_labels(axes, **calibration)["multiscales"][0]["axes"]


def test_labels_are_described_in_the_words_of_ome_zarr():
    axes = parse_axes("TCYX", (3, 2, 5, 4))
    units = ("second", "", "micrometer", "micrometer")
    assert describe_labels(axes, (2.0, 1.0, 0.5, 0.25), units) == {
        "version": "0.5",
        "multiscales": [
            {
                "name": "labels",
                "axes": [
                    {"name": "t", "type": "time", "unit": "second"},
                    {"name": "c", "type": "channel"},
                    {"name": "y", "type": "space", "unit": "micrometer"},
                    {"name": "x", "type": "space", "unit": "micrometer"},
                ],
                "datasets": [
                    {
                        "path": "0",
                        "coordinateTransformations": [
                            {"type": "scale", "scale": [2.0, 1.0, 0.5, 0.25]}
                        ],
                    }
                ],
            }
        ],
        "image-label": {"version": "0.5"},
    }


def test_the_scale_is_one_where_it_is_not_known():
    dataset = describe_labels(parse_axes("ZYX", (3, 5, 4)))["multiscales"][0]["datasets"][0]
    assert dataset["coordinateTransformations"] == [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]


def test_a_unit_of_pixels_is_no_unit():
    assert list_axes(parse_axes("YX", (5, 4)), units=("pixel", "")) == [
        {"name": "y", "type": "space"},
        {"name": "x", "type": "space"},
    ]


@pytest.mark.parametrize(
    ("labels", "displayed", "told"),
    [
        (("t", "z", "y", "x"), (2, 3), [("t", "time"), ("z", "space")]),
        (("time", "Z", "y", "x"), (2, 3), [("time", "time"), ("z", "space")]),
        (("angle", "z", "y", "x"), (2, 3), [("angle", None), ("z", "space")]),
        (("p", "t", "y", "x"), (2, 3), [("p", None), ("t", "time")]),
        (("", "", "", ""), (2, 3), [("axis 0", None), ("axis 1", "space")]),
        (("", "z", "", ""), (2, 3), [("axis 0", None), ("z", "space")]),
        (("z", "angle", "height", "x"), (2, 3), [("z", "space"), ("angle", None)]),
    ],
)
def test_each_axis_has_a_name_and_as_far_as_it_is_known_a_type(labels, displayed, told):
    axes = list_axes(read_axes((5, 6, 7, 8), labels, displayed))
    assert [(axis["name"], axis.get("type")) for axis in axes[:2]] == told
    assert [axis["type"] for axis in axes[2:]] == ["space", "space"]


def test_channels_on_the_stack_stay_an_axis():
    axes = read_axes((2, 5, 4), ("c", "y", "x"), (1, 2), channel=None)
    assert list_axes(axes)[0] == {"name": "c", "type": "channel"}


def test_no_name_occurs_twice():
    axes = Axes(("Y", "Y", "X"), (3, 5, 4), plane=(1, 2))
    assert [axis["name"] for axis in list_axes(axes)] == ["y 0", "y 1", "x"]


def test_the_order_of_the_data_is_kept_when_the_plane_is_transposed():
    axes = parse_axes("XCZY", (4, 2, 3, 5))
    assert axes.plane == (3, 0)
    assert [axis["name"] for axis in list_axes(axes)] == ["x", "c", "z", "y"]
    assert axes.label_sizes == (4, 1, 3, 5)
