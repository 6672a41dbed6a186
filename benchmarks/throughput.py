"""How many planes of a stack are labelled in a second, and whether memory grows with the planes."""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import zarr

from benchmarks.markdown import write_table
from benchmarks.peak_memory import WARM_UP_SIDE, watch
from benchmarks.processes import answer, run_apart
from napari_dynaseg.counting import write_count
from napari_dynaseg.errors import SettingsError
from napari_dynaseg.image.reader import open_image
from napari_dynaseg.image.synthetic import draw_image
from napari_dynaseg.settings import Settings
from napari_dynaseg.stacks.plan import StackRun, plan_stack
from napari_dynaseg.stacks.workers import open_client

# The memory of a whole stack is compared with that of so many planes of it.
FEW_PLANES = 5
# How far the cells are shifted from one plane to the next.
SHIFT = 7


def measure_stack(planes: int, side: int, workers: int | None = None) -> dict[str, Any]:
    """Label a drawn stack by one network, read from a file and written to an OME-Zarr.

    Parameters
    ----------
    planes
        How many planes, more than workers.
    side
        Rows and columns of each.
    workers
        Label it once more on so many processes.

    Returns
    -------
    dict
        ``shape``; ``few`` and ``one_process``: a few planes and all of them, each in a process
        of its own, with ``planes``, ``training_s``, ``labelling_s``, ``planes_per_s``, and
        ``bytes`` and ``process_bytes`` as in `measure_peak`; ``memory_ratio`` and
        ``growth_ratio``: the latter two of all planes by those of the few; ``workers`` as
        ``one_process``, but without memory, or `None`.

    Raises
    ------
    RunError
        If a process fails, or the cluster is lost.
    SettingsError
        If there are not more planes than workers, or dask.distributed is not installed.
    """
    if planes <= (workers or 1):
        raise SettingsError(
            f"expected more planes than workers; got {write_count(planes, 'plane')} and "
            f"{write_count(workers or 1, 'worker')}"
        )
    with TemporaryDirectory() as folder:
        image = Path(folder) / "image.zarr"
        draw_stack(image, planes, side)
        # First, as it may fail where dask.distributed is not installed.
        mine = _label_stack(image, planes, workers) if workers else None
        few, every = (
            run_apart(__name__, {"image": str(image), "planes": count})
            for count in (min(FEW_PLANES, planes), planes)
        )
        return {
            "shape": [planes, side, side],
            "few": few,
            "one_process": every,
            "memory_ratio": every["process_bytes"] / few["process_bytes"],
            "growth_ratio": every["bytes"] / few["bytes"],
            "workers": mine and {"workers": workers, **mine},
        }


def draw_stack(path: Path, planes: int, side: int) -> None:
    """Draw cells into a Zarr array of bytes, a plane at a time, each shifted against the last.

    Parameters
    ----------
    path
        A folder that does not exist yet.
    planes, side
        Shape of the array: (planes, side, side), with the axes z, y, x.
    """
    array = zarr.create_array(
        path,
        shape=(planes, side, side),
        chunks=(1, side, side),
        dtype="uint8",
        dimension_names=("z", "y", "x"),
    )
    drawn = draw_image(side, side, 1)
    for plane in range(planes):
        array[plane] = np.roll(drawn, SHIFT * plane, axis=(0, 1))


def _label_stack(image: Path, planes: int, workers: int | None = None) -> dict[str, float]:
    settings = Settings()
    with TemporaryDirectory() as folder:
        output = Path(folder) / "labels.ome.zarr"
        plan = plan_stack(open_image(image), output, settings, planes=f"Z=0:{planes}")
        run = StackRun.begin(plan)
        started = time.perf_counter()
        for _ in run.train():
            pass
        trained = time.perf_counter()
        with open_client(settings, workers=workers) as client:
            ready = time.perf_counter()
            finished = [time.perf_counter() for _ in run.segment(client)]
    return {
        "planes": planes,
        "training_s": trained - started,
        "labelling_s": finished[-1] - ready,
        "planes_per_s": find_rate(finished, workers or 1),
    }


def find_rate(finished: Sequence[float], workers: int) -> float:
    """Find how many planes are finished in a second, the first of each worker left out.

    A worker that labels its first plane loads libraries first.

    Parameters
    ----------
    finished
        When each plane was finished, in seconds; more planes than workers.
    workers
        How many label at a time.

    Examples
    --------
    >>> find_rate([9.0, 10.0, 10.5, 11.0], 1)
    1.5
    """
    return (len(finished) - workers) / (finished[-1] - finished[workers - 1])


def _watch_stack(request: dict[str, Any]) -> dict[str, float]:
    from napari_dynaseg.method.run import segment

    segment(draw_image(WARM_UP_SIDE, WARM_UP_SIDE, 1), iterations=3)
    figures: dict[str, float] = {}
    memory = watch(lambda: figures.update(_label_stack(Path(request["image"]), request["planes"])))
    return {**figures, "bytes": memory["bytes"], "process_bytes": memory["process_bytes"]}


def write_report(figures: dict[str, Any]) -> str:
    """Write the figures as a table in Markdown, and what memory does below it."""
    head = ["labelled by", "planes", "training, s", "labelling, s", "planes a second"]
    named = [("one process", figures["few"]), ("one process", figures["one_process"])]
    if mine := figures["workers"]:
        named.append((write_count(mine["workers"], "worker"), mine))
    table = write_table(
        [*head, "peak of the process", "of that, the run"],
        [_write_cells(title, row) for title, row in named],
    )
    (planes, side, _), few = figures["shape"], figures["few"]["planes"]
    return (
        f"{table}\n\nPlanes of {side}×{side}; {planes} of them take {figures['memory_ratio']:.2f} "
        f"times the memory of {few} (the run alone {figures['growth_ratio']:.2f} times)."
    )


def _write_cells(title: str, figures: dict[str, float]) -> list[str]:
    memory = [
        f"{figures[name] / 1e9:.2f} GB" if name in figures else "–"
        for name in ("process_bytes", "bytes")
    ]
    seconds = [f"{figures[name]:.1f}" for name in ("training_s", "labelling_s")]
    return [title, str(figures["planes"]), *seconds, f"{figures['planes_per_s']:.2f}", *memory]


if __name__ == "__main__":
    answer(_watch_stack)
