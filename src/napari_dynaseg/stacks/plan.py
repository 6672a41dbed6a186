"""A whole stack into labels: planned once, trained once, and on disk resumed after any break."""

import hashlib
import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from napari_dynaseg.errors import FileError, SettingsError, name_failure
from napari_dynaseg.files.sinks import NETWORK, PlanesInMemory
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.order import spread_positions
from napari_dynaseg.image.selection import Box, find_box, find_nearest, find_plane, list_box
from napari_dynaseg.image.stack_image import Channels, StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.run_length import encode
from napari_dynaseg.method.annotations import GUIDANCE, SCRIBBLES
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.settings import Settings
from napari_dynaseg.stacks.seen_planes import SeenPlanes

if TYPE_CHECKING:
    from distributed import Client

    from napari_dynaseg.files.label_store import LabelStore
    from napari_dynaseg.method.run import Result
    from napari_dynaseg.method.run_input import RunInput
    from napari_dynaseg.method.step import Step
    from napari_dynaseg.recipes.trained_network import TrainedNetwork
    from napari_dynaseg.recipes.training_planes import TrainingPlanes

    # What a network is trained on, and the input of its run.
    Prepared = tuple[TrainingPlanes, RunInput]

# The note under which a store keeps which pixels its labels are of.
PIXELS = "pixels"
# What may be given for the start, by its field in a plan.
GIVEN = {"scribbled": SCRIBBLES, "guidance": GUIDANCE}


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
    training
        The planes that the network is trained on; the first of them, the start, is segmented.
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

    Raises
    ------
    FileError
        If a network cannot be kept there by its name.
    ImageError
        If the stack has not as many channels as the network was trained on, or scribbles or the
        guidance do not fit its planes.
    SettingsError
        If there are scribbles or a guidance for a network that is not trained.
    """

    stack: StackImage
    output: Path | None
    settings: Settings
    positions: tuple[Position, ...]
    training: tuple[Position, ...]
    network: "TrainedNetwork | None" = None
    network_goal: Path | None = None
    within: RegionOfInterest | None = None
    scribbled: LabelMap | None = None
    guidance: LabelMap | None = None
    is_start_chosen: bool = True
    replayed: Recipe | None = None

    def __post_init__(self) -> None:
        for name, kind in GIVEN.items():
            labels = getattr(self, name)
            if labels is not None and self.network:
                kind.refuse_network()
            if labels is not None:
                kind.check_shape(labels, self.stack.axes.plane_shape)
                kept = self.within.keep(labels) if self.within else labels
                object.__setattr__(self, name, kept)
        if self.network is not None:
            self.network.check_channels(self.stack.channels, self.stack.name)
        if self.network_goal:
            from napari_dynaseg.recipes.trained_network import check_ending

            check_ending(self.network_goal)

    @property
    def start(self) -> Position:
        """The plane from which the others are segmented outwards."""
        return self.training[0]

    def start_at(self, start: Position) -> Self:
        """Give the plan with another start, and the planes that are then trained on with it."""
        count = self.settings.training_planes
        return replace(self, training=tuple(spread_positions(self.positions, start, count)))

    def trained_as(self, recipe: Recipe) -> Self:
        """Give the plan of the run whose own network has a recipe, instead of one to apply."""
        source, shape = recipe.source, self.stack.axes.plane_shape
        given: dict[str, Any] = {
            name: recipe.decode_annotation(kind.name, shape) for name, kind in GIVEN.items()
        }
        training = self.training if self.is_start_chosen else (source.position, *source.companions)
        within = self.within or recipe.within
        return replace(self, network=None, training=training, within=within, **given)

    def read_training(self, pinned: Channels | None = None) -> "TrainingPlanes":
        """Read the planes to train on; the start, (C, H, W), may have been read before."""
        from napari_dynaseg.recipes.training_planes import TrainingPlanes

        return TrainingPlanes.read(self.stack, self.training, pinned)

    def prepare(
        self, pinned: Channels | None = None, numbering: Literal["size", "live"] = "size"
    ) -> "Prepared":
        """Read what the network is trained on, as `StackRun.train` takes it.

        Parameters
        ----------
        pinned
            The start, (C, H, W), if it was read before.
        numbering
            As in `RunInput`; a recipe that is replayed has its own.

        Raises
        ------
        FileError
            If a plane cannot be read.
        ImageError
            If a plane cannot be segmented, or scribbles or the guidance do not fit it.
        """
        from napari_dynaseg.recipes.replay import prepare_replay

        planes = self.read_training(pinned)
        if self.replayed:
            # Of a stack every plane is labelled whole.
            return planes, prepare_replay(planes.planes, self.replayed, is_whole=True)
        given = {name: getattr(self, name) for name in ("within", *GIVEN)}
        return planes, planes.prepare(self.settings, numbering=numbering, **given)

    def describe(self) -> dict[str, Any]:
        """Describe the run before it begins, to know it again when it goes on after a stop.

        Of the image it has what can be told without reading its planes; see `hash_pixels`.
        """
        recipe, network = self.replayed, self.network
        return {
            "settings": self.settings.model_dump(mode="json"),
            "image": self.stack.name,
            "path": self.stack.path,
            "first": list(self.positions[0]),
            "last": list(self.positions[-1]),
            "start": list(self.start),
            "network": network and network.sha256,
            **({"replay": _hash(recipe.model_dump_json())} if recipe else {}),
            **({"within": self.within.model_dump(mode="json")} if self.within else {}),
            **{
                kind.name: each.runs
                for name, kind in GIVEN.items()
                for each in encode(getattr(self, name))
            },
        }

    def hash_pixels(self) -> str:
        """Hash the planes that are trained on, the first one and the last, as they are stored.

        The other planes of a stack, which may be huge or far away, are not read for it.

        Raises
        ------
        FileError
            If a plane cannot be read.
        """
        trained_on = self.training[:1] if self.network else self.training
        hashed = hashlib.sha256()
        for position in dict.fromkeys((*trained_on, self.positions[0], self.positions[-1])):
            channels = self.stack.read_channels(position)
            # A file has its own order of bytes, which a reader may have turned.
            channels = np.ascontiguousarray(channels, channels.dtype.newbyteorder("<"))
            hashed.update(channels.data)
        return hashed.hexdigest()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def plan_stack(
    stack: StackImage,
    output: Path | None,
    settings: Settings,
    *,
    plane: str | Position | None = None,
    planes: str | Box | None = None,
    **more: Any,
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
        was trained on, unless something is given for that plane.
    planes
        The planes to segment, such as ``T=0:20,Z=5:30``, or a box of them; by default all.
    **more
        Further fields of `StackPlan`.

    Raises
    ------
    FileError, ImageError
        As `StackPlan` does.
    SettingsError
        Likewise; or if there are no such planes, or the scribbles or the guidance are on none
        of them.
    """
    box = planes if isinstance(planes, tuple) else find_box(stack.axes, planes)
    wanted = plane if isinstance(plane, tuple) else find_plane(stack.axes, plane)
    start = find_nearest(stack.axes, box, wanted)
    given = [kind.name for name, kind in GIVEN.items() if more.get(name) is not None]
    if given and start != wanted:
        raise SettingsError(f"the plane that has the {given[0]} must be one of those to segment")
    is_chosen = isinstance(plane, str) or bool(given)
    positions = tuple(list_box(stack.axes, box))
    plan = StackPlan(
        stack, output, settings, positions, (start,), is_start_chosen=is_chosen, **more
    )
    return plan.start_at(start)


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
    def open(cls, plan: StackPlan, labels: PlanesInMemory | None = None) -> Self:
        """Begin a run, or go on with one, before any plane is read; `check_pixels` comes next.

        Parameters
        ----------
        plan
            What to do.
        labels
            Where the labels go; by default as the plan says.

        Raises
        ------
        FileError
            If what is there was made by another plan, or by none, or the store cannot be made.
        """
        plan = _go_on(plan)
        run = cls(plan, labels or _open_labels(plan))
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

    def train(
        self, prepared: "Prepared | None" = None
    ) -> "Generator[Step, Settings | None, Result]":
        """Train the network, yielding each step, and keep it.

        Parameters
        ----------
        prepared
            What it is trained on, if it was read before.
        """
        from napari_dynaseg.method.run import run
        from napari_dynaseg.recipes.replay import list_repeated

        planes, given = prepared or self.plan.prepare()
        result = yield from run(given)
        network = planes.keep_network(result, **list_repeated(self.plan.replayed, planes.source))
        self.labels.write_note(NETWORK, network.to_bytes())
        if self.plan.network_goal:
            network.save(self.plan.network_goal)
        return result

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

    def _see(self) -> SeenPlanes:
        plan = self.plan
        return SeenPlanes(plan.stack, self.labels, plan.start, plan.within, plan.scribbled)

    def walk(self) -> Iterator[Position | None]:
        """Segment the planes that are not finished, as `segment_planes` does and yields.

        Of a recipe that is replayed, what a user did by hand is then done again.

        Raises
        ------
        FileError
            If a plane cannot be read or written.

        Warns
        -----
        ImageWarning
            If something was done by hand, or given, on another image, where that is left out.
        """
        from napari_dynaseg.stacks.strategies import segment_planes

        network = self.read_network()
        yield from segment_planes(self._see(), network, self.plan.positions)
        self._repeat_hand_work(network)

    def segment(self, client: "Client | None" = None) -> Iterator[Position]:
        """Segment the planes that are not finished, as `walk` does, yielding each when it is.

        Parameters
        ----------
        client
            Of the cluster that labels them; by default this process does.

        Raises
        ------
        SettingsError
            If a cluster cannot use the strategy, or planes are limited to a part.
        """
        missing = set(self.list_missing())
        walk = self.walk() if client is None else self._share_out(client, missing)
        yield from (position for position in walk if position in missing)

    def _share_out(self, client: "Client", missing: set[Position]) -> Iterator[Position]:
        from napari_dynaseg.stacks.workers import segment_on_cluster

        plan, network, planes = self.plan, self.read_network(), self._see()
        if plan.within:
            raise SettingsError("planes that are limited to a part cannot be shared out")
        if plan.scribbled is not None and plan.start in missing:
            # The workers of a cluster know of no scribbles.
            planes.write_labels(plan.start, network.label(planes.read_channels(plan.start)))
            yield plan.start
        yield from segment_on_cluster(client, plan.stack, network, self.list_missing(), self.store)
        self._repeat_hand_work(network)

    def _repeat_hand_work(self, network: "TrainedNetwork") -> None:
        recipe = self.plan.replayed
        if recipe is None or not any(recipe.list_hand_work().values()):
            return
        from napari_dynaseg.recipes.replay import is_source
        from napari_dynaseg.stacks.replay_by_hand import repeat_hand_work

        if is_source(self.plan.read_training().planes[0], recipe):
            repeat_hand_work(self.plan, recipe, self.labels, network)


def _open_labels(plan: StackPlan) -> "LabelStore | PlanesInMemory":
    stack = plan.stack
    if plan.output is None:
        return PlanesInMemory(np.zeros(stack.axes.label_sizes, np.int32), stack.axes)
    from napari_dynaseg.files.label_store import LabelStore

    return LabelStore.open_or_create(
        plan.output, stack.axes, plan.describe(), scale=stack.scale, units=stack.units
    )


def _go_on(plan: StackPlan) -> StackPlan:
    """Take over what a run that was stopped had settled: its own network, and its start."""
    if not (plan.output and plan.output.exists()):
        return plan
    from napari_dynaseg.files.label_store import LabelStore
    from napari_dynaseg.recipes.trained_network import TrainedNetwork

    store = LabelStore.open(plan.output)
    content, start = store.read_note(NETWORK), tuple(store.recipe.get("start", ()))
    if plan.network and content and store.recipe.get("network") is None:
        own = TrainedNetwork.from_bytes(content, f"the network in {plan.output}")
        return plan.trained_as(own.recipe) if own.sha256 == plan.network.sha256 else plan
    return plan if plan.is_start_chosen or start not in plan.positions else plan.start_at(start)


def _remove_store(path: Path) -> None:
    """Remove a store of labels, and nothing else."""
    from napari_dynaseg.files.label_store import LabelStore

    LabelStore.open(path)
    with name_failure(path, "removed"):
        shutil.rmtree(path)
