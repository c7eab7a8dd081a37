"""Serves the web pages and their files; the pages load nothing from other hosts.

    /chat          the chat page            /widget.js      the script for other sites
    /console       the console              /widget/demo    a page that demonstrates it
    /docs          the API reference        /widget/preview how an assistant looks, for the console
    /static/…      files of these pages     /readme         README.md, or README.ko.md

`GET /` (`app/api/root.py`) serves browsers `welcome/index.html`.

URLs in the pages are relative, so they work behind any prefix.
"""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path, PurePath

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parents[1] / "static"

_CHAT_NEEDS = ("vendor/marked.js", "vendor/purify.js")
_DOCS_NEEDS = ("vendor/swagger-ui/swagger-ui-bundle.js", "vendor/swagger-ui/swagger-ui.css")
_MISSING = """\
이 페이지에 필요한 파일을 서버가 아직 내려받지 못했습니다.
인터넷에 연결된 상태에서 ./run.sh나 threadkeeper serve로 서버를 다시 시작한 뒤,
이 페이지를 새로고침해 주세요.
API는 지금도 그대로 쓸 수 있습니다.

The server could not download the files that this page needs.
Connect it to the internet, restart it with ./run.sh or threadkeeper serve, then reload this page.
The API works all the same.
"""

_PAGE_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    # `blob:`: images that the page has loaded from the API with its credentials.
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
# A file opened as a document of its own may load and run nothing.
_FILE_POLICY = {"default-src": "'none'", "frame-ancestors": "'none'"}
# The files are the same for everyone and need no credentials, so the widget may load them from
# other sites' pages.
_FOR_ALL_SITES = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}
# Not the system's list of types: on some machines it makes scripts plain text, and they don't run.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    # As plain text: browsers would download text/markdown instead of showing it.
    ".md": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

Endpoint = Callable[[Request], Awaitable[Response]]


def add_pages(app: FastAPI, folder: Path = FOLDER) -> None:
    """Make the application serve the pages in `folder`."""
    page = _Files(folder, _headers(_PAGE_POLICY))
    console = _Files(folder, _headers(_PAGE_POLICY | {"frame-src": "'self'"}))
    preview = _Files(folder, _headers(_PAGE_POLICY | {"frame-ancestors": "'self'"}))
    file = _Files(folder, _headers(_FILE_POLICY) | _FOR_ALL_SITES)
    for path, endpoint in (
        ("/chat", _serve(page, "chat/index.html", _CHAT_NEEDS)),
        ("/console", _serve(console, "console/index.html", _CHAT_NEEDS)),
        ("/docs", _serve(page, "docs/index.html", _DOCS_NEEDS)),
        ("/widget.js", _serve(file, "widget/widget.js", _CHAT_NEEDS)),
        ("/widget/demo", _serve(page, "widget/demo.html", _CHAT_NEEDS)),
        ("/widget/preview", _serve(preview, "widget/preview.html", _CHAT_NEEDS)),
    ):
        app.add_route(path, endpoint, include_in_schema=False)
    app.add_route("/readme", _readme, include_in_schema=False)
    app.mount("/static", file)


async def welcome_page(request: Request) -> Response:
    """Return the start page, which links to the others."""
    files = _Files(FOLDER, _headers(_PAGE_POLICY) | {"vary": "accept"})
    return await files.get_response("welcome/index.html", request.scope)


async def _readme(request: Request) -> Response:
    """Return the README's source, in Korean for `?lang=ko`."""
    name = "README.ko.md" if request.query_params.get("lang") == "ko" else "README.md"
    files = _Files(FOLDER.parents[1], _headers(_FILE_POLICY))
    return await files.get_response(name, request.scope)


class _Files(StaticFiles):
    def __init__(self, folder: Path, headers: dict[str, str]) -> None:
        super().__init__(directory=folder)
        self.headers = headers

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(self.headers)
        kind = _TYPES.get(PurePath(path).suffix)
        if kind and response.status_code == 200:
            response.headers["content-type"] = kind
        return response


def _serve(files: _Files, name: str, needs: Iterable[str]) -> Endpoint:
    """Return an endpoint for one file; it answers 503 if a file it needs was not downloaded."""

    def is_complete() -> bool:
        return all(files.lookup_path(path)[1] for path in needs)

    async def endpoint(request: Request) -> Response:
        if not await run_in_threadpool(is_complete):
            return PlainTextResponse(_MISSING, 503, files.headers)
        return await files.get_response(name, request.scope)

    return endpoint


def _headers(policy: dict[str, str]) -> dict[str, str]:
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        # Cached, but revalidated each time, so that an update is seen at once.
        "cache-control": "no-cache",
    }
