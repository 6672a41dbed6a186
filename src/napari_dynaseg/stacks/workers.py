"""Planes of a stack shared out over processes and machines, with dask.distributed."""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dynaseg.errors import RunError, SettingsError
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.settings import Settings
from napari_dynaseg.stacks.strategies import check_independent

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

# How many workers a plane may lose before it is given up: they die for reasons that are not
# the plane's, such as a batch system's time limit.
MOST_LOST_WORKERS = 100
# How often a plane is tried again after an error, such as a file server that is away.
RETRIES = 2
# Seconds that a scheduler may take to answer.
LONGEST_SILENCE = 10
SHARED = "workers share out the planes in any order, with"


@contextlib.contextmanager
def open_client(
    settings: Settings, scheduler: str | None = None, workers: int | None = None
) -> "Iterator[Client | None]":
    """Connect to a cluster, or start one of processes here for as long as it is needed.

    Parameters
    ----------
    settings
        Of the run.
    scheduler
        The address of a running scheduler, such as ``tcp://10.0.0.5:8786``. Its workers need
        this package, and the image and the output under the same paths as here.
    workers
        How many processes to start here instead; they share the cores.

    Yields
    ------
    distributed.Client or None
        `None` if neither is wanted.

    Raises
    ------
    RunError
        If no scheduler answers.
    SettingsError
        If both are given, there is less than one worker, planes cannot be shared out, or
        dask.distributed is not installed.
    """
    if scheduler is None and workers is None:
        yield None
        return
    check_independent(settings, SHARED)
    if scheduler is not None and workers is not None:
        raise SettingsError("expected a scheduler or a number of workers; got both")
    if workers is not None and workers < 1:
        raise SettingsError(f"workers must be a whole number from 1; got {workers}")
    try:
        from distributed import Client
    except ImportError as error:
        raise SettingsError(
            "workers and schedulers need dask.distributed: "
            f"pip install 'napari-dynaseg[cluster]' ({error})"
        ) from error
    with contextlib.ExitStack() as stack:
        cluster = scheduler if workers is None else stack.enter_context(_start_cluster(workers))
        try:
            client = Client(cluster, timeout=LONGEST_SILENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise RunError(f"no scheduler answers at {scheduler}: {error}") from error
        yield stack.enter_context(client)


def _start_cluster(workers: int) -> "LocalCluster":
    from dask.system import CPU_COUNT
    from distributed import LocalCluster

    threads = max(1, CPU_COUNT // workers)
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,  # a plane at a time, on all the threads of torch
        env={"OMP_NUM_THREADS": str(threads)},
        scheduler_kwargs={"allowed_failures": MOST_LOST_WORKERS},
        dashboard_address="127.0.0.1:0",  # any port: the usual one may be taken
        silence_logs=logging.ERROR,
    )


def segment_on_cluster(
    client: "Client",
    stack: StackImage,
    network: TrainedNetwork,
    positions: Sequence[Position],
    store: LabelStore,
) -> Iterator[Position]:
    """Label planes on a cluster; a plane whose worker is lost is done by another.

    Parameters
    ----------
    client
        Of the cluster, as `open_client` gives it.
    stack
        The image; it is opened anew on each worker, and must be there under its path.
    network
        Labels all planes.
    positions
        The planes.
    store
        Takes the labels, straight from the workers; it must lie where all of them can write.

    Yields
    ------
    tuple
        The position of each plane that is finished.

    Raises
    ------
    FileError
        If a plane cannot be read or written.
    RunError
        If the cluster is lost, or a plane loses too many workers.
    SettingsError
        If each plane needs its neighbour.
    """
    from distributed import KilledWorker, as_completed

    check_independent(network.settings, SHARED)
    # A task, not scattered data: should every worker that holds it die, it is made anew.
    shared = client.submit(TrainedNetwork.from_bytes, network.to_bytes(), pure=False)
    path = store.path.absolute()
    waiting = {
        client.submit(segment_plane, stack, shared, path, at, pure=False, retries=RETRIES)
        for at in positions
    }
    try:
        for task in as_completed(waiting, loop=client.loop):
            position = task.result()
            # What nobody waits for any more is not done again when its worker is lost.
            waiting.discard(task)
            task.release()
            yield position
    except (KilledWorker, CancelledError, OSError) as error:
        raise RunError(f"the cluster was lost, finished planes are kept: {error}") from error
    finally:
        for task in waiting:
            task.release()


def segment_plane(
    stack: StackImage, network: TrainedNetwork, path: Path, position: Position
) -> Position:
    """Label one plane and write it, if that was not done before.

    Parameters
    ----------
    stack, network
        The image and what labels it.
    path
        Of the store.
    position
        The plane, which is given back.

    Raises
    ------
    FileError
        If the plane cannot be read or written.
    """
    store = LabelStore.open(path)
    if not store.is_finished(position):
        store.write_plane(position, network.label(stack.read_channels(position)))
    return position
