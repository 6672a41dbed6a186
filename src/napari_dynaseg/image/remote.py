"""A Zarr store at an address, where a request that fails for a moment is made again."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from zarr.storage import FsspecStore

from napari_dynaseg.errors import FileError

Answer = TypeVar("Answer")

# The extra of this package that each kind of address needs.
EXTRAS = {"http": "http", "https": "http", "s3": "s3"}
# Seconds to wait before each further try.
PAUSES = (0.5, 1.0, 2.0)
# Seconds after which a silent server counts as failing; a long answer may take longer as it comes.
LONGEST_SILENCE = 30.0
# What is not there, or not allowed, will not be so a second later.
LASTING_ERRORS = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)
# The refusals that are worth another try, beside a server's own failures (5xx): request timeout,
# too early, too many requests.
PASSING_REFUSALS = (408, 425, 429)


def is_address(location: str) -> bool:
    """Tell an address from a path."""
    return "://" in location


def open_address(address: str) -> FsspecStore:
    """Open the store at an address, without asking anything of its server.

    Parameters
    ----------
    address
        Begins with ``http://``, ``https://`` or ``s3://``.

    Raises
    ------
    FileError
        If it begins otherwise, or a package is missing that it needs.
    """
    scheme = address.partition("://")[0]
    if scheme not in EXTRAS:
        expected = ", ".join(f"{known}://" for known in EXTRAS)
        raise FileError(f"it is no address that can be read; expected {expected}")
    try:
        options = _limit_silence() if EXTRAS[scheme] == "http" else None
        return RetryingStore.from_url(address, storage_options=options, read_only=True)
    except ImportError as error:
        raise FileError(
            f"{scheme}:// needs more packages: pip install 'napari-dynaseg[{EXTRAS[scheme]}]' "
            f"({error})"
        ) from error


def _limit_silence() -> dict[str, Any]:
    import aiohttp  # of the extra

    limits = aiohttp.ClientTimeout(
        total=None, sock_connect=LONGEST_SILENCE, sock_read=LONGEST_SILENCE
    )
    return {"client_kwargs": {"timeout": limits}}


class RetryingStore(FsspecStore):
    """A store that can be read, patiently."""

    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
        """Read one chunk, or one piece of metadata; `None` where there is none.

        Raises
        ------
        FileError
            If every try fails.
        """
        read = super().get
        return await retry(lambda: read(key, prototype, byte_range))


async def retry(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask, and after a failure that may pass, wait and ask again.

    Parameters
    ----------
    ask
        Makes the request. An error that is neither the system's nor a network library's, or
        that will last, is raised at once.

    Raises
    ------
    FileError
        If every try fails; it gives the reason of the last.
    """
    pauses = iter(PAUSES)
    while True:
        try:
            return await ask()
        except _list_passing_errors() as error:
            if not _may_pass(error):
                raise
            pause = next(pauses, None)
            if pause is None:
                # Time-outs often have no text.
                reason = str(error) or type(error).__name__
                raise FileError(f"{reason}; tried {len(PAUSES) + 1} times") from error
        await asyncio.sleep(pause)


def _list_passing_errors() -> tuple[type[Exception], ...]:
    """List the errors that may pass; a network library that is not loaded has raised none."""
    kinds: list[type[Exception]] = [OSError]  # time-outs are among them
    if aiohttp := sys.modules.get("aiohttp"):
        kinds.append(aiohttp.ClientError)
    if botocore := sys.modules.get("botocore.exceptions"):
        kinds.append(botocore.BotoCoreError)
    return tuple(kinds)


def _may_pass(error: Exception) -> bool:
    status = getattr(error, "status", None)  # of HTTP
    if isinstance(status, int):
        return status >= 500 or status in PASSING_REFUSALS
    return not isinstance(error, LASTING_ERRORS)
