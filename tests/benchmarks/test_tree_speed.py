"""Figures of the tree's speed."""

from benchmarks.tree_speed import measure_tree


def test_a_tree_is_built_and_cut_in_a_process_of_its_own():
    figures = measure_tree(256, channels=1)
    assert figures["superpixels"] > 100
    assert figures["seconds"] == figures["megapixel"] * 256 * 256 / 1e6
    assert 0 < figures["cut"] < 1
