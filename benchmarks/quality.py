"""Whether Fast is as good as Exact: both on the same images of BSDS500, by the papers' protocol."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np

from benchmarks.accuracy.bootstrap import bootstrap_difference
from benchmarks.accuracy.bsds500 import read_truths
from benchmarks.accuracy.protocol import SegmentScores, score_labels
from benchmarks.result_lines import ResultLines
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.image.reader import read_plane
from napari_dynaseg.method.fit import iter_fit
from napari_dynaseg.settings import PUBLISHED_SCHEMES, Quality, Scheme, Settings


class Run(NamedTuple):
    """One run of the comparison."""

    image: str
    scheme: Scheme
    quality: Quality
    seed: int


def plan_runs(images: Sequence[Path], fast_seeds: int) -> list[Run]:
    """List every run: Exact with seed 0, Fast with several seeds, each scheme, each image."""
    seeds: dict[Quality, int] = {"fast": fast_seeds, "exact": 1}
    return [
        Run(str(image), scheme, quality, seed)
        for quality, count in seeds.items()
        for scheme in PUBLISHED_SCHEMES
        for image in images
        for seed in range(count)
    ]


def compare(
    images: Sequence[Path], iterations: int, fast_seeds: int, results: Path
) -> Iterator[dict[str, Any]]:
    """Do every run that the results do not have yet, and note each as soon as it is done.

    Parameters
    ----------
    images
        Images of BSDS500.
    iterations
        The iterations of Exact; Fast ends by itself.
    fast_seeds
        How many seeds Fast is run with.
    results
        A file that takes one line of JSON for each run; read first, so that a comparison that
        was broken off goes on where it was.

    Yields
    ------
    dict
        One for each run, those done before too.
    """
    kept = ResultLines(results)
    done = {tuple(line["run"]): line for line in kept.lines}
    for run in plan_runs(images, fast_seeds):
        key = (Path(run.image).name, *run[1:])
        if key not in done:
            done[key] = {"run": key, **_score_run(run, iterations)}
            kept.append(done[key])
        yield done[key]


def _score_run(run: Run, iterations: int) -> dict[str, Any]:
    knobs: dict[str, Any] = {"iterations": iterations} if run.quality == "exact" else {}
    settings = Settings(scheme=run.scheme, quality=run.quality, seed=run.seed, **knobs)
    started = time.perf_counter()
    for step in iter_fit(to_plane(read_plane(run.image), channel_axis=0), settings):
        last = step
    labels = last.labels
    seconds = time.perf_counter() - started
    scores = score_labels(labels, read_truths(Path(run.image)))
    return {
        "seconds": seconds,
        "iterations": last.iteration,
        "labels": last.labels_in_use,
        "overlaps": scores.overlaps.round(5).tolist(),
        "sizes": scores.sizes.tolist(),
    }


def summarise(lines: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Pool the runs of each scheme, and compare Fast with Exact image by image.

    Returns
    -------
    dict
        For each scheme: ``exact_all``, ``fast_all``, ``difference`` with the ends ``low`` and
        ``high`` of its 95 % interval, the coverings, and the mean seconds of a run.
    """
    return {scheme: _summarise_scheme(scheme, lines) for scheme in PUBLISHED_SCHEMES}


def _summarise_scheme(scheme: Scheme, lines: Sequence[dict[str, Any]]) -> dict[str, float]:
    mine = [line for line in lines if line["run"][1] == scheme]
    names = sorted({line["run"][0] for line in mine})
    figures: dict[str, float] = {}
    sums = {}
    for quality in get_args(Quality):
        of_quality = [line for line in mine if line["run"][2] == quality]
        scores = {name: _pool(of_quality, name) for name in names}
        pooled = SegmentScores.pool(scores.values())
        figures |= {
            f"{quality}_all": pooled.mean,
            f"{quality}_covering": pooled.covering,
            f"{quality}_seconds": float(np.mean([line["seconds"] for line in of_quality])),
            f"{quality}_labels": float(np.mean([line["labels"] for line in of_quality])),
        }
        sums[quality] = np.array(
            [(scores[name].overlaps.sum(), len(scores[name].overlaps)) for name in names]
        )
    low, high = bootstrap_difference(sums["fast"], sums["exact"])
    return figures | {
        "difference": figures["fast_all"] - figures["exact_all"],
        "low": low,
        "high": high,
        "images": float(len(names)),
    }


def _pool(lines: Sequence[dict[str, Any]], name: str) -> SegmentScores:
    return SegmentScores.pool(
        SegmentScores(np.array(line["overlaps"]), np.array(line["sizes"]))
        for line in lines
        if line["run"][0] == name
    )


def write_table(summary: dict[str, dict[str, float]]) -> str:
    """Write the summary as a table in Markdown."""
    rows = [
        "| scheme | Exact, All | Fast, All | difference (95 % interval) "
        "| covering, Exact | covering, Fast | seconds, Exact | seconds, Fast |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for scheme, of in summary.items():
        rows.append(
            f"| {scheme.upper()} | {of['exact_all']:.3f} | {of['fast_all']:.3f} "
            f"| {of['difference']:+.3f} ({of['low']:+.3f} to {of['high']:+.3f}) "
            f"| {of['exact_covering']:.3f} | {of['fast_covering']:.3f} "
            f"| {of['exact_seconds']:.1f} | {of['fast_seconds']:.1f} |"
        )
    return "\n".join(rows)
