"""Whether Fast is as good as Exact, both as published, by the papers' protocol on BSDS500."""

from collections.abc import Sequence
from typing import get_args

from benchmarks.accuracy.method_choice import parse_choices
from benchmarks.accuracy.runs import Run, plan_runs
from benchmarks.accuracy.summary import compare_with, find_method, summarise
from benchmarks.accuracy.table import write_interval
from benchmarks.markdown import write_table
from benchmarks.result_lines import Line, group_lines
from napari_dynaseg.settings import SCHEMES, Quality, Scheme


def plan_comparison(images: Sequence[str], iterations: int, fast_seeds: int) -> list[Run]:
    """List every run: Fast with several seeds, Exact with seed 0, each scheme, each image.

    Parameters
    ----------
    images
        Names of images of BSDS500.
    iterations
        The iterations of Exact; Fast ends by itself.
    fast_seeds
        How many seeds Fast is run with.
    """
    fast, exact = (
        [_name_method(scheme, quality) for scheme in SCHEMES] for quality in ("fast", "exact")
    )
    return [
        *plan_runs(images, parse_choices(fast), fast_seeds),
        *plan_runs(images, parse_choices(exact, iterations=iterations), 1),
    ]


def _name_method(scheme: Scheme, quality: Quality) -> str:
    return f"{scheme}-published:quality={quality}"


def summarise_schemes(lines: Sequence[Line]) -> dict[str, dict[str, float]]:
    """Pool the runs of each scheme, and compare Fast with Exact image by image.

    Returns
    -------
    dict
        For each scheme: ``exact_all``, ``fast_all``, ``difference`` with the ends ``low`` and
        ``high`` of its 95 % interval, the coverings, and the mean segments and seconds of a run.
    """
    by_method, summary = group_lines(lines, find_method), summarise(lines)
    figures: dict[str, dict[str, float]] = {}
    for scheme in SCHEMES:
        names = {quality: _name_method(scheme, quality) for quality in get_args(Quality)}
        pair = by_method[names["fast"]] + by_method[names["exact"]]
        figures[scheme] = {
            **{
                f"{quality}_{figure}": summary[name][figure]
                for quality, name in names.items()
                for figure in ("all", "covering", "segments", "seconds")
            },
            **compare_with(pair, names["fast"])[names["exact"]],
            "images": float(len(summary[names["fast"]]["images"])),
        }
    return figures


def write_comparison(figures: dict[str, dict[str, float]]) -> str:
    """Write the comparison as a table in Markdown."""
    head = ["scheme", "Exact, All", "Fast, All", "difference (95 % interval)"]
    head += ["covering, Exact", "covering, Fast", "seconds, Exact", "seconds, Fast"]
    rows = [
        [
            scheme.upper(),
            f"{of['exact_all']:.3f}",
            f"{of['fast_all']:.3f}",
            write_interval(of),
            f"{of['exact_covering']:.3f}",
            f"{of['fast_covering']:.3f}",
            f"{of['exact_seconds']:.1f}",
            f"{of['fast_seconds']:.1f}",
        ]
        for scheme, of in figures.items()
    ]
    return write_table(head, rows)
