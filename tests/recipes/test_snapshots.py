"""The snapshots of a run stay within their memory, evenly spread, the ends always there."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from napari_dynaseg.labels.compressed_map import CompressedMap
from napari_dynaseg.labels.numbering import RegionNumbers
from napari_dynaseg.method.run import run
from napari_dynaseg.method.step import Labelled
from napari_dynaseg.recipes.recipe import Recipe, Source
from napari_dynaseg.recipes.replay import replay
from napari_dynaseg.recipes.snapshots import Snapshot, Snapshots
from napari_dynaseg.recipes.training_planes import TrainingPlanes
from napari_dynaseg.settings import Settings

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
AS_THEY_ARE = RegionNumbers()
AS_THEY_ARE.follow(np.arange(1, 200, dtype=np.int32)[None])


@dataclass
class DrawnStep:
    """What a snapshot needs of a step, as one draws it."""

    labels_in_use: int
    weights: np.ndarray
    numbers: RegionNumbers = AS_THEY_ARE
    reduction: int = 1
    shape: tuple[int, int] = (2, 2)
    weight: float = 1.0

    @property
    def clusters(self):
        return np.full(self.shape, 7, np.int32)

    def label(self, clusters, numbers):
        return Labelled(numbers.apply(clusters), None)


def take(iteration, network_bytes=0, labels_in_use=5):
    return Snapshot(
        step=DrawnStep(labels_in_use, np.zeros(network_bytes, np.uint8)),
        clusters=CompressedMap.of(np.full((2, 2), iteration, np.int32)),
        is_sketch=False,
        recipe=RECIPE.model_copy(update={"last_iteration": iteration}),
        scaling=None,
    )


def list_iterations(snapshots):
    return [snapshot.iteration for snapshot in snapshots]


def test_all_are_kept_while_there_is_room():
    snapshots = Snapshots(10_000)
    for iteration in (1, 2, 5):
        snapshots.add(take(iteration))
    assert list_iterations(snapshots) == [1, 2, 5]
    assert snapshots[1].read_labels()[0, 0] == 2


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


def test_a_sketch_fills_its_squares_and_is_finished_pixel_by_pixel():
    plain = take(1)
    sketch = replace(plain, step=replace(plain.step, reduction=2, shape=(4, 3)), is_sketch=True)
    assert sketch.read_labels().shape == (4, 3)
    whole = sketch.finish()
    assert not whole.is_sketch
    assert not whole.recipe.is_sketch
    assert (whole.read_labels() == 7).all()
    assert whole.finish() is whole


def test_what_is_finished_takes_the_place_of_its_sketch_if_that_is_still_there():
    snapshots = Snapshots()
    for iteration in (1, 2, 3):
        snapshots.add(take(iteration))
    snapshots.replace(take(2, labels_in_use=9))
    snapshots.replace(take(8, labels_in_use=9))
    assert [snapshot.labels_in_use for snapshot in snapshots] == [5, 9, 5]


@pytest.mark.parametrize(
    ("is_scribbled", "clean", "result"),
    [
        (False, True, "clusters"),
        (False, True, "regions"),
        (True, False, "clusters"),
        (True, True, "clusters"),
        (True, True, "regions"),
    ],
)
@pytest.mark.parametrize("size", [20, 256])
def test_any_snapshot_replays_and_keeps_its_network(size, is_scribbled, clean, result):
    settings = Settings(channels=8, iterations=4, minimum_labels=1, clean=clean, result=result)
    pixels = np.random.default_rng(2).integers(0, 255, (1, size, size + 20), np.uint8)
    strokes = np.zeros(pixels.shape[1:], np.int32)
    strokes[2:12, 4], strokes[15, 3:18] = 40, 7
    drawn = strokes if is_scribbled else None
    training = TrainingPlanes.scale([pixels], "noise")
    (plane,), scaling = training.planes, training.scaling
    given = training.prepare(settings, scribbled=drawn, numbering="live")
    steps = list(run(given))
    taken = [
        Snapshot.take(step, training.describe(given, step.iteration), scaling) for step in steps
    ]
    for snapshot in taken[1:3]:
        np.testing.assert_array_equal(snapshot.read_labels(), replay(plane, snapshot.recipe))
        whole = snapshot.finish()
        labels = replay(plane, whole.recipe)
        np.testing.assert_array_equal(whole.read_labels(), labels)
        by_network = whole.keep_network().label(pixels)
        if is_scribbled and clean:
            continue  # strokes join regions around them, of which a network knows nothing
        by_hand = (strokes > 0) & is_scribbled
        np.testing.assert_array_equal(by_network[~by_hand], labels[~by_hand])
