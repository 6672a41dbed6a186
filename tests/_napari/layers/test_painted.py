"""What was painted is found in any part of a layer that a run made."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.job import snapshot
from napari_dynaseg._napari.layers.kept_runs import KeptRun, KeptRuns
from napari_dynaseg._napari.layers.painted import find_painted
from napari_dynaseg.errors import EditError

WHOLE = slice(None)


def keep_run(shape, is_stack):
    """Give the kept runs and the layer of a run that gave 1 everywhere, on some planes."""
    viewer = ViewerModel()
    image = viewer.add_image(np.ones(shape), axis_labels=("z", "y", "x")[-len(shape) :])
    job = snapshot(image, viewer.dims)
    kept, run = KeptRuns(), KeptRun(job, is_stack)
    data = np.ones(job.stack_shape if is_stack else job.wrap_labels(np.ones(shape[-2:])).shape, int)
    layer = viewer.add_labels(data)
    for position in job.axes.list_positions() if is_stack else [job.position]:
        run.maps.remember(position, np.ones(shape[-2:], np.int32))
    kept.keep(layer, run)
    return kept, layer


def test_in_a_stack_paint_is_found_on_each_plane_and_on_all():
    kept, layer = keep_run((3, 2, 4), is_stack=True)
    layer.data[1, 0, 2] = layer.data[2, 1, 3] = 5
    np.testing.assert_array_equal(find_painted(kept, layer, (WHOLE,) * 3), layer.data == 5)
    for plane in range(3):
        found = find_painted(kept, layer, (plane, WHOLE, WHOLE))
        np.testing.assert_array_equal(found, layer.data[plane] == 5)
    across = find_painted(kept, layer, (WHOLE, WHOLE, 2))
    np.testing.assert_array_equal(across, layer.data[:, :, 2] == 5)


@pytest.mark.parametrize("shape", [(2, 4), (3, 2, 4)])
def test_in_a_layer_of_one_plane_paint_is_found_however_it_is_indexed(shape):
    kept, layer = keep_run(shape, is_stack=False)
    layer.data[..., 1, 3] = 5
    whole = find_painted(kept, layer, (WHOLE,) * layer.ndim)
    np.testing.assert_array_equal(whole, layer.data == 5)
    index = (0,) * (layer.ndim - 2) + (WHOLE, WHOLE)
    np.testing.assert_array_equal(find_painted(kept, layer, index), layer.data[index] == 5)


def test_of_a_layer_that_no_run_made_nothing_is_known():
    kept, _ = keep_run((2, 4), is_stack=False)
    other = ViewerModel().add_labels(np.ones((2, 4), int), name="other")
    with pytest.raises(EditError, match="'other' is not known"):
        find_painted(kept, other, (WHOLE, WHOLE))
