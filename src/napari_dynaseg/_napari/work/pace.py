"""How often a run shows itself: as often as leaves the machine to the training."""

import threading
import time

# At most about seven updates a second, and at most this share of the time spent on drawing.
SECONDS_BETWEEN_UPDATES = 0.14
SHARE_FOR_DRAWING = 0.06
# And at most this share on labelling every pixel for an update, where training sees fewer.
SHARE_FOR_LABELLING = 0.15
# Where that makes long pauses, the iterations are counted in them. Each count has the whole window
# painted, which under software rendering takes more than can be timed from here.
SECONDS_BETWEEN_COUNTS = 1.0


class Pace:
    """Lets an update through only when the last one has been drawn and some time has passed.

    The slower the viewer draws, the longer the pauses: training keeps the machine.

    Parameters
    ----------
    seconds
        The shortest pause.
    """

    def __init__(self, seconds: float = SECONDS_BETWEEN_UPDATES) -> None:
        self._seconds = seconds
        self._drawn = threading.Event()
        self._drawn.set()
        self._next_time = self._next_count = 0.0
        self._labelling = 0.0
        self._is_slow = self._is_counting = False

    def try_pass(self) -> bool:
        """Tell the worker whether it may show an update now."""
        if not self._drawn.is_set() or time.monotonic() < self._next_time:
            return False
        self._drawn.clear()
        return True

    def try_count(self) -> bool:
        """Tell the worker whether it may show how far it is, in a long pause between updates."""
        is_due = self._is_slow and time.monotonic() >= self._next_count
        if not self._drawn.is_set() or not is_due:
            return False
        self._is_counting = True
        self._drawn.clear()
        return True

    def is_worth_labelling(self, seconds_left: float) -> bool:
        """Tell whether the run goes on for longer than the pause that labels would cost it.

        Otherwise its last labels come as early as an update would, if none delays them.
        """
        return seconds_left >= self._labelling / SHARE_FOR_LABELLING

    def mark_labelled(self, seconds: float) -> None:
        """Tell from the worker that an update is ready to be shown, and what its labels took."""
        self._labelling = seconds

    def mark_drawn(self, seconds: float) -> None:
        """Tell from the main thread that the last update is on the screen, and what it took."""
        now = time.monotonic()
        self._next_count = now + max(SECONDS_BETWEEN_COUNTS, seconds / SHARE_FOR_DRAWING)
        if not self._is_counting:
            pause, labelling = seconds / SHARE_FOR_DRAWING, self._labelling / SHARE_FOR_LABELLING
            self._is_slow = labelling > max(self._seconds, pause)
            self._next_time = now + max(self._seconds, pause, labelling)
        self._is_counting = False
        self._drawn.set()
