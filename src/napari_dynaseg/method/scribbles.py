"""Labels that a user gave to some pixels, in the channels of a response map, and back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import ImageError
from napari_dynaseg.labels.numbering import (
    LabelMap,
    RegionNumbers,
    list_free_numbers,
    number_by_size,
)
from napari_dynaseg.method.annotations import SCRIBBLES

Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Scribbles:
    """What a user scribbled, in the words of a network.

    Parameters
    ----------
    channels
        (H, W), the channel of the response map that each scribbled pixel is drawn to, 1…q;
        0 where nothing was scribbled.
    numbers
        The label that each channel stands for, (q + 1,); entry 0 is 0.
    """

    channels: LabelMap
    numbers: Numbers

    @classmethod
    def for_first_run(cls, scribbled: npt.NDArray[np.integer], channels: int) -> "Scribbles":
        """Give each scribbled label a channel of a network that is not trained yet.

        Parameters
        ----------
        scribbled
            (H, W), the labels that the user wants; 0 where nothing was scribbled.
        channels
            q.

        Raises
        ------
        ImageError
            If nothing was scribbled, there are not fewer labels than channels, or a label is
            negative or beyond int32.
        """
        SCRIBBLES.check_some(scribbled)
        blank = np.zeros(channels + 1, np.int32)
        return cls._translate(scribbled, blank, np.arange(1, channels + 1))

    @classmethod
    def for_network(cls, scribbled: LabelMap, numbers: Numbers, shown: LabelMap) -> "Scribbles":
        """Find the channels of a trained network; a label new to it takes one that is free.

        Parameters
        ----------
        scribbled
            As above; maybe nothing at all.
        numbers
            The label that each channel of the network stands for, (q + 1,); entry 0 is 0.
        shown
            The labels that the network gave; channels of labels that occur are not free.

        Raises
        ------
        ImageError
            If there is no channel left for a new label, or a label is negative.
        """
        in_use = np.isin(numbers, np.unique(shown))
        in_use[0] = True
        return cls._translate(scribbled, numbers.copy(), np.flatnonzero(~in_use))

    @classmethod
    def _translate(
        cls,
        scribbled: npt.NDArray[np.integer],
        numbers: Numbers,
        free: npt.NDArray[np.integer],
    ) -> "Scribbles":
        SCRIBBLES.check_labels(scribbled)
        wanted = np.unique(scribbled[scribbled != 0]).tolist()
        known = {number: channel for channel, number in enumerate(numbers.tolist()) if number}
        spare = [channel for channel in free.tolist() if numbers[channel] not in wanted]
        for number in wanted:
            if number not in known:
                if not spare:
                    raise ImageError(
                        f"there is no channel left for label {number}: the network has "
                        f"{len(numbers) - 1}; raise its channels, or scribble fewer labels"
                    )
                known[number] = spare.pop(0)
                numbers[known[number]] = number
        channels = np.zeros(scribbled.shape, np.int32)
        for number in wanted:
            channels[scribbled == number] = known[number]
        return cls(channels, _fill_numbers(numbers))

    @property
    def labels(self) -> LabelMap:
        """(H, W), the labels that were scribbled; 0 elsewhere."""
        scribbled: LabelMap = self.numbers[self.channels]
        return scribbled


def _fill_numbers(numbers: Numbers) -> Numbers:
    """Give channels without a label the lowest numbers that are free."""
    free = list_free_numbers(set(numbers.tolist()))
    filled = [number or next(free) for number in numbers[1:].tolist()]
    return np.array([0, *filled], np.int32)


class ScribbleNumbers:
    """The numbers of a run with scribbles, in the place of `RegionNumbers`.

    A scribbled label keeps its number and its channel. The channels of other labels take the
    lowest numbers that are free, by falling size in the first map that is followed, and keep
    them. Scribbled pixels are always as they were scribbled.

    Parameters
    ----------
    scribbles
        As `Scribbles.for_first_run` gives them.
    """

    def __init__(self, scribbles: Scribbles) -> None:
        self._scribbles = scribbles
        self._table: Numbers | None = None

    def follow(self, labels: LabelMap) -> None:
        """Settle the numbers by the first map of a run, as the network was trained on it."""
        if self._table is None:
            self._table = self._number(labels)

    def _number(self, labels: LabelMap) -> Numbers:
        scribbles = self._scribbles
        table = np.zeros(len(scribbles.numbers), np.int32)
        given = np.unique(scribbles.channels[scribbles.channels > 0])
        table[given] = scribbles.numbers[given]
        others = labels[~np.isin(labels, given)]
        ranks = np.full(len(table), len(table), np.int32)
        ranks[others] = number_by_size(others)
        free = [channel for channel in range(1, len(table)) if not table[channel]]
        numbers = list_free_numbers(set(table.tolist()))
        for channel in sorted(free, key=lambda channel: int(ranks[channel])):
            table[channel] = next(numbers)
        return table

    def apply(self, labels: LabelMap) -> LabelMap:
        """Give a map of every pixel, (H, W), its numbers, and paint the scribbles on it."""
        return np.where(
            self._scribbles.channels > 0, self._scribbles.labels, self._read_table()[labels]
        )

    def freeze(self) -> "ScribbleNumbers":
        """Copy the numbers as they are now."""
        frozen = ScribbleNumbers(self._scribbles)
        frozen._table = self._read_table()
        return frozen

    def list_all(self, _channels: int) -> Numbers:
        """Give the number of every channel, counted from 1, in a table; entry 0 is 0."""
        return self._read_table()

    def _read_table(self) -> Numbers:
        return self._scribbles.numbers if self._table is None else self._table


LabelNumbers = RegionNumbers | ScribbleNumbers


def start_numbers(scribbles: Scribbles | None) -> LabelNumbers:
    """Begin to number the labels of a run, with scribbles or without."""
    return RegionNumbers() if scribbles is None else ScribbleNumbers(scribbles)
