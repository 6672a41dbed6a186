"""What the response map is drawn to: its own labels, a guidance and a user's scribbles."""

from dataclasses import dataclass, replace

import numpy as np

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.guides import Guides, Match
from napari_dynaseg.labels.annotation_maps import Annotations
from napari_dynaseg.settings import Settings


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
    def of(cls, annotations: Annotations, settings: Settings, match: Match) -> "Targets | None":
        """Read annotations; `None` where every pixel is drawn to its own label alone."""
        targets, (scribbles, guidance) = None, annotations
        if scribbles is not None and scribbles.any():
            wanted = torch.from_numpy(scribbles.astype(np.int64) - 1)
            targets = cls.from_scribbles(wanted, settings.scribble_weight)
        if guidance is not None:
            guidance = guidance if scribbles is None else np.where(scribbles > 0, -1, guidance)
            # In Fast quality it may lie between the pixels that are trained on.
            if (guidance > 0).any():
                guides = Guides.of(guidance, settings.guidance_weight, match)
                targets = replace(targets or cls(guidance.size), guides=guides)
        return targets

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
