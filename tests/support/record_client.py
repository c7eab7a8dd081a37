"""Record what a program of others sends to a server, for `tests/conformance/test_clients.py`.

    .venv/bin/python -m tests.support.record_client NAME http://127.0.0.1:8010

listens on a free port of the loopback address and passes every request on to the server. Let the
program call that port, with the key "any-text"; Ctrl+C or SIGTERM writes
`tests/fixtures/clients/NAME.json`. Start the server with an empty database and the demo model,
whose answers are the same each time; the IDs must all be learned from them.
"""

import json
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx

from tests.support.client_recordings import FOLDER, Exchange, ids_in, kept_of

# Headers that mean something to the server; all others say who the client is.
_MEANINGFUL = (
    *("accept", "authorization", "api-key", "content-type", "openai-beta", "origin"),
    *("access-control-request-method", "access-control-request-headers"),
)
# Headers of one connection, or of how it carries the bytes.
_HOPS = ("connection", "content-encoding", "content-length", "host", "transfer-encoding")


class Recorder(BaseHTTPRequestHandler):
    """Passes a request on and notes it. `target`: the server's address."""

    protocol_version = "HTTP/1.1"
    target: ClassVar[str]
    exchanges: ClassVar[list[Exchange]] = []

    def log_message(self, *_parts: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        body = self._body()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOPS}
        with httpx.stream(
            self.command,
            self.target + self.path,
            headers={**headers, "accept-encoding": "identity"},
            content=body,
            timeout=None,
        ) as answer:
            self._head(answer)
            pieces = []
            for piece in answer.iter_raw():
                pieces.append(piece)
                self.wfile.write(piece)
                self.wfile.flush()
        self._note(body, answer, b"".join(pieces).decode("utf-8", "replace"))

    do_POST = do_DELETE = do_PUT = do_OPTIONS = do_GET

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _head(self, answer: httpx.Response) -> None:
        self.close_connection = True
        self.send_response_only(answer.status_code)
        for name, value in answer.headers.multi_items():
            if name not in _HOPS:
                self.send_header(name, value)
        self.send_header("connection", "close")
        self.end_headers()

    def _note(self, body: bytes, answer: httpx.Response, text: str) -> None:
        seen = {one for exchange in self.exchanges for one in exchange["ids"]}
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.exchanges.append(
            Exchange(
                method=self.command,
                path=self.path,
                headers={name: headers[name] for name in _MEANINGFUL if name in headers},
                body=body.decode("utf-8", "replace"),
                status=answer.status_code,
                ids=[one for one in ids_in(text) if one not in seen],
                kept=kept_of(self.command, answer.headers.get("content-type", ""), text),
            )
        )


def without_repetitions(exchanges: list[Exchange]) -> list[Exchange]:
    """Return them without preflights asked twice, and polls that were followed by the same poll."""

    def question(exchange: Exchange) -> tuple[Any, ...]:
        return (exchange["method"], exchange["path"], exchange["body"])

    left: list[Exchange] = []
    for exchange in exchanges:
        if exchange["method"] == "OPTIONS" and question(exchange) in map(question, left):
            continue
        if left and exchange["method"] == "GET" and question(left[-1]) == question(exchange):
            exchange["ids"] = left.pop()["ids"] + exchange["ids"]
        left.append(exchange)
    return left


def main(name: str, target: str) -> None:
    Recorder.target = target
    # A shell lets programs in the background ignore Ctrl+C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        sys.stdout.write(f"Recording: http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            FOLDER.mkdir(exist_ok=True)
            left = without_repetitions(Recorder.exchanges)
            text = json.dumps(left, ensure_ascii=False, indent=1)
            (FOLDER / f"{name}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
