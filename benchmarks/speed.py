"""How fast a step and a whole run are, against the published loop on the same machine."""

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peak_memory import measure_peak
from benchmarks.published import PublishedLoop
from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.devices import choose_device, keep_float32
from napari_dynaseg.engine.trainer import Trainer
from napari_dynaseg.engine.warm_up import warm_up
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.method.run import iter_fit
from napari_dynaseg.method.weighting import continuity_weight
from napari_dynaseg.settings import Settings

PUBLISHED_ITERATIONS = 500
ROUNDS = 5
STEPS_ON_DEVICE = 20  # of each way in a round: on a GPU a step takes milliseconds
FAST_ROUNDS = 3


def measure_speed(plane: Plane, settings: Settings) -> dict[str, Any]:
    """Measure the published loop, Exact and Fast on one plane.

    The published loop and the exact step take turns in one process after a warm-up, and the
    ratio is the median of the rounds': a machine's mood is the same for both.

    Parameters
    ----------
    plane
        float32, (C, H, W).
    settings
        The knobs; the quality is set here.

    Returns
    -------
    dict
        Nested: ``device``, ``published``, ``exact``, ``fast``; see the command's help.
    """
    device = choose_device(settings.device)
    peak = measure_gemm_peak(device)
    warm_up()
    published, exact = _measure_steps(plane, settings)
    first_preview, final = _measure_fast(plane, settings.change(quality="fast"))
    per_iteration = float(np.median(exact))
    loop = float(np.median(published))
    return {
        "device": device.type,
        "threads": torch.get_num_threads(),
        "shape": list(plane.shape),
        "gemm_peak_flops_per_s": peak,
        "published": {"seconds_per_iteration": loop},
        "exact": {
            "seconds_per_iteration": per_iteration,
            "ratio": float(np.median(np.array(published) / np.array(exact))),
            "bytes_per_pixel": _measure_bytes(plane, settings),
            "share_of_gemm_peak": count_operations(plane, settings) / per_iteration / peak,
        },
        "fast": {
            "first_preview_s": first_preview,
            "final_s": final,
            "ratio_to_500": PUBLISHED_ITERATIONS * loop / final,
        },
    }


def _measure_steps(plane: Plane, settings: Settings) -> tuple[list[float], list[float]]:
    """Time the published loop and the exact step in turn: seconds of each round."""
    device = choose_device(settings.device)
    loop = PublishedLoop(plane, settings, device)
    trainer = Trainer(plane, settings, device)
    weigh = partial(continuity_weight, settings.scheme, settings.mu)

    def take_exact_step() -> None:
        trainer.measure(weigh)
        trainer.descend()

    published, exact = [], []
    steps = 1 if device.type == "cpu" else STEPS_ON_DEVICE
    for _ in range(ROUNDS + 1):
        published.append(_time(loop.take_step, steps))
        exact.append(_time(take_exact_step, steps))
    trainer.close()
    return published[1:], exact[1:]


def _measure_fast(plane: Plane, settings: Settings) -> tuple[float, float]:
    """Time a run in fast quality: seconds to the first preview, and to the final labels."""
    rounds = []
    for _ in range(FAST_ROUNDS):
        started, first = time.perf_counter(), 0.0
        for step in iter_fit(plane, settings):
            if not first:
                _ = step.labels if step.is_quick else step.sketch
                first = time.perf_counter() - started
            last = step
        _ = last.labels
        rounds.append((first, time.perf_counter() - started))
    first_preview, final = np.median(rounds, axis=0)
    return float(first_preview), float(final)


def _measure_bytes(plane: Plane, settings: Settings) -> float:
    """Measure the peak of two exact iterations in a process of its own: bytes a pixel."""
    channels, height, width = plane.shape
    knobs = settings.change(quality="exact", iterations=2, minimum_labels=1).model_dump()
    return measure_peak((height, width, channels), **knobs)["bytes"] / float(height * width)


def count_operations(plane: Plane, settings: Settings) -> float:
    """Count additions and multiplications of a step's convolutions, were they done directly."""
    width, pixels = settings.channels, math.prod(plane.shape[1:])
    first = 2 * 9 * len(plane) * width * 2  # forward, and the kernels' gradient
    deeper = 3 * 9 * width * width * 2 * max(0, settings.blocks - 2)
    last = 3 * width * width * 2
    return float(pixels * (first + deeper + last))


def measure_gemm_peak(device: torch.device, side: int | None = None, rounds: int = 20) -> float:
    """Measure how many operations a second a large matrix product reaches there, float32."""
    side = side or (1024 if device.type == "cpu" else 8192)
    left, right = (torch.rand(side, side, device=device) for _ in range(2))
    result = torch.empty_like(left)
    with keep_float32(device):
        seconds = min(_time(lambda: torch.mm(left, right, out=result)) for _ in range(rounds))
    operations = float(2 * side**3)
    return operations / seconds


def _time(work: Callable[[], Any], times: int = 1) -> float:
    """Give the seconds that some work takes, all of it done, also on a GPU."""
    _wait_for_devices()
    started = time.perf_counter()
    for _ in range(times):
        work()
    _wait_for_devices()
    return (time.perf_counter() - started) / times


def _wait_for_devices() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    if torch.backends.mps.is_available():
        torch.mps.synchronize()


def write_report(figures: dict[str, Any]) -> str:
    """Write the figures for a reader."""
    exact, fast = figures["exact"], figures["fast"]
    shape = "×".join(str(size) for size in figures["shape"])
    return "\n".join(
        [
            f"plane (C×H×W)           {shape}, {figures['device']}, {figures['threads']} threads",
            f"matrix product          {figures['gemm_peak_flops_per_s'] / 1e9:.0f} GFLOP/s",
            f"published loop          "
            f"{figures['published']['seconds_per_iteration']:.3f} s an iteration",
            f"Exact                   {exact['seconds_per_iteration']:.3f} s an iteration",
            f"  ratio                 {exact['ratio']:.2f} times as fast as published",
            f"  memory                {exact['bytes_per_pixel']:.0f} bytes a pixel",
            f"  operations            {exact['share_of_gemm_peak']:.2f} of the matrix product's",
            f"Fast, first preview     {fast['first_preview_s']:.2f} s",
            f"Fast, final labels      {fast['final_s']:.2f} s",
            f"  ratio                 {fast['ratio_to_500']:.0f} times as fast as "
            f"{PUBLISHED_ITERATIONS} published iterations",
        ]
    )
