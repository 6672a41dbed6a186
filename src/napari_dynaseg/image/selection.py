"""Which planes of a stack a text means, such as ``T=3,Z=10`` or ``T=0:20``."""

from collections.abc import Sequence
from itertools import product

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.image.axes import Axes, Position, list_indices

# One range of indices for each stack axis.
Box = tuple[range, ...]


def find_plane(axes: Axes, text: str | None = None) -> Position:
    """Find the plane that a text names; on an axis that it leaves out, the middle one.

    Parameters
    ----------
    axes
        How the axes of the stack are read.
    text
        Such as ``T=3,Z=10``, counted from 0.

    Raises
    ------
    SettingsError
        If there is no such plane.

    Examples
    --------
    >>> find_plane(Axes(("T", "Z", "Y", "X"), (9, 4, 64, 64), plane=(2, 3)), "Z=0")
    (4, 0, None, None)
    """
    parts = _split_text(axes, text)
    return axes.place(
        [
            _read_index(axes, axis, parts[axis]) if axis in parts else axes.sizes[axis] // 2
            for axis in axes.stack
        ]
    )


def find_box(axes: Axes, text: str | None = None) -> Box:
    """Find the range on each stack axis that a text names; an axis that it leaves out is whole.

    Parameters
    ----------
    axes
        How the axes of the stack are read.
    text
        Such as ``T=0:20,Z=5:``, counted from 0, without the end, which may be left out as the
        beginning may.

    Raises
    ------
    SettingsError
        If a range is empty, or reaches beyond the stack.

    Examples
    --------
    >>> find_box(Axes(("T", "Z", "Y", "X"), (9, 4, 64, 64), plane=(2, 3)), "T=:5")
    (range(0, 5), range(0, 4))
    """
    parts = _split_text(axes, text)
    return check_box(axes, [_read_range(axes, axis, parts.get(axis, ":")) for axis in axes.stack])


def check_box(axes: Axes, ranges: Sequence[range]) -> Box:
    """Turn one range for each stack axis into a box.

    Raises
    ------
    SettingsError
        If a range is empty, or reaches beyond the stack.
    """
    for axis, part in zip(axes.stack, ranges, strict=True):
        if not 0 <= part.start < part.stop <= axes.sizes[axis]:
            raise _refuse_range(axes, axis, f"{part.start}:{part.stop}")
    return tuple(ranges)


def list_box(axes: Axes, box: Box) -> list[Position]:
    """List the planes of a box, the last stack axis running fastest."""
    return [axes.place(indices) for indices in product(*box)]


def find_nearest(axes: Axes, box: Box, position: Position) -> Position:
    """Find the plane of a box that lies nearest to a position."""
    near = zip(list_indices(position), box, strict=True)
    return axes.place([min(max(at, part[0]), part[-1]) for at, part in near])


def place_like(axes: Axes, position: Position) -> Position | None:
    """Find the plane at a position of another image, or the nearest; `None` if none is like it."""
    indices, sizes = list_indices(position), axes.stack_sizes
    if len(indices) == len(sizes):
        return find_nearest(axes, find_box(axes), axes.place(indices))
    return axes.first if max(sizes, default=1) == 1 else None


def check_plane(axes: Axes, indices: Sequence[int]) -> Position:
    """Turn one index for each stack axis into a position.

    Raises
    ------
    SettingsError
        If there is not one index for each, or no such plane.
    """
    if not axes.has_plane(indices):
        raise SettingsError(
            f"a plane of {axes.sentence} is one index for each of {_name_stack(axes)}; "
            f"got {tuple(indices)}"
        )
    return axes.place(indices)


def _split_text(axes: Axes, text: str | None) -> dict[int, str]:
    """Give what a text says of each axis that it names."""
    known = {axes.names[axis].lower(): axis for axis in axes.stack}
    parts: dict[int, str] = {}
    for part in text.split(",") if text else []:
        name, equals, value = part.partition("=")
        axis = known.get(name.strip().lower())
        if axis is None or not equals or axis in parts:
            raise SettingsError(f"expected each of {_name_stack(axes)} once at most; got {text!r}")
        parts[axis] = value.strip()
    return parts


def _name_stack(axes: Axes) -> str:
    return ", ".join(f"{axes.names[axis]}=…" for axis in axes.stack) or "no axis (it is one plane)"


def _read_index(axes: Axes, axis: int, text: str) -> int:
    name, size = axes.names[axis], axes.sizes[axis]
    if not text.isdecimal() or int(text) >= size:
        raise SettingsError(f"the plane must have {name} from 0 to {size - 1}; got {text!r}")
    return int(text)


def _read_range(axes: Axes, axis: int, text: str) -> range:
    start, colon, stop = (part.strip() for part in text.partition(":"))
    start, stop = start or "0", stop or str(axes.sizes[axis])
    if not (colon and start.isdecimal() and stop.isdecimal()):
        raise _refuse_range(axes, axis, text)
    return range(int(start), int(stop))


def _refuse_range(axes: Axes, axis: int, got: str) -> SettingsError:
    return SettingsError(
        f"the range of {axes.names[axis]} must be start:stop within 0:{axes.sizes[axis]}, the "
        f"stop left out; got {got!r}"
    )
