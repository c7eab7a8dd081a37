"""An API of somebody else on loopback, which keeps what it was asked."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A request as it came: `target` is the raw path with the query; names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    status: int = 200
    body: bytes = b'{"ok":true}'
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})

    @classmethod
    def json(cls, value: Any, status: int = 200) -> "Reply":
        return cls(status, json.dumps(value, ensure_ascii=False).encode())


class CalledApi:
    """Answers by `target` without its query, or else with `{"ok":true}`.

    With `authorization` set, every other request is refused, except for `open_paths`.
    """

    def __init__(self, certificate: tuple[str, str] | None = None) -> None:
        self.asked: list[Asked] = []
        self.replies: dict[str, Reply | list[Reply]] = {}
        self.authorization: str | None = None
        self.open_paths: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                outer._answer(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.port: int = self._server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"{scheme}://{self.host}"

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = handler.rfile.read(int(headers.get("content-length", "0")))
        self.asked.append(Asked(handler.command, handler.path, headers, body))
        path = handler.path.partition("?")[0]
        wanted = self.authorization
        if wanted and path not in self.open_paths and headers.get("authorization") != wanted:
            reply = Reply.json({"error": "who are you?"}, 401)
        else:
            found = self.replies.get(path, Reply())
            reply = found if isinstance(found, Reply) else found.pop(0)
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.status != 204:
            handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        handler.wfile.write(reply.body)

    @classmethod
    @contextmanager
    def serve(cls, certificate: tuple[str, str] | None = None) -> Iterator["CalledApi"]:
        api = cls(certificate)
        thread = threading.Thread(target=api._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield api
        finally:
            api._server.shutdown()
            api._server.server_close()
            thread.join()
