"""Splits raw bytes into server-sent events, chunk by chunk. Pure: no network, no JSON."""

# One event: its name (None if the server sends only `data:` lines) and its data.
RawEvent = tuple[str | None, bytes]


class SSEReader:
    """Splits a byte stream at blank lines; a chunk may end anywhere, even inside a character."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._skip_newline = False

    @property
    def pending(self) -> int:
        """How many bytes of an incomplete event have been read."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> list[RawEvent]:
        """Return the events that `chunk` completes; the rest is kept for the next chunk."""
        chunk = self._with_plain_newlines(chunk)
        if not self._buffer and chunk.endswith(b"\n\n"):
            return _events(chunk[:-2])
        self._buffer += chunk
        end = self._buffer.rfind(b"\n\n", self._searched)
        if end < 0:
            # Don't search the same bytes again: a long event in many small chunks would take
            # quadratic time.
            self._searched = max(len(self._buffer) - 1, 0)
            return []
        complete = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._searched = 0
        return _events(complete)

    def finish(self) -> list[RawEvent]:
        """Return the last event if the server omitted the final blank line."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._searched = 0
        return _events(rest)

    def _with_plain_newlines(self, chunk: bytes) -> bytes:
        if self._skip_newline:
            self._skip_newline = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" not in chunk:
            return chunk
        # The second half of this line ending may be at the start of the next chunk.
        self._skip_newline = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _events(blocks: bytes) -> list[RawEvent]:
    return [event for block in blocks.split(b"\n\n") if (event := _event(block))]


def _event(block: bytes) -> RawEvent | None:
    name, data = None, []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ").decode("utf-8", "replace")
    # Comments, `id`, `retry` and events without data are ignored.
    return (name, b"\n".join(data)) if any(data) else None
