"""The clusters of a plane: of every pixel, or of a large plane's squares where a tree outlines."""

import numpy as np
import pytest

from napari_dynaseg.engine.trainer import apply_network
from napari_dynaseg.method import clusters as module
from napari_dynaseg.method.clusters import find_clusters
from napari_dynaseg.method.run import iter_fit
from napari_dynaseg.settings import Settings

SMALL = Settings(channels=8, iterations=4, minimum_labels=1, device="cpu")


@pytest.fixture(scope="module")
def plane():
    return np.random.default_rng(0).random((2, 256, 250), dtype=np.float32)


@pytest.fixture(scope="module")
def step(plane):
    *_, last = iter_fit(plane, SMALL)
    return last


@pytest.mark.parametrize("settings", [SMALL, SMALL.change(clean=False)])
def test_every_pixel_of_a_plane_of_usual_size_is_looked_at(plane, step, settings):
    found = find_clusters(plane, settings, step.weights, step.statistics)
    expected, _ = apply_network(plane, settings, step.weights, step.statistics)
    np.testing.assert_array_equal(found, expected)


def test_of_a_large_plane_with_a_tree_a_pixel_stands_for_its_square(plane, step, monkeypatch):
    monkeypatch.setattr(module, "MOST_VOTERS", 10_000)  # 3 × 3 pixels make a square
    found = find_clusters(plane, SMALL, step.weights, step.statistics)
    assert found.shape == plane.shape[1:]
    squares = found[:255, :249].reshape(85, 3, 83, 3)
    np.testing.assert_array_equal(squares.min((1, 3)), squares.max((1, 3)))


def test_of_clusters_as_published_every_pixel_counts(plane, step, monkeypatch):
    published = SMALL.change(clean=False)
    expected = find_clusters(plane, published, step.weights, step.statistics)
    monkeypatch.setattr(module, "MOST_VOTERS", 10_000)
    found = find_clusters(plane, published, step.weights, step.statistics)
    np.testing.assert_array_equal(found, expected)
