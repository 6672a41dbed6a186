"""How well labels find cells: foreground, objects, and their scores."""

import numpy as np

from benchmarks.accuracy.protocol import (
    Integers,
    check_truth,
    count_contingencies,
    measure_overlaps,
)
from napari_dynaseg.labels.edits import cut_regions
from napari_dynaseg.labels.numbering import Mask

# An object is found if it overlaps a true one by more than this; then no two can.
NEEDED_OVERLAP = 0.5
# The middles of two touching cells are no closer than this, in pixels.
MIN_DISTANCE = 15


def choose_foreground(labels: Integers, truth: Mask) -> Mask:
    """Call each cluster foreground that lies more inside the true one than outside.

    Parameters
    ----------
    labels
        (H, W), numbers ≥ 0, one a cluster.
    truth
        (H, W).

    Examples
    --------
    >>> choose_foreground(np.array([[1, 1, 1, 2]]), np.array([[True, True, False, False]]))
    array([[ True,  True,  True, False]])
    """
    check_truth(truth, labels.shape)
    sizes = np.bincount(labels.ravel())
    inside = np.bincount(labels[truth], minlength=len(sizes))
    foreground: Mask = (2 * inside > sizes)[labels]
    return foreground


def find_objects(foreground: Mask) -> Integers:
    """Number the connected components of the foreground from 1; 0 elsewhere."""
    from skimage.measure import label

    objects: Integers = label(foreground, connectivity=1)
    return objects


def split_by_watershed(foreground: Mask) -> Integers:
    """Number the objects of a foreground from 1, touching ones parted by watershed; 0 elsewhere."""
    return cut_regions(find_objects(foreground), MIN_DISTANCE)


def measure_dice(foreground: Mask, truth: Mask) -> float:
    """Measure twice the shared pixels as a share of both; 1 if both are empty."""
    both = int(foreground.sum()) + int(truth.sum())
    return float(2 * (foreground & truth).sum() / both) if both else 1.0


def measure_precision(objects: Integers, truth: Integers) -> float:
    """Measure the average precision at IoU 0.5: true positives / (all positives + false negatives).

    As in the Data Science Bowl 2018; 1 if there are none, true or not.

    Parameters
    ----------
    objects, truth
        (H, W), one number ≥ 1 an object, 0 where there is none.
    """
    table = count_contingencies(objects, truth)
    found = int((measure_overlaps(table)[1:, 1:] > NEEDED_OVERLAP).sum())
    true, predicted = (int((table.sum(axis=axis)[1:] > 0).sum()) for axis in (1, 0))
    return found / (predicted + true - found) if predicted + true else 1.0
