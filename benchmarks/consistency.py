"""Whether a label means the same on all planes of a stack: by every strategy, against a truth.

*Overlap*: for two neighbouring planes, the intersection over union of each label with itself,
averaged over the labels that are on either plane, so that a label that comes or goes counts 0 and
a small label as much as a large one; then averaged over all pairs of neighbours. *Kept*: the share
of pixels that have the same label on the next plane. *Dice*: how well the foreground of a truth is
met if each label is called foreground or background in the best possible way, either once for the
whole stack, which takes that a label means the same on all planes, or on each plane anew.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.markdown import write_table
from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import Axes, Position
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import LabelMap, Mask, number_by_size
from napari_dynaseg.settings import CHOICE_TITLES, STRATEGIES, Settings
from napari_dynaseg.stacks.plan import StackRun, plan_stack

Counts = npt.NDArray[np.int64]
Planes = Mapping[Position, LabelMap]
Masks = Mapping[Position, Mask]
Strategy = Literal["one", "follow", "each", "unmatched"]

TITLES: Mapping[Strategy, str] = MappingProxyType(
    {
        "one": CHOICE_TITLES["one"],
        "follow": CHOICE_TITLES["follow"],
        "each": f"{CHOICE_TITLES['each']}, matched",
        "unmatched": f"{CHOICE_TITLES['each']}, not matched",
    }
)


class Scores(NamedTuple):
    """What one strategy came to on a stack with one seed.

    Parameters
    ----------
    strategy
        Which one; ``unmatched`` is ``each`` with the labels of each plane numbered by size.
    seed
        Start of the random weights.
    labels
        How many labels a plane has, in the mean.
    overlap
        0…1, of each label with itself on neighbouring planes.
    kept
        0…1, the share of pixels that have the same label on the next plane.
    dice, dice_by_plane
        0…1, of the foreground, if each label is called foreground or background once for the
        whole stack, or on each plane anew; `None` without a truth.
    seconds
        What training and labelling took.
    """

    strategy: Strategy
    seed: int
    labels: float
    overlap: float
    kept: float
    dice: float | None
    dice_by_plane: float | None
    seconds: float


def compare_strategies(
    stack: StackImage, foreground: Masks | None, settings: Settings, seeds: int
) -> Iterator[Scores]:
    """Segment a stack by each strategy with several seeds, and score the labels.

    Parameters
    ----------
    stack
        The image, of two planes or more.
    foreground
        Of each plane, as `read_foreground` gives it, if a truth is known.
    settings
        The knobs of all runs but the strategy, and the first seed.
    seeds
        How many seeds, each one more than the one before.

    Yields
    ------
    Scores
        Four for each seed.

    Raises
    ------
    FileError
        If a plane cannot be read.
    ImageError
        If the image has one plane only.
    """
    if not list_neighbours(stack.axes):
        raise ImageError(f"a stack must have two planes at least; got {stack.axes.sentence}")
    for seed in range(settings.seed, settings.seed + seeds):
        for strategy in STRATEGIES:
            started = time.perf_counter()
            planes = _segment(stack, settings.change(strategy=strategy, seed=seed))
            seconds = time.perf_counter() - started
            yield Scores(strategy, seed, *_score(stack.axes, planes, foreground), seconds)
        planes = {position: number_by_size(labels) for position, labels in planes.items()}
        yield Scores("unmatched", seed, *_score(stack.axes, planes, foreground), seconds)


def read_foreground(axes: Axes, truth: StackImage) -> Masks:
    """Read what is foreground on each plane of a stack: the pixels of the truth above 0.

    Raises
    ------
    FileError
        If a plane cannot be read.
    ImageError
        If the truth has other planes than the stack, or channels.
    """
    expected, got = (
        [*(each.sizes[axis] for axis in each.stack), *each.plane_shape]
        for each in (axes, truth.axes)
    )
    if got != expected or truth.channels != 1:
        raise ImageError(
            f"the truth must have one channel and the planes of the image, {axes.sentence}; "
            f"got {truth.axes.sentence}"
        )
    places = zip(axes.list_positions(), truth.axes.list_positions(), strict=True)
    return {here: truth.read_channels(there)[0] > 0 for here, there in places}


def list_neighbours(axes: Axes) -> list[tuple[Position, Position]]:
    """List all pairs of planes that lie next to each other along a stack axis."""
    return [
        (here, (*here[:axis], at + 1, *here[axis + 1 :]))
        for here in axes.list_positions()
        for axis, at in enumerate(here)
        if at is not None and at + 1 < axes.sizes[axis]
    ]


def measure_overlap(labels: LabelMap, neighbour: LabelMap) -> float:
    """Average the intersection over union of each label with itself on the neighbouring plane.

    Parameters
    ----------
    labels, neighbour
        (H, W), numbers ≥ 0; each label that is on either plane counts the same.

    Examples
    --------
    >>> measure_overlap(np.array([[1, 1, 2, 2]], np.int32), np.array([[1, 1, 1, 3]], np.int32))
    0.2222222222222222
    """
    width = 1 + max(int(labels.max()), int(neighbour.max()))
    shared, *sizes = (
        np.bincount(part.ravel(), minlength=width)
        for part in (labels[labels == neighbour], labels, neighbour)
    )
    union = sum(sizes) - shared
    is_there = union > 0
    return float((shared[is_there] / union[is_there]).mean())


def count_foreground(labels: LabelMap, foreground: Mask, width: int) -> Counts:
    """Count the pixels of each label from 0 on, in the foreground and in all: (2, width)."""
    inside, everywhere = labels[foreground], labels.ravel()
    return np.stack([np.bincount(part, minlength=width) for part in (inside, everywhere)])


def find_best_dice(counts: Counts) -> float:
    """Find the Dice of the foreground if the best possible labels are called foreground.

    With each label that is taken the more, the share of foreground in it falls: the best choice
    is a beginning of that order, as Dice is a ratio of sums over the labels.

    Parameters
    ----------
    counts
        Of each label, the pixels in the foreground, and all of its pixels: (2, labels).

    Examples
    --------
    >>> find_best_dice(np.array([[8, 0, 2], [8, 10, 4]]))  # 2 × (8 + 2) / (12 + 10)
    0.9090909090909091
    """
    inside, everywhere = counts[:, counts[1] > 0]  # (labels,) each
    order = np.argsort(-inside / everywhere)
    called = np.cumsum(everywhere[order])
    return float((2 * np.cumsum(inside[order]) / (called + inside.sum())).max())


def measure_truth(axes: Axes, foreground: Masks) -> float:
    """Measure the overlap of the truth itself: of the foreground, and of the background."""
    masks = {position: mask * np.int32(1) for position, mask in foreground.items()}
    return _average_overlap([(masks[here], masks[there]) for here, there in list_neighbours(axes)])


def _average_overlap(pairs: Sequence[tuple[LabelMap, LabelMap]]) -> float:
    return float(np.mean([measure_overlap(*pair) for pair in pairs]))


def _segment(stack: StackImage, settings: Settings) -> Planes:
    with TemporaryDirectory() as folder:
        run = StackRun.begin(plan_stack(stack, Path(folder) / "labels.zarr", settings))
        for _ in run.train():
            pass
        return {position: run.store.read_plane(position) for position in run.segment()}


def _score(
    axes: Axes, planes: Planes, foreground: Masks | None
) -> tuple[float, float, float, float | None, float | None]:
    """Give the figures of `Scores` from the labels to the second Dice."""
    count = float(np.mean([len(np.unique(plane)) for plane in planes.values()]))
    pairs = [(planes[here], planes[there]) for here, there in list_neighbours(axes)]
    overlap = _average_overlap(pairs)
    kept = float(np.mean([(labels == neighbour).mean() for labels, neighbour in pairs]))
    if foreground is None:
        return count, overlap, kept, None, None
    width = 1 + max(int(plane.max()) for plane in planes.values())
    counts = [count_foreground(plane, foreground[at], width) for at, plane in planes.items()]
    once, anew = find_best_dice(np.sum(counts, axis=0)), find_best_dice(np.hstack(counts))
    return count, overlap, kept, once, anew


def write_comparison(scores: Sequence[Scores]) -> str:
    """Write the mean over the seeds, with the least and the most, as a table in Markdown."""
    head = ["strategy", "overlap", "kept", "Dice, labels called once", "Dice, on each plane anew"]
    frame = pd.DataFrame(scores).set_index("strategy")
    rows = []
    for strategy, title in TITLES.items():
        mine = frame.loc[[strategy]]
        row = [_write_range(mine[name]) for name in ("overlap", "kept", "dice", "dice_by_plane")]
        labels, seconds = mine["labels"].mean(), mine["seconds"].mean()
        rows.append([title, *row, f"{labels:.1f}", f"{seconds:.0f}"])
    return write_table([*head, "labels a plane", "seconds"], rows)


def _write_range(values: pd.Series) -> str:
    if values.isna().all():
        return "–"
    return f"{values.mean():.3f} ({values.min():.3f}–{values.max():.3f})"
