"""How well labels find cells: foreground, objects, and their scores."""

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.protocol import Integers, count_shared
from napari_dynaseg.labels.numbering import Mask

# An object is found if it overlaps a true one by more than this; then no two can.
NEEDED_OVERLAP = 0.5
# Two middles of touching cells are no closer than this, in pixels.
CLOSEST_MIDDLES = 15


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
    sizes = np.bincount(labels.ravel())
    inside = np.bincount(labels[truth], minlength=len(sizes))
    foreground: Mask = (2 * inside > sizes)[labels]
    return foreground


def find_parts(foreground: Mask) -> Integers:
    """Number the connected parts of the foreground from 1; 0 elsewhere."""
    from skimage.measure import label

    parts: Integers = label(foreground, connectivity=1)
    return parts


def split_by_watershed(foreground: Mask) -> Integers:
    """Number the objects of a foreground from 1, touching ones parted by watershed; 0 elsewhere.

    It runs down from the places that are deepest inside.
    """
    from scipy.ndimage import distance_transform_edt
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    depth = distance_transform_edt(foreground)
    parts = find_parts(foreground)
    middles = peak_local_max(
        depth, min_distance=CLOSEST_MIDDLES, labels=parts, exclude_border=False
    )
    markers = np.zeros(foreground.shape, np.int32)
    markers[tuple(middles.T)] = np.arange(1, len(middles) + 1)
    objects: Integers = watershed(-depth, markers, mask=foreground)
    return objects


def measure_dice(foreground: Mask, truth: Mask) -> float:
    """Measure twice the shared pixels as a share of both; 1 if both are empty."""
    both = int(foreground.sum()) + int(truth.sum())
    return float(2 * (foreground & truth).sum() / both) if both else 1.0


def measure_precision(objects: Integers, truth: Integers) -> float:
    """Measure the average precision at IoU 0.5: found / (found + invented + missed) objects.

    As in the Data Science Bowl 2018; 1 if there are none, true or not.

    Parameters
    ----------
    objects, truth
        (H, W), one number ≥ 1 an object, 0 where there is none.
    """
    shared: npt.NDArray[np.int64] = count_shared(objects, truth)
    union = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True) - shared
    overlaps = (shared / np.maximum(union, 1))[1:, 1:]
    found = int((overlaps > NEEDED_OVERLAP).sum())
    predicted = int((shared.sum(axis=0)[1:] > 0).sum())
    true = int((shared.sum(axis=1)[1:] > 0).sum())
    return found / (predicted + true - found) if predicted + true else 1.0
