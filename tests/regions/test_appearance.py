"""What is measured strip by strip: the same as of the whole plane at once."""

import numpy as np
import pytest

from napari_dynaseg.regions import appearance as module
from napari_dynaseg.regions.appearance import Appearance


@pytest.mark.parametrize("shape", [(1, 70, 40), (3, 300, 256), (5, 33, 20), (2, 101, 7)])
def test_strips_leave_no_trace(shape, pool, monkeypatch):
    plane = np.random.default_rng(0).random(shape).astype(np.float32)
    superpixels = np.arange(plane[0].size, dtype=np.int32).reshape(plane.shape[1:]) // 50
    sizes = np.bincount(superpixels.ravel()).astype(float)
    monkeypatch.setattr(module, "STRIP_ROWS", 1000)
    whole = Appearance(plane, pool)
    monkeypatch.setattr(module, "STRIP_ROWS", 32)
    strips = Appearance(plane, pool)
    for one, other in zip(strips.measure_gradients(), whole.measure_gradients(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    np.testing.assert_allclose(
        strips.measure_local_contrast(), whole.measure_local_contrast(), atol=1e-6
    )
    np.testing.assert_allclose(
        strips.measure_histograms(superpixels, sizes),
        whole.measure_histograms(superpixels, sizes),
        atol=1e-5,
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_the_histograms_of_all_superpixels_sum_up_to_the_same(channels, pool):
    plane = np.random.default_rng(1).random((channels, 30, 256)).astype(np.float32)
    superpixels = np.tile(np.arange(256, dtype=np.int32) // 9, (30, 1))
    sizes = np.bincount(superpixels.ravel()).astype(float)
    histograms = Appearance(plane, pool).measure_histograms(superpixels, sizes)
    np.testing.assert_allclose(histograms.sum(1), 0.5**2 + 0.8**2 + 2 * 0.9**2, rtol=1e-5)


def test_a_plane_of_little_contrast_is_evened_out(pool):
    plane = np.random.default_rng(2).random((1, 64, 64)).astype(np.float32)
    strong, _ = Appearance(plane, pool).measure_gradients()
    weak, _ = Appearance(plane / 4, pool).measure_gradients()
    np.testing.assert_allclose(weak, strong / 2, rtol=1e-4, atol=1e-6)
