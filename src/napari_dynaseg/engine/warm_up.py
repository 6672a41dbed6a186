"""Get the engine ready: what is loaded or compiled at its first use, before anyone waits for it."""

import numpy as np

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.trainer import Trainer, apply_network
from napari_dynaseg.labels.annotation_maps import Annotations
from napari_dynaseg.settings import Settings

SIDE = 8


def warm_up() -> None:
    """Take one step on a tiny plane, and label it.

    That loads the machine code of all loops, or, the first time on a machine, compiles it, which
    takes some 20 seconds.
    """
    plane = np.zeros((1, SIDE, SIDE), np.float32)
    settings = Settings(channels=2, minimum_labels=1, device="cpu")
    annotations = Annotations(guidance=np.ones((SIDE, SIDE), np.int32))
    trainer = Trainer(plane, settings, torch.device("cpu"), annotations=annotations)
    trainer.measure(lambda _: 1.0)
    weights = trainer.copy_weights()
    trainer.close()
    apply_network(plane, settings, weights)
