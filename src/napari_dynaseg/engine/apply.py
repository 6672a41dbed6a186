"""The labels that a trained network gives to a plane of any size, in bounded memory.

The plane is worked through in tiles. Each is read with a halo as wide as the network sees, so
that its labels do not depend on where tiles end. Batch norm needs the statistics of some planes,
most often of what the network was trained on: those of each layer are gathered over all tiles
before the next layer is computed, which is paid for by computing the layers before it anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.convolutions import CpuConvolutions, DeviceConvolutions
from napari_dynaseg.engine.head import Head
from napari_dynaseg.engine.network import Stage, list_stages
from napari_dynaseg.engine.norm import Moments, Norm
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap

nn = torch.nn

Probabilities = npt.NDArray[np.float32]
Convolutions = CpuConvolutions | DeviceConvolutions


@dataclass(frozen=True)
class Tile:
    """A part of the plane: its first row and column, its height and width."""

    top: int
    left: int
    height: int
    width: int

    @property
    def inside(self) -> tuple[slice, slice]:
        """Its rows and columns in the plane."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )


@dataclass(frozen=True, eq=False)
class Statistics:
    """What batch norm has to know of the planes that a network was trained on.

    Parameters
    ----------
    moments
        Sums over all pixels of the planes, for the activation of each 3×3 layer.
    pixels
        How many pixels the planes have.
    """

    moments: tuple[Moments, ...]
    pixels: int

    def to_numpy(self) -> dict[str, npt.NDArray[np.float64]]:
        """Give the sums by names that a file can hold."""
        named = {}
        for layer, moments in enumerate(self.moments):
            named[f"total.{layer}"] = moments.total.numpy()
            named[f"square.{layer}"] = moments.square.numpy()
        return named

    @classmethod
    def from_numpy(cls, named: Mapping[str, npt.NDArray[Any]], pixels: int) -> "Statistics":
        """Read what `to_numpy` gave; other names are left out."""
        layers = sum(name.startswith("total.") for name in named)
        parts = [[f"{part}.{layer}" for part in ("total", "square")] for layer in range(layers)]
        moments = (Moments(*(torch.from_numpy(named[name]) for name in names)) for names in parts)
        return cls(tuple(moments), pixels)


# Up to how many values the last activation is kept for the labels, rather than computed twice:
# 0.26 GB.
MOST_KEPT_VALUES = 1 << 26


class Application:
    """A network applied to one plane.

    Parameters
    ----------
    plane
        float32, (C, H, W).
    network
        As `napari_dynaseg.engine.network.build_network` makes it, trained, on the CPU.
    convolutions
        How the device convolves.
    """

    def __init__(self, plane: Plane, network: nn.Sequential, convolutions: Convolutions):
        self._plane, self._convolutions = plane, convolutions
        *self.stages, self._last = list_stages(network)
        self._padding = self._last.padding
        self.norms: list[Norm] = []
        self._height, self._width = int(plane.shape[1]), int(plane.shape[2])
        self._keeps = False
        self._kept: dict[Tile, torch.Tensor] = {}

    @torch.no_grad()
    def find_labels(self, statistics: Statistics) -> LabelMap:
        """Give the label of each pixel: the channel of the largest response + 1, int32, (H, W).

        Parameters
        ----------
        statistics
            Of the planes that the batch norms go by.
        """
        labels = np.empty((1, self._height, self._width), np.int32)

        def choose(response: torch.Tensor) -> torch.Tensor:
            return (response.argmax(1, keepdim=True) + 1).to(torch.int32)

        self._fill(labels, choose, statistics)
        return labels.reshape(self._height, self._width)

    @torch.no_grad()
    def find_probabilities(self, statistics: Statistics) -> Probabilities:
        """Give the softmax of each pixel's response, float32, (q, H, W): a large array.

        Parameters
        ----------
        statistics
            Of the planes that the batch norms go by.
        """
        probabilities = np.empty((self._last.width, self._height, self._width), np.float32)
        self._fill(probabilities, lambda response: response.softmax(1), statistics)
        return probabilities

    def _fill(
        self,
        array: npt.NDArray[Any],
        convert: Callable[[torch.Tensor], torch.Tensor],
        statistics: Statistics,
    ) -> None:
        """Fill an array, (k, H, W), with what follows from the responses: (pixels, q) to k."""
        self.norms = make_norms(self.stages, statistics)
        below = self.stages[-1] if self.stages else None
        head = Head(self._last, below, statistics.moments[-1], statistics.pixels)
        matrix, offset = head.fold()

        def respond(rows: range) -> None:
            for tile in self._cut_strip(rows):
                values = self._compute(tile, self._depth)
                there = values.device
                found = convert(torch.addmm(offset.to(there), values, matrix.to(there)))
                array[:, *tile.inside] = found.T.cpu().reshape(-1, tile.height, tile.width).numpy()

        self._convolutions.map(respond, self._strips)

    def measure(self, depth: int) -> Moments:
        """Sum what comes out of the 3×3 layers up to one, over the plane; 0 is the plane itself.

        The norms of the layers before it must be known. What comes out of the last layer is
        kept for the labels, unless it is too much.
        """
        self._keeps = self.pixels * self._last.weight.shape[1] <= MOST_KEPT_VALUES
        needs_products = depth == self._depth

        def add_strip(rows: range) -> Moments:
            moments = Moments.make_empty(self._count_channels(depth), needs_products)
            for tile in self._cut_strip(rows):
                moments.add_values(self._compute(tile, depth))
            return moments

        moments = Moments.add_up(self._convolutions.map(add_strip, self._strips))
        self._keeps = False
        return moments

    @property
    def _depth(self) -> int:
        """How many 3×3 layers there are."""
        return len(self.stages)

    def _count_channels(self, depth: int) -> int:
        return self.stages[depth - 1].width if depth else len(self._plane)

    @property
    def pixels(self) -> int:
        """How many pixels the plane has."""
        return self._height * self._width

    @property
    def _strips(self) -> list[range]:
        """The plane's rows, in strips as high as a tile."""
        tile = self._convolutions.tile
        return [range(top, min(top + tile, self._height)) for top in range(0, self._height, tile)]

    def _cut_strip(self, rows: range) -> Iterator[Tile]:
        tile = self._convolutions.tile
        for left in range(0, self._width, tile):
            yield Tile(rows.start, left, len(rows), min(tile, self._width - left))

    def _compute(self, tile: Tile, depth: int) -> torch.Tensor:
        """Compute a tile through the first 3×3 layers: (pixels, channels), after the last ReLU."""
        if tile in self._kept:
            return self._kept.pop(tile)
        region = self._cut_image(tile, depth)
        for layer in range(depth):
            region = self._convolutions.convolve(layer, region)
            if layer < depth - 1:
                region = self._normalise(region, tile, depth - 1 - layer, self.norms[layer])
        values = region.reshape(-1, region.shape[2])
        if self._keeps and depth == self._depth and depth > 0:
            self._kept[tile] = values.clone()
        return values

    def _cut_image(self, tile: Tile, halo: int) -> torch.Tensor:
        """Copy the tile and its halo from the plane, and what lies beyond it: (h, w, C)."""
        height, width = tile.height + 2 * halo, tile.width + 2 * halo
        region = self._convolutions.take("image", height, width, len(self._plane))
        rows, columns = self._find_inside(tile, halo)
        inside = self._plane[
            :,
            tile.top - halo + rows.start : tile.top - halo + rows.stop,
            tile.left - halo + columns.start : tile.left - halo + columns.stop,
        ]
        region[rows, columns] = torch.from_numpy(np.moveaxis(inside, 0, 2).copy()).to(region.device)
        return self._continue_beyond(region, rows, columns)

    def _normalise(self, region: torch.Tensor, tile: Tile, halo: int, norm: Norm) -> torch.Tensor:
        """Apply a batch norm, and put what pads the plane around it."""
        rows, columns = self._find_inside(tile, halo)
        scale, shift = norm.scale.to(region), norm.shift.to(region)
        result = self._convolutions.take("normalised", *region.shape)
        torch.addcmul(shift, region[rows, columns], scale, out=result[rows, columns])
        return self._continue_beyond(result, rows, columns)

    def _continue_beyond(self, region: torch.Tensor, rows: slice, columns: slice) -> torch.Tensor:
        """Fill a region, (h, w, channels), where it reaches beyond the plane; give it."""
        goes_on = self._padding == "replicate"
        for lines, inside in ((region[rows].transpose(0, 1), columns), (region, rows)):
            if len(lines) > inside.stop - inside.start:
                lines[: inside.start] = lines[inside.start] if goes_on else 0
                lines[inside.stop :] = lines[inside.stop - 1] if goes_on else 0
        return region

    def _find_inside(self, tile: Tile, halo: int) -> tuple[slice, slice]:
        """Find the rows and columns of a tile with its halo that lie on the plane."""
        top, left = tile.top - halo, tile.left - halo
        bottom, right = tile.top + tile.height + halo, tile.left + tile.width + halo
        return (
            slice(max(0, -top), min(bottom, self._height) - top),
            slice(max(0, -left), min(right, self._width) - left),
        )


@torch.no_grad()
def gather_statistics(applications: Sequence[Application]) -> Statistics:
    """Gather the statistics of one plane or of several together, one layer after the other.

    Parameters
    ----------
    applications
        One network, applied to each of the planes.
    """
    stages = applications[0].stages
    pixels = sum(application.pixels for application in applications)
    statistics = Statistics((), pixels)
    for depth in range(1 if stages else 0, len(stages) + 1):
        moments = Moments.add_up(application.measure(depth) for application in applications)
        statistics = Statistics((*statistics.moments, moments), pixels)
        for application in applications:
            application.norms = make_norms(stages, statistics)
    return statistics


def make_norms(stages: Sequence[Stage], statistics: Statistics) -> list[Norm]:
    """Make the batch norms of the 3×3 layers whose statistics are known, but the last one's.

    That one is folded into the 1×1 convolution.
    """
    norms = []
    for stage, moments in zip(stages[:-1], statistics.moments, strict=False):
        mean, variance = moments.find_mean_and_covariance(statistics.pixels)
        norms.append(Norm.from_variance(mean, variance, stage))
    return norms
