"""What the response map is drawn to: its own labels, a guidance and a user's scribbles."""

from dataclasses import dataclass, replace

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.guides import Guides


@dataclass(frozen=True, eq=False)
class Targets:
    """Which label each pixel's response is drawn to, and how strongly.

    Parameters
    ----------
    others
        How many pixels have no scribble; they are drawn to their own label, and weigh 1 together.
    scribbles
        The channel that the user wants at each pixel, -1 where nothing was scribbled, (H, W);
        `None` where nothing was scribbled at all.
    scribbled
        How many pixels have a scribble.
    weight
        What these weigh together.
    guides
        What a guidance draws to as well, of pixels without a scribble; `None` for no guidance.
    """

    others: int
    scribbles: torch.Tensor | None = None
    scribbled: int = 0
    weight: float = 0.0
    guides: Guides | None = None

    @classmethod
    def from_scribbles(cls, scribbles: torch.Tensor, weight: float) -> "Targets":
        """Draw scribbled pixels to what was scribbled."""
        scribbled = int((scribbles >= 0).sum())
        return cls(scribbles.numel() - scribbled, scribbles, scribbled, weight)

    def move_to(self, device: torch.device) -> "Targets":
        """Give them with their tensors on a device."""
        scribbles = None if self.scribbles is None else self.scribbles.to(device)
        guides = None if self.guides is None else self.guides.move_to(device)
        return replace(self, scribbles=scribbles, guides=guides)

    def match(self, labels: torch.Tensor, channels: int) -> torch.Tensor | None:
        """Match the guidance to the present labels, as `Guides.match` does, if there is one."""
        return None if self.guides is None else self.guides.match(labels, channels)
