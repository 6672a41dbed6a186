"""A plane of labels that is cut anew while a slider moves, and written as one step. No Qt."""

import numpy as np
import numpy.typing as npt
from napari.layers import Labels

from napari_dynaseg._napari.layers.edit_targets import Target, check_writable, read_locked
from napari_dynaseg._napari.layers.kept_run import KeptRun, State
from napari_dynaseg._napari.layers.session import Session
from napari_dynaseg.errors import EditError
from napari_dynaseg.image.axes import Position
from napari_dynaseg.labels.network_maps import RememberedMap
from napari_dynaseg.labels.numbering import LabelMap, Mask, match_labels
from napari_dynaseg.labels.scope import find_locked
from napari_dynaseg.method.label_tree import LabelTree
from napari_dynaseg.recipes.painted_recipe import keep_map
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe


class Recut:
    """Cuts a plane of a layer anew, as often as wanted; all but the last leave no trace.

    What is no part of the cut before stays as it is: paint, what tools and Refine have made, and
    locked labels.

    Parameters
    ----------
    run
        The run of the layer.
    layer
        The layer.
    position
        The plane, of which there is a tree.

    Raises
    ------
    EditError
        If the layer cannot be changed, or there is no such tree.
    """

    def __init__(self, run: KeptRun, layer: Labels, position: Position) -> None:
        check_writable(layer)
        tree = run.find_tree(position)
        if tree is None:
            raise EditError(run.explain_no_tree(position) or "the tree of this plane is not there")
        self.layer, self._run, self._position, self._data = layer, run, position, layer.data
        self._tree: LabelTree = tree
        self._before = run.read_plane(layer.data, position)
        self._numbers: npt.NDArray[np.int32] | None = None
        self._fixed = self._find_fixed(run.find_detail(position))
        self.detail: float | None = None  # the last one shown

    def _find_fixed(self, detail: float) -> Mask:
        """Find what stays; numbers the regions as they are numbered on the plane, first."""
        run, before, made = self._run, self._before, self._tree.cut(detail)
        if run.is_stack and self._position != run.job.position and self._tree.result == "regions":
            count = int(self._tree.tree.superpixels.max()) + 1
            self._numbers = _follow_numbers(made, match_labels(made, before), count)
        painted = run.maps.find_painted(self._position, before)
        differs = self._finish(made) != before
        fixed: Mask = differs | painted | find_locked(before, read_locked(self.layer))
        return fixed

    def _cut(self, detail: float) -> LabelMap:
        return self._finish(self._tree.cut(detail))

    def _finish(self, cut: LabelMap) -> LabelMap:
        if self._numbers is not None:
            cut = self._numbers[cut]
        is_drawn = self._position == self._run.job.position
        return self._run.job.lay_strokes(cut) if is_drawn else cut

    def _merge(self, made: LabelMap) -> LabelMap:
        merged = made.copy()
        np.copyto(merged, self._before, where=self._fixed)
        return merged

    def show(self, detail: float) -> None:
        """Show the labels of a detail in place."""
        self._check_data()
        self._run.write_plane(self._data, self._position, self._merge(self._cut(detail)))
        self.layer.refresh(thumbnail=False, highlight=False, extent=False)
        self.detail = detail

    def write(self, session: Session, detail: float) -> LabelMap:
        """Write the labels of a detail as one step that Ctrl+Z takes back; gives them.

        Raises
        ------
        EditError
            If the layer cannot be changed.
        """
        self._check_data()
        run, position = self._run, self._position
        made = self._cut(detail)
        merged = self._merge(made)
        if self.detail is not None:  # the step goes from the labels before
            run.write_plane(self._data, position, self._before)
        target = Target(self.layer, self._data, run.find_index(position))
        change = run.find_change(target, position, self._before, merged)
        session.write_state(change, "another detail", self._describe(detail, made, merged))
        return merged

    def take_back(self) -> None:
        """Show the labels from before."""
        if self.detail is not None and self.layer.data is self._data:
            self._run.write_plane(self._data, self._position, self._before)
            self.layer.refresh(thumbnail=False, highlight=False, extent=False)

    def _check_data(self) -> None:
        if self.layer.data is not self._data:
            raise EditError(f"the data of {self.layer.name!r} were replaced meanwhile")

    def _describe(self, detail: float, made: LabelMap, merged: LabelMap) -> State:
        """Describe what belongs to the labels then.

        What a refinement has made stays, as paint does: the recipe keeps it as corrections.
        """
        run, position = self._run, self._position
        before = run.describe_state(self.layer)
        metadata = dict(before.metadata)
        if not run.is_stack and METADATA_KEY in metadata:
            recipe = Recipe.from_metadata(metadata).cut_at(detail)
            recipe = recipe.model_copy(update={"refinements": ()})
            metadata |= {**recipe.to_metadata(), **keep_map(made, run.job.axes.is_turned)}
        painted = run.maps.find_painted(position, self._before)
        return before._replace(
            metadata=metadata,
            maps={**before.maps, position: RememberedMap.of(merged, painted)},
            details={**before.details, position: detail},
        )


def _follow_numbers(made: LabelMap, matched: LabelMap, count: int) -> npt.NDArray[np.int32]:
    """Give each of the regions 1…count the number that it was matched to, others a free one."""
    numbers = np.arange(count + 1, dtype=np.int32) + matched.max()
    numbers[made] = matched
    numbers[0] = 0
    followed: npt.NDArray[np.int32] = numbers.astype(np.int32)
    return followed
