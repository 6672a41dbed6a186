"""What scribbles are worth: runs without them, with them, and after one round of correction."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.accuracy.bsds500 import read_truths
from benchmarks.accuracy.protocol import (
    Integers,
    check_truth,
    count_contingencies,
    find_components,
    measure_overlaps,
)
from benchmarks.accuracy.voc2012 import read_mask
from napari_dynaseg.errors import FileError
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.reader import read_plane
from napari_dynaseg.image.stack_image import Channels, StackImage
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.method.run import run
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.recipes.training_planes import TrainingPlanes
from napari_dynaseg.settings import Settings

STROKE_WIDTH = 5
# Of a photograph's segments, those of such a share are worth two strokes.
SMALLEST_SHARE, LARGEST_SHARE = 0.02, 0.3


class ScribbleScores(NamedTuple):
    """Mean IoU of the classes of one image, 0…1."""

    image: str
    without: float
    scribbled: float
    corrected: float


class RefineScores(NamedTuple):
    """What two strokes on the worst segment of one image did.

    Parameters
    ----------
    image
        Its name.
    before, after
        The best IoU of that segment with a region.
    others
        The mean change of that of the other segments.
    seconds
        That refining took.
    """

    image: str
    before: float
    after: float
    others: float
    seconds: float


def measure_scribbles(folder: Path, settings: Settings) -> Iterator[ScribbleScores]:
    """Measure the images of a folder, each with ``_scribble.png`` and ``_gt_class.png`` beside it.

    Without scribbles a class is given its best label; with them, the label that was scribbled.
    The correction is one stroke where the worst class is missed.

    Raises
    ------
    FileError
        If there are no such images.
    """
    scribbles = sorted(folder.glob("*_scribble.png"))
    if not scribbles:
        raise FileError(f"{folder} must hold images with *_scribble.png beside them; found none")
    for path in scribbles:
        name = path.name.removesuffix("_scribble.png")
        channels = read_plane(folder / f"{name}.jpg")
        drawn, truth = _read_classes(path), _read_classes(folder / f"{name}_gt_class.png")
        for classes in (drawn, truth):
            check_truth(classes, channels.shape[1:])
        without = _train(channels, settings, None)[0]
        labels, network = _train(channels, settings, drawn)
        scores = score_classes(labels, truth, is_named=True)
        worst = min(scores, key=lambda number: scores[number])
        missed = (truth == worst) & (labels != worst)
        strokes = draw_strokes(missed, 1) if missed.any() else missed
        labels[strokes] = worst
        painted = strokes | (drawn > 0)
        corrected, _ = run_through(network.refine(channels, labels, painted, settings))
        yield ScribbleScores(
            name,
            _average(score_classes(without, truth, is_named=False)),
            _average(scores),
            _average(score_classes(corrected.labels, truth, is_named=True)),
        )


def measure_refining(images: Sequence[Path], settings: Settings) -> Iterator[RefineScores]:
    """Paint two strokes on the worst segment of each image of BSDS500, and refine.

    Of the maps that people drew the one with the fewest segments counts, and of these the one
    of 2 to 30 % of the image that the run met worst. Images without such a one are left out.
    """
    for image in images:
        channels = read_plane(image)
        truth = min(read_truths(image), key=lambda drawn: len(np.unique(drawn))).astype(np.int32)
        labels, network = _train(channels, settings, None)
        before = score_classes(find_components(labels), truth, is_named=False)
        shares = {number: float((truth == number).mean()) for number in before}
        fitting = [n for n, share in shares.items() if SMALLEST_SHARE < share < LARGEST_SHARE]
        if not fitting:
            continue
        worst = min(fitting, key=lambda number: before[number])
        strokes = draw_strokes(truth == worst, 2)
        labels[strokes] = labels.max() + 1
        started = time.perf_counter()
        refined, _ = run_through(network.refine(channels, labels, strokes, settings))
        seconds = time.perf_counter() - started
        after = score_classes(find_components(refined.labels), truth, is_named=False)
        others = [after[n] - before[n] for n in before if n != worst]
        yield RefineScores(
            image.name, before[worst], after[worst], float(np.mean(others or [0])), seconds
        )


def draw_strokes(region: Mask, count: int) -> Mask:
    """Draw straight strokes, across and down in turn, through the widest places of a region.

    Parameters
    ----------
    region
        (H, W), not empty; the strokes stay inside.
    count
        How many.
    """
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    strokes = np.zeros_like(region)
    rows, columns = np.ogrid[: region.shape[0], : region.shape[1]]
    half = STROKE_WIDTH // 2
    for place in range(count):
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        reach = max(8, 1.2 * depth[row, column])
        down, across = np.abs(rows - row), np.abs(columns - column)
        thin, long = (down, across) if place % 2 == 0 else (across, down)
        strokes |= (thin <= half) & (long < reach)
        depth = np.where(np.hypot(down, across) > 2 * reach, depth, 0)
    inside: Mask = strokes & region
    return inside


def _train(
    channels: Channels, settings: Settings, drawn: LabelMap | None
) -> tuple[LabelMap, TrainedNetwork]:
    """Run on one image; give its labels, with what was drawn on them, and the network."""
    stack = StackImage((channels,), parse_axes("CYX", channels.shape), "image")
    training = TrainingPlanes.read(stack, [(None, None, None)])
    result = run_through(run(training.prepare(settings, scribbled=drawn)))
    return result.labels.copy(), training.keep_network(result)


def _read_classes(path: Path) -> LabelMap:
    """Read a map of classes, numbered from 1; 0 where there is nothing."""
    return (read_mask(path) + 1).astype(np.int32)


def score_classes(labels: Integers, truth: LabelMap, is_named: bool) -> dict[int, float]:
    """Give the IoU of each class or segment with the label of its number, or the best with any."""
    table = count_contingencies(labels, np.where(truth > 0, truth, -1))
    overlaps = measure_overlaps(np.pad(table, ((0, 0), (0, len(table)))))
    found = overlaps.diagonal() if is_named else overlaps.max(axis=1)
    return {number: float(found[number]) for number in np.unique(truth[truth > 0]).tolist()}


def _average(scores: dict[int, float]) -> float:
    return float(np.mean(list(scores.values())))
