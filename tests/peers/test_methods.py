"""What every method of the table promises, whichever it is."""

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.peers import METHODS, find_method, run_peer
from napari_dynaseg.settings import Settings

QUICK = {
    "iic": {"iterations": 3, "clusters": 4, "device": "cpu"},
    "superpixels": {"iterations": 3, "superpixels": 20, "device": "cpu"},
    "kmeans": {"clusters": 2, "starts": 2},
    "graph": {"min_size": 50},
    "otsu": {"sigma": 0},
} | {name: {"iterations": 3, "channels": 8, "device": "cpu"} for name in ("scf", "fsf", "fixed")}

every_method = pytest.mark.parametrize("name", METHODS)


@pytest.fixture
def halves():
    picture = np.full((24, 32, 3), 40, np.uint8)
    picture[:, 16:] = 200
    return picture + np.random.default_rng(0).integers(0, 20, picture.shape, np.uint8)


@every_method
def test_labels_are_numbered_from_1_by_falling_size(name, halves):
    labels = run_peer(name, halves, **QUICK[name])
    assert labels.dtype == np.int32
    assert labels.shape == (24, 32)
    sizes = np.bincount(labels.ravel())
    assert sizes[0] == 0
    assert (np.diff(sizes[1:]) <= 0).all()


@every_method
def test_the_same_knobs_give_the_same_labels(name, halves):
    one, other = (run_peer(name, halves, **QUICK[name]) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@every_method
def test_previews_tell_how_far_it_is_and_show_labels_of_the_plane(name, halves):
    method = METHODS[name]
    previews = list(method.begin(to_plane(halves), method.configure(**QUICK[name])))
    assert all(0 <= preview.done <= preview.total for preview in previews)
    shown = [preview.labels for preview in previews if preview.labels is not None]
    assert len(shown) > 0
    assert all(labels.shape == (24, 32) and labels.min() >= 1 for labels in shown)


@every_method
def test_a_method_ends_when_it_is_closed(name, halves):
    method = METHODS[name]
    work = method.begin(to_plane(halves), method.configure(**QUICK[name]))
    next(work)
    work.close()
    assert list(work) == []


@every_method
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_any_number_of_channels_is_taken(name, halves, channels):
    image = np.repeat(halves[None, ..., 0], channels, axis=0)
    labels = run_peer(name, image, channel_axis=0, **QUICK[name])
    assert labels.shape == (24, 32)


@every_method
def test_a_method_says_who_published_it_and_describes_every_knob(name):
    method = METHODS[name]
    assert method.title
    assert method.source
    for knob in method.knob_names:
        described = method.knobs.describe(knob)
        assert described["title"]
        assert described["description"]


@pytest.mark.parametrize("name", ["kmeans", "graph", "otsu"])
def test_two_halves_are_found(name, halves):
    labels = run_peer(name, halves, **QUICK[name])
    left, right = (np.bincount(labels[:, half].ravel()) for half in (slice(16), slice(16, 32)))
    assert left.max() > 0.95 * left.sum()
    assert right.max() > 0.95 * right.sum()
    assert left.argmax() != right.argmax()


def test_the_schemes_are_methods_that_cannot_become_each_other():
    assert METHODS["fsf"].configure() == Settings(scheme="fsf")
    with pytest.raises(SettingsError, match="fsf has no setting 'scheme'; its settings are mu,"):
        METHODS["fsf"].configure(scheme="scf")


def test_the_weighted_network_labels_as_segment_does(halves):
    from napari_dynaseg import segment

    ours = run_peer("scf", halves, **QUICK["scf"])
    np.testing.assert_array_equal(ours, segment(halves, scheme="scf", **QUICK["scf"]))


def test_a_method_that_is_not_there_is_named():
    with pytest.raises(SettingsError, match="there is no method 'ncut'; the methods are iic, "):
        find_method("ncut")


def test_a_knob_of_another_method_is_refused():
    with pytest.raises(SettingsError, match="kmeans has no setting 'scale'; its settings are"):
        find_method("kmeans").configure(scale=3)


def test_the_registry_loads_neither_torch_nor_the_libraries():
    heavy = "{'torch', 'sklearn', 'skimage', 'scipy'}"
    code = f"import sys, napari_dynaseg.peers; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_method_that_is_run_through_gives_its_labels(halves):
    method = METHODS["otsu"]
    outcome = run_through(method.begin(to_plane(halves), method.configure()))
    assert set(np.unique(outcome.labels)) == {1, 2}
    assert outcome.cut is None


@dataclass
class ResultWithLevels:
    """As `napari_dynaseg.method.run.Result` is where there is a tree."""

    labels: np.ndarray
    tree: object

    def cut(self, detail):
        return self.labels * int(detail)


@pytest.mark.parametrize("tree", [object(), None])
def test_the_weighted_network_hands_out_the_levels_of_a_result_that_has_a_tree(
    halves, monkeypatch, tree
):
    def begin(given):
        yield from ()
        return ResultWithLevels(np.array([[5, 3, 3]]), tree)

    monkeypatch.setattr("napari_dynaseg.peers.weighted.begin", begin)
    outcome = run_through(METHODS["scf"].begin(to_plane(halves), METHODS["scf"].configure()))
    assert outcome.labels.tolist() == [[5, 3, 3]]
    if tree is None:
        assert outcome.cut is None
    else:
        assert outcome.cut(40).tolist() == [[200, 120, 120]]


def test_regions_are_cut_at_any_detail_and_clusters_as_published_at_none():
    picture = np.kron(np.random.default_rng(0).integers(0, 255, (8, 8)), np.ones((32, 32)))
    plane = to_plane(picture.astype(np.uint8))
    method, quick = METHODS["scf"], QUICK["scf"]
    regions = run_through(method.begin(plane, method.configure(result="regions", **quick)))
    counts = [len(np.unique(regions.cut(detail))) for detail in (0, 50, 100)]
    assert counts[0] <= counts[1] <= counts[2]
    assert counts[0] < counts[2]
    published = run_through(method.begin(plane, method.configure(clean=False, **quick)))
    assert published.cut is None
