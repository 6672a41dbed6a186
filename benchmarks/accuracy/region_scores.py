"""Region scores of Arbeláez et al. 2011, section 3.2, from the contingencies of segments."""

import numpy as np

from benchmarks.accuracy.protocol import Table


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
