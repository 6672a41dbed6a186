"""The figures of a table: each method's runs pooled over images, and their spread over seeds."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from benchmarks.accuracy.bootstrap import bootstrap_difference
from benchmarks.accuracy.level_scores import pool_best, pool_details
from benchmarks.accuracy.protocol import Segments, pool_kinds
from benchmarks.result_lines import Line, group_lines

Score = Callable[[Sequence[Line]], dict[str, float]]

FIGURES = ("all", "fine", "coarse", "mean", "covering", "pri", "voi", "segments", "seconds")
# The mean over the people who drew an image, and the best of them.
MANY_TO_ONE = ("many_to_one", "many_to_one_best")


def summarise(lines: Sequence[Line]) -> dict[str, dict[str, Any]]:
    """Sum up the runs of each method.

    Parameters
    ----------
    lines
        As `benchmarks.accuracy.runs.measure` gives them.

    Returns
    -------
    dict
        For each method, in the order of the lines, the `FIGURES`, `MANY_TO_ONE` and, if it has
        levels, what `pool_best` gives: their mean over the seeds, each seed's scores pooled over
        the images; ``spread``, their standard deviation over the seeds, 0 for one seed;
        ``seeds``, how many; ``images``, the figures of each image; and ``levels``, if it has any,
        as `pool_details` gives them.
    """
    return {method: _summarise_method(of) for method, of in group_lines(lines, find_method).items()}


find_method = itemgetter("method")
find_seed = itemgetter("seed")


def find_image(line: Line) -> str:
    """Find the name of the image that a line is of."""
    return str(line["key"]["image"])


def _summarise_method(lines: Sequence[Line]) -> dict[str, Any]:
    levels = [line["levels"] for line in lines if "levels" in line]
    return {
        **summarise_seeds(lines, _score),
        **describe_runs(lines, _score),
        **({"levels": pool_details(levels)} if levels else {}),
    }


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
    kinds = pool_kinds([_read_maps(line) for line in lines])
    levels = [line["levels"] for line in lines if "levels" in line]
    best = {"many_to_one_best": float(np.mean([_find_best(line) for line in lines]))}
    return {**kinds, **regions, **counts, **best, **(pool_best(levels) if levels else {})}


def _list_scores(drawn: dict[str, Any]) -> dict[str, float]:
    return {name: drawn[name] for name in ("pri", "voi", "many_to_one")}


def _find_best(line: Line) -> float:
    return max(float(drawn["many_to_one"]) for drawn in line["maps"])


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
