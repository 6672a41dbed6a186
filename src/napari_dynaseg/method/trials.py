"""A contact sheet: a plane segmented small by every scheme with a handful of μ, to choose from."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np

from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap, freeze, number_by_size
from napari_dynaseg.method.subsampling import choose_samples
from napari_dynaseg.settings import PUBLISHED_SCHEMES, SCHEMES, Scheme, Settings, describe_knob

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
        int32, (h, w) of the reduced plane, labels 1…K by falling size; read-only.
    labels_in_use
        q', how many labels that are.
    seconds
        How long the trial took.
    """

    settings: Settings
    labels: LabelMap
    labels_in_use: int
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
    middles = {name: SCHEMES[name].default_mu for name in PUBLISHED_SCHEMES}
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
    reduction = next(
        side
        for side in count(1)
        if math.ceil(height / side) * math.ceil(width / side) <= MOST_PIXELS
    )
    return np.ascontiguousarray(plane[:, *choose_samples((height, width), reduction)])


def iter_trials(reduced: Plane, choices: Iterable[Settings]) -> Iterator[Trial | None]:
    """Try settings on a reduced plane, one after the other.

    Parameters
    ----------
    reduced
        What `reduce_plane` gives.
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

    for settings in choices:
        started = time.monotonic()
        for step in iter_fit(reduced, settings):
            last = step
            yield None
        labels = freeze(number_by_size(last.labels))
        yield Trial(settings, labels, last.labels_in_use, time.monotonic() - started)
