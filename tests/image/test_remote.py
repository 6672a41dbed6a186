"""Addresses: what fails for a moment is asked again, and what is missing is named."""

import asyncio
import functools
import http.server
import pickle
import sys
import threading
import time
from types import SimpleNamespace

import aiohttp
import numpy as np
import pytest
from tests.stacks_drawn import draw, read_all, write_ome_zarr

from napari_dynaseg.errors import FileError
from napari_dynaseg.image import remote
from napari_dynaseg.image.reader import open_image
from napari_dynaseg.image.remote import open_address, retry


@pytest.fixture
def pauses(monkeypatch):
    """Wait for no time, and note for how long one would have waited."""
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    monkeypatch.setattr(remote, "asyncio", SimpleNamespace(sleep=sleep))
    return waited


def refuse(status):
    return aiohttp.ClientResponseError(None, (), status=status, message="no")


class Server:
    """Fails with one error after the other, then answers."""

    def __init__(self, *errors):
        self.errors = list(errors)

    async def ask(self):
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.mark.parametrize(
    "error",
    [
        OSError("reset"),
        TimeoutError(),
        aiohttp.ServerTimeoutError(),
        aiohttp.ClientPayloadError(),
        aiohttp.ServerDisconnectedError(),
        refuse(503),
        refuse(500),
        refuse(429),
    ],
)
def test_what_may_pass_is_asked_again_after_growing_pauses(error, pauses):
    server = Server(error, error, error)
    assert asyncio.run(retry(server.ask)) == "answer"
    assert pauses == sorted(set(pauses))
    assert len(pauses) == 3


@pytest.mark.parametrize(
    "error", [ZeroDivisionError(), TypeError(), FileNotFoundError(), PermissionError(), refuse(403)]
)
def test_what_will_last_is_raised_at_once(error, pauses):
    with pytest.raises(type(error)):
        asyncio.run(retry(Server(error).ask))
    assert pauses == []


def test_what_fails_every_time_is_given_up_with_its_reason(pauses):
    with pytest.raises(FileError, match="^reset; tried 4 times$"):
        asyncio.run(retry(Server(*[OSError("reset")] * 4).ask))


def test_an_error_without_a_text_is_named_by_its_kind(pauses):
    with pytest.raises(FileError, match="^TimeoutError; tried 4 times$"):
        asyncio.run(retry(Server(*[TimeoutError()] * 4).ask))


@pytest.mark.parametrize(
    ("address", "package", "extra"),
    [
        ("http://127.0.0.1/a.zarr", "aiohttp", "http"),
        ("https://127.0.0.1/a.zarr", "aiohttp", "http"),
        ("s3://bucket/a.zarr", "s3fs", "s3"),
    ],
)
def test_a_package_that_is_missing_is_named(address, package, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"fsspec.implementations.{extra}", raising=False)
    told = rf"needs more packages: pip install 'napari-dynaseg\[{extra}\]' \(.*{package}"
    with pytest.raises(FileError, match=told):
        open_address(address)


def test_an_unknown_kind_of_address_is_refused():
    with pytest.raises(FileError, match="expected http://, https://, s3://"):
        open_address("ftp://127.0.0.1/a.zarr")


class FolderServer(http.server.ThreadingHTTPServer):
    """Serves a folder on the loopback address, and notes what it is asked for."""

    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), functools.partial(FolderHandler, directory=str(folder)))
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.asked = []
        self.lock = threading.Lock()
        self.refuses = lambda path, number: False
        self.delays = lambda number: 0.0


class FolderHandler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        with self.server.lock:
            self.server.asked.append(self.path)
            number = len(self.server.asked)
        time.sleep(self.server.delays(number))
        if self.server.refuses(self.path, number):
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "PAUSES", (0.0, 0.0, 0.0))
    with FolderServer(tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("zarr_format", "chunks"),
    [(2, ["/a.zarr/0/2/0/0", "/a.zarr/0/2/0/1"]), (3, ["/a.zarr/0/c/2/0/0", "/a.zarr/0/c/2/0/1"])],
)
def test_only_the_chunks_of_a_plane_are_fetched(tmp_path, server, zarr_format, chunks):
    pixels = draw(5, 6, 8)
    write_ome_zarr(tmp_path / "a.zarr", pixels, zarr_format, chunks=(1, 6, 4), axes="zyx")
    image = open_image(f"{server.address}/a.zarr/")
    assert image.axes.sentence == "Z=5 · Y×X segmented"
    assert (image.name, image.path) == ("a.zarr", f"{server.address}/a.zarr/")
    assert image.scale == (1, 0.5, 0.5)
    assert not [path for path in server.asked if path in chunks]
    server.asked.clear()
    np.testing.assert_array_equal(image.read_channels((2, None, None))[0], pixels[2])
    assert sorted(server.asked) == chunks


def test_a_level_and_an_array_can_be_fetched(tmp_path, server):
    pixels = draw(2, 8, 8)
    write_ome_zarr(tmp_path / "a.zarr", pixels, levels=2, axes="zyx")
    for image in (
        open_image(f"{server.address}/a.zarr", level=1),
        open_image(f"{server.address}/a.zarr/1", axes="ZYX"),
    ):
        np.testing.assert_array_equal(read_all(image)[:, 0], pixels[:, ::2, ::2])


def test_a_pickled_address_is_read_too(tmp_path, server):
    pixels = draw(2, 6, 5)
    write_ome_zarr(tmp_path / "a.zarr", pixels, axes="zyx")
    image = pickle.loads(pickle.dumps(open_image(f"{server.address}/a.zarr")))
    np.testing.assert_array_equal(read_all(image)[:, 0], pixels)


def test_a_slow_server_is_waited_for(tmp_path, server):
    pixels = draw(2, 6, 5)
    write_ome_zarr(tmp_path / "a.zarr", pixels, axes="zyx")
    server.delays = lambda number: 0.05
    np.testing.assert_array_equal(read_all(open_image(f"{server.address}/a.zarr"))[:, 0], pixels)


def test_a_server_that_falls_silent_is_asked_again(tmp_path, server, monkeypatch):
    pixels = draw(2, 6, 5)
    write_ome_zarr(tmp_path / "a.zarr", pixels, axes="zyx")
    monkeypatch.setattr(remote, "LONGEST_SILENCE", 0.3)
    image = open_image(f"{server.address}/a.zarr")
    server.asked.clear()
    server.delays = lambda number: 0.6 if number == 1 else 0.0
    np.testing.assert_array_equal(image.read_channels((1, None, None))[0], pixels[1])
    assert server.asked == ["/a.zarr/0/1/0/0"] * 2


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_server_that_fails_every_second_time_is_read_whole(tmp_path, server, zarr_format):
    pixels = draw(6, 6, 8)
    write_ome_zarr(tmp_path / "a.zarr", pixels, zarr_format, chunks=(1, 3, 4), axes="zyx")
    server.refuses = lambda path, number: number % 2 == 0
    np.testing.assert_array_equal(read_all(open_image(f"{server.address}/a.zarr"))[:, 0], pixels)


def test_a_plane_that_cannot_be_fetched_is_named_and_the_others_are_read(tmp_path, server):
    pixels = draw(3, 6, 5)
    write_ome_zarr(tmp_path / "a.zarr", pixels, axes="tyx")
    image = open_image(f"{server.address}/a.zarr")
    server.refuses = lambda path, number: "/0/1/" in path
    told = r"a\.zarr: T=1 cannot be read: 503, .*/a\.zarr/0/1/0/0'; tried 4 times"
    with pytest.raises(FileError, match=told):
        image.read_channels((1, None, None))
    np.testing.assert_array_equal(image.read_channels((2, None, None))[0], pixels[2])


def test_an_address_that_cannot_be_opened_is_named(tmp_path, server):
    write_ome_zarr(tmp_path / "a.zarr", draw(2, 6, 5), axes="zyx")
    with pytest.raises(FileError, match=r"/b\.zarr: there is no Zarr at .*; expected an OME-Zarr"):
        open_image(f"{server.address}/b.zarr")
    with pytest.raises(FileError, match=r"a\.tif: a \.tif file must be on disk; expected"):
        open_image(f"{server.address}/a.tif")
    server.refuses = lambda path, number: True
    with pytest.raises(FileError, match=r"/a\.zarr: 503, .*; tried 4 times"):
        open_image(f"{server.address}/a.zarr")


def test_a_server_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(remote, "PAUSES", (0.0,))
    with pytest.raises(FileError, match=r"a\.zarr: Cannot connect to host .*; tried 2 times"):
        open_image("http://127.0.0.1:9/a.zarr")
