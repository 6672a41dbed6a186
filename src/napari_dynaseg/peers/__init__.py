"""The methods of the paper's table, by name: what benchmark, command line and panel offer."""

from types import MappingProxyType
from typing import Any

import numpy.typing as npt

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.peers.graph_based import GraphKnobs
from napari_dynaseg.peers.iic import IicKnobs
from napari_dynaseg.peers.kmeans import KMeansKnobs
from napari_dynaseg.peers.method import Method, Outcome, Preview, Work
from napari_dynaseg.peers.otsu import OtsuKnobs
from napari_dynaseg.peers.superpixels import SuperpixelKnobs
from napari_dynaseg.settings import SCHEMES, Scheme, Settings

__all__ = ["METHODS", "Method", "Outcome", "Preview", "Work", "find_method", "run_peer"]

_HERE = __name__


def _weighted(scheme: Scheme, source: str) -> Method:
    fixed = {"scheme": scheme}
    return Method(scheme, SCHEMES[scheme].title, source, f"{_HERE}.weighted", Settings, fixed)


# In the order of the paper's table, then what is not in it. A further method needs a line here
# and a module with `run`.
METHODS: MappingProxyType[str, Method] = MappingProxyType(
    {
        method.name: method
        for method in (
            Method("iic", "IIC", "Ji et al. 2019", f"{_HERE}.iic", IicKnobs),
            Method("kmeans", "k-means", "MacQueen 1967", f"{_HERE}.kmeans", KMeansKnobs),
            Method(
                "graph",
                "Graph-based",
                "Felzenszwalb and Huttenlocher 2004",
                f"{_HERE}.graph_based",
                GraphKnobs,
            ),
            Method(
                "superpixels",
                "CNN + superpixels",
                "Kanezaki 2018",
                f"{_HERE}.superpixels",
                SuperpixelKnobs,
            ),
            _weighted("fixed", "Kim et al. 2020"),
            _weighted("scf", "this paper"),
            _weighted("fsf", "this paper"),
            Method("otsu", "Otsu's threshold", "Otsu 1979", f"{_HERE}.otsu", OtsuKnobs),
        )
    }
)


def find_method(name: str) -> Method:
    """Find a method by its name.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    if name not in METHODS:
        raise SettingsError(f"there is no method {name!r}; the methods are {', '.join(METHODS)}")
    return METHODS[name]


def run_peer(
    name: str, image: npt.ArrayLike, *, channel_axis: int | None = None, **knobs: Any
) -> LabelMap:
    """Segment one image by a method of the table.

    Parameters
    ----------
    name
        One of `METHODS`.
    image, channel_axis
        As for `napari_dynaseg.image.pixels.to_plane`.
    **knobs
        Those of the method, such as ``clusters`` of k-means.

    Returns
    -------
    numpy.ndarray
        int32, (H, W), labels 1…K by falling size, or as regions are numbered.

    Raises
    ------
    ImageError
        If the image cannot be read as one plane.
    SettingsError
        If there is no such method or knob, or its value is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> run_peer("graph", np.repeat([[0, 255]], 8, axis=1).repeat(16, axis=0).astype(np.uint8))[0]
    array([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2], dtype=int32)
    """
    method = find_method(name)
    work = method.begin(to_plane(image, channel_axis), method.configure(**knobs))
    return run_through(work).labels
