"""The worker's generator, driven by hand: what it yields, returns and lets out."""

import dataclasses
import time

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.job import snapshot
from napari_dynaseg._napari.work.pace import Pace
from napari_dynaseg._napari.work.stack_plan import begin_stack, choose_planes
from napari_dynaseg._napari.work.worker import PlaneDone, Progress, Update, describe_memory, run_job
from napari_dynaseg.errors import ImageError
from napari_dynaseg.method.run import iter_fit
from napari_dynaseg.recipes.kept_tree import read_tree
from napari_dynaseg.recipes.painted_recipe import read_map
from napari_dynaseg.recipes.replay import replay
from napari_dynaseg.settings import Settings

QUICK = Settings(channels=8, iterations=6, minimum_labels=1)
PUBLISHED = QUICK.change(clean=False)


class AlwaysPass(Pace):
    """A pace that shows every iteration."""

    def try_pass(self) -> bool:
        return True


class NeverPass(Pace):
    """A pace that shows none."""

    def try_pass(self) -> bool:
        return False


@pytest.fixture
def job():
    viewer = ViewerModel()
    pixels = np.random.default_rng(1).integers(0, 255, (12, 10), np.uint8)
    return snapshot(viewer.add_image(pixels, name="noise"), viewer.dims)


def drain(run):
    """Give everything a generator yields, and what it returns."""
    yielded = []
    while True:
        try:
            yielded.append(next(run))
        except StopIteration as end:
            return yielded, end.value


def test_every_iteration_yields_so_that_stop_and_knobs_are_heard(job):
    yielded, result = drain(run_job(job, PUBLISHED, NeverPass()))
    assert yielded == [None] * QUICK.iterations
    assert isinstance(result, Update)
    assert result.now.iteration == QUICK.iterations


def test_the_trail_has_every_iteration_once(job):
    yielded, result = drain(run_job(job, PUBLISHED, NeverPass()))
    assert [measures.iteration for measures in result.trail] == [1, 2, 3, 4, 5, 6]
    yielded, result = drain(run_job(job, PUBLISHED, AlwaysPass()))
    assert [len(update.trail) for update in yielded] == [1] * 6


def test_the_numbers_are_those_of_the_training(job):
    yielded, _ = drain(run_job(job, PUBLISHED, AlwaysPass()))
    steps = list(iter_fit(job.read_plane(), PUBLISHED))
    assert [update.now.weight for update in yielded] == [step.weight for step in steps]
    assert [update.now.similarity for update in yielded] == [step.similarity for step in steps]


@pytest.fixture
def large_job():
    viewer = ViewerModel()
    pixels = np.random.default_rng(1).integers(0, 90, (210, 230), np.uint8)
    pixels[:, 100:] += 120
    return snapshot(viewer.add_image(pixels, name="large"), viewer.dims)


def test_a_fast_run_shows_labels_of_every_pixel_from_the_first_update_on(large_job):
    run = run_job(large_job, PUBLISHED, AlwaysPass())
    update = next(run)
    assert update.labels.shape == (210, 230)
    assert not update.recipe.is_sketch
    np.testing.assert_array_equal(replay(large_job.read_plane(), update.recipe), update.labels)


def test_a_fast_run_of_a_large_plane_shows_sketches_and_ends_with_every_pixel(
    large_job, monkeypatch
):
    monkeypatch.setattr("napari_dynaseg.method.step.MOST_PREVIEWED_PIXELS", 0)
    sketches, result = drain(run_job(large_job, PUBLISHED, AlwaysPass()))
    plane = large_job.read_plane()
    assert sketches[2].recipe.is_sketch
    np.testing.assert_array_equal(replay(plane, sketches[2].recipe), sketches[2].labels)
    assert not result.recipe.is_sketch
    np.testing.assert_array_equal(replay(plane, result.recipe), result.labels)
    assert (result.labels != sketches[-1].labels).any()


@pytest.mark.parametrize("most_previewed", [0, 500_000])
def test_strokes_stay_as_drawn_in_every_update_and_snapshot_of_a_fast_run(
    large_job, monkeypatch, most_previewed
):
    monkeypatch.setattr("napari_dynaseg.method.step.MOST_PREVIEWED_PIXELS", most_previewed)
    drawn = np.zeros((210, 230), np.int32)
    drawn[20:190, 40], drawn[100, 120:220] = 40, 7
    job = dataclasses.replace(large_job, scribbled=drawn)
    updates, result = drain(run_job(job, PUBLISHED, AlwaysPass()))
    shown = [update for update in (*updates, result) if update]
    taken = [each.read_labels() for update in shown for each in update.snapshots]
    assert len(taken) >= result.now.iteration > 1
    for labels in (*taken, *(update.labels for update in shown)):
        np.testing.assert_array_equal(labels[drawn > 0], drawn[drawn > 0])


class CountAlways(AlwaysPass):
    """A pace that shows the first iteration, and counts the others as labels are too costly."""

    def is_worth_labelling(self, _seconds_left: float) -> bool:
        return self._labelling == 0

    def try_count(self) -> bool:
        return True


def test_a_fast_run_does_not_put_off_its_end_for_an_update_but_tells_how_far_it_is(large_job):
    (first, *later), result = drain(run_job(large_job, PUBLISHED, CountAlways()))
    assert isinstance(first, Update)
    assert all(isinstance(each, Progress) for each in later)
    assert [each.now.iteration for each in later] == [2, 3, 4, 5, 6]
    told = [snapshot for each in (first, *later, result) for snapshot in each.snapshots]
    assert [snapshot.iteration for snapshot in told] == [1, 2, 3, 4, 5, 6, 6]
    assert not told[-1].is_sketch


def test_the_end_of_a_fast_run_is_foreseen_also_after_a_knob_was_turned(large_job):
    asked = []

    class Ask(AlwaysPass):
        def is_worth_labelling(self, seconds_left: float) -> bool:
            asked.append(seconds_left)
            return True

    knobs = PUBLISHED.change(iterations=3)
    run = run_job(large_job, knobs, Ask())
    next(run)
    run.send(knobs.change(mu=7, iterations=5))
    yielded, _ = drain(run)
    assert len(yielded) == 3
    assert asked[2] > 0
    assert asked[-1] == 0


def test_the_last_labels_bring_their_entry_of_metadata_and_updates_do_not(job):
    yielded, result = drain(run_job(job, QUICK, AlwaysPass()))
    assert all(update.kept is None for update in yielded if isinstance(update, Update))
    np.testing.assert_array_equal(read_map(result.kept), result.labels)
    kept, detail = read_tree(result.kept), QUICK.detail
    np.testing.assert_array_equal(kept.cut(detail), result.label_tree.cut(detail))


def test_costly_labels_make_long_pauses():
    pace = Pace(seconds=0)
    pace.try_pass()
    pace.mark_labelled(60)
    pace.mark_drawn(0)
    assert not pace.try_pass()


def test_sent_settings_are_recorded_from_the_next_iteration_on(job):
    run = run_job(job, PUBLISHED, AlwaysPass())
    next(run)
    update = run.send(PUBLISHED.change(scheme="fixed", mu=7))
    assert update.now.weight == 7
    assert [change.iteration for change in update.recipe.changes] == [2]
    np.testing.assert_array_equal(replay(job.read_plane(), update.recipe), update.labels)


def test_a_change_after_the_last_iteration_is_no_part_of_the_recipe(job):
    run = run_job(job, PUBLISHED.change(iterations=1), AlwaysPass())
    next(run)
    with pytest.raises(StopIteration) as end:
        run.send(PUBLISHED.change(iterations=1, mu=7))
    assert end.value.value.recipe.changes == ()


def test_what_the_user_can_mend_is_an_error_of_ours(job):
    object.__setattr__(job, "pinned", np.array([[["a", "b"]]]))
    with pytest.raises(
        ImageError, match="an image must hold real numbers; got an array of dtype <"
    ):
        next(run_job(job, PUBLISHED, NeverPass()))


def test_too_little_memory_is_told_with_the_size_of_the_plane(job):
    assert describe_memory(job).startswith("not enough memory to train on a plane of 12×10 pixels")


def test_no_update_passes_before_the_last_one_is_drawn():
    pace = Pace(seconds=0)
    assert pace.try_pass()
    assert not pace.try_pass()
    pace.mark_drawn(0)
    assert pace.try_pass()


def test_slow_drawing_makes_long_pauses():
    pace = Pace(seconds=0)
    pace.try_pass()
    pace.mark_drawn(60)
    assert not pace.try_pass()
    pace.mark_drawn(0.0008)
    time.sleep(0.02)
    assert pace.try_pass()


@pytest.fixture
def stack_job():
    viewer = ViewerModel()
    pixels = np.random.default_rng(1).integers(0, 255, (4, 12, 10), np.uint8)
    layer = viewer.add_image(pixels, name="stack", axis_labels=("z", "y", "x"))
    viewer.dims.set_point(0, 1)
    return snapshot(layer, viewer.dims)


def plan_all(job, settings, **options):
    job, box = choose_planes(job, [range(size) for size in job.axes.sizes[:1]])
    return begin_stack(job, box, settings, **options)[1]


def test_a_stack_is_trained_on_first_and_then_each_plane_is_told(stack_job):
    plan = plan_all(stack_job, PUBLISHED)
    yielded, result = drain(run_job(stack_job, PUBLISHED, AlwaysPass(), plan))
    planes = [update for update in yielded if isinstance(update, PlaneDone)]
    assert result is None
    assert [(plane.done, plane.total) for plane in planes] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    # A plane is told when its map is there: outwards from the one that was trained on.
    assert [position[0] for position in plan.maps.list_positions()] == [1, 0, 2, 3]
    assert plan.labels.array.min() >= 1


def test_the_plane_trained_on_has_in_the_stack_the_labels_it_was_shown_with(stack_job):
    plan = plan_all(stack_job, PUBLISHED)
    yielded, _ = drain(run_job(stack_job, PUBLISHED, NeverPass(), plan))
    (last,) = [update for update in yielded if isinstance(update, Update)]
    np.testing.assert_array_equal(plan.labels.array[1], last.labels)


def test_companions_are_trained_on_and_named_in_a_recipe_that_replays(stack_job):
    settings = PUBLISHED.change(training_planes=2)
    yielded, _ = drain(run_job(stack_job, settings, NeverPass(), plan_all(stack_job, settings)))
    (last,) = [update for update in yielded if isinstance(update, Update)]
    assert last.recipe.source.companions == ((2, None, None),)
    plane, companion = (
        stack_job.stack.read_channels((z, None, None)).astype(np.float32) / 255 for z in (1, 2)
    )
    np.testing.assert_array_equal(replay(plane, last.recipe, [companion]), last.labels)


def test_a_run_that_was_stopped_goes_on_from_its_folder_with_its_own_network(stack_job, tmp_path):
    folder = tmp_path / "labels.ome.zarr"
    plan = plan_all(stack_job, PUBLISHED, folder=folder)
    run = run_job(stack_job, PUBLISHED, AlwaysPass(), plan)
    next(update for update in run if isinstance(update, PlaneDone) and update.done == 2)
    run.close()
    moved = dataclasses.replace(stack_job, position=(3, None, None), pinned=None)
    again = plan_all(moved, PUBLISHED, folder=folder)
    yielded, _ = drain(run_job(moved, PUBLISHED, AlwaysPass(), again))
    assert not [update for update in yielded if isinstance(update, Update)]
    undisturbed = plan_all(stack_job, PUBLISHED)
    drain(run_job(stack_job, PUBLISHED, NeverPass(), undisturbed))
    np.testing.assert_array_equal(again.labels.array[:], undisturbed.labels.array)


def test_a_network_trained_before_labels_the_planes_of_another_stack(stack_job):
    yielded, _ = drain(run_job(stack_job, PUBLISHED, NeverPass(), plan_all(stack_job, PUBLISHED)))
    (last,) = [update for update in yielded if isinstance(update, Update)]
    network = last.keep_network()
    plan = plan_all(stack_job, PUBLISHED, network=network)
    drain(run_job(stack_job, PUBLISHED, NeverPass(), plan))
    np.testing.assert_array_equal(plan.labels.array[1], last.labels)


def test_a_run_whose_last_iteration_was_shown_does_not_tell_its_trail_twice(job):
    class PassOnceAtTheEnd(Pace):
        asked = 0

        def try_pass(self) -> bool:
            self.asked += 1
            return self.asked == QUICK.iterations

    yielded, result = drain(run_job(job, PUBLISHED, PassOnceAtTheEnd()))
    (shown,) = [update for update in yielded if update is not None]
    assert [measures.iteration for measures in shown.trail] == [1, 2, 3, 4, 5, 6]
    assert [measures.iteration for measures in result.trail] == [6]


class PassAtFirstAndLast(Pace):
    """A pace that shows the first iteration and the last."""

    def __init__(self):
        super().__init__()
        self._asked = 0

    def try_pass(self) -> bool:
        self._asked += 1
        return self._asked in (1, QUICK.iterations)


def test_a_run_tells_each_snapshot_once_but_for_the_last_which_ends_as_no_sketch(job):
    yielded, result = drain(run_job(job, PUBLISHED, PassAtFirstAndLast()))
    told = [
        snapshot.iteration
        for update in (*yielded, result)
        if update
        for snapshot in update.snapshots
    ]
    assert told == [1, 2, 3, 4, 5, 6, 6]
