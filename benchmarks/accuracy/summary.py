"""The figures of a table: each method's runs pooled over images, and their spread over seeds."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from benchmarks.accuracy.bootstrap import bootstrap_difference
from benchmarks.accuracy.protocol import Segments, pool_kinds
from benchmarks.result_lines import Line, group_lines

Score = Callable[[Sequence[Line]], dict[str, float]]

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
    return {method: _summarise_method(of) for method, of in group_lines(lines, find_method).items()}


find_method = itemgetter("method")
find_seed = itemgetter("seed")


def find_image(line: Line) -> str:
    """Find the name of the image that a line is of."""
    return str(line["key"]["image"])


def _summarise_method(lines: Sequence[Line]) -> dict[str, Any]:
    return {**summarise_seeds(lines, _score), **describe_runs(lines, _score)}


def summarise_seeds(lines: Sequence[Line], score: Score) -> dict[str, Any]:
    """Average the scores of each seed's runs, with their standard deviation as ``spread``."""
    of_seeds = [score(of) for of in group_lines(lines, find_seed).values()]
    spread = {name: float(np.std([each[name] for each in of_seeds])) for name in of_seeds[0]}
    return {**average(of_seeds), "spread": spread}


def describe_runs(lines: Sequence[Line], score: Score) -> dict[str, Any]:
    """Count the ``seeds``, and give the scores of each of the ``images``."""
    images = group_lines(lines, find_image).items()
    return {
        "seeds": len(group_lines(lines, find_seed)),
        "images": {name: average([score([line]) for line in of]) for name, of in images},
    }


def average(scores: Sequence[dict[str, float]]) -> dict[str, float]:
    """Average each figure."""
    return {figure: float(np.mean([each[figure] for each in scores])) for figure in scores[0]}


def _score(lines: Sequence[Line]) -> dict[str, float]:
    """Score one seed's runs on some images."""
    # Of the annotators of an image first, then of the images.
    regions = average([average(list(map(_list_scores, line["maps"]))) for line in lines])
    counts = average([{name: line[name] for name in ("segments", "seconds")} for line in lines])
    return {**pool_kinds([_read_maps(line) for line in lines]), **regions, **counts}


def _list_scores(drawn: dict[str, Any]) -> dict[str, float]:
    return {name: drawn[name] for name in ("pri", "voi")}


def _read_maps(line: Line) -> list[Segments]:
    return [np.column_stack([drawn["overlaps"], drawn["sizes"]]) for drawn in line["maps"]]


def compare_with(lines: Sequence[Line], method: str) -> dict[str, dict[str, float]]:
    """Compare *All* of one method with that of each other one, on the same images.

    Returns
    -------
    dict
        For each other method the ``difference``, and the ends ``low`` and ``high`` of its 95 %
        interval over images drawn anew; seeds are pooled.
    """
    sums = {name: _sum_images(of) for name, of in group_lines(lines, find_method).items()}
    mine = sums.pop(method)
    compared = {}
    for name, theirs in sums.items():
        both = sorted(mine.keys() & theirs.keys())
        one, other = (np.array([part[image] for image in both]) for part in (mine, theirs))
        means = [part[:, 0].sum() / part[:, 1].sum() for part in (one, other)]
        low, high = bootstrap_difference(one, other)
        compared[name] = {"difference": float(means[0] - means[1]), "low": low, "high": high}
    return compared


def _sum_images(lines: Sequence[Line]) -> dict[str, tuple[float, float]]:
    """Add up each image's scores, and count its segments; the mean over seeds of both."""
    sums = {}
    for name, runs in group_lines(lines, find_image).items():
        pooled = np.concatenate([segments for line in runs for segments in _read_maps(line)])
        sums[name] = float(pooled[:, 0].sum()) / len(runs), len(pooled) / len(runs)
    return sums
