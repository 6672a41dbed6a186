"""Every method on every image with every seed: planned, shared out, resumed, scored."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.accuracy.data_set import DataSet
from benchmarks.accuracy.level_scores import DETAILS
from benchmarks.accuracy.method_choice import MethodChoice
from benchmarks.processes import open_pool, use_threads
from benchmarks.result_lines import Line, ResultLines
from napari_dynaseg.generators import run_through
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.peers import find_method


@dataclass(frozen=True)
class Run:
    """One method on one image with one seed; passes between processes.

    Parameters
    ----------
    image
        Its name in the data set.
    method
        As it was written, and the name of the method.
    knobs
        All of them, the seed among them where there is one.
    seed
        The seed.
    labels
        Where the label map goes, if anywhere.
    """

    image: str
    method: str
    method_name: str
    knobs: dict[str, Any]
    seed: int
    labels: Path | None = None

    def make_key(self, data_set: DataSet) -> dict[str, Any]:
        """Give what tells this run from others in a results file."""
        return {
            "set": data_set.name,
            "image": self.image,
            "method": self.method_name,
            "knobs": {name: value for name, value in self.knobs.items() if name != "device"},
            "details": list(DETAILS),
        }


def plan_runs(
    images: Sequence[str],
    choices: Sequence[MethodChoice],
    seeds: int,
    labels: Path | None = None,
) -> list[Run]:
    """List every run, image by image, so that a stopped measurement has all methods of some.

    Parameters
    ----------
    images
        Their names.
    choices
        The methods.
    seeds
        How many seeds those that have one are run with.
    labels
        A folder that takes ``METHOD/IMAGE_SEED.tif`` of each run, if any.
    """
    return [
        Run(
            image,
            choice.text,
            choice.method.name,
            choice.resolve(seed),
            seed,
            labels and labels / _write_name(choice.text) / f"{_write_name(image)}_{seed}.tif",
        )
        for image in images
        for choice in choices
        for seed in choice.list_seeds(seeds)
    ]


def _write_name(text: str) -> str:
    return text.replace("/", "_").replace(":", "_")


def measure(
    data_set: DataSet,
    runs: Sequence[Run],
    results: ResultLines,
    processes: int = 1,
    threads: int = 1,
) -> Iterator[Line]:
    """Do every run that the results do not have yet, and note each as soon as it is done.

    Parameters
    ----------
    data_set
        The images.
    runs
        As `plan_runs` gives them.
    results
        Lines of runs done before, and where the others go.
    processes
        How many runs go on at once.
    threads
        Of each process. Where autograd sums up in another order, labels can differ: the same
        number of threads gives the same labels, whatever the number of processes.

    Yields
    ------
    dict
        A line for each run, those done before first: ``key``, ``seconds``, ``method`` as it was
        written, ``seed``, and the scores.
    """
    before = {_hash(line["key"]): line for line in results.lines}
    missing = []
    for run in runs:
        line = before.get(_hash(run.make_key(data_set)))
        if line is None or (run.labels and not run.labels.exists()):
            missing.append(run)
        else:
            yield {**line, "method": run.method, "seed": run.seed}
    for run, line in _share_out(data_set, missing, processes, threads):
        if _hash(line["key"]) not in before:
            results.append(line)
        yield {**line, "method": run.method, "seed": run.seed}


def _hash(key: dict[str, Any]) -> str:
    return repr(sorted({**key, "knobs": sorted(key["knobs"].items())}.items()))


def _share_out(
    data_set: DataSet, runs: Sequence[Run], processes: int, threads: int
) -> Iterator[tuple[Run, Line]]:
    if processes == 1:
        with use_threads(threads):
            for run in runs:
                yield run, do_run(data_set, run)
        return
    with open_pool(processes, threads) as pool:
        futures = {pool.submit(do_run, data_set, run): run for run in runs}
        for future in as_completed(futures):
            yield futures[future], future.result()


def do_run(data_set: DataSet, run: Run) -> Line:
    """Segment one image by one method, and score the labels.

    Returns
    -------
    dict
        The line of a results file.
    """
    plane = data_set.read_plane(run.image)
    method = find_method(run.method_name)
    knobs = {name: value for name, value in run.knobs.items() if name not in method.fixed}
    started = time.perf_counter()
    outcome = run_through(method.begin(plane, method.configure(**knobs)))
    seconds = time.perf_counter() - started
    if run.labels:
        _write_labels(run.labels, outcome.labels)
    return {
        "key": run.make_key(data_set),
        "seconds": round(seconds, 3),
        **data_set.score(run.image, outcome, run.method_name),
    }


def _write_labels(path: Path, labels: LabelMap) -> None:
    import tifffile

    from napari_dynaseg.recipes.writing import write_whole

    write_whole(path, lambda part: tifffile.imwrite(part, labels, compression="zlib"))
