"""The paper's table in Markdown, with what was measured beside what is printed there."""

from collections.abc import Mapping
from typing import Any

from benchmarks.accuracy.summary import FIGURES

OTHERS = tuple(figure for figure in FIGURES if figure not in ("all", "fine", "coarse", "mean"))
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
}
DECIMALS = {"segments": 0, "seconds": 1}


def write_table(
    summary: Mapping[str, dict[str, Any]], paper: Mapping[str, dict[str, float]]
) -> str:
    """Write two tables: the paper's scores three columns each, and what else was measured.

    Parameters
    ----------
    summary
        As `benchmarks.accuracy.summary.summarise` gives it.
    paper
        For each method what the paper prints, by score; the scores it prints for any of them
        are the columns.
    """
    scores = list(next(iter(paper.values())))
    columns = [f"{TITLES[score]}: paper | measured | difference" for score in scores]
    rows = [_write_row("method", columns), _write_row("---", ["---|---|---"] * len(scores))]
    for method, figures in summary.items():
        printed = paper.get(method, {})
        cells = [_write_three(score, figures, printed.get(score)) for score in scores]
        rows.append(_write_row(method, cells))
    rows += ["", _write_row("method", [TITLES[figure] for figure in OTHERS])]
    rows.append(_write_row("---", ["---"] * len(OTHERS)))
    for method, figures in summary.items():
        rows.append(_write_row(method, [_write_figure(figure, figures) for figure in OTHERS]))
    return "\n".join(rows)


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
    rows = [_write_row("method", [title]), _write_row("---", ["---"])]
    for name, of in compared.items():
        cell = f"{of['difference']:+.3f} ({of['low']:+.3f} to {of['high']:+.3f})"
        rows.append(_write_row(name, [cell]))
    return "\n".join(rows)


def _write_row(name: str, cells: list[str]) -> str:
    return f"| {' | '.join([name, *cells])} |"


def _write_three(score: str, figures: dict[str, Any], printed: float | None) -> str:
    measured = _write_figure(score, figures)
    if printed is None:
        return f"– | {measured} | –"
    return f"{printed:.3f} | {measured} | {figures[score] - printed:+.3f}"


def _write_figure(figure: str, figures: dict[str, Any]) -> str:
    decimals = DECIMALS.get(figure, 3)
    text = f"{figures[figure]:.{decimals}f}"
    return f"{text} ± {figures['spread'][figure]:.{decimals}f}" if figures["seeds"] > 1 else text
