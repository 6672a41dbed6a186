"""Which planes a run in the viewer goes through, and where their labels lie. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.files.sinks import PlanesInMemory, Results
from napari_dynaseg.image.axes import Position
from napari_dynaseg.labels.network_maps import NetworkMaps
from napari_dynaseg.labels.run_length import encode
from napari_dynaseg.settings import Settings, check_keeps_network

if TYPE_CHECKING:
    from napari_dynaseg.recipes.trained_network import TrainedNetwork

# Labels of a stack may take so much of the memory that is free, and go to disk beyond.
SHARE_OF_MEMORY = 0.25
LABEL_BYTES = 4


@dataclass(frozen=True, eq=False)
class StackPlan:
    """What a run through a stack needs beside its job.

    Parameters
    ----------
    positions
        The planes, which make a box on the stack axes, the job's among them.
    results
        Takes the labels and remembers which planes are finished.
    array
        What the viewer shows: the labels of all planes, with one entry for channels.
    network
        A network that was trained before; `None` to train one on the plane on view.
    folder
        Where the labels lie on disk, if they do.
    maps
        What the network gave for the planes of this run.
    """

    positions: tuple[Position, ...]
    results: Results
    array: Any
    network: "TrainedNetwork | None" = None
    folder: Path | None = None
    maps: NetworkMaps = field(default_factory=NetworkMaps)


def choose_planes(job: Job, ranges: Sequence[range]) -> tuple[Job, tuple[Position, ...]]:
    """Choose the planes of a range on each stack axis.

    Parameters
    ----------
    job
        The plane on view; where it is beside the range, the nearest plane inside is trained on.
    ranges
        One for each stack axis.

    Returns
    -------
    tuple
        The job at a plane of the range, and the positions of all its planes.

    Raises
    ------
    ImageError
        If a range is empty or leaves the stack.
    """
    axes = job.axes
    for axis, wanted in zip(axes.stack, ranges, strict=True):
        if not wanted or wanted.start < 0 or wanted.stop > axes.sizes[axis]:
            raise ImageError(
                f"the range on axis {axes.names[axis]} must lie between 0 and "
                f"{axes.sizes[axis] - 1}; got {wanted.start} to {wanted.stop - 1}"
            )
    inside = [
        position
        for position in axes.list_positions()
        if all(position[axis] in wanted for axis, wanted in zip(axes.stack, ranges, strict=True))
    ]
    nearest = axes.place(
        [
            min(max(job.position[axis] or 0, wanted.start), wanted.stop - 1)
            for axis, wanted in zip(axes.stack, ranges, strict=True)
        ]
    )
    if nearest != job.position:
        job = replace(job, position=nearest, pinned=None)
    return job, tuple(inside)


def plan_stack(
    job: Job,
    positions: tuple[Position, ...],
    settings: Settings,
    folder: Path | None = None,
    network: "TrainedNetwork | None" = None,
) -> StackPlan:
    """Settle where the labels of a stack go: into memory if they fit, else onto the disk.

    Parameters
    ----------
    job, positions
        As `choose_planes` gives them.
    settings
        The knobs of the run.
    folder
        Where on disk, ending in ``.zarr``, to have them there in any case; a run that was
        stopped there goes on.
    network
        A network that was trained before.

    Raises
    ------
    FileError
        If the folder cannot be used.
    SettingsError
        If a network is to be trained by the scheme Auto, which keeps none.
    """
    if network is None:
        check_keeps_network(settings)
    if folder is None and _fits_in_memory(job):
        array = np.zeros(job.stack_shape, np.int32)
        return StackPlan(positions, PlanesInMemory(array, job.axes), array, network)
    from napari_dynaseg.files.label_store import LabelStore

    folder = folder or choose_folder(job)
    recipe = describe_run(job, positions, settings, network)
    store = LabelStore.open_or_create(
        folder, job.axes, recipe, scale=job.stack.scale, units=job.stack.units
    )
    return StackPlan(positions, store, store.array, network, folder)


def _fits_in_memory(job: Job) -> bool:
    import psutil

    needed = LABEL_BYTES * float(np.prod(job.stack_shape, dtype=float))
    return bool(needed <= SHARE_OF_MEMORY * psutil.virtual_memory().available)


def choose_folder(job: Job) -> Path:
    """Choose a folder for labels that do not fit in memory: beside the image, or at home."""
    name = "".join(letter if letter.isalnum() else "_" for letter in job.name)
    beside = Path(job.path).parent if job.path and Path(job.path).exists() else Path.home()
    for number in range(1, 1000):
        folder = beside / f"{name}_segments{f'_{number}' if number > 1 else ''}.ome.zarr"
        if not folder.exists():
            return folder
    raise FileError(f"there are too many results of {job.name} in {beside}; name a folder")


def describe_run(
    job: Job,
    positions: tuple[Position, ...],
    settings: Settings,
    network: "TrainedNetwork | None",
) -> dict[str, Any]:
    """Describe a run before it begins, to know it again when it goes on after a stop."""
    given = {"scribbles": job.scribbled, "guidance": job.guidance}
    return {
        "settings": settings.model_dump(),
        "image": job.name,
        "path": job.path,
        "axes": job.axes.sentence,
        "first": positions[0],
        "last": positions[-1],
        "network": network and network.recipe.source.sha256,
        **({"within": job.within.model_dump(mode="json")} if job.within else {}),
        **{name: each.runs for name, labels in given.items() for each in encode(labels)},
    }
