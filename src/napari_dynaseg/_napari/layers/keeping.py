"""An iteration of a run made its result: labels, recipe, network and undo, all together. No Qt."""

import numpy as np
from napari.layers import Labels

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import check_writable, read_locked
from napari_dynaseg._napari.layers.kept_runs import KeptRun
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.scope import find_locked
from napari_dynaseg.recipes.painted_recipe import keep_map
from napari_dynaseg.recipes.snapshots import Snapshot


def merge_paint(layer: Labels, run: KeptRun, labels: LabelMap) -> LabelMap:
    """Put what was painted in a layer, and its locked labels, over the labels of an iteration.

    Parameters
    ----------
    layer
        The layer of the run.
    run
        A run of one plane.
    labels
        (H, W), the iteration's.
    """
    position = run.job.position
    now = run.read_plane(layer, position)
    fixed = run.find_painted(layer, position) | find_locked(now, read_locked(layer))
    merged: LabelMap = np.where(fixed, now, labels)
    return merged


def keep_snapshot(layer: Labels, run: KeptRun, snapshot: Snapshot) -> Change:
    """Make an iteration the result of its run, as one step that Ctrl+Z takes back.

    What was painted stays. The recipe of the layer and the network of the run become those of
    the iteration; when undo leads back, so do they.

    Parameters
    ----------
    layer
        The layer of the run.
    run
        A run of one plane.
    snapshot
        The iteration; no sketch.

    Returns
    -------
    Change
        What was changed.

    Raises
    ------
    EditError
        If the layer cannot be changed.
    """
    check_writable(layer)
    position, labels = run.job.position, snapshot.read_labels()
    painted = run.find_painted(layer, position)
    before = run.describe_state(layer)
    merged = merge_paint(layer, run, labels)
    change = run.write_plane(layer, position, merged)
    run.maps.remember(position, merged, painted)
    made = {**snapshot.recipe.to_metadata(), **keep_map(labels, run.job.axes.is_turned)}
    layer.metadata = {**layer.metadata, **made}
    run.keep_network = snapshot.keep_network
    if change.pixels:
        run.follow_step(layer, before)
    return change
