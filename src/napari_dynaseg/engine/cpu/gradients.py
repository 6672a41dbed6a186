"""One step on the CPU, written out by hand: all gradients of the loss at the present weights.

Against the network and the loss differentiated by torch, this takes no new memory at any step,
keeps each part of the plane in the cache while it is worked on, and multiplies a third as much.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu.grid import Grid
from napari_dynaseg.engine.cpu.network_layers import (
    DeeperLayer,
    FirstLayer,
    Layer,
    flatten,
)
from napari_dynaseg.engine.cpu.response import ResponseMap
from napari_dynaseg.engine.cpu.thread_pool import ThreadPool
from napari_dynaseg.engine.head import Head, InputGradient
from napari_dynaseg.engine.measurement import Measurement
from napari_dynaseg.engine.network import Stage, list_stages
from napari_dynaseg.engine.norm import Moments
from napari_dynaseg.engine.targets import Targets

nn = torch.nn


class CpuEngine:
    """The loss and its gradients for one plane and one network.

    Parameters
    ----------
    image
        The plane, float32, (C, H, W).
    network
        As `napari_dynaseg.engine.network.build_network` makes it; its gradients are set, its
        parameters are read.
    pool
        Who computes.
    targets
        What the responses are drawn to; by default each to its own label.
    """

    def __init__(
        self,
        image: torch.Tensor,
        network: nn.Sequential,
        pool: ThreadPool,
        targets: Targets | None = None,
    ):
        self._pool = pool
        *below, self._stage = list_stages(network)
        self._grid = Grid(image.shape[1], image.shape[2], self._stage.width)
        self._layers = list(self._build_layers(image, below))
        self._below = self._layers[-1] if self._layers else _read_picture(image, self._grid, pool)
        self._response = ResponseMap(self._stage.width, self._grid, pool, targets)

    def _build_layers(self, image: torch.Tensor, stages: list[Stage]) -> Iterator[Layer]:
        below: Layer | None = None
        for stage in stages:
            shared = (stage, self._grid, self._pool, stage is stages[-1])
            below = DeeperLayer(*shared, below) if below else FirstLayer(*shared, image)
            yield below

    @torch.no_grad()
    def set_gradients(self, weigh: Callable[[int], float]) -> Measurement:
        """Compute the loss, and set the gradient of every parameter.

        Parameters
        ----------
        weigh
            Gives the weight w from q'.
        """
        for layer in self._layers:
            layer.forward()
        below = self._below
        head = Head(self._stage, below.stage, below.moments, self._grid.pixels)
        labels_in_use = self._response.respond(below.activation, *head.fold())
        weight = weigh(labels_in_use)
        losses = self._response.differentiate(below.activation, weight)
        input_gradient = head.set_gradients(losses.product, losses.total)
        if input_gradient is not None:
            self._go_back(input_gradient)
        return Measurement.of(self._response.labels, labels_in_use, weight, *losses.terms)

    def _go_back(self, input_gradient: InputGradient) -> None:
        """Set the gradients of all 3×3 layers, from the last to the first."""
        last, gradient = self._layers[-1], self._response.values

        def leave_head(rows: slice, activation: torch.Tensor) -> torch.Tensor:
            before = self._pool.workspace.take("before norm", *activation.shape)
            behind = flatten(gradient[rows])
            torch.addmm(input_gradient.offset, behind, input_gradient.response, out=before)
            return before.addmm_(activation, input_gradient.activation)

        # The norm below is in the head's own gradient already: nothing is scaled or shifted.
        one, zero = (np.full(last.stage.width, value, np.float32) for value in (1, 0))
        last.pass_back(leave_head, one, zero, zero)
        for place in reversed(range(len(self._layers))):
            self._layers[place].set_kernel_gradient(gradient)
            if place > 0:
                self._layers[place - 1].set_gradients_behind_norm(gradient)


class _Picture(NamedTuple):
    """The image as a layer below the head, where there is no 3×3 convolution."""

    activation: torch.Tensor  # (H, W, C), padded
    moments: Moments
    stage: None = None


def _read_picture(image: torch.Tensor, grid: Grid, pool: ThreadPool) -> _Picture:
    activation = grid.allocate(len(image))
    activation[: grid.height, : grid.width] = image.permute(1, 2, 0)

    def measure(rows: slice) -> Moments:
        moments = Moments.make_empty(len(image), needs_products=True)
        moments.add_values(flatten(activation[rows]))
        return moments

    return _Picture(activation, Moments.add_up(pool.map(measure, grid.blocks)))
