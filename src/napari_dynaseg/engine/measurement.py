"""What one step measured, still as the engine has it."""

from dataclasses import dataclass, replace
from functools import cached_property

from napari_dynaseg.backend import torch
from napari_dynaseg.labels import LabelMap


@dataclass(frozen=True, eq=False)
class Measurement:
    """The labels of a step and the terms of its loss.

    Parameters
    ----------
    labels
        The channel of the largest response at each pixel, 0…q-1, (H, W); overwritten by the
        next step. Once it is kept: int32, 1…q.
    numbers
        q', the weight w of equation 1, and the terms of the loss before weighting: similarity,
        continuity, that of the scribbles and that of the guidance, 0 where there are none; (6,).
        Reading one of them waits for the device. On a device overwritten by the next step.
    """

    labels: torch.Tensor
    numbers: torch.Tensor

    @classmethod
    def of(cls, labels: torch.Tensor, *numbers: float) -> "Measurement":
        """Hold numbers that are at hand, in the order of the class."""
        return cls(labels, torch.tensor(numbers, dtype=torch.float64))

    def keep(self) -> "Measurement":
        """Give it with memory of its own, which the next step leaves alone; labels int32, 1…q."""
        return Measurement((self.labels + 1).to(torch.int32), self.numbers.clone())

    def without_labels(self) -> "Measurement":
        """Give it without the labels."""
        return replace(self, labels=self.labels[:0].clone())

    def change_labels(self, labels: LabelMap) -> "Measurement":
        """Give it with other labels, 1…K, of which all are in use."""
        _, *others = self._read
        return Measurement.of(torch.from_numpy(labels), int(labels.max()), *others)

    @cached_property
    def _read(self) -> list[float]:
        return self.numbers.tolist()

    @property
    def labels_in_use(self) -> int:
        """How many labels are in use, q'."""
        return int(self._read[0])

    @property
    def weight(self) -> float:
        """The weight w of equation 1."""
        return self._read[1]

    @property
    def similarity(self) -> float:
        """The term L_sim of equation 1."""
        return self._read[2]

    @property
    def continuity(self) -> float:
        """The term L_con of equation 1."""
        return self._read[3]

    @property
    def scribble(self) -> float:
        """The term of the scribbles."""
        return self._read[4]

    @property
    def guidance(self) -> float:
        """The term of the guidance."""
        return self._read[5]
