"""Uploads as bytes: forms that no client library would send, and each library's own form."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

BOUNDARY = "----between-the-parts"
HEADERS = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def field(name: str, value: str) -> bytes:
    return part(f'form-data; name="{name}"'.encode(), value.encode())


def file_part(content: bytes, disposition: str = 'filename="a.txt"') -> bytes:
    return part(f'form-data; name="file"; {disposition}'.encode(), content)


def part(disposition: bytes, content: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: ".encode() + disposition
    return head + b"\r\nContent-Type: text/plain\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def in_pieces(size: int, *, purpose: str = "assistants") -> Iterator[bytes]:
    """Yield a form with a file of `size` bytes, of which only a part is in memory."""
    yield field("purpose", purpose)
    head, _, tail = form(file_part(b"|")).partition(b"|")
    yield head
    piece = b"x" * 65536
    for start in range(0, size, len(piece)):
        yield piece[: size - start]
    yield tail


def send(http: httpx.Client, *parts: bytes) -> httpx.Response:
    """Post a form of these parts."""
    return http.post("/files", content=form(*parts), headers=HEADERS)


@contextmanager
def half_sent(base_url: str, size: int) -> Iterator[None]:
    """Announce a form, send its beginning with `size` bytes of a file, then disconnect."""
    *begun, _end = in_pieces(size)
    declared = size + 10_000
    address = urlsplit(base_url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        head = (
            f"POST /api/v1/files HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Content-Type: {HEADERS['content-type']}\r\nContent-Length: {declared}\r\n\r\n"
        )
        connection.sendall(head.encode() + b"".join(begun))
        yield
