"""A trained network with all it needs to label further planes; kept in one safe file."""

import hashlib
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from napari_dynaseg.engine.apply import Statistics
from napari_dynaseg.engine.weights import from_numpy, to_numpy
from napari_dynaseg.errors import FileError, ImageError, SettingsError, name_failure
from napari_dynaseg.image.pixels import Plane, Scaling
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.method.clusters import find_clusters
from napari_dynaseg.method.label_tree import LabelTree
from napari_dynaseg.method.refine import REFINING_KNOBS, Refined, train_on
from napari_dynaseg.method.step import Labelled, Step
from napari_dynaseg.recipes.recipe import NETWORK_KEY, Recipe, read_network_header
from napari_dynaseg.recipes.writing import write_whole
from napari_dynaseg.regions.tree import build_tree
from napari_dynaseg.settings import Device, Settings

NETWORK_ENDING = ".dynaseg.safetensors"
# The knobs that say how a network is used; the others made it.
CHOSEN_IN_USE = ("strategy", "follow_iterations", "device", "result", "detail", "clean")


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network as a step of a training left it.

    Parameters
    ----------
    recipe
        What made it; its settings shape the network.
    scaling
        Of the planes that it was trained on: equal intensities mean equal input everywhere.
    weights
        float32, one vector.
    statistics
        What its batch norms know of the planes that it was trained on; `None` to go by those
        of each plane that is labelled.
    numbers
        The label that each channel of the response map stands for, int32, (q + 1,), the
        channels counted from 1; entry 0 is 0.
    """

    recipe: Recipe
    scaling: Scaling
    weights: npt.NDArray[np.float32]
    statistics: Statistics | None
    numbers: npt.NDArray[np.int32]

    @classmethod
    def from_step(
        cls, step: Step, recipe: Recipe, scaling: Scaling, numbers: npt.NDArray[np.int32]
    ) -> "TrainedNetwork":
        """Keep the network of a step; the parameters are those of the class."""
        return cls(recipe, scaling, to_numpy(step.weights), step.statistics, numbers)

    @property
    def settings(self) -> Settings:
        """The knobs that it was trained with."""
        return self.recipe.read_settings()

    def use(self, knobs: Mapping[str, Any]) -> "TrainedNetwork":
        """Give the network as it is used with some knobs.

        Parameters
        ----------
        knobs
            The settings to change, by name: one of `CHOSEN_IN_USE`.

        Raises
        ------
        SettingsError
            If a knob is one that the network was trained with, or its value is out of range.
        """
        for name in knobs:
            if name in Settings.model_fields and name not in CHOSEN_IN_USE:
                raise SettingsError(
                    f"{name} cannot change in a network that is trained; only "
                    f"{', '.join(CHOSEN_IN_USE)} can"
                )
        settings = self.settings.change(**knobs)
        recipe = self.recipe.model_copy(update={"settings": settings.model_dump()})
        return replace(self, recipe=recipe)

    def check_channels(self, channels: int, name: str) -> None:
        """Refuse an image that has not as many channels as the network was trained on.

        Raises
        ------
        ImageError
            If it has not.
        """
        expected = len(self.scaling.ends)
        if channels != expected:
            raise ImageError(
                f"{name}: the number of channels must be that of the network, {expected}; "
                f"got {channels}"
            )

    def label(self, channels: npt.NDArray[Any]) -> LabelMap:
        """Label one plane.

        Parameters
        ----------
        channels
            (C, H, W) as stored, of any dtype; as many channels as it was trained on.

        Returns
        -------
        numpy.ndarray
            int32, (H, W); a cluster means the same on every plane, a region is of this one.

        Raises
        ------
        ImageError
            If the plane has another number of channels, or is no plane.
        """
        return self.label_and_keep(channels).labels

    def label_and_keep(self, channels: npt.NDArray[Any]) -> Labelled:
        """Label one plane as `label` does; gives what the labels are cut from as well."""
        plane = self.scaling.apply(channels)
        # The device of the training may not be there; a CPU was chosen because it gives the same.
        device: Device = "cpu" if self.settings.device == "cpu" else "auto"
        weights = from_numpy(self.weights, device)
        clusters = find_clusters(plane, self.settings, weights, self.statistics)
        if not self.settings.needs_tree:
            return Labelled(self.numbers[clusters], None)
        tree = self._plant(plane, clusters)
        return Labelled(tree.cut(self.settings.detail), tree)

    def _plant(self, plane: Plane, clusters: LabelMap) -> LabelTree:
        return LabelTree.of(build_tree(plane), clusters, self.numbers, self.settings.result)

    def move_on(self, step: Step) -> "TrainedNetwork":
        """Give the network as it was trained on by another plane, by whose statistics it goes."""
        return replace(self, weights=to_numpy(step.weights), statistics=step.statistics)

    def refine(
        self,
        channels: npt.NDArray[Any],
        shown: LabelMap,
        painted: Mask,
        settings: Settings,
    ) -> Generator[Step, None, tuple[Refined, "TrainedNetwork"]]:
        """Train on with what the user painted on a plane; yields each step.

        Parameters
        ----------
        channels
            (C, H, W) as stored, as in `label`.
        shown
            (H, W), the labels with the user's paint.
        painted
            (H, W), where that paint is. Pixels painted with 0 are kept, and teach nothing.
        settings
            Scheme, μ, ``refine_iterations`` and ``scribble_weight`` are read; the rest made the
            network.

        Returns
        -------
        tuple
            What came of it, and the network.

        Raises
        ------
        ImageError
            If there is no channel left for a new label.
        """
        knobs = self.settings.change(**{name: getattr(settings, name) for name in REFINING_KNOBS})
        weights = from_numpy(self.weights)
        plane = self.scaling.apply(channels)
        refined = yield from train_on(
            plane, knobs, weights, self.numbers, shown, painted, self.recipe.within
        )
        return refined, replace(self.move_on(refined.step), numbers=refined.numbers)

    def to_bytes(self) -> bytes:
        """Write it in the safetensors format, with the recipe as JSON in the header."""
        return self._write(recipe=self.recipe.to_metadata())

    @property
    def sha256(self) -> str:
        """Hash of the network itself, whatever its recipe says of where it comes from."""
        return hashlib.sha256(self._write()).hexdigest()

    def _write(self, **header: Any) -> bytes:
        from safetensors.numpy import save

        tensors: dict[str, npt.NDArray[Any]] = {"weights": self.weights, "numbers": self.numbers}
        header["scaling"] = self.scaling.ends
        if self.statistics:
            header["pixels"] = self.statistics.pixels
            tensors |= self.statistics.to_numpy()
        return save(tensors, metadata={NETWORK_KEY: json.dumps(header)})

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "the network") -> "TrainedNetwork":
        """Read it back.

        Raises
        ------
        FileError
            If the content is no network that this version understands.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            tensors, header = load(content), read_network_header(content)
            pixels = header.get("pixels")
            return cls(
                recipe=Recipe.from_metadata(header["recipe"]),
                scaling=Scaling(
                    tuple((float(dark), float(bright)) for dark, bright in header["scaling"])
                ),
                weights=tensors["weights"],
                statistics=Statistics.from_numpy(tensors, pixels) if pixels else None,
                numbers=tensors["numbers"],
            )
        except (SafetensorError, ValidationError, ValueError, KeyError, TypeError) as error:
            raise FileError(f"{name} is no network of napari-dynaseg: {error}") from None

    def save(self, path: Path) -> None:
        """Write it to a file, whole or not at all.

        Raises
        ------
        FileError
            If the file cannot be written, or its name does not end as it must.
        """
        check_ending(path)
        content = self.to_bytes()
        write_whole(path, lambda part: part.write_bytes(content))

    @classmethod
    def load(cls, path: Path) -> "TrainedNetwork":
        """Read it from a file.

        Raises
        ------
        FileError
            If the file cannot be read, or holds no network.
        """
        with name_failure(path):
            return cls.from_bytes(path.read_bytes(), str(path))


def check_ending(path: Path) -> None:
    """Refuse, before any work, a file that no network is kept in.

    Raises
    ------
    FileError
        If its name does not end as it must.
    """
    if not path.name.endswith(NETWORK_ENDING):
        raise FileError(f"a network is kept in a file that ends in {NETWORK_ENDING}; got {path}")
