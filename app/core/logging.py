"""One format for every log line, of our code and of libraries.

    2026-01-31T09:30:00.123Z INFO request request_id=req_1 method=GET status=200 logger=app.request

Time in UTC, level, event, then `key=value` pairs. A value that contains a space, a quote or an
unprintable character is quoted and escaped, so that nothing a client sends can start a new line
or look like another field. Our code passes its fields as `extra={"fields": {…}}`.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

FILE_BYTES = 10 * 1000 * 1000
FILE_BACKUPS = 5

# They log URLs and headers, which may contain keys and users' words.
_VERBOSE = ("aiohttp", "httpcore", "httpcore2", "httpx", "httpx2", "openai")

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def configure_logging(level: str, file: str, *, shared: bool = False) -> None:
    """Send this process's log to the console and, if `file` is given, to a rotating file.

    May be called again; the last call counts. Two servers need a file each, since they would
    rotate each other's; `shared` is for the processes of one. Raises OSError if the file can't be
    written.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if file:
        handlers.append(_open_file(Path(file), _SharedFile if shared else RotatingFileHandler))
    formatter = LineFormatter()
    for handler in handlers:
        handler.setFormatter(formatter)
    # `force`: a library may have set up the root logger (the SDK does for OPENAI_LOG).
    logging.basicConfig(level=level, handlers=handlers, force=True)
    _tame_libraries(level)


def current_request_id() -> str | None:
    """Return the id in log lines of the current request, and of the tasks that it started."""
    return _request_id.get()


@contextmanager
def in_request(request_id: str | None) -> Iterator[None]:
    """Add a request's id to log lines, unless they already have one."""
    if request_id is None or current_request_id() is not None:
        yield
        return
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


class _SharedFile(RotatingFileHandler):
    """A rotating file that several processes write to: one line at a time, in any of them."""

    def emit(self, record: logging.LogRecord) -> None:
        with (Path(f"{self.baseFilename}.lock")).open("w") as lock:
            # Released when the file is closed. Imported here: Windows lacks it.
            locking: Any = import_module("fcntl")
            locking.flock(lock, locking.LOCK_EX)
            self._follow()
            super().emit(record)

    def _follow(self) -> None:
        """Open the new file if another process has rotated it."""
        stream = self.stream
        if stream is None:
            return
        try:
            current = Path(self.baseFilename).stat().st_ino
        except FileNotFoundError:
            current = 0
        if os.fstat(stream.fileno()).st_ino != current:
            stream.close()
            self.stream = self._open()


def _open_file(path: Path, kind: type[RotatingFileHandler]) -> logging.Handler:
    path.parent.mkdir(parents=True, exist_ok=True)
    return kind(path, maxBytes=FILE_BYTES, backupCount=FILE_BACKUPS, encoding="utf-8")


def _tame_libraries(level: str) -> None:
    for name in _VERBOSE:
        logging.getLogger(name).setLevel("NOTSET" if level == "DEBUG" else "WARNING")
    # By now the `uvicorn` command has set handlers and levels on its loggers.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel("NOTSET")
    # Without a handler, uvicorn's access log is silent; `app.request` replaces it.
    logging.getLogger("uvicorn.access").propagate = False


class LineFormatter(logging.Formatter):
    """Renders a record once, for any number of handlers."""

    def format(self, record: logging.LogRecord) -> str:
        line: str | None = getattr(record, "line", None)
        if line is None:
            line = record.line = self._render(record)
        return line

    def _render(self, record: logging.LogRecord) -> str:
        request_id = current_request_id()
        fields = {
            **({} if request_id is None else {"request_id": request_id}),
            **getattr(record, "fields", {}),
            "logger": record.name,
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        pairs = " ".join([f"{key}={_shown(value)}" for key, value in fields.items()])
        moment = f"{_second(int(record.created))}.{int(record.msecs):03d}Z"
        return f"{moment} {record.levelname} {_shown(record.getMessage())} {pairs}"


@lru_cache(maxsize=4)
def _second(unix_seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(unix_seconds))


def _shown(value: object) -> str:
    """Return the value as one printable word, quoted if it is more than that."""
    text = str(value)
    if text and text.isprintable() and not any(mark in text for mark in ' "=\\'):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if not escaped.isprintable():
        escaped = "".join(map(_escaped, escaped))
    return f'"{escaped}"'


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
