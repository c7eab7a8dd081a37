"""A client that stops sending in the middle of a request is given up; one that goes on is not."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.api.deadlines import Deadlines, PlainProtocol
from app.api.http_protocol import HttpProtocol
from app.core.config import Settings
from tests.support.raw_http import answer_to, connected_to, received
from tests.support.server import ThreadServer
from tests.support.waiting import wait_until

_HEAD = b"POST /api/v1/chat HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
_CHAT = '{"message": "안녕하세요"}'.encode()
_BODY_FOLLOWS = _HEAD + b"content-length: %d\r\n\r\n" % len(_CHAT)
_UPLOAD_FOLLOWS = (
    b"POST /api/v1/files HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    b"content-type: multipart/form-data; boundary=x\r\ncontent-length: 100000\r\n\r\n"
    b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello'
)

# Long enough for a loaded machine to send a whole request, short enough to be waited for.
_SECONDS = 1.0


class _Quick(HttpProtocol):
    head_seconds = body_seconds = _SECONDS


class _Plain(PlainProtocol):
    head_seconds = body_seconds = _SECONDS


@pytest.fixture(scope="module", params=[_Quick, _Plain])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ThreadServer]:
    folder: Path = tmp_path_factory.mktemp("slow")
    settings = Settings(
        _env_file=None,
        database_url=f"sqlite:///{folder.as_posix()}/test.db",
        files_url=str(folder / "files"),
        functions_dir="",
    )
    server = ThreadServer(settings, http=request.param)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("sent", "part"),
    [
        (b"", "head"),
        (b"GET /api/v1/health HTTP/1.1\r\nx-slow: ", "head"),
        (_BODY_FOLLOWS, "body"),
        (_BODY_FOLLOWS + _CHAT[:-1], "body"),
        (_HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n", "body"),
        (_UPLOAD_FOLLOWS, "body"),
    ],
    ids=["nothing", "half a head", "no body", "half a body", "half a chunked body", "half a file"],
)
def test_half_a_request_is_given_up(server: ThreadServer, sent: bytes, part: str) -> None:
    answer = answer_to(server.base_url, sent)
    assert answer.status_code == 408
    assert answer.json()["error"] == {
        "message": f"The request's {part} did not arrive in time.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }
    assert answer.headers["connection"] == "close"


def test_a_second_request_of_a_connection_has_a_deadline_too(server: ThreadServer) -> None:
    with connected_to(server.base_url) as connection:
        connection.sendall(b"GET /api/v1/health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        assert received(connection).status_code == 200
        connection.sendall(b"GET /api/v1/health HTTP/1.1\r\n")
        assert received(connection).status_code == 408
        assert connection.recv(1) == b""


def test_a_body_that_keeps_arriving_may_take_longer(
    server: ThreadServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each byte earns a second, so that a byte at a time is fast enough on any machine.
    monkeypatch.setattr("app.api.deadlines.BYTES_PER_SECOND", 1)
    checked = _counted_checks(monkeypatch)
    with connected_to(server.base_url) as connection:
        connection.sendall(_BODY_FOLLOWS + _CHAT[:20])
        wait_until(lambda: checked() >= 1)
        connection.sendall(_CHAT[20:])
        assert received(connection).status_code == 200


def test_an_answer_may_take_longer_than_the_request(
    server: ThreadServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = _counted_checks(monkeypatch)
    with connected_to(server.base_url) as answered, connected_to(server.base_url) as stalled:
        answered.sendall(_BODY_FOLLOWS + _CHAT)
        stalled.sendall(_BODY_FOLLOWS)
        assert received(stalled).status_code == 408
        assert received(answered).status_code == 200
    assert checked() == 1


def test_a_stalled_body_is_dropped_before_a_run_is_made(server: ThreadServer) -> None:
    before = server.http.get("/usage").json()
    assert answer_to(server.base_url, _BODY_FOLLOWS + _CHAT[:-1]).status_code == 408
    assert server.http.get("/usage").json() == before


def test_many_stalled_connections_leave_room_for_others(server: ThreadServer) -> None:
    stalled: list[socket.socket] = []
    host = ("127.0.0.1", int(server.base_url.rpartition(":")[2]))
    try:
        for _ in range(200):
            connection = socket.create_connection(host, timeout=10)
            connection.sendall(_BODY_FOLLOWS)
            stalled.append(connection)
        for connection in stalled:
            assert received(connection).status_code == 408
        assert server.http.post("/chat", json={"message": "hi"}).status_code == 200
    finally:
        for connection in stalled:
            connection.close()


def test_what_is_not_http_is_answered_in_the_envelope(server: ThreadServer) -> None:
    answer = answer_to(server.base_url, b"\x16\x03\x01 hello\r\n\r\n")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_http"


def _counted_checks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count the connections that reach a deadline from now on."""
    reached: set[asyncio.Protocol] = set()
    check = Deadlines._check

    def counting(connection: Deadlines) -> None:
        reached.add(connection)
        check(connection)

    monkeypatch.setattr(Deadlines, "_check", counting)
    return lambda: len(reached)
