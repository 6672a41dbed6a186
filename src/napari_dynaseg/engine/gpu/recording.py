"""A step recorded once on a CUDA device and replayed: one launch in place of two hundred.

On small planes a GPU waits for its host most of the time, since each of its many short pieces of
work is sent off by itself.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cache

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.measurement import Measurement

Weigh = Callable[[torch.Tensor], torch.Tensor]
Step = Callable[[Weigh], Measurement]
Recorded = tuple[torch.cuda.CUDAGraph, Measurement]

STEPS_BEFORE = 2  # taken as they are: libraries get ready, and a knob may still be turning


@cache
def _make_stream() -> torch.cuda.Stream:
    """Make the stream of all recordings: libraries keep memory for each that they see."""
    return torch.cuda.Stream()  # type: ignore[no-untyped-call]


class Recording:
    """Takes a step again and again, from a recording once it repeats.

    Parameters
    ----------
    step
        Computes on a CUDA device without waiting for it, on the same memory each time but for
        what it allocates; what it gives is overwritten when it is replayed.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._weigh: Weigh | None = None
        self._taken = 0
        self._is_possible = True
        self._recorded: Recorded | None = None

    def take(self, weigh: Weigh) -> Measurement:
        """Take a step.

        Parameters
        ----------
        weigh
            Gives the weight w from q'; as long as it is the same object, the step repeats.
        """
        if weigh is not self._weigh:
            self._weigh, self._taken, self._recorded = weigh, 0, None
        self._taken += 1
        if self._taken > STEPS_BEFORE and self._recorded is None and self._is_possible:
            try:
                self._recorded = self._record(weigh)
            except RuntimeError:  # for want of memory, say: the step itself tells what is wrong
                self._is_possible = False
        if self._recorded is None:
            return self._step(weigh)
        graph, measurement = self._recorded
        graph.replay()
        return Measurement(measurement.labels, measurement.numbers)

    def _record(self, weigh: Weigh) -> Recorded:
        """Record a step, which is not taken yet."""
        # What the steps before have allocated would stay beside the recording's own memory.
        torch.cuda.empty_cache()
        graph, stream = torch.cuda.CUDAGraph(), _make_stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            # Of this thread only: another one may use the device meanwhile.
            graph.capture_begin(capture_error_mode="thread_local")
            try:
                measurement = self._step(weigh)
            except RuntimeError:
                with suppress(RuntimeError):
                    graph.capture_end()
                raise
            graph.capture_end()
        torch.cuda.current_stream().wait_stream(stream)
        return graph, measurement
