"""The table of the microscopy sets: foreground Dice and average precision of objects."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Line = dict[str, Any]
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
    methods = dict.fromkeys(line["method"] for line in lines)
    return {
        method: _summarise_method([line for line in lines if line["method"] == method])
        for method in methods
    }


def _summarise_method(lines: Sequence[Line]) -> dict[str, Any]:
    sets = dict.fromkeys(_find_set(line) for line in lines)
    names = dict.fromkeys(line["key"]["image"] for line in lines)
    return {
        "sets": {
            each: _summarise_set([line for line in lines if _find_set(line) == each])
            for each in sets
        },
        "seconds": float(np.mean([line["seconds"] for line in lines])),
        "seeds": len({line["seed"] for line in lines}),
        "images": {
            name: _average([line for line in lines if line["key"]["image"] == name])
            for name in names
        },
    }


def _find_set(line: Line) -> str:
    return str(line["key"]["image"]).partition("/")[0]


def _summarise_set(lines: Sequence[Line]) -> dict[str, Any]:
    seeds = sorted({line["seed"] for line in lines})
    of_seeds = [_average([line for line in lines if line["seed"] == seed]) for seed in seeds]
    spread = {score: float(np.std([each[score] for each in of_seeds])) for score in of_seeds[0]}
    return {**_average(lines), "spread": spread}


def _average(lines: Sequence[Line]) -> dict[str, float]:
    return {
        score: float(np.mean([line[score] for line in lines]))
        for score in TITLES
        if score in lines[0]
    }


def write_table(summary: Mapping[str, dict[str, Any]]) -> str:
    """Write the summary as a table in Markdown, a column for each score of each set."""
    sets = next(iter(summary.values()))["sets"]
    columns = [(each, score) for each, of in sets.items() for score in TITLES if score in of]
    titles = [f"{each} {TITLES[score]}" for each, score in columns]
    rows = [_write_row("method", [*titles, "seconds"])]
    rows.append(_write_row("---", ["---"] * (len(titles) + 1)))
    for method, of in summary.items():
        cells = [_write_score(of["sets"][each], score, of["seeds"]) for each, score in columns]
        rows.append(_write_row(method, [*cells, f"{of['seconds']:.1f}"]))
    return "\n".join(rows)


def _write_row(name: str, cells: list[str]) -> str:
    return f"| {' | '.join([name, *cells])} |"


def _write_score(of: dict[str, Any], score: str, seeds: int) -> str:
    text = f"{of[score]:.3f}"
    return f"{text} ± {of['spread'][score]:.3f}" if seeds > 1 else text
