"""A run, the one way to segment a plane: one frozen input in, frozen steps and one result out."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.engine.devices import choose_device
from napari_dynaseg.engine.weights import Weights
from napari_dynaseg.errors import SettingsError
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.pixels import Plane, to_plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.annotations import GUIDANCE, SCRIBBLES
from napari_dynaseg.method.fit import Steps, train
from napari_dynaseg.method.label_tree import LabelTree
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.method.scribbles import LabelNumbers, Numbers, Scribbles, start_numbers
from napari_dynaseg.method.step import Labelled, Step
from napari_dynaseg.regions.tree import Tree
from napari_dynaseg.settings import Settings


@dataclass(frozen=True, eq=False)
class Result:
    """What a run came to; its labels are made when they are first asked for.

    Parameters
    ----------
    given
        What it was given.
    step
        Its last step.
    changes
        The settings that were turned while it trained, by the first iteration that used them.
    """

    given: RunInput
    step: Step
    changes: Mapping[int, Settings] = field(default_factory=dict)

    @cached_property
    def labels(self) -> LabelMap:
        """The label map: int32, (H, W), 0 outside the part that the run was limited to."""
        return self._labelled.labels

    @property
    def label_tree(self) -> LabelTree | None:
        """The tree with what the network says of it, to be kept; `None` if there is no tree."""
        return self._labelled.tree

    @cached_property
    def numbers(self) -> LabelNumbers:
        """How its clusters are numbered."""
        if self.step.numbers is not None:
            return self.step.numbers
        numbers, within = start_numbers(self.given.scribbles), self.given.within
        channels = self.step.outline(self._clusters, self.given.numbered_at)
        is_part = within is not None and self.given.scribbles is None
        numbers.follow(channels[within.mask[within.box]] if within and is_part else channels)
        return numbers

    @property
    def table(self) -> Numbers:
        """The label that each channel of the response map stands for, (q + 1,); entry 0 is 0."""
        return self.numbers.list_all(self.given.settings.channels)

    @property
    def tree(self) -> Tree | None:
        """The tree that the labels are cut from; `None` of clusters as published."""
        return self.given.tree

    def cut(self, detail: float) -> LabelMap:
        """Cut the tree at another detail, without training: int32, (H, W).

        A finer cut only divides regions, and what stays one keeps its number.

        Parameters
        ----------
        detail
            0…100, larger for more, finer regions.

        Raises
        ------
        SettingsError
            If the labels are clusters as published, of which there is no tree, or there is no
            such detail.
        """
        if self.label_tree is None:
            raise SettingsError("clusters as published have no tree to cut; take clean=True")
        checked = self.given.settings.change(detail=detail)
        return self.given.paint(self.label_tree.cut(checked.detail))

    @cached_property
    def _labelled(self) -> Labelled:
        return self.step.label(self._clusters, self.numbers)

    @property
    def _clusters(self) -> LabelMap:
        return self.step.enlarged if self.given.is_sketch else self.step.clusters


Run = Generator[Step, Settings | None, Result]


def run(given: RunInput) -> Run:
    """Train a network on what is given; yields each iteration's step, and returns the result.

    ``send`` new settings to change the scheme, μ, the iterations, the minimum of labels or the
    detail from the next iteration on. The training ends after ``settings.iterations``, or once no
    more than ``settings.minimum_labels`` labels are in use. In Fast quality it also ends after the
    iterations that suit the scheme, counted anew whenever more than the detail is changed.

    Raises
    ------
    SettingsError
        If the device is not there, or a knob was sent that only counts at the start.

    Warns
    -----
    ImageWarning
        If a GPU's memory does not suffice, and the CPU takes over.
    """
    choose_device(given.settings.device)  # refused here rather than at the first step
    return _follow(given, train(given))


def _follow(given: RunInput, training: Steps) -> Run:
    numbers = start_numbers(given.scribbles)
    changes: dict[int, Settings] = {}
    with closing(training):
        step = next(training)
        while True:
            if given.numbering == "live":
                numbers.follow(step.trained_labels)
                step = replace(step, numbers=numbers.freeze())
            sent = yield step
            if step.iteration == given.last_iteration:
                break
            turned = sent or given.changes.get(step.iteration + 1)
            try:
                step = training.send(turned)
            except StopIteration:
                break
            if turned is not None:
                changes[step.iteration] = turned
    return Result(given, step, changes)


def iter_fit(
    plane: Plane,
    settings: Settings,
    *,
    companions: Sequence[Plane] = (),
    start: Weights | None = None,
    scribbles: LabelMap | None = None,
    guidance: LabelMap | None = None,
) -> "Run":
    """Train a network on a plane and yield each iteration's result.

    ``send`` new settings to change the scheme, μ, the iterations, the minimum of labels or the
    detail from the next iteration on. The training ends after ``settings.iterations``, or once no
    more than ``settings.minimum_labels`` labels are in use. In Fast quality it also ends after the
    iterations that suit the scheme, counted anew whenever more than the detail is changed.

    Parameters
    ----------
    plane
        float32, shape (C, H, W), finite values around 0…1, as `to_plane` gives them. The labels
        of a step are computed from it when they are asked for: leave it as it is until then.
    settings
        The knobs of the run.
    companions
        Other planes of that shape to train on at the same time: they are laid below the plane,
        and the loss goes over all of them as over one picture.
    start
        Weights to begin with, as a step has them; by default random ones.
    scribbles
        Labels that the user has given to some pixels of the plane: (H, W), 1…q, the channel of
        the response map that shall be largest there, and 0 elsewhere. As many labels as are
        scribbled are the minimum.
    guidance
        Another segmentation of the plane: (H, W), whole numbers, 0 where there is none. At each
        iteration its labels are matched to the labels of the step by overlap, and draw their
        pixels there by ``settings.guidance_weight``; see `napari_dynaseg.labels.guidance`.
        Scribbled pixels it leaves alone.

    Yields
    ------
    Step
        One for each iteration.

    Raises
    ------
    ImageError
        If a plane has another shape or dtype, or values that are not finite.
        Or if scribbles do not fit the plane, have labels beyond q, or leave no channel free.
        Or if the guidance does not fit the plane, has labels below 0, or is 0 everywhere.
    SettingsError
        If the device is not there, or a knob was sent that only counts at the start.

    Warns
    -----
    ImageWarning
        If a GPU's memory does not suffice, and the CPU takes over.
    """
    drawn = None
    if scribbles is not None:
        SCRIBBLES.check_shape(scribbles, plane.shape[1:])
        drawn = Scribbles(scribbles, np.arange(settings.channels + 1, dtype=np.int32))
    planes = plane, *companions
    return run(RunInput(planes, settings, guidance=guidance, start=start, scribbles=drawn))


def segment(
    image: npt.ArrayLike,
    *,
    channel_axis: int | None = None,
    within: npt.ArrayLike | None = None,
    scribbles: npt.ArrayLike | None = None,
    guidance: npt.ArrayLike | None = None,
    **settings: Any,
) -> LabelMap:
    """Segment one image.

    Parameters
    ----------
    image
        Shape (H, W), (H, W, 3), (H, W, 4) or (C, H, W), any real dtype; see
        `napari_dynaseg.image.pixels.to_plane`.
    channel_axis
        Which of three axes holds the channels, where the shape does not tell.
    within
        A mask, (H, W), that limits the run to its pixels above 0; see
        `napari_dynaseg.method.region_of_interest.RegionOfInterest`. By default the whole image.
    scribbles
        Labels that you give to some pixels: whole numbers of shape (H, W), 0 elsewhere. They
        appear in the result as they are, and what is like them takes their numbers. As many
        labels as are scribbled are the minimum.
    guidance
        Another segmentation of the image, such as a threshold: whole numbers of shape (H, W), 0
        (or False) where there is none. It draws the result to its own regions by
        ``guidance_weight``; its numbers do not count, only which pixels share one.
    **settings
        The knobs of `napari_dynaseg.settings.Settings`.

    Returns
    -------
    numpy.ndarray
        int32, shape (H, W), labels 1…K; 0 outside the mask. Clusters are numbered by falling
        size, regions so that they keep their numbers where the tree is cut elsewhere. Scribbled
        labels keep their numbers, and the others take the lowest that are free. The same seed on
        the same machine gives the same labels, whatever the number of threads.

    Raises
    ------
    ImageError
        If the image cannot be read as one plane, the mask has another shape or is empty, or
        scribbles or the guidance do not fit.
    SettingsError
        If a knob does not exist or is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((16, 16), np.uint8)
    >>> image[:, 8:] = 255
    >>> labels = segment(image, iterations=10)
    >>> labels.shape
    (16, 16)

    A stroke of label 7 on the bright half stays as it is; what is like it follows.

    >>> strokes = np.zeros((16, 16), int)
    >>> strokes[4:12, 12] = 7
    >>> labels = segment(image, scribbles=strokes, iterations=10)
    >>> labels[4:12, 12].tolist()
    [7, 7, 7, 7, 7, 7, 7, 7]

    A threshold guides the run.

    >>> labels = segment(image, guidance=1 + (image > 100), iterations=10)
    """
    plane = to_plane(image, channel_axis)
    shape = plane.shape[1:]
    given = RunInput(
        (plane,),
        Settings(**settings),
        within=None if within is None else RegionOfInterest.of(within, shape),
        scribbled=None if scribbles is None else SCRIBBLES.read(scribbles, shape),
        guidance=None if guidance is None else GUIDANCE.read(guidance, shape),
    )
    return run_through(run(given)).labels
