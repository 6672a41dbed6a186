"""A mask that limits a run: what lies outside takes no part in the training, and gets label 0."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import ImageError
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.labels.run_length import Runs, decode, encode
from napari_dynaseg.record import Record


class RegionOfInterest(Record):
    """The pixels of a plane that a run is limited to.

    The network trains on the box around the mask. In that box the pixels outside the mask are
    replaced by those inside, mirrored at its edge: so what lies outside has no influence on the
    labels, but for the scaling of intensities, which is that of the whole plane. The loss and q'
    go over the whole box. Outside the mask the labels are 0.

    Parameters
    ----------
    shape
        (H, W) of the plane.
    covered
        The pixels of the mask, as runs.
    """

    shape: tuple[int, int]
    covered: Runs

    @classmethod
    def of(cls, mask: npt.ArrayLike, shape: tuple[int, ...]) -> "RegionOfInterest":
        """Take a mask for a plane.

        Parameters
        ----------
        mask
            (H, W), numbers or booleans; pixels above 0 are inside.
        shape
            (H, W) of the plane.

        Raises
        ------
        ImageError
            If the mask has another shape, holds no numbers, or covers less than two pixels.
        """
        array = np.asarray(mask)
        if array.shape != tuple(shape) or array.dtype.kind not in "buif":
            raise ImageError(
                f"a mask must have the plane's shape {tuple(shape)}; "
                f"got {array.dtype} of shape {array.shape}"
            )
        inside = array > 0
        if np.count_nonzero(inside) < 2:
            raise ImageError(
                "a mask must cover at least two pixels of the plane; "
                f"got {np.count_nonzero(inside)} above 0"
            )
        (covered,) = encode(inside.astype(np.int8))
        height, width = inside.shape
        return cls(shape=(height, width), covered=covered)

    @cached_property
    def mask(self) -> Mask:
        """The mask, (H, W); read-only.

        Raises
        ------
        FileError, ImageError
            If it was stored and cannot be read.
        """
        mask = decode([self.covered], self.shape) > 0
        mask.setflags(write=False)
        return mask

    @cached_property
    def box(self) -> tuple[slice, slice]:
        """The box around the mask."""
        rows, columns = (np.flatnonzero(self.mask.any(axis=axis)) for axis in (1, 0))
        return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)

    def crop(self, channels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Cut the box out of a plane; outside the mask it mirrors what is inside.

        Parameters
        ----------
        channels
            (C, H, W), of any dtype.

        Returns
        -------
        numpy.ndarray
            (C, height of the box, width of the box), the same dtype, its own memory.

        Raises
        ------
        ImageError
            If the plane has another shape than the mask.
        """
        if channels.shape[1:] != self.shape:
            raise ImageError(
                f"the run was limited to a part of a plane of shape {self.shape}, "
                f"and cannot be on one of shape {channels.shape[1:]}"
            )
        box = channels[:, *self.box]
        return np.ascontiguousarray(box[:, *_find_mirrored(self.mask[self.box])])

    def cut(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Cut the box out of a map, (H, W), and set what is outside the mask to 0."""
        return np.where(self.mask[self.box], pixels[self.box], np.zeros_like(pixels[:1, :1]))

    def keep(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Set what is outside the mask to 0 in a map, (H, W)."""
        return np.where(self.mask, pixels, np.zeros_like(pixels[:1, :1]))

    def place(self, labels: LabelMap, around: LabelMap | None = None) -> LabelMap:
        """Put the labels of the box where they belong.

        Parameters
        ----------
        labels
            Of the box.
        around
            (H, W), what is outside the mask; by default 0.

        Returns
        -------
        numpy.ndarray
            int32, (H, W), its own memory.
        """
        placed: LabelMap = np.zeros(self.shape, np.int32) if around is None else around.copy()
        placed[self.mask] = labels[self.mask[self.box]]
        return placed


def _find_mirrored(inside: Mask) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Find for each pixel of a box the one inside that stands for it.

    A pixel outside takes the one as far inside, on the other side of the nearest edge; where
    that is not inside, the one at the edge.
    """
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(~inside, return_distances=False, return_indices=True)
    here = np.indices(inside.shape)
    ends = np.array(inside.shape)[:, None, None] - 1
    mirrored = np.clip(2 * nearest - here, 0, ends)
    rows, columns = np.where(inside[tuple(mirrored)], mirrored, nearest)
    return rows, columns
