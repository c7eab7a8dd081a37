"""Reads what an export wrote, an archive or lines, and sends it to a server."""

import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from app.terminal.failures import Failure
from app.terminal.language import Said
from app.terminal.moving.exporting import ARCHIVES, FILES
from app.terminal.moving.sending import Sender
from app.terminal.options import not_read

# Longer than any line that a server accepts.
_LONGEST_LINE = 32 * 1024 * 1024
_PIECE = 1024 * 1024

Watch = Callable[[int], None]


def send_all(source: Path, sender: Sender, watch: Watch) -> None:
    """Send everything in `source`, or in standard input if it is `-`.

    `watch` is called with the number of bytes of the source that were read since the last call.
    Raises `Failure`.
    """
    try:
        if str(source) == "-":
            _send_lines(sys.stdin.buffer, sender, watch)
        elif source.is_dir():
            _send_folder(source, sender, watch)
        elif source.name.lower().endswith(ARCHIVES):
            _send_archive(source, sender, watch)
        else:
            with source.open("rb") as lines:
                _send_lines(lines, sender, watch)
        sender.flush()
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise Failure(_DAMAGED.filled(path=source, reason=error)) from error
    except OSError as error:
        raise not_read(source, error) from error


def _send_lines(source: IO[bytes], sender: Sender, watch: Watch) -> None:
    while line := source.readline(_LONGEST_LINE):
        watch(len(line))
        sender.add(line if line.endswith(b"\n") else line + b"\n")


def _send_folder(folder: Path, sender: Sender, watch: Watch) -> None:
    """Send an unpacked archive."""
    for path in sorted(folder.glob("*.ndjson")):
        with path.open("rb") as lines:
            _send_lines(lines, sender, watch)
    for path in sorted((folder / FILES).glob("*")):
        if path.is_file() and not path.name.startswith("."):
            sender.add_content(path.name, lambda path=path: _pieces_of(path))  # type: ignore[misc]
            watch(path.stat().st_size)


def _pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as content:
        yield from _pieces(content)


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    while piece := content.read(_PIECE):
        yield piece


def _send_archive(path: Path, sender: Sender, watch: Watch) -> None:
    """Send an archive, reading it once from its start; nothing is unpacked to the disk."""
    with path.open("rb") as packed, tarfile.open(fileobj=packed, mode="r|gz") as archive:
        read = 0
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            parts = Path(member.name).parts
            if content is None or not parts:
                continue
            if parts[-1].endswith(".ndjson"):
                _send_lines(content, sender, lambda _: None)
            elif FILES in parts[:-1]:
                sender.add_content(parts[-1], _once(content))
            watch(packed.tell() - read)
            read = packed.tell()


def _once(content: IO[bytes]) -> Callable[[], Iterator[bytes]]:
    """Return the bytes of a stream; it can't be read again after a busy server refused some."""

    def pieces() -> Iterator[bytes]:
        if content.tell() != 0:
            raise Failure(_BUSY)
        return _pieces(content)

    return pieces


_DAMAGED = Said("{path} is damaged: {reason}", "{path} 파일이 손상되었습니다: {reason}")
_BUSY = Said(
    "The server is too busy to take a file. Run the same command again later: it only adds what is "
    "missing.",
    "서버가 바빠서 파일을 받지 못했습니다. 잠시 뒤에 같은 명령을 다시 실행해 주세요. 빠진 것만 "
    "추가됩니다.",
)
