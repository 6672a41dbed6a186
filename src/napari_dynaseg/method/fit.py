"""The training loop: cluster one plane, one frozen step at a time."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.engine.devices import choose_device
from napari_dynaseg.engine.gpu.recording import Weigh
from napari_dynaseg.engine.trainer import Trainer
from napari_dynaseg.engine.weights import Weights
from napari_dynaseg.errors import SettingsError
from napari_dynaseg.image.pixels import Plane, to_plane
from napari_dynaseg.labels.numbering import LabelMap, freeze
from napari_dynaseg.method.annotations import GUIDANCE, SCRIBBLES
from napari_dynaseg.method.auto import Member, make_scale, merge_by_members, settle_member
from napari_dynaseg.method.checks import check_guidance, check_planes, check_scribbles, read_given
from napari_dynaseg.method.region_of_interest import (
    Within,
    limit_guidance,
    limit_scribbles,
    place_labels,
)
from napari_dynaseg.method.scribbles import start_numbers
from napari_dynaseg.method.step import Step
from napari_dynaseg.method.subsampling import (
    AUTO_BLURS,
    choose_reduction,
    choose_samples,
    limit_iterations,
    reduce_together,
)
from napari_dynaseg.method.weighting import continuity_weight
from napari_dynaseg.settings import Settings, check_keeps_network

CHANGEABLE_WHILE_TRAINING = ("scheme", "mu", "iterations", "minimum_labels")

Steps = Generator[Step, Settings | None, None]


def iter_fit(
    plane: Plane,
    settings: Settings,
    *,
    companions: Sequence[Plane] = (),
    start: Weights | None = None,
    scribbles: LabelMap | None = None,
    guidance: LabelMap | None = None,
) -> Steps:
    """Train a network on a plane and yield each iteration's result.

    ``send`` new settings to change the scheme, μ, the iterations or the minimum of labels from
    the next iteration on. The training ends after ``settings.iterations``, or once no more than
    ``settings.minimum_labels`` labels are in use. In Fast quality it also ends after the
    iterations that suit the scheme, counted anew whenever settings are sent.

    The scheme Auto trains several networks one after the other, and gives what each finds; its
    last step has the regions that they make together.

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
        If the device is not there, or a knob was sent that only counts at the start. Or if
        the scheme is Auto, and there are companions, a start, scribbles or a guidance.

    Warns
    -----
    ImageWarning
        If a GPU's memory does not suffice, and the CPU takes over.
    """
    planes = (plane, *companions)
    check_planes(planes)
    if scribbles is not None:
        check_scribbles(scribbles, plane, settings)
    if guidance is not None:
        check_guidance(guidance, plane)
    choose_device(settings.device)  # refused here rather than at the first step
    if settings.scheme == "auto":
        if companions or any(each is not None for each in (start, scribbles, guidance)):
            check_keeps_network(settings)
        return _train_members(plane, settings)
    return _train(planes, settings, start, scribbles, guidance)


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
        `napari_dynaseg.method.region_of_interest.Within`. By default the whole image.
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
        int32, shape (H, W), labels 1…K by falling size; 0 outside the mask. Scribbled labels
        keep their numbers, and the others take the lowest that are free. The same seed on the
        same machine gives the same labels, whatever the number of threads.

    Raises
    ------
    ImageError
        If the image cannot be read as one plane, the mask has another shape or is empty, or
        scribbles or the guidance do not fit.
    SettingsError
        If a knob does not exist or is out of range; or the scheme is Auto, and there are
        scribbles or a guidance.

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
    knobs = Settings(**settings)
    plane = to_plane(image, channel_axis)
    limits = None if within is None else Within.of(within, plane.shape[1:])
    drawn = limit_scribbles(read_given(scribbles, plane, SCRIBBLES), limits, knobs.channels)
    guiding = limit_guidance(read_given(guidance, plane, GUIDANCE), limits)
    limited = limits.crop(plane) if limits else plane
    wanted = drawn.channels if drawn else None
    for step in iter_fit(limited, knobs, scribbles=wanted, guidance=guiding):
        last = step
    numbers = start_numbers(drawn)
    numbers.follow(last.labels)
    return place_labels(last.labels, numbers, limits, bool(drawn))


def _train(
    planes: Sequence[Plane],
    settings: Settings,
    start: Weights | None = None,
    scribbles: LabelMap | None = None,
    guidance: LabelMap | None = None,
) -> Steps:
    _, height, width = planes[0].shape
    reduction = choose_reduction(height, width, settings)
    picture, *given = reduce_together(planes, reduction, scribbles, guidance)
    scribbled = 0 if scribbles is None else len(np.unique(scribbles[scribbles > 0]))
    turned, iteration, weigh = 0, 0, _choose_weight(settings)
    step: Step | None = None

    def has_few_labels() -> bool:
        least = max(settings.minimum_labels, scribbled)
        return step is not None and step.labels_in_use <= least

    with closing(
        Trainer(picture, settings, choose_device(settings.device), start, *given)
    ) as trainer:
        while iteration < min(settings.iterations, turned + limit_iterations(settings)):
            is_ahead = trainer.runs_ahead  # the CPU may take over in the step, for want of memory
            if not is_ahead and has_few_labels():
                break
            measurement = trainer.measure(weigh)
            # A GPU is asked for the last step's labels only once it is busy with the next one.
            if is_ahead and has_few_labels():
                break
            iteration += 1
            seen = planes[0], picture, settings, reduction
            step = Step(iteration, trainer.copy_weights(), measurement.keep(), *seen)
            trainer.descend()
            sent = yield step
            if sent is not None:
                before, settings, turned = settings, _accept(settings, sent), iteration
                if (settings.scheme, settings.mu) != (before.scheme, before.mu):
                    weigh = _choose_weight(settings)


def _choose_weight(settings: Settings) -> Weigh:
    return partial(continuity_weight, settings.scheme, settings.mu)


def _train_members(plane: Plane, settings: Settings) -> Steps:
    """Train the networks of Auto one after the other; the last step has their regions.

    What is sent on the way counts from the next network on, and μ for the regions.
    """
    members, iteration = [], 0
    for scale in range(len(AUTO_BLURS)):
        own = settle_member(settings, scale)
        with closing(_train((make_scale(plane, scale),), own)) as run:
            for step in run:
                iteration += 1
                sent = yield replace(step, iteration=iteration)
                settings = _accept(settings, sent) if sent is not None else settings
        members.append(Member(scale, own, step.weights))
    labels = merge_by_members(plane, members, settings.mu)
    samples = choose_samples(labels.shape, step._reduction)
    yield replace(
        step,
        iteration=iteration + 1,
        _measurement=step._measurement.change_labels(labels[samples]),
        _plane=plane,
        _settings=settings,
        _merged=freeze(labels),
    )


def _accept(settings: Settings, sent: Settings) -> Settings:
    """Take over settings sent to a run, unless they change what was fixed at its start."""
    if (sent.scheme == "auto") != (settings.scheme == "auto"):
        raise SettingsError(
            "a run that trains cannot change to the scheme auto or from it; "
            f"got {sent.scheme!r} where the run has {settings.scheme!r}"
        )
    for name in Settings.model_fields:
        if name not in CHANGEABLE_WHILE_TRAINING and getattr(sent, name) != getattr(settings, name):
            raise SettingsError(
                f"{name} cannot change while a run trains, only "
                f"{', '.join(CHANGEABLE_WHILE_TRAINING)} can; got {getattr(sent, name)!r} "
                f"where the run has {getattr(settings, name)!r}"
            )
    return sent
