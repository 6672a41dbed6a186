"""The training loop: cluster one plane, one frozen step at a time."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

import numpy as np

from napari_dynaseg.engine.devices import choose_device
from napari_dynaseg.engine.gpu.recording import Weigh
from napari_dynaseg.engine.trainer import Trainer
from napari_dynaseg.engine.weights import Weights
from napari_dynaseg.errors import SettingsError
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.annotation_maps import NO_ANNOTATIONS, Annotations
from napari_dynaseg.labels.numbering import freeze
from napari_dynaseg.method.auto import Member, make_scale, merge_by_members, settle_member
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.method.step import Step
from napari_dynaseg.method.subsampling import (
    AUTO_BLURS,
    choose_reduction,
    choose_samples,
    limit_iterations,
    reduce_together,
)
from napari_dynaseg.method.weighting import continuity_weight
from napari_dynaseg.settings import Settings

CHANGEABLE_WHILE_TRAINING = ("scheme", "mu", "iterations", "minimum_labels")

Steps = Generator[Step, Settings | None, None]


def train(given: RunInput) -> Steps:
    """Train the network of a run, or the networks of Auto one after the other.

    See `napari_dynaseg.method.run.run`.
    """
    if given.settings.scheme == "auto":
        return _train_members(given.cropped[0], given.settings)
    return _train(given.cropped, given.settings, given.start, given.annotations)


def _train(
    planes: Sequence[Plane],
    settings: Settings,
    start: Weights | None = None,
    annotations: Annotations = NO_ANNOTATIONS,
) -> Steps:
    _, height, width = planes[0].shape
    reduction = choose_reduction(height, width, settings)
    picture, reduced = reduce_together(planes, reduction, annotations)
    drawn = annotations.scribbles
    scribbled = 0 if drawn is None else int(np.count_nonzero(np.unique(drawn)))
    turned, iteration, weigh = 0, 0, _choose_weight(settings)
    step: Step | None = None

    def has_few_labels() -> bool:
        least = max(settings.minimum_labels, scribbled)
        return step is not None and step.labels_in_use <= least

    with closing(
        Trainer(picture, settings, choose_device(settings.device), start, reduced)
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
    samples = choose_samples(labels.shape, step.reduction)
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
