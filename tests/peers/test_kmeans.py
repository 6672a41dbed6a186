"""k-means: what a pixel is compared by, and what is refused."""

import numpy as np
import pytest

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.peers import kmeans, run_peer
from napari_dynaseg.peers.kmeans import KMeansKnobs


def test_a_window_is_what_surrounds_a_pixel_mirrored_at_the_edges():
    plane = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    windows = kmeans._see_windows(plane, 3)
    assert windows.shape == (2, 3, 1, 3, 3)
    np.testing.assert_array_equal(windows[0, 0, 0], [[0, 0, 1], [0, 0, 1], [3, 3, 4]])


def test_a_larger_window_tells_textures_of_the_same_values_apart():
    stripes = np.tile(np.uint8([0, 255]), (16, 8))
    image = np.hstack([stripes, stripes.T])
    assert run_peer("kmeans", image, clusters=4, window=1).max() == 2
    labels = run_peer("kmeans", image, clusters=4, window=3)
    inside = [set(np.unique(labels[1:-1, columns])) for columns in (slice(1, 15), slice(17, 31))]
    assert not inside[0] & inside[1]


def test_an_even_window_has_no_middle():
    with pytest.raises(SettingsError, match="window must be .*; got 4"):
        KMeansKnobs(window=4)


def test_an_image_of_few_colours_gets_no_more_clusters_than_those():
    image = np.zeros((8, 8), np.uint8)
    image[:, 4:] = 255
    assert run_peer("kmeans", image, clusters=5).max() == 2


def test_large_planes_are_labelled_a_few_rows_at_a_time(monkeypatch):
    image = np.random.default_rng(0).integers(0, 256, (40, 30), np.uint8)
    whole = run_peer("kmeans", image)
    monkeypatch.setattr(kmeans, "PIXELS_AT_A_TIME", 100)
    np.testing.assert_array_equal(run_peer("kmeans", image), whole)


def test_the_centres_of_a_large_plane_come_from_pixels_spread_over_it(monkeypatch):
    monkeypatch.setattr(kmeans, "MOST_FITTED_PIXELS", 4)
    windows = kmeans._see_windows(np.arange(16, dtype=np.float32).reshape(1, 4, 4), 1)
    assert kmeans._choose_pixels(windows).ravel().tolist() == [0, 5, 10, 15]
