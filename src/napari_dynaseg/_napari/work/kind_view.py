"""Show the labels on view by their kinds, and tell which labels are of one kind."""

from contextlib import suppress
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal

from napari_dynaseg._napari.layers.kinds import colour_by_kind, explain_no_kinds, find_kinds
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.recutting import Recutting
from napari_dynaseg.errors import EditError


class KindView:
    """Colours the labels on view by kind, and gives them their own colours back.

    Parameters
    ----------
    viewer
        Whose plane on view counts.
    recutting
        Finds that plane, and builds its tree where it is not there.
    """

    switched = Signal(bool)

    def __init__(self, viewer: ViewerModel, recutting: Recutting) -> None:
        self._viewer, self._recutting = viewer, recutting
        self.layer: Labels | None = None  # the one that is shown by kind
        self._own: Any = None  # its own colours
        viewer.dims.events.current_step.connect(self.refresh)
        viewer.layers.selection.events.active.connect(self._follow_selection)
        recutting.cut.connect(self.refresh)

    def close(self) -> None:
        """Give the layer its colours back, and let go of the viewer."""
        self.switch(False)
        self._viewer.dims.events.current_step.disconnect(self.refresh)
        self._viewer.layers.selection.events.active.disconnect(self._follow_selection)

    def explain(self) -> str:
        """Say why the labels on view cannot be shown by kind; nothing if they can."""
        if (found := self._recutting.find_plane()) is None:
            return "select the regions of a run of this session"
        return explain_no_kinds(found[1], found[2])

    def find(self) -> dict[int, int]:
        """Find the kind of each label of the plane on view.

        Raises
        ------
        EditError
            If there are none, or not yet.
        """
        found = self._recutting.find_plane()
        if found is None or (reason := explain_no_kinds(found[1], found[2])):
            raise EditError(reason if found else self.explain())
        layer, run, position = found
        if run.find_tree(position) is None:
            self._recutting.plant(run, position, self.refresh)
            raise EditError("the tree of this plane is being built; do it again in a moment")
        return find_kinds(run, layer, position)

    @show_errors()
    def switch(self, is_on: bool) -> None:
        """Colour by kind, or each label by itself."""
        if is_on and self.layer is None and (found := self._recutting.find_plane()):
            self.layer, self._own = found[0], found[0].colormap
            self.layer.events.paint.connect(self.refresh)
            self.refresh()
        elif not is_on and self.layer is not None:
            layer, self.layer = self.layer, None
            layer.events.paint.disconnect(self.refresh)
            layer.colormap = self._own
        self.switched.emit(self.layer is not None)

    def refresh(self, _event: object = None) -> None:
        """Colour what is on view by now."""
        found = self._recutting.find_plane()
        if self.layer is None or found is None or found[0] is not self.layer:
            return
        with suppress(EditError):  # what is not there yet is coloured once it is
            colour_by_kind(self.layer, self.find())

    def _follow_selection(self, _event: object = None) -> None:
        found = self._recutting.find_plane()
        if self.layer is not None and (found is None or found[0] is not self.layer):
            self.switch(False)
