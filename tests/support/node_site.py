"""Serves a folder of built files as a separate site, with a server route in addition."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Route


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing: tests check the browser's own log."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the folder, also files added later, on a free loopback port; yield its origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def once_expired(origin: str) -> Callable[[Route], None]:
    """Answer a page's first call as a server does if the token has expired."""
    error = {"message": "It is over.", "type": "x", "param": None, "code": "session_expired"}
    left = [error]

    def answer(route: Route) -> None:
        if route.request.method == "POST" and left:
            headers = {"access-control-allow-origin": origin}
            route.fulfill(status=401, headers=headers, body=json.dumps({"error": left.pop()}))
        else:
            route.continue_()

    return answer
