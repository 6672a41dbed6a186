"""The snapshots of a run stay within their memory, evenly spread, the ends always there."""

import numpy as np

from napari_dynaseg.compressed_map import CompressedMap
from napari_dynaseg.recipe import Recipe, Source
from napari_dynaseg.snapshots import Snapshot, Snapshots

RECIPE = Recipe(
    settings={},
    last_iteration=1,
    numbering="live",
    source=Source(name="cells", sha256=""),
    device="cpu",
    threads=1,
    versions={},
    created="",
)


def take(iteration, network_bytes=0, labels_in_use=5):
    return Snapshot(
        CompressedMap.of(np.full((2, 2), iteration, np.int32)),
        RECIPE.model_copy(update={"last_iteration": iteration}),
        labels_in_use,
        1.0,
        lambda: None,
        network_bytes,
    )


def list_iterations(snapshots):
    return [snapshot.iteration for snapshot in snapshots]


def test_all_are_kept_while_there_is_room():
    snapshots = Snapshots(10_000)
    for iteration in (1, 2, 5):
        snapshots.add(take(iteration))
    assert list_iterations(snapshots) == [1, 2, 5]
    assert snapshots[1].labels.read()[0, 0] == 2


def test_they_never_take_more_than_their_limit():
    snapshots = Snapshots(10_000)
    for iteration in range(1, 200):
        snapshots.add(take(iteration, network_bytes=900))
        assert snapshots.nbytes <= 10_000
    assert len(snapshots) > 8


def test_what_is_left_is_spread_evenly_and_has_both_ends():
    snapshots = Snapshots(9_500)
    for iteration in range(1, 102):
        snapshots.add(take(iteration, network_bytes=900))
    iterations = list_iterations(snapshots)
    assert iterations[0] == 1
    assert iterations[-1] == 101
    gaps = np.diff(iterations)
    assert gaps.max() <= 2 * np.median(gaps)


def test_the_ends_stay_whatever_they_take():
    snapshots = Snapshots(10)
    for iteration in range(1, 6):
        snapshots.add(take(iteration, network_bytes=900))
    assert list_iterations(snapshots) == [1, 5]


def test_the_last_labels_take_the_place_of_their_preview():
    snapshots = Snapshots()
    snapshots.add(take(1))
    snapshots.add(take(4, labels_in_use=9))
    snapshots.add(take(4, labels_in_use=8))
    assert [snapshot.labels_in_use for snapshot in snapshots] == [5, 8]


def test_a_lower_limit_thins_out_what_is_there():
    snapshots = Snapshots()
    for iteration in range(1, 10):
        snapshots.add(take(iteration, network_bytes=1000))
    snapshots.limit(4000)
    assert len(snapshots) == 3
    assert snapshots.nbytes <= 4000


def test_the_nearest_iteration_is_found():
    snapshots = Snapshots()
    for iteration in (1, 10, 20):
        snapshots.add(take(iteration))
    assert [snapshots.find_nearest(iteration) for iteration in (1, 6, 14, 99)] == [0, 1, 1, 2]
