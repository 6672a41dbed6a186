"""Threads for what is measured in strips."""

from collections.abc import Iterator

import pytest

from napari_dynaseg.engine.cpu.thread_pool import ThreadPool


@pytest.fixture
def pool() -> Iterator[ThreadPool]:
    with ThreadPool(2) as opened:
        yield opened
