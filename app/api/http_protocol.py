"""The HTTP protocol of connections: httptools for speed, h11 for HTTP/1.0 clients.

uvicorn's httptools protocol sends a response of unknown length in chunks, even to HTTP/1.0 clients,
which don't understand them. For these the end of the connection must end the body, as uvicorn's h11
protocol does. On Windows, where httptools isn't installed, h11 handles every connection.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.deadlines import Deadlines, PlainProtocol

# Bytes. A longer first line goes to httptools, which refuses it.
_LONGEST_LINE = 64 * 1024


class HttpProtocol(Deadlines, HttpToolsProtocol):
    """HTTP/1.1; hands a connection over to `PlainProtocol` if its first request is HTTP/1.0."""

    _first_line: bytes | None = b""

    def data_received(self, data: bytes) -> None:
        if self._first_line is None:
            super().data_received(data)
            return
        self._first_line += data
        line, end, _ = self._first_line.lstrip(b"\r\n").partition(b"\n")
        if not end and len(self._first_line) < _LONGEST_LINE:
            return
        data, self._first_line = self._first_line, None
        if line.rstrip().endswith(b" HTTP/1.0"):
            self._hand_over(data)
        else:
            super().data_received(data)

    def _hand_over(self, data: bytes) -> None:
        other = PlainProtocol(self.config, self.server_state, self.app_state, self.loop)
        self.watch(None)
        self.connections.discard(self)
        self.transport.set_protocol(other)
        other.connection_made(self.transport)
        other.data_received(data)
