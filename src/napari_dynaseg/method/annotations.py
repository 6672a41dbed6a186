"""Annotations, label maps that a user gives to a run: what each kind is called, and must be."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import ImageError, SettingsError

HIGHEST = np.iinfo(np.int32).max


class AnnotationKind(NamedTuple):
    """A kind of label maps by which a user annotates a plane.

    Parameters
    ----------
    name
        What one is called.
    nothing
        What is said of one that is 0 everywhere.
    on_one
        What is said of a file that belongs to one image.
    """

    name: str
    nothing: str
    on_one: str

    def read(self, given: npt.ArrayLike, shape: tuple[int, ...]) -> npt.NDArray[np.integer[Any]]:
        """Read a map of a plane of a shape, (H, W); truth values are taken as 0 and 1.

        Raises
        ------
        ImageError
            If it holds no whole numbers, or has another shape.
        """
        labels = np.asarray(given)
        labels = labels.astype(np.uint8) if labels.dtype.kind == "b" else labels
        self.check_shape(labels, shape)
        return labels

    def check_shape(self, labels: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
        """Refuse a map that does not fit a plane of a shape, (H, W), or holds no whole numbers.

        Raises
        ------
        ImageError
            If it is such a map.
        """
        if labels.shape != shape or labels.dtype.kind not in "iu":
            raise ImageError(
                f"{self.name} must be whole numbers of shape {shape}; "
                f"got {labels.dtype} of shape {labels.shape}"
            )

    def check_labels(self, labels: npt.NDArray[np.integer[Any]], where: str = "") -> None:
        """Refuse labels below 0 or beyond int32.

        Parameters
        ----------
        labels
            0 where there is none.
        where
            Which map it is, for the message.

        Raises
        ------
        ImageError
            If there are such labels.
        """
        lowest, highest = int(labels.min()), int(labels.max())
        if lowest < 0 or highest > HIGHEST:
            got = f"{where} has" if where else "got"
            raise ImageError(
                f"{self.name} must be labels from 1 on that int32 holds; "
                f"{got} {lowest} to {highest}"
            )

    def check_some(self, labels: npt.NDArray[np.integer[Any]]) -> None:
        """Refuse a map that is 0 everywhere.

        Raises
        ------
        ImageError
            If it is.
        """
        if not labels.any():
            raise ImageError(f"{self.nothing}; expected labels from 1 on, and 0 for none")

    def refuse_network(self) -> None:
        """Refuse a network that was trained before.

        Raises
        ------
        SettingsError
            Always.
        """
        raise SettingsError(
            f"a network that was trained before is applied as it is; got {self.name} as well"
        )


SCRIBBLES = AnnotationKind("scribbles", "nothing is scribbled", "is scribbled on one image")
GUIDANCE = AnnotationKind("guidance", "there is no guidance", "guides on one image")
