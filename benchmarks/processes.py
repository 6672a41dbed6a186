"""Processes that share out runs, each with its own threads, and none left behind."""

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait


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
