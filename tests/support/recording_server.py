"""A TCP server that records the raw bytes of each request, and sends queued answers."""

import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_WAIT_SECONDS = 60.0


class RecordingServer:
    """`requests`: the bytes of each request, in order; a connection may send several in turn."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self._answers: deque[bytes] = deque()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.base_url = f"http://{self.address}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def answer(self, body: bytes, content_type: str = "application/json") -> None:
        """Queue an answer with status 200 for one request."""
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}"
        self._answers.append(f"{head}\r\n\r\n".encode() + body)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(_WAIT_SECONDS)
        with connection:
            while request := _one_request(connection):
                self.requests.append(request)
                connection.sendall(self._answers.popleft())


def _one_request(connection: socket.socket) -> bytes:
    """Return the bytes of the next request; empty if the client has disconnected."""
    data = b""
    while b"\r\n\r\n" not in data or len(data) < _length(data):
        try:
            piece = connection.recv(65536)
        except OSError:
            return b""
        if not piece:
            return b""
        data += piece
    return data


def _length(data: bytes) -> int:
    head, _, _ = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(head) + 4 + int(value)
    return len(head) + 4


@contextmanager
def recording_server() -> Iterator[RecordingServer]:
    server = RecordingServer()
    try:
        yield server
    finally:
        server.close()
