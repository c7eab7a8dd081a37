"""Extracts the text of files, each in a process of its own.

Files are untrusted: a zip bomb, a PDF of ten thousand pages or a fault in a parser ends that
process and not the server. The server itself imports no parser. The process gets neither the
server's environment, which contains the keys, nor more memory and time than its limits allow. On
Linux, a sandbox (`fence`) denies even a compromised parser access to files, the network and other
processes.
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
# The environment variables that Python itself may need, on Windows too.
_ENVIRONMENT = ("PATH", "LANG", "SYSTEMROOT", "LD_LIBRARY_PATH")
_REFUSED = 10
# How many times as long as it may compute a process may take, with all that it waits for. It is
# all that limits it where a system has no limits of CPU time.
_WAITS = 5
_BLOCK = 1 << 16
_SHOWN = 2000
# Process managers send these to all processes of a service when it is stopped.
_STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
_OVER_LIMITS = "Reading the file takes too much time or memory."


class ExtractionError(Exception):
    """A file's text can't be extracted; `code` and `message` are for the file's `last_error`."""

    def __init__(
        self,
        code: ExtractionErrorCode,
        message: str,
        *,
        over_limits: bool = False,
        again: bool = False,
    ) -> None:
        """`over_limits`: reading the file exceeded the limits of time or memory. `again`: it is not
        because of the file, and another attempt may succeed."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.over_limits = over_limits
        self.again = again


@dataclass(frozen=True)
class Limits:
    """The limits for reading one file."""

    # Of CPU: the process runs at a low priority, so that it may wait long for its turns.
    seconds: float = 60
    memory_bytes: int = 1 << 30
    # OpenAI's limit of five million tokens per file, by the estimate of `chunking`.
    text_bytes: int = 15_000_000
    pages: int = 5_000
    # The total size of an Office document's parts after unpacking.
    unpacked_bytes: int = 256 << 20


def log_missing_fence() -> None:
    """Log which protections against a compromised parser are missing on this system."""
    if lacking := fence.missing():
        logger.warning("files are read without a complete sandbox: %s", lacking)


async def extract_text(source: bytes | Path, filename: str, limits: Limits | None = None) -> str:
    """Return a file's text. Its bytes decide its format; the name counts only if they don't.

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
    # A file and not a pipe, because parsers need random access.
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
            # Ctrl+C in the server's terminal is for the server, which then ends this.
            start_new_session=True,
        )
    except OSError:
        logger.exception("no process could be started to read a file")
        raise _not_now() from None


async def _text(process: Process, limits: Limits) -> str:
    try:
        async with asyncio.timeout(_WAITS * limits.seconds):
            output, errors = await asyncio.gather(
                # A compromised parser might send more than the limits allow.
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
    """Read to the end, and return the last `room` bytes."""
    kept = bytearray()
    while stream and (block := await stream.read(_BLOCK)):
        kept += block
        del kept[:-room]
    return bytes(kept)


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    # Shielded: even if the caller is cancelled, the process must be reaped.
    await asyncio.shield(process.wait())


def _not_now() -> ExtractionError:
    message = "The server could not read the file at this time."
    return ExtractionError("server_error", message, again=True)


def _error(status: int, output: bytes, errors: bytes) -> ExtractionError:
    if status == _REFUSED:
        refusal = json.loads(output)
        return ExtractionError(refusal["code"], refusal["message"])
    details = errors.decode(errors="replace").strip()
    if status < 0:
        logger.warning("a file reader ended with %s: %s", signal.Signals(-status).name, details)
        if -status in _STOPS:
            return _not_now()
        # Killed at its limits, or crashed: in both cases because of the file.
        return ExtractionError("invalid_file", _OVER_LIMITS, over_limits=True)
    logger.error("a file reader failed: %s", details)
    return ExtractionError("server_error", "The server could not read the file.")
