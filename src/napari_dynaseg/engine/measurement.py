"""What one step measured, still as the engine has it."""

from dataclasses import dataclass

from napari_dynaseg.backend import torch


@dataclass(frozen=True, eq=False)
class Measurement:
    """The labels of a step and the terms of its loss.

    Parameters
    ----------
    labels
        The channel of the largest response at each pixel, 0…q-1, (H, W); overwritten by the
        next step.
    labels_in_use
        q'.
    weight
        w of equation 1.
    similarity, continuity
        The two terms of the loss, before weighting.
    scribble, guidance
        The terms of the scribbles and of the guidance, before weighting; 0 where there are none.
    """

    labels: torch.Tensor
    labels_in_use: int
    weight: float
    similarity: float
    continuity: float
    scribble: float = 0.0
    guidance: float = 0.0
