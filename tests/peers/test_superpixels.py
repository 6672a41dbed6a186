"""CNN and superpixels: which label is the target, and what Fast trains on."""

from contextlib import closing

import numpy as np

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.generators import run_through
from napari_dynaseg.peers import METHODS, superpixels
from napari_dynaseg.settings import Settings


def test_a_superpixel_is_drawn_to_its_most_frequent_label():
    votes = np.array([[1, 0, 3], [2, 2, 1]])
    assert superpixels.find_majority(votes, votes[0]).tolist() == [[2, 2, 2], [0, 0, 0]]


def test_superpixels_are_the_whole_target_and_no_continuity_counts():
    plane = np.random.default_rng(0).random((2, 12, 10), np.float32)
    settings = Settings(scheme="fixed", guidance_weight=1.0, channels=6, device="cpu")
    parts = np.arange(1, 13, dtype=np.int32)[:, None].repeat(10, axis=1)
    network = build_network(2, settings)
    response = network(torch.from_numpy(plane)[None])
    labels = response[0].argmax(0)
    targets = torch.stack([row.bincount(minlength=6).argmax().expand(10) for row in labels])
    torch.nn.functional.cross_entropy(response, targets[None]).backward()
    with closing(superpixels.SuperpixelLearner(plane, settings, parts)) as learner:
        assert learner.measure().tolist() == (labels + 1).tolist()
        ours = [parameter.grad for parameter in learner._trainer.network.parameters()]
    for own, expected in zip(ours, network.parameters(), strict=True):
        torch.testing.assert_close(own, expected.grad, rtol=1e-3, atol=1e-6)


def test_superpixels_keep_to_an_edge():
    picture = np.zeros((3, 20, 20), np.float32)
    picture[:, :, 9:] = 1
    parts = superpixels.find_superpixels(picture, 4, 1.0)
    assert parts.min() == 1
    assert not set(np.unique(parts[:, :9])) & set(np.unique(parts[:, 9:]))


def test_fast_trains_on_fewer_pixels_and_labels_every_one(monkeypatch):
    plane = np.random.default_rng(0).random((3, 60, 220), np.float32)
    seen = []
    find = superpixels.find_superpixels

    def watch(picture, count, compactness):
        seen.append((picture.shape, count))
        return find(picture, count, compactness)

    monkeypatch.setattr(superpixels, "find_superpixels", watch)
    method = METHODS["superpixels"]
    knobs = {"iterations": 2, "superpixels": 100, "device": "cpu"}
    assert run_through(method.begin(plane, method.configure(**knobs))).labels.shape == (60, 220)
    run_through(method.begin(plane, method.configure(**knobs, quality="exact")))
    assert seen == [((3, 30, 110), 25), ((3, 60, 220), 100)]


def test_fast_ends_after_its_own_iterations():
    plane = np.random.default_rng(0).random((1, 10, 10), np.float32)
    method = METHODS["superpixels"]
    first = next(method.begin(plane, method.configure(device="cpu")))
    assert first.total == superpixels.FAST_ITERATIONS


def test_a_run_ends_when_few_labels_are_left():
    plane = np.zeros((1, 12, 12), np.float32)
    plane[:, :, 6:] = 1
    method = METHODS["superpixels"]
    knobs = method.configure(device="cpu", quality="exact", superpixels=4)
    assert len(list(method.begin(plane, knobs))) < 500
