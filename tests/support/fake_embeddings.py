"""A fake `POST /v1/embeddings` on loopback: words with the same meaning point the same way.

It refuses what a strict server refuses: `tests.support.strict_requests`.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.strict_requests import Refused, embeddings_request


class FakeEmbeddings:
    """`meanings`: groups of synonyms, one dimension each; `requests`: the received bodies."""

    def __init__(self, meanings: Sequence[Sequence[str]]) -> None:
        self.meanings = meanings
        self.requests: list[dict[str, Any]] = []
        self.base_url = ""

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(body)
        data = [
            {"object": "embedding", "index": place, "embedding": self._vector(text)}
            for place, text in enumerate(body["input"])
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return {"object": "list", "data": data, "model": body["model"], "usage": usage}

    def _vector(self, text: str) -> list[float]:
        return [0.01 + any(word in text for word in words) for words in self.meanings]


@contextmanager
def fake_embeddings(*meanings: Sequence[str]) -> Iterator[FakeEmbeddings]:
    """Serve until the block ends."""
    fake = FakeEmbeddings(meanings)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            try:
                status, body = 200, fake.answer(embeddings_request(self.headers.items(), content))
            except Refused as refused:
                status, body = refused.status, refused.body
            answer = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
