"""The accuracy protocol of the papers: how well predicted segments cover those that people drew.

Labels are split into connected components (4-connectivity) first. The score of a true segment is
its largest intersection over union with any predicted segment. *All* is the mean over all true
segments of all maps of all images, pooled (Kim, Kanezaki and Tanaka 2020, section V); *Fine* takes
of each image only the map with the most segments, *Coarse* the one with the fewest, *Mean* is the
average of the three; covering weighs each segment by its pixels (Arbeláez et al. 2011, equation 3).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import ImageError

Integers = npt.NDArray[np.integer]
Numbers = npt.NDArray[np.floating]
# Contingencies: for each true segment (rows) and each component (columns) the pixels they share.
Table = npt.NDArray[np.int64]
# Of each true segment its largest intersection over union, 0…1, and its pixels: (segments, 2).
Segments = npt.NDArray[np.float64]


def pool_kinds(images: Sequence[Sequence[Segments]]) -> dict[str, float]:
    """Score a set of images by *All*, *Fine*, *Coarse*, *Mean* and covering.

    Parameters
    ----------
    images
        For each image the segments of each map that was drawn of it. Of two maps of as many
        segments the first one counts as fine or coarse.
    """
    pooled = np.concatenate([segments for maps in images for segments in maps])
    fine = np.concatenate([max(maps, key=len) for maps in images])
    coarse = np.concatenate([min(maps, key=len) for maps in images])
    kinds = {
        name: float(segments[:, 0].mean())
        for name, segments in (("all", pooled), ("fine", fine), ("coarse", coarse))
    }
    covering = float(np.average(pooled[:, 0], weights=pooled[:, 1]))
    return {**kinds, "mean": sum(kinds.values()) / 3, "covering": covering}


def find_components(labels: Integers) -> Integers:
    """Split labels into connected components, numbered from 0.

    Examples
    --------
    >>> find_components(np.array([[7, 7, 2, 7]]))
    array([[0, 0, 1, 2]])
    """
    from skimage.measure import label

    components: Integers = label(labels, connectivity=1, background=-1) - 1
    return components


def check_truth(truth: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
    """Check that a truth has the size of its image.

    Raises
    ------
    ImageError
        If it has another.
    """
    if truth.shape != shape:
        raise ImageError(f"the truth must have the size of its image, {shape}; got {truth.shape}")


def count_contingencies(components: Integers, truth: Integers) -> Table:
    """Count the pixels that each true segment (row) shares with each component (column).

    Parameters
    ----------
    components
        (H, W), numbered from 0.
    truth
        (H, W), one number ≥ 0 a segment; pixels below 0 are left out.
    """
    check_truth(truth, components.shape)
    width = int(components.max()) + 1
    truth = truth.astype(np.int64).ravel()
    pairs = (truth * width + components.ravel())[truth >= 0]
    table: Table = np.bincount(pairs, minlength=(max(0, int(truth.max())) + 1) * width)
    return table.reshape(-1, width)


def measure_overlaps(table: Table) -> Numbers:
    """Measure the intersection over union of each true segment with each component."""
    union = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
    overlaps: Numbers = table / np.maximum(union, 1)
    return overlaps


def score_table(table: Table) -> Segments:
    """Score the segments of one true map, from the pixels that it shares with components."""
    segments = np.column_stack([measure_overlaps(table).max(axis=1), table.sum(axis=1)])
    there: Segments = segments[segments[:, 1] > 0]
    return there
