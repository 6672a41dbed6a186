"""The training loop: cluster one plane, one frozen step at a time."""

from collections.abc import Generator
from contextlib import closing
from functools import partial

from napari_dynaseg.engine.devices import choose_device
from napari_dynaseg.engine.gpu.recording import Weigh
from napari_dynaseg.engine.trainer import Trainer
from napari_dynaseg.errors import SettingsError
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.method.step import Step
from napari_dynaseg.method.subsampling import choose_reduction, limit_iterations, reduce_together
from napari_dynaseg.method.weighting import continuity_weight
from napari_dynaseg.settings import Settings

CHANGEABLE_WHILE_TRAINING = ("scheme", "mu", "iterations", "minimum_labels", "detail")

Steps = Generator[Step, Settings | None, None]


def train(given: RunInput) -> Steps:
    """Train the network of a run; see `napari_dynaseg.method.run.run`."""
    settings = given.settings
    _, height, width = given.cropped[0].shape
    reduction = choose_reduction(height, width, settings)
    picture, reduced = reduce_together(given.cropped, reduction, given.annotations)
    turned, iteration, weigh = 0, 0, _choose_weight(settings)
    step: Step | None = None

    def has_few_labels() -> bool:
        least = max(settings.minimum_labels, given.scribbled_labels)
        return step is not None and step.labels_in_use <= least

    with closing(
        Trainer(picture, settings, choose_device(settings.device), given.start, reduced)
    ) as trainer:
        while iteration < min(
            settings.iterations, turned + limit_iterations(settings, given.is_taught)
        ):
            is_ahead = trainer.runs_ahead  # the CPU may take over in the step, for want of memory
            if not is_ahead and has_few_labels():
                break
            measurement = trainer.measure(weigh)
            # A GPU is asked for the last step's labels only once it is busy with the next one.
            if is_ahead and has_few_labels():
                break
            iteration += 1
            seen = given, picture, settings, reduction
            step = Step(iteration, trainer.copy_weights(), measurement.keep(), *seen)
            trainer.descend()
            sent = yield step
            if sent is not None:
                turned = turned if settings.trains_like(sent) else iteration
                settings = _accept(settings, sent)
                weigh = _choose_weight(settings)


def _choose_weight(settings: Settings) -> Weigh:
    return partial(continuity_weight, settings.scheme, settings.mu)


def _accept(settings: Settings, sent: Settings) -> Settings:
    """Take over settings sent to a run, unless they change what was fixed at its start."""
    for name in Settings.model_fields:
        if name not in CHANGEABLE_WHILE_TRAINING and getattr(sent, name) != getattr(settings, name):
            raise SettingsError(
                f"{name} cannot change while a run trains, only "
                f"{', '.join(CHANGEABLE_WHILE_TRAINING)} can; got {getattr(sent, name)!r} "
                f"where the run has {getattr(settings, name)!r}"
            )
    return sent
