"""The HTTP client of the server: sends and receives JSON, and turns every error into one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

import httpx
from pydantic_core import from_json

from app.core.sse_reader import RawEvent, SSEReader
from app.domain.hosts import is_loopback
from app.terminal.failures import Failure, Lost, Refused
from app.terminal.language import Said

DEFAULT_ADDRESS = "http://127.0.0.1:8010/api/v1"
# Seconds. On a stream, the server's keep-alive comments come far more often than this.
_TIMEOUT = httpx.Timeout(60, connect=10, read=300)
_PAGE = 100

Object = dict[str, Any]


@dataclass(frozen=True)
class Listed:
    """Objects of a list, and whether the server has more of them."""

    items: list[Object]
    has_more: bool


@dataclass(frozen=True)
class Stream:
    """A response that arrives as server-sent events."""

    headers: httpx.Headers
    events: Iterator[RawEvent]


class Client:
    """Calls one server. All methods raise `Failure`; `Refused` if the server returns an error."""

    def __init__(self, address: str, key: str) -> None:
        """`address` includes the version, `/api/v1`, which is added if it has no path."""
        checked = _checked_address(address)
        # For display, without a password that may come before the host.
        self.address = checked._replace(netloc=checked.netloc.rpartition("@")[2]).geturl()
        self._http = httpx.Client(
            base_url=checked.geturl(),
            headers={"authorization": f"Bearer {_checked_key(key)}"} if key else {},
            timeout=_TIMEOUT,
            # Ignore proxies from the environment for servers on this machine.
            trust_env=not is_loopback(checked.hostname or ""),
        )

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, params: Object | None = None) -> Object:
        return self._call("GET", path, params=params)

    def post(self, path: str, body: Object) -> Object:
        return self._call("POST", path, json=body)

    def upload(self, path: str, fields: dict[str, str], files: dict[str, Any]) -> Object:
        """Send a form; `files` are read as they are sent."""
        return self._call("POST", path, data=fields, files=files)

    def send(self, path: str, lines: Iterator[bytes], params: Object | None = None) -> Object:
        """Send newline-delimited JSON; the lines are read as they are sent."""
        headers = {"content-type": "application/x-ndjson"}
        return self._call("POST", path, content=lines, headers=headers, params=params)

    def delete(self, path: str, params: Object | None = None) -> Object:
        return self._call("DELETE", path, params=params)

    def list(self, path: str, limit: int, params: Object | None = None) -> Listed:
        """Return up to `limit` objects of a list, page by page."""
        items: list[Object] = []
        more, query = True, dict(params or {})
        while more and len(items) < limit:
            query["limit"] = min(_PAGE, limit - len(items))
            page = self.get(path, query)
            items += page.get("data", [])
            more = bool(page.get("has_more")) and bool(page.get("data"))
            query["after"] = page.get("last_id") or (items[-1].get("id") if items else None)
        return Listed(items, more)

    @contextmanager
    def stream(self, method: str, path: str, body: Object | None = None) -> Iterator[Stream]:
        """Open a stream of events; it is closed when the block ends."""
        with self.raw(method, path, body) as response:
            yield Stream(response.headers, _events(response))

    @contextmanager
    def raw(self, method: str, path: str, body: Object | None = None) -> Iterator[httpx.Response]:
        """Open a response without reading its body."""
        with self._reported_failures(), self._http.stream(method, path, json=body) as response:
            if not response.is_success:
                response.read()
                raise self._refusal(response)
            yield response

    def _call(self, method: str, path: str, **request: Any) -> Object:
        with self._reported_failures():
            response = self._http.request(method, path, **request)
        if not response.is_success:
            raise self._refusal(response)
        answer = _json(response.content)
        if answer is None:
            raise self._not_a_server(response)
        return answer

    @contextmanager
    def _reported_failures(self) -> Iterator[None]:
        try:
            yield
        except httpx.ConnectError as error:
            raise Lost(_NO_SERVER.filled(address=self.address)) from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise Lost(_LOST.filled(address=self.address, reason=reason)) from error

    def _refusal(self, response: httpx.Response) -> Failure:
        answer = _json(response.content)
        error = answer.get("error") if answer else None
        if not isinstance(error, dict) or not error.get("message"):
            return self._not_a_server(response)
        said = error_said(error)
        if hint := _hint(response, error):
            said = Said(f"{said.english} {hint.english}", f"{said.korean} {hint.korean}")
        return Refused(
            said,
            http_status=response.status_code,
            code=error.get("code"),
            retry_after=_seconds(response.headers.get("retry-after")),
        )

    def _not_a_server(self, response: httpx.Response) -> Failure:
        return Failure(_NOT_A_SERVER.filled(address=self.address, status=response.status_code))


def path_of(*parts: str) -> str:
    """Return the path of an object: `path_of("threads", thread_id)`. Raises `Failure`."""
    if any(part.strip(" .") == "" for part in parts):
        raise Failure(Said("An id is empty.", "ID가 비어 있습니다."), status=2)
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def error_said(error: Object) -> Said:
    """Return an error from the server's envelope as a line."""
    message = str(error.get("message"))
    return Said("The server says: {m}", "서버 메시지: {m}").filled(m=message)


def event_data(event: RawEvent) -> Object:
    """Return an event's JSON object; empty if it has none."""
    return _json(event[1]) or {}


def _events(response: httpx.Response) -> Iterator[RawEvent]:
    reader = SSEReader()
    for chunk in response.iter_bytes():
        yield from reader.feed(chunk)
    yield from reader.finish()


def _json(content: bytes) -> Object | None:
    try:
        value = from_json(content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None


def _hint(response: httpx.Response, error: Object) -> Said | None:
    if response.status_code == 401:
        return _NEEDS_KEY
    if response.status_code == 429 and (seconds := response.headers.get("retry-after")):
        return _TRY_LATER.filled(seconds=seconds)
    request_id = response.headers.get("x-request-id")
    if response.status_code >= 500 and request_id:
        return Said(f"(request {request_id})", f"(요청 {request_id})")
    return None


def _checked_address(address: str) -> SplitResult:
    try:
        parts = urlsplit(address.strip())
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise Failure(_BAD_ADDRESS, status=2)
    # An address without a path means the API on that host.
    path = parts.path.rstrip("/") or "/api/v1"
    return parts._replace(path=path, query="", fragment="")


def _checked_key(key: str) -> str:
    key = key.strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise Failure(_BAD_KEY, status=2)
    return key


_NO_SERVER = Said(
    "No server answers at {address}. Start it with ./run.sh, or give another address with --url.",
    "{address}에서 응답하는 서버가 없습니다. ./run.sh로 시작하거나 --url로 다른 주소를 지정해 "
    "주세요.",
)
_LOST = Said(
    "The connection to {address} was lost: {reason}",
    "{address}와의 연결이 끊어졌습니다: {reason}",
)
_NOT_A_SERVER = Said(
    "The response of {address} (HTTP {status}) is not from Threadkeeper. Check --url.",
    "{address}의 응답(HTTP {status})은 Threadkeeper의 것이 아닙니다. --url이 맞는지 확인해 주세요.",
)
_NEEDS_KEY = Said(
    "Set THREADKEEPER_API_KEY, or use --key.",
    "THREADKEEPER_API_KEY를 설정하거나 --key를 써 주세요.",
)
_TRY_LATER = Said(
    "Try again in {seconds} seconds.",
    "{seconds}초 뒤에 다시 시도해 주세요.",
)
_BAD_ADDRESS = Said(
    "--url must be an http:// or https:// address, such as " + DEFAULT_ADDRESS,
    "--url은 http:// 또는 https:// 주소여야 합니다. 예: " + DEFAULT_ADDRESS,
)
_BAD_KEY = Said(
    "--key contains characters that a key can't have.",
    "--key에 키로 쓸 수 없는 문자가 있습니다.",
)
