"""A generator is gone through step by step or at once, and what it returns is not lost."""

import pytest

from napari_dynaseg.generators import Loop, run_through


def count(last):
    yield from range(last)
    return f"counted to {last}"


def test_a_loop_has_each_step_and_then_what_came_of_them():
    loop = Loop(count(3))
    assert (list(loop), loop.returned) == ([0, 1, 2], "counted to 3")


def test_a_loop_that_is_left_early_has_nothing_yet():
    loop = Loop(count(3))
    next(iter(loop))
    with pytest.raises(AttributeError):
        _ = loop.returned


def test_a_generator_is_run_to_its_end_at_once():
    assert run_through(count(2)) == "counted to 2"


def test_an_error_of_a_generator_is_raised():
    with pytest.raises(TypeError, match="interpreted as an integer"):
        run_through(count(None))
