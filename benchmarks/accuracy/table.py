"""The paper's table in Markdown, with what was measured beside what is printed there."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from benchmarks.accuracy.level_scores import DETAILS
from benchmarks.accuracy.summary import FIGURES, MANY_TO_ONE
from benchmarks.markdown import write_table

OTHERS = tuple(figure for figure in FIGURES if figure not in ("all", "fine", "coarse", "mean"))
# As `benchmarks.accuracy.level_scores.pool_best` gives them.
BEST = {
    "covering_ods": "covering: ODS",
    "covering_ois": "OIS",
    "pri_ods": "PRI: ODS",
    "pri_ois": "OIS",
    "voi_ods": "VOI, bits: ODS",
    "voi_ois": "OIS",
    "ods_detail": "detail of the covering's ODS",
}
TITLES = {
    "all": "All",
    "fine": "Fine",
    "coarse": "Coarse",
    "mean": "Mean",
    "covering": "covering",
    "pri": "PRI",
    "voi": "VOI, bits",
    "segments": "segments",
    "seconds": "seconds",
    "many_to_one": "many-to-one: mean",
    "many_to_one_best": "best annotator",
    **BEST,
}
DECIMALS = {"segments": 0, "seconds": 1, "ods_detail": 1}


def write_figures(
    summary: Mapping[str, dict[str, Any]],
    paper: Mapping[str, dict[str, float]],
    *,
    many_to_one: bool = False,
) -> str:
    """Write two tables: the paper's scores three columns each, and what else was measured.

    Where methods have levels, two more follow: their best levels, and each level.

    Parameters
    ----------
    summary
        As `benchmarks.accuracy.summary.summarise` gives it.
    paper
        For each method what the paper prints, by score; the scores it prints for any of them
        are the columns.
    many_to_one
        Whether the scores by `measure_many_to_one` are columns too.
    """
    scores = list(next(iter(paper.values())))
    head = ["method"]
    for score in scores:
        head += [f"{TITLES[score]}: paper", "measured", "difference"]
    rows = []
    for method, figures in summary.items():
        printed = paper.get(method, {})
        cells = (_list_three(score, figures, printed.get(score)) for score in scores)
        rows.append([method, *chain.from_iterable(cells)])
    others = _write_columns(summary, OTHERS + MANY_TO_ONE if many_to_one else OTHERS)
    levels = {method: figures for method, figures in summary.items() if "levels" in figures}
    cut = [_write_columns(levels, tuple(BEST)), _write_levels(levels)] if levels else []
    return "\n\n".join([write_table(head, rows), others, *cut])


def _write_columns(summary: Mapping[str, dict[str, Any]], columns: Sequence[str]) -> str:
    rows = [
        [method, *(_write_figure(figure, figures) for figure in columns)]
        for method, figures in summary.items()
    ]
    return write_table(["method", *(TITLES[figure] for figure in columns)], rows)


def _write_levels(summary: Mapping[str, dict[str, Any]]) -> str:
    rows = [
        [method, *(f"{of['all']:.3f} / {of['covering']:.3f}" for of in figures["levels"].values())]
        for method, figures in summary.items()
    ]
    return write_table(["All / covering at detail", *(f"{each:g}" for each in DETAILS)], rows)


def write_comparison(method: str, compared: Mapping[str, dict[str, float]]) -> str:
    """Write by how much one method's *All* is above each other's, with its interval.

    Parameters
    ----------
    method
        The one.
    compared
        As `benchmarks.accuracy.summary.compare_with` gives it.
    """
    title = f"All of {method} less that of this one (95 % interval)"
    rows = [[name, write_interval(of)] for name, of in compared.items()]
    return write_table(["method", title], rows)


def write_interval(of: Mapping[str, float]) -> str:
    """Write a difference with the ends of its interval."""
    return f"{of['difference']:+.3f} ({of['low']:+.3f} to {of['high']:+.3f})"


def _list_three(score: str, figures: dict[str, Any], printed: float | None) -> list[str]:
    measured = _write_figure(score, figures)
    if printed is None:
        return ["–", measured, "–"]
    return [f"{printed:.3f}", measured, f"{figures[score] - printed:+.3f}"]


def _write_figure(figure: str, figures: dict[str, Any]) -> str:
    return write_spread(figure, figures, figures["seeds"], DECIMALS.get(figure, 3))


def write_spread(figure: str, figures: dict[str, Any], seeds: int, decimals: int = 3) -> str:
    """Write a figure, with its spread over the seeds where there are several."""
    text = f"{figures[figure]:.{decimals}f}"
    return f"{text} ± {figures['spread'][figure]:.{decimals}f}" if seeds > 1 else text
