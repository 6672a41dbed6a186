"""The figures of a table: each method's runs pooled over images, and their spread over seeds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.accuracy.bootstrap import bootstrap_difference
from benchmarks.accuracy.protocol import SegmentScores, pool_kinds

Line = dict[str, Any]
FIGURES = ("all", "fine", "coarse", "mean", "covering", "pri", "voi", "segments", "seconds")


def summarise(lines: Sequence[Line]) -> dict[str, dict[str, Any]]:
    """Sum up the runs of each method.

    Parameters
    ----------
    lines
        As `benchmarks.accuracy.runs.measure` gives them.

    Returns
    -------
    dict
        For each method, in the order of the lines, the `FIGURES`: their mean over the seeds,
        each seed's scores pooled over the images; ``spread``, their standard deviation over the
        seeds, 0 for one seed; ``seeds``, how many; and ``images``, the `FIGURES` of each image.
    """
    methods = dict.fromkeys(line["method"] for line in lines)
    return {
        method: _summarise_method([line for line in lines if line["method"] == method])
        for method in methods
    }


def _summarise_method(lines: Sequence[Line]) -> dict[str, Any]:
    seeds = sorted({line["seed"] for line in lines})
    of_seeds = [_score([line for line in lines if line["seed"] == seed]) for seed in seeds]
    names = sorted({line["key"]["image"] for line in lines})
    images = {
        name: _average([_score([line]) for line in lines if line["key"]["image"] == name])
        for name in names
    }
    spread = {figure: float(np.std([each[figure] for each in of_seeds])) for figure in FIGURES}
    return {**_average(of_seeds), "spread": spread, "seeds": len(seeds), "images": images}


def _average(scores: Sequence[dict[str, float]]) -> dict[str, float]:
    return {figure: float(np.mean([each[figure] for each in scores])) for figure in FIGURES}


def _score(lines: Sequence[Line]) -> dict[str, float]:
    """Score one seed's runs on some images."""

    def average(name: str) -> float:
        people = [[drawn[name] for drawn in line["maps"]] for line in lines]
        return float(np.mean([np.mean(each) for each in people]))

    return {
        **pool_kinds([_read_maps(line) for line in lines]),
        "pri": average("pri"),
        "voi": average("voi"),
        "segments": float(np.mean([line["segments"] for line in lines])),
        "seconds": float(np.mean([line["seconds"] for line in lines])),
    }


def _read_maps(line: Line) -> list[SegmentScores]:
    return [
        SegmentScores(np.array(drawn["overlaps"]), np.array(drawn["sizes"]))
        for drawn in line["maps"]
    ]


def compare_with(lines: Sequence[Line], method: str) -> dict[str, dict[str, float]]:
    """Compare *All* of one method with that of each other one, on the same images.

    Returns
    -------
    dict
        For each other method the ``difference``, and the ends ``low`` and ``high`` of its 95 %
        interval over images drawn anew; seeds are pooled.
    """
    sums = {name: _sum_images(lines, name) for name in {line["method"]: None for line in lines}}
    mine = sums.pop(method)
    compared = {}
    for name, theirs in sums.items():
        both = sorted(mine.keys() & theirs.keys())
        one, other = (np.array([part[image] for image in both]) for part in (mine, theirs))
        means = [part[:, 0].sum() / part[:, 1].sum() for part in (one, other)]
        low, high = bootstrap_difference(one, other)
        compared[name] = {"difference": float(means[0] - means[1]), "low": low, "high": high}
    return compared


def _sum_images(lines: Sequence[Line], method: str) -> dict[str, tuple[float, float]]:
    """Add up each image's scores, and count its segments; the mean over seeds of both."""
    sums: dict[str, tuple[float, float]] = {}
    for name in {line["key"]["image"] for line in lines}:
        runs = [x for x in lines if x["method"] == method and x["key"]["image"] == name]
        if runs:
            pooled = SegmentScores.pool(scores for line in runs for scores in _read_maps(line))
            count = len(pooled.overlaps) / len(runs)
            sums[name] = float(pooled.overlaps.sum()) / len(runs), count
    return sums
