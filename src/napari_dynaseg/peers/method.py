"""What every method of the table has in common: a plane and knobs in, previews, an outcome."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.labels.numbering import LabelMap


@dataclass(frozen=True, eq=False)
class Preview:
    """How far a method is.

    Parameters
    ----------
    done, total
        Steps done, and how many there are at most.
    draw
        Gives the labels of this step, (H, W), numbers ≥ 1; `None` if the step has none.
    """

    done: int
    total: int
    draw: Callable[[], LabelMap] | None = field(default=None, repr=False)

    @cached_property
    def labels(self) -> LabelMap | None:
        """The labels of this step, (H, W), computed when first asked for; `None` if none."""
        return None if self.draw is None else self.draw()


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a method came to.

    Parameters
    ----------
    labels
        The label map: int32, (H, W), labels 1…K by falling size; regions keep their numbers from
        cut to cut instead.
    cut
        Gives the labels at another detail, (H, W), numbers ≥ 1; `None` if there is one level only.
    """

    labels: LabelMap
    cut: Callable[[float], LabelMap] | None = None


# Closed at any step it is cancelled; at its end it returns the outcome.
Work = Generator[Preview, None, Outcome]


@dataclass(frozen=True)
class Method:
    """A method that turns a plane into labels.

    Parameters
    ----------
    name
        By which Python and the command line call it.
    title
        By which people call it.
    source
        Who published it.
    module
        Where its ``run(plane, knobs)`` is, loaded when it is first needed.
    knobs
        The class of its knobs.
    fixed
        Knobs that make it this method and no other.
    """

    name: str
    title: str
    source: str
    module: str
    knobs: type[Knobs]
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def knob_names(self) -> list[str]:
        """Names of the knobs that may be turned."""
        return [name for name in self.knobs.model_fields if name not in self.fixed]

    def configure(self, **knobs: Any) -> Knobs:
        """Check knobs, and fill in the others.

        Raises
        ------
        SettingsError
            If the method has no such knob, or its value is out of range.
        """
        for name in knobs:
            if name not in self.knob_names:
                raise SettingsError(
                    f"{self.name} has no setting {name!r}; its settings are "
                    f"{', '.join(self.knob_names)}"
                )
        return self.knobs(**{**self.fixed, **knobs})

    def begin(self, plane: Plane, knobs: Knobs) -> Work:
        """Begin to segment a plane.

        Parameters
        ----------
        plane
            float32, (C, H, W), values 0…1, as `napari_dynaseg.image.pixels.to_plane` gives them.
        knobs
            As `configure` gives them.

        Yields
        ------
        Preview
            After every step; close the generator to cancel.

        Returns
        -------
        Outcome
            The labels, and what cuts them anew.
        """
        work: Work = import_module(self.module).run(plane, knobs)
        return work
