"""A network on its way: one plane, one device, one update of the weights after the other."""

import copy
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from napari_dynaseg.engine.apply import Application, Probabilities, Statistics, gather_statistics
from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.convolutions import DEVICE_TILE, CpuConvolutions, DeviceConvolutions
from napari_dynaseg.engine.cpu.gradients import CpuEngine
from napari_dynaseg.engine.cpu.thread_pool import Result, ThreadPool
from napari_dynaseg.engine.devices import is_out_of_memory, keep_float32
from napari_dynaseg.engine.gpu.device_step import DeviceEngine
from napari_dynaseg.engine.guides import Match
from napari_dynaseg.engine.measurement import Measurement
from napari_dynaseg.engine.memory import check_memory
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.engine.optimiser import MomentumOptimiser
from napari_dynaseg.engine.targets import Targets
from napari_dynaseg.engine.weights import Weights, copy_weights, load_weights
from napari_dynaseg.errors import ImageWarning
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.annotation_maps import NO_ANNOTATIONS, Annotations
from napari_dynaseg.labels.guidance import match_clusters
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.settings import Settings

SMALLEST_TILE = 64  # pixels a side; a GPU that cannot hold this is left for the CPU


class Trainer:
    """The network of a run, its optimiser, and the engine that gives its gradients.

    Parameters
    ----------
    plane
        What it trains on, float32, (C, H, W).
    settings
        The knobs at the start.
    device
        Where it trains; a GPU whose memory does not suffice is left for the CPU, with an
        `ImageWarning`.
    start
        The weights to begin with, as `copy_weights` gives them; by default random ones.
    annotations
        What draws the pixels of the plane; a guidance does not count where there are scribbles.
    match
        Which cluster each label of the guidance draws to.

    Raises
    ------
    ImageError
        If the machine has not the memory for it.
    """

    def __init__(
        self,
        plane: Plane,
        settings: Settings,
        device: torch.device,
        start: Weights | None = None,
        annotations: Annotations = NO_ANNOTATIONS,
        *,
        match: Match = match_clusters,
    ) -> None:
        if device.type == "cpu":
            check_memory(plane.shape, settings)
        # A copy: the caller's array may be read-only, reversed, or changed while the run goes on.
        self._image = torch.from_numpy(np.array(plane, order="C"))  # (C, H, W)
        self._targets = Targets.of(annotations, settings, match)
        self._pool = ThreadPool()
        self._device = device
        self.network = build_network(len(plane), settings)
        if start is not None:
            load_weights(self.network, start)
        self._optimiser = MomentumOptimiser(
            self.network.parameters(), settings.learning_rate, settings.momentum
        )
        try:
            self._engine = self._make_engine()
        except RuntimeError as error:
            self._engine = self._leave_device(error)

    def _make_engine(self) -> CpuEngine | DeviceEngine:
        """Make the engine of the device, and take there what it works on."""
        self.network.to(self._device)
        self._optimiser.move_to(self._device)
        if self._device.type == "cpu":
            return CpuEngine(self._image, self.network, self._pool, self._targets)
        targets = self._targets and self._targets.move_to(self._device)
        return DeviceEngine(self._image.to(self._device), self.network, targets)

    def _leave_device(self, error: RuntimeError) -> CpuEngine | DeviceEngine:
        """Go on the CPU, if the device ran out of memory."""
        if self._device.type == "cpu" or not is_out_of_memory(error):
            raise error
        warn_of_memory(self._device, "training goes on on the CPU")
        self._device = torch.device("cpu")
        return self._make_engine()

    @property
    def runs_ahead(self) -> bool:
        """Whether a step may still be computed when `measure` is back, as on a GPU."""
        return isinstance(self._engine, DeviceEngine)

    def measure(self, weigh: Callable[[Any], Any]) -> Measurement:
        """Compute labels, loss and gradients at the present weights.

        Parameters
        ----------
        weigh
            Gives the weight w from q', a number or a scalar tensor.
        """
        try:
            with keep_float32(self._device):
                return self._pool.lead(partial(self._engine.set_gradients, weigh))
        except RuntimeError as error:
            self._engine = self._leave_device(error)
            return self._pool.lead(partial(self._engine.set_gradients, weigh))

    def copy_weights(self) -> Weights:
        """Copy all weights into one vector."""
        return self._compute_alone(partial(copy_weights, self.network))

    def descend(self) -> None:
        """Update the weights by the gradients."""
        self._compute_alone(self._optimiser.step)

    def _compute_alone(self, work: Callable[[], Result]) -> Result:
        """Do work on the weights without torch's own threads.

        They would go on to look out for more work, busily, on the cores that the pool needs.
        """
        return work() if self.runs_ahead else self._pool.lead(work)

    def close(self) -> None:
        """End the threads."""
        self._pool.close()


def apply_network(
    plane: Plane,
    settings: Settings,
    weights: Weights,
    statistics: Statistics | None = None,
) -> tuple[LabelMap, Statistics]:
    """Give the labels of a plane of any size by a trained network.

    Parameters
    ----------
    plane
        float32, (C, H, W).
    settings
        The knobs that shape the network.
    weights
        As `Trainer.copy_weights` gives them; where they lie, the network is applied. A GPU whose
        memory does not suffice gets smaller tiles, in the end the CPU takes over.
    statistics
        Of the planes that the batch norms go by; by default those of this plane.

    Returns
    -------
    tuple
        The labels, int32, (H, W), the channel of the largest response + 1; and the statistics.
        The size of the tiles changes a label only where the two largest responses are equal but
        for rounding.
    """

    def apply(applications: Sequence[Application]) -> tuple[LabelMap, Statistics]:
        known = statistics or gather_statistics(applications)
        return applications[0].find_labels(known), known

    return _work_in_tiles([plane], settings, weights, apply)


def find_probabilities(plane: Plane, settings: Settings, weights: Weights) -> Probabilities:
    """Give the softmax of a trained network's response map: float32, (q, H, W).

    Parameters
    ----------
    plane, settings, weights
        As in `apply_network`; the batch norms go by this plane.
    """
    return _work_in_tiles(
        [plane], settings, weights, lambda of: of[0].find_probabilities(gather_statistics(of))
    )


def measure_statistics(planes: Sequence[Plane], settings: Settings, weights: Weights) -> Statistics:
    """Measure what a trained network's batch norms need to know of some planes together.

    Parameters
    ----------
    planes, settings, weights
        As in `apply_network`.
    """
    return _work_in_tiles(planes, settings, weights, gather_statistics)


def _work_in_tiles(
    planes: Sequence[Plane],
    settings: Settings,
    weights: Weights,
    work: Callable[[Sequence[Application]], Result],
    tile: int = DEVICE_TILE,
) -> Result:
    network = build_network(len(planes[0]), settings)
    load_weights(network, weights)
    if weights.device.type == "cpu":
        with ThreadPool() as pool:
            convolutions = CpuConvolutions(network, pool)
            applications = [Application(plane, network, convolutions) for plane in planes]
            return pool.lead(partial(work, applications))
    try:
        on_device = DeviceConvolutions(copy.deepcopy(network).to(weights.device), tile)
        with keep_float32(weights.device):
            return work([Application(plane, network, on_device) for plane in planes])
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
    if tile > SMALLEST_TILE:
        return _work_in_tiles(planes, settings, weights, work, tile // 2)
    warn_of_memory(weights.device, "the labels are computed on the CPU")
    return _work_in_tiles(planes, settings, weights.cpu(), work)


def warn_of_memory(device: torch.device, remedy: str) -> None:
    """Tell the user that a device's memory did not suffice, and what is done instead."""
    warnings.warn(f"{device} has not enough memory; {remedy}", ImageWarning, stacklevel=3)
