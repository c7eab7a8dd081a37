"""One request to the model's server, tried again while that makes sense.

The SDK gives the client's headers, its pooled transport and its errors. Its own way of sending is
not taken: measured, it costs an eighth of a whole chat turn, for options that no call here uses.
"""

import asyncio
import json
import logging
import random
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, Protocol, cast

import httpx
import httpx2
import openai

from app.core.answer_bounds import read_up_to, read_whole

_log = logging.getLogger(__name__)

# As the SDK's: which answers are worth another try, and how long to wait for it, in seconds.
_WORTH_ANOTHER_TRY = frozenset({408, 409, 429})
_LONGEST_PAUSE = 8.0
_LONGEST_ASKED_PAUSE = 60.0

# Characters of the upstream's own id that are logged.
_LONGEST_ID = 128
# Bytes of an error that are read: some servers repeat the whole request for each finding.
_LONGEST_ERROR = 256 * 1024

OPENAI_URL = "https://api.openai.com/v1"
# What the SDK is given if no key is set, because it insists on one. It is never sent: a proxy
# that lets everybody in may still refuse a key that it does not know.
_NO_KEY = "no-key-is-set"
CONNECT_SECONDS = 10.0

NO_CONNECTION = (httpx2.TransportError, httpx.TransportError)


def http_pool() -> httpx2.AsyncClient:
    """Return what keeps connections to a server of models; to be closed by who asked for it."""
    return openai.DefaultAioHttpClient(verify=_certificates())


@cache
def _certificates() -> ssl.SSLContext:
    # Those that this machine trusts. Reading them takes longer than a whole turn of a chat.
    return httpx2.create_ssl_context()


def sdk_client(
    api_key: str,
    base_url: str,
    http_client: httpx2.AsyncClient | httpx.AsyncClient,
    **options: Any,
) -> openai.AsyncOpenAI:
    """Return the SDK's client. Empty `base_url`: OpenAI. Empty key: none is needed."""
    return openai.AsyncOpenAI(
        api_key=api_key or _NO_KEY,
        # Always said, so that the SDK does not look for it in the environment.
        base_url=base_url or OPENAI_URL,
        # The SDK takes clients of the older httpx as well; its annotation does not say so.
        http_client=cast(httpx2.AsyncClient, http_client),
        **options,
    )


def library_of(http: httpx2.AsyncClient | httpx.AsyncClient) -> Any:
    """Return whose client it is: of httpx2, or of the older httpx, alike in all that is used."""
    return httpx if isinstance(http, httpx.AsyncClient) else httpx2


class Call(Protocol):
    """What a request is part of: it gives headers of its own, and hears of further tries."""

    headers: dict[str, str]

    def retried(self) -> None: ...


class Posted(NamedTuple):
    """An answer, its body unless it is a stream, and the retries that are left."""

    response: httpx2.Response
    content: bytes
    retries: int


class UpstreamHttp:
    """Posts JSON to one address of the model's server."""

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        http: httpx2.AsyncClient | httpx.AsyncClient,
        url: str,
        *,
        timeout: tuple[float, float, float, float],
        pause: float,
    ) -> None:
        """`timeout`: seconds to connect, read, write and wait for a connection of the pool.

        `pause`: seconds before the first retry, doubled each time.
        """
        kind = library_of(http)
        self._http = cast(httpx2.AsyncClient, http)
        self._new_request = kind.Request
        self._url = kind.URL(url)
        self._extensions = {"timeout": kind.Timeout(timeout).as_dict()}
        self._headers = {**upstream_headers(client), "content-type": "application/json"}
        self._pause = pause

    async def post(self, content: bytes, call: Call, *, stream: bool, retries: int) -> Posted:
        """Return the answer, unread if it is a stream.

        Raises `openai.APIStatusError` for an answer of 400 or more, what `NO_CONNECTION` holds if
        there was none, and `AnswerTooLarge`.
        """
        tried = 0
        while True:
            try:
                response = await self._send(content, call)
                if response.status_code < 400:
                    return Posted(response, b"" if stream else await read_whole(response), retries)
                error: Exception = await _status_error(response)
                asked = _asked_pause(response.headers)
                again = _is_worth_another_try(response)
                seen = fields_of(response)
            except NO_CONNECTION as broken:
                error, asked, again, seen = broken, None, True, fields_of(None)
            if not again or retries <= 0:
                raise error
            await self.wait(call, tried, seen, asked)
            tried, retries = tried + 1, retries - 1

    async def wait(
        self, call: Call, tried: int, seen: dict[str, object], asked: float | None = None
    ) -> None:
        """Wait before another try: as long as the server asked for, else longer each time.

        `seen` is what the log tells of the answer, as of `fields_of`.
        """
        call.retried()
        pause: float = min(self._pause * 2**tried, _LONGEST_PAUSE)
        # Not all at once: others wait for the same server.
        pause *= random.uniform(0.75, 1)
        _log.warning(
            "The model's server did not answer well: retry %d", tried + 1, extra={"fields": seen}
        )
        await asyncio.sleep(pause if asked is None else asked)

    async def _send(self, content: bytes, call: Call) -> httpx2.Response:
        # Made directly: nothing of the client's own is to be merged into it.
        headers = {**self._headers, **call.headers}
        request = self._new_request(
            "POST", self._url, headers=headers, content=content, extensions=self._extensions
        )
        return await self._http.send(request, stream=True)


def upstream_headers(client: openai.AsyncOpenAI) -> dict[str, str]:
    """Return what every request to the upstream carries, by names in lower case.

    These are the SDK's headers, but for those that describe the machine it runs on, and without
    a key if none is set.
    """
    # By lower-case names: two spellings of one header in a dict become two values on the wire.
    given = {
        name.lower(): value
        for name, value in {**client.default_headers, **client.auth_headers}.items()
    }
    # It belongs to requests with a body.
    left_out = {"content-type"} | ({"authorization"} if client.api_key == _NO_KEY else set())
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, str) and not name.startswith("x-stainless") and name not in left_out
    }


def fields_of(response: httpx2.Response | None) -> dict[str, object]:
    """Return what the log tells of an answer: also the id by which its server remembers it."""
    if response is None:
        return {"status": "none"}
    request_id = response.headers.get("x-request-id", "")[:_LONGEST_ID]
    return {"status": response.status_code, "upstream_request_id": request_id or "none"}


async def _status_error(response: httpx2.Response) -> openai.APIStatusError:
    """Return the error; its `body` is the answer's JSON, or its text if it is none."""
    content = await read_up_to(response, _LONGEST_ERROR)
    try:
        body: Any = json.loads(content)
    except (ValueError, RecursionError):
        body = content[:_LONGEST_ERROR].decode("utf-8", "replace")
    return openai.APIStatusError(f"HTTP {response.status_code}", response=response, body=body)


def _is_worth_another_try(response: httpx2.Response) -> bool:
    said = response.headers.get("x-should-retry")
    if said in ("true", "false"):
        return said == "true"
    return response.status_code in _WORTH_ANOTHER_TRY or response.status_code >= 500


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the server asks to wait, if it is a sensible number."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if 0 < seconds <= _LONGEST_ASKED_PAUSE:
            return seconds
    return None
