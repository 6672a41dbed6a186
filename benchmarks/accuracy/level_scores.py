"""The scores of every level of a result that can be cut finer or coarser (Arbeláez et al. 2011)."""

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.accuracy.protocol import (
    Integers,
    Numbers,
    count_contingencies,
    find_components,
    score_table,
)
from benchmarks.accuracy.region_scores import measure_rand_index, measure_variation

# Where results are cut: the useful travel. On training images of BSDS500 the covering is largest
# near 36, and *All* near 52.
DETAILS = tuple(20.0 + 5 * place for place in range(13))
# Of the segments of one true map: the sum of their overlaps times their pixels, their pixels, the
# sum of their overlaps and how many they are; and the map's two scores.
SUMS = ("covered", "pixels", "overlap", "segments", "pri", "voi")

# Of one image, for each of `DETAILS` and each true map the `SUMS`: (details, maps, sums).
Levels = Sequence[Sequence[Sequence[float]]]


def score_levels(cut: Callable[[float], Integers], truths: Sequence[Integers]) -> Levels:
    """Score the labels at each of `DETAILS`, split into components, against each true map."""
    cuts = (find_components(cut(detail)) for detail in DETAILS)
    return [[_sum_up(components, truth) for truth in truths] for components in cuts]


def _sum_up(components: Integers, truth: Integers) -> list[float]:
    table = count_contingencies(components, truth)
    overlaps, pixels = score_table(table).T
    sums = (overlaps @ pixels, pixels.sum(), overlaps.sum(), len(pixels))
    scores = measure_rand_index(table), measure_variation(table)
    return [round(float(each), 5) for each in (*sums, *scores)]


def pool_best(images: Sequence[Levels]) -> dict[str, float]:
    """Score a set of images at their best levels.

    Returns
    -------
    dict
        ``NAME_ods``, with the one detail that is best for the whole set, and ``NAME_ois``, with
        the best of each image, of ``covering``, ``pri`` and ``voi``; ``ods_detail``, the one of
        covering.
    """
    covered, pixels, _, _ = _sum_maps(images)
    pri, voi = _average_maps(images)
    covering = covered.sum(axis=0) / pixels.sum(axis=0)
    best = covered.argmax(axis=1)[:, None]  # the pixels of an image are as many at each detail
    of_best = np.take_along_axis(covered, best, axis=1).sum() / pixels[:, 0].sum()
    return {
        "covering_ods": float(covering.max()),
        "covering_ois": float(of_best),
        "pri_ods": float(pri.mean(axis=0).max()),
        "pri_ois": float(pri.max(axis=1).mean()),
        "voi_ods": float(voi.mean(axis=0).min()),
        "voi_ois": float(voi.min(axis=1).mean()),
        "ods_detail": DETAILS[int(covering.argmax())],
    }


def pool_details(images: Sequence[Levels]) -> dict[float, dict[str, float]]:
    """Score a set of images at each detail by ``all``, ``covering``, ``pri`` and ``voi``."""
    covered, pixels, overlap, segments = (part.sum(axis=0) for part in _sum_maps(images))
    pri, voi = (part.mean(axis=0) for part in _average_maps(images))
    scores = {"all": overlap / segments, "covering": covered / pixels, "pri": pri, "voi": voi}
    return {
        detail: {name: float(of[place]) for name, of in scores.items()}
        for place, detail in enumerate(DETAILS)
    }


def _sum_maps(images: Sequence[Levels]) -> Numbers:
    """Add up over the maps of each image what is a sum: (4, images, details)."""
    return np.array([np.sum(levels, axis=1)[:, :4] for levels in images]).transpose(2, 0, 1)


def _average_maps(images: Sequence[Levels]) -> Numbers:
    """Average over the maps of each image what is a score: (2, images, details)."""
    return np.array([np.mean(levels, axis=1)[:, 4:] for levels in images]).transpose(2, 0, 1)
