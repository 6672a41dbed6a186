"""Jobs and label placement, on napari's models without a window."""

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.layers import read_layer_axes, snapshot
from napari_dynaseg.errors import FileError, ImageError, ImageWarning

ROTATED = np.array([[0.0, -1.0], [1.0, 0.0]])


def add_labels(viewer, layer):
    """Freeze the plane on view and lay its labels beside the image, as a run does."""
    job = snapshot(layer, viewer.dims)
    ones = np.ones(job.plane_shape, np.int32)
    return viewer.add_labels(job.wrap_labels(ones), name="labels", **job.placement)


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
    stack = np.zeros((4, 2, 2), np.uint8)
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
    np.testing.assert_array_equal(np.asarray(job.pixels), volume[:, 2, :])


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


def test_a_lazy_image_is_read_only_when_the_job_runs():
    viewer = ViewerModel()
    planes = da.zeros((3, 4, 5), chunks=(1, 4, 5), dtype=np.uint8)
    layer = viewer.add_image(planes, contrast_limits=(0, 1))
    job = snapshot(layer, viewer.dims)
    assert isinstance(job.pixels, da.Array)
    assert job.read_plane().shape == (1, 4, 5)


def test_a_plane_that_cannot_be_read_is_named():
    def fail(block):
        raise OSError("disk gone")

    viewer = ViewerModel()
    good = da.zeros((2, 4, 5), chunks=(1, 4, 5), dtype=np.uint8)
    layer = viewer.add_image(good, contrast_limits=(0, 1), name="far away")
    job = snapshot(layer, viewer.dims)
    bad = good[0].map_blocks(fail, meta=np.empty((0, 0), np.uint8))
    object.__setattr__(job, "pixels", bad)
    with pytest.raises(FileError, match=r"far away: plane \(\d, None, None\) .* disk gone"):
        job.read_plane()


def test_the_finest_level_of_a_multiscale_image_is_taken():
    viewer = ViewerModel()
    levels = [np.zeros((8, 12), np.uint8), np.zeros((4, 6), np.uint8)]
    layer = viewer.add_image(levels, multiscale=True)
    assert snapshot(layer, viewer.dims).read_plane().shape == (1, 8, 12)


def test_a_view_in_3d_is_refused():
    viewer = ViewerModel(ndisplay=3)
    layer = viewer.add_image(np.zeros((3, 4, 5)))
    with pytest.raises(ImageError, match="view is in 3D; switch it to 2D"):
        read_layer_axes(layer, viewer.dims)


def test_a_view_along_an_axis_the_layer_lacks_is_refused():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((3, 4, 5)))
    flat = viewer.add_image(np.zeros((4, 5)), name="flat")
    viewer.dims.order = (1, 0, 2)
    with pytest.raises(ImageError, match="an axis that 'flat' does not have"):
        snapshot(flat, viewer.dims)


def test_a_view_beside_the_image_is_refused():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((9, 4, 5)))
    short = viewer.add_image(np.zeros((3, 4, 5)), name="short")
    viewer.dims.set_point(0, 7)
    with pytest.raises(ImageError, match="beside 'short' on axis axis 0: .* 0 to 2; got 7"):
        snapshot(short, viewer.dims)


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
