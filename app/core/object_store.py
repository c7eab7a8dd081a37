"""Stores bytes under keys: in a local folder or in any S3-compatible store, as the URL says."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError
from obstore.store import LocalStore, S3Store

# The size of one part: S3 accepts no smaller part, except as the last one of an upload.
_PART_BYTES = 5 * 1024 * 1024
# Parts that are sent at the same time. An upload keeps these, and one that is being filled, in
# memory.
_PARTS_AT_ONCE = 3
_PIECE_BYTES = 1024 * 1024
# Long enough to survive a short failure of the store, short enough for a waiting client.
_RETRIES = 3
_RETRY_SECONDS = 20

# The key that `is_up` checks; it is never deleted.
_MARK = "readiness-mark"

_KEY = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


class StorageError(Exception):
    """The store or the connection to it failed, or it lacks something that it should contain."""


class NotStored(StorageError):
    """Nothing is stored under the key."""


def file_key(file_id: str) -> str:
    """Return the key of a file's bytes. It never contains the file's name, which is user data."""
    return f"files/{file_id}"


class ObjectStore:
    """A store for bytes, which appear under their key completely or not at all."""

    def __init__(self, url: str, *, create: bool = True) -> None:
        """`url`: a folder, `file:///folder` or `s3://bucket/prefix`; `create` makes the folder.

        The rest of S3's configuration is read from the environment, as AWS's own tools do:
        `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, and
        `AWS_ENDPOINT_URL` for a store that isn't Amazon's. Raises `StorageError`.
        """
        self._folder = None if url.startswith("s3://") else _folder(url)
        with _translated(url):
            self._store = _s3(url) if self._folder is None else _local(self._folder, create)

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Store the bytes from `chunks`, with a few parts in memory at a time; return their length.

        Raises `StorageError` and whatever `chunks` raises; then nothing is stored.
        """
        path, source = _checked(key), _Counted(chunks)
        with _translated(key):
            head, more = await _head(source)
            body = _continued(head, source) if more else head
            await obstore.put_async(
                self._store,
                path,
                body,
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )
            if self._folder is not None:
                await asyncio.to_thread(_settle, self._folder / path)
        return source.length

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Return the bytes in pieces. Raises `StorageError`; `NotStored` if the key has none."""
        with _translated(key):
            found = await obstore.head_async(self._store, _checked(key))
        return self._pieces(key, found["size"])

    async def read_whole(self, key: str) -> bytes:
        """Return all bytes at once; only for small objects. Raises `StorageError`."""
        with _translated(key):
            found = await obstore.get_async(self._store, _checked(key))
            return bytes(await found.bytes_async())

    async def delete(self, key: str) -> None:
        """Remove the bytes, if the key has any. Raises `StorageError`."""
        path = _checked(key)
        if self._folder is not None:
            await asyncio.to_thread(_remove_unfinished, self._folder / path)
        try:
            with _translated(key):
                await obstore.delete_async(self._store, path)
        except NotStored:
            return

    async def is_up(self) -> bool:
        """Return whether the store answers and contains, or accepts, the readiness mark."""
        try:
            with _translated("the store"):
                if self._folder is not None or not await self._is_marked():
                    # A folder's disk may be full by now, or mounted read-only.
                    await obstore.put_async(self._store, _MARK, b"up")
        except StorageError:
            return False
        return True

    async def _is_marked(self) -> bool:
        try:
            await obstore.head_async(self._store, _MARK)
        except (FileNotFoundError, PermissionDeniedError):
            # Without permission to list a bucket, S3 returns this for every missing object. Only
            # a write tells that from a wrong key, or from a missing bucket.
            return False
        return True

    async def _pieces(self, key: str, size: int) -> AsyncIterator[bytes]:
        # One request per piece: with a slow client, a single request would hit the store's timeout.
        for start in range(0, size, _PIECE_BYTES):
            end = min(start + _PIECE_BYTES, size)
            with _translated(key):
                piece = await obstore.get_range_async(self._store, key, start=start, end=end)
            yield bytes(piece)


class _Counted:
    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.length = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk = await anext(self._chunks)
        self.length += len(chunk)
        return chunk


async def _head(chunks: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """Return the first part, and whether more follows: most files fit into one request."""
    head = bytearray()
    async for chunk in chunks:
        head += chunk
        if len(head) > _PART_BYTES:
            return bytes(head), True
    return bytes(head), False


async def _continued(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in chunks:
        yield chunk


def _checked(key: str) -> str:
    # Keys are generated by us. Any other form would be a bug, and could point outside the folder.
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key: {key!r}")
    return key


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotStored(f"{what}: nothing is stored there") from error
    except (BaseError, OSError) as error:
        # The other lines show the library's internals.
        raise StorageError(f"{what}: {str(error).partition(chr(10))[0]}") from error


def _folder(url: str) -> Path:
    # A URL's path is percent-encoded; a plain folder's name is used as it is.
    path = url2pathname(urlsplit(url).path) if url.startswith("file://") else url
    return Path(path).absolute()


def _local(folder: Path, create: bool) -> LocalStore:
    return LocalStore(folder, mkdir=create)


def _s3(url: str) -> S3Store:
    return S3Store.from_url(
        url,
        # An operator who writes `http://` into AWS_ENDPOINT_URL means it.
        client_options={"allow_http": True},
        retry_config={
            "max_retries": _RETRIES,
            "retry_timeout": timedelta(seconds=_RETRY_SECONDS),
        },
    )


def _settle(path: Path) -> None:
    """Flush the bytes to disk before a row refers to them, so that both survive a power cut."""
    with path.open("rb+") as written:
        os.fsync(written.fileno())
    # Windows can't open a folder, and flushes the name with the file.
    if os.name != "nt":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _remove_unfinished(path: Path) -> None:
    """Remove what a process that died during an upload left next to the key."""
    for left in path.parent.glob(f"{path.name}#*"):
        left.unlink(missing_ok=True)
