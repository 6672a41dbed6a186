"""A whole stack into labels on disk: planned once, trained once, and resumed after any break."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dynaseg.errors import FileError, ImageError, SettingsError
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.files.sinks import keep_scribbles
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.order import spread_positions
from napari_dynaseg.image.remote import is_address
from napari_dynaseg.image.selection import find_box, find_nearest, find_plane, list_box
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.run_length import encode
from napari_dynaseg.method.annotations import GUIDANCE, SCRIBBLES, AnnotationKind
from napari_dynaseg.method.region_of_interest import Within
from napari_dynaseg.method.step import Step
from napari_dynaseg.recipes.trained_network import TrainedNetwork, check_ending
from napari_dynaseg.settings import Settings, check_keeps_network
from napari_dynaseg.stacks.strategies import NETWORK, segment_planes, train_network
from napari_dynaseg.stacks.workers import segment_on_cluster

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True, eq=False)
class StackPlan:
    """What is done with a stack, and where its labels go.

    Parameters
    ----------
    stack
        The image.
    output
        The store of labels, which ends in ``.zarr``.
    settings
        The knobs.
    positions
        The planes to segment, which make a box on the stack axes.
    start
        The one of them that the network is trained on.
    network
        A network that is used instead of training one.
    network_goal
        Where the network is kept beside the store, if it is.
    within
        A part that every plane is limited to.
    scribbled
        (H, W), labels that the user has given to some pixels of the start, 0 elsewhere.
    guidance
        (H, W), another segmentation of the start, 0 where there is none.
    """

    stack: StackImage
    output: Path
    settings: Settings
    positions: tuple[Position, ...]
    start: Position
    network: TrainedNetwork | None = None
    network_goal: Path | None = None
    within: Within | None = None
    scribbled: LabelMap | None = None
    guidance: LabelMap | None = None

    @property
    def training(self) -> list[Position]:
        """The planes to train on, the start first."""
        return spread_positions(self.positions, self.start, self.settings.training_planes)

    def describe(self) -> dict[str, Any]:
        """Describe the run before it begins, to know it again when it goes on after a stop."""
        path = self.stack.path
        if path is not None and not is_address(path):
            path = str(Path(path).resolve())
        pixels = np.ascontiguousarray(self.stack.read_channels(self.start))
        given = {"scribbles": self.scribbled, "guidance": self.guidance}
        return {
            "settings": self.settings.model_dump(mode="json"),
            "image": self.stack.name,
            "path": path,
            "axes": self.stack.axes.sentence,
            "first": list(self.positions[0]),
            "last": list(self.positions[-1]),
            "start": list(self.start),
            "sha256": hashlib.sha256(pixels.data).hexdigest(),
            "network": self.network and hashlib.sha256(self.network.to_bytes()).hexdigest(),
            **({"within": self.within.model_dump(mode="json")} if self.within else {}),
            **{name: each.runs for name, labels in given.items() for each in encode(labels)},
        }


def plan_stack(
    stack: StackImage,
    output: Path,
    settings: Settings,
    *,
    plane: str | None = None,
    planes: str | None = None,
    network: TrainedNetwork | None = None,
    network_goal: Path | None = None,
    within: Within | None = None,
    scribbled: LabelMap | None = None,
    guidance: LabelMap | None = None,
) -> StackPlan:
    """Settle which planes of a stack are segmented, and by which network.

    Parameters
    ----------
    stack, output, settings
        As in `StackPlan`.
    plane
        The plane to train on, such as ``T=3,Z=10``; by default the middle one. Where it is
        beside the planes to segment, the nearest of these is trained on.
    planes
        The planes to segment, such as ``T=0:20,Z=5:30``; by default all.
    network
        A network that is used instead of training one; its settings are those of the run.
    network_goal, within
        As in `StackPlan`.
    scribbled, guidance
        As in `StackPlan`; the plane that they are on is then the one that is trained on.

    Raises
    ------
    FileError
        If a network cannot be kept there by its name.
    ImageError
        If the stack has not as many channels as the network was trained on, or scribbles or the
        guidance do not fit its planes.
    SettingsError
        If there are no such planes, the scribbles or the guidance are on none of them, or there
        are some for a network that is not trained.
    """
    axes = stack.axes
    box = find_box(axes, planes)
    wanted = find_plane(axes, plane)
    start = find_nearest(axes, box, wanted)
    for labels, kind in ((scribbled, SCRIBBLES), (guidance, GUIDANCE)):
        if labels is not None:
            _check_given(labels, kind, stack, start == wanted, network)
    if within:
        scribbled, guidance = (
            None if labels is None else within.keep(labels) for labels in (scribbled, guidance)
        )
    if network:
        network.check_channels(stack.channels, stack.name)
    else:
        check_keeps_network(settings)
    if network_goal:
        check_ending(network_goal)
    positions = tuple(list_box(axes, box))
    return StackPlan(
        stack,
        output,
        settings,
        positions,
        start,
        network,
        network_goal,
        within,
        scribbled,
        guidance,
    )


def _check_given(
    labels: LabelMap,
    kind: AnnotationKind,
    stack: StackImage,
    is_inside: bool,
    network: TrainedNetwork | None,
) -> None:
    if network is not None:
        kind.refuse_network()
    if not is_inside:
        raise SettingsError(f"the plane that has the {kind.name} must be one of those to segment")
    if labels.shape != stack.axes.plane_shape:
        raise ImageError(
            f"{kind.name} must have the shape of a plane, {stack.axes.plane_shape}; "
            f"got {labels.shape}"
        )


@dataclass(frozen=True, eq=False)
class StackRun:
    """A plan and the store that it fills.

    Whatever one process did of it before it was stopped, the next one does not do again.
    """

    plan: StackPlan
    store: LabelStore

    @classmethod
    def begin(cls, plan: StackPlan, overwrite: bool = False) -> "StackRun":
        """Begin a run, or go on with one that was stopped.

        Parameters
        ----------
        plan
            What to do.
        overwrite
            Remove the store that is there, and begin anew.

        Raises
        ------
        FileError
            If what is there was made by another plan, or by none; the store cannot be made; or
            another network is where this one is to be kept.
        """
        if overwrite and plan.output.exists():
            _remove_store(plan.output)
        stack = plan.stack
        store = LabelStore.open_or_create(
            plan.output, stack.axes, plan.describe(), scale=stack.scale, units=stack.units
        )
        run = cls(plan, store)
        if plan.network and not run.is_trained:
            store.write_note(NETWORK, plan.network.to_bytes())
        run._check_goal(overwrite)
        return run

    def _check_goal(self, overwrite: bool) -> None:
        """Refuse to write over another network; keep one that was trained before."""
        goal, content = self.plan.network_goal, self.store.read_note(NETWORK)
        if goal and goal.exists() and not overwrite and goal.read_bytes() != content:
            raise FileError(f"{goal} is there already; choose another file, or overwrite it")
        if goal and content is not None:
            self.read_network().save(goal)

    @property
    def is_trained(self) -> bool:
        """Whether the network is there."""
        return self.store.read_note(NETWORK) is not None

    def train(self) -> Iterator[Step]:
        """Train the network, yielding each step, and keep it."""
        plan = self.plan
        given = plan.scribbled, plan.guidance
        network = yield from train_network(
            plan.stack, plan.settings, plan.training, plan.within, *given
        )
        self.store.write_note(NETWORK, network.to_bytes())
        if plan.network_goal:
            network.save(plan.network_goal)

    def read_network(self) -> TrainedNetwork:
        """Read the network that all labels of the store come from.

        Raises
        ------
        FileError
            If it is not trained yet.
        """
        content = self.store.read_note(NETWORK)
        if content is None:
            raise FileError(f"{self.store.path} holds no network yet")
        return TrainedNetwork.from_bytes(content, f"the network in {self.store.path}")

    def list_missing(self) -> list[Position]:
        """List the planes that are not finished."""
        return [
            position for position in self.plan.positions if not self.store.is_finished(position)
        ]

    def segment(self, client: "Client | None" = None) -> Iterator[Position]:
        """Segment the planes that are not finished, yielding each when it is.

        Parameters
        ----------
        client
            Of the cluster that labels them; by default this process does.

        Raises
        ------
        FileError
            If a plane cannot be read or written.
        SettingsError
            If a cluster cannot go this way through the stack, or planes are limited to a part.
        """
        plan, network, missing = self.plan, self.read_network(), self.list_missing()
        if client is not None and plan.within:
            raise SettingsError("planes that are limited to a part cannot be shared out")
        results = keep_scribbles(self.store, plan.start, plan.scribbled)
        if client is not None:
            if plan.scribbled is not None and plan.start in missing:
                # The workers of a cluster know of no scribbles.
                results.write_plane(plan.start, network.label(plan.stack.read_channels(plan.start)))
                missing.remove(plan.start)
                yield plan.start
            yield from segment_on_cluster(client, plan.stack, network, missing, self.store)
            return
        walk = segment_planes(
            plan.stack, network, plan.positions, results, plan.start, within=plan.within
        )
        unfinished = set(missing)
        yield from (position for position in walk if position in unfinished)


def _remove_store(path: Path) -> None:
    """Remove a store of labels, and nothing else."""
    LabelStore.open(path)
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise FileError(f"{path} cannot be removed: {error}") from error
