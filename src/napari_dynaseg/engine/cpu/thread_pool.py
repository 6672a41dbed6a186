"""Threads that each work on a small part of a plane, which stays in their core's cache."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Self, TypeVar

from napari_dynaseg.engine.backend import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workspace:
    """Memory that is taken once and used again at every step, one workspace a thread.

    Taking and giving back memory at each step costs as much as half of the arithmetic: the
    system hands out every page anew.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, torch.Tensor] = {}

    def take(self, name: str, *shape: int) -> torch.Tensor:
        """Give the memory of a name as a tensor of a shape; what was in it is overwritten."""
        size = torch.Size(shape).numel()
        if name not in self._buffers or self._buffers[name].numel() < size:
            self._buffers[name] = torch.empty(size)
        return self._buffers[name][:size].view(shape)


class Shares:
    """Deals out places 0…count - 1: to each thread its own part, then what others have left.

    The same parts of a plane so go to the same thread, pass after pass, and lie in its core's
    cache.

    Parameters
    ----------
    count
        How many places.
    threads
        To how many threads.
    """

    def __init__(self, count: int, threads: int) -> None:
        ends = [count * thread // threads for thread in range(threads + 1)]
        self._left = [deque(range(*part)) for part in itertools.pairwise(ends)]

    def take(self, thread: int) -> Iterator[int]:
        """Give a thread place after place until none is left: its own from their first on."""
        own = self._left[thread]
        while any(self._left):
            try:
                place = own.popleft() if own else max(self._left, key=len).pop()
            except IndexError:  # another thread was faster
                continue
            yield place

    def stop(self) -> None:
        """Give no more places."""
        for part in self._left:
            part.clear()


class ThreadPool:
    """A pool of threads, each of which computes alone.

    torch by itself splits each operation over its threads and waits for all of them before the
    next. Parts that are worked through from beginning to end by one thread need no waiting, and
    their data stay in the cache.

    Parameters
    ----------
    count
        How many threads; by default as many as torch has threads.
    """

    def __init__(self, count: int | None = None) -> None:
        threads = torch.get_num_threads()
        count = count or threads
        self._count, self._numbers = count, itertools.count()
        self._local = threading.local()
        self._gate = threading.Barrier(count + 2)
        self._workers = ThreadPoolExecutor(count, "dynaseg-worker", initializer=self._open_worker)
        self._leader = ThreadPoolExecutor(1, "dynaseg-leader", initializer=self._open)
        for pool in (*[self._workers] * count, self._leader):
            pool.submit(int)
        self._gate.wait()
        # torch hands the number that was set last, in whichever thread, on to every new thread
        # of the process: ours is not for others.
        torch.set_num_threads(threads)

    def _open_worker(self) -> None:
        self._local.number = next(self._numbers)
        self._open()

    def _open(self) -> None:
        torch.set_num_threads(1)
        torch.get_num_threads()  # a thread takes the number over when it first asks for it
        torch.set_grad_enabled(False)
        self._local.workspace = Workspace()
        self._gate.wait()

    @property
    def workspace(self) -> Workspace:
        """The workspace of the thread that asks."""
        workspace: Workspace = self._local.workspace
        return workspace

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Do the work on each item, and give the results in the order of the items.

        The order is what makes sums over the results independent of the number of threads.
        """
        todo = list(items)
        results: list[Any] = [None] * len(todo)
        shares = Shares(len(todo), self._count)

        def work_through() -> None:
            try:
                for place in shares.take(self._local.number):
                    results[place] = work(todo[place])
            finally:  # after an error no thread begins another item
                shares.stop()

        done = [self._workers.submit(work_through) for _ in range(self._count)]
        wait(done)
        for worker in done:
            worker.result()
        return results

    def lead(self, work: Callable[[], Result]) -> Result:
        """Do work that hands parts of it to the threads, in one more thread that computes alone.

        What it computes between those parts does not depend on the caller's threads either.
        """
        return self._leader.submit(work).result()

    def close(self) -> None:
        """End the threads, once they have finished what they are at."""
        self._leader.shutdown(cancel_futures=True)
        self._workers.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
