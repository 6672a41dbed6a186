"""Maps of labels that draw the pixels of a picture: scribbles and a guidance, as one value."""

from typing import NamedTuple

from napari_dynaseg.labels.numbering import LabelMap


class Annotations(NamedTuple):
    """What draws the pixels of a picture, (H, W) each; `None` where there is no such.

    Parameters
    ----------
    scribbles
        The channel that the user wants, 1…q; 0 where any is right.
    guidance
        Another segmentation; 0 where there is none, -1 where it could not be.
    """

    scribbles: LabelMap | None = None
    guidance: LabelMap | None = None


NO_ANNOTATIONS = Annotations()
# What they say of the planes that are trained on beside the first.
ELSEWHERE = 0, -1
