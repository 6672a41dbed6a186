"""How the axes of an image are read from what the viewer says of them."""

import pytest

from napari_dynaseg.axes import read_axes


def test_a_plain_image_is_a_plane_of_y_and_x():
    axes = read_axes((64, 48), ("0", "1"), (0, 1))
    assert (axes.names, axes.plane, axes.channel, axes.stack) == (("Y", "X"), (0, 1), None, ())
    assert axes.sentence == "Y×X segmented"


def test_a_stack_with_channels_is_told_in_one_line():
    axes = read_axes((20, 3, 64, 48), ("T", "C", "Y", "X"), (2, 3))
    assert axes.sentence == "T=20 · C=3 used as channels · Y×X segmented"
    assert (axes.channel, axes.stack) == (1, (0,))


@pytest.mark.parametrize("label", ["c", "C", "ch", "channel", "Channels", " c "])
def test_an_axis_called_channel_holds_the_channels(label):
    assert read_axes((2, 64, 48), (label, "y", "x"), (1, 2)).channel == 0


@pytest.mark.parametrize("label", ["z", "0", "-3", "", "colour"])
def test_an_axis_of_another_name_is_the_stack(label):
    axes = read_axes((2, 64, 48), (label, "y", "x"), (1, 2))
    assert (axes.channel, axes.stack) == (None, (0,))


def test_a_channel_axis_on_view_is_segmented_not_used_as_channels():
    axes = read_axes((2, 64, 48), ("c", "y", "x"), (0, 2))
    assert (axes.plane, axes.channel, axes.stack) == ((0, 2), None, (1,))
    assert axes.sentence == "Y=64 · C×X segmented"


def test_the_plane_keeps_the_order_of_the_data_when_the_view_is_transposed():
    assert read_axes((5, 64, 48), ("z", "y", "x"), (2, 1)).plane == (1, 2)


@pytest.mark.parametrize("samples", [3, 4])
def test_the_colours_of_rgb_are_the_channels_even_beside_an_axis_called_c(samples):
    axes = read_axes((2, 64, 48), ("c", "y", "x"), (1, 2), samples=samples)
    assert (axes.channel, axes.stack) == (None, (0,))


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (3, "RGB used as channels · Y×X segmented"),
        (4, "RGB used as channels, alpha left out · Y×X segmented"),
    ],
)
def test_rgb_is_told_and_so_is_the_alpha_left_out(samples, sentence):
    assert read_axes((64, 48), ("y", "x"), (0, 1), samples=samples).sentence == sentence


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (("0", "1", "2"), ("axis 0", "Y", "X")),
        (("-3", "-2", "-1"), ("axis 0", "Y", "X")),
        (("", " ", ""), ("axis 0", "Y", "X")),
        (("t", "row", "x"), ("T", "row", "X")),
    ],
)
def test_an_axis_without_a_label_gets_a_name_by_its_place(labels, names):
    assert read_axes((5, 64, 48), labels, (1, 2)).names == names
