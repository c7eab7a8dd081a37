"""Sends objects to a server's import, in requests of moderate size, and adds up the reports."""

import base64
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.terminal.client import Client, Object, path_of
from app.terminal.failures import Lost, Refused

# What one request contains at most; a longer line is sent by itself.
_LINES = 2000
_BYTES = 4 * 1024 * 1024
# How many bytes of a file are in one line; a multiple of 3, so that only the last line is padded.
PIECE_BYTES = 768 * 1024
# How many problems are kept, and for how long a busy server is asked again (in seconds).
_KEPT_PROBLEMS = 1000
_PATIENCE = 600
# How often a request is repeated whose connection was lost.
_ATTEMPTS = 5


@dataclass
class Totals:
    """What became of the objects, by kind; `problems` are those of the server's reports."""

    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    existing: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    problems: list[Object] = field(default_factory=list)

    def add(self, report: Object, before: int) -> None:
        """Add a report; `before` is the number of lines in earlier requests."""
        for name in ("created", "updated", "existing"):
            getattr(self, name).update(report.get(name) or {})
        self.refused += int(report.get("refused") or 0)
        for one in report.get("problems") or []:
            if len(self.problems) < _KEPT_PROBLEMS:
                self.problems.append({**one, "line": int(one.get("line") or 0) + before})

    def as_json(self) -> Object:
        return {
            "created": dict(self.created),
            "updated": dict(self.updated),
            "existing": dict(self.existing),
            "refused": self.refused,
            "problems": self.problems,
        }


class Sender:
    """Collects lines into requests. All methods raise `Failure`."""

    def __init__(
        self,
        client: Client,
        *,
        dry_run: bool,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._params = {"dry_run": "true"} if dry_run else {}
        self._dry_run = dry_run
        self._sleep = sleep
        self._waiting: list[bytes] = []
        self._size = 0
        self._sent = 0
        self._has_answered = False
        self.totals = Totals()

    def add(self, line: bytes) -> None:
        """Send a line, sooner or later; it ends with its only newline."""
        if self._waiting and self._size + len(line) > _BYTES:
            self.flush()
        self._waiting.append(line)
        self._size += len(line)
        if len(self._waiting) >= _LINES:
            self.flush()

    def flush(self) -> None:
        """Send the lines that wait."""
        lines, self._waiting, self._size = self._waiting, [], 0
        if lines:
            report = self._patiently(lambda: self._post(lines))
            self.totals.add(report, self._sent)
            self._sent += len(lines)

    def add_content(self, file_id: str, pieces: Callable[[], Iterable[bytes]]) -> None:
        """Send a file's bytes, unless the server has them; `pieces` may be called again."""
        self.flush()
        if self._dry_run or self._has_content(file_id):
            self.totals.existing["file.content"] += not self._dry_run
            return
        report = self._patiently(lambda: self._post(content_lines(file_id, pieces())))
        self.totals.add(report, 0)

    def _has_content(self, file_id: str) -> bool:
        """Return whether the server has a file's bytes, or lacks the file."""
        try:
            with self._client.raw("GET", path_of("files", file_id, "content")):
                return True
        except Refused as refusal:
            if refusal.http_status != 404:
                raise
            return refusal.code != "file_content_missing"

    def _post(self, lines: Iterable[bytes]) -> Object:
        return self._client.send("/import", iter(lines), self._params)

    def _patiently(self, send: Callable[[], Object]) -> Object:
        """Send. If the server is too busy or restarts, wait and send again: nothing is doubled."""
        waited, lost = 0.0, 0
        while True:
            try:
                answer = send()
            except Refused as refusal:
                if refusal.http_status not in (429, 503) or waited >= _PATIENCE:
                    raise
                pause = min(max(refusal.retry_after or 1.0, 1.0), 60.0)
            except Lost:
                # A server that refuses a request closes the connection, perhaps before its answer
                # was read. One that never answered is reported at once.
                lost += 1
                if not self._has_answered or lost > _ATTEMPTS:
                    raise
                pause = float(2**lost)
            else:
                self._has_answered = True
                return answer
            self._sleep(pause)
            waited += pause


def line_of(one: Object) -> bytes:
    return json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def content_lines(file_id: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines with a file's bytes, at least one."""
    offset = 0
    for piece in _cut(pieces):
        yield line_of(_content(file_id, offset, piece))
        offset += len(piece)
    if offset == 0:
        yield line_of(_content(file_id, 0, b""))


def _content(file_id: str, offset: int, piece: bytes) -> dict[str, Any]:
    data = base64.b64encode(piece).decode()
    return {"object": "file.content", "file_id": file_id, "offset": offset, "data": data}


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes in pieces of `PIECE_BYTES`, the last one shorter."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= PIECE_BYTES:
            yield bytes(waiting[:PIECE_BYTES])
            del waiting[:PIECE_BYTES]
    if waiting:
        yield bytes(waiting)
