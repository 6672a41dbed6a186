"""Compiled loops where their machine code can be kept, and where it cannot."""

import numba
import numpy as np
import pytest

from napari_dynaseg.engine.compiled import compiled, compiled_sum
from napari_dynaseg.engine.warm_up import warm_up


def double(values):
    for place in range(len(values)):
        values[place] *= 2


@pytest.mark.parametrize("decorate", [compiled, compiled_sum])
def test_a_loop_is_compiled(decorate):
    values = np.float32([1, 2])
    decorate(double)(values)
    assert values.tolist() == [2, 4]


def test_a_loop_works_where_nothing_can_be_written(monkeypatch):
    compile_loop = numba.njit

    def refuse_to_cache(cache, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return compile_loop(cache=cache, **options)

    monkeypatch.setattr(numba, "njit", refuse_to_cache)
    values = np.float32([1, 2])
    compiled(double)(values)
    assert values.tolist() == [2, 4]


def test_after_warming_up_a_step_compiles_nothing():
    from napari_dynaseg.engine import passes
    from napari_dynaseg.engine.cpu import cross_entropy, response, tile_transforms

    warm_up()
    loops = [
        loop
        for module in (passes, response, cross_entropy, tile_transforms)
        for loop in vars(module).values()
        if hasattr(loop, "signatures") and loop.__module__ == module.__name__
    ]
    before = [len(loop.signatures) for loop in loops]
    from napari_dynaseg import segment

    segment(np.random.default_rng(0).random((40, 30, 3), np.float32), iterations=2, device="cpu")
    assert [len(loop.signatures) for loop in loops] == before
    assert len(loops) > 10
