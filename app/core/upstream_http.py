"""One request to an upstream, and what its answer says about a retry.

Uses the SDK's headers, pooled transport and errors, but not its code for sending: by measurement,
that costs an eighth of a whole chat turn, for options that no call here uses.
"""

import json
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, Protocol, cast

import httpx
import httpx2
import openai

from app.core.answer_bounds import read_up_to, read_whole
from app.core.model import Advice, AttemptFailed
from app.core.refused_parameters import REFUSING, refusal_of
from app.core.upstream import Upstream
from app.core.upstream_errors import CUT

# The statuses that are retried. The SDK uses the same.
_WORTH_ANOTHER_ATTEMPT = frozenset({408, 409, 429})
# The longest pause before a retry that a server may request, in seconds.
_LONGEST_ASKED_PAUSE = 60.0

# How many characters of the upstream's request id are logged.
_LONGEST_ID = 128
# How many bytes of an error are read: some servers repeat the whole request for each error.
_LONGEST_ERROR = 256 * 1024

# Passed to the SDK if no key is set, because it requires one. It is never sent: a proxy that needs
# no key may still reject an unknown one.
_NO_KEY = "no-key-is-set"
_CONNECT_SECONDS = 10.0

_NO_CONNECTION = (httpx2.TransportError, httpx.TransportError)


def http_pool() -> httpx2.AsyncClient:
    """Return a client with a pool of connections to an upstream. The caller must close it.

    The pool has no limit of its own, since `ModelCalls` limits the calls: at the end of a pool,
    they would wait unnoticed until they time out.
    """
    # 0: none. For None, aiohttp would take its default.
    limits = httpx2.Limits(max_connections=0)
    return openai.DefaultAioHttpClient(verify=_certificates(), limits=limits)


@cache
def _certificates() -> ssl.SSLContext:
    # This machine's trusted certificates. Loading them takes longer than a whole chat turn.
    return httpx2.create_ssl_context()


def sdk_client(
    upstream: Upstream, http_client: httpx2.AsyncClient | httpx.AsyncClient
) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        api_key=upstream.key or _NO_KEY,
        # Always passed, so that the SDK does not read it from the environment.
        base_url=upstream.address,
        default_headers=upstream.headers,
        # The SDK also accepts clients of the older httpx; its annotation does not say so.
        http_client=cast(httpx2.AsyncClient, http_client),
    )


def library_of(http: httpx2.AsyncClient | httpx.AsyncClient) -> Any:
    """Return the client's module, httpx2 or the older httpx. What is used here is alike in both."""
    return httpx if isinstance(http, httpx.AsyncClient) else httpx2


class Call(Protocol):
    """The call that a request belongs to, with its additional headers."""

    headers: dict[str, str]


class Posted(NamedTuple):
    """An answer, and its body, which is empty for a stream."""

    response: httpx2.Response
    content: bytes


class UpstreamHttp:
    """Posts JSON to one path of an upstream."""

    def __init__(
        self,
        upstream: Upstream,
        client: openai.AsyncOpenAI,
        http: httpx2.AsyncClient | httpx.AsyncClient,
        path: str,
    ) -> None:
        kind = library_of(http)
        self._http = cast(httpx2.AsyncClient, http)
        self._new_request = kind.Request
        self._url = kind.URL(f"{upstream.address}/{path}")
        seconds = upstream.timeout
        # Connect, read, write, and wait for a connection from the pool.
        timeout = kind.Timeout((min(seconds, _CONNECT_SECONDS), seconds, seconds, seconds))
        self._extensions = {"timeout": timeout.as_dict()}
        self._headers = {**upstream_headers(client), "content-type": "application/json"}

    async def post(self, content: bytes, call: Call, *, stream: bool) -> Posted:
        """Return the answer, unread if it is a stream.

        Raises `AttemptFailed` for a status of 400 or more, for an answer that is too large, and if
        no answer arrives.
        """
        try:
            response = await self._send(content, call)
            if response.status_code < 400:
                return Posted(response, b"" if stream else await read_whole(response))
            error = await _status_error(response)
        except CUT as broken:
            advice = Advice(again=isinstance(broken, _NO_CONNECTION))
            raise AttemptFailed(broken, advice, fields_of(None)) from None
        raise AttemptFailed(error, _advice_of(error), fields_of(response))

    async def _send(self, content: bytes, call: Call) -> httpx2.Response:
        # Created directly, so that none of the client's defaults are merged into it.
        headers = {**self._headers, **call.headers}
        request = self._new_request(
            "POST", self._url, headers=headers, content=content, extensions=self._extensions
        )
        return await self._http.send(request, stream=True)


def upstream_headers(client: openai.AsyncOpenAI) -> dict[str, str]:
    """Return the headers of every request to the upstream, with lower-case names.

    These are the SDK's headers, without those that describe the machine that it runs on, and
    without a key if none is set.
    """
    # Lower-case names: two spellings of one header in a dict would both be sent.
    given = {
        name.lower(): value
        for name, value in {**client.default_headers, **client.auth_headers}.items()
    }
    # Content-Type is only for requests with a body.
    left_out = {"content-type"} | ({"authorization"} if client.api_key == _NO_KEY else set())
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, str) and not name.startswith("x-stainless") and name not in left_out
    }


def fields_of(response: httpx2.Response | None) -> dict[str, object]:
    """Return the log fields for an answer, among them the upstream's own id for the request."""
    if response is None:
        return {"status": "none"}
    request_id = response.headers.get("x-request-id", "")[:_LONGEST_ID]
    return {"status": response.status_code, "upstream_request_id": request_id or "none"}


async def _status_error(response: httpx2.Response) -> openai.APIStatusError:
    """Return the error; its `body` is the answer's JSON, or its text if it is not JSON."""
    content = await read_up_to(response, _LONGEST_ERROR)
    try:
        body: Any = json.loads(content)
    except (ValueError, RecursionError):
        body = content[:_LONGEST_ERROR].decode("utf-8", "replace")
    return openai.APIStatusError(f"HTTP {response.status_code}", response=response, body=body)


def _advice_of(error: openai.APIStatusError) -> Advice:
    refusal = refusal_of(error.body) if error.status_code in REFUSING else None
    headers = error.response.headers
    return Advice(_is_worth_another_attempt(error.response), _asked_pause(headers), refusal)


def _is_worth_another_attempt(response: httpx2.Response) -> bool:
    should_retry = response.headers.get("x-should-retry")
    if should_retry in ("true", "false"):
        return should_retry == "true"
    return response.status_code in _WORTH_ANOTHER_ATTEMPT or response.status_code >= 500


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the server asks to wait, if the number is reasonable."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if 0 < seconds <= _LONGEST_ASKED_PAUSE:
            return seconds
    return None
