"""What one step measured, still as the engine has it."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.labels.numbering import LabelMap


class StepNumbers(NamedTuple):
    """The numbers of a step.

    Parameters
    ----------
    labels_in_use
        q'.
    weight
        w of equation 1.
    similarity, continuity
        The terms of equation 1, before weighting.
    scribble, guidance
        The terms of the scribbles and of the guidance, 0 where there are none.
    """

    labels_in_use: int
    weight: float
    similarity: float
    continuity: float
    scribble: float
    guidance: float


@dataclass(frozen=True, eq=False)
class Measurement:
    """The labels of a step and the terms of its loss.

    Parameters
    ----------
    labels
        The channel of the largest response at each pixel, 0…q-1, (H, W); overwritten by the
        next step. Once it is kept: int32, 1…q.
    numbers
        Those of `StepNumbers` in their order, (6,), where they were computed; on a device
        overwritten by the next step.
    """

    labels: torch.Tensor
    numbers: torch.Tensor

    @classmethod
    def of(cls, labels: torch.Tensor, *numbers: float) -> "Measurement":
        """Hold numbers that are at hand, in the order of `StepNumbers`."""
        return cls(labels, torch.tensor(numbers, dtype=torch.float64))

    def keep(self) -> "Measurement":
        """Give it with memory of its own, which the next step leaves alone; labels int32, 1…q."""
        return Measurement((self.labels + 1).to(torch.int32), self.numbers.clone())

    def read_labels(self) -> LabelMap:
        """Give the labels that were kept, int32, 1…q, (H, W); that waits for the device."""
        labels: LabelMap = self.labels.cpu().numpy()
        return labels

    def without_labels(self) -> "Measurement":
        """Give it without the labels."""
        return replace(self, labels=self.labels[:0].clone())

    def read(self) -> StepNumbers:
        """Give the numbers; that waits for the device."""
        return self._read

    @cached_property
    def _read(self) -> StepNumbers:
        labels_in_use, *terms = self.numbers.tolist()
        return StepNumbers(int(labels_in_use), *terms)
