"""CNN and superpixels: which label is the target, and what Fast trains on."""

import numpy as np

from napari_dynaseg.backend import torch
from napari_dynaseg.peers import METHODS, finish, superpixels


def test_the_most_frequent_label_of_a_superpixel_is_the_target_of_all_of_it():
    labels = torch.tensor([[2, 2, 0], [1, 0, 0]])
    parts = torch.tensor([[0, 0, 1], [0, 1, 1]])
    assert superpixels.find_majority(labels, parts, 3).tolist() == [[2, 2, 0], [2, 0, 0]]


def test_superpixels_keep_to_an_edge():
    picture = np.zeros((3, 20, 20), np.float32)
    picture[:, :, 9:] = 1
    parts = superpixels.find_superpixels(picture, 4, 1.0)
    assert parts.min() == 0
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
    assert finish(method.begin(plane, method.configure(**knobs))).shape == (60, 220)
    finish(method.begin(plane, method.configure(**knobs, quality="exact")))
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
