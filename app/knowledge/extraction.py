"""Files into text, each in a process of its own.

A file comes from anyone: a zip bomb, a PDF of ten thousand pages or a fault in a parser ends that
process and not the server. Nor does the server import a parser, and the process is given neither
the server's environment, where the keys are, nor more memory and time than its limits say. On Linux
a fence keeps even a parser that was taken over from files, the network and other processes.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

from app.core import fence

logger = logging.getLogger(__name__)

ExtractionErrorCode = Literal["server_error", "unsupported_file", "invalid_file"]

_WORKER = "app.knowledge.extraction_worker"
_ROOT = Path(__file__).resolve().parents[2]
# What Python itself may need of the environment, on Windows too.
_ENVIRONMENT = ("PATH", "LANG", "SYSTEMROOT", "LD_LIBRARY_PATH")
_REFUSED = 10
_BLOCK = 1 << 16
_SHOWN = 2000
_OVER_LIMITS = "The file takes too much time or memory to read."


class ExtractionError(Exception):
    """A file can't be made text; `code` and `message` are fit for its `last_error`."""

    def __init__(
        self, code: ExtractionErrorCode, message: str, *, over_limits: bool = False
    ) -> None:
        """`over_limits`: it took all the time or memory that a file may take."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.over_limits = over_limits


@dataclass(frozen=True)
class Limits:
    """What one file may cost."""

    seconds: float = 60
    memory_bytes: int = 1 << 30
    # By the estimate of `chunking`, the five million tokens that OpenAI lets a file have.
    text_bytes: int = 15_000_000
    pages: int = 5_000
    # What an Office document's parts may come to once they're unpacked.
    unpacked_bytes: int = 256 << 20


def log_missing_fence() -> None:
    """Say what doesn't protect the server from a parser that a file has taken over."""
    if lacking := fence.missing():
        logger.warning("files are read without a fence around the process: %s", lacking)


async def extract_text(source: bytes | Path, filename: str, limits: Limits | None = None) -> str:
    """Return a file's text. Its name says what it should be; its bytes have the last word.

    Raises `ExtractionError`.
    """
    limits = limits or Limits()
    file = await asyncio.to_thread(_opened, source)
    try:
        process = await _start(file, filename, limits)
        return await _text(process, limits)
    finally:
        file.close()


def _opened(source: bytes | Path) -> BinaryIO:
    if isinstance(source, Path):
        return source.open("rb")
    # A file, since parsers must go back and forth in it; and the pipe stays out of the way.
    file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    file.write(source)
    file.seek(0)
    return file


async def _start(file: BinaryIO, filename: str, limits: Limits) -> Process:
    task = json.dumps({"filename": filename, **asdict(limits)})
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-X", "utf8", "-m", _WORKER, task),
            stdin=file,
            stdout=PIPE,
            stderr=PIPE,
            cwd=_ROOT,
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except OSError:
        logger.exception("no process could be started to read a file")
        raise ExtractionError("server_error", "The file could not be read now.") from None


async def _text(process: Process, limits: Limits) -> str:
    try:
        async with asyncio.timeout(limits.seconds):
            output, errors = await asyncio.gather(
                # Its text is within the limits; a parser that was taken over keeps to none.
                _read(process.stdout, 2 * limits.text_bytes),
                _read(process.stderr, _SHOWN),
            )
            status = await process.wait()
    except TimeoutError:
        raise ExtractionError("invalid_file", _OVER_LIMITS, over_limits=True) from None
    finally:
        await _end(process)
    if status == 0:
        return output.decode()
    raise _error(status, output, errors)


async def _read(stream: asyncio.StreamReader | None, room: int) -> bytes:
    """Read to the end, keeping the last bytes that there is room for."""
    kept = bytearray()
    while stream and (block := await stream.read(_BLOCK)):
        kept += block
        del kept[:-room]
    return bytes(kept)


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    # Shielded: a cancelled caller must not leave it to its own devices.
    await asyncio.shield(process.wait())


def _error(status: int, output: bytes, errors: bytes) -> ExtractionError:
    if status == _REFUSED:
        refusal = json.loads(output)
        return ExtractionError(refusal["code"], refusal["message"])
    said = errors.decode(errors="replace").strip()
    if status < 0:  # killed at its limits, or crashed: both are the file's doing
        logger.warning("a file ended its reader with %s: %s", signal.Signals(-status).name, said)
        return ExtractionError("invalid_file", _OVER_LIMITS, over_limits=True)
    logger.error("a file's reader failed: %s", said)
    return ExtractionError("server_error", "The file could not be read.")
