"""Standard output and error of the code: written to one pipe, up to a limit."""

import io
import sys
from typing import Any

_PIPE = 1
# UTF-8 needs at most four bytes for a character.
_BYTES_PER_CHARACTER = 4


class _Limited(io.FileIO):
    """Writes to the pipe until the room is used up, then drops what is written.

    The server would not read more anyway; code that prints too much need not wait for that.
    """

    room = 0
    sent = 0

    def write(self, data: Any) -> int:
        block = memoryview(data).cast("B")
        kept = block[: self.room]
        if kept:
            written = super().write(kept)
            self.sent += written
            if len(kept) == len(block):
                self.room -= written
                return written
            self.room = 0
        return len(block)


class Output:
    """Makes fresh `sys.stdout` and `sys.stderr`: code may have replaced or closed them."""

    def __init__(self) -> None:
        self._raw: _Limited | None = None

    def open(self, characters: int) -> None:
        # One file for both keeps their order.
        raw = self._raw = _Limited(_PIPE, "w", closefd=False)
        raw.room = characters * _BYTES_PER_CHARACTER
        stream = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", line_buffering=True
        )
        for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
            setattr(sys, name, stream)

    @property
    def written(self) -> int:
        """How many bytes were written since `open`."""
        return self._raw.sent if self._raw else 0

    def flush(self) -> None:
        """Send what is still buffered. Raises `OSError` and `ValueError` if code closed it."""
        for stream in {sys.stdout, sys.stderr}:
            if stream is not None:
                stream.flush()
