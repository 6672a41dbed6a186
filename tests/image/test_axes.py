"""How the axes of an image are read from what the viewer says of them."""

import numpy as np
import pytest

from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import list_indices, parse_axes, read_axes


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


@pytest.mark.parametrize("label", ["z", "t", "colour"])
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


@pytest.mark.parametrize(
    ("sizes", "channel"),
    [((30, 2), 1), ((2, 30), 0), ((4, 3), 1), ((3, 3), 0), ((5, 1), None), ((1, 30), None)],
)
def test_of_axes_without_a_name_the_shortest_of_2_to_4_entries_holds_the_channels(sizes, channel):
    axes = read_axes((*sizes, 64, 48), ("-4", "", "2", "-1"), (2, 3))
    assert axes.channel == channel


def test_a_name_beside_it_says_that_a_short_axis_without_one_is_no_channel():
    assert read_axes((3, 2, 64, 48), ("t", "", "", ""), (2, 3)).channel is None


def test_where_only_names_count_nothing_is_guessed():
    assert read_axes((2, 64, 48), ("", "", ""), (1, 2), channel="named").channel is None
    assert read_axes((2, 64, 48), ("c", "", ""), (1, 2), channel="named").channel == 0


def test_the_axis_that_holds_the_channels_can_be_said():
    labels = "c", "z", "y", "x"
    assert read_axes((2, 3, 64, 48), labels, (2, 3), channel=1).channel == 1
    assert read_axes((2, 3, 64, 48), labels, (2, 3), channel=None).channel is None


@pytest.mark.parametrize(
    ("axis", "samples", "sentence"),
    [
        (4, 0, "there is no axis 4; expected one from 0 to 3"),
        (-1, 0, "there is no axis -1"),
        (3, 0, "axis X is segmented, and cannot hold the channels as well"),
        (0, 3, "the channels of a colour image are its colours"),
    ],
)
def test_an_axis_that_cannot_hold_the_channels_is_refused(axis, samples, sentence):
    axes = read_axes((2, 3, 64, 48), ("t", "z", "y", "x"), (2, 3), samples)
    with pytest.raises(ImageError, match=sentence):
        axes.use_as_channels(axis)


@pytest.mark.parametrize(
    ("labels", "displayed", "plane"),
    [
        (("t", "x", "y"), (1, 2), (2, 1)),
        (("x", "y", "z"), (0, 2), (2, 0)),
        (("x", "t", "y"), (0, 1), (0, 1)),
        (("", "", ""), (2, 1), (1, 2)),
    ],
)
def test_rows_come_before_columns_as_everyone_draws_them(labels, displayed, plane):
    assert read_axes((5, 64, 48), labels, displayed).plane == plane


def test_the_shape_of_the_plane_is_rows_by_columns():
    assert read_axes((5, 64, 48), ("t", "x", "y"), (1, 2)).plane_shape == (48, 64)


def test_the_planes_offered_have_rows_first_and_no_axis_of_one_entry():
    axes = read_axes((1, 5, 64, 48), ("t", "z", "x", "y"), (2, 3))
    assert axes.list_planes() == [(3, 2), (1, 3), (1, 2)]
    assert [axes.name_plane(plane) for plane in axes.list_planes()] == ["Y×X", "Z×Y", "Z×X"]


def test_positions_run_over_the_stack_axes_the_last_one_fastest():
    axes = read_axes((2, 3, 2, 9), ("t", "c", "z", "x"), (1, 3), channel=None)
    assert list(axes.list_positions()) == [
        (0, None, 0, None),
        (0, None, 1, None),
        (1, None, 0, None),
        (1, None, 1, None),
    ]


def test_an_image_of_one_plane_has_one_position():
    axes = read_axes((2, 64, 48), ("c", "y", "x"), (1, 2))
    assert list(axes.list_positions()) == [(None, None, None)]
    assert axes.describe_position((None, None, None)) == "the plane"


def test_a_plane_is_named_by_its_place_on_the_stack_axes():
    axes = read_axes((9, 2, 5, 64, 48), ("t", "c", "", "y", "x"), (3, 4))
    assert axes.describe_position(axes.place((4, 0))) == "T=4, axis 2=0"


@pytest.mark.parametrize(
    ("letters", "shape", "sentence"),
    [
        ("YX", (64, 48), "Y×X segmented"),
        (" tzcyx ", (9, 5, 2, 64, 48), "T=9 · Z=5 · C=2 used as channels · Y×X segmented"),
        ("XYC", (64, 48, 2), "C=2 used as channels · Y×X segmented"),
        ("CYXS", (2, 64, 48, 4), "C=2 · RGB used as channels, alpha left out · Y×X segmented"),
        ("QYX", (2, 64, 48), "Q=2 · Y×X segmented"),
    ],
)
def test_letters_say_how_the_axes_are_read(letters, shape, sentence):
    assert parse_axes(letters, shape).sentence == sentence


@pytest.mark.parametrize(
    ("letters", "shape", "sentence"),
    [
        ("YX", (2, 64, 48), "axes must be 3 different letters .*; got 'YX'"),
        ("YYX", (2, 64, 48), "axes must be 3 different letters .*; got 'YYX'"),
        ("1YX", (2, 64, 48), "axes must be 3 different letters .*; got '1YX'"),
        ("", (), "axes must be 0 different letters"),
        ("ZYC", (2, 64, 48), "axes must have Y and X, which are segmented; got 'ZYC'"),
        ("YXS", (64, 48, 2), "axis S holds the samples of a colour, 3 or 4; got 2"),
    ],
)
def test_letters_that_do_not_fit_are_refused(letters, shape, sentence):
    with pytest.raises(ImageError, match=sentence):
        parse_axes(letters, shape)


@pytest.mark.parametrize(
    ("labels", "displayed", "samples", "channel", "letters"),
    [
        (("t", "c", "z", "y", "x"), (3, 4), 0, "guess", "TCZYX"),
        (("", "", "", ""), (2, 3), 0, 1, "ZCYX"),
        (("time", "angle", "y", "x"), (2, 3), 0, None, "ZTYX"),
        (("z", "y", "x"), (0, 2), 0, None, "YZX"),
        (("x", "y", "t"), (0, 1), 0, None, "XYT"),
        (("c", "y", "x"), (1, 2), 0, None, "ZYX"),
        (("y", "x"), (0, 1), 3, "guess", "YXS"),
    ],
)
def test_axes_are_written_in_letters_that_read_the_same(
    labels, displayed, samples, channel, letters
):
    axes = read_axes(range(4, 4 + len(labels)), labels, displayed, samples, channel)
    assert axes.letters == letters
    again = parse_axes(letters, (*axes.sizes, *[samples] * bool(samples)))
    assert (again.plane, again.channel, again.samples) == (axes.plane, axes.channel, axes.samples)


@pytest.mark.parametrize("letters", ["TCYX", "XTYC", "TYXC", "CXYT"])
def test_a_plane_has_one_place_in_the_image_and_one_in_its_labels(letters):
    sizes = dict(zip("TCYX", (3, 2, 6, 5), strict=True))
    image = np.random.default_rng(0).integers(0, 9, [sizes[letter] for letter in letters])
    axes = parse_axes(letters, image.shape)
    drawn = image.transpose([letters.index(letter) for letter in "TCYX"])
    labels = np.zeros(axes.label_sizes, np.int32)
    for time, position in enumerate(axes.list_positions()):
        channels = axes.bring_channels_first(image[axes.index_image(position)])
        np.testing.assert_array_equal(channels, drawn[time])
        labels[axes.index_labels(position)] = axes.turn(channels[1])
        np.testing.assert_array_equal(axes.unwrap(axes.wrap(channels[1])), channels[1])
        assert axes.wrap(channels[1]).ndim == 4
    placed = labels.transpose([letters.index(letter) for letter in "TCYX"])
    np.testing.assert_array_equal(placed[:, 0], drawn[:, 1])


def test_colours_come_first_and_alpha_is_left_out():
    image = np.random.default_rng(0).integers(0, 9, (3, 5, 6, 4))
    axes = parse_axes("ZXYS", image.shape)
    part = axes.bring_channels_first(image[axes.index_image((2, None, None))])
    np.testing.assert_array_equal(part, image[2, ..., :3].transpose(2, 1, 0))
    assert (axes.shape, axes.stack_sizes, axes.is_turned) == ((3, 5, 6, 4), (3,), True)


@pytest.mark.parametrize("indices", [(), (1,), (3, 0), (0, -1), (0, 0, 0)])
def test_what_is_no_plane_is_told(indices):
    assert not parse_axes("TZYX", (3, 2, 6, 5)).has_plane(indices)


def test_a_position_has_one_index_for_each_stack_axis():
    axes = parse_axes("TCZYX", (3, 2, 4, 6, 5))
    assert list_indices(axes.place((2, 3))) == [2, 3]
    assert axes.has_plane([2, 3])
