"""The scores of levels, pinned by maps that can be counted by hand."""

import numpy as np
import pytest

from benchmarks.accuracy.level_scores import DETAILS, pool_best, pool_details, score_levels

HALVES = np.array([[0, 0, 1, 1]])
WHOLE = np.zeros((1, 4), np.int64)


def cut(detail):
    """Give one region, then halves, then a label for each pixel."""
    return np.arange(4)[None] // (8 if detail < 40 else 2 if detail < 50 else 1)


def test_each_detail_has_the_sums_of_each_map():
    levels = score_levels(cut, [HALVES, WHOLE])
    assert np.shape(levels) == (len(DETAILS), 2, 6)
    at = dict(zip(DETAILS, levels, strict=True))
    # covered, pixels, overlaps, segments, PRI, VOI.
    assert at[30] == [[2, 4, 1, 2, pytest.approx(1 / 3, abs=1e-5), 1], [4, 4, 1, 1, 1, 0]]
    assert at[40] == [[4, 4, 2, 2, 1, 0], [2, 4, 0.5, 1, pytest.approx(1 / 3, abs=1e-5), 1]]


def test_labels_of_a_level_are_split_into_components():
    levels = score_levels(lambda _: np.array([[1, 2, 1, 1]]), [WHOLE])
    assert levels[0][0][:4] == [2, 4, 0.5, 1]


def test_ods_takes_one_detail_for_all_images_and_ois_the_best_of_each():
    images = [score_levels(cut, [truth]) for truth in (HALVES, WHOLE)]
    best = pool_best(images)
    # One region: 2 of 4 and 4 of 4; halves: 4 of 4 and 2 of 4; the best of each: all.
    assert best["covering_ods"] == pytest.approx(6 / 8)
    assert best["covering_ois"] == 1
    assert best["ods_detail"] == DETAILS[0]
    assert best["pri_ods"] == pytest.approx((1 / 3 + 1) / 2, abs=1e-5)
    assert (best["pri_ois"], best["voi_ods"], best["voi_ois"]) == (1, 0.5, 0)


def test_a_larger_image_weighs_more_in_covering():
    large = [np.repeat(HALVES, 3, axis=0)], lambda detail: np.repeat(cut(detail), 3, axis=0)
    images = [score_levels(cut, [WHOLE]), score_levels(large[1], large[0])]
    best = pool_best(images)
    assert best["ods_detail"] == 40
    assert best["covering_ods"] == pytest.approx((2 + 12) / 16)


def test_each_detail_is_pooled_over_segments_and_pixels():
    at = pool_details([score_levels(cut, [HALVES, WHOLE])])
    assert list(at) == list(DETAILS)
    assert at[30] == pytest.approx(
        {"all": 2 / 3, "covering": 6 / 8, "pri": 2 / 3, "voi": 0.5}, abs=1e-5
    )


def test_an_image_of_a_users_size_keeps_a_short_line():
    random = np.random.default_rng(0)
    truths = [random.integers(0, 30, (256, 256)) for _ in range(5)]
    blocks = np.add.outer(32 * (np.arange(256) // 8), np.arange(256) // 8)
    levels = score_levels(lambda detail: blocks // max(1, int(64 - detail)), truths)
    assert len(str(levels)) < 5000
    assert np.isfinite(levels).all()
