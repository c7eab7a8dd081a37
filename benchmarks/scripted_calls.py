"""Stands between Threadkeeper and a small model, and lets it call functions when it should.

So small a model hardly ever does so by itself. Every request is answered by the model server; only
the text of its answer to a user's message is replaced by a call, if the request has functions. The
usage that it reports stays.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import httpx

_SECONDS = 600.0
_numbers = count(1)


@contextmanager
def scripted_calls(base_url: str) -> Iterator[str]:
    """Serve in front of the Responses API at `base_url`; yield its own base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(base_url))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(base_url: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(httpx.get(f"{base_url}/models", timeout=_SECONDS).content)

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = {**request, "stream": False}
            try:
                answer = httpx.post(f"{base_url}/responses", json=body, timeout=_SECONDS)
            except httpx.HTTPError:
                # The benchmark ends while a summary is written.
                self._send(b"{}", 502)
                return
            response = answer.json()
            if answer.is_success and _is_to_call(request):
                response["output"] = [_call(request["tools"][0]["name"])]
                response["status"] = "completed"
            if answer.is_success and request.get("stream"):
                event = json.dumps({"type": "response.completed", "response": response})
                self._send(f"data: {event}\n\n".encode(), kind="text/event-stream")
            else:
                self._send(json.dumps(response).encode(), answer.status_code)

        def _send(self, body: bytes, status: int = 200, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            # A server that is stopped does not wait for its answer.
            with suppress(OSError):
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


def _is_to_call(request: dict[str, Any]) -> bool:
    return bool(request.get("tools")) and request["input"][-1].get("role") == "user"


def _call(name: str) -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{next(_numbers)}",
        "call_id": f"call_{next(_numbers)}",
        "name": name,
        "arguments": '{"query": "How bright is a screen, and what does a visit cost?"}',
        "status": "completed",
    }
