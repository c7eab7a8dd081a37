"""A session's folder, seen from the server: what code made in it is not trusted.

Nothing is opened by a path: each folder on the way is opened in the one before it, without
following links, so that no name leads out of the session's folder.
"""

import os
import stat
import unicodedata
from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from app.interpreter.events import InterpreterError, MadeFile, NoRoom, Unreadable
from app.interpreter.opening import FILE, FOLDER, NEW_FILE

# As in `guest/session.py`, which can't be imported here.
_DATA, _TEMPORARY, _SHOWN = "data", "tmp", "shown"
_DEEPEST, _MOST_ENTRIES = 32, 10_000
# What each name takes at least, on disk and in the file system's tables.
_ENTRY_BYTES = 4096
_BLOCK_BYTES = 512
_NAME_BYTES = 200
# Made files that are taken over after a call.
_MOST_MADE, _MADE_BYTES = 20, 100 << 20
# Of their paths: they become part of a download's headers, and of what the model reads.
_PATH_BYTES = 1000


class OverLimit(InterpreterError):
    """The folder contains more than it may; the message names what, as part of a sentence."""


class _Version(NamedTuple):
    """Differs if a file was changed or replaced."""

    inode: int
    size: int
    modified: int


@dataclass(frozen=True)
class _Entry:
    name: str
    status: os.stat_result

    @property
    def version(self) -> _Version:
        return _Version(self.status.st_ino, self.status.st_size, self.status.st_mtime_ns)


class SessionFolder:
    """The methods that touch the disk do so in a thread."""

    def __init__(self, path: Path, disk_bytes: int) -> None:
        self.path = path
        self._disk_bytes = disk_bytes
        self._top = -1
        # Files as they were when they were last looked at, by name.
        self._known: dict[str, _Version] = {}
        # Second names of files that were put in, by inode.
        self._second_names: set[str] = set()
        self.skipped: list[str] = []

    async def open(self) -> None:
        await to_thread(self._open)

    def _open(self) -> None:
        self.path.mkdir(mode=stat.S_IRWXU)
        for name in (_DATA, _TEMPORARY, _SHOWN):
            (self.path / name).mkdir(mode=stat.S_IRWXU)
        self._top = os.open(self.path, FOLDER)

    def close(self) -> None:
        """Stop using the folder. It may be closed already, or never have been open."""
        if self._top >= 0:
            os.close(self._top)
            self._top = -1

    async def put(
        self, name: str, chunks: AsyncIterator[bytes], also: str, *, with_folders: bool = False
    ) -> str:
        """See `Session.put` and `Session.put_back`."""
        room = self._disk_bytes - await to_thread(self.used) - _ENTRY_BYTES
        path = name.split("/")
        folders = path[:-1] if with_folders and all(safe_name(one) == one for one in path) else []
        chosen, opened = await to_thread(self._create, name, folders)
        try:
            async for chunk in chunks:
                room -= len(chunk)
                if room < 0:
                    mebibytes = self._disk_bytes >> 20
                    raise NoRoom(f"The files of a session may take {mebibytes} MiB in total.")
                await to_thread(_write, opened, chunk)
        except BaseException:
            await to_thread(self._unlink, chosen)
            raise
        finally:
            os.close(opened)
        await to_thread(self._finish, chosen, also)
        return chosen

    def _create(self, name: str, folders: Sequence[str]) -> tuple[str, int]:
        folder = self._open_made(folders)
        try:
            for candidate in name_candidates(safe_name(name)):
                try:
                    mode = stat.S_IRUSR | stat.S_IWUSR
                    opened = os.open(candidate, NEW_FILE, mode, dir_fd=folder)
                except FileExistsError:
                    continue
                return "/".join([*folders, candidate]), opened
            raise NoRoom(f"There are too many files named {name}.")
        finally:
            os.close(folder)

    def _open_made(self, folders: Sequence[str]) -> int:
        """Open a folder beneath `data`, which is made if it isn't there."""
        current = os.open(_DATA, FOLDER, dir_fd=self._top)
        for name in folders:
            try:
                with suppress(FileExistsError):
                    os.mkdir(name, stat.S_IRWXU, dir_fd=current)
                inner = os.open(name, FOLDER, dir_fd=current)
            finally:
                os.close(current)
            current = inner
        return current

    def _unlink(self, name: str) -> None:
        data = os.open(_DATA, FOLDER, dir_fd=self._top)
        try:
            os.unlink(name, dir_fd=data)
        finally:
            os.close(data)

    def _finish(self, name: str, also: str) -> None:
        data = os.open(_DATA, FOLDER, dir_fd=self._top)
        try:
            if also and also != name:
                # Another file may have that name: users may name a file like another's id.
                with suppress(FileExistsError):
                    os.link(name, also, src_dir_fd=data, dst_dir_fd=data, follow_symlinks=False)
                    self._second_names.add(also)
            entry = _Entry(name, os.stat(name, dir_fd=data, follow_symlinks=False))
            self._known[name] = entry.version
        finally:
            os.close(data)

    async def changed(self) -> list[MadeFile]:
        """See `Session.changed`. Raises `OverLimit`."""
        return await to_thread(self._changed)

    def _changed(self) -> list[MadeFile]:
        self.skipped = []
        self.check()
        entries = {entry.name: entry for entry in self._entries(_DATA) if _is_file(entry)}
        changed = [
            entry
            for name, entry in sorted(entries.items())
            if entry.version != self._known.get(name) and name not in self._second_names
        ]
        self._known = {name: entry.version for name, entry in entries.items()}
        made: list[MadeFile] = []
        # Sparse files and hard links take less here than their copies will.
        room = self._disk_bytes
        for entry in changed:
            name, size = entry.name, entry.status.st_size
            if any(part.startswith((".", "__pycache__")) for part in name.split("/")):
                continue
            if not _can_be_stored(name) or size > min(_MADE_BYTES, room) or len(made) == _MOST_MADE:
                self.skipped.append(name.encode(errors="replace").decode())
            else:
                room -= size
                made.append(MadeFile(name, size))
        return made

    async def read(self, folder: str, name: str, most: int) -> bytes:
        """Return the content of a regular file of at most `most` bytes. Raises `Unreadable`."""
        return await to_thread(self._read, folder, name, most)

    async def read_made(self, file: MadeFile) -> bytes:
        return await self.read(_DATA, file.name, _MADE_BYTES)

    async def read_shown(self, name: str, most: int) -> bytes:
        return await self.read(_SHOWN, name, most)

    def _read(self, folder: str, name: str, most: int) -> bytes:
        *parents, last = name.split("/")
        if not all(part not in ("", ".", "..") for part in (*parents, last)):
            raise Unreadable(f"There is no file {name}.")
        current = os.dup(self._top)
        try:
            for parent in (folder, *parents):
                inner = os.open(parent, FOLDER, dir_fd=current)
                os.close(current)
                current = inner
            opened = os.open(last, FILE, dir_fd=current)
        except (OSError, ValueError) as error:
            raise Unreadable(f"The file {name} can't be read.") from error
        finally:
            os.close(current)
        try:
            status = os.fstat(opened)
            if not stat.S_ISREG(status.st_mode) or status.st_size > most:
                raise Unreadable(f"The file {name} is not a regular file of at most {most} bytes.")
            with open(opened, "rb", closefd=False) as file:
                return file.read(most)
        finally:
            os.close(opened)

    def check(self, open_bytes: int = 0) -> None:
        """Raise `OverLimit` if the folder contains too much. `open_bytes`: of deleted files."""
        if self.used() + open_bytes > self._disk_bytes:
            raise OverLimit(f"its files take more than {self._disk_bytes >> 20} MiB in total")

    def used(self) -> int:
        """Return what the folder takes on disk, in bytes. Raises `OverLimit`."""
        total, seen = 0, set()
        for folder in (_DATA, _TEMPORARY, _SHOWN):
            for count, entry in enumerate(self._entries(folder)):
                if count == _MOST_ENTRIES:
                    raise OverLimit(f"it made more than {_MOST_ENTRIES:,} files")
                total += _ENTRY_BYTES
                if entry.status.st_ino not in seen:
                    seen.add(entry.status.st_ino)
                    total += entry.status.st_blocks * _BLOCK_BYTES
                if total > self._disk_bytes:  # it takes no longer than needed
                    return total
        return total

    def _entries(self, folder: str) -> Iterator[_Entry]:
        opened = os.open(folder, FOLDER, dir_fd=self._top)
        try:
            yield from _walk(opened, "", 1)
        finally:
            os.close(opened)


def _walk(folder: int, prefix: str, depth: int) -> Iterator[_Entry]:
    """Yield what is beneath an open folder. The code may be changing it meanwhile."""
    with os.scandir(folder) as entries:
        for found in entries:
            try:
                status = found.stat(follow_symlinks=False)
                yield _Entry(prefix + found.name, status)
                if not stat.S_ISDIR(status.st_mode):
                    continue
                if depth == _DEEPEST:
                    raise OverLimit(f"it made folders more than {_DEEPEST} levels deep")
                inner = os.open(found.name, FOLDER, dir_fd=folder)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except PermissionError:
                raise OverLimit("it made a folder that can't be read") from None
            try:
                yield from _walk(inner, f"{prefix}{found.name}/", depth + 1)
            finally:
                os.close(inner)


def _can_be_stored(name: str) -> bool:
    return name.isprintable() and len(name.encode()) <= _PATH_BYTES


def _is_file(entry: _Entry) -> bool:
    return stat.S_ISREG(entry.status.st_mode)


def _write(opened: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(opened, view) :]


def safe_name(name: str) -> str:
    """Return a name for a file from one that a client chose: without folders, and not too long."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(letter if letter.isprintable() else "_" for letter in name).strip().lstrip(".")
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    ending = _cut(ending, _NAME_BYTES // 4)
    return (_cut(stem, _NAME_BYTES - len(ending.encode())) or "file") + dot + ending


def _cut(text: str, most: int) -> str:
    return text.encode(errors="replace")[:most].decode(errors="ignore")


def name_candidates(name: str) -> Iterator[str]:
    """Yield the name, then the name with numbers from 2 on before its ending."""
    yield name
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    for number in range(2, 1000):
        yield f"{stem}_{number}{dot}{ending}"
