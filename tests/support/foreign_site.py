"""A plain web site on a different origin: another port of loopback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ForeignSite:
    """Every path serves the one page that was passed to `show`."""

    def __init__(self) -> None:
        self._page = b""
        self._policy = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def show(self, html: str, *, policy: str = "") -> str:
        """Serve this page, with this Content-Security-Policy; return its address."""
        self._page, self._policy = html.encode(), policy
        return f"{self.origin}/"

    @classmethod
    @contextmanager
    def serve(cls) -> Iterator["ForeignSite"]:
        """Serve, from a separate thread, until the block ends."""
        site = cls()
        thread = threading.Thread(target=site._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield site
        finally:
            site._server.shutdown()
            site._server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(site._page)))
                if site._policy:
                    self.send_header("content-security-policy", site._policy)
                self.end_headers()
                self.wfile.write(site._page)

            def log_message(self, *_: object) -> None:
                """Log nothing: tests check the browser's own log."""

        return Handler
