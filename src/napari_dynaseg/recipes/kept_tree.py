"""The tree of some labels, kept beside their recipe: what is cut anew without any training."""

import base64
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from napari_dynaseg.errors import FileError, ImageError, name_failure
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.record import Record
from napari_dynaseg.settings import FINEST_DETAIL, Outcome

if TYPE_CHECKING:
    from napari_dynaseg.method.label_tree import LabelTree

# Under this key the tree lies in a layer's metadata and in a label file.
TREE_KEY = "dynaseg_tree"
# No tree of a larger plane is kept, or read: it is 16,384 pixels square.
MOST_PIXELS = 1 << 28
# A tenth smaller than the fastest; what is smaller still takes far longer.
COMPRESSION = 6

Numbers = npt.NDArray[np.int32]
Count = Annotated[int, Field(ge=1, le=MOST_PIXELS)]


class TreeRecord(Record):
    """A tree as text. Texts are bytes, compressed by zlib, in base64; numbers lie byte by byte.

    Parameters
    ----------
    shape
        (H, W) of the superpixels.
    outlines
        Of each pixel whether its superpixel is that of the pixel to the left, then of each
        whether it is that of the pixel above, a bit each. Superpixels are numbered in row-major
        order of their first pixels.
    superpixels
        How many there are, n.
    merges
        The tree's, (3, n - 1): the absorbed ones; how much more the kept ones are; how far
        the details fall from one to the next, in steps of `FINEST_DETAIL`.
    pairs
        How many pairs there are in the votes, v.
    votes
        (3, v), by rising clusters and within them superpixels: the superpixels and the clusters,
        as differences; how many pixels.
    channels
        Of the response map, q.
    numbers
        The labels of the channels from 0 on, (q + 1,).
    seeds
        The channels of the strokes, (n,).
    result, within
        As of `LabelTree`.
    """

    format: Literal[1] = 1
    result: Outcome
    within: RegionOfInterest | None = None
    shape: tuple[Count, Count]
    outlines: str
    superpixels: Count
    merges: str
    pairs: Count
    votes: str
    channels: Count
    numbers: str
    seeds: str | None = None

    @property
    def pixels(self) -> int:
        """How many pixels there are on the whole plane."""
        height, width = self.within.shape if self.within else self.shape
        return height * width


def keep_tree(label_tree: "LabelTree | None") -> dict[str, Any]:
    """Give a tree as an entry of metadata that JSON can hold; none where there is no tree.

    Nor is that of an enormous plane kept, of more than `MOST_PIXELS`.
    """
    if label_tree is None or label_tree.tree.superpixels.size > MOST_PIXELS:
        return {}
    tree, votes = label_tree.tree, label_tree.votes
    places = _find_places(tree.superpixels)
    absorbed, voting = places[tree.absorbed], places[votes.superpixels]
    order = np.lexsort((voting, votes.clusters))
    steps = np.round(-tree.details / FINEST_DETAIL).astype(np.int32)
    record = TreeRecord(
        result=label_tree.result,
        within=label_tree.within,
        shape=tree.superpixels.shape,
        outlines=_write_outlines(tree.superpixels),
        superpixels=len(places),
        merges=_write(absorbed, places[tree.kept] - absorbed, _shrink(steps)),
        pairs=len(order),
        votes=_write(
            _shrink(voting[order]),
            _shrink(votes.clusters[order].astype(np.int32)),
            votes.counts[order],
        ),
        channels=len(label_tree.numbers) - 1,
        numbers=_write(label_tree.numbers),
        seeds=None if label_tree.seeds is None else _write(_reorder(label_tree.seeds, places)),
    )
    return {TREE_KEY: record.model_dump(mode="json")}


def read_tree(metadata: Mapping[str, Any], pixels: int | None = None) -> "LabelTree | None":
    """Read a tree back from metadata; its cuts are those of the one that was kept.

    Parameters
    ----------
    metadata
        Of a layer or a file.
    pixels
        How many labels there are beside it, where that is known.

    Returns
    -------
    LabelTree or None
        `None` if there is none.

    Raises
    ------
    FileError
        If it is broken, of another plane than the labels, or from a newer version than this.
    """
    if metadata.get(TREE_KEY) is None:
        return None
    record = TreeRecord.read(metadata[TREE_KEY], "the tree of the labels")
    try:
        return _read_record(record, pixels)
    except (FileError, ImageError) as error:
        raise FileError(f"the tree of the labels cannot be read: {error}") from None


def _read_record(record: TreeRecord, pixels: int | None) -> "LabelTree":
    # The viewer writes trees without waiting for torch, on which the tree's own module rests.
    from napari_dynaseg.method.label_tree import LabelTree
    from napari_dynaseg.regions.tree import Tree
    from napari_dynaseg.regions.votes import Votes

    count, pairs, within = record.superpixels, record.pairs, record.within
    size = record.shape[0] * record.shape[1]
    if pixels not in (None, record.pixels):
        raise FileError(f"it is of {record.pixels} pixels, and there are {pixels} labels")
    _check(max(size, record.pixels, record.channels) <= MOST_PIXELS >= count, "it is too large")
    _check(count <= size >= pairs, "there are more superpixels than pixels")
    if within:
        rows, columns = _read_box(within)
        _check((rows, columns) == record.shape, "it is of another part")
    superpixels = _read_outlines(record)
    absorbed, farther, steps = _read(record.merges, (3, count - 1))
    details = _grow(steps).astype(np.float32) * np.float32(-FINEST_DETAIL)
    voting, clusters, counts = _read(record.votes, (3, pairs))
    numbers = _read(record.numbers, (record.channels + 1,))
    seeds = None if record.seeds is None else _read(record.seeds, (count,))
    tree = Tree(superpixels, absorbed + farther, absorbed, details)
    votes = Votes(_grow(voting), _grow(clusters), counts)
    found = LabelTree(tree, votes, numbers, record.result, seeds, within)
    _check_tree(found, count)
    return found


def _read_box(within: RegionOfInterest) -> tuple[int, int]:
    height, width = within.shape
    _check(min(height, width) > 0 and bool(within.mask.any()), "its part is empty")
    rows, columns = within.box
    return rows.stop - rows.start, columns.stop - columns.start


def _check_tree(found: "LabelTree", count: int) -> None:
    """Refuse numbers that would lead beyond the arrays: compiled loops do not look."""
    tree, votes = found.tree, found.votes
    _check(_lie_in((tree.kept, tree.absorbed, votes.superpixels), count), "it has no such region")
    _check(len(np.unique(tree.absorbed)) == count - 1, "a region is merged twice")
    is_ordered = np.isfinite(tree.details).all() and (np.diff(tree.details) <= 0).all()
    _check(bool(is_ordered), "its merges are not in order")
    channels = (votes.clusters, *(() if found.seeds is None else (found.seeds,)))
    _check(_lie_in(channels, len(found.numbers)), "it has no such channel")
    _check(bool((votes.counts >= 0).all() and (found.numbers >= 0).all()), "a number is below 0")


def _lie_in(arrays: tuple[npt.NDArray[np.integer], ...], size: int) -> bool:
    return all(not len(each) or (each.min() >= 0 and each.max() < size) for each in arrays)


def _check(is_right: bool, text: str) -> None:
    if not is_right:
        raise FileError(text)


def _find_places(superpixels: LabelMap) -> Numbers:
    """Find the place of each superpixel, (n,), in the row-major order of their first pixels."""
    pixels = superpixels.ravel()[::-1]
    first = np.empty(int(pixels.max()) + 1, np.int32)
    # Of several that are written to one entry the last stays, which is the first pixel.
    first[pixels] = np.arange(len(pixels) - 1, -1, -1, dtype=np.int32)
    return _invert(np.argsort(first))


def _invert(order: npt.NDArray[np.integer]) -> Numbers:
    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    return places


def _reorder(values: npt.NDArray[np.integer], places: Numbers) -> npt.NDArray[np.integer]:
    reordered = np.empty_like(values)
    reordered[places] = values
    return reordered


def _write_outlines(superpixels: LabelMap) -> str:
    goes_on = np.zeros((2, *superpixels.shape), bool)
    np.equal(superpixels[:, 1:], superpixels[:, :-1], out=goes_on[0, :, 1:])
    np.equal(superpixels[1:], superpixels[:-1], out=goes_on[1, 1:])
    return _compress(np.packbits(goes_on).tobytes())


def _read_outlines(record: TreeRecord) -> LabelMap:
    """Join the pixels that go on, row by row and then from row to row."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    (height, width), size = record.shape, 2 * record.shape[0] * record.shape[1]
    bits = np.frombuffer(_decompress(record.outlines, -(-size // 8)), np.uint8)
    left, above = np.unpackbits(bits, count=size).astype(bool).reshape(2, height, width)
    _check(not left[:, 0].any() and not above[0].any(), "its outlines go beyond the edge")
    runs = np.cumsum(~left, dtype=np.int32).reshape(height, width) - 1
    upper, lower = _list_joined(runs, left, above)
    ones = np.ones(len(upper), bool)
    graph = coo_array((ones, (upper, lower)), shape=(int(runs[-1, -1]) + 1,) * 2)
    count, found = connected_components(graph, directed=False)
    _check(count == record.superpixels, f"it has {count} superpixels, not {record.superpixels}")
    # Runs lie in row-major order, so that the first run of each has its first pixel.
    numbers: LabelMap = _find_places(found)[found]
    return numbers[runs]


def _list_joined(runs: Numbers, left: Mask, above: Mask) -> tuple[Numbers, Numbers]:
    """List the runs that one superpixel has in neighbouring rows, each pair once or a few times."""
    is_known = np.zeros_like(above)
    is_known[1:, 1:] = above[1:, :-1] & left[1:, 1:] & left[:-1, 1:]
    rows, columns = np.nonzero(above & ~is_known)
    return runs[rows - 1, columns], runs[rows, columns]


def _shrink(numbers: Numbers) -> Numbers:
    """Take differences from one to the next, which are small; past the ends of int32 they wrap."""
    return np.diff(numbers, prepend=np.int32(0))


def _grow(differences: Numbers) -> Numbers:
    return np.cumsum(differences, dtype=np.int32)


def _write(*rows: npt.NDArray[np.integer]) -> str:
    """Write whole numbers, all their lowest bytes first, which compresses best."""
    numbers = np.ascontiguousarray(np.stack(rows), "<i4")
    return _compress(numbers.view(np.uint8).reshape(-1, 4).T.tobytes())


def _read(text: str, shape: tuple[int, ...]) -> Numbers:
    size = int(np.prod(shape))
    planes = np.frombuffer(_decompress(text, 4 * size), np.uint8).reshape(4, size)
    numbers = np.ascontiguousarray(planes.T).view("<i4").astype(np.int32)
    return numbers.reshape(shape)


def _compress(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, COMPRESSION)).decode()


def _decompress(text: str, size: int) -> bytes:
    """Decompress as many bytes as there must be, and not one more."""
    with name_failure("it"):
        decompressor = zlib.decompressobj()
        # Of 0 bytes there would be no limit.
        content = decompressor.decompress(base64.b64decode(text, validate=True), size + 1)
    _check(len(content) == size, f"it has not {size} bytes where it must")
    return content
