"""A contact sheet: a plane segmented small by every scheme with a handful of μ, to choose from."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap, count_labels, freeze, number_by_size
from napari_dynaseg.method.subsampling import choose_samples, enlarge_labels
from napari_dynaseg.settings import SCHEMES, Scheme, Settings, describe_knob

if TYPE_CHECKING:
    from napari_dynaseg.regions.tree import Tree

# How far the μ of a sheet lie from the default of their scheme: steps of about one to three.
FACTORS = (0.3, 1.0, 3.0, 10.0)

# A plane is reduced until it has no more pixels than this: further than for a run, since a sheet
# is a dozen runs. They find more labels than a run does, but compare to each other as runs do.
MOST_PIXELS = 6_000


@dataclass(frozen=True, eq=False)
class Trial:
    """What one scheme and μ make of a plane.

    Parameters
    ----------
    settings
        The knobs of the trial.
    labels
        int32, read-only: as a run's labels, (H, W) with the outlines of the tree; without a tree
        (h, w) of the reduced plane.
    count
        How many labels that are.
    seconds
        How long the trial took.
    """

    settings: Settings
    labels: LabelMap
    count: int
    seconds: float


def list_choices(
    settings: Settings, defaults: Mapping[Scheme, float] | None = None
) -> tuple[Settings, ...]:
    """List the settings of a sheet: scheme by scheme, μ rising.

    Parameters
    ----------
    settings
        The other knobs; the quality is always fast.
    defaults
        The μ in whose midst those of a scheme lie; by default that of `SCHEMES`.

    Returns
    -------
    tuple
        For each scheme as many settings as there are `FACTORS`. A μ beyond the range of the knob
        is the end of that range.

    Examples
    --------
    >>> [(choice.scheme, choice.mu) for choice in list_choices(Settings())[:5]]
    [('scf', 15.0), ('scf', 50.0), ('scf', 150.0), ('scf', 500.0), ('fsf', 4.5)]
    """
    middles = {name: SCHEMES[name].default_mu for name in SCHEMES}
    middles |= {name: mu for name, mu in (defaults or {}).items() if name in middles}
    return tuple(
        settings.change(scheme=scheme, mu=_multiply_mu(middle, factor), quality="fast")
        for scheme, middle in middles.items()
        for factor in FACTORS
    )


def _multiply_mu(mu: float, factor: float) -> float:
    knob = describe_knob("mu")
    rounded = mu if factor == 1 else float(f"{mu * factor:.3g}")
    return float(min(max(rounded, knob["minimum"]), knob["maximum"]))


def reduce_plane(plane: Plane) -> Plane:
    """Reduce a plane to the size of a sheet's pictures.

    Parameters
    ----------
    plane
        float32, (C, H, W).

    Returns
    -------
    numpy.ndarray
        float32, (C, h, w), one pixel of each square of the plane.

    Raises
    ------
    ImageError
        If it has no three axes.
    """
    if plane.ndim != 3:
        raise ImageError(f"a plane must have shape (C, H, W); got {plane.shape}")
    _, height, width = plane.shape
    samples = choose_samples((height, width), _choose_side(height, width))
    return np.ascontiguousarray(plane[:, *samples])


def _choose_side(height: int, width: int) -> int:
    """Choose by which whole number a plane is reduced."""
    return next(
        side
        for side in count(1)
        if math.ceil(height / side) * math.ceil(width / side) <= MOST_PIXELS
    )


def iter_trials(plane: Plane, choices: Iterable[Settings]) -> Iterator[Trial | None]:
    """Try settings on a reduced plane, one after the other.

    Parameters
    ----------
    plane
        float32, (C, H, W); its tree gives the outlines.
    choices
        The settings, as from `list_choices`.

    Yields
    ------
    Trial or None
        A trial as soon as it has ended, in the order of the choices; `None` after every
        iteration, so that whoever asks can leave there.

    Raises
    ------
    ImageError
        If the plane has another shape or dtype, or values that are not finite.
    SettingsError
        If the device is not there.
    """
    # Imported here: the viewer lists the choices without waiting for torch.
    from napari_dynaseg.method.run import iter_fit
    from napari_dynaseg.regions.tree import build_tree

    choices, reduced = list(choices), reduce_plane(plane)
    tree = None
    for settings in choices:
        started = time.monotonic()
        if tree is None and settings.needs_tree:
            tree = build_tree(plane)
        for step in iter_fit(reduced, settings.change(result="clusters", clean=False)):
            last = step
            yield None
        labels = _label(last.clusters, settings, tree)
        yield Trial(settings, labels, count_labels(labels), time.monotonic() - started)


def _label(clusters: LabelMap, settings: Settings, tree: "Tree | None") -> LabelMap:
    from napari_dynaseg.method.label_tree import LabelTree

    if tree is None or not settings.needs_tree:
        return freeze(number_by_size(clusters))
    height, width = tree.superpixels.shape
    side = _choose_side(height, width)
    numbers = np.arange(settings.channels + 1, dtype=np.int32)
    enlarged = enlarge_labels(clusters, side, (height, width))
    labels = LabelTree.of(tree, enlarged, numbers, settings.result).cut(settings.detail)
    return freeze(labels if settings.result == "regions" else number_by_size(labels))
