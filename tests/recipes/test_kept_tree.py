"""A tree is kept beside the recipe in few bytes, cuts as before, and is read with care."""

import base64
import json
import zlib

import numpy as np
import pytest

from napari_dynaseg.errors import FileError
from napari_dynaseg.generators import run_through
from napari_dynaseg.method.label_tree import LabelTree, find_seeds
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.method.run import run
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.recipes.kept_tree import TREE_KEY, keep_tree, read_tree
from napari_dynaseg.regions.tree import Tree, build_tree
from napari_dynaseg.regions.votes import Votes
from napari_dynaseg.settings import Settings

DETAILS = 0, 30, 56, 80, 100


def draw_plane(side):
    random = np.random.default_rng(1)
    patches = np.kron(random.random((3, side // 8, side // 8)), np.ones((1, 8, 8)))
    return (patches + 0.1 * random.random((3, side, side))).astype(np.float32)


def make_label_tree(result="clusters", has_strokes=False, is_part=False):
    plane, within = draw_plane(64), None
    if is_part:
        mask = np.zeros((64, 64), bool)
        mask[10:40, 5:60], mask[12:15, 7:9] = True, False
        within = RegionOfInterest.of(mask, mask.shape)
        plane = within.crop(plane)
    tree = build_tree(plane)
    clusters = 1 + (plane[0] > 0.5) + 2 * (plane[1] > 0.5).astype(np.int32)
    strokes = np.zeros_like(clusters)
    strokes[2:5, 2:20], strokes[9, 5:9] = 3, 1
    seeds = find_seeds(tree.superpixels, strokes) if has_strokes else None
    votes = Votes.count(tree.superpixels, clusters)
    return LabelTree(
        tree, votes, np.array([0, 4, 2, 90_000, 1, 3], np.int32), result, seeds, within
    )


def keep(label_tree):
    return json.loads(json.dumps(keep_tree(label_tree)))


def check_alike(again, before):
    for detail in DETAILS:
        np.testing.assert_array_equal(again.cut(detail), before.cut(detail))
        np.testing.assert_array_equal(again.cut_kinds(detail), before.cut_kinds(detail))


@pytest.mark.parametrize("result", ["clusters", "regions"])
@pytest.mark.parametrize("has_strokes", [False, True])
@pytest.mark.parametrize("is_part", [False, True])
def test_a_tree_that_was_kept_cuts_as_before(result, has_strokes, is_part):
    before = make_label_tree(result, has_strokes, is_part)
    check_alike(read_tree(keep(before), 64 * 64), before)


def test_the_tree_of_a_run_is_kept_in_less_than_a_byte_a_pixel_and_cuts_as_before():
    result = run_through(run(RunInput((draw_plane(256),), Settings(iterations=3))))
    kept = keep(result.label_tree)
    check_alike(read_tree(kept), result.label_tree)
    assert len(json.dumps(kept)) < 256 * 256


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (16, 16)])
def test_a_plane_of_one_superpixel_is_kept(shape):
    superpixels = np.zeros(shape, np.int32)
    tree = Tree(superpixels, *np.zeros((2, 0), np.int32), np.zeros(0, np.float32))
    before = LabelTree(
        tree, Votes.count(superpixels, superpixels + 1), np.array([0, 7], np.int32), "clusters"
    )
    check_alike(read_tree(keep(before)), before)


def test_where_there_is_no_tree_none_is_kept_or_found():
    assert keep_tree(None) == {}
    assert read_tree({"mine": 1}) is None
    assert read_tree({TREE_KEY: None}) is None


def pack(numbers):
    plain = np.asarray(numbers, "<i4")
    content = plain.view(np.uint8).reshape(-1, 4).T.tobytes()
    return base64.b64encode(zlib.compress(content)).decode()


BOMB = base64.b64encode(zlib.compress(bytes(50_000_000))).decode()
FAULTS = {
    "newer": ({"format": 2}, "format: Input should be 1"),
    "unknown": ({"objects": 3}, "objects: Extra inputs are not permitted"),
    "not text": ({"votes": "é"}, "it cannot be read"),
    "not compressed": ({"votes": "AAAA"}, "it cannot be read"),
    "bomb": ({"merges": BOMB}, "it has not"),
    "bomb of outlines": ({"outlines": BOMB}, "it has not"),
    "huge": ({"shape": (2**27, 2**27)}, "it is of 18014398509481984 pixels"),
    "other shape": ({"shape": (63, 64)}, "it is of 4032 pixels, and there are 4096 labels"),
    "joined outlines": ({"outlines": None}, "its outlines go beyond the edge"),
    "too many superpixels": ({"superpixels": 5_000}, "more superpixels than pixels"),
    "other superpixels": ({"superpixels": 3}, "superpixels, not 3"),
    "too many votes": ({"pairs": 5_000}, "more superpixels than pixels"),
    "other numbers": ({"numbers": pack([0, 1])}, "it has not"),
    "negative numbers": ({"numbers": pack([0, -1, 2, 3, 4, 5])}, "a number is below 0"),
    "few channels": ({"numbers": pack([0, 1]), "channels": 1}, "no such channel"),
    "no result": ({"result": "objects"}, "result: Input should be"),
    "part of nothing": (
        {"within": {"shape": (64, 64), "covered": {"pixels": 1, "runs": "AAAA"}}},
        "cannot be read",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_or_newer_tree_is_refused(fault):
    changes, text = FAULTS[fault]
    kept = keep(make_label_tree())[TREE_KEY]
    if fault == "joined outlines":
        everywhere = np.full(64 * 64 * 2 // 8, 255, np.uint8).tobytes()
        changes = {"outlines": base64.b64encode(zlib.compress(everywhere)).decode()}
    with pytest.raises(FileError, match=f"the tree of the labels cannot be read: .*{text}"):
        read_tree({TREE_KEY: {**kept, **changes}}, 64 * 64)


def test_an_enormous_plane_is_refused_before_it_takes_memory():
    kept = keep(make_label_tree())[TREE_KEY]
    with pytest.raises(FileError, match="it is too large"):
        read_tree({TREE_KEY: {**kept, "shape": (2**27, 2**27)}})


@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize("number", [-1, -5_000_000, 10**9, 0])
def test_merges_and_votes_that_lead_beyond_the_tree_are_refused(row, number):
    kept = keep(make_label_tree())[TREE_KEY]
    for name, count in (("merges", kept["superpixels"] - 1), ("votes", kept["pairs"])):
        planes = np.frombuffer(zlib.decompress(base64.b64decode(kept[name])), np.uint8)
        rows = np.ascontiguousarray(planes.reshape(4, -1).T).view("<i4").reshape(3, count).copy()
        rows[row, count // 2 :] = number
        changed = {TREE_KEY: {**kept, name: pack(rows.ravel())}}
        try:
            found = read_tree(changed)
        except FileError:
            continue
        # What is no contradiction is a tree, if another one.
        for detail in DETAILS:
            assert found.cut(detail).shape == (64, 64)


def test_a_part_of_another_shape_is_refused():
    kept = keep(make_label_tree(is_part=True))[TREE_KEY]
    other = np.zeros((64, 64), bool)
    other[3:5, 2:9] = True
    part = RegionOfInterest.of(other, other.shape).model_dump(mode="json")
    with pytest.raises(FileError, match="it is of another part"):
        read_tree({TREE_KEY: {**kept, "within": part}})
