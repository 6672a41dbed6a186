"""The engine takes the steps of the plain one."""

from contextlib import closing
from functools import partial

import numpy as np
import pytest
from skimage import data

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.engine.plain_step import take_step
from napari_dynaseg.engine.trainer import Trainer
from napari_dynaseg.method.weighting import continuity_weight
from napari_dynaseg.settings import Settings


@pytest.mark.parametrize("quality", ["exact", "fast"])
@pytest.mark.parametrize("side", [24, 256])
def test_the_engine_takes_the_plain_steps(side, quality):
    picture = data.astronaut()[100 : 100 + side, 100 : 100 + side].astype(np.float32) / 255
    plane, settings = np.moveaxis(picture, -1, 0).copy(), Settings(quality=quality)
    weigh = partial(continuity_weight, settings.scheme, settings.mu)
    network = build_network(3, settings)
    optimiser = torch.optim.SGD(network.parameters(), settings.learning_rate, settings.momentum)
    with closing(Trainer(plane, settings, torch.device("cpu"))) as trainer:
        for _ in range(2):
            step = trainer.measure(weigh).read()
            trainer.descend()
            plain = take_step(network, torch.from_numpy(plane), weigh, optimiser)
            assert step.labels_in_use == plain.labels_in_use
            assert step.similarity == pytest.approx(plain.similarity.item(), rel=1e-3)
            assert step.continuity == pytest.approx(plain.continuity.item(), rel=1e-3)
