"""The cross-entropy of the response map with its own labels, and with a user's scribbles."""

from dataclasses import dataclass, replace

from napari_dynaseg.backend import torch


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
    """

    others: int
    scribbles: torch.Tensor | None = None
    scribbled: int = 0
    weight: float = 0.0

    @classmethod
    def without_scribbles(cls, pixels: int) -> "Targets":
        """Draw every pixel to its own label."""
        return cls(pixels)

    @classmethod
    def from_scribbles(cls, scribbles: torch.Tensor, weight: float) -> "Targets":
        """Draw scribbled pixels to what was scribbled."""
        scribbled = int((scribbles >= 0).sum())
        return cls(scribbles.numel() - scribbled, scribbles, scribbled, weight)

    def move_to(self, device: torch.device) -> "Targets":
        """Give them with their tensor on a device."""
        scribbles = None if self.scribbles is None else self.scribbles.to(device)
        return replace(self, scribbles=scribbles)

    def add_gradient(
        self,
        rows: slice,
        response: torch.Tensor,
        labels: torch.Tensor,
        largest: torch.Tensor,
        gradient: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the gradient of the cross-entropies; give a block's share of L_sim and scribbles.

        It is softmax - one-hot, times the pixel's weight. As the label is where the response is
        largest, the cross-entropy of a pixel without a scribble is log Σ exp(response - largest).

        Parameters
        ----------
        rows
            Where in the plane the block lies.
        response, gradient
            (rows, W, q).
        labels, largest
            Where the largest response is, and the response there, (rows, W).
        """
        torch.sub(response, largest[..., None], out=gradient).exp_()
        total = gradient.sum(2, keepdim=True)
        nothing = torch.zeros((), dtype=torch.float64)
        if self.scribbles is None:
            gradient.mul_((1 / self.others) / total)
            one = torch.full((1, 1, 1), -1 / self.others).expand(*labels.shape, 1)
            gradient.scatter_add_(2, labels[..., None], one)
            return total.log().sum(dtype=torch.float64) / self.others, nothing
        scribbles = self.scribbles[rows]
        given = scribbles >= 0
        wanted = torch.where(given, scribbles, labels)[..., None]
        weights = torch.where(given, self.weight / max(1, self.scribbled), 1 / max(1, self.others))[
            ..., None
        ]
        gradient.mul_(weights / total)
        gradient.scatter_add_(2, wanted, -weights)
        entropy = (total.log() + largest[..., None] - response.gather(2, wanted))[..., 0].double()
        similarity = (entropy * ~given).sum() / max(1, self.others)
        return similarity, (entropy * given).sum() / max(1, self.scribbled)
