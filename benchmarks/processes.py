"""Processes of their own: pools that share out runs, and a fresh one for one measurement."""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any

from napari_dynaseg.errors import RunError


@contextmanager
def open_pool(processes: int, threads: int) -> Iterator[ProcessPoolExecutor]:
    """Open a pool of fresh processes; what has not begun when it is left is dropped.

    Parameters
    ----------
    processes
        How many.
    threads
        How many threads each may compute with.
    """
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, _begin_process, (threads,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def use_threads(threads: int) -> Iterator[None]:
    """Compute with so many threads for a while, in torch and in scikit-learn."""
    from threadpoolctl import threadpool_limits

    from napari_dynaseg.engine.backend import torch

    before = torch.get_num_threads()
    with threadpool_limits(threads):
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _begin_process(threads: int) -> None:
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read when torch and scikit-learn load
    from napari_dynaseg.engine.backend import torch

    torch.set_num_threads(threads)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    """End this process with the one that began it, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def run_apart(
    module: str,
    request: dict[str, Any],
    complaint: str = "the memory of a run could not be measured",
    launcher: Sequence[str] = (),
) -> dict[str, Any]:
    """Let a module answer a request in a fresh process.

    Parameters
    ----------
    module
        Its name; run as a program, it hands itself to `answer`.
    request
        Plain values.
    complaint
        What is said if it fails, before its last words.
    launcher
        What runs Python, such as a virtual display; by default nothing.

    Raises
    ------
    RunError
        If the process fails.
    """
    command = [*launcher, sys.executable, "-m", module, json.dumps(request)]
    # What is found here is found there, wherever this process was started.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    try:
        done.check_returncode()
        figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.CalledProcessError, IndexError, ValueError):
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RunError(f"{complaint}: {last}") from None
    return figures


def answer(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Do what `run_apart` asked this process for, and print the figures."""
    print(json.dumps(work(json.loads(sys.argv[1]))))  # noqa: T201
