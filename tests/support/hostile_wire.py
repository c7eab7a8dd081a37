"""Requests as raw bytes that no client library would send."""

import json
import socket
from collections.abc import Iterable, Iterator
from http.client import HTTPResponse
from typing import Any, NamedTuple

from tests.support.checked_clients import VERSION
from tests.support.raw_http import connected_to

JSON = ("Content-Type: application/json",)


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def error(self) -> dict[str, Any]:
        """Return the error, after checking its envelope."""
        body = json.loads(self.body)
        assert set(body) == {"error"}, body
        error: dict[str, Any] = body["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error


def head(method: str, target: str, *headers: str | bytes) -> bytes:
    """Return a request's head, as given; `target` may begin after the version."""
    is_whole = target.startswith((f"{VERSION}/", "*", "http:", "//"))
    target = target if is_whole else VERSION + target
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    encoded = [line if isinstance(line, bytes) else line.encode("utf-8") for line in lines]
    return b"\r\n".join([*encoded, b"", b""])


def sized(method: str, target: str, body: bytes, *headers: str | bytes) -> bytes:
    """Return a whole request with a Content-Length."""
    return head(method, target, *headers, f"Content-Length: {len(body)}") + body


def chunked(
    method: str, target: str, body: bytes, *headers: str | bytes, size: int = 65536
) -> Iterator[bytes]:
    """Yield a chunked request."""
    yield head(method, target, *headers, "Transfer-Encoding: chunked")
    for at in range(0, len(body), size):
        piece = body[at : at + size]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def ask(base_url: str, pieces: bytes | Iterable[bytes]) -> Answer:
    """Send these bytes, and return the answer."""
    pieces = [pieces] if isinstance(pieces, bytes) else [*pieces]
    with connected_to(base_url) as wire:
        _send(wire, pieces)
        # An answer to HEAD states the length of a body that doesn't follow.
        response = HTTPResponse(wire, method="HEAD" if pieces[0].startswith(b"HEAD ") else None)
        return _read(response)


def _read(response: HTTPResponse) -> Answer:
    response.begin()
    body = response.read()
    return Answer(response.status, response.getheaders(), body)


def _send(wire: socket.socket, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        try:
            wire.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            # The server has answered before the end of the request; the answer is read next.
            return
