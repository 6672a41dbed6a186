"""The table of the microscopy sets: foreground Dice and average precision of objects."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import markdown
from benchmarks.accuracy.summary import (
    average,
    describe_runs,
    find_image,
    find_method,
    summarise_seeds,
)
from benchmarks.accuracy.table import write_spread
from benchmarks.result_lines import Line, group_lines

TITLES = {"dice": "Dice", "ap": "AP"}


def summarise(lines: Sequence[Line]) -> dict[str, dict[str, Any]]:
    """Sum up the runs of each method on each set.

    Returns
    -------
    dict
        For each method ``sets``, with ``dice``, ``ap`` where objects are known, and their
        standard deviation over the seeds under ``spread``, each the mean over the images;
        ``seconds`` an image; ``seeds``; and ``images``, the scores of each.
    """
    return {method: _summarise_method(of) for method, of in group_lines(lines, find_method).items()}


def _summarise_method(lines: Sequence[Line]) -> dict[str, Any]:
    sets = group_lines(lines, _find_set).items()
    return {
        "sets": {name: summarise_seeds(of, _score) for name, of in sets},
        "seconds": average([{"seconds": line["seconds"]} for line in lines])["seconds"],
        **describe_runs(lines, _score),
    }


def _find_set(line: Line) -> str:
    return find_image(line).partition("/")[0]


def _score(lines: Sequence[Line]) -> dict[str, float]:
    return average([{score: line[score] for score in TITLES if score in line} for line in lines])


def write_table(summary: Mapping[str, dict[str, Any]]) -> str:
    """Write the summary as a table in Markdown, a column for each score of each set."""
    sets = next(iter(summary.values()))["sets"]
    columns = [(name, score) for name, of in sets.items() for score in TITLES if score in of]
    rows = []
    for method, of in summary.items():
        cells = [write_spread(score, of["sets"][name], of["seeds"]) for name, score in columns]
        rows.append([method, *cells, f"{of['seconds']:.1f}"])
    head = ["method", *(f"{name} {TITLES[score]}" for name, score in columns), "seconds"]
    return markdown.write_table(head, rows)
