"""Which planes a run in the viewer goes through, and where their labels lie. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg.errors import FileError
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.selection import Box, check_box, find_nearest
from napari_dynaseg.labels.network_maps import NetworkMaps
from napari_dynaseg.settings import Settings
from napari_dynaseg.stacks.plan import StackRun, plan_stack

if TYPE_CHECKING:
    from napari_dynaseg.recipes.trained_network import TrainedNetwork

# Labels of a stack may take so much of the memory that is free, and go to disk beyond.
SHARE_OF_MEMORY = 0.25
LABEL_BYTES = 4


@dataclass(frozen=True, eq=False)
class ViewedStack(StackRun):
    """A run through a stack that a layer shows.

    Parameters
    ----------
    plan, labels
        As in `StackRun`.
    maps
        What the network gave for the planes of this run.
    """

    maps: NetworkMaps = field(default_factory=NetworkMaps)


def choose_planes(job: Job, ranges: Sequence[range]) -> tuple[Job, Box]:
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
        The job at a plane of the box, and the box.

    Raises
    ------
    SettingsError
        If a range is empty or leaves the stack.
    """
    box = check_box(job.axes, ranges)
    return _move(job, find_nearest(job.axes, box, job.position)), box


def _move(job: Job, position: Position) -> Job:
    return job if position == job.position else replace(job, position=position, pinned=None)


def begin_stack(
    job: Job,
    box: Box | None,
    settings: Settings,
    folder: Path | None = None,
    network: "TrainedNetwork | None" = None,
) -> tuple[Job, ViewedStack]:
    """Begin a run through a stack: its labels go into memory if they fit, else onto the disk.

    Parameters
    ----------
    job, box
        As `choose_planes` gives them; no box for the plane of the job alone.
    settings
        The knobs of the run.
    folder
        Where on disk, ending in ``.zarr``, to have them there in any case; a run that was
        stopped there goes on.
    network
        A network that was trained before; it labels each plane as it is.

    Returns
    -------
    tuple
        The job at the plane that is trained on, and the run.

    Raises
    ------
    FileError
        If the folder cannot be used.
    ImageError
        If the image has not as many channels as the network was trained on.
    """
    if network is not None:
        wanted = {name: getattr(settings, name) for name in ("result", "detail", "clean")}
        network = network.use({"strategy": "one", **wanted})
        settings = network.settings
    if folder is None and not _fits_in_memory(job):
        folder = choose_folder(job)
    plan = plan_stack(
        job.stack,
        folder,
        settings,
        plane=job.position,
        planes=box or tuple(range(at, at + 1) for at in job.position if at is not None),
        network=network,
        within=job.within,
        scribbled=job.scribbled,
        guidance=job.guidance,
    )
    run = ViewedStack.open(plan)
    return _move(job, run.plan.start), run


def _fits_in_memory(job: Job) -> bool:
    import psutil

    needed = LABEL_BYTES * float(np.prod(job.axes.label_sizes, dtype=float))
    return bool(needed <= SHARE_OF_MEMORY * psutil.virtual_memory().available)


def choose_folder(job: Job) -> Path:
    """Choose a folder for labels that do not fit in memory: beside the image, or at home."""
    image = job.stack
    name = "".join(letter if letter.isalnum() else "_" for letter in image.name)
    beside = Path(image.path).parent if image.path and Path(image.path).exists() else Path.home()
    for number in range(1, 1000):
        folder = beside / f"{name}_segments{f'_{number}' if number > 1 else ''}.ome.zarr"
        if not folder.exists():
            return folder
    raise FileError(f"there are too many results of {image.name} in {beside}; name a folder")
