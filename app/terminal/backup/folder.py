"""The backup's folder: it appears under its final name complete, or not at all."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.terminal.failures import Failure
from app.terminal.language import Said

DATABASE = "threadkeeper.db"
FILES = "files"
ABOUT = "backup.json"
CHECKSUMS = "SHA256SUMS"

# Bytes kept free in addition to the backup's size: the database's WAL grows during the backup.
_HEADROOM = 100 * 1024 * 1024
_MEGABYTE = 1024 * 1024
_PIECE = 1024 * 1024


@contextmanager
def new_folder(output: Path) -> Iterator[Path]:
    """Yield a folder next to `output` to write into; at the end, flush it and rename it `output`.

    If the block raises, the folder is removed. Raises `Failure` if `output` exists, and `OSError`.
    """
    _refuse_existing(output)
    output.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkdtemp makes a folder that only its owner may enter.
    part = Path(tempfile.mkdtemp(prefix=f".{output.name}.", suffix=".part", dir=output.parent))
    try:
        yield part
        for folder in (*part.rglob("*/"), part):
            flush(folder)
        _refuse_existing(output)
        part.rename(output)
    except BaseException:
        shutil.rmtree(part)
        raise
    flush(output.parent)


def check_space(folder: Path, needed: int) -> None:
    """Raise `Failure` if the disk of `folder` lacks space for `needed` bytes."""
    free = shutil.disk_usage(folder).free
    if free < needed + _HEADROOM:
        wanted = -(-(needed + _HEADROOM) // _MEGABYTE)
        raise Failure(
            _NO_SPACE.filled(
                path=folder.parent, needed=f"{wanted:,}", free=f"{free // _MEGABYTE:,}"
            )
        )


def open_private(path: Path) -> int:
    """Create a file that only its owner may open; return its descriptor."""
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)


def write_text(path: Path, text: str) -> None:
    """Write a small file and flush it to the disk."""
    with os.fdopen(open_private(path), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def checksum(path: Path, watch: Callable[[int], None]) -> str:
    """Return a file's SHA-256; `watch` is called with the number of bytes of each piece read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            watch(len(piece))
    return digest.hexdigest()


def flush(path: Path) -> None:
    """Flush a file or folder to the disk."""
    is_folder = path.is_dir()
    # Windows can't open folders, and stores the name with the file.
    if is_folder and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_existing(output: Path) -> None:
    if output.exists() or output.is_symlink():
        raise Failure(_EXISTS.filled(path=output))


_EXISTS = Said(
    "{path} already exists. Give the name of a new folder.",
    "이미 있는 경로입니다: {path}. 새 폴더 이름을 지정해 주세요.",
)
_NO_SPACE = Said(
    "The backup needs {needed} MB in {path}, but only {free} MB are free.",
    "{path}에 백업하려면 {needed}MB가 필요하지만 남은 공간은 {free}MB입니다.",
)
