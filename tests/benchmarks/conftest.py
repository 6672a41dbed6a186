"""A data set in the layout of BSDS500, drawn in a moment."""

import imageio.v3 as imageio
import numpy as np
import pytest
from scipy.io import savemat


@pytest.fixture
def root(tmp_path):
    """Give a folder with two images and two people's maps of each."""
    for name in ("images", "groundTruth"):
        (tmp_path / name / "val").mkdir(parents=True)
    random = np.random.default_rng(0)
    for place in range(2):
        picture = random.integers(0, 60, (24, 30, 3), np.uint8)
        picture[:, 12 + place :] += 150
        imageio.imwrite(tmp_path / "images" / "val" / f"{place}.jpg", picture)
        truth = np.ones((24, 30), np.uint16)
        truth[:, 12 + place :] = 2
        maps = np.empty((1, 2), object)
        for person in range(2):
            maps[0, person] = {"Segmentation": truth}
        savemat(tmp_path / "groundTruth" / "val" / f"{place}.mat", {"groundTruth": maps})
    return tmp_path
