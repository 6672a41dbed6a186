"""The training loop: cluster one plane, one frozen step at a time."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.backend import choose_device, torch
from napari_dynaseg.errors import ImageError, SettingsError
from napari_dynaseg.labels import LabelMap, number_by_size
from napari_dynaseg.loss import continuity_loss, similarity_loss
from napari_dynaseg.network import build_network
from napari_dynaseg.pixels import Plane, to_plane
from napari_dynaseg.settings import Settings
from napari_dynaseg.weighting import continuity_weight

CHANGEABLE_WHILE_TRAINING = ("scheme", "mu", "iterations", "minimum_labels")

Steps = Generator["Step", Settings | None, None]


@dataclass(frozen=True, eq=False)
class Step:
    """What one iteration found; nothing in it changes later.

    Parameters
    ----------
    iteration
        1 for the first.
    labels
        The label map before the iteration's update of the weights: int32, shape (H, W),
        numbers 1…q, one for each channel of the response map; read-only.
    labels_in_use
        q', how many different labels the map has.
    weight
        w, the weight of the continuity term.
    similarity, continuity
        The two terms of the loss, before weighting.
    total
        similarity + weight * continuity, what the iteration descended on.
    """

    iteration: int
    labels: LabelMap
    labels_in_use: int
    weight: float
    similarity: float
    continuity: float
    total: float


def iter_fit(plane: Plane, settings: Settings) -> Steps:
    """Train a network on a plane and yield each iteration's result.

    ``send`` new settings to change the scheme, μ, the iterations or the minimum of labels from
    the next iteration on. The training ends after ``settings.iterations``, or once no more than
    ``settings.minimum_labels`` labels are in use.

    Parameters
    ----------
    plane
        float32, shape (C, H, W), finite values around 0…1, as `napari_dynaseg.pixels.to_plane`
        gives them.
    settings
        The knobs of the run.

    Yields
    ------
    Step
        One for each iteration.

    Raises
    ------
    ImageError
        If the plane has another shape or dtype, or values that are not finite.
    SettingsError
        If the device is not there, or a knob was sent that only counts at the start.
    """
    _check_plane(plane)
    return _train(plane, settings, choose_device(settings.device))


def segment(image: npt.ArrayLike, *, channel_axis: int | None = None, **settings: Any) -> LabelMap:
    """Segment one image.

    Parameters
    ----------
    image
        Shape (H, W), (H, W, 3), (H, W, 4) or (C, H, W), any real dtype; see
        `napari_dynaseg.pixels.to_plane`.
    channel_axis
        Which of three axes holds the channels, where the shape does not tell.
    **settings
        The knobs of `napari_dynaseg.settings.Settings`.

    Returns
    -------
    numpy.ndarray
        int32, shape (H, W), labels 1…K by falling size; 0 is left for the user. The same seed
        on the same machine with the same number of threads gives the same labels.

    Raises
    ------
    ImageError
        If the image cannot be read as one plane.
    SettingsError
        If a knob does not exist or is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((16, 16), np.uint8)
    >>> image[:, 8:] = 255
    >>> labels = segment(image, iterations=10)
    >>> labels.shape
    (16, 16)
    """
    for step in iter_fit(to_plane(image, channel_axis), Settings(**settings)):
        last = step
    return number_by_size(last.labels)


def _check_plane(plane: Plane) -> None:
    if plane.dtype != np.float32 or plane.ndim != 3 or not len(plane) or plane[0].size < 2:
        raise ImageError(
            "a plane must be float32 of shape (C, H, W) with more than one pixel; "
            f"got {plane.dtype} of shape {plane.shape}"
        )
    if not np.isfinite(plane).all():
        raise ImageError("a plane must have finite values; got NaN or infinity")


def _train(plane: Plane, settings: Settings, device: torch.device) -> Steps:
    # A copy: the caller's array may be read-only, reversed, or changed while the run goes on.
    image = torch.from_numpy(np.array(plane, order="C"))[None].to(device)  # (1, C, H, W)
    network = build_network(len(plane), settings).to(device)
    optimiser = torch.optim.SGD(
        network.parameters(), lr=settings.learning_rate, momentum=settings.momentum
    )
    iteration, labels_in_use = 0, settings.channels
    while iteration < settings.iterations and labels_in_use > settings.minimum_labels:
        iteration += 1
        step = _take_step(iteration, image, network, optimiser, settings)
        labels_in_use = step.labels_in_use
        settings = _accept(settings, (yield step))


@torch.enable_grad()
def _take_step(
    iteration: int,
    image: torch.Tensor,
    network: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    settings: Settings,
) -> Step:
    """One forward pass, one update: algorithm 1 of Kim et al. with the weight of equation 1."""
    response = network(image)[0]  # (q, H, W)
    labels = response.detach().argmax(dim=0)  # (H, W)
    labels_in_use = len(torch.unique(labels))
    weight = continuity_weight(settings.scheme, settings.mu, labels_in_use)
    similarity, continuity = similarity_loss(response, labels), continuity_loss(response)
    total = similarity + weight * continuity
    optimiser.zero_grad()
    total.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return Step(
        iteration=iteration,
        labels=_to_label_map(labels),
        labels_in_use=labels_in_use,
        weight=weight,
        similarity=similarity.item(),
        continuity=continuity.item(),
        total=total.item(),
    )


def _to_label_map(labels: torch.Tensor) -> LabelMap:
    label_map: LabelMap = (labels + 1).to(device="cpu", dtype=torch.int32).numpy()
    label_map.setflags(write=False)
    return label_map


def _accept(settings: Settings, sent: Settings | None) -> Settings:
    """Take over settings sent to a run, unless they change what was fixed at its start."""
    if sent is None:
        return settings
    for name in Settings.model_fields:
        if name not in CHANGEABLE_WHILE_TRAINING and getattr(sent, name) != getattr(settings, name):
            raise SettingsError(
                f"{name} cannot change while a run trains, only "
                f"{', '.join(CHANGEABLE_WHILE_TRAINING)} can; got {getattr(sent, name)!r} "
                f"where the run has {getattr(settings, name)!r}"
            )
    return sent
