"""One reader for all images: files, folders and addresses, opened without reading their pixels."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import imageio.v3 as imageio

from napari_dynaseg.errors import FileError, ImageError, SegmentationError, name_failure
from napari_dynaseg.image.axes import Axes, guess_axes, parse_axes
from napari_dynaseg.image.ome_zarr import find_zarr
from napari_dynaseg.image.pixels import to_channels
from napari_dynaseg.image.remote import is_address
from napari_dynaseg.image.stack_image import Channels, StackImage
from napari_dynaseg.image.stored_array import Stored, check_level
from napari_dynaseg.image.tiff import find_tiff

TIFF_ENDINGS = (".tif", ".tiff")
PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")
IMAGE_ENDINGS = (*TIFF_ENDINGS, *PICTURE_ENDINGS)


def open_image(
    location: str | Path, axes: str | None = None, level: int | None = None
) -> StackImage:
    """Open an image file or address, and read no more than what it says of itself.

    A TIFF and an OME-Zarr are read one plane at a time, later; a PNG or JPEG is read whole. What
    fails for a moment is read again. The image can be pickled, and sent to another process.

    Parameters
    ----------
    location
        A TIFF, PNG or JPEG file, the folder of an OME-Zarr image or of a Zarr array, or the
        address of one: ``http://``, ``https://`` or ``s3://``, which need the extra ``http`` or
        ``s3`` of this package. A public bucket of ``s3://`` is read without a key if the
        environment variable ``FSSPEC_S3_ANON`` is ``true``.
    axes
        One letter an axis, such as ``TZCYX``, as in `parse_axes`. By default the axes are as the
        file says; where it does not say, they are guessed from the shape as in `read_axes`, and
        a last axis of length 3 or 4 holds colours.
    level
        Which resolution of a pyramid, 0 being the finest, and the default.

    Returns
    -------
    StackImage
        With the size of its pixels, where the file tells.

    Raises
    ------
    FileError
        If there is no such file, it is of no such kind, it cannot be read, it has no such level,
        or a package is missing that its address needs.
    ImageError
        If the axes do not fit its shape.
    """
    location = str(location)
    with _name_failure(location):
        stored = _find_reader(location)(location, level)
        read = _settle_axes(axes, stored)
    used = slice(len(read.sizes))  # without colour samples
    name = Path(location).absolute().name  # of an address too
    scale, units = stored.scale[used], stored.units[used]
    return StackImage((stored.array,), read, name, location, scale, units, level or 0)


@contextlib.contextmanager
def _name_failure(location: str | Path, hint: str = "") -> Iterator[None]:
    """Say of what fails which image it is."""
    with name_failure(location):
        try:
            yield
        except SegmentationError as error:
            raise type(error)(f"{location}: {error}{hint}") from error


def _find_reader(location: str) -> Callable[[str, int | None], Stored]:
    path = Path(location)
    ending = path.suffix.lower()
    readers = dict.fromkeys(TIFF_ENDINGS, find_tiff) | dict.fromkeys(PICTURE_ENDINGS, _read_picture)
    if is_address(location):
        if ending in readers:
            raise FileError(f"a {ending} file must be on disk; expected the address of an OME-Zarr")
        return find_zarr
    if not path.exists():
        raise FileError("it does not exist")
    if path.is_dir():
        return find_zarr
    if ending not in readers:
        expected = ", ".join(readers)
        raise FileError(f"it is no image file; expected {expected}, or the folder of an OME-Zarr")
    return readers[ending]


def open_plane(
    location: str | Path, axes: str | None = None, level: int | None = None, hint: str = ""
) -> StackImage:
    """Open an image of one plane, and refuse a stack.

    Planes that nobody has named are its channels, as far as `to_channels` takes them for such:
    whoever asks for one plane knows that the image has no more.

    Parameters
    ----------
    location, axes, level
        As for `open_image`.
    hint
        What else can be done with a stack.

    Returns
    -------
    StackImage
        Of a single position.

    Raises
    ------
    FileError
        As `open_image`.
    ImageError
        If it is a stack, or the axes do not fit its shape.
    """
    image = open_image(location, axes, level)
    stack = [axis for axis in image.axes.stack if image.axes.sizes[axis] > 1]
    if not stack:
        return image
    told = ", ".join(map(image.axes.describe_axis, stack))
    if any(map(image.axes.is_named, stack)):
        raise ImageError(f"{location} is a stack ({told}); expected one plane{hint}")
    with _name_failure(location, hint):
        channels = to_channels(image.arrays[0][...])
    read = parse_axes("CYX", channels.shape)
    return replace(image, arrays=(channels,), axes=read, scale=(), units=())


def read_plane(location: str | Path) -> Channels:
    """Read an image of one plane, (C, H, W), as `open_plane` opens it, its values as they are."""
    return open_plane(location).read_first()


def list_images(paths: Iterable[Path]) -> list[Path]:
    """List image files, and the image files that folders hold, in the order given.

    Parameters
    ----------
    paths
        Files and folders; a folder stands for the images right in it, sorted by name.

    Raises
    ------
    FileError
        If a path does not exist, has an ending that is not read, or is a folder of no image.
    """
    images: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(child for child in path.iterdir() if _is_image(child))
            if not inside:
                raise FileError(f"{path} holds no image; expected {', '.join(IMAGE_ENDINGS)}")
            images += inside
        elif not path.is_file():
            raise FileError(f"{path} does not exist")
        elif not _is_image(path):
            raise FileError(f"{path} is no image file; expected {', '.join(IMAGE_ENDINGS)}")
        else:
            images.append(path)
    return images


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_ENDINGS


def _settle_axes(letters: str | None, stored: Stored) -> Axes:
    if letters is None:
        return guess_axes(stored.array.shape, stored.labels)
    letters = letters.strip().upper()
    if "S" in letters[:-1] and "C" not in letters:  # samples in planes of their own
        letters = letters.replace("S", "C")
    return parse_axes(letters, stored.array.shape)


def _read_picture(location: str, level: int | None) -> Stored:
    check_level(level, 1)
    pixels = imageio.imread(location, plugin="pillow")
    if pixels.ndim == 3 and pixels.shape[-1] == 2:  # grey, and an alpha that is left out
        pixels = pixels[..., 0]
    return Stored(pixels)
