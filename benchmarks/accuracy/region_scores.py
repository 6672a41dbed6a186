"""Region scores of Arbeláez et al. 2011, section 3.2, from the contingencies of segments."""

import numpy as np

from benchmarks.accuracy.protocol import Table, measure_overlaps


def measure_rand_index(table: Table) -> float:
    """Measure the share of pixel pairs that both maps join, or both part (Rand 1971).

    The mean over the annotators of an image is its probabilistic Rand index (Unnikrishnan,
    Pantofaru and Hebert 2007).

    Examples
    --------
    >>> measure_rand_index(np.array([[1, 1]]))  # one pair: joined by the truth, parted by labels
    0.0
    """
    counts = table.astype(np.float64)
    pixels = counts.sum()
    truth, labels, both = (
        float((part**2).sum()) for part in (counts.sum(axis=1), counts.sum(axis=0), counts)
    )
    return float(1 - ((truth + labels) / 2 - both) / (pixels * (pixels - 1) / 2))


def measure_variation(table: Table) -> float:
    """Measure the variation of information in bits (Meilă 2007): 0 for equal maps.

    Examples
    --------
    >>> measure_variation(np.array([[1, 1]]))
    1.0
    """
    from scipy.stats import entropy

    parts = table.sum(axis=1), table.sum(axis=0), table.ravel()
    truth, labels, both = (entropy(part, base=2) for part in parts)
    return float(2 * both - truth - labels)


def measure_many_to_one(table: Table) -> float:
    """Measure the mean overlap of the true segments with the labels that are given to them.

    Each label, as it is and not split into components, is given to the true segment with which
    its intersection over union is largest; what is given to one segment is united, and one that
    gets nothing scores 0. So ``match_classes`` and ``calculate_miou`` in evaluation/metrics.py of
    github.com/RyersonMultimediaLab/DynaGuide (Guermazi, Ksantini and Khan 2025) have it. There
    each image has one true map; how it is made of those of several people is not told. The
    public evaluation of DynaSeg on COCO matches one to one over all images.

    Examples
    --------
    >>> measure_many_to_one(np.array([[2, 2, 0], [0, 1, 2], [0, 1, 0]]))  # the third gets nothing
    0.4444444444444444
    """
    there = table[table.sum(axis=1) > 0]
    given = np.eye(len(there), dtype=np.int64)[measure_overlaps(there).argmax(axis=0)]
    united = there @ given  # (segments, segments): the pixels of one given to the other
    return float(measure_overlaps(united).diagonal().mean())
