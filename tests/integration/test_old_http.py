"""HTTP/1.0 knows no chunks: a body without a length ends where the connection does."""

import json

import pytest

from tests.support.raw_http import connected_to
from tests.support.replies import Reply

_CLOSE = "Connection: close\r\n"


def asked(server, version: str, path: str, body: dict | None = None, *, pieces: int = 1) -> bytes:
    """Return all bytes that come until the server closes the connection."""
    content = b"" if body is None else json.dumps(body).encode()
    request = (
        f"{'GET' if body is None else 'POST'} /api/v1{path} HTTP/{version}\r\n"
        "Host: 127.0.0.1\r\nContent-Type: application/json\r\n"
        # With HTTP/1.0 it would be how nginx asks, which a server without keys doesn't answer.
        f"{'' if version == '1.0' else _CLOSE}"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode() + content
    size = len(request) // pieces + 1
    with connected_to(server.base_url) as connection:
        for start in range(0, len(request), size):
            connection.sendall(request[start : start + size])
        received = b""
        while data := connection.recv(65536):
            received += data
    return received


@pytest.mark.parametrize("pieces", [1, 40])
def test_a_stream_is_plain(server, upstream, pieces):
    upstream.reply(Reply.text("안녕", "하세요"))
    body = {"assistant_id": "asst_default", "stream": True}
    head, _, events = asked(server, "1.0", "/threads/runs", body, pieces=pieces).partition(
        b"\r\n\r\n"
    )
    assert b"200 OK" in head
    assert b"transfer-encoding" not in head.lower()
    assert b"connection: close" in head.lower()
    assert events.startswith(b"event: thread.created\ndata: {")
    assert events.endswith(b"\n\nevent: done\ndata: [DONE]\n\n")
    assert "안녕".encode() in events


def test_newer_clients_get_chunks(server, upstream):
    body = {"assistant_id": "asst_default", "stream": True}
    head, _, events = asked(server, "1.1", "/threads/runs", body).partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert events.endswith(b"0\r\n\r\n")


def test_an_answer_with_a_length(server):
    head, _, body = asked(server, "1.0", "/health").partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(body) in head.lower()
    assert json.loads(body)["status"] == "ok"
