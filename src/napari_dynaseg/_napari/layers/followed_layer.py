"""A label layer that is followed: whether it was painted on, changed since, or saved. No Qt."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Labels
from psygnal import SignalInstance

from napari_dynaseg._napari.layers.layer_state import VALUES, describe_layer
from napari_dynaseg._napari.layers.reading import PLACING
from napari_dynaseg.files.journal import Journal
from napari_dynaseg.files.journal_folder import make_journal
from napari_dynaseg.files.ome_labels import find_folder

# What only a user brings about, or a tool for the user.
BEGINNING = {"paint", "labels_update", "features"}
# After these the layer may be another; undo tells of itself by "set_data" alone.
CHANGING = {*BEGINNING, *VALUES, *PLACING, "set_data", "data", "metadata", "colormap"}


# Passes on what this plugin's writers have saved, of which napari tells nothing: the pixels, the
# very object that their layer has.
saved = SignalInstance((object,))


class FollowedLayer:
    """Knows whether a layer needs a journal, and whether that is up to date.

    Parameters
    ----------
    layer
        The layer. A run that writes it makes it not editable; that begins no journal.
    changed
        Called when the journal must be written.
    """

    def __init__(self, layer: Labels, changed: Callable[[], None]) -> None:
        self.layer = layer
        self._changed = changed
        self._has_begun = self.has_changed = False
        self._journal: Journal | None = None
        layer.events.connect(self._on_event)

    def forget(self) -> None:
        """Follow the layer no longer."""
        self.layer.events.disconnect(self._on_event)

    def _on_event(self, event: Any) -> None:
        if event.type in BEGINNING and self.layer.editable:
            # New data come with an empty table, which is nobody's work.
            self._has_begun |= event.type != "features" or not self.layer.features.empty
        if event.type in CHANGING and self._has_begun:
            self.has_changed = True
            self._changed()

    def begin(self) -> None:
        """Take the layer for one that was painted on."""
        self._has_begun = True

    def end(self) -> Journal | None:
        """Take all of it for saved; gives the journal to remove, if there is one."""
        journal, self._journal = self._journal, None
        self._has_begun = self.has_changed = False
        return journal

    def plan_write(self, root: Path) -> Callable[[], float] | None:
        """Freeze all but the pixels, and give what then writes the journal in another thread.

        Parameters
        ----------
        root
            The folder of all journals.

        Returns
        -------
        callable or None
            It gives the seconds that it took; `None` where the pixels can be neither painted nor
            restored, as those of lazy arrays and pyramids.
        """
        data = self.layer.data
        pixels = data if isinstance(data, np.ndarray) else find_folder(data)
        if pixels is None:
            return None
        attributes = self.layer.as_layer_data_tuple()[1]
        attributes["features"] = self.layer.features.copy()
        attributes["metadata"] = dict(self.layer.metadata)
        journal = self._journal = self._journal or make_journal(root)
        self.has_changed = False

        def write() -> float:
            started = time.monotonic()
            journal.write(pixels, describe_layer(attributes, is_quiet=True))
            return time.monotonic() - started

        return write
