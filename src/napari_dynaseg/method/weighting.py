"""The weight w of the continuity term: SCF, FSF and Fixed, from q' and μ."""

from typing import Any

from napari_dynaseg.settings import Scheme


def continuity_weight(scheme: Scheme, mu: float, labels_in_use: Any) -> Any:
    """Give the weight w of the continuity term at one iteration.

    Parameters
    ----------
    scheme
        ``"scf"``, w = μ / q' (equation 3 of the dynamically weighted loss paper): similarity
        first, continuity as labels merge. ``"fsf"``, w = q' / μ (equation 2): continuity first,
        similarity later. ``"fixed"``, w = μ (Kim, Kanezaki and Tanaka 2020, equation 1).
    mu
        The balance μ, above 0.
    labels_in_use
        q', the number of different labels in the present label map, at least 1: a number, or
        a scalar tensor, which the weight then is as well.

    Examples
    --------
    >>> continuity_weight("scf", 50.0, 100)
    0.5
    """
    match scheme:
        case "scf":
            return mu / labels_in_use
        case "fsf":
            return labels_in_use / mu
        case "fixed":
            return mu + 0 * labels_in_use
