"""What a run is given, frozen and checked once: planes, settings, a part, strokes, a guidance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.annotation_maps import Annotations
from napari_dynaseg.labels.numbering import Integers, LabelMap
from napari_dynaseg.method.annotations import GUIDANCE, SCRIBBLES
from napari_dynaseg.method.label_tree import find_seeds
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.method.scribbles import Scribbles
from napari_dynaseg.regions.tree import Tree, build_tree
from napari_dynaseg.settings import Settings

if TYPE_CHECKING:
    from napari_dynaseg.engine.weights import Weights


@dataclass(frozen=True, eq=False)
class RunInput:
    """All that a run depends on.

    Parameters
    ----------
    planes
        Each float32, (C, H, W), finite values around 0…1, as `to_plane` gives them: the one that
        is segmented, then others that are trained on at the same time. They are laid below it,
        and the loss goes over all of them as over one picture. Labels are computed from the
        first when they are asked for: leave it as it is until then.
    settings
        The knobs.
    within
        The part of the planes that the run is limited to; by default all of them.
    scribbled
        Labels that the user has given to some pixels of the first plane: (H, W), 0 elsewhere. As
        many labels as are scribbled are the minimum.
    guidance
        Another segmentation of the first plane: (H, W), whole numbers, 0 where there is none. At
        each iteration its labels are matched to those of the step by overlap, and draw their
        pixels there by ``settings.guidance_weight``. Scribbled pixels it leaves alone.
    start
        Weights to begin with, as a step has them; by default random ones.
    numbering
        ``"size"``: labels are numbered by falling size at the end; ``"live"``: numbers stay with
        their regions from step to step.
    numbered_at
        The detail by whose cut the labels are numbered by size; by default that of the settings.
    changes
        Settings that count from an iteration on, as a recipe has them.
    last_iteration
        Where to end, at the latest.
    is_sketch
        Whether the labels wanted are those of the reduced plane, enlarged.
    scribbles
        What is scribbled, in the channels of a network; by default made of `scribbled`.

    Raises
    ------
    ImageError
        If a plane has another shape or dtype, or values that are not finite; if scribbles do not
        fit the plane, have labels beyond q, or leave no channel free; or if the guidance does not
        fit the plane, has labels below 0, or is 0 everywhere.
    """

    planes: tuple[Plane, ...]
    settings: Settings
    within: RegionOfInterest | None = None
    scribbled: npt.NDArray[np.integer] | None = None
    guidance: npt.NDArray[np.integer] | None = None
    start: "Weights | None" = None
    numbering: Literal["size", "live"] = "size"
    numbered_at: float | None = None
    changes: Mapping[int, Settings] = field(default_factory=dict)
    last_iteration: int | None = None
    is_sketch: bool = False
    scribbles: Scribbles | None = None

    def __post_init__(self) -> None:
        _check_planes(self.cropped)
        if self.scribbled is not None:
            SCRIBBLES.check_shape(self.scribbled, self.planes[0].shape[1:])
            drawn = self.within.cut(self.scribbled) if self.within else self.scribbled
            scribbles = Scribbles.for_first_run(drawn, self.settings.channels)
            object.__setattr__(self, "scribbles", scribbles)
        if self.scribbles is not None:
            _check_scribbles(self.scribbles.channels, self.cropped[0], self.settings)
        _ = self.cropped_guidance  # checked now

    @cached_property
    def cropped(self) -> tuple[Plane, ...]:
        """The planes, or of each the box around the part that the run is limited to."""
        return tuple(map(self.within.crop, self.planes)) if self.within else self.planes

    @cached_property
    def tree(self) -> Tree | None:
        """The tree of the first plane, or of the box around its part; `None` where none is needed.

        It takes a while when it is first asked for, but no training.
        """
        return build_tree(self.cropped[0]) if self.settings.needs_tree else None

    @cached_property
    def seeds(self) -> Integers | None:
        """The channel that the strokes give to each superpixel of the tree, (n,), 0 for none."""
        if self.tree is None or self.scribbles is None:
            return None
        return find_seeds(self.tree.superpixels, self.scribbles.channels)

    def place(self, labels: LabelMap) -> LabelMap:
        """Put labels of the box where they belong; 0 outside the part."""
        return self.within.place(labels) if self.within else labels

    def paint(self, labels: LabelMap) -> LabelMap:
        """Lay what was scribbled over labels of the whole plane."""
        if self.scribbles is None:
            return labels
        drawn = self.place(self.scribbles.labels)
        return np.where(drawn > 0, drawn, labels)

    @cached_property
    def scribbled_labels(self) -> int:
        """How many labels are scribbled."""
        drawn = self.scribbles
        return 0 if drawn is None else int(np.count_nonzero(np.unique(drawn.channels)))

    @property
    def annotations(self) -> Annotations:
        """What draws the pixels of the first plane, or of the box around its part."""
        scribbles = self.scribbles.channels if self.scribbles else None
        return Annotations(scribbles, self.cropped_guidance)

    @cached_property
    def cropped_guidance(self) -> LabelMap | None:
        """The guidance, int32, or of it the box around the part."""
        if self.guidance is None:
            return None
        GUIDANCE.check_shape(self.guidance, self.planes[0].shape[1:])
        GUIDANCE.check_labels(self.guidance)
        part = self.within.cut(self.guidance) if self.within else self.guidance
        GUIDANCE.check_some(part)
        return part.astype(np.int32)


def _check_planes(planes: Sequence[Plane]) -> None:
    for plane in planes:
        _check_plane(plane)
        if plane.shape != planes[0].shape:
            raise ImageError(
                f"planes to train on together must have one shape; got {planes[0].shape} "
                f"and {plane.shape}"
            )


def _check_plane(plane: Plane) -> None:
    if plane.dtype != np.float32 or plane.ndim != 3 or not len(plane) or plane[0].size < 2:
        raise ImageError(
            "a plane must be float32 of shape (C, H, W) with more than one pixel; "
            f"got {plane.dtype} of shape {plane.shape}"
        )
    if not np.isfinite(plane).all():
        raise ImageError("a plane must have finite values; got NaN or infinity")


def _check_scribbles(scribbles: LabelMap, plane: Plane, settings: Settings) -> None:
    SCRIBBLES.check_shape(scribbles, plane.shape[1:])
    if scribbles.min() < 0 or scribbles.max() > settings.channels:
        raise ImageError(
            f"scribbles must be from 1 to {settings.channels}, the channels, or 0; "
            f"got {scribbles.min()} to {scribbles.max()}"
        )
    count = len(np.unique(scribbles[scribbles > 0]))
    if count >= settings.channels:
        raise ImageError(
            f"scribbles must leave a channel free, or nothing would be trained; got {count} "
            f"labels with {settings.channels} channels; raise the channels"
        )
