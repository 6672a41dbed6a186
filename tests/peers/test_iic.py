"""IIC: how many labels there can be."""

import numpy as np
import pytest

from napari_dynaseg.peers import run_peer


@pytest.mark.parametrize("quality", ["fast", "exact"])
def test_there_are_no_more_labels_than_clusters(quality):
    image = np.random.default_rng(0).integers(0, 256, (60, 220), np.uint8)
    knobs = {"clusters": 4, "iterations": 2, "device": "cpu", "quality": quality}
    labels = run_peer("iic", image, **knobs)
    assert labels.shape == (60, 220)
    assert labels.max() <= 4
