"""Reads JSON files of any size: arrays, list pages and lines, without holding a whole file."""

import codecs
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import ijson
from ijson.common import ObjectBuilder

from app.terminal.failures import Failure
from app.terminal.language import Said
from app.terminal.options import not_read

# A JSON object that is not a page of a list is read as a whole, up to this size.
_WHOLE_BYTES = 256 * 1024 * 1024
# How much an archive may expand to: 200 times its size, which no JSON does, and 64 MiB in any case.
_RATIO, _ALWAYS = 200, 64 * 1024 * 1024
# How many values one object of an array may have, and how deep they may be.
_VALUES, _DEPTH = 5_000_000, 200


@dataclass(frozen=True)
class TooLarge:
    """An object of an array that was passed over, because it has too many values."""

    place: int


@dataclass(frozen=True)
class NotJson:
    """The rest of a file that can't be read, or a line of it."""

    reason: str


Item = Any


class _Bounded(io.RawIOBase):
    """A stream that ends with an error after a number of bytes."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise zipfile.BadZipFile("it expands to far more than its size")
        buffer[: len(piece)] = piece
        return len(piece)


class Folder:
    """The files of a folder, of a ZIP archive, or a single file. Raises `Failure`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._archive = zipfile.ZipFile(path) if _is_zip(path) else None
            if self._archive is None and not path.is_dir():
                path.open("rb").close()
        except (OSError, zipfile.BadZipFile) as error:
            raise not_read(path, _as_os_error(error)) from error

    def names(self) -> list[str]:
        """Return the files' names, relative to the folder, in their order."""
        if self._archive is not None:
            return [one.filename for one in self._archive.infolist() if not one.is_dir()]
        if not self.path.is_dir():
            return [self.path.name]
        found = (path for path in self.path.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.path).as_posix() for path in found)

    @contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """Open one of the files."""
        try:
            if self._archive is not None:
                limit = self.path.stat().st_size * _RATIO + _ALWAYS
                with self._archive.open(name) as packed:
                    yield io.BufferedReader(_Bounded(packed, limit), 1024 * 1024)
            else:
                path = self.path / name if self.path.is_dir() else self.path
                with path.open("rb") as file:
                    yield file
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise not_read(self.path, _as_os_error(error)) from error

    def size(self, name: str) -> int:
        if self._archive is not None:
            return self._archive.getinfo(name).file_size
        path = self.path / name if self.path.is_dir() else self.path
        return path.stat().st_size

    def pieces(self, name: str) -> Iterator[bytes]:
        with self.opened(name) as file:
            while piece := file.read(1024 * 1024):
                yield piece


def _is_zip(path: Path) -> bool:
    return path.is_file() and zipfile.is_zipfile(path)


def _as_os_error(error: Exception) -> OSError:
    return error if isinstance(error, OSError) else OSError(str(error))


def values_in(folder: Folder, name: str) -> Iterator[Item]:
    """Yield the values of a JSON file: an array's items, a page's data, or each line's value.

    A file with one object yields that; what can't be read is yielded as `NotJson` or `TooLarge`.
    """
    with folder.opened(name) as file:
        first = _first_byte(file)
    if first == b"[":
        yield from _items(folder, name, "item")
    elif first == b"{":
        yield from _object_or_lines(folder, name)
    elif first:
        yield NotJson(name)


def _first_byte(file: IO[bytes]) -> bytes:
    head = file.read(4096).removeprefix(codecs.BOM_UTF8).lstrip()
    return head[:1]


def _object_or_lines(folder: Folder, name: str) -> Iterator[Item]:
    with folder.opened(name) as file:
        line = file.readline(_WHOLE_BYTES).removeprefix(codecs.BOM_UTF8)
        more = file.read(1)
    if more and _parsed(line) is not None:
        yield from _lines(folder, name)
        return
    if folder.size(name) <= _WHOLE_BYTES:
        with folder.opened(name) as file:
            value = _parsed(file.read(_WHOLE_BYTES + 1).removeprefix(codecs.BOM_UTF8))
        yield NotJson(name) if value is None else value
        return
    yield from _items(folder, name, "data.item")


def _lines(folder: Folder, name: str) -> Iterator[Item]:
    with folder.opened(name) as file:
        number = 0
        while line := file.readline(_WHOLE_BYTES):
            number += 1
            if text := line.strip().removeprefix(codecs.BOM_UTF8):
                value = _parsed(text)
                yield NotJson(f"{name}:{number}") if value is None else value


def _parsed(text: bytes) -> Any:
    """Return a JSON value; None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _items(folder: Folder, name: str, prefix: str) -> Iterator[Item]:
    """Yield the items of an array, each built only when it is complete."""
    with folder.opened(name) as file:
        builder: ObjectBuilder | None = None
        count, place, depth = 0, 0, 0
        try:
            for path, event, value in ijson.parse(_without_mark(file), use_float=True):
                if builder is None and depth == 0:
                    if path != prefix or event in ("end_map", "end_array"):
                        continue
                    builder, count = ObjectBuilder(), 0
                depth += (event in ("start_map", "start_array")) - (
                    event in ("end_map", "end_array")
                )
                count += 1
                if builder is not None:
                    builder.event(event, value)
                    if count > _VALUES or depth > _DEPTH:
                        builder = None
                if depth == 0:
                    yield TooLarge(place) if builder is None else builder.value
                    builder, place = None, place + 1
        except (ijson.JSONError, UnicodeDecodeError) as error:
            yield NotJson(f"{name}: {error}")


def _without_mark(file: IO[bytes]) -> IO[bytes]:
    assert isinstance(file, io.BufferedReader)
    if file.peek(3).startswith(codecs.BOM_UTF8):
        file.read(3)
    return file


def whole(folder: Folder, name: str) -> Any:
    """Return a small file's value. Raises `Failure`."""
    with folder.opened(name) as file:
        value = _parsed(file.read(_WHOLE_BYTES).removeprefix(codecs.BOM_UTF8))
    if value is None:
        raise Failure(_NOT_JSON.filled(path=name), status=2)
    return value


_NOT_JSON = Said("{path} is not JSON.", "{path} 파일은 JSON이 아닙니다.")
UNREADABLE = Said("files or lines that are not JSON", "JSON이 아닌 파일이나 줄")
TOO_LARGE = Said("objects that are too large", "너무 큰 객체")
