"""Generators that yield their steps, and return what came of all of them."""

from collections.abc import Generator, Iterator
from typing import Any, Generic, TypeVar

Yielded = TypeVar("Yielded")
Returned = TypeVar("Returned")


class Loop(Generic[Yielded, Returned]):
    """A loop over the steps of a generator, which has what it returned at its end.

    Examples
    --------
    >>> def count():
    ...     yield 1
    ...     return "one"
    >>> loop = Loop(count())
    >>> list(loop), loop.returned
    ([1], 'one')
    """

    returned: Returned

    def __init__(self, generator: Generator[Yielded, Any, Returned]) -> None:
        self._generator = generator

    def __iter__(self) -> Iterator[Yielded]:
        self.returned = yield from self._generator


def run_through(generator: Generator[Any, Any, Returned]) -> Returned:
    """Run a generator to its end, and give what it returns."""
    loop = Loop(generator)
    for _ in loop:
        pass
    return loop.returned
