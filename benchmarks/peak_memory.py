"""How much memory a piece of work takes at its peak, measured in a process of its own."""

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.processes import answer, run_apart
from napari_dynaseg.image.synthetic import draw_image

WARM_UP_SIDE = 64


def measure_peak(shape: tuple[int, int, int], **settings: Any) -> dict[str, float]:
    """Segment a drawn image in a fresh process and watch its memory.

    Parameters
    ----------
    shape
        Height, width and channels of the image.
    **settings
        Knobs of `napari_dynaseg.settings.Settings`.

    Returns
    -------
    dict
        ``bytes``: growth of the process from after its warm-up to its peak, or, on a CUDA device,
        the most that torch had in use there; ``process_bytes``: the whole process at its peak;
        ``seconds``: what the segmentation took.

    Raises
    ------
    RunError
        If the process fails, or the system does not tell a process's peak.
    """
    return run_apart(__name__, {"shape": shape, "settings": settings})


def watch(work: Callable[[], object]) -> dict[str, float]:
    """Do some work, and give its ``bytes``, ``process_bytes`` and ``seconds``."""
    import psutil

    _forget_peak()
    before = psutil.Process().memory_info().rss
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    peak = _read_peak()
    return {"bytes": peak - before, "process_bytes": peak, "seconds": seconds}


def _watch_segmentation(request: dict[str, Any]) -> dict[str, float]:
    from napari_dynaseg.engine.backend import torch
    from napari_dynaseg.engine.devices import choose_device
    from napari_dynaseg.method.run import segment
    from napari_dynaseg.settings import Settings

    image, knobs = draw_image(*request["shape"]), request["settings"]
    device = choose_device(Settings(**knobs).device)
    segment(image[:WARM_UP_SIDE, :WARM_UP_SIDE], iterations=3, device=device.type)
    if device.type != "cuda":
        return watch(lambda: segment(image, **knobs))
    torch.cuda.reset_peak_memory_stats()
    figures = watch(lambda: segment(image, **knobs))
    return {**figures, "bytes": torch.cuda.max_memory_allocated()}


def _forget_peak() -> None:
    """Let the peak start anew after the preparations, where the system can (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _read_peak() -> int:
    """Read the peak of this process, bytes."""
    # Linux hands a parent's peak on to its child in getrusage; this file has the child's own.
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    answer(_watch_segmentation)
