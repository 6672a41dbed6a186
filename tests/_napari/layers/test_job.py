"""Jobs and label placement, on napari's models without a window."""

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.job import snapshot
from napari_dynaseg._napari.layers.reading import (
    remember_channel_axis,
    remember_level,
    show_plane,
)
from napari_dynaseg.errors import FileError, ImageError, ImageWarning
from napari_dynaseg.image.pixels import to_plane

ROTATED = np.array([[0.0, -1.0], [1.0, 0.0]])


def add_labels(viewer, layer):
    """Freeze the plane on view and lay its labels beside the image, as a run does."""
    job = snapshot(layer, viewer.dims)
    ones = np.ones(job.axes.plane_shape, np.int32)
    return viewer.add_labels(job.axes.wrap(ones), name="labels", **job.placement)


def test_a_grey_image_is_one_channel():
    viewer = ViewerModel()
    layer = viewer.add_image(np.array([[0, 255], [255, 0]], np.uint8))
    plane = snapshot(layer, viewer.dims).read_plane()
    np.testing.assert_array_equal(plane, [[[0, 1], [1, 0]]])


def test_a_colour_image_has_three_channels_and_says_so():
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((5, 6, 4), np.uint8), rgb=True)
    job = snapshot(layer, viewer.dims)
    assert job.read_plane().shape == (3, 5, 6)
    assert job.axes.sentence == "RGB used as channels, alpha left out · Y×X segmented"


def test_the_plane_on_view_is_taken():
    viewer = ViewerModel()
    stack = np.zeros((5, 2, 2), np.uint8)
    stack[2] = 255
    layer = viewer.add_image(stack, scale=(5, 1, 1), translate=(100, 0, 0))
    viewer.dims.set_point(0, 110)
    job = snapshot(layer, viewer.dims)
    assert job.position == (2, None, None)
    assert job.read_plane().min() == 1


def test_the_plane_on_view_may_be_a_reslice():
    viewer = ViewerModel()
    volume = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    layer = viewer.add_image(volume, axis_labels=("z", "y", "x"))
    viewer.dims.order = (1, 0, 2)
    viewer.dims.set_point(1, 2)
    job = snapshot(layer, viewer.dims)
    assert job.axes.sentence == "Y=3 · Z×X segmented"
    np.testing.assert_array_equal(job.read_plane(), to_plane(volume[:, 2, :]))


def test_a_transposed_view_gives_the_same_plane():
    viewer = ViewerModel()
    layer = viewer.add_image(np.arange(6, dtype=np.uint8).reshape(2, 3))
    straight = snapshot(layer, viewer.dims).read_plane()
    viewer.dims.order = (1, 0)
    np.testing.assert_array_equal(snapshot(layer, viewer.dims).read_plane(), straight)


def test_an_axis_labelled_c_is_used_as_channels():
    viewer = ViewerModel()
    data = np.zeros((3, 2, 5, 6), np.uint8)
    data[1, 1] = 255
    layer = viewer.add_image(data, axis_labels=("z", "c", "y", "x"))
    viewer.dims.set_point(0, 1)
    job = snapshot(layer, viewer.dims)
    assert job.axes.sentence == "Z=3 · C=2 used as channels · Y×X segmented"
    plane = job.read_plane()
    assert plane.shape == (2, 5, 6)
    assert (plane[0].max(), plane[1].min()) == (0, 1)


def test_the_copy_survives_drawing_into_the_image():
    viewer = ViewerModel()
    layer = viewer.add_image(np.full((2, 3), 255, np.uint8))
    job = snapshot(layer, viewer.dims)
    layer.data[:] = 0
    assert job.read_plane().min() == 1


def store(pixels, **options):
    """Put an image into a zarr array in memory."""
    stored = zarr.create_array({}, shape=pixels.shape, dtype=pixels.dtype, **options)
    stored[:] = pixels
    return stored


def test_a_lazy_image_is_read_only_when_the_job_runs():
    viewer = ViewerModel()
    stored = store(np.zeros((5, 4, 5), np.uint8), chunks=(1, 4, 5))
    layer = viewer.add_image(stored, contrast_limits=(0, 1))
    job = snapshot(layer, viewer.dims)
    assert job.pinned is None
    stored[:] = 255
    assert job.read_plane().min() == 1


def test_a_memory_map_is_read_only_when_the_job_runs(tmp_path):
    np.save(tmp_path / "cells.npy", np.zeros((5, 4, 5), np.uint8))
    viewer = ViewerModel()
    layer = viewer.add_image(np.load(tmp_path / "cells.npy", mmap_mode="r"), contrast_limits=(0, 1))
    assert snapshot(layer, viewer.dims).pinned is None


def test_a_plane_that_cannot_be_read_is_named():
    broken = []

    def read(block):
        if broken:
            raise OSError("disk gone")
        return block

    viewer = ViewerModel()
    planes = da.zeros((5, 4, 5), chunks=(1, 4, 5), dtype=np.uint8).map_blocks(
        read, meta=np.empty((0, 0, 0), np.uint8)
    )
    layer = viewer.add_image(planes, contrast_limits=(0, 1), name="far away", axis_labels="tyx")
    job = snapshot(layer, viewer.dims)
    broken.append(True)
    with pytest.raises(FileError, match="far away: T=2 cannot be read: disk gone"):
        job.read_plane()


def test_a_view_beside_the_image_is_refused():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((9, 4, 5)))
    short = viewer.add_image(np.zeros((5, 4, 5)), name="short")
    viewer.dims.set_point(0, 7)
    with pytest.raises(ImageError, match="beside 'short' on axis axis 0: .* 0 to 4; got 7"):
        snapshot(short, viewer.dims)


def test_a_view_along_an_axis_the_layer_lacks_is_refused():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((3, 4, 5)))
    flat = viewer.add_image(np.zeros((4, 5)), name="flat")
    viewer.dims.order = (1, 0, 2)
    with pytest.raises(ImageError, match="an axis that 'flat' does not have"):
        snapshot(flat, viewer.dims)


def test_the_plane_on_view_is_found_in_the_units_of_the_layer():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((9, 4, 5)), scale=(100, 1, 1), units=("nm",) * 3)
    layer = viewer.add_image(np.zeros((9, 4, 5)), scale=(0.1, 1, 1), units=("um",) * 3)
    viewer.dims.set_point(0, 300)
    assert snapshot(layer, viewer.dims).position == (3, None, None)


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
def test_the_plane_of_a_layer_tilted_out_of_the_view_is_the_one_napari_shows():
    tilt = np.array([[0.8, 0, -0.6], [0, 1, 0], [0.6, 0, 0.8]])
    viewer = ViewerModel()
    volume = np.arange(9)[:, None, None] * np.ones((9, 4, 30))
    layer = viewer.add_image(volume, rotate=tilt)
    for at in (0, 3, 6):
        viewer.dims.set_point(0, at)
        plane = snapshot(layer, viewer.dims).position[0]
        assert plane == layer._slice.image.raw[0, 0]


# -- levels -----------------------------------------------------------------------------------


def add_pyramid(viewer, volume, *steps, **options):
    levels = [volume[tuple(slice(None, None, n) for n in step)] for step in steps]
    return viewer.add_image(levels, multiscale=True, contrast_limits=(0, 255), **options)


def test_the_finest_level_of_a_small_multiscale_image_is_taken():
    viewer = ViewerModel()
    layer = add_pyramid(viewer, np.zeros((8, 12), np.uint8), (1, 1), (2, 2))
    assert snapshot(layer, viewer.dims).read_plane().shape == (1, 8, 12)


def test_the_level_chosen_is_read_at_the_plane_on_view():
    viewer = ViewerModel()
    volume = np.arange(8 * 8 * 12, dtype=np.uint16).reshape(8, 8, 12)
    layer = add_pyramid(viewer, volume, (1, 1, 1), (2, 2, 4))
    remember_level(layer, 1)
    for at in range(8):
        viewer.dims.set_point(0, at)
        job = snapshot(layer, viewer.dims)
        assert job.position == (at // 2, None, None)
        expected = to_plane(volume[::2, ::2, ::4][at // 2])
        np.testing.assert_array_equal(job.read_plane(), expected)


def test_the_labels_of_a_level_cover_the_image():
    viewer = ViewerModel()
    volume = np.zeros((9, 8, 12), np.uint8)
    layer = add_pyramid(viewer, volume, (1, 1, 1), (3, 2, 4), scale=(5, 2, 3), translate=(1, 2, 3))
    remember_level(layer, 1)
    viewer.dims.set_point(0, 5 * 4 + 1)
    labels = add_labels(viewer, layer)
    # Of a pixel of the level the corner is that of its first pixel in the image.
    for coarse, fine in [((0, 0, 0), (3, 0, 0)), ((1, 4, 3), (6, 8, 12)), ((0, 1, 2), (3, 2, 8))]:
        np.testing.assert_allclose(
            labels.data_to_world(np.array(coarse) - 0.5), layer.data_to_world(np.array(fine) - 0.5)
        )
    for plane in (3, 4, 5):
        at = labels.world_to_data(layer.data_to_world((plane, 0, 0)))[0]
        assert round(at) == 0


# -- the same pixels, wrapped otherwise -------------------------------------------------------

CANONICAL = "tzcyx"
DTYPES = ("?", "u1", "u2", "i2", "f4", "f8")


def reorder(pixels, letters, own=CANONICAL):
    """Bring the axes of an array into the order of some letters; those left out have length 1."""
    dropped = tuple(axis for axis, letter in enumerate(own) if letter not in letters)
    kept = [letter for letter in own if letter in letters]
    return pixels.squeeze(dropped).transpose([kept.index(letter) for letter in letters])


def look_at(viewer, layer, letters, **at):
    """Show the plane of y and x at an index of each other axis."""
    show_plane(layer, viewer.dims, (letters.index("y"), letters.index("x")))
    for letter, index in at.items():
        if letter in letters:
            viewer.dims.set_point(letters.index(letter), index)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_plane_is_the_same_in_any_order_of_axes_and_as_one_layer_a_channel(data):
    draw = data.draw
    height, width = draw(st.tuples(st.integers(1, 4), st.integers(2, 4)))
    shape = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 6))
    values = np.random.default_rng(draw(st.integers(0, 9))).integers(0, 99, (*shape, height, width))
    pixels = values.astype(draw(st.sampled_from(DTYPES)))
    idle = [letter for letter, size in zip("tzc", shape, strict=True) if size == 1]
    left_out = draw(st.sets(st.sampled_from(idle))) if idle else set()
    letters = "".join(draw(st.permutations([x for x in CANONICAL if x not in left_out])))
    at = {"t": shape[0] - 1, "z": draw(st.integers(0, shape[1] - 1))}
    expected = to_plane(pixels[at["t"], at["z"]], channel_axis=0)

    viewer = ViewerModel()
    lazy = draw(st.sampled_from([np.asarray, da.from_array, store]))
    array = lazy(np.ascontiguousarray(reorder(pixels, letters)))
    layer = viewer.add_image(array, axis_labels=tuple(letters), contrast_limits=(0, 99), rgb=False)
    look_at(viewer, layer, letters, **at)
    np.testing.assert_array_equal(snapshot(layer, viewer.dims).read_plane(), expected)

    viewer = ViewerModel()
    letters = letters.replace("c", "")
    layers = [
        viewer.add_image(
            reorder(pixels[:, :, c], letters, "tzyx"),
            axis_labels=tuple(letters),
            contrast_limits=(0, 99),
            rgb=False,
        )
        for c in range(shape[2])
    ]
    look_at(viewer, layers[0], letters, **at)
    channels = layers if len(layers) > 1 else []
    job = snapshot(layers[0], viewer.dims, channels)
    np.testing.assert_array_equal(job.read_plane(), expected)


def test_a_remembered_channel_axis_is_used():
    viewer = ViewerModel()
    pixels = np.random.default_rng(0).integers(0, 255, (6, 5, 4, 3), np.uint8)
    layer = viewer.add_image(pixels, axis_labels=("t", "z", "y", "x"))
    remember_channel_axis(layer, 0)
    viewer.dims.set_point(1, 4)
    plane = snapshot(layer, viewer.dims).read_plane()
    np.testing.assert_array_equal(plane, to_plane(pixels[:, 4], channel_axis=0))


def test_layers_that_are_channels_of_one_image_are_frozen_together():
    viewer = ViewerModel()
    one = viewer.add_image(np.full((5, 2, 3), 255, np.uint8), name="nuclei")
    other = viewer.add_image(np.full((5, 2, 3), 51, np.uint8), name="membrane")
    job = snapshot(other, viewer.dims, (one, other))
    other.data[:] = 0
    other.name = "another"
    viewer.layers.remove(one)
    assert job.stack.name == "nuclei, membrane"
    assert job.read_plane()[:, 0, 0].tolist() == pytest.approx([1, 0.2])


def test_layers_that_do_not_agree_are_not_frozen():
    viewer = ViewerModel()
    one = viewer.add_image(np.zeros((2, 3)), name="nuclei")
    other = viewer.add_image(np.zeros((2, 3)), name="membrane", scale=(2, 2))
    with pytest.raises(
        ImageError, match="'membrane' and 'nuclei' cannot be channels .* scale 2, 2"
    ):
        snapshot(one, viewer.dims, (one, other))


def test_scale_units_and_name_of_the_image_are_in_the_job():
    viewer = ViewerModel()
    volume = np.zeros((8, 8, 12), np.uint8)
    layer = add_pyramid(
        viewer, volume, (1, 1, 1), (1, 2, 4), scale=(3, 1, 1), units=("um",) * 3, name="cells"
    )
    remember_level(layer, 1)
    stack = snapshot(layer, viewer.dims).stack
    assert (stack.name, stack.path) == ("cells", None)
    assert stack.scale == (3.0, 2.0, 4.0)
    assert stack.units == ("micrometer",) * 3


# -- the place of the labels ------------------------------------------------------------------


def lay_stack(viewer, job):
    """Lay the labels of all planes beside the image, each plane with a number of its own."""
    stack = np.zeros(job.axes.label_sizes, np.int32)
    for number, position in enumerate(job.axes.list_positions(), start=1):
        plane = np.full(job.axes.plane_shape, number, np.int32)
        stack[job.axes.index_labels(position)] = job.axes.turn(plane)
    return viewer.add_labels(stack, name="stack labels", **job.stack_placement)


@st.composite
def draw_transform(draw, hidden):
    """Draw a transform that turns and shears two axes, behind some others that it stretches."""
    number = st.floats(-5, 5).map(lambda value: round(value, 2))
    size = st.floats(0.1, 5).map(lambda value: round(value, 2))
    angle = np.deg2rad(draw(st.integers(0, 359)))
    ndim = hidden + 2
    rotate, shear, affine = np.eye(ndim), np.eye(ndim), np.eye(ndim + 1)
    rotate[-2:, -2:] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    shear[-2, -1] = draw(number)
    affine[-3:-1, -3:-1] += np.array([[0, draw(number) / 10], [draw(number) / 10, 0]])
    affine[:-1, -1] = [draw(number) for _ in range(ndim)]
    return {
        "scale": [draw(size) for _ in range(ndim)],
        "translate": [draw(number) for _ in range(ndim)],
        "rotate": rotate,
        "shear": shear,
        "affine": affine,
    }


@settings(max_examples=40, deadline=None)
@given(draw_transform(hidden=2), st.sampled_from([(1, 1, 1, 1), (1, 2, 2, 3), (1, 1, 4, 2)]))
def test_labels_of_a_tilted_image_lie_on_it_at_every_level(transform, step):
    viewer = ViewerModel()
    volume = np.zeros((3, 4, 8, 6), np.uint8)
    layer = add_pyramid(
        viewer, volume, (1,) * 4, step, axis_labels=("c", "z", "y", "x"), **transform
    )
    remember_level(layer, 1)
    viewer.dims.set_point(1, layer.data_to_world((0, 3, 0, 0))[1])
    job = snapshot(layer, viewer.dims)
    plane = 3 // step[1]
    assert job.position == (None, plane, None, None)
    rows, columns = job.axes.plane_shape
    labels, stack = add_labels(viewer, layer), lay_stack(viewer, job)
    for row, column in [(0, 0), (rows, columns), (0, columns), (rows / 2, columns / 2)]:
        corner = np.array(
            [1, (plane + 0.5) * step[1] - 0.5, row * step[2] - 0.5, column * step[3] - 0.5]
        )
        where = layer.data_to_world(corner)
        np.testing.assert_allclose(
            labels.world_to_data(where), (0, 0, row - 0.5, column - 0.5), atol=1e-6
        )
        np.testing.assert_allclose(
            stack.world_to_data(where), (0, plane, row - 0.5, column - 0.5), atol=1e-6
        )


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("letters", ["zyx", "xyz", "yxz"])
def test_labels_of_any_reslice_lie_on_the_pixels_they_are_of(order, letters):
    viewer = ViewerModel()
    volume = np.random.default_rng(0).integers(0, 255, (5, 6, 7), np.uint8)
    layer = viewer.add_image(
        volume, axis_labels=tuple(letters), scale=(2, 3, 4), translate=(9, 8, 7)
    )
    viewer.dims.order = order
    viewer.dims.set_point(order[0], layer.data_to_world((3, 3, 3))[order[0]])
    job = snapshot(layer, viewer.dims)
    numbers = np.round(job.read_plane()[0] * 255).astype(np.int32)
    labels = viewer.add_labels(job.axes.wrap(numbers), **job.placement)
    for seen in [(0, 0, 0), (4, 5, 6), (1, 4, 2)]:
        pixel = tuple(3 if axis == order[0] else at for axis, at in enumerate(seen))
        where = layer.data_to_world(pixel)
        assert labels.get_value(where, world=True) == volume[pixel]


def test_the_labels_of_all_planes_lie_on_the_stack():
    viewer = ViewerModel()
    layer = viewer.add_image(
        np.zeros((3, 2, 5, 6), np.uint8),
        axis_labels=("t", "c", "x", "y"),
        scale=(10, 7, 2, 3),
        translate=(5, 4, 3, 2),
    )
    job = snapshot(layer, viewer.dims)
    assert job.axes.label_sizes == (3, 1, 5, 6)
    stack = lay_stack(viewer, job)
    for time in range(3):
        for channel in range(2):
            index = np.round(stack.world_to_data(layer.data_to_world((time, channel, 4, 5))))
            assert stack.data[tuple(index.astype(int))] == time + 1


@pytest.mark.parametrize(
    "transform",
    [
        {},
        {"scale": (2.0, 0.5), "translate": (10.0, -3.0)},
        {"rotate": ROTATED, "scale": (2.0, 3.0)},
        {"shear": [0.3], "translate": (1.0, 2.0)},
        {"affine": np.array([[1.0, 0.2, 5.0], [0.0, 2.0, 1.0], [0.0, 0.0, 1.0]])},
        {"scale": (0.2, 0.2), "units": ("um", "um"), "axis_labels": ("y", "x")},
    ],
)
def test_labels_lie_where_the_image_lies(transform):
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((4, 5), np.uint8), **transform)
    labels = add_labels(viewer, layer)
    for corner in [(0, 0), (3, 4), (1, 2)]:
        np.testing.assert_allclose(labels.data_to_world(corner), layer.data_to_world(corner))
    assert labels.units == layer.units
    assert labels.axis_labels == layer.axis_labels


def test_labels_of_a_plane_lie_at_that_plane():
    viewer = ViewerModel()
    layer = viewer.add_image(
        np.zeros((7, 4, 5), np.uint8), scale=(3, 1, 1), translate=(50, 0, 0), units=("um",) * 3
    )
    viewer.dims.set_point(0, 62)
    labels = add_labels(viewer, layer)
    assert labels.data.shape == (1, 4, 5)
    np.testing.assert_allclose(labels.data_to_world((0, 1, 2)), layer.data_to_world((4, 1, 2)))


def test_labels_show_whichever_channel_is_on_view():
    viewer = ViewerModel()
    layer = viewer.add_image(
        np.zeros((3, 4, 5), np.uint8), scale=(2, 1, 1), axis_labels=("c", "y", "x")
    )
    labels = add_labels(viewer, layer)
    assert labels.data.shape == (1, 4, 5)
    for channel in range(3):
        where = layer.data_to_world((channel, 1, 1))
        assert round(labels.world_to_data(where)[0]) == 0


def test_nan_is_named_in_a_warning():
    viewer = ViewerModel()
    layer = viewer.add_image(np.array([[0.0, np.nan], [1.0, 2.0]]))
    with pytest.warns(ImageWarning, match="1 NaN"):
        snapshot(layer, viewer.dims).read_plane()
