"""A scriptable stand-in for `POST /v1/responses` and `/v1/chat/completions`, on loopback only.

As a fixture (the server starts once, each test begins with an empty script):

    @pytest.fixture(scope="session")
    def upstream_server():
        with FakeUpstream.serve() as upstream:
            yield upstream

    @pytest.fixture
    def upstream(upstream_server):
        upstream_server.reset()
        return upstream_server

In a test:

    upstream.base_url                           "http://127.0.0.1:54321/v1"
    upstream.reply(Reply.text("Hel", "lo"))     queued; each is used once, in order
    upstream.reply_with(lambda body: Reply…)    used when the queue is empty
    upstream.requests[0].body / .headers        the request (JSON object / dict, lower case)
    upstream.requests[0].asked                  the same in the form of the Responses API
    upstream.requests[0].connection             the client's port, to check connection reuse
    upstream.requests[0].api                    "responses" or "chat_completions"
    upstream.lacks("responses")                 from now on that path is a 404
    upstream.release()                          lets every `Reply….stalled()` continue
    upstream.wait_stalled() / wait_hang_up()    True when a reply has stalled /
                                                a client has disconnected mid-answer (bounded)

It refuses what a strict server refuses (`tests.support.strict_requests`): such requests are
answered 4xx, do not reach the script, and are listed in `upstream.refused`. An empty body is
refused too, but not listed: with it the service checks whether the path exists.
`GET /v1/models` answers an empty list.

Without a script the answer is "Answer to: <last user text>", with one delta per word. The kinds of
replies are the class methods of `tests.support.replies.Reply`.

For benchmarks, as a separate process, with one precomputed answer and nothing recorded:

    python -m tests.support.fake_upstream --port 9000 --fixed [--words 20] [--pause 0.01]

It writes its base URL to standard output as its first line; port 0 (the default) picks a free one.
"""

import argparse
import asyncio
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.core.model import Api
from tests.support.chat_as_responses import as_responses
from tests.support.chat_events import last_chat_text
from tests.support.replies import Reply
from tests.support.response_events import last_user_text
from tests.support.sending import Sender, Wire, fixed_wire, read_body, reply_wire
from tests.support.strict_requests import (
    Refused,
    chat_request,
    refuse_headers,
    responses_request,
)

WAIT_SECONDS = 10.0

_PATHS: dict[Api, str] = {
    "responses": "/v1/responses",
    "chat_completions": "/v1/chat/completions",
}
_CHECKS: dict[Api, Callable[[list[tuple[str, str]], bytes], dict[str, Any]]] = {
    "responses": responses_request,
    "chat_completions": chat_request,
}


@dataclass(frozen=True)
class RecordedRequest:
    body: dict[str, Any]
    headers: dict[str, str]
    connection: int  # the client's port: the same for requests over one connection
    api: Api

    @property
    def asked(self) -> dict[str, Any]:
        """The request in the form of the Responses API."""
        return self.body if self.api == "responses" else as_responses(self.body)


class FakeUpstream:
    """The script and recorded requests of one fake server; safe to use from another thread."""

    def __init__(self, *, fixed: Reply | None = None) -> None:
        """`fixed`: the only answer, computed once; requests are not recorded."""
        self.base_url = ""
        self.requests: list[RecordedRequest] = []
        self.refused: list[str] = []
        self._queue: deque[Reply] = deque()
        self._decide: Callable[[dict[str, Any]], Reply] = _default_reply
        self._waiting: list[threading.Event] = []
        self._stalled = threading.Event()
        self._hung_up = threading.Event()
        self._lacking: set[Api] = set()
        self._fixed = {api: fixed_wire(fixed, api) for api in _PATHS} if fixed else None
        answering = [
            Route(path, endpoint=_Endpoint(self, api), methods=["POST"])
            for api, path in _PATHS.items()
        ]
        self.app = Starlette(routes=[*answering, Route("/v1/models", endpoint=_models)])

    def reply(self, *replies: Reply) -> None:
        """Queue replies, for one request each."""
        self._queue.extend(replies)

    def reply_with(self, decide: Callable[[dict[str, Any]], Reply]) -> None:
        """When the queue is empty, `decide` returns the reply to a request's body."""
        self._decide = decide

    def lacks(self, *apis: Api) -> None:
        """Answer as if these APIs' paths, and no others, did not exist."""
        self._lacking = set(apis)

    def release(self) -> None:
        """Let every stalled reply continue."""
        for event in self._waiting:
            event.set()

    def wait_stalled(self, seconds: float = WAIT_SECONDS) -> bool:
        """Block until a reply has stalled; False if none did in time."""
        return self._stalled.wait(seconds)

    def wait_hang_up(self, seconds: float = WAIT_SECONDS) -> bool:
        """Block until a client has disconnected from a stalled reply; False if none did in time."""
        return self._hung_up.wait(seconds)

    def reset(self) -> None:
        """Clear the script and the recorded requests; release stalled replies."""
        self.release()
        self._waiting.clear()
        self._queue.clear()
        self.requests.clear()
        self.refused.clear()
        self._lacking.clear()
        self._decide = _default_reply
        self._stalled.clear()
        self._hung_up.clear()

    @classmethod
    @contextmanager
    def serve(cls) -> Iterator["FakeUpstream"]:
        """Serve on a free loopback port, from a separate thread, until the block ends."""
        upstream = cls()
        with _listening(0) as listener:
            upstream.base_url = _base_url(listener)
            server = _server(upstream)
            thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
            # The socket already listens: a client that connects before the server runs just waits.
            thread.start()
            try:
                yield upstream
            finally:
                upstream.release()
                server.should_exit = True
                thread.join(WAIT_SECONDS)

    async def answer(self, api: Api, scope: Scope, receive: Receive, send: Send) -> None:
        content = await read_body(receive)
        if api in self._lacking:
            await JSONResponse({"detail": "Not Found"}, 404)(scope, receive, send)
            return
        try:
            body = self._body(api, _headers(scope), content)
        except Refused as refused:
            if content != b"{}":
                self.refused.append(refused.reason)
            answer = JSONResponse(refused.body, refused.status)
            await answer(scope, receive, send)
            return
        sender = Sender(receive, send, stalled=self._stalled, hung_up=self._hung_up)
        await sender.send(self._wire(api, body, scope), streamed=bool(body.get("stream")))

    def _body(self, api: Api, headers: list[tuple[str, str]], content: bytes) -> dict[str, Any]:
        if not self._fixed:
            return _CHECKS[api](headers, content)
        # For benchmarks, which measure the service and not its fake.
        refuse_headers(headers)
        return {"stream": b'"stream":true' in content.replace(b" ", b"")}

    def _wire(self, api: Api, body: dict[str, Any], scope: Scope) -> Wire:
        if self._fixed:
            return self._fixed[api]
        self.requests.append(RecordedRequest(body, dict(_headers(scope)), scope["client"][1], api))
        reply = self._queue.popleft() if self._queue else self._decide(body)
        if reply.release:
            self._waiting.append(reply.release)
        return reply_wire(reply, body, api)


class _Endpoint:
    # A class, because Starlette passes a Request to a plain function and expects a Response; this
    # endpoint must be able to disconnect mid-answer.
    def __init__(self, upstream: FakeUpstream, api: Api) -> None:
        self._upstream = upstream
        self._api: Api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._upstream.answer(self._api, scope, receive, send)


def _headers(scope: Scope) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]


async def _models(_: Request) -> JSONResponse:
    return JSONResponse({"object": "list", "data": []})


def _default_reply(body: dict[str, Any]) -> Reply:
    said = last_chat_text(body) if "messages" in body else last_user_text(body)
    words = f"Answer to: {said}".split(" ")
    return Reply.text(words[0], *(f" {word}" for word in words[1:]))


def _listening(port: int) -> socket.socket:
    # With an explicit protocol, asyncio sends small writes at once (TCP_NODELAY).
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


def _base_url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


def _server(upstream: FakeUpstream) -> uvicorn.Server:
    config = uvicorn.Config(
        upstream.app,
        # Replies that disconnect on purpose are not errors.
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        # Long, so that it never expires just when a client that may not retry uses the connection.
        timeout_keep_alive=600,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def main() -> None:
    """Serve from this process until it is stopped."""
    parser = argparse.ArgumentParser(description="A fake Responses API on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fixed", action="store_true", help="one precomputed answer")
    parser.add_argument("--words", type=int, default=20, help="deltas of the precomputed answer")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between its events")
    arguments = parser.parse_args()
    words = [f"word{number} " for number in range(arguments.words)]
    fixed = Reply.text(*words).paced(arguments.pause) if arguments.fixed else None
    listener = _listening(arguments.port)
    sys.stdout.write(f"{_base_url(listener)}\n")
    sys.stdout.flush()
    asyncio.run(_server(FakeUpstream(fixed=fixed)).serve([listener]))


if __name__ == "__main__":
    main()
