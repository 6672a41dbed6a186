"""A whole stack into labels: planned once, trained once, and on disk resumed after any break."""

import hashlib
import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from napari_dynaseg.errors import FileError, ImageError, SettingsError
from napari_dynaseg.files.sinks import NETWORK, PlanesInMemory, keep_scribbles
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.order import spread_positions
from napari_dynaseg.image.selection import Box, find_box, find_nearest, find_plane, list_box
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.run_length import encode
from napari_dynaseg.method.annotations import GUIDANCE, SCRIBBLES, AnnotationKind
from napari_dynaseg.method.region_of_interest import Within
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.settings import Settings, check_keeps_network

if TYPE_CHECKING:
    from distributed import Client

    from napari_dynaseg.files.label_store import LabelStore
    from napari_dynaseg.method.step import Step
    from napari_dynaseg.recipes.trained_network import TrainedNetwork

# The note under which a store keeps which pixels its labels are of.
PIXELS = "pixels"


@dataclass(frozen=True, eq=False)
class StackPlan:
    """What is done with a stack, and where its labels go.

    Parameters
    ----------
    stack
        The image.
    output
        The store of labels, which ends in ``.zarr``; `None` to have them in memory.
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
    is_start_chosen
        Whether it must be this start; if not, a run that was stopped goes on from its own.
    replayed
        The recipe that is replayed, if one is.
    """

    stack: StackImage
    output: Path | None
    settings: Settings
    positions: tuple[Position, ...]
    start: Position
    network: "TrainedNetwork | None" = None
    network_goal: Path | None = None
    within: Within | None = None
    scribbled: LabelMap | None = None
    guidance: LabelMap | None = None
    is_start_chosen: bool = True
    replayed: Recipe | None = None

    @property
    def training(self) -> list[Position]:
        """The planes to train on, the start first."""
        return spread_positions(self.positions, self.start, self.settings.training_planes)

    def describe(self) -> dict[str, Any]:
        """Describe the run before it begins, to know it again when it goes on after a stop.

        Of the image it has what can be told without reading its planes; see `hash_pixels`.
        """
        given = {"scribbles": self.scribbled, "guidance": self.guidance}
        recipe, network = self.replayed, self.network
        return {
            "settings": self.settings.model_dump(mode="json"),
            "image": self.stack.name,
            "path": self.stack.path,
            "first": list(self.positions[0]),
            "last": list(self.positions[-1]),
            "start": list(self.start),
            "network": network and _hash(network.to_bytes()),
            **(
                {"replay": hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()}
                if recipe
                else {}
            ),
            **({"within": self.within.model_dump(mode="json")} if self.within else {}),
            **{name: each.runs for name, labels in given.items() for each in encode(labels)},
        }

    def hash_pixels(self) -> str:
        """Hash the planes that are trained on, the first one and the last, as they are stored.

        The other planes of a stack, which may be huge or far away, are not read for it.

        Raises
        ------
        FileError
            If a plane cannot be read.
        """
        trained_on = [self.start] if self.network else self.training
        hashed = hashlib.sha256()
        for position in dict.fromkeys((*trained_on, self.positions[0], self.positions[-1])):
            channels = self.stack.read_channels(position)
            # A file has its own order of bytes, which a reader may have turned.
            channels = np.ascontiguousarray(channels, channels.dtype.newbyteorder("<"))
            hashed.update(channels.data)
        return hashed.hexdigest()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def plan_stack(
    stack: StackImage,
    output: Path | None,
    settings: Settings,
    *,
    plane: str | Position | None = None,
    planes: str | Box | None = None,
    network: "TrainedNetwork | None" = None,
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
        beside the planes to segment, the nearest of these is trained on. The default, and a
        position, such as that of the plane on view, give way to the plane that a stopped run
        was trained on.
    planes
        The planes to segment, such as ``T=0:20,Z=5:30``, or a box of them; by default all.
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
        If there are no such planes, the scribbles or the guidance are on none of them, there
        are some for a network that is not trained, or one is to be trained by the scheme Auto.
    """
    box = planes if isinstance(planes, tuple) else find_box(stack.axes, planes)
    wanted = plane if isinstance(plane, tuple) else find_plane(stack.axes, plane)
    start = find_nearest(stack.axes, box, wanted)
    for labels, kind in ((scribbled, SCRIBBLES), (guidance, GUIDANCE)):
        if labels is not None:
            _check_given(labels, kind, stack, start == wanted, network)
    if within:
        scribbled, guidance = (
            None if labels is None else within.keep(labels) for labels in (scribbled, guidance)
        )
    _check_network(stack, settings, network, network_goal)
    return StackPlan(
        stack,
        output,
        settings,
        tuple(list_box(stack.axes, box)),
        start,
        network,
        network_goal,
        within,
        scribbled,
        guidance,
        isinstance(plane, str) or scribbled is not None or guidance is not None,
    )


def _check_network(
    stack: StackImage,
    settings: Settings,
    network: "TrainedNetwork | None",
    goal: Path | None,
) -> None:
    if network is None and goal is None:
        check_keeps_network(settings)
        return
    from napari_dynaseg.recipes.trained_network import check_ending

    if network:
        network.check_channels(stack.channels, stack.name)
    else:
        check_keeps_network(settings)
    if goal:
        check_ending(goal)


def _check_given(
    labels: LabelMap,
    kind: AnnotationKind,
    stack: StackImage,
    is_inside: bool,
    network: "TrainedNetwork | None",
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
    """A plan and the labels that it fills.

    Whatever one process did of it before it was stopped, the next one does not do again.

    Parameters
    ----------
    plan
        What is done.
    labels
        Where the labels go.
    """

    plan: StackPlan
    labels: "LabelStore | PlanesInMemory"

    @classmethod
    def begin(cls, plan: StackPlan, overwrite: bool = False) -> Self:
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
            If what is there was made by another plan, of other pixels, or by none; the store
            cannot be made; or another network is where this one is to be kept.
        """
        if overwrite and plan.output and plan.output.exists():
            _remove_store(plan.output)
        run = cls.open(plan)
        run.check_pixels()
        run._check_goal(overwrite)
        return run

    @classmethod
    def open(cls, plan: StackPlan) -> Self:
        """Begin a run, or go on with one, before any plane is read; `check_pixels` comes next.

        Raises
        ------
        FileError
            If what is there was made by another plan, or by none, or the store cannot be made.
        """
        plan = _keep_start(plan)
        run = cls(plan, _open_labels(plan))
        if plan.network and not run.is_trained:
            run.labels.write_note(NETWORK, plan.network.to_bytes())
        return run

    def check_pixels(self) -> None:
        """Remember which pixels the labels on disk are of, and refuse to go on with others.

        Raises
        ------
        FileError
            If they are others, or cannot be read.
        """
        if self.plan.output is None:
            return
        pixels, before = self.plan.hash_pixels().encode(), self.labels.read_note(PIXELS)
        if before is None:
            self.labels.write_note(PIXELS, pixels)
        elif before != pixels:
            raise FileError(
                f"{self.plan.output} was made for something else: the pixels of "
                f"{self.plan.stack.name} are not the same"
            )

    def _check_goal(self, overwrite: bool) -> None:
        """Refuse to write over another network; keep one that was trained before."""
        goal, content = self.plan.network_goal, self.labels.read_note(NETWORK)
        if goal and goal.exists() and not overwrite and goal.read_bytes() != content:
            raise FileError(f"{goal} is there already; choose another file, or overwrite it")
        if goal and content is not None:
            self.read_network().save(goal)

    @property
    def store(self) -> "LabelStore":
        """The labels on disk.

        Raises
        ------
        FileError
            If they are in memory.
        """
        if isinstance(self.labels, PlanesInMemory):
            raise FileError(f"the labels of {self.plan.stack.name} are in memory, in no store")
        return self.labels

    @property
    def is_trained(self) -> bool:
        """Whether the network is there."""
        return self.labels.read_note(NETWORK) is not None

    def train(self) -> "Generator[Step, Settings | None, None]":
        """Train the network, yielding each step, and keep it."""
        from napari_dynaseg.stacks.strategies import train_network

        plan = self.plan
        given = plan.scribbled, plan.guidance
        network = yield from train_network(
            plan.stack, plan.settings, plan.training, plan.within, *given
        )
        self.labels.write_note(NETWORK, network.to_bytes())
        if plan.network_goal:
            network.save(plan.network_goal)

    def read_network(self) -> "TrainedNetwork":
        """Read the network that all labels come from.

        Raises
        ------
        FileError
            If it is not trained yet.
        """
        from napari_dynaseg.recipes.trained_network import TrainedNetwork

        where = self.plan.output or self.plan.stack.name
        content = self.labels.read_note(NETWORK)
        if content is None:
            raise FileError(f"{where} holds no network yet: its run was stopped before")
        return TrainedNetwork.from_bytes(content, f"the network in {where}")

    def list_missing(self) -> list[Position]:
        """List the planes that are not finished."""
        return [each for each in self.plan.positions if not self.labels.is_finished(each)]

    def walk(self) -> Iterator[Position | None]:
        """Segment the planes that are not finished, as `segment_planes` does and yields."""
        from napari_dynaseg.stacks.strategies import segment_planes

        plan = self.plan
        results = keep_scribbles(self.labels, plan.start, plan.scribbled)
        return segment_planes(
            plan.stack, self.read_network(), plan.positions, results, plan.start, plan.within
        )

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
        missing = self.list_missing()
        if client is not None:
            yield from self._share_out(client, missing)
            return
        unfinished = set(missing)
        yield from (position for position in self.walk() if position in unfinished)

    def _share_out(self, client: "Client", missing: list[Position]) -> Iterator[Position]:
        from napari_dynaseg.stacks.workers import segment_on_cluster

        plan, network = self.plan, self.read_network()
        if plan.within:
            raise SettingsError("planes that are limited to a part cannot be shared out")
        if plan.scribbled is not None and plan.start in missing:
            # The workers of a cluster know of no scribbles.
            results = keep_scribbles(self.labels, plan.start, plan.scribbled)
            results.write_plane(plan.start, network.label(plan.stack.read_channels(plan.start)))
            missing.remove(plan.start)
            yield plan.start
        yield from segment_on_cluster(client, plan.stack, network, missing, self.store)


def _open_labels(plan: StackPlan) -> "LabelStore | PlanesInMemory":
    stack = plan.stack
    if plan.output is None:
        return PlanesInMemory(np.zeros(stack.axes.label_sizes, np.int32), stack.axes)
    from napari_dynaseg.files.label_store import LabelStore

    return LabelStore.open_or_create(
        plan.output, stack.axes, plan.describe(), scale=stack.scale, units=stack.units
    )


def _keep_start(plan: StackPlan) -> StackPlan:
    """Train on the plane that a run which was stopped was trained on, unless one was chosen."""
    if plan.is_start_chosen or not (plan.output and plan.output.exists()):
        return plan
    from napari_dynaseg.files.label_store import LabelStore

    start = tuple(LabelStore.open(plan.output).recipe.get("start", ()))
    return replace(plan, start=start) if start in plan.positions else plan


def _remove_store(path: Path) -> None:
    """Remove a store of labels, and nothing else."""
    from napari_dynaseg.files.label_store import LabelStore

    LabelStore.open(path)
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise FileError(f"{path} cannot be removed: {error}") from error
