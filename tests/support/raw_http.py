"""Requests as raw bytes, for what no client library would send."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

WAIT_SECONDS = 60


@contextmanager
def connected_to(base_url: str) -> Iterator[socket.socket]:
    address = urlsplit(base_url)
    host = (address.hostname, address.port)
    with socket.create_connection(host, timeout=WAIT_SECONDS) as connection:
        yield connection


def answer_to(base_url: str, request: bytes) -> httpx.Response:
    """Send only these bytes; return the answer."""
    with connected_to(base_url) as connection:
        connection.sendall(request)
        return received(connection)


def received(connection: socket.socket) -> httpx.Response:
    """Read one answer with a length. Raises `TimeoutError` if none comes."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(": ") for line in lines]
    headers = httpx.Headers([(name, value) for name, _, value in pairs])
    while len(body) < int(headers.get("content-length", "0")):
        body += _some(connection)
    return httpx.Response(int(first.split(" ")[1]), headers=headers, content=body)


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    assert data, "the server closed the connection"
    return data
