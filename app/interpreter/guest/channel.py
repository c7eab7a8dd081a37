"""The pipes between a session and the server, from the session's side.

The server must not trust anything that arrives through them: code can write to them as well.
"""

import json
import os
from typing import Any

# The numbers of the session's pipes.
REQUESTS, REPLIES = 3, 4
_BLOCK = 1 << 16


class Channel:
    """JSON objects, one per line."""

    def __init__(self) -> None:
        self._rest = b""

    def receive(self) -> dict[str, Any] | None:
        """Wait for the next request; return None if the server has closed the pipe."""
        while b"\n" not in self._rest:
            block = os.read(REQUESTS, _BLOCK)
            if not block:
                return None
            self._rest += block
        line, _, self._rest = self._rest.partition(b"\n")
        request: dict[str, Any] = json.loads(line)
        return request

    def send(self, reply: dict[str, Any]) -> None:
        line = json.dumps(reply).encode() + b"\n"
        while line:
            line = line[os.write(REPLIES, line) :]
