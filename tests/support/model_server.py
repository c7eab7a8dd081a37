"""A fake upstream for reachability checks: a list of models, and answers that can be delayed."""

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.strict_requests import Refused, responses_request
from tests.support.waiting import WAIT_SECONDS

_NO_MODELS = json.dumps({"object": "list", "data": []})


class ModelServer:
    """Answers `GET /v1/models` with `status`; other answers can be held back."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[dict[str, str]] = []
        # What `POST /responses` answers instead of a strict server's refusal; the number of probes.
        self.responses: tuple[int, str] | None = None
        self.probed = 0
        # Set while answers are allowed; clear one to hold back the list, or the runs.
        self.lists = threading.Event()
        self.answers = threading.Event()
        self.lists.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def stop(self) -> None:
        """Refuse connections from now on; once is enough."""
        self.lists.set()
        self.answers.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(WAIT_SECONDS)
            self._server.server_close()


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append({name.lower(): value for name, value in self.headers.items()})
            server.lists.wait(WAIT_SECONDS)
            self._answer(server.status if self.path == "/v1/models" else 404)

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            if content == b"{}":
                server.probed += 1
            if server.responses is not None:
                return self._answer(*server.responses)
            if self.path != "/v1/responses":
                return self._answer(404)
            try:
                responses_request(self.headers.items(), content)
            except Refused as refused:
                return self._answer(refused.status)
            server.answers.wait(WAIT_SECONDS)
            self._answer(500)

        def _answer(self, status: int, said: str = _NO_MODELS) -> None:
            body = said.encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            # The client may disconnect after reading the status.
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def model_server() -> Iterator[ModelServer]:
    server = ModelServer()
    try:
        yield server
    finally:
        server.stop()
