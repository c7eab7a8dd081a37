"""How the server reads connections: quickly, and for HTTP/1.0 so that its clients understand it.

uvicorn's quick protocol answers everybody in chunks if the length isn't known. A client of HTTP/1.0
doesn't know chunks: for it such a body ends where the connection does, as uvicorn's other protocol
has it. Windows, where the quick parser isn't installed, has that one alone.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.deadlines import Deadlines, PlainProtocol

# No request's first line is longer: what is, the quick protocol refuses.
_LONGEST_LINE = 64 * 1024


class HttpProtocol(Deadlines, HttpToolsProtocol):
    """HTTP/1.1; a connection whose first request is of HTTP/1.0 is handed to `PlainProtocol`."""

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
