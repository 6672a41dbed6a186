"""The accuracy protocol of the papers: how well predicted segments cover those that people drew.

Labels are split into connected components (4-connectivity) first. The score of a true segment is
its largest intersection over union with any predicted segment. *All* is the mean over all true
segments of all maps of all images, pooled (Kim, Kanezaki and Tanaka 2020, section V); *Fine* takes
of each image only the map with the most segments, *Coarse* the one with the fewest, *Mean* is the
average of the three; covering weighs each segment by its pixels (Arbeláez et al. 2011, equation 3).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.integer]
Numbers = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class SegmentScores:
    """The scores of true segments.

    Parameters
    ----------
    overlaps
        The largest intersection over union of each true segment, 0…1.
    sizes
        Pixels of each true segment.
    """

    overlaps: Numbers
    sizes: Integers

    @classmethod
    def pool(cls, parts: Iterable["SegmentScores"]) -> "SegmentScores":
        """Put the segments of several maps together."""
        overlaps, sizes = zip(*((part.overlaps, part.sizes) for part in parts), strict=True)
        return cls(np.concatenate(overlaps), np.concatenate(sizes))

    @property
    def mean(self) -> float:
        """The mean over the segments: *All*, if every map's are here."""
        return float(self.overlaps.mean())

    @property
    def covering(self) -> float:
        """The mean over the pixels."""
        return float((self.overlaps * self.sizes).sum() / self.sizes.sum())


def pool_kinds(images: Sequence[Sequence[SegmentScores]]) -> dict[str, float]:
    """Score a set of images by *All*, *Fine*, *Coarse*, *Mean* and covering.

    Parameters
    ----------
    images
        For each image the scores of each map that was drawn of it. Of two maps of as many
        segments the first one counts as fine or coarse.
    """
    pooled = SegmentScores.pool(score for maps in images for score in maps)
    fine = SegmentScores.pool(max(maps, key=_count_segments) for maps in images)
    coarse = SegmentScores.pool(min(maps, key=_count_segments) for maps in images)
    kinds = {"all": pooled.mean, "fine": fine.mean, "coarse": coarse.mean}
    return {**kinds, "mean": sum(kinds.values()) / 3, "covering": pooled.covering}


def _count_segments(scores: SegmentScores) -> int:
    return len(scores.overlaps)


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


def score_labels(labels: Integers, truths: Iterable[Integers]) -> SegmentScores:
    """Score a label map against the maps that people drew of the image.

    Parameters
    ----------
    labels
        (H, W), numbers ≥ 0.
    truths
        True segments, each map (H, W), one number ≥ 0 a segment; pixels below 0 are left out.
    """
    components = find_components(labels)
    return SegmentScores.pool(score_table(count_shared(components, truth)) for truth in truths)


def count_shared(components: Integers, truth: Integers) -> npt.NDArray[np.int64]:
    """Count the pixels that each true segment (row) shares with each component (column).

    Parameters
    ----------
    components
        (H, W), numbered from 0.
    truth
        (H, W), one number ≥ 0 a segment; pixels below 0 are left out.
    """
    width = int(components.max()) + 1
    truth = truth.astype(np.int64).ravel()
    pairs = (truth * width + components.ravel())[truth >= 0]
    shared: npt.NDArray[np.int64] = np.bincount(
        pairs, minlength=(max(0, int(truth.max())) + 1) * width
    )
    return shared.reshape(-1, width)


def score_table(shared: npt.NDArray[np.int64]) -> SegmentScores:
    """Score the segments of one true map, from the pixels that it shares with components."""
    true_sizes, sizes = shared.sum(axis=1), shared.sum(axis=0)
    union = true_sizes[:, None] + sizes[None] - shared
    best = (shared / np.maximum(union, 1)).max(axis=1)
    is_there = true_sizes > 0
    return SegmentScores(best[is_there], true_sizes[is_there])
