"""The scheme Auto: which networks it trains, on which scale each, and the regions they make."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from napari_dynaseg.engine.apply import Probabilities
from napari_dynaseg.engine.trainer import find_probabilities
from napari_dynaseg.engine.weights import Weights
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.subsampling import (
    AUTO_BLURS,
    TRAININGS,
    choose_samples,
    enlarge_labels,
    limit_merging,
)
from napari_dynaseg.regions.ensemble import merge_by_networks
from napari_dynaseg.regions.features import blur, to_perceptual
from napari_dynaseg.settings import Settings

# Several narrow networks find the borders better than a wide one, in the same time.
MOST_CHANNELS = 40


class Member(NamedTuple):
    """One of the networks: on which scale it was trained, its shape and its weights."""

    scale: int
    settings: Settings
    weights: Weights


def settle_member(settings: Settings, scale: int) -> Settings:
    """Give the settings that one of the networks is trained with.

    Parameters
    ----------
    settings
        Those of the run; of its channels at most forty are used.
    scale
        Which of the scales, from 0; each network has random weights of its own.
    """
    return settings.change(
        channels=min(settings.channels, max(MOST_CHANNELS, settings.minimum_labels + 1)),
        iterations=min(settings.iterations, TRAININGS["auto"].iterations),
        seed=(settings.seed * len(AUTO_BLURS) + scale) % 2**31,
    )


def make_scale(plane: Plane, scale: int) -> Plane:
    """Make what one of the networks sees: perceptual channels, blurred.

    Parameters
    ----------
    plane
        float32, (C, H, W), values 0…1.
    scale
        Which of the scales, from 0, the finest.

    Returns
    -------
    numpy.ndarray
        float32, (C, H, W).
    """
    return blur(to_perceptual(plane), AUTO_BLURS[scale])


def merge_by_members(plane: Plane, members: Sequence[Member], mu: float) -> LabelMap:
    """Segment a plane by the trained networks together.

    A plane of more than a million pixels or so is reduced for it, and the regions enlarged.

    Parameters
    ----------
    plane
        float32, (C, H, W), what they were trained on.
    members
        At least one.
    mu
        Larger for fewer, larger regions.

    Returns
    -------
    numpy.ndarray
        int32, (H, W), connected regions 1…K by falling size.
    """
    _, height, width = plane.shape
    reduction = limit_merging(height, width)
    samples = choose_samples((height, width), reduction)

    def reduce(whole: Plane) -> Plane:
        return whole if reduction == 1 else np.ascontiguousarray(whole[:, *samples])

    probabilities = (
        _find_probabilities(reduce(make_scale(plane, member.scale)), member) for member in members
    )
    labels = merge_by_networks(reduce(plane), probabilities, mu)
    return enlarge_labels(labels, reduction, (height, width))


def _find_probabilities(seen: Plane, member: Member) -> Probabilities:
    """Apply a network as if the plane went on beyond its edge, where zeros would look like one."""
    margin = member.settings.blocks
    padded = np.pad(seen, ((0, 0), (margin, margin), (margin, margin)), mode="edge")
    found = find_probabilities(padded, member.settings, member.weights)
    return found[:, margin:-margin, margin:-margin]
